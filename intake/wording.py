"""Text as it may be kept: no null bytes, no broken characters, one kind of line end, a sane length."""

import re
import unicodedata

MAX_TEXT = 50_000  # characters of one message; what is longer is cut with a note, the envelope keeps the whole
MAX_SUBJECT = 120
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufffe\uffff]")
_CONTROL_BYTES = bytes(code for code in range(128) if _CONTROL.match(chr(code)))
_ENDS = re.compile(r"\r\n?|\x85")
_SPACE = re.compile(r"\s+")
_BLANK_LINES = re.compile(r"\n{4,}")
# accents on one letter: as many as the Stream-Safe Text Format allows (UAX 15); sorting them takes the square of their number
_MARKS = re.compile("([{0}]{{30}})[{0}]+".format("".join(chr(c) for c in range(0x300, 0x20000) if unicodedata.combining(chr(c)))))


def clean(text: str) -> str:
    """Printable text. Lone surrogates (which no database takes) become U+FFFD."""
    if not text.isascii():
        text = _MARKS.sub(r"\1", text.encode("utf-8", "replace").decode("utf-8"))
        text = unicodedata.normalize("NFC", text)
    text = _printable(_ENDS.sub("\n", text) if "\x85" in text else text.replace("\r\n", "\n").replace("\r", "\n"))
    return (_BLANK_LINES.sub("\n\n\n", text) if "\n\n\n\n" in text else text).strip()


def _printable(text: str) -> str:
    if text.isascii():  # most are; ten times as fast
        return text.encode("ascii").translate(None, _CONTROL_BYTES).decode("ascii")
    return _CONTROL.sub("", text)


def cap(text: str, most: int = MAX_TEXT) -> str:
    return text if len(text) <= most else text[:most].rstrip() + "\n[…]"


def one_line(text: str, most: int = 200) -> str:
    """For names, subjects and rooms: never a line break, so that no header can be made of it."""
    line = _SPACE.sub(" ", clean(text)).strip()
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def subject_of(text: str) -> str:
    """The first line, cut at a word: what a list shows of a message without a subject."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    line = _SPACE.sub(" ", first).strip()
    if len(line) <= MAX_SUBJECT:
        return line
    cut = line[:MAX_SUBJECT].rsplit(" ", 1)[0]
    return (cut if len(cut) > MAX_SUBJECT // 2 else line[:MAX_SUBJECT]).rstrip(" ,;:") + "…"
