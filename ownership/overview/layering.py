"""Boxes in columns and lines between them, by number: what leads to others stands left of them, and few lines cross. No database.

A line over several columns has a bend in each column between, with a lane of its own: no line runs through a box. Cycles are
cut where that costs least. The same boxes and lines always give the same places. All lengths are pixels.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

PORT, LANE, GAP = 12, 14, 18  # between lines at a box, between lanes, between boxes
SWEEPS, PATIENCE, ROUNDS = 12, 3, 8  # to and fro at most, and without getting better; for the heights


# --- columns ----------------------------------------------------------------------------------------------------------


def _in_order(count: int, weights: Mapping[tuple[int, int], int]) -> list[int]:
    """Sources first; in a cycle, whoever gives most more than it takes. What leads backwards in this order is a back edge."""
    after: list[dict[int, int]] = [{} for _ in range(count)]
    before: list[dict[int, int]] = [{} for _ in range(count)]
    for (u, v), weight in weights.items():
        if u != v:
            after[u][v] = before[v][u] = weight
    left, order = dict.fromkeys(range(count)), list[int]()
    while left:
        free = next((v for v in left if not before[v]), None)
        taken = max(left, key=lambda v: sum(after[v].values()) - sum(before[v].values())) if free is None else free
        del left[taken]
        order.append(taken)
        for v in after[taken]:
            del before[v][taken]
        for v in before[taken]:
            del after[v][taken]
    return order


@dataclass
class Sheet:
    """Boxes and bends by number, boxes first: in columns from the left, each from its top.

    A chain is a line from left to right, whichever way its arrow points: a box, bends, a box. From a box to itself it is empty.
    """

    boxes: int
    heights: list[float]
    above: list[float]  # what must be free above each
    chains: list[list[int]] = field(default_factory=list)
    columns: list[list[int]] = field(default_factory=list)
    lefts: list[list[tuple[int, int]]] = field(default_factory=list)  # of each node: (the one left of it, number of the chain)
    rights: list[list[tuple[int, int]]] = field(default_factory=list)
    ports: dict[tuple[int, int, bool], float] = field(default_factory=dict)  # (node, chain, on the right) → below its middle
    middles: list[float] = field(default_factory=list)


def laid_out(heights: Sequence[float], above: Sequence[float], pairs: Mapping[tuple[int, int], int]) -> Sheet:
    """A line for each pair of boxes, by how much it matters that it leads to the right. A box grows where many lines meet it."""
    sheet = Sheet(len(heights), [*heights], [*above])
    _in_columns(sheet, pairs)
    _untangle(sheet)
    _open_ports(sheet)
    _settle(sheet)
    return sheet


def _in_columns(sheet: Sheet, pairs: Mapping[tuple[int, int], int]) -> None:
    """By the longest way from a source."""
    order = _in_order(sheet.boxes, pairs)
    place = {v: n for n, v in enumerate(order)}
    ahead = [(u, v) if place[u] <= place[v] else (v, u) for u, v in pairs]
    rank = _ranks(order, ahead)
    for u, v in ahead:
        bends = range(len(rank), len(rank) + max(0, rank[v] - rank[u] - 1))
        rank += range(rank[u] + 1, rank[u] + 1 + len(bends))
        sheet.chains.append([u, *bends, v] if u != v else [])
    sheet.heights += [0.0] * (len(rank) - sheet.boxes)
    sheet.above += [0.0] * (len(rank) - sheet.boxes)
    _linked(sheet)
    sheet.columns = [[] for _ in range(max(rank, default=-1) + 1)]
    _first_places(sheet, order, rank)


def _ranks(order: Sequence[int], ahead: Sequence[tuple[int, int]]) -> list[int]:
    """The column of each box; `ahead` follows the order."""
    after: list[list[int]] = [[] for _ in order]
    for u, v in ahead:
        if u != v:
            after[u].append(v)
    rank = [0] * len(order)
    for u in order:
        for v in after[u]:
            rank[v] = max(rank[v], rank[u] + 1)
    return rank


def _linked(sheet: Sheet) -> None:
    sheet.lefts, sheet.rights = [[] for _ in sheet.heights], [[] for _ in sheet.heights]
    for number, chain in enumerate(sheet.chains):
        for u, v in pairwise(chain):
            sheet.rights[u].append((v, number))
            sheet.lefts[v].append((u, number))
    for box in range(sheet.boxes):
        lines = max(len(sheet.lefts[box]), len(sheet.rights[box]))
        sheet.heights[box] = max(sheet.heights[box], (lines + 1) * PORT)


def _first_places(sheet: Sheet, order: Sequence[int], rank: Sequence[int]) -> None:
    """What hangs together stands together."""
    seen = set[int]()
    for start in order:
        waiting = [start]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                sheet.columns[rank[node]].append(node)
                waiting += [v for v, _ in reversed(sheet.rights[node])]


def _crossings(sheet: Sheet, place: Sequence[int]) -> int:
    total = 0
    for column in sheet.columns[:-1]:
        passed: list[int] = []
        for u in column:
            ends = [place[v] for v, _ in sheet.rights[u]]
            for end in ends:
                total += len(passed) - bisect_right(passed, end)
            passed += ends
            passed.sort()
    return total


def _untangle(sheet: Sheet) -> None:
    """Each between its neighbours, to and fro; the order with the fewest crossings stays."""
    place = [0] * len(sheet.heights)
    for column in sheet.columns:
        _number(column, place)
    best, fewest, tried = [column[:] for column in sheet.columns], _crossings(sheet, place), 0
    for sweep in range(SWEEPS):
        sides = sheet.rights if sweep % 2 else sheet.lefts
        for column in reversed(sheet.columns) if sweep % 2 else sheet.columns:
            near = {v: sum(place[n] for n, _ in sides[v]) / len(sides[v]) if sides[v] else place[v] for v in column}
            column.sort(key=near.__getitem__)
            _number(column, place)
        now, tried = _crossings(sheet, place), tried + 1
        if now < fewest:
            best, fewest, tried = [column[:] for column in sheet.columns], now, 0
        if not now or tried == PATIENCE:
            break
    sheet.columns = best


def _number(column: Sequence[int], place: list[int]) -> None:
    for n, v in enumerate(column):
        place[v] = n


# --- heights ----------------------------------------------------------------------------------------------------------


def _open_ports(sheet: Sheet) -> None:
    """Where arrows leave and enter a box: in the order of whom they lead to, so that none cross at it."""
    place = [0] * len(sheet.heights)
    for column in sheet.columns:
        _number(column, place)
    for node in range(sheet.boxes):
        for on_right, side in ((False, sheet.lefts[node]), (True, sheet.rights[node])):
            side.sort(key=lambda end: (place[end[0]], end[1]))
            for n, (_other, chain) in enumerate(side):
                sheet.ports[node, chain, on_right] = (n - (len(side) - 1) / 2) * PORT


def _apart(sheet: Sheet, upper: int, lower: int) -> float:
    """Between the middles of two that stand one above the other."""
    bends = (upper >= sheet.boxes) + (lower >= sheet.boxes)
    return (sheet.heights[upper] + sheet.heights[lower]) / 2 + (GAP, GAP, LANE)[bends] + sheet.above[lower]


def _fitted(sheet: Sheet, column: Sequence[int], wanted: Sequence[tuple[float, float]]) -> None:
    """As near as can be to where each wants to be (middle, weight), in order and apart: neighbours that push each other share."""
    blocks: list[tuple[float, float, int]] = []  # (middle without what is above, weight, how many)
    above = [0.0]
    for upper, lower in pairwise(column):
        above.append(above[-1] + _apart(sheet, upper, lower))
    for (middle, weight), before in zip(wanted, above, strict=True):
        blocks.append((middle - before, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, v, m), (b, w, n) = blocks[-2:]
            blocks[-2:] = [((a * v + b * w) / (v + w), v + w, m + n)]
    flat = [middle for middle, _weight, many in blocks for _ in range(many)]
    for node, middle, before in zip(column, flat, above, strict=True):
        sheet.middles[node] = middle + before


def _settle(sheet: Sheet) -> None:
    """Long lines straight first, then boxes beside what they are connected with."""
    sheet.middles = [0.0] * len(sheet.heights)
    for column in sheet.columns:
        _fitted(sheet, column, [(0.0, 1.0)] * len(column))
    ties = {on_right: [_ties(sheet, node, on_right=on_right) for node in range(len(sheet.heights))] for on_right in (False, True)}
    for turn in range(ROUNDS):
        sides = [False, True] if turn >= ROUNDS - 2 else [bool(turn % 2)]
        for column in reversed(sheet.columns) if turn % 2 else sheet.columns:
            _fitted(sheet, column, [_pull(sheet, node, [tie for side in sides for tie in ties[side][node]]) for node in column])


def _ties(sheet: Sheet, node: int, *, on_right: bool) -> list[tuple[int, float, int]]:
    """Of each line on that side: where it leads, how far below that one's middle this one's makes it straight, how much it matters."""
    lines = (sheet.rights if on_right else sheet.lefts)[node]
    return [
        (
            other, sheet.ports.get((other, chain, not on_right), 0.0) - sheet.ports.get((node, chain, on_right), 0.0),
            1 + 2 * ((node >= sheet.boxes) + (other >= sheet.boxes)),
        )
        for other, chain in lines
    ]  # fmt: skip


def _pull(sheet: Sheet, node: int, ties: Sequence[tuple[int, float, int]]) -> tuple[float, float]:
    """Where it would stand best, and how much it matters."""
    total = weight = 0.0
    for other, below, pull in ties:
        total += pull * (sheet.middles[other] + below)
        weight += pull
    return (total / weight, weight) if weight else (sheet.middles[node], 0.1)
