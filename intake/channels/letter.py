"""All that a mail says. Pure: bytes go in, and whatever they are, a `Mail` comes out. Nothing of it is believed."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from intake.channels import authentication, automation, bounces, forwarded, markup, mime, parts, quoting, spam
from intake.channels.arrival import Automation, Bounce, Forward, SentFile, Thread
from intake.channels.authentication import Authentication
from intake.channels.dates import date_of
from intake.channels.headers import Address, Headers, is_no_reply, without_host
from intake.channels.parts import Defects, Part, unfold
from intake.channels.quoting import Split
from intake.channels.spam import Spam
from intake.language import guess
from intake.wording import clean, one_line

_WRITTEN_TO = ("to", "cc", "resent-to", "resent-cc")  # by whoever sent it
_TO = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "resent-to")
_FORWARDED = ("x-forwarded-message-id",)  # not those of a server that sends a whole mailbox on: its mails are what they were
_LIST_WORDS = ("list", "bulk")
_BY_HOPS = ("received", authentication.FIELD)


@dataclass(frozen=True)
class Mail:
    """`text`: all of it. `reply`, `quoted` and `signature`: the same taken apart. Addresses are as the mail names them."""

    subject: str
    writers: tuple[Address, ...]  # From
    sender: Address | None  # who wrote: where a group or a form put itself into From, the person it names
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    recipients: tuple[str, ...]  # whatever address it says that it was sent to
    thread: Thread
    date: datetime | None
    text: str
    parted: Split
    html: str
    language: str
    files: tuple[SentFile, ...]
    automation: Automation
    bounce: Bounce | None
    forward: Forward | None
    return_path: str | None
    list_id: str
    is_list: bool
    spam: Spam
    authentication: Authentication
    hops: int  # servers that it came by
    loops: tuple[str, ...]  # who marked it as theirs ("X-Loop"), lower case
    defects: tuple[str, ...] = field(default=())

    @property
    def is_auto_reply(self) -> bool:
        """A machine wrote it by itself: an answer, or a notice that says so (RFC 3834)."""
        return self.automation in ("replied", "generated")

    @property
    def is_bounce(self) -> bool:
        return self.bounce is not None and self.bounce.came_back

    @property
    def writer(self) -> Address:
        """Who is named in From; where no address is there, that of whoever wrote."""
        first = next(iter(self.writers), Address("", ""))
        return first if first.address or self.sender is None else Address(first.name or self.sender.name, self.sender.address)

    @property
    def no_reply(self) -> bool:
        return self.sender is not None and is_no_reply(self.sender.address)


@dataclass(frozen=True)
class _Words:
    text: str
    below: str  # where the HTML's structure tells of an older mail
    html: str


def read(raw: bytes, *, return_path: str | None = None, trusted_hop: str = "", findings: str = "") -> Mail:
    """`return_path` as the envelope told it ("" is the null sender); `trusted_hop`: whose Authentication-Results are believed;
    `findings`: such a field that came beside the mail.
    """
    defects = Defects()
    part = parts.parse(raw, defects)
    headers = Headers(part, defects)
    body = mime.unpack(part, defects)
    words = _words(body)
    writers = tuple(headers.addresses("from")) or tuple(filter(None, [without_host(headers.raw("from"))]))
    thread = Thread(next(iter(headers.ids("message-id")), ""), headers.ids("in-reply-to"), headers.ids("references"))
    path = return_path if return_path is not None else _return_path(headers)
    subject = one_line(headers.text("subject"))
    bounce = bounces.bounce_of(part, headers)
    forward = None if bounce else _forward(subject, words, headers, body, thread)
    answers = bool(thread.ancestors) or forwarded.is_answer(subject)
    parted = quoting.split(words.text, is_reply=answers, below=words.below, passed_on=forward is not None)
    return Mail(
        subject=subject,
        writers=writers,
        sender=sender_of(headers) or (Address("", path) if path else None),
        to=tuple(headers.addresses("to")),
        cc=tuple(headers.addresses("cc")),
        reply_to=tuple(headers.addresses("reply-to")),
        recipients=sent_to(headers),
        thread=thread,
        date=date_of(headers.raw("date")),
        text="\n".join(passage for passage in (words.text, words.below) if passage),
        parted=parted,
        html=words.html,
        language=guess(parted.text) or headers.token("content-language")[:2],
        files=tuple(body.files),
        automation=automation.automation_of(headers),
        bounce=bounce,
        forward=forward,
        return_path=path,
        list_id=one_line(headers.text("list-id"), 100),
        is_list=_is_list(headers),
        spam=spam.read(headers),
        authentication=authentication.read(_hops(part, trusted_hop, findings), trusted_hop, headers.certain("from")),
        hops=len(headers.all("received")),
        loops=tuple(value.strip("<> ").lower()[:254] for value in headers.all("x-loop"))[:20],
        defects=tuple(defects),
    )


def sent_to(headers: Headers) -> tuple[str, ...]:
    """Whatever address it says that it was sent to, lower case; also what servers on its way wrote down."""
    return _named(headers, _TO)


def written_to(headers: Headers) -> tuple[str, ...]:
    """Those that its sender named, lower case."""
    return _named(headers, _WRITTEN_TO)


def _named(headers: Headers, fields: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.address for name in fields for one in headers.addresses(name)))


def sender_of(headers: Headers) -> Address | None:
    """Who wrote: From; where a group or a form put itself there, the person it names."""
    writers = headers.addresses("from") or headers.addresses("sender")
    if not writers:
        return next(iter(headers.addresses("reply-to")), None)
    first = writers[0]
    original = headers.addresses("x-original-from") or headers.addresses("x-original-sender")
    answers = headers.addresses("reply-to")
    if original and original[0].address != first.address:
        agreed = not answers or answers[0].address in (original[0].address, first.address)
        return Address(original[0].name or _without_via(first.name), original[0].address) if agreed else first
    behind = "list-id" in headers and " via " in first.name.lower()
    if answers and (behind or is_no_reply(first.address)):
        return Address(answers[0].name or _without_via(first.name), answers[0].address)
    return first


def _without_via(name: str) -> str:
    return re.split(r" via ", name, flags=re.IGNORECASE)[0].strip("'\" ")


def _words(body: mime.Body) -> _Words:
    """The plain text where there is one, else what the HTML says."""
    texts: list[str] = []
    below: list[str] = []
    pages: list[str] = []
    for piece in body.pieces:
        told = markup.written(piece.html) if piece.html and not piece.plain.strip() else None
        pages.append(told.html if told else markup.clean(piece.html))
        (below or texts).append(told.text if told else piece.plain)
        if told and told.below:
            below.append(told.below)
    return _Words(_joined(texts), _joined(below), "<hr>".join(page for page in pages if page))


def _joined(texts: list[str]) -> str:
    return clean("\n\n".join(text for text in texts if text.strip()))


def _forward(subject: str, words: _Words, headers: Headers, body: mime.Body, thread: Thread) -> Forward | None:
    """Looked for in the HTML, too, where the subject says so and the text does not tell."""
    html = next((piece.html for piece in body.pieces if piece.html and piece.plain.strip()), "")
    text = f"{words.text}\n{words.below}" if words.below else words.text
    says_so = any(name in headers for name in _FORWARDED)
    return forwarded.read(subject, text, answers=bool(thread.ancestors), says_so=says_so, html=html, attached=body.files)


def _is_list(headers: Headers) -> bool:
    named = any(name in headers for name in ("list-id", "list-post", "mailing-list"))
    return named or any(value.strip().lower() in _LIST_WORDS for value in headers.all("precedence"))


def _hops(part: Part, trusted_hop: str, findings: str) -> list[tuple[str, str]]:
    """What says which server found what, from the top. A provider's name ("sendgrid") counts beside the mail, never in it."""
    if findings:
        return [(authentication.FIELD, findings)]
    return [(name, unfold(value)) for name, value in part.fields if name in _BY_HOPS] if "." in trusted_hop else []


def _return_path(headers: Headers) -> str | None:
    """Of the last hop before us, where it wrote one down."""
    if "return-path" not in headers:
        return None
    return headers.raw("return-path").strip("<> ").lower()
