"""Mail through Django's mailer: SMTP, or a provider's API by Anymail. One connection a batch, sent at least once.

Sending again after a crash is recognised by the same Message-ID (RFC 5322 3.6.4).
"""

import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import policy as policies
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage as WireMessage
from typing import Any

from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from django.conf import settings
from django.core.mail import EmailMessage, mailers

from delivery import return_path
from delivery.transports import Outgoing, Sent, TryLater, Undeliverable, Unreachable, connecting, in_a_line
from districts.links import mail_address
from districts.models import District

CLOSING = 421  # "service not available, closing transmission channel" (RFC 5321 4.2.3)
OUR_ACCOUNT = (401, 402, 403)  # a provider's API refuses us, not the receiver
SLOW_DOWN = (408, 429)
LISTS = frozenset({"status", "bulletin"})  # purposes of mail that people may end by its link
_PLAIN_ID = re.compile(r"[!-;=?-~]+")  # printable ASCII without angle brackets


def sender(district: District) -> str:
    """'Cedar Valley <help@host>': what a reply goes to, and a bounce comes back to."""
    return str(Address(district.name, addr_spec=mail_address(district, "help")))


@contextmanager
def connected() -> Iterator[Any]:
    with connecting("mail set-up"):  # a provider's backend asks for its key as soon as it is made
        mailer = mailers.default
    _open(mailer)
    try:
        yield mailer
    finally:
        _close(mailer)


def send(message: Outgoing, over: Any) -> Sent:
    letter = compose(message)
    if hasattr(over, "esp_name"):  # Anymail: comes back with every event about this mail
        letter.metadata = {"delivery": str(message.id), "tries": str(message.tries)}
    elif settings.MAIL_RETURN_TAGS:
        _comes_back_to(letter, return_path.address_of(message.district, message.id))
    _open(over)  # again, where the last message cost us the connection
    try:
        over.send_messages([letter])
    except AnymailError as error:  # before OSError: some are both
        raise _refused_by_api(error) from error
    except OSError as error:
        raise _refused(error, over) from error
    except ValueError as error:  # an address or a header that no mail can carry
        raise Undeliverable(str(error)) from error
    return _sent(letter)


def _comes_back_to(letter: "Letter", address: str) -> None:
    """On the envelope alone: people see who wrote it."""
    letter.extra_headers["From"] = letter.from_email
    letter.from_email = address


def _sent(letter: "Letter") -> Sent:
    """SMTP has no name for a mail but its Message-ID; a provider has."""
    status = getattr(letter, "anymail_status", None)
    if status and status.status == {"unknown"} and not status.message_id:
        raise TryLater("the provider did not say what became of it")
    return Sent(str(status.message_id or "") if status else "")


class MessageIds(UnstructuredHeader):
    """Ids folded between, never within: Python's policy turns an id longer than a line into encoded words, and the thread breaks."""

    def fold(self, *, policy: Any) -> str:
        name: str = self.name  # type: ignore[attr-defined]  # the registry mixes this class with BaseHeader
        return f"{name}: " + f"{policy.linesep} ".join(str(self).split()) + str(policy.linesep)


_headers: Any = HeaderRegistry()
_headers.map_to_type("references", MessageIds)
_headers.map_to_type("in-reply-to", MessageIds)


class Letter(EmailMessage):
    metadata: dict[str, str]

    def message(self, *, policy: Any = policies.default) -> WireMessage:
        return super().message(policy=policy.clone(header_factory=_headers))


def compose(message: Outgoing) -> Letter:
    return Letter(
        subject=" ".join(message.subject.split()),
        body=message.body,
        from_email=sender(message.district),
        to=[message.address],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers=_extra_headers(message),
    )


def _extra_headers(message: Outgoing) -> dict[str, str]:
    headers = {"Message-ID": f"<{message.message_id}>", "X-Loop": mail_address(message.district, "help")}  # so that we know it again
    earlier = [f"<{one}>" for one in message.references if _PLAIN_ID.fullmatch(one)]
    if earlier:
        headers |= {"In-Reply-To": earlier[-1], "References": " ".join(earlier)}
    if message.purpose in LISTS and message.link:
        headers |= _list_headers(message.link)
    if message.purpose != "reply":  # written by no person: RFC 3834, and what Exchange looks at
        headers["Auto-Submitted"] = "auto-replied" if message.purpose == "ack" else "auto-generated"
        headers["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    return headers


def _list_headers(ends_by: str) -> dict[str, str]:
    """The button beside the sender's name (RFC 2369); one click is for addresses that nobody on the way can change (RFC 8058 3.1)."""
    headers = {"List-Unsubscribe": f"<{ends_by}>"}
    return {**headers, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if ends_by.startswith("https://") else headers


def _open(mailer: Any) -> None:
    try:
        with connecting("mail server"):
            mailer.open()
    except Unreachable:
        _close(mailer)
        raise


def _refused(error: OSError, mailer: Any) -> Exception:
    """What an SMTP answer, or the lack of one, means for this message."""
    code, words = _answer(error)
    if code in (0, CLOSING):
        _close(mailer)
    permanent = 500 <= code < 600 and not isinstance(error, smtplib.SMTPSenderRefused)  # our own address is not the receiver's fault
    return Undeliverable(words) if permanent else TryLater(words)


def _answer(error: OSError) -> tuple[int, str]:
    """(reply code, words); code 0 where the connection broke."""
    text: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, error.smtp_error
    else:
        return 0, in_a_line(error)
    return code, f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"


def _refused_by_api(error: AnymailError) -> Exception:
    words = in_a_line(error)
    if not isinstance(error, AnymailAPIError):
        permanent = isinstance(error, AnymailRecipientsRefused | ValueError)
        return Undeliverable(words) if permanent else TryLater(words)
    if error.status_code is None or error.status_code in OUR_ACCOUNT:
        return Unreachable(words)
    return TryLater(words) if error.status_code >= 500 or error.status_code in SLOW_DOWN else Undeliverable(words)


def _close(mailer: Any) -> None:
    with suppress(Exception):  # the messages have been answered for
        mailer.close()
