"""Rooms as somebody types them: "101-120, Gym, Library" is 22 of them. Pure."""

import re
from collections.abc import Iterator, Sequence

from intake.wording import one_line

MOST = 500  # of one place
LONGEST = 40  # characters: Ticket.room
_PART = re.compile(r'"[^"\n]*"|“[^”\n]*”|[^,;\n"“]+')
_RANGE = re.compile(r"(?P<before>.*?)(?P<first>\d{1,9})\s*(?:-|–|—|\.\.|\bto\b|\ba\b)\s*(?P<again>.*?)(?P<last>\d{1,9})")


class TooMany(ValueError):
    """More rooms than a place may have; `given` of them, or of a range without end so many more than there may be."""

    def __init__(self, given: int) -> None:
        self.given = given
        super().__init__(given)


def parse(text: str) -> list[str]:
    """In the order they were typed, each once. A range counts up ("B101-B110", "01-12"); what is no range, or in quotes, is a name.

    Raises TooMany.
    """
    rooms = list(dict.fromkeys(room for part in _PART.findall(text) for room in _rooms_of(part)))
    if len(rooms) > MOST:
        raise TooMany(len(rooms))
    return rooms


def _rooms_of(part: str) -> Iterator[str]:
    name = one_line(part.strip().strip('"“”'), LONGEST)
    found = None if part.strip()[:1] in ('"', "“") else _RANGE.fullmatch(name)
    if found and found["before"].strip().lower().endswith(found["again"].strip().lower()):
        first, last = int(found["first"]), int(found["last"])
        if first < last:
            digits = len(found["first"]) if found["first"].startswith("0") else 1
            for number in range(first, min(last, first + MOST) + 1):
                yield f"{found['before']}{number:0{digits}d}"
            return
    if name:
        yield name


def shortened(rooms: Sequence[str]) -> str:
    """The list as it may be typed: what counts up by one, three or more of it, is a range again."""
    parts: list[str] = []
    at = 0
    while at < len(rooms):
        end = _run(rooms, at)
        parts.append(f"{rooms[at]}-{rooms[end]}" if end - at >= 2 else _quoted(rooms[at]))
        at = end + 1 if end - at >= 2 else at + 1
    return ", ".join(parts)


def _run(rooms: Sequence[str], at: int) -> int:
    """Where the stretch of rooms that begins at `at` ends."""
    end = at
    while end + 1 < len(rooms) and [*_rooms_of(f"{rooms[end]}-{rooms[end + 1]}")] == [rooms[end], rooms[end + 1]]:
        end += 1
    return end


def _quoted(room: str) -> str:
    plain = _PART.findall(room) == [room] and [*_rooms_of(room)] == [room]
    return room if plain else f'"{room}"'
