"""A district's systems and what flows between them, as a drawing: rows in, boxes and arrows with their places out. No database.

All lengths are pixels of the drawing.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise

from ownership.models import Feed
from ownership.overview.layering import Sheet, laid_out
from ownership.overview.standing import WORST_FIRST

WIDTH, LEAST_HEIGHT, LINE, LETTER = 176, 48, 18, 14  # of a box, of its lines, of its letters
ROOM, MOST_LINES = WIDTH - 20, 3  # for a name
MARGIN, LOOP = 14, 34  # around all; above a box that gives something to itself
LEAST_CHANNEL, MOST_CHANNEL, STUB = 112, 280, 14  # between columns; how far an arrow runs straight at a box
HEAD, HALF_HEAD, BADGE = 10, 5, 10  # length and half the width of an arrow's head; half the height of a number on it
ALONG = (0.5, 0.62, 0.38, 0.74, 0.26, 0.84, 0.16)  # where on its curve a number may stand, in order of liking
STATES = (*map(str, WORST_FIRST), "")  # the worst first


# --- what is drawn ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Node:
    """A system, as far as it is drawn."""

    name: str
    slug: str


@dataclass(frozen=True)
class Row:
    """A process, as far as it is drawn. `state`: of Feed.State, the worst of its feeds; empty without one. Systems by slug."""

    slug: str
    name: str
    state: str
    role: str
    source: str
    targets: tuple[str, ...]

    @property
    def state_label(self) -> str:
        return label_of(self.state)


@dataclass(frozen=True)
class Flow:
    """All that goes from one system to another."""

    source: Node
    target: Node
    rows: tuple[Row, ...]

    @cached_property
    def state(self) -> str:
        return worst(row.state for row in self.rows)

    @property
    def state_label(self) -> str:
        return label_of(self.state)

    @property
    def anchor(self) -> str:
        """No slug has a dot: the name is of this pair only."""
        return f"flow-{self.source.slug}.{self.target.slug}"


@dataclass
class Entry:
    """A system in the list, with what comes in and what goes out."""

    node: Node
    comes: list[Flow] = field(default_factory=list)
    goes: list[Flow] = field(default_factory=list)

    @property
    def sides(self) -> list[tuple[str, list[Flow]]]:
        return [("in", self.comes), ("out", self.goes)]


def worst(states: Iterable[str]) -> str:
    known = set(states)
    return next((state for state in STATES if state in known), "")


def label_of(state: str) -> str:
    return str(Feed.State(state).label) if state else ""


def flows_of(nodes: Iterable[Node], rows: Iterable[Row]) -> list[Flow]:
    """One for each pair of known systems, by their names."""
    known, pairs = {node.slug: node for node in nodes}, dict[tuple[Node, Node], list[Row]]()
    for row in sorted(rows, key=lambda row: (row.name, row.slug)):
        for target in dict.fromkeys(row.targets):
            if row.source in known and target in known:
                pairs.setdefault((known[row.source], known[target]), []).append(row)
    return [Flow(source, target, tuple(pairs[source, target])) for source, target in sorted(pairs)]


def entries_of(nodes: Iterable[Node], flows: Iterable[Flow]) -> list[Entry]:
    """By name; systems without a flow have an entry that is empty."""
    entries = {node: Entry(node) for node in sorted(nodes)}
    for flow in flows:
        entries[flow.source].goes.append(flow)
        entries[flow.target].comes.append(flow)
    return list(entries.values())


# --- names ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=2048)
def _letter(letter: str) -> float:
    """About how wide it is, in parts of its height; rather too wide than too narrow."""
    if unicodedata.combining(letter):
        return 0
    if unicodedata.east_asian_width(letter) in "WF" or letter in "mwMW@%":
        return 0.95 if letter in "mw" else 1.05
    return 0.37 if letter in " iljtfrI.,:;'|!()-" else 0.73 if letter.isupper() else 0.61


def _width(text: str) -> float:
    return LETTER * sum(map(_letter, text))


def _pieces(word: str) -> list[str]:
    """The word, in as many parts as it needs to fit."""
    parts = [""]
    for letter in word:
        if _width(parts[-1] + letter) > ROOM:
            parts.append("")
        parts[-1] += letter
    return parts


def wrapped(name: str) -> tuple[str, ...]:
    """The lines of a name in its box; an ellipsis ends what does not fit."""
    lines = [""]
    for piece in (piece for word in name.split() for piece in _pieces(word)):
        longer = f"{lines[-1]} {piece}".strip()
        if _width(longer) <= ROOM:
            lines[-1] = longer
        else:
            lines.append(piece)
    if len(lines) > MOST_LINES:
        last = lines[MOST_LINES - 1]
        while _width(last + "…") > ROOM:
            last = last[:-1]
        lines = [*lines[: MOST_LINES - 1], last.rstrip() + "…"]
    return tuple(lines)


# --- the drawing ------------------------------------------------------------------------------------------------------


type Point = tuple[int, int]


@dataclass(frozen=True)
class Box:
    """A system: its corner, its size, and the lines of its name with their middles (x, y of the baseline)."""

    node: Node
    x: int
    y: int
    width: int
    height: int
    lines: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class Arrow:
    """A flow from the edge of one box to the edge of another: an SVG path, and the triangle at its end.

    `source` and `target` are the numbers of its boxes. `badge`: the middle of the number of its processes; none where it is one.
    """

    flow: Flow
    source: int
    target: int
    start: Point
    end: Point
    path: str
    head: str
    badge: Point | None


@dataclass(frozen=True)
class Drawing:
    """Arrows in trouble come last: they are painted over the others."""

    width: int
    height: int
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]


def draw(flows: Sequence[Flow]) -> Drawing:
    """The systems that have a flow."""
    flows = sorted(flows, key=lambda flow: (flow.source, flow.target))
    nodes = sorted({node for flow in flows for node in (flow.source, flow.target)})
    number = {node: n for n, node in enumerate(nodes)}
    names = [wrapped(node.name) for node in nodes]
    loops = {flow.source for flow in flows if flow.source == flow.target}
    sheet = laid_out(
        [max(LEAST_HEIGHT, len(lines) * LINE + 14) for lines in names], [LOOP if node in loops else 0 for node in nodes],
        {(number[flow.source], number[flow.target]): len(flow.rows) for flow in flows},
    )  # fmt: skip
    plan = _Plan(sheet)
    boxes = [plan.box(n, node, lines) for n, (node, lines) in enumerate(zip(nodes, names, strict=True))]
    badges = _badges(plan, [n for n, flow in enumerate(flows) if len(flow.rows) > 1])
    arrows = [_arrow(flow, number[flow.source], number[flow.target], plan, n, badges.get(n)) for n, flow in enumerate(flows)]
    return Drawing(plan.width, plan.height, boxes, sorted(arrows, key=lambda arrow: STATES.index(arrow.flow.state), reverse=True))


class _Plan:
    """Where the columns, boxes and lines of a sheet stand."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        tops = [middle - height / 2 - above for middle, height, above in zip(sheet.middles, sheet.heights, sheet.above, strict=True)]
        bottoms = [middle + height / 2 for middle, height in zip(sheet.middles, sheet.heights, strict=True)]
        self.top = MARGIN - min(tops, default=0)
        self.height = round(max(bottoms, default=0) + self.top) + MARGIN
        self.column = {v: n for n, column in enumerate(sheet.columns) for v in column}
        self.channels: list[dict[int, tuple[int, int]]] = [{} for _ in sheet.columns]  # chain → y at its left and its right end
        for number, chain in enumerate(sheet.chains):
            for u, v in pairwise(chain):
                self.channels[self.column[u]][number] = self._y(u, number, on_right=True), self._y(v, number, on_right=False)
        self.lefts = [MARGIN]
        for channel in self.channels[:-1]:
            self.lefts.append(self.lefts[-1] + WIDTH + min(MOST_CHANNEL, LEAST_CHANNEL + 4 * len(channel)))
        self.width = self.lefts[-1] + WIDTH + MARGIN

    def _y(self, node: int, chain: int, *, on_right: bool) -> int:
        return round(self.sheet.middles[node] + self.top) + round(self.sheet.ports.get((node, chain, on_right), 0))

    def box(self, number: int, node: Node, lines: Sequence[str]) -> Box:
        x, height = self.lefts[self.column[number]], round(self.sheet.heights[number])
        y = round(self.sheet.middles[number] + self.top) - height // 2
        first = y + (height - len(lines) * LINE) // 2 + LETTER
        return Box(node, x, y, WIDTH, height, tuple((line, x + WIDTH // 2, first + n * LINE) for n, line in enumerate(lines)))

    def way(self, number: int) -> list[Point]:
        """From the right edge of each column that the chain passes to the left edge of the next."""
        points = []
        for u in self.sheet.chains[number][:-1]:
            column = self.column[u]
            left, right = self.channels[column][number]
            points += [(self.lefts[column] + WIDTH, left), (self.lefts[column + 1], right)]
        return points

    def spot(self, channel: int, number: int, along: float) -> Point:
        """On a line's curve in a channel; the same `along` is the same x for all its curves."""
        left, right = self.lefts[channel] + WIDTH + STUB, self.lefts[channel + 1] - STUB
        x = left + (right - left) * (1.5 * along - 1.5 * along**2 + along**3)
        return round(x), round(_rise(*self.channels[channel][number], along))


def _rise(start: float, end: float, along: float) -> float:
    return start + (end - start) * (3 * along**2 - 2 * along**3)


def _arrow(flow: Flow, source: int, target: int, plan: _Plan, number: int, badge: Point | None) -> Arrow:
    way = plan.way(number)
    if not way:
        return _loop(flow, source, plan, many=len(flow.rows) > 1)
    if plan.sheet.chains[number][0] != source:
        way.reverse()
    step = 1 if way[0][0] < way[-1][0] else -1
    parts = [f"M{way[0][0]} {way[0][1]}"]
    for (x, y), (to_x, to_y) in zip(way[::2], way[1::2], strict=True):
        middle = (x + to_x) // 2
        parts.append(f"H{x + step * STUB}C{middle} {y} {middle} {to_y} {to_x - step * STUB} {to_y}")
    x, y = way[-1]
    head = f"M{x} {y}l{-step * HEAD} {-HALF_HEAD}v{2 * HALF_HEAD}z"
    return Arrow(flow, source, target, way[0], way[-1], f"{''.join(parts)}H{x - step * HEAD}", head, badge)


def _loop(flow: Flow, number: int, plan: _Plan, *, many: bool) -> Arrow:
    """Over the right end of the box."""
    box = plan.box(number, flow.source, ())
    left, right, y, high = box.x + WIDTH - 56, box.x + WIDTH - 20, box.y, box.y - 28
    path = f"M{left} {y}C{left} {high} {right} {high} {right} {y - HEAD}"
    head = f"M{right} {y}l{-HALF_HEAD} {-HEAD}h{2 * HALF_HEAD}z"
    return Arrow(flow, number, number, (left, y), (right, y), path, head, ((left + right) // 2, y - 22) if many else None)


def _badges(plan: _Plan, numbers: Sequence[int]) -> dict[int, Point]:
    """Where the numbers stand: on their arrows, clear of each other, and as far as can be from other arrows."""
    others = {
        (n, along): sorted(_rise(*ends, along) for ends in channel.values())
        for n, channel in enumerate(plan.channels)
        for along in ALONG
    }
    taken: dict[int, Point] = {}
    for number in numbers:
        chain = plan.sheet.chains[number]
        if not chain:
            continue
        channels = dict.fromkeys((plan.column[chain[0]], plan.column[chain[-2]]))
        free = [
            (_clear(spot, others[n, along], taken.values()), -rank, spot)
            for n in channels for rank, along in enumerate(ALONG) for spot in [plan.spot(n, number, along)]
        ]  # fmt: skip
        taken[number] = max(free)[2]
    return taken


def _clear(spot: Point, heights: Sequence[float], taken: Iterable[Point]) -> int:
    """How free a place is, in steps: nothing but its own arrow near it is best, another number under it is worst."""
    if any(abs(spot[0] - x) < 3 * BADGE and abs(spot[1] - y) < 2 * BADGE + 2 for x, y in taken):
        return -1
    at = bisect_left(heights, spot[1] - 1)
    near = sorted(abs(y - spot[1]) for y in heights[max(0, at - 1) : at + 3])  # the first is its own
    return int(min(near[1] if len(near) > 1 else 2 * BADGE, 2 * BADGE)) // 4
