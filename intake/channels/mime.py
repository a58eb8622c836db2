"""The parts of a mail: what is read, what is attached. Nothing here raises on what somebody sent.

The compat32 policy parses five times as fast as the default one and keeps broken headers as they came; decoding is ours.
"""

import binascii
import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.errors import MessageError
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.policy import Compat32

from intake.channels import uuencode
from intake.channels.arrival import SentFile
from intake.channels.charsets import decode
from intake.channels.headers import unfold, words
from tickets.files import plain_name

MAX_DEPTH = 40
MAX_PARTS = 400
MAX_BOUNDARIES = 300
MAX_LINES = 50_000_000  # lines × nested parts: the parser holds each line against every boundary that is open
MAX_UNPARTED = 4_000_000  # bytes that are read of a mail whose parts cannot be told apart
MAX_PARAMETERS = 2_000  # characters of "Content-Type" and its like
MAX_KEPT_HEADER = 100_000  # characters of any other header (what is read of it: `headers.MAX_HEADER`)
MAX_FILES = 40
BROKEN = (MessageError, ValueError, TypeError, LookupError, AttributeError, RecursionError, binascii.Error)
_BOUNDARY = re.compile(rb"boundary\s*[*=]")
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{2,40})""", re.IGNORECASE)
_READ = ("text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown")
_IGNORED = ("text/x-amp-html", "text/watch-html", "application/pgp-signature", "application/pkcs7-signature")


@dataclass(frozen=True)
class Piece:
    """One passage of the mail, as plain text, as HTML, or as both (alternatives)."""

    plain: str = ""
    html: str = ""


@dataclass
class Body:
    pieces: list[Piece] = field(default_factory=list)
    files: list[SentFile] = field(default_factory=list)
    parts: int = 0


def parse(raw: bytes) -> Message:
    """The mail; where its parts cannot be told apart, its headers with the rest as one text."""
    try:
        boundaries = len(_BOUNDARY.findall(raw.lower()))
        if boundaries > MAX_BOUNDARIES or raw.count(b"\n") * (1 + boundaries) > MAX_LINES:
            raise MessageError("too many parts")
        return BytesParser(policy=_POLICY).parsebytes(raw)
    except BROKEN:
        return BytesHeaderParser(policy=_POLICY).parsebytes(raw[:MAX_UNPARTED])


class _Capped(Compat32):
    """The parser's own policy, with an end to each header: its time for parameters grows with the square of their length."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[: MAX_PARAMETERS if name.lower().startswith("content-") else MAX_KEPT_HEADER]


_POLICY = _Capped()


def unpack(message: Message) -> Body:
    body = Body()
    _walk(message, body, parent="", depth=0)
    return body


def _walk(part: Message, body: Body, parent: str, depth: int) -> None:
    body.parts += 1
    if depth > MAX_DEPTH or body.parts > MAX_PARTS:
        return
    kind = kind_of(part)
    children = part.get_payload()
    if kind == "message/rfc822" and isinstance(children, list):
        _attach(body, SentFile(_letter_name(part, children), _bytes_of(children[0]) if children else b""))
    elif kind.startswith("message/") and isinstance(children, list):
        return  # delivery-status and the like: read by `dsn`
    elif isinstance(children, list):
        for child in _best(children, body, depth) if kind == "multipart/alternative" else children:
            if isinstance(child, Message):
                _walk(child, body, kind, depth + 1)
    else:
        _leaf(part, kind, body, parent)


def _best(children: Sequence[Message | str], body: Body, depth: int) -> Sequence[Message | str]:
    """Of alternatives: one piece that knows the passage as text and as HTML. Returns nothing that is left to walk."""
    inner = Body(parts=body.parts)
    for child in children:
        if isinstance(child, Message):
            _walk(child, inner, "multipart/alternative", depth + 1)
    plain = "\n\n".join(piece.plain for piece in inner.pieces if piece.plain.strip() and not piece.html)
    html = "".join(piece.html for piece in inner.pieces)
    plain = plain or "\n\n".join(piece.plain for piece in inner.pieces if piece.plain.strip())
    if plain or html:
        body.pieces.append(Piece(plain, html))
    body.files.extend(inner.files)
    body.parts = inner.parts
    return []


def _leaf(part: Message, kind: str, body: Body, parent: str) -> None:
    disposition = _disposition(part)
    name = file_name(part)
    is_read = kind in _READ and disposition != "attachment" and (not name or (kind == "text/html" and not body.pieces))
    if is_read:
        _read(part, kind, body)
    elif kind in _IGNORED and not name.endswith((".p7m", ".pdf")):
        return
    else:
        inline = disposition == "inline" or parent == "multipart/related" or "content-id" in part
        _attach(body, SentFile(name or _default_name(kind, len(body.files)), content(part), inline and kind.startswith("image/")))


def _read(part: Message, kind: str, body: Body) -> None:
    text = text_of(part, kind)
    if kind == "text/html":
        body.pieces.append(Piece(html=text))
        return
    if kind in ("text/enriched", "text/richtext"):
        text = re.sub(r"</?[\w-]{1,30}>", "", text)
    text, files = uuencode.split(text)
    for file in files:
        _attach(body, file)
    body.pieces.append(Piece(plain=text))


def _attach(body: Body, file: SentFile) -> None:
    if file.data and len(body.files) < MAX_FILES:
        body.files.append(file)


def text_of(part: Message, kind: str = "text/plain") -> str:
    data = content(part)
    label = _parameter(part, "charset")
    if not label and kind == "text/html":
        said = _META_CHARSET.search(data[:4096])
        label = said[1].decode("ascii", "replace") if said else ""
    text = decode(data, label).replace("\r\n", "\n")
    if kind == "text/plain" and _parameter(part, "format").lower() == "flowed":
        text = unflow(text, joined=_parameter(part, "delsp").lower() == "yes")
    return text


def unflow(text: str, *, joined: bool) -> str:
    """RFC 3676: a line that ends in a space goes on in the next one of the same quote depth."""
    out: list[list[str]] = []
    going = False
    depth = 0
    for raw in text.split("\n"):
        quotes = len(raw) - len(raw.lstrip(">"))
        line = raw[quotes:].removeprefix(" ")
        if going and quotes == depth and line != "-- ":
            if joined:
                out[-1][-1] = out[-1][-1][:-1]
            out[-1].append(line)
        else:
            out.append([">" * quotes + (" " if quotes else "") + line])
        going, depth = line.endswith(" ") and line != "-- ", quotes
    return "\n".join("".join(pieces) for pieces in out)


def content(part: Message) -> bytes:
    """The part's bytes, decoded as well as they can be."""
    try:
        data = part.get_payload(decode=True)
    except BROKEN:
        data = None
    if isinstance(data, bytes):
        return data
    text = part.get_payload()
    return text.encode("utf-8", "replace") if isinstance(text, str) else b""


def kind_of(part: Message) -> str:
    """type/subtype, lower case."""
    try:
        kind = part.get_content_type().lower()
    except BROKEN:
        return "application/octet-stream"
    return kind if kind != "text/text" else "text/plain"


def _disposition(part: Message) -> str:
    value = part.get("content-disposition")
    return str(value).split(";")[0].strip().lower() if value is not None else ""


def _parameter(part: Message, name: str) -> str:
    try:
        value = part.get_param(name)
    except BROKEN:
        return ""
    if isinstance(value, tuple):
        value = value[2]
    return str(value) if value else ""


def file_name(part: Message) -> str:
    """The name the sender gave, as a plain name; empty where there is none."""
    for header in ("content-disposition", "content-type"):
        _mend(part, header)
    try:
        name = part.get_filename("")
    except BROKEN:
        name = ""
    return plain_name(words(unfold(str(name)))) if name else ""


def _mend(part: Message, header: str) -> None:
    """8-bit bytes in a parameter: decoded, or the parser would give question marks for them."""
    raw = next((str(value) for name, value in part.raw_items() if name.lower() == header), "")
    if not raw.isascii():
        part.replace_header(header, unfold(raw))


def _default_name(kind: str, count: int) -> str:
    return f"file-{count + 1}{mimetypes.guess_extension(kind) or '.bin'}"


def _letter_name(part: Message, children: Sequence[Message | str]) -> str:
    name = file_name(part)
    if not name and children and isinstance(children[0], Message):
        subject = next((str(value) for key, value in children[0].raw_items() if key.lower() == "subject"), "")
        name = plain_name(words(unfold(subject)))
    return f"{(name or 'message').removesuffix('.eml')}.eml"


def _bytes_of(message: Message | str) -> bytes:
    try:
        return message.as_bytes() if isinstance(message, Message) else message.encode("utf-8", "replace")
    except BROKEN:
        return str(message.get_payload() if isinstance(message, Message) else message).encode("utf-8", "replace")
