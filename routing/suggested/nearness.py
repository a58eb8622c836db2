"""How near two requests are in meaning, within the time a page may take.

Reading a text costs some 10 ms, so only its beginning is read, a few at a time while there is time, and what was read is kept.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from uuid import UUID

import numpy as np

from knowledge.embedding import meaning
from knowledge.embedding.engines import Floats
from knowledge.meanings import READ_IN

READ = 200  # characters of each text: a sentence or three
AT_ONCE = 6  # texts between two looks at the clock
SECONDS = 0.2  # then the others stay unread
KEPT = 2_000  # tickets whose figures a process keeps, 1.5 kB each; no words

_kept: "OrderedDict[tuple[UUID, int], Floats]" = OrderedDict()
_keeping = threading.Lock()


def nearness(text: str, language: str, others: Sequence[tuple[UUID, str]]) -> dict[UUID, float]:
    """{ticket: from -1 to 1}, of as many as there was time for, from the first on; empty where nothing reads this language."""
    mine = meaning.one(text[:READ]) if language in READ_IN else None
    if mine is None:
        return {}
    known = {key[0]: row for key in _keys(others) if (row := _take(key)) is not None}
    known |= _read([one for one in others if one[0] not in known])
    return {ticket: float(mine @ row) for ticket, row in known.items()}


def _read(others: Sequence[tuple[UUID, str]]) -> dict[UUID, Floats]:
    found: dict[UUID, Floats] = {}
    began = time.monotonic()
    for some in (others[at : at + AT_ONCE] for at in range(0, len(others), AT_ONCE)):
        rows = meaning.embed([text[:READ] for _ticket, text in some]) if time.monotonic() - began < SECONDS else None
        if rows is None:
            break
        for key, row in zip(_keys(some), rows, strict=True):
            found[key[0]] = _keep(key, np.array(row, np.float32))
    return found


def _keys(others: Sequence[tuple[UUID, str]]) -> Iterator[tuple[UUID, int]]:
    return ((ticket, hash(text[:READ])) for ticket, text in others)


def _take(key: tuple[UUID, int]) -> Floats | None:
    with _keeping:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def _keep(key: tuple[UUID, int], row: Floats) -> Floats:
    with _keeping:
        _kept[key] = row
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return row
