"""The log of what was asked, and of what was not and why: one row each, never changed, for administrators to read."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from districts.told import cleaned
from knowledge.model.endpoint import Endpoint
from knowledge.model.leaving import Leaving
from knowledge.models import ModelCall, Purpose

LONGEST = 20_000  # characters of an answer that are kept


@dataclass(frozen=True)
class Entry:
    purpose: Purpose
    outcome: str
    place: Endpoint
    going: Leaving
    returned: str
    detail: str
    tokens: tuple[int, int]
    cost: Decimal
    milliseconds: int
    tries: int
    about: UUID | None


def record(entry: Entry, *, now: datetime) -> ModelCall:
    row = ModelCall(
        purpose=entry.purpose, outcome=entry.outcome, at=now, endpoint=entry.place.name[:260], model=entry.place.model[:120],
        sent=cleaned(entry.going.messages), returned=cleaned(entry.returned)[:LONGEST], detail=cleaned(entry.detail)[:300],
        redacted=entry.going.counts, tokens_in=entry.tokens[0], tokens_out=entry.tokens[1], cost=entry.cost,
        milliseconds=entry.milliseconds, attempts=entry.tries, about=entry.about,
    )  # fmt: skip
    row.save(force_insert=True)
    return row
