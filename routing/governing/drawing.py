"""Where the lines and dots of the charts are, in units of their own; how they look is CSS, and each stands beside a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from routing.governing.accuracy import Bin, Line
from routing.governing.curve import Curve, Point

WIDTH, HEIGHT = 640, 300
LEFT, RIGHT, TOP, BOTTOM = 66, 30, 22, 52
MOST_WEEKS = 26


@dataclass(frozen=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    size: float
    label: str


@dataclass(frozen=True)
class Chart:
    line: str  # "x,y x,y"
    dots: list[Dot]
    across: list[Tick]
    up: list[Tick]
    mark: Dot | None = None
    ideal: str = ""
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def of_curve(curve: Curve, now: Point | None) -> Chart:
    """Share placed across, share right of it up; `now`: the threshold in use."""
    points = curve.drawn
    low = max(0.0, floor(min((p.precision for p in points), default=0.5) * 10 - 0.5) / 10)
    mark = Dot(_x(now.share), _y(now.precision, low), 7, "") if now and now.placed else None
    return Chart(_line([(p.share, p.precision) for p in points], low), [], _percents(), _up(low), mark)


def of_reliability(bins: Sequence[Bin]) -> Chart:
    """How sure it said it was across, how often it was right up; on the dashed line both are the same."""
    most = max((each.n for each in bins), default=1)
    dots = [Dot(_x(each.said), _y(each.right), 4 + 9 * (each.n / most) ** 0.5, f"{each.n}") for each in bins]
    line = _line([(each.said, each.right) for each in bins])
    return Chart(line, dots, _percents(), _up(0.0), ideal=_line([(0.0, 0.0), (1.0, 1.0)]))


def of_weeks(weeks: Sequence[tuple[object, Line]]) -> Chart:
    some = weeks[-MOST_WEEKS:]
    step = 1 / max(1, len(some) - 1)
    places = [(at * step if len(some) > 1 else 0.5, one.right or 0.0) for at, (_day, one) in enumerate(some)]
    return Chart(_line(places), [Dot(_x(x), _y(y), 4, "") for x, y in places], [], _up(0.0))


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def _y(share: float, low: float = 0.0) -> float:
    return round(HEIGHT - BOTTOM - (share - low) / (1 - low) * (HEIGHT - TOP - BOTTOM), 1)


def _line(places: Sequence[tuple[float, float]], low: float = 0.0) -> str:
    return " ".join(f"{_x(x)},{_y(y, low)}" for x, y in places)


def _percents() -> list[Tick]:
    return [Tick(_x(n / 10), f"{n * 10} %") for n in range(0, 11, 2)]


def _up(low: float) -> list[Tick]:
    step = 10 if low >= 0.5 else 20
    first = -(-round(low * 100) // step) * step
    return [Tick(_y(n / 100, low), f"{n} %") for n in range(first, 101, step)]
