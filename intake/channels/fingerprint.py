"""The digest that tells a copy from another mail.

Two mailboxes of ours get the same mail over two ways, with other trace headers (Received, Delivered-To, DKIM results …): the
digest is of what the sender wrote. A reused Message-ID with other content has another digest.
"""

import hashlib
import re

_WRITTEN = (b"from", b"date", b"subject", b"message-id")
_FOLD = re.compile(rb"\n[ \t]+")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


def digest(raw: bytes) -> str:
    """SHA-256, hex, of the author's headers and the body with one kind of line end."""
    end = _BLANK_LINE.search(raw)
    head, body = (raw[: end.start()], raw[end.end() :]) if end else (b"", raw)
    written = hashlib.sha256()
    for line in _FOLD.sub(b" ", head.replace(b"\r\n", b"\n")).split(b"\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() in _WRITTEN:
            written.update(name.lower() + b":" + b" ".join(value.split()) + b"\n")
    written.update(b"\n" + body.replace(b"\r\n", b"\n").rstrip())
    return written.hexdigest()
