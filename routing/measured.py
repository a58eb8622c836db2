"""How well triage places labelled requests, on a district's first day: the format of `requests.dev.jsonl`, one JSON object a line."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils import timezone

from districts.queries import front_office
from knowledge.measured import NotASet
from routing.governing.figures import Outcome, figures
from routing.rehearsal import NotAMessage, Rehearsed, cold_model, rehearse, told


def measure(file: Path, fit: bool) -> dict[str, Any]:
    """Figures of the district in scope. Raises NotASet. Nothing is fitted to a set: `fit` has no meaning here."""
    if fit:
        raise NotASet("triage is fitted to a district's own catalog and tickets, never to a set")
    started = time.perf_counter()
    model = cold_model()
    if model is None:
        raise NotASet("the district's catalog has too little to learn from")
    trained = time.perf_counter() - started
    office, now = front_office(), timezone.now()
    outcomes = [outcome_of(row, lambda row: rehearse(row, model, office=office, now=now)) for row in rows(file)]
    return {
        **figures(outcomes),
        "seconds to learn the catalog": round(trained, 1),
        "threshold": round(model.threshold, 3),
    }


def rows(file: Path) -> Iterator[dict[str, Any]]:
    """Raises NotASet."""
    try:
        lines = file.read_text().splitlines()
    except (OSError, ValueError) as error:
        raise NotASet(f"{file}: {error}") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _checked(json.loads(line))
            except (ValueError, KeyError) as error:
                raise NotASet(f"{file}, line {number}: {error}") from error


def _checked(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict) or not isinstance(row.get("labels"), dict) or "team" not in row["labels"]:
        raise NotAMessage("not an object with “labels” and their “team”")
    return row


def outcome_of(row: dict[str, Any], ask: Any) -> Outcome:
    started = time.perf_counter()
    one: Rehearsed = ask(row)
    took = (time.perf_counter() - started) * 1000
    chances = [guess.confidence for guess in one.best]
    return Outcome(row["labels"], row.get("language", "en"), told(one), chances, took)
