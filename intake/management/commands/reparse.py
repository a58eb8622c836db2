import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from districts.models import District
from intake.receiving.rereading import FINAL, Asked, Became, Result, again, envelopes

UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
TOLD_OF = (Became.CHANGED, Became.FAILED, Became.READABLE, Became.WANTED, Became.LET_IN)
EVERY = 1000  # envelopes between two lines of progress


class Command(BaseCommand):
    help = (
        "Read envelopes again, after a reader was mended: correct the words of messages that read otherwise now, try again what could"
        " not be read, tell what would now be let in. Sends nothing for what was received before. May be stopped and run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--district", default="", help="Host or short name of one district; without, all of them.")
        parser.add_argument("--since", default="", help="Only what came in since: 2026-11-25, 2026-11-25T08:00, or 90m, 12h, 7d, 2w.")
        parser.add_argument("--state", default="all", choices=["dead", "screened", "done", "all"])
        parser.add_argument("--dry-run", action="store_true", help="Tell, and change nothing.")
        parser.add_argument("--apply-screened", action="store_true", help="Let in what was screened out and would not be today.")
        parser.add_argument("--after", default="", help="Go on behind this envelope: printed where it was stopped. With --district.")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = Asked(dry=options["dry_run"], let_in=options["apply_screened"])
        states = tuple(FINAL) if options["state"] == "all" else (options["state"],)
        since, after = _since(options["since"]), _id(options["after"])
        if after and not options["district"]:
            raise CommandError("--after names an envelope of one district: give --district too")
        total: Counter[Became] = Counter()
        for district in _districts(options["district"]):
            total += self._one(district, states, since, after, asked)
        self._sum("in all" + (", nothing was changed" if asked.dry else ""), total)
        if total[Became.FAILED]:
            raise CommandError(f"{total[Became.FAILED]} failed: see above")

    def _one(
        self, district: District, states: tuple[str, ...], since: datetime | None, after: UUID | None, asked: Asked
    ) -> Counter[Became]:
        counts: Counter[Became] = Counter()
        last = after
        try:
            for envelope_id, state in envelopes(district.id, states=states, since=since, after=after):
                result = again(district.id, envelope_id, asked=asked)
                last = envelope_id
                counts[result.became] += 1
                self._tell(district, envelope_id, state, result)
                if counts.total() % EVERY == 0:
                    self._sum(district.host, counts)
        except KeyboardInterrupt:
            self._sum(district.host, counts)
            behind = f" --after {last}" if last else ""
            raise CommandError(f"stopped; it goes on with --district {district.host}{behind}", returncode=130) from None
        if counts:
            self._sum(district.host, counts)
        return counts

    def _tell(self, district: District, envelope_id: UUID, state: str, result: Result) -> None:
        if result.became in TOLD_OF or self.verbose:
            self.stdout.write(
                f"{district.host} {envelope_id} {state}: {result.became}" + (f" ({result.detail})" if result.detail else "")
            )

    def _sum(self, what: str, counts: Counter[Became]) -> None:
        told = ", ".join(f"{count:,} {became}" for became in Became if (count := counts[became]))
        self.stdout.write(f"{what}: {counts.total():,} read again" + (f": {told}" if told else ""))
        self.stdout.flush()

    def execute(self, *args: Any, **options: Any) -> Any:
        self.verbose = options.get("verbosity", 1) > 1
        return super().execute(*args, **options)


def _districts(named: str) -> Iterator[District]:
    with transaction.atomic():
        found = District.objects.filter(Q(host=named) | Q(slug=named)) if named else District.objects.all()
        rows = list(found.order_by("host"))
    if named and not rows:
        raise CommandError(f"no district {named}")
    yield from rows


def _id(given: str) -> UUID | None:
    try:
        return UUID(given) if given else None
    except ValueError:
        raise CommandError(f"--after {given}: not the id of an envelope") from None


def _since(given: str) -> datetime | None:
    if not given:
        return None
    if span := re.fullmatch(r"(\d{1,5})([mhdw])", given):
        return timezone.now() - timedelta(**{UNITS[span[2]]: int(span[1])})
    try:
        moment = parse_datetime(given)
        day = None if moment else parse_date(given)
    except ValueError:
        moment = day = None
    if moment is None and day is None:
        raise CommandError(f"--since {given}: give a day, a time, or a span such as 7d")
    found = moment or datetime(day.year, day.month, day.day)  # type: ignore[union-attr]
    return found if found.tzinfo else found.replace(tzinfo=UTC)
