"""A mail as it came over SMTP → Arrival. Pure; raises Unreadable only where there is nobody to answer and nothing to read."""

import re

from intake import contacts
from intake.channels import automation, bounces, markup, mime, parts, quoting
from intake.channels.arrival import Arrival, Thread
from intake.channels.headers import Address, Headers, is_no_reply
from intake.contacts import Contact
from intake.language import guess
from intake.wording import cap, clean, one_line
from tickets.models import ChannelKind

MAX_COPIED = 10
_TO = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "resent-to")


def read(raw: bytes, *, return_path: str | None = None, recipients: tuple[str, ...] = ()) -> Arrival:
    """`return_path` and `recipients` as the envelope told them; "" is the null sender."""
    message = parts.parse(raw)
    headers = Headers(message)
    body = mime.unpack(message)
    thread = Thread(next(iter(headers.ids("message-id")), ""), headers.ids("in-reply-to"), headers.ids("references"))
    text, html = _words(body)
    parted = quoting.split(clean(text), is_reply=bool(thread.ancestors))
    path = return_path if return_path is not None else _return_path(headers)
    sender = sender_of(headers) or Address("", path or "")
    named = [one.address for field in _TO for one in headers.addresses(field)]
    return Arrival(
        channel=ChannelKind.EMAIL,
        contact=contacts.email(sender.address),
        name=sender.name,
        subject=one_line(headers.text("subject")),
        text=cap(parted.text),
        quoted=cap(parted.folded),
        html=html,
        language=guess(parted.text) or headers.token("content-language")[:2],
        sent_files=tuple(body.files),
        thread=thread,
        recipients=tuple(dict.fromkeys([*(address.lower() for address in recipients), *named]))[:50],
        copied=_copied(headers),
        automation=automation.automation_of(headers),
        return_path=path,
        list_id=one_line(headers.text("list-id"), 100),
        bounce=bounces.bounce_of(message, headers),
        no_reply=is_no_reply(sender.address),
    )


def sender_of(headers: Headers) -> Address | None:
    """Who wrote: From; where a group or a form put itself there, the person it names."""
    writers = headers.addresses("from") or headers.addresses("sender")
    if not writers:
        return next(iter(headers.addresses("reply-to")), None)
    first = writers[0]
    original = headers.addresses("x-original-from") or headers.addresses("x-original-sender")
    answers = headers.addresses("reply-to")
    if original and original[0].address != first.address:
        return Address(original[0].name or _without_via(first.name), original[0].address)
    behind = "list-id" in headers and " via " in first.name.lower()
    if answers and (behind or is_no_reply(first.address)):
        return Address(answers[0].name or _without_via(first.name), answers[0].address)
    return first


def _without_via(name: str) -> str:
    return re.split(r" via ", name, flags=re.IGNORECASE)[0].strip("'\" ")


def _words(body: mime.Body) -> tuple[str, str]:
    """(text, clean HTML): the plain text where there is one, else what the HTML says."""
    cleaned = [markup.clean(piece.html) if piece.html else "" for piece in body.pieces]
    texts = [piece.plain if piece.plain.strip() else markup.text_of(html) for piece, html in zip(body.pieces, cleaned, strict=True)]
    return "\n\n".join(text for text in texts if text.strip()), "<hr>".join(html for html in cleaned if html)


def _copied(headers: Headers) -> tuple[Contact, ...]:
    found = (contacts.email(one.address) for one in headers.addresses("cc")[:MAX_COPIED])
    return tuple(one for one in found if one)


def _return_path(headers: Headers) -> str | None:
    """Of the last hop before us, where it wrote one down."""
    if "return-path" not in headers:
        return None
    return headers.raw("return-path").strip("<> ").lower()
