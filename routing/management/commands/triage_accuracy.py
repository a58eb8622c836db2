"""How well triage places messages it has never seen."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from districts.models import District, Person
from districts.queries import front_office
from districts.scope import district_scope
from knowledge.embedding import meaning
from routing import triage
from routing.classifier import Model
from routing.examples import catalog_examples, described, starter_examples
from routing.training import learn
from routing.triage import Choice, Question
from routing.words import whole_text
from tickets.models import Ticket

CHANNELS = {"chat": "web", "walk_in": "phone"}
KINDS = {"parent": "family", "guardian": "family", "student": "student", "community": "public", "vendor": "vendor"}
URGENCY = {"urgent": 1, "high": 2, "normal": 3, "low": 4}


@dataclass(frozen=True)
class Outcome:
    """One message: what was wanted, what triage chose, and what it would guess if it had to."""

    labels: dict[str, Any]
    language: str
    choice: Choice
    team: str  # the best guess, also where triage left it to people
    service: str
    milliseconds: float

    @property
    def team_right(self) -> bool:
        return bool(self.team == self.labels["team"])

    @property
    def team_fair(self) -> bool:
        """Also one of the other teams a fair dispatcher could choose."""
        return self.team_right or self.team in self.labels["acceptable_teams"]

    @property
    def placed(self) -> bool:
        return self.choice.engine != "front_office"


class Command(BaseCommand):
    help = (
        "Trains on a district's catalog alone (as on its first day), triages labelled requests (the format of"
        " requests.dev.jsonl) and tells how many are right. Writes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--district", required=True, help="slug")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        district = District.objects.filter(slug=options["district"]).first()
        if district is None:
            raise CommandError(f"no district {options['district']}")
        rows = requests(options["file"])
        with district_scope(district.id):
            outcomes = list(measured(rows, cold_model()))
        figures = figures_of(outcomes)
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        for name, value in figures.items():
            self.stdout.write(f"{name:34} {value}")


def requests(file: Path) -> list[dict[str, Any]]:
    """One object a line. Raises CommandError."""
    try:
        return [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise CommandError(f"{file}: {error}") from error


def cold_model() -> Model:
    found = learn([*starter_examples(described(), embed=meaning.embed), *catalog_examples()])
    if found is None:
        raise CommandError("the district's catalog has too little to learn from")
    return found[0]


def measured(rows: list[dict[str, Any]], model: Model) -> Iterator[Outcome]:
    now, office = timezone.now(), front_office()
    for row in rows:
        asker = Person(kind=KINDS.get(row["persona"], "staff"))
        subject = row["subject"] or row["body"]
        channel = CHANNELS.get(row["channel"], row["channel"])
        ticket = Ticket(requester=asker, team=office, subject=subject[:200], channel=channel, opened_at=now)
        started = time.perf_counter()
        choice = triage.answer(Question(ticket, whole_text(ticket.subject, [row["body"]]), given=model))
        took = (time.perf_counter() - started) * 1000
        best = choice.alternatives[0] if choice.engine == "front_office" and choice.alternatives else choice
        service = best.service.slug if best.service else ""
        yield Outcome(row["labels"], row["language"], choice, best.team.slug, service, took)


def figures_of(outcomes: list[Outcome]) -> dict[str, Any]:
    known = [o for o in outcomes if o.labels["team"]]
    placed = [o for o in known if o.placed]
    danger = [o for o in outcomes if o.labels["crisis"]]
    times = [o.milliseconds for o in outcomes]
    figures: dict[str, Any] = {
        "requests with a team": len(known),
        "team right": share(o.team_right for o in known),
        "team right or acceptable": share(o.team_fair for o in known),
        "service right": share(o.service == o.labels["service"] for o in known),
        "placed without a person": share(o.placed for o in known),
        "of those, team right": share(o.team_right for o in placed),
        "of those, right or acceptable": share(o.team_fair for o in placed),
        "danger found": f"{sum(o.choice.crisis for o in danger)} of {len(danger)}",
        "false alarms": sum(o.choice.crisis for o in outcomes if not o.labels["crisis"]),
        "priority right": share(o.choice.priority == URGENCY[o.labels["urgency"]] for o in placed),
        "site right": share((o.choice.site.code if o.choice.site else None) == o.labels["site"] for o in outcomes),
        "room right": share((o.choice.room or None) == o.labels["room"] for o in outcomes),
        "asset tag right": share((o.choice.asset_tag or None) == o.labels["asset_tag"] for o in outcomes),
        "milliseconds, median and 95 %": [round(float(np.percentile(times, p)), 1) for p in (50, 95)],
        "engines": dict(Counter(o.choice.engine for o in outcomes)),
    }
    for language in sorted({o.language for o in known}):
        figures[f"team right, {language}"] = share(o.team_right for o in known if o.language == language)
    return figures


def share(hits: Iterator[bool]) -> float | None:
    counted = list(hits)
    return round(sum(counted) / len(counted), 3) if counted else None
