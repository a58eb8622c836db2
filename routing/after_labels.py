"""What a district's own labels do for triage: part of a labelled set is learned as if people had settled it, the rest judges.

The same rest is judged before (by the catalog alone) and after. Ten steps of an expected calibration error are never quite alike by
chance; how much that alone makes of so few requests is told beside it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from django.utils import timezone

from districts.models import Service, Team
from districts.queries import front_office
from knowledge.embedding import meaning
from knowledge.measured import NotASet
from routing import nearness
from routing.classifier import Model
from routing.examples import Example, catalog_examples, described, starter_examples
from routing.governing.figures import Outcome, at_precision, calibration, share
from routing.measured import outcome_of, rows
from routing.rehearsal import SUBJECT, cold_model, rehearse
from routing.training import learn
from routing.words import whole_text

SPLITS = 3
FEWEST = 50  # requests that judge
THROWS = 200


def measure(file: Path, labels: int, splits: int = SPLITS) -> dict[str, Any]:
    """Figures of the district in scope, a mean over splits. Raises NotASet."""
    known = [row for row in rows(file) if row["labels"]["team"]]
    if labels < 1 or len(known) < labels + FEWEST:
        raise NotASet(f"{len(known)} requests with a team: {labels} to learn from and {FEWEST} to judge by are more")
    cold = cold_model()
    if cold is None:
        raise NotASet("the district's catalog has too little to learn from")
    base = [*starter_examples(described(), embed=meaning.embed), *catalog_examples()]
    found = [_split(known, labels, number, base, cold) for number in range(splits)]
    return {
        "labels learned from": labels, "requests that judge": len(known) - labels, "splits": splits,
        **{name: round(float(np.mean([each[name] for each in found])), 3) for name in found[0]},
    }  # fmt: skip


def _split(known: Sequence[Mapping[str, Any]], labels: int, number: int, base: Sequence[Example], cold: Model) -> dict[str, float]:
    order = sorted(known, key=lambda row: hashlib.sha256(f"{number}:{row.get('id')}:{row.get('body')}".encode()).digest())
    learned = learn([*base, *_examples(order[:labels])], before=nearness.known(cold.memory))
    assert learned is not None
    before, after = (_judged(order[labels:], model) for model in (cold, learned[0]))
    return {
        **{f"{name}, before": value for name, value in _figures(before).items()},
        **{f"{name}, after": value for name, value in _figures(after).items()},
        "expected calibration error of a perfect one, by chance": _by_chance([one.sure for one in after]),
    }


def _examples(some: Sequence[Mapping[str, Any]]) -> list[Example]:
    services, teams, now = dict(Service.objects.values_list("slug", "id")), dict(Team.objects.values_list("slug", "id")), timezone.now()
    found = []
    for row in some:
        subject, body = str(row.get("subject") or ""), str(row.get("body") or "")
        team = teams.get(row["labels"]["team"])
        if team:
            words = whole_text((subject or body)[:SUBJECT], [body])
            found.append(Example(words, (services.get(row["labels"].get("service")), team), judges=True, at=now))
    return found


def _judged(some: Sequence[Mapping[str, Any]], model: Model) -> list[Outcome]:
    office, now = front_office(), timezone.now()
    return [outcome_of(dict(row), lambda row: rehearse(row, model, office=office, now=now)) for row in some]


def _figures(some: Sequence[Outcome]) -> dict[str, float]:
    sure, right = [one.sure for one in some], [one.right for one in some]
    return {
        "expected calibration error": calibration(sure, right) or 0.0, "team right": share(right) or 0.0,
        "could be placed at 90% right": at_precision(sure, right),
    }  # fmt: skip


def _by_chance(sure: Sequence[float]) -> float:
    """Were each exactly as likely right as it was said to be."""
    rng = np.random.RandomState(0)
    return float(np.mean([calibration(sure, (rng.rand(len(sure)) < np.asarray(sure)).tolist()) or 0.0 for _ in range(THROWS)]))
