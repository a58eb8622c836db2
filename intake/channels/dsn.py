"""Mail about mail: reports of mail servers (RFC 3464, 5965, 8098), also of those that follow no standard."""

import re
from collections.abc import Iterator
from email.message import Message

from intake.channels.arrival import Automation, Bounce
from intake.channels.headers import Headers, ids, unfold
from intake.channels.mime import content, kind_of

_REPORTS = (
    "message/delivery-status",
    "message/feedback-report",
    "message/disposition-notification",
    "message/global-delivery-status",
)
_DAEMONS = (
    "mailer-daemon",
    "mailerdaemon",
    "mail-daemon",
    "postmaster",
    "maildaemon",
    "mdaemon",
    "mmdf",
    "double-bounce",
    "mailer_daemon",
    "mail delivery",
)
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,2}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.#-])(5[0-5]\d|4[2-5]\d)[ -](?=[A-Za-z<#\d])")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'=&/-]{1,64}@[A-Za-z0-9.-]{1,200}[A-Za-z0-9]")
_FAILED = re.compile(
    r"undeliver|not be delivered|delivery (has )?failed|delivery (status )?notification|delivery failure|failure notice"
    r"|returned (mail|to sender)|could ?n.t be delivered|unable to deliver|was not delivered|non ?remis|unzustellbar"
    r"|no se pudo entregar|permanent error|failed recipient|user unknown|unknown user|no such user|mailbox (is )?full"
    r"|unrouteable|bounced|rejected|does not exist|mail system error|not delivered",
    re.IGNORECASE,
)
_ORIGINAL_ID = re.compile(r"^message-id:\s*(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE)
_LOOK = 20_000  # characters of a report's words


def automation_of(headers: Headers) -> Automation:
    """RFC 3834 and what came before it. "Auto-Submitted: no" says a person wrote it."""
    submitted = headers.token("auto-submitted")
    if submitted.startswith("auto-replied"):
        return "replied"
    if submitted not in ("", "no"):
        return "generated"
    precedence = headers.token("precedence")
    if precedence in ("auto_reply", "auto-reply") or any(_says_yes(headers, name) for name in _REPLIED):
        return "replied"
    if precedence in ("bulk", "junk") or "feedback-id" in headers or _is_newsletter(headers):
        return "bulk"
    return "bulk" if headers.token("x-auto-response-suppress") not in ("", "none") else ""


_REPLIED = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "x-auto-reply",
    "x-auto-response",
    "x-autoreply-from",
    "auto-reply",
    "x-mail-autoreply",
)


def _says_yes(headers: Headers, name: str) -> bool:
    return headers.token(name) not in ("", "no", "false", "0")


def _is_newsletter(headers: Headers) -> bool:
    """One-click unsubscribing without a list to write to: sent to many by a machine."""
    return "list-unsubscribe" in headers and "list-post" not in headers and "list-id" not in headers


def bounce_of(message: Message, headers: Headers) -> Bounce | None:
    """None where it is not a report."""
    report = _standard(message)
    if report is None and _is_daemon(headers):
        report = _worded(message, headers)
    return report


def _standard(message: Message) -> Bounce | None:
    parts = list(_parts(message, 0))
    reports = [part for part in parts if kind_of(part) in _REPORTS]
    if not reports and kind_of(message) != "multipart/report":
        return None
    blocks = [block for part in reports for block in _blocks(part)]
    if not any("status" in block or "action" in block for block in blocks):
        return _from_words(parts, message) if _says_failed(reports) else Bounce(original_ids=_original_ids(parts))
    failed, status = _failures(blocks)
    return Bounce(failed, status, _original_ids(parts))


def _says_failed(reports: list[Message]) -> bool:
    """A report of delivery without a readable delivery-status; complaints and read receipts say nothing of failure."""
    return all("delivery-status" in kind_of(part) for part in reports)


def _blocks(part: Message) -> list[dict[str, str]]:
    """The groups of fields of a report part (one for the message, one for each recipient), however the parser took it apart."""
    children = part.get_payload()
    if isinstance(children, list):
        return [{str(n).lower(): unfold(str(v)) for n, v in child.raw_items()} for child in children if isinstance(child, Message)]
    text = re.sub(r"\r?\n[ \t]+", " ", content(part).decode("utf-8", "replace"))
    return [dict(_field(line) for line in block.splitlines() if ":" in line) for block in re.split(r"\n\s*\n", text)]


def _field(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _failures(blocks: list[dict[str, str]]) -> tuple[tuple[str, ...], str]:
    """(addresses that failed, the first status of a failure)."""
    failed: list[str] = []
    status = ""
    for block in blocks:
        recipient = _plain(block.get("final-recipient", "")) or _plain(block.get("original-recipient", ""))
        action = block.get("action", "").split("(")[0].strip().lower()
        found = _STATUS.search(block.get("status", "")) or _STATUS.search(block.get("diagnostic-code", ""))
        code = found[1] if found else ""
        if recipient and (action == "failed" or (not action and code.startswith("5"))):
            failed.append(recipient)
            status = status or code or "5.0.0"
    return tuple(dict.fromkeys(failed)), status


def _plain(value: str) -> str:
    """ "rfc822; a@b" → "a@b"."""
    found = _ADDRESS.search(value.split(";", 1)[-1])
    return found[0].lower() if found else ""


def _is_daemon(headers: Headers) -> bool:
    if "x-failed-recipients" in headers:
        return True
    senders = headers.addresses("from")
    name = headers.text("from").lower()
    return any(one.address.partition("@")[0].startswith(_DAEMONS) for one in senders) or any(word in name for word in _DAEMONS)


def _worded(message: Message, headers: Headers) -> Bounce | None:
    """A daemon's own words; None where it speaks of something else."""
    parts = list(_parts(message, 0))
    failed = tuple(a.lower() for a in _ADDRESS.findall(headers.raw("x-failed-recipients")))
    bounce = _from_words(parts, message, failed)
    told = bool(failed or bounce.status or _FAILED.search(headers.text("subject") + "\n" + _words(parts)))
    return bounce if told else None


def _from_words(parts: list[Message], message: Message, failed: tuple[str, ...] = ()) -> Bounce:
    text = _words(parts)
    status = _STATUS.search(text)
    code = _REPLY_CODE.search(text)
    if not failed:
        failed = tuple(dict.fromkeys(a.lower() for a in _ADDRESS.findall(_above_original(text)) if not a.lower().startswith(_DAEMONS)))[
            :3
        ]
    return Bounce(failed, status[1] if status else f"{code[1][0]}.0.0" if code else "", _original_ids(parts))


def _above_original(text: str) -> str:
    """The daemon's words, without the copy of the mail they speak of."""
    return re.split(
        r"(?im)^(?:-{2,}.{0,60}(?:copy|original|message).{0,80}-*|received: |return-path: |message-id: )", text, maxsplit=1
    )[0]


def _words(parts: list[Message]) -> str:
    for part in parts:
        if kind_of(part).startswith("text/") and kind_of(part) != "text/rfc822-headers":
            return content(part)[:_LOOK].decode("utf-8", "replace")
    return ""


def _original_ids(parts: list[Message]) -> tuple[str, ...]:
    """Message-IDs of the mail that the report gives back, whole or as headers, attached or in the text."""
    found: list[str] = []
    for part in parts[1:]:
        if kind_of(part) == "message/rfc822" and isinstance(part.get_payload(), list):
            found += [one for child in part.get_payload() if isinstance(child, Message) for one in Headers(child).ids("message-id")]
        elif kind_of(part).startswith("text/"):
            found += [one for value in _ORIGINAL_ID.findall(content(part)[:100_000].decode("utf-8", "replace")) for one in ids(value)]
    if not found:
        found = [one for value in _ORIGINAL_ID.findall(_words(parts)) for one in ids(value)]
    return tuple(dict.fromkeys(found))


def _parts(message: Message, depth: int) -> Iterator[Message]:
    """The parts of the report itself; not those of the mail inside it."""
    yield message
    children = message.get_payload()
    if isinstance(children, list) and not kind_of(message).startswith("message/") and depth < 10:
        for child in children:
            if isinstance(child, Message):
                yield from _parts(child, depth + 1)
