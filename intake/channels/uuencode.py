"""Files that old mailers write into the text itself ("begin 644 name" … "end"), taken out line by line, in one pass."""

import binascii
import contextlib
import re
from typing import NamedTuple

from tickets.files import plain_name

_BEGIN = re.compile(r"begin [0-7]{3,4} (.{1,200})")
_LONGEST = 70  # characters of a line of data


class Enclosed(NamedTuple):
    name: str
    data: bytes


def split(text: str) -> tuple[str, list[Enclosed]]:
    """(the text without them, the files). What begins and never ends, or is not data, stays text."""
    if "\nbegin " not in f"\n{text}":
        return text, []
    out: list[str] = []
    held: list[str] = []  # of a file that began
    files: list[Enclosed] = []
    data, name = bytearray(), ""
    for line in text.split("\n"):
        if begun := _BEGIN.fullmatch(line.rstrip("\r")):  # "b" begins no line of data: the one before it was none
            out += held
            held, data, name = [line], bytearray(), begun[1]
        elif not held:
            out.append(line)
        elif line.rstrip() == "end":
            files.append(Enclosed(plain_name(name), bytes(data)))
            held = []
        else:
            held.append(line)
            part = _decoded(line)
            if part is None:
                out += held
                held = []
            else:
                data += part
    return "\n".join(out + held), files


def _decoded(line: str) -> bytes | None:
    """None: no data. An empty line is one whose only space a mailer took."""
    if not line.strip():
        return b""
    if len(line) > _LONGEST:
        return None
    with contextlib.suppress(binascii.Error, ValueError):
        return binascii.a2b_uu(line)
    said = ((ord(line[0]) - 32) & 63) * 4 + 5  # some encoders pad a line beyond the bytes that its first character tells
    with contextlib.suppress(binascii.Error, ValueError):
        return binascii.a2b_uu(line[: said // 3])
    return None
