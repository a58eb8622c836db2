import json
from dataclasses import asdict
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.storm.faults import PLACE, Faults, Verdict, suffer
from config.storm.outside import MailServer, Twilio
from config.storm.running import Running, free_port
from districts.jobs import each_district
from districts.models import CalendarDay, District
from districts.scope import district_scope
from sla.actions import drain_clocks, drain_stale
from sla.school.changing import enter_days


class Command(BaseCommand):
    help = (
        "Break promises in a product of its own while its processes are killed, two workers and two beats run and sweeps are told"
        " another time; close a day on which thousands are due. Exits 1 where one is missed, told twice or late to be derived again."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--promises", type=int, default=Faults.promises, help="That break while processes are killed.")
        parser.add_argument("--closed", type=int, default=Faults.closed, help="That are due on the day of the closure.")
        parser.add_argument("--seconds", type=float, default=Faults.seconds, help="In which they break.")
        parser.add_argument("--seed", type=int, default=1)
        inside = parser.add_argument_group("inside the product's own environment, called by the above")
        inside.add_argument("--sweep-at", type=int, nargs="+", metavar="SECONDS", help="Sweep as if it were so much later or earlier.")
        inside.add_argument("--close", type=date.fromisoformat, metavar="DATE", help="The district is closed on it.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["sweep_at"]:
            _sweep_at(options["sweep_at"])
        elif options["close"]:
            _close(options["close"])
        else:
            self._run(options)

    def _run(self, options: dict[str, Any]) -> None:
        numbers = {name: options[name] for name in ("promises", "closed", "seconds", "seed")}
        if min(numbers.values()) <= 0:
            raise CommandError("give numbers above 0")
        faults = Faults(**numbers, say=self._say)
        verdict = self._in_own_product(faults)
        self._say(json.dumps({**asdict(verdict), "holds": verdict.holds}))
        if not verdict.holds:
            raise CommandError("it does not hold")

    def _in_own_product(self, faults: Faults) -> Verdict:
        with MailServer(free_port()) as mail, Twilio(free_port()) as twilio:
            product = Running("faults", mail=mail, twilio=twilio, DELIVERY_KEEP="1", DEMO="0")
            product.log.unlink(missing_ok=True)
            product.fresh()
            try:
                self._say("the product starts …")
                product.start()
                return suffer(product, faults)
            finally:
                product.stop()
                product.fresh()

    def _say(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()


def _sweep_at(offsets: list[int]) -> None:
    for seconds in offsets:
        now = timezone.now() + timedelta(seconds=seconds)
        each_district("stale", partial(drain_stale, now=now))
        each_district("clocks", partial(drain_clocks, now=now))


def _close(day: date) -> None:
    """By the same act as the page for closing at short notice."""
    district = District.objects.get(host=PLACE)
    with district_scope(district.id):
        enter_days(
            first=day, last=day, kind=CalendarDay.Kind.CLOSURE, name="Closed at short notice", site=None, windows=None,
            district=district, by=None, now=timezone.now(),
        )  # fmt: skip
