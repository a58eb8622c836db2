"""The digest that tells a copy from another mail.

Two mailboxes of ours get the same mail over two ways, with other trace headers (Received, Delivered-To, DKIM results …): the
digest is of what the sender wrote. A reused Message-ID with other content has another digest.
"""

import hashlib
import io
import re
from collections.abc import Iterable, Iterator
from typing import IO

_WRITTEN = (b"from", b"date", b"subject", b"message-id")
_FOLD = re.compile(rb"\n[ \t]+")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
PIECE = 256 * 1024  # bytes; header lines beyond the first of them are taken for the body


def digest(raw: bytes) -> str:
    """SHA-256, hex, of the author's headers and the body with one kind of line end."""
    return digest_of(io.BytesIO(raw))


def digest_of(file: IO[bytes]) -> str:
    """The same of a file, from its beginning, a piece at a time."""
    file.seek(0)
    first = file.read(PIECE)
    end = _BLANK_LINE.search(first)
    head, begun = (first[: end.start()], first[end.end() :]) if end else (b"", first)
    written = hashlib.sha256()
    for line in _FOLD.sub(b" ", head.replace(b"\r\n", b"\n")).split(b"\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() in _WRITTEN:
            written.update(name.lower() + b":" + b" ".join(value.split()) + b"\n")
    written.update(b"\n")
    for part in _body(_pieces(begun, file)):
        written.update(part)
    return written.hexdigest()


def _pieces(begun: bytes, file: IO[bytes]) -> Iterator[bytes]:
    yield begun
    while piece := file.read(PIECE):
        yield piece


def _body(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """With one kind of line end, and without the blanks it ends with: a piece's own are held back until something follows."""
    held: list[bytes] = []
    for piece in pieces:
        said = piece.rstrip()
        if said:
            yield b"".join([*held, said]).replace(b"\r\n", b"\n")
            held = []
        held.append(piece[len(said) :])
