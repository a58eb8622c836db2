"""A mail taken apart (RFC 5322, 2045, 2046): its header fields, and its parts as places in the bytes that came.

Nothing is copied but what is decoded, so a mail with a file of 25 MB takes little more memory than it has bytes; parts are found
by searching for their boundary, so the time grows with the length times the depth, and the depth has an end. Nothing raises on
what somebody sent: what is broken is read as most mailers read it, and noted.
"""

import binascii
import re
from dataclasses import dataclass, field
from itertools import islice

from intake.channels import uuencode
from intake.channels.charsets import decode_guessed
from intake.channels.parameters import parameters

LETTERS = ("message/rfc822", "message/global")  # a whole mail
UUENCODED = ("x-uuencode", "uuencode", "x-uue", "uue")
MAX_DEPTH = 40
MAX_PARTS = 400
MAX_FIELDS = 2_000  # header fields of a part that are looked at; those of real mails are some dozens
MAX_HEADER = 20_000  # bytes of one header field
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:([^\n]*(?:\n[ \t][^\n]*)*)(?:\n|\Z)")
_BLANK = re.compile(rb"\r?\n|\r?\Z")
_LINE = re.compile(rb"[^\n]*(?:\n|\Z)")
_KNOWN_FIELD = re.compile(
    rb"^(?:from|to|cc|subject|date|message-id|mime-version|content-[a-z-]{2,30}|return-path|received|reply-to|references|in-reply-to"
    rb"|list-[a-z-]{2,30}|dkim-signature|x-[a-z0-9-]{2,60})[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK_LINE = re.compile(rb"\n\r?\n")
MAX_BROKEN = 50  # such lines in one mail
AHEAD = 4_000  # bytes that are looked at for the rest of a header after a line that is no field
_MBOX_LINE = re.compile(rb"\s*>?From [^\n]*\n")
_LINE_END = re.compile(rb"(--)?[ \t]*(?:\r?\n|\r?\Z)")
_GUESSED_BOUNDARY = re.compile(rb"^--([^\s][^\r\n]{0,200})\r?\ncontent-", re.IGNORECASE | re.MULTILINE)
_KIND = re.compile(r"\s*([\w!#$&^.+-]{1,80})\s*/\s*([\w!#$&^.+*-]{1,80})")
_COMMENT = re.compile(r"\([^()]*\)")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_FOREIGN = re.compile(rb"[^A-Za-z0-9+/=\r\n\t]")
LOOK = 1_000  # bytes by which it is told whether it is base64 at all
_PADDING = re.compile(rb"=[=\s]*")
LEAST = 100  # bytes of base64 from which too little that comes out of it is a sign of something broken


class Defects(dict[str, None]):
    """What was broken, each once, in the order it was met."""

    def note(self, name: str) -> None:
        self[name] = None


@dataclass(slots=True)
class Part:
    """A mail, or a part of one."""

    raw: bytes = field(repr=False)  # of the whole mail
    start: int  # of the body in `raw`
    end: int
    fields: list[tuple[str, bytes]]  # lower-case name, value as it came
    kind: str  # type/subtype, lower case
    parameters: dict[str, str]  # of Content-Type
    children: list["Part"] = field(default_factory=list)

    @property
    def body(self) -> memoryview:
        return memoryview(self.raw)[self.start : self.end]

    def field(self, name: str) -> str:
        """The first one of this name, on one line; empty where there is none."""
        return next((unfold(value) for known, value in self.fields if known == name), "")

    def has(self, name: str) -> bool:
        return any(known == name for known, _value in self.fields)

    def token(self, name: str) -> str:
        """The first word of a field that holds a keyword, lower case."""
        return _COMMENT.sub("", self.field(name)).split(";")[0].strip().lower()

    def content(self, defects: Defects | None = None) -> bytes:
        """The body, decoded as well as it can be."""
        encoding = self.token("content-transfer-encoding").strip("\"'")
        if encoding == "base64":
            return _from_base64(self.body, defects)
        if encoding in ("quoted-printable", "quoted_printable"):
            return binascii.a2b_qp(self.body)
        data = bytes(self.body)
        return _from_uuencode(data) if encoding in UUENCODED else data


def _from_base64(data: memoryview, defects: Defects | None) -> bytes:
    """As much as there is: padded in the middle, cut off, or no base64 at all (which is taken as it came)."""
    looked = bytes(data[:LOOK])
    if len(_FOREIGN.findall(looked)) * 20 > len(looked):
        if defects is not None:
            defects.note("bad base64")
        return bytes(data)
    try:
        decoded = binascii.a2b_base64(data)
        if len(decoded) * 5 > len(data) * 3 or len(data) < LEAST:
            return decoded
    except binascii.Error:
        decoded = b""
    if defects is not None:
        defects.note("bad base64")
    runs = (_NOT_BASE64.sub(b"", run) for run in _PADDING.split(bytes(data)))
    return b"".join(_whole(run) for run in runs)


def _from_uuencode(data: bytes) -> bytes:
    """The first file in it; all of it where there is none."""
    _text, files = uuencode.split(data.decode("latin-1").replace("\r\n", "\n"))
    return files[0].data if files else data


def _whole(run: bytes) -> bytes:
    """One run of base64 without its padding; a single character left over carries no byte."""
    left = len(run) % 4
    return binascii.a2b_base64(run[:-1] if left == 1 else run + b"=" * (-left % 4))


def unfold(value: bytes, label: str = "") -> str:
    """One line; 8-bit bytes as UTF-8 or what is likeliest: `label` is the charset of the text under it."""
    text = decode_guessed(value[:MAX_HEADER], label)
    return text.replace("\r", "").replace("\n", "").replace("\0", "").strip()


def parse(raw: bytes, defects: Defects | None = None) -> Part:
    """The whole mail. Never raises."""
    noted = Defects() if defects is None else defects
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    return _Parser(raw, noted).part(_first_line(raw), len(raw), 0, "text/plain")


def _first_line(raw: bytes) -> int:
    """After a byte order mark, and after the line that a mailbox file puts before each mail."""
    begins = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    found = _MBOX_LINE.match(raw, begins)
    if found:
        return found.end()
    blank = len(raw[begins : begins + 1000]) - len(raw[begins : begins + 1000].lstrip())
    return begins + blank if _FIELD.match(raw, begins + blank) else begins


class _Parser:
    def __init__(self, raw: bytes, defects: Defects) -> None:
        self.raw = raw
        self.defects = defects
        self.parts = 0
        self.broken = 0

    def part(self, start: int, end: int, depth: int, default: str) -> Part:
        self.parts += 1
        fields, begins = self._head(start, end)
        said = next((unfold(value) for name, value in fields if name == "content-type"), "")
        found = _KIND.match(said)
        kind = f"{found[1]}/{found[2]}".lower() if found else default
        part = Part(self.raw, begins, end, fields, "text/plain" if kind == "text/text" else kind, parameters(said))
        if kind.startswith("multipart/") or kind in LETTERS:
            self._descend(part, depth)
        return part

    def _head(self, start: int, end: int) -> tuple[list[tuple[str, bytes]], int]:
        """(the fields, where the body begins). A line that is no field ends them, where no more of them follow."""
        fields: list[tuple[str, bytes]] = []
        at = start
        while at < end:
            found = _FIELD.match(self.raw, at, end)
            if found:
                if len(fields) < MAX_FIELDS:
                    fields.append((found[1].decode("ascii").lower(), found[2]))
                at = found.end()
            elif blank := _BLANK.match(self.raw, at, end):
                return fields, blank.end()
            elif self._goes_on(at, end):
                at = self._unfolded(fields, at, end)
            else:
                self.defects.note("no blank line after the header" if fields else "no header")
                return fields, at
        return fields, end

    def _goes_on(self, at: int, end: int) -> bool:
        """After a line that a mailer broke without indenting it."""
        if self.broken >= MAX_BROKEN:
            return False
        ahead = self.raw[at : min(end, at + AHEAD)]
        stop = _BLANK_LINE.search(ahead)
        return sum(1 for _ in islice(_KNOWN_FIELD.finditer(ahead, 0, stop.start() if stop else len(ahead)), 2)) == 2

    def _unfolded(self, fields: list[tuple[str, bytes]], at: int, end: int) -> int:
        line = _LINE.match(self.raw, at, end)
        if line is None:
            return end
        self.broken += 1
        self.defects.note("broken header line")
        if fields:
            fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line[0].strip())
        return line.end()

    def _descend(self, part: Part, depth: int) -> None:
        if depth >= MAX_DEPTH or self.parts >= MAX_PARTS:
            self.defects.note("too many parts")
        elif part.kind in LETTERS:
            part.children = [self._letter(part, depth)]
        else:
            part.children = self._children(part, depth)

    def _letter(self, part: Part, depth: int) -> Part:
        """A mail inside the mail; RFC 2046 forbids to encode one, and many do."""
        if part.token("content-transfer-encoding") not in ("base64", "quoted-printable"):
            return self.part(_first_inside(self.raw, part), part.end, depth + 1, "text/plain")
        inner = _Parser(part.content(self.defects), self.defects)
        inner.parts = self.parts
        letter = inner.part(0, len(inner.raw), depth + 1, "text/plain")
        self.parts = inner.parts
        return letter

    def _children(self, part: Part, depth: int) -> list[Part]:
        default = "message/rfc822" if part.kind == "multipart/digest" else "text/plain"
        children = []
        for start, end in self._places(part):
            if self.parts >= MAX_PARTS:
                self.defects.note("too many parts")
                break
            children.append(self.part(start, end, depth + 1, default))
        return children

    def _places(self, part: Part) -> list[tuple[int, int]]:
        """Where its parts begin and end."""
        boundary = part.parameters.get("boundary", "").rstrip().encode("utf-8", "surrogateescape")
        places = self._between(boundary, part) if boundary else []
        if not places:
            self.defects.note("bad boundary")
            guessed = _GUESSED_BOUNDARY.search(self.raw, part.start, part.end)
            places = self._between(guessed[1].rstrip(), part) if guessed else []
        return places

    def _between(self, boundary: bytes, part: Part) -> list[tuple[int, int]]:
        raw, mark = self.raw, b"--" + boundary
        places: list[tuple[int, int]] = []
        begins = -1
        at = part.start
        while (at := raw.find(mark, at, part.end)) >= 0:
            ends = _LINE_END.match(raw, at + len(mark), part.end)
            if not ends or not (at == part.start or raw[at - 1] == 10):
                at += len(mark)
                continue
            if begins >= 0:
                places.append((begins, max(begins, _before_line_end(raw, at))))
            if ends[1]:
                return places
            begins = at = ends.end()
        if begins >= 0:
            self.defects.note("no closing boundary")
            places.append((begins, part.end))
        return places


def _before_line_end(raw: bytes, at: int) -> int:
    """The line end before a boundary belongs to it."""
    return at - 2 if raw[at - 2 : at] == b"\r\n" else at - 1


def _first_inside(raw: bytes, part: Part) -> int:
    found = _MBOX_LINE.match(raw, part.start, part.end)
    return found.end() if found else part.start
