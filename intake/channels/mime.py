"""The parts of a mail: what is read, what is attached. Nothing here raises on what somebody sent."""

import mimetypes
import re
from dataclasses import dataclass, field

from intake.channels import uuencode
from intake.channels.arrival import SentFile
from intake.channels.charsets import codec, decode
from intake.channels.headers import words
from intake.channels.parameters import parameters
from intake.channels.parts import LETTERS, Defects, Part
from tickets.files import plain_name

MAX_FILES = 40
_META_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w-]{2,40})""", re.IGNORECASE)
_NAMED_ID = re.compile(r"<?([\w .-]{1,100}\.[A-Za-z0-9]{2,5})@")
_TAG = re.compile(r"</?[\w-]{1,30}>")
_READ = ("text/plain", "text/html", "text/enriched", "text/richtext", "text/markdown", "text/x-markdown")
_IGNORED = ("text/x-amp-html", "text/watch-html")
_MACHINE = ("message/delivery-status", "message/feedback-report", "message/disposition-notification", "message/global-delivery-status")


@dataclass(frozen=True)
class Piece:
    """One passage of the mail, as plain text, as HTML, or as both (alternatives)."""

    plain: str = ""
    html: str = ""


@dataclass
class Body:
    pieces: list[Piece] = field(default_factory=list)
    files: list[SentFile] = field(default_factory=list)
    defects: Defects = field(default_factory=Defects)

    def attach(self, file: SentFile) -> None:
        if len(self.files) < MAX_FILES:
            self.files.append(file)
        else:
            self.defects.note("too many files")


def unpack(part: Part, defects: Defects | None = None) -> Body:
    body = Body(defects=Defects() if defects is None else defects)
    _walk(part, body, parent="")
    return body


def _walk(part: Part, body: Body, parent: str) -> None:
    if part.kind in LETTERS:
        _letter(part, body)
    elif part.kind == "multipart/alternative":
        _alternatives(part, body)
    elif part.children:
        for child in part.children:
            _walk(child, body, part.kind)
    elif part.kind not in _MACHINE:  # those are read by `bounces`
        _leaf(part, body, parent)


def _alternatives(part: Part, body: Body) -> None:
    """One piece that knows the passage as text and as HTML."""
    inner = Body(defects=body.defects)
    for child in part.children:
        _walk(child, inner, part.kind)
    html = "".join(piece.html for piece in inner.pieces)
    alone = [piece.plain for piece in inner.pieces if piece.plain.strip() and not piece.html]
    plain = "\n\n".join(alone or [piece.plain for piece in inner.pieces if piece.plain.strip()])
    if plain or html:
        body.pieces.append(Piece(plain, html))
    for file in inner.files:
        body.attach(file)


def _leaf(part: Part, body: Body, parent: str) -> None:
    disposition = part.token("content-disposition")
    name = file_name(part)
    kind = "text/plain" if part.kind.startswith("multipart/") else part.kind  # one whose parts cannot be told apart
    if (
        kind in _READ
        and disposition != "attachment"
        and (not name or (not body.pieces and (kind == "text/html" or disposition == "inline")))
    ):
        _read(part, kind, body)
        if name and kind == "text/plain":  # words that were sent as a file, to be read in place: they are both
            body.attach(SentFile(name, part.content(), inline=True, kind=kind))
    elif kind not in _IGNORED or name:
        data = part.content(body.defects)
        if data or name:
            inline = disposition == "inline" or (
                disposition != "attachment" and (parent == "multipart/related" or part.has("content-id"))
            )
            body.attach(SentFile(name or _default_name(part, kind, body), data, inline and kind.startswith("image/"), kind))


def _read(part: Part, kind: str, body: Body) -> None:
    text = text_of(part, kind, body.defects)
    if kind == "text/html":
        body.pieces.append(Piece(html=text))
        return
    if kind in ("text/enriched", "text/richtext"):
        text = _TAG.sub("", text)
    text, files = uuencode.split(text)
    for name, data in files:
        body.attach(SentFile(name, data, kind=mimetypes.guess_type(name)[0] or ""))
    body.pieces.append(Piece(plain=text))


def text_of(part: Part, kind: str = "text/plain", defects: Defects | None = None) -> str:
    data = part.content(defects)
    label = part.parameters.get("charset", "")
    if not label and kind == "text/html":
        said = _META_CHARSET.search(data[:4096])
        label = said[1].decode("ascii", "replace") if said else ""
    if defects is not None and label and not codec(label):
        defects.note(f"unknown charset {label[:40]}")
    text = decode(data, label).replace("\r\n", "\n")
    if kind == "text/plain" and part.parameters.get("format", "").lower() == "flowed":
        text = unflow(text, joined=part.parameters.get("delsp", "").lower() == "yes")
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


def file_name(part: Part) -> str:
    """The name the sender gave, as a plain name; empty where there is none."""
    said = part.field("content-disposition")
    name = parameters(said).get("filename", "") if said else ""
    name = name or next((part.parameters[key] for key in ("name", "filename", "file") if part.parameters.get(key)), "")
    return plain_name(words(name)) if name else ""


def _default_name(part: Part, kind: str, body: Body) -> str:
    """What its Content-ID is made of ("image001.jpg@01CD…", as Outlook writes it), else what kind it is."""
    named = _NAMED_ID.match(part.field("content-id"))
    if named:
        return plain_name(named[1])
    main = kind.partition("/")[0]
    stem = main if main in ("image", "audio", "video", "text") else "file"
    count = sum(file.name.startswith(stem) for file in body.files)
    return f"{stem}{f'-{count + 1}' if count else ''}{mimetypes.guess_extension(kind) or '.bin'}"


def _letter(part: Part, body: Body) -> None:
    """A mail inside the mail, as it came."""
    inner = part.children[0] if part.children else part
    name = file_name(part) or plain_name(words(inner.field("subject"))) if part.children else file_name(part)
    data = part.content(body.defects)
    if data:
        body.attach(SentFile(f"{(name or 'message').removesuffix('.eml')}.eml", data, kind=part.kind))
