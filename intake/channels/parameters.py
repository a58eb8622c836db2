"""Parameters of a header field (RFC 2045, RFC 2231): `text/plain; charset="utf-8"; name*0*=utf-8''na%C3%AF; name*1=ve.txt`."""

import re
from urllib.parse import unquote_to_bytes

from intake.channels.charsets import decode

MAX_LENGTH = 8_000  # characters of a field that are read
_PARAMETER = re.compile(r";\s*([^\s=;\"*]{1,60})(\*\d{1,3})?(\*)?\s*=\s*(?:\"((?:[^\"\\]|\\.)*)(?:\"|\Z)|([^;]*))", re.DOTALL)
_ESCAPE = re.compile(r"\\([\"\\])")
_BROKEN_START = re.compile(r"^([^;=\"]*?)\s+(charset|boundary|name|filename)\s*=", re.IGNORECASE)


def parameters(value: str) -> dict[str, str]:
    """By lower-case name; the pieces of a long one put together, its percent signs read in the charset it names."""
    if "=" not in value:
        return {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for name, number, extended, quoted, plain in _PARAMETER.findall(_with_semicolon(value[:MAX_LENGTH])):
        text = _ESCAPE.sub(r"\1", quoted) if quoted else plain.strip()
        pieces.setdefault(name.lower(), []).append((int(number[1:]) if number else -1, bool(extended), text))
    return {name: _joined(found) for name, found in pieces.items()}


def _with_semicolon(value: str) -> str:
    """ "text/plain charset=utf-8": a mailer forgot the mark between the two."""
    return _BROKEN_START.sub(r"\1; \2=", value)


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    """Of several of one name: the extended one (RFC 2231) before the plain one, and of plain ones the first."""
    numbered = sorted((piece for piece in pieces if piece[0] >= 0 or piece[1]), key=lambda piece: piece[0])
    if not numbered:
        return pieces[0][2]
    charset, data = "", b""
    for at, (_number, extended, text) in enumerate(numbered):
        if extended and at == 0 and text.count("'") >= 2:
            charset, _language, text = text.split("'", 2)
        data += unquote_to_bytes(text) if extended else text.encode("utf-8", "surrogateescape")
    return decode(data, charset)
