"""How triage does on a district's own tickets, as an administrator reads it: the figures of `figures`, and where they come from."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from districts.models import Service, Team
from routing.governing.figures import BINS, PRECISION, calibration, placing, share
from routing.governing.outcomes import Judged
from tickets.models import ChannelKind

FEW = 5  # tickets, below which a share says nothing
ROWS = 40
SWAPS = 15


@dataclass(frozen=True)
class Line:
    """Of some tickets, how many were read right. `right` of all, `placed` and `kept` of those that were placed by themselves."""

    name: str
    n: int
    right: float | None
    best_three: float | None
    placed: float | None
    kept: float | None


@dataclass(frozen=True)
class Bin:
    """Of what was said with about this confidence: how often it was right."""

    low: int  # percent
    high: int
    n: int
    said: float
    right: float


@dataclass(frozen=True)
class Swap:
    said: str
    was: str
    n: int


@dataclass(frozen=True)
class Watched:
    """What it would have done while it was only watched."""

    n: int
    would: int
    right: int

    @property
    def share(self) -> float:
        return self.would / self.n if self.n else 0.0

    @property
    def precision(self) -> float | None:
        return self.right / self.would if self.would else None


@dataclass(frozen=True)
class Accuracy:
    n: int
    figures: Mapping[str, Any]
    whole: Line
    error: float | None
    bins: list[Bin]
    watched: Watched | None
    teams: list[Line]
    services: list[Line]
    languages: list[Line]
    channels: list[Line]
    engines: list[Line]
    weeks: list[tuple[date, Line]]
    swaps: list[Swap] = field(default_factory=list)

    @property
    def service_right(self) -> float | None:
        found: float | None = self.figures["service right"]
        return found

    @property
    def at_ninety(self) -> float:
        return float(self.figures[f"could be placed at {PRECISION:.0%} right"])


def of(found: Sequence[Judged], *, zone: ZoneInfo) -> Accuracy:
    teams, services = dict(Team.objects.values_list("slug", "name")), dict(Service.objects.values_list("slug", "name"))
    outcomes = [one.outcome for one in found]
    sure, right = [o.sure for o in outcomes], [o.right for o in outcomes]
    return Accuracy(
        n=len(found),
        figures=placing(outcomes),
        whole=line("", found),
        error=calibration(sure, right),
        bins=bins(sure, right),
        watched=watched(found),
        teams=_by(found, lambda one: teams.get(one.outcome.labels["team"], one.outcome.labels["team"])),
        services=_by(found, lambda one: services.get(one.outcome.labels["service"] or "", "")),
        languages=_by(found, lambda one: _language(one.outcome.language)),
        channels=_by(found, lambda one: str(ChannelKind(one.channel).label)),
        engines=_by(found, lambda one: _engine(one.by)),
        weeks=weeks(found, zone=zone),
        swaps=swaps(found, teams),
    )


def line(name: str, found: Sequence[Judged]) -> Line:
    outcomes = [one.outcome for one in found]
    placed = [o for o in outcomes if o.given["automatic"]]
    return Line(
        name, len(found), share(o.right for o in outcomes), share(o.labels["team"] in o.given["teams"] for o in outcomes),
        share(o.given["automatic"] for o in outcomes), share(o.right for o in placed),
    )  # fmt: skip


def _by(found: Sequence[Judged], name: Callable[[Judged], str]) -> list[Line]:
    """The most first; those without a name are left out."""
    groups: defaultdict[str, list[Judged]] = defaultdict(list)
    for one in found:
        groups[name(one)].append(one)
    lines = [line(each, group) for each, group in groups.items() if each]
    return sorted(lines, key=lambda one: (-one.n, one.name))[:ROWS]


def bins(sure: Sequence[float], right: Sequence[bool]) -> list[Bin]:
    """Ten of one width, those that nothing is in left out."""
    groups: defaultdict[int, list[tuple[float, bool]]] = defaultdict(list)
    for each in zip(sure, right, strict=True):
        groups[min(int(each[0] * BINS), BINS - 1)].append(each)
    width = 100 // BINS
    return [
        Bin(at * width, (at + 1) * width, len(group), _mean(s for s, _r in group), _mean(float(r) for _s, r in group))
        for at, group in sorted(groups.items())
    ]


def watched(found: Sequence[Judged]) -> Watched | None:
    """None where it never was only watched."""
    some = [one for one in found if one.shadow]
    if not some:
        return None
    first, last = min(one.at for one in some), max(one.at for one in some)
    meanwhile = [one for one in found if first <= one.at <= last]
    would = [one for one in meanwhile if one.would]
    return Watched(len(meanwhile), len(would), sum(one.outcome.right for one in would))


def weeks(found: Sequence[Judged], *, zone: ZoneInfo) -> list[tuple[date, Line]]:
    """By the Monday that a ticket came in after, the oldest first."""
    groups: defaultdict[date, list[Judged]] = defaultdict(list)
    for one in found:
        groups[_monday(one.at, zone)].append(one)
    return [(monday, line("", group)) for monday, group in sorted(groups.items())]


def _monday(at: datetime, zone: ZoneInfo) -> date:
    day = at.astimezone(zone).date()
    return date.fromordinal(day.toordinal() - day.weekday())


def swaps(found: Sequence[Judged], names: Mapping[str, str]) -> list[Swap]:
    """Which team was taken for which other, the commonest first."""
    wrong = [(one.outcome.given["team"], one.outcome.labels["team"]) for one in found if not one.outcome.right]
    return [Swap(names.get(said, said), names.get(was, was), n) for (said, was), n in Counter(wrong).most_common(SWAPS)]


def _mean(values: Iterable[float]) -> float:
    counted = list(values)
    return sum(counted) / len(counted)


def _language(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def _engine(name: str) -> str:
    return {"classifier": _("Classifier"), "model": _("Model elsewhere")}.get(name, name)
