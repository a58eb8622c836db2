"""What a ping says: by the end of its address, its query, and its body. Pure; errors are in English, for a machine's log.

/ping/<token>                       it ran
/ping/<token>/start|fail|partial|log|<exit status>
?run=<name>                         what the sender calls this run: the same told twice counts once
?rows=412&absent=40                 counts
body                                a note, or JSON {"outcome", "counts", "note", "run"}
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ownership.models import FeedRun

MOST_BYTES = 10_000  # of the body
MOST_COUNTS = 50
LONGEST_NOTE = 500
LONGEST_KEY = 100
Outcome = FeedRun.Outcome
ENDS = {
    "": Outcome.OK, "ok": Outcome.OK, "success": Outcome.OK, "start": Outcome.STARTED, "fail": Outcome.FAILED,
    "partial": Outcome.PARTIAL, "log": Outcome.UNKNOWN,
}  # fmt: skip
OUTCOMES = (Outcome.OK, Outcome.FAILED, Outcome.PARTIAL, Outcome.STARTED, Outcome.UNKNOWN)
KEY, NOTE = "run", "note"


class BadPing(ValueError):
    """It says nothing that can be written down; the text says why."""


@dataclass(frozen=True)
class Said:
    """All of it is optional."""

    outcome: str = Outcome.OK
    counts: dict[str, float] = field(default_factory=dict)
    note: str = ""
    key: str = ""


def said(body: bytes = b"", *, end: str = "", query: Mapping[str, str] | None = None) -> Said:
    """The body says more than the query, and both more than the address. Raises BadPing."""
    asked = _asked(query or {})
    told = _body(body, _outcome(end))
    return Said(told.outcome, checked_counts(asked.counts | told.counts), told.note or asked.note, told.key or asked.key)


def _outcome(end: str) -> str:
    """Of the address: a word, or the exit status of a program."""
    if end.isdecimal() and len(end) <= 3:
        return Outcome.OK if int(end) == 0 else Outcome.FAILED
    if end not in ENDS:
        raise BadPing("the address ends in start, fail, partial, log, or an exit status")
    return ENDS[end]


def _asked(query: Mapping[str, str]) -> Said:
    """Numbers are counts; what is none, and has no meaning of its own, is a mistake that its sender hears of."""
    counts: dict[str, float] = {}
    for name, text in query.items():
        if name in (KEY, NOTE):
            continue
        try:
            counts[name] = _number(text)
        except ValueError:
            raise BadPing(f"{name[:60]!r} in the query is no number") from None
    return Said(counts=counts, note=plain_note(query.get(NOTE)), key=_key(query.get(KEY)))


def _number(text: str) -> float:
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def _body(body: bytes, outcome: str) -> Said:
    if not body.strip():
        return Said(outcome)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadPing("the body is not UTF-8") from None
    if not text.lstrip().startswith("{"):
        return Said(outcome, note=plain_note(text))
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadPing(f"the body is not JSON: {error}") from None
    outcome = data.get("outcome", outcome)
    if outcome not in OUTCOMES:
        raise BadPing('outcome is "ok", "failed", "partial", "started" or "unknown"')
    return Said(outcome, checked_counts(data.get("counts")), plain_note(data.get("note")), _key(data.get("run")))


def _key(given: Any) -> str:
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > LONGEST_KEY or not given.isprintable():
        raise BadPing(f"run is a text of at most {LONGEST_KEY} characters")
    return given


def checked_counts(given: Any) -> dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > MOST_COUNTS:
        raise BadPing(f"counts is an object of at most {MOST_COUNTS} numbers")
    for name, value in given.items():
        number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15  # false for NaN, too
        if not number or not 0 < len(name) <= 60 or not name.isprintable():
            raise BadPing(f"counts: {name[:60]!r} is not a number below 10^15")
    return dict(given)


def plain_note(given: Any) -> str:
    if given is None:
        return ""
    if not isinstance(given, str):
        raise BadPing("note is a text")
    return " ".join(given.encode(errors="ignore").decode().replace("\0", "").split())[:LONGEST_NOTE]
