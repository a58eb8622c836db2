"""A question to a model, what bounds it, and what comes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel

from knowledge.models import Purpose


@dataclass(frozen=True)
class Limits:
    seconds: float  # in all: names looked up, every try, every byte
    tries: int
    characters: int  # of all texts together
    tokens: int  # that come back


LIMITS: Mapping[Purpose, Limits] = {
    Purpose.TRIAGE: Limits(seconds=1.8, tries=2, characters=16_000, tokens=500),
    Purpose.ANSWERS: Limits(seconds=6, tries=2, characters=16_000, tokens=900),
    Purpose.TEST: Limits(seconds=8, tries=1, characters=2_000, tokens=300),
}


@dataclass(frozen=True)
class Question[T: BaseModel]:
    """`texts`: by name, in the order they are shown. `check` says what is wrong with values of the right shape, or nothing.

    `about`: the ticket or the answer it is for.
    """

    purpose: Purpose
    instructions: str
    texts: Mapping[str, str]
    shape: type[T]
    check: Callable[[T], str] = lambda _said: ""
    about: UUID | None = None


@dataclass(frozen=True)
class Asked[T: BaseModel]:
    """`outcome` is "" where nobody was to be asked. `call_id`: of its row in the log."""

    values: T | None = None
    outcome: str = ""
    detail: str = ""
    milliseconds: int = 0
    call_id: UUID | None = None
