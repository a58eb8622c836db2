"""How well articles answer a labelled set of questions: the format of `questions.dev.jsonl`, one JSON object a line.

A question has `q`, `language`, `audience`, and `gold_article` and `gold_fact`, or null where nothing answers it.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.passages import plain
from knowledge.queries import Found, search

FALSE = 0.05  # of the questions that nothing answers, at most this share may get an answer


class NotASet(Exception):
    """Says what is wrong, and in which line."""


@dataclass(frozen=True)
class Question:
    id: str
    text: str
    language: str
    audience: str
    article: str | None  # slug; None: nothing answers it
    fact: str


@dataclass(frozen=True)
class Outcome:
    question: Question
    found: tuple[Found, ...]
    milliseconds: float

    @property
    def score(self) -> float:
        return self.found[0].score if self.found else 0.0

    @property
    def right(self) -> bool:
        return bool(self.found) and self.found[0].article.slug == self.question.article

    @property
    def with_fact(self) -> bool:
        return self.right and bare(self.question.fact) in bare(self.found[0].passage)

    @property
    def verbatim(self) -> bool:
        return all(quote in self.found[0].article.body for quote in self.found[0].quotes)

    @property
    def engine(self) -> str:
        return str(self.found[0].by) if self.found else "none"


def bare(text: str) -> str:
    """Without case, marks and spaces at the ends: how a fact is looked for."""
    return re.sub(r"\W+", " ", plain(text).lower()).strip()


def read(file: Path) -> list[Question]:
    """Raises NotASet."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NotASet(f"{file}: {error}") from error
    return [_question(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _question(number: int, line: str) -> Question:
    try:
        row = json.loads(line)
        return Question(
            str(row["id"]), row["q"], row["language"], row["audience"], row["gold_article"] or None, row.get("gold_fact") or ""
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NotASet(f"line {number}: {type(error).__name__}: {error}") from error


def asked(questions: Iterable[Question]) -> Iterator[Outcome]:
    """Each looked up as the front door does, in the district in scope."""
    for question in questions:
        started = time.perf_counter()
        found = search(question.text, audience=question.audience, language=question.language, limit=3, floor=0.0)
        yield Outcome(question, tuple(found), (time.perf_counter() - started) * 1000)


def figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """`answered`: as the product is set; `at 5 % false`: with the bound that this very set would choose, a little kind to it."""
    answerable = [one for one in outcomes if one.question.article]
    hopeless = [one for one in outcomes if not one.question.article]
    bound = bound_of([one.score for one in hopeless])
    times = [one.milliseconds for one in outcomes] or [0.0]
    return {
        "questions": len(outcomes),
        "right article first": share(one.right for one in answerable),
        "right article among three": share(one.question.article in [f.article.slug for f in one.found] for one in answerable),
        "answered": _shown(answerable, hopeless, lambda one: bool(one.found) and one.found[0].answers),
        "at 5 % false": {"bound": round(bound, 4), **_shown(answerable, hopeless, lambda one: one.score > bound)},
        "citations verbatim": share(one.verbatim for one in outcomes if one.found),
        "milliseconds, median and 95 %": [round(float(np.percentile(times, p)), 1) for p in (50, 95)],
        "engines": {name: sum(one.engine == name for one in outcomes) for name in sorted({one.engine for one in outcomes})},
        "right article first, by language": {
            language: share(one.right for one in answerable if one.question.language == language)
            for language in sorted({one.question.language for one in answerable})
        },
    }


def bound_of(scores: Iterable[float], false: float = FALSE) -> float:
    """The score above which at most this share of them lies."""
    ordered = sorted(scores, reverse=True)
    return ordered[int(false * len(ordered))] if ordered else 0.0


def _shown(answerable: Sequence[Outcome], hopeless: Sequence[Outcome], shows: Callable[[Outcome], bool]) -> dict[str, Any]:
    shown = [one for one in answerable if shows(one)]
    return {
        "answered": round(len(shown) / len(answerable), 3) if answerable else None,
        "right when answered": share(one.right for one in shown),
        "with the fact": share(one.with_fact for one in shown),
        "false answers": share(shows(one) for one in hopeless),
    }


def share(hits: Iterable[bool]) -> float | None:
    counted = list(hits)
    return round(sum(counted) / len(counted), 3) if counted else None
