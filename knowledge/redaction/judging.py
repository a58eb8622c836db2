"""How much of what is personal is taken out, and how much of what is not."""

import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from knowledge.redaction.engine import redact
from knowledge.redaction.kinds import Kind
from knowledge.redaction.roster import NOBODY, TITLES, Roster
from knowledge.redaction.sets import Labelled

_WORD = re.compile(r"\w+")
NOT_PERSONS = frozenset(("GPE", "ORGANIZATION", "NRP"))  # places, companies and peoples: of the set, but nobody's data


@dataclass
class Tally:
    """Counted over a set. A name is redacted when each of its words of two letters or more is, titles apart."""

    names: int = 0
    redacted: int = 0
    words: int = 0  # that belong to no span of the set
    over: int = 0
    plain_words: int = 0  # that belong to no person's span: places and companies among them
    plain_over: int = 0
    out: int = 0  # words taken out in all
    missed: list[str] = field(default_factory=list)
    needless: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    not_restored: int = 0


def judge(rows: Iterable[Labelled], roster: Roster = NOBODY) -> Tally:
    tally = Tally()
    for row in rows:
        since = time.perf_counter()
        done = redact(row.text, roster)
        tally.seconds.append(time.perf_counter() - since)
        tally.not_restored += done.restore(done.text) != row.text
        _count(tally, row, done.spans)
    return tally


def _count(tally: Tally, row: Labelled, spans: Sequence[tuple[int, int, Kind]]) -> None:
    out = _letters(spans)
    for start, end in row.names:
        tally.names += 1
        whole = all(start + m.start() in out for m in _WORD.finditer(row.text[start:end]) if _matters(m[0]))
        tally.redacted += whole
        if not whole:
            tally.missed.append(row.text[start:end])
    any_span = _letters((*row.names, *row.others))
    person = _letters((*row.names, *(span for span in row.others if span[2] not in NOT_PERSONS)))
    for m in _WORD.finditer(row.text):
        is_out = m.start() in out
        tally.out += is_out
        tally.words += m.start() not in any_span
        tally.plain_words += m.start() not in person
        if is_out and m.start() not in any_span:
            tally.over += 1
            tally.needless[m[0]] += 1
        tally.plain_over += is_out and m.start() not in person


def _matters(word: str) -> bool:
    return len(word) > 1 and word.lower() not in TITLES


def _letters(spans: Iterable[tuple[Any, ...]]) -> set[int]:
    return {place for span in spans for place in range(span[0], span[1])}


def figures(tally: Tally) -> dict[str, Any]:
    seconds = sorted(tally.seconds) or [0.0]
    return {
        "names": tally.names,
        "redacted": round(tally.redacted / max(1, tally.names), 4),
        "over_redacted": round(tally.over / max(1, tally.words), 4),
        "over_redacted_with_places": round(tally.plain_over / max(1, tally.plain_words), 4),
        "of_what_is_out": round(tally.over / max(1, tally.out), 4),
        "of_what_is_out_with_places": round(tally.plain_over / max(1, tally.out), 4),
        "not_restored": tally.not_restored,
        "p50_ms": round(1000 * seconds[len(seconds) // 2], 2),
        "p95_ms": round(1000 * seconds[int(len(seconds) * 0.95)], 2),
    }
