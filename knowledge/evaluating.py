"""The measure of answers, as `manage.py evaluate answers` tells it."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from districts.scope import district_scope
from knowledge import fitting, meanings, measured
from knowledge.measured import Outcome, bare, share
from knowledge.writing import Text, write


def measure(file: Path, fit: bool) -> dict[str, Any]:
    """Raises `measured.NotASet`."""
    questions = measured.read(file)
    figures = measured.figures(list(measured.asked(questions)))
    if not fit:
        return figures
    rows = [one for question in questions if (one := fitting.observe(question))]
    if not {True, False} <= {bool(one.question.article) for one in rows}:
        raise measured.NotASet("to fit it takes questions that articles answer and others, and the embedder (manage.py build_embedder)")
    return figures | {"not fitted on": fitting.unseen(rows), "weights": fitting.told(fitting.fit(rows))}


# --- with a model ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Written:
    outcome: Outcome
    text: Text
    seconds: float

    @property
    def shown(self) -> str:
        """What is read: the model's sentences, else the passage."""
        return self.text.text or self.outcome.found[0].passage

    @property
    def slug(self) -> str:
        return self.text.sentences[0].slug if self.text.sentences else self.outcome.found[0].article.slug

    @property
    def with_fact(self) -> bool:
        return self.slug == self.outcome.question.article and bare(self.outcome.question.fact) in bare(self.shown)

    @property
    def verbatim(self) -> bool:
        bodies = {one.article.slug: one.article.body for one in self.outcome.found}
        return all(one.quote in bodies.get(one.slug, "") for one in self.text.sentences)


def with_model(file: Path, district_id: UUID) -> dict[str, Any]:
    """The same questions with the model's own words. Outside of any transaction; nothing is kept. Raises `measured.NotASet`."""
    with district_scope(district_id):
        meanings.keep_district()
        outcomes = list(measured.asked(measured.read(file)))
        transaction.set_rollback(True)
    answerable, hopeless = list[Outcome](), list[Outcome]()
    for one in outcomes:
        (answerable if one.question.article else hopeless).append(one)
    good, bad = list(_written(district_id, answerable)), list(_written(district_id, hopeless))
    shown = [one for one in good if not one.text.abstained]
    return {
        "asked the model": len(good) + len(bad),
        "answered": round(len(shown) / len(answerable), 3) if answerable else None,
        "right when answered": share(one.slug == one.outcome.question.article for one in shown),
        "with the fact": share(one.with_fact for one in shown),
        "false answers": round(sum(not one.text.abstained for one in bad) / len(hopeless), 3) if hopeless else None,
        "written by the model": share(bool(one.text.sentences) for one in (*good, *bad)),
        "citations verbatim": share(one.verbatim for one in (*good, *bad)),
        "sentences let through": sum(len(one.text.sentences) for one in (*good, *bad)),
        "sentences dropped": dict(Counter(why.split(":")[0] for one in (*good, *bad) for why in one.text.dropped)),
        "outcomes": dict(Counter(one.text.outcome for one in (*good, *bad))),
        "seconds, most": round(max((one.seconds for one in (*good, *bad)), default=0.0), 2),
    }


def _written(district_id: UUID, outcomes: list[Outcome]) -> Iterator[Written]:
    """Those that the product answers."""
    for one in outcomes:
        if one.found and one.found[0].answers:
            began = time.monotonic()
            asked = one.question
            text = write(district_id, asked.text, one.found, language=asked.language, now=timezone.now(), trial=True)
            yield Written(one, text, time.monotonic() - began)
