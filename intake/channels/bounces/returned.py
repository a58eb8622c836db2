"""The mail that a report speaks of: where the server's own words end, and which of ours it was."""

import re
from collections.abc import Iterator, Sequence

from intake.channels import markup
from intake.channels.charsets import decode
from intake.channels.headers import Headers, addresses, ids
from intake.channels.mime import text_of
from intake.channels.parts import LETTERS, Part

LOOK = 20_000  # characters of a report's words
RETURNED = 200_000  # characters of what it gives back
_ORIGINAL_ID = re.compile(r"^message-id:\s*(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE)
_REPLY_TO = re.compile(r"^reply-to:[ \t]*(\S[^\n]{0,500})", re.IGNORECASE | re.MULTILINE)
_RETURN_PATH = re.compile(r"^(?:return-path|original-mail-from):[ \t]*(\S[^\n]{0,500})", re.IGNORECASE | re.MULTILINE)
MOST_FIELDS = 20
_ORIGINAL = re.compile(
    r"^(?:[-=_*|+ ]{2,}.{0,60}"
    r"(?:copy of|original|(?:unsent|returned|full) (?:message|mail)|message (?:text|follow|body|header)|headers? of).{0,80}$"
    r"|.{0,40}(?:copy of (?:the|your) (?:original )?(?:message|mail|e-?mail)|message header|original message|header of (?:the|your))"
    r".{0,80}:\s*$"
    r"|\+{20,}$"
    r"|received: |return-path: |message-id: |x-original-to: |dkim-signature: )",
    re.IGNORECASE | re.MULTILINE,
)


def own_parts(message: Part) -> Iterator[Part]:
    """The parts of the report itself; not those of the mail inside it."""
    yield message
    if message.kind not in LETTERS:
        for child in message.children:
            yield from own_parts(child)


def first_text(parts: Sequence[Part]) -> str:
    """The first passage for people."""
    for part in parts:
        if not part.children and part.kind.startswith(("text/plain", "multipart/")):
            return text_of(part)[:LOOK]
    for part in parts:
        if part.kind == "text/html":
            return markup.text_of(markup.clean(text_of(part, "text/html")[: LOOK * 5]))[:LOOK]
    return ""


def above_original(text: str) -> str:
    """The server's words, without the copy of the mail they speak of."""
    found = _ORIGINAL.search(text, 1) if text else None
    return text[: found.start()] if found else text


def original_ids(parts: Sequence[Part]) -> tuple[str, ...]:
    """Message-IDs of the mail that the report gives back, whole or as headers, attached or in the text."""
    found: list[str] = []
    for part in parts[1:]:
        if part.kind in LETTERS:
            found += [one for child in part.children for one in Headers(child).ids("message-id")]
        elif part.kind.startswith("text/"):
            found += _ids_in(decode(part.content()[:RETURNED]))
    return tuple(dict.fromkeys(found or _ids_in(first_text(parts))))


def answers_to(parts: Sequence[Part]) -> tuple[str, ...]:
    """Addresses in the Reply-To of the mail that the report gives back: some servers leave out its id."""
    found: list[str] = []
    for part in parts[1:] or parts:
        if part.kind in LETTERS:
            found += [one.address for child in part.children for one in Headers(child).addresses("reply-to")]
        elif part.kind.startswith("text/"):
            fields = _REPLY_TO.findall(decode(part.content()[:RETURNED]))
            found += [one.address for field in fields[:MOST_FIELDS] for one in addresses(field)]
    return tuple(dict.fromkeys(found))


def returned_to(parts: Sequence[Part]) -> tuple[str, ...]:
    """The return path of the mail that the report gives back, or speaks of (a complaint tells it as Original-Mail-From, RFC 5965)."""
    texts = [decode(part.content()[:RETURNED]) for part in parts[1:] if not part.children]
    letters = [child for part in parts[1:] if part.kind in LETTERS for child in part.children]
    fields = [one for text in texts for one in _RETURN_PATH.findall(text)[:MOST_FIELDS]]
    fields += [Headers(child).raw("return-path") for child in letters]
    return tuple(dict.fromkeys(one.address for field in fields for one in addresses(field)))


def _ids_in(text: str) -> list[str]:
    return [one for value in _ORIGINAL_ID.findall(text) for one in ids(value)]
