"""What every measurement stands on: its places, its browser, and how it is judged."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.utils import timezone

from config.bench import doors
from config.bench.data import Place, make
from config.bench.meter import Answer, Browser, Meter
from config.demo.volume import Size
from config.storm.running import Running


@dataclass(frozen=True)
class Result:
    name: str
    value: float
    unit: str
    reference: float
    target: float | None
    detail: str


@dataclass(eq=False)
class Bench:
    """Sizes shrink to a hundredth in a smoke run; targets are then not judged."""

    meter: Meter
    smoke: bool = False
    seconds: float = 0  # of what takes as long as it is told; 0: a minute
    stack: ExitStack = field(default_factory=ExitStack)

    def size(self, tickets: int, districts: int, live: float = 0.03, *, lean: bool = False, fresh: bool = False) -> Size:
        if self.smoke:
            tickets, districts = max(200, tickets // 500), max(1, districts // 100)
        return Size(tickets, districts, live=live, lean=lean, fresh=fresh)

    def times(self, wanted: int) -> int:
        return max(3, wanted // 20) if self.smoke else wanted

    @cache  # noqa: B019  one Bench a process
    def small(self) -> Place:
        return make("small", self.size(10_000, 1), now=timezone.now())

    @cache  # noqa: B019
    def large(self) -> Place:
        return make("large", self.size(1_000_000, 1_000), now=timezone.now())

    @cache  # noqa: B019
    def product(self) -> Running:
        """The whole product, until the bench is closed."""
        return self.stack.enter_context(doors.whole_product("bench"))

    @cache  # noqa: B019
    def rate(self) -> doors.Rate:
        found = doors.rate_of(self.product(), seconds=self.seconds or (10 if self.smoke else doors.SECONDS))
        if found.refused or len(found.tickets) != found.sent:
            raise RuntimeError(f"{len(found.tickets)} tickets of {found.sent} mails; refused: {found.refused[:3]}")
        return found

    def close(self) -> None:
        self.stack.close()
        self.meter.close()

    def judged(
        self, name: str, value: float, unit: str, target: float | None, detail: str, *, reference: float | None = None
    ) -> Result:
        shown = None if self.smoke else target
        return Result(name, round(value, 3), unit, round(reference or self.meter.hello * 1000, 4), shown, detail)


def browser(bench: Bench, place: Place, cookie: str = "") -> Browser:
    made = bench.meter.browser(place.district.host)
    if cookie:
        made.cookies[settings.SESSION_COOKIE_NAME] = cookie
    return made


def expect(answer: Answer, *statuses: int) -> Answer:
    if answer.status not in statuses:
        raise RuntimeError(f"status {answer.status}: {answer.body[:300]!r}")
    return answer


def page(bench: Bench, name: str, place: Place, cookie: str, url: str, target: float | None) -> Result:
    """CPU of one GET in hellos."""
    visit = browser(bench, place, cookie)

    def once() -> None:
        expect(visit.request("GET", url), 200)

    for _ in range(5):
        once()
    hellos = bench.meter.requests(once, bench.times(60))
    size = len(visit.request("GET", url).body)
    return bench.judged(name, hellos, "hellos", target, f"{place.tickets:,} tickets in the district, {size:,} bytes")
