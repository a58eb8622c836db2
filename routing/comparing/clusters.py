"""Which messages of different people are about one cause. Pure.

A cluster is one message and those that are about the same as it, never a chain: of a chain the two ends may have nothing in common.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from routing.pairing.clues import Wrote
from routing.pairing.relation import relate

ONE_CAUSE = 0.5  # chance from which two people of one place write of one cause
ELSEWHERE = 0.7  # of two places more is asked for, and the same service
AT_ONE_PLACE, AT_SEVERAL = 3, 5  # people
NO_WAY = ""  # by which way two people wrote says nothing of what they wrote about


@dataclass(frozen=True)
class Cluster:
    """Indexes of the messages; `places`: the codes of the sites they are of."""

    members: tuple[int, ...]
    places: frozenset[str]


def clusters(wrote: Sequence[Wrote]) -> Iterator[Cluster]:
    """The largest first. Messages are in the order of time."""
    near: dict[int, set[int]] = {n: set() for n in range(len(wrote))}
    for one, other in combinations(range(len(wrote)), 2):
        if about_one(wrote[one], wrote[other]):
            near[one].add(other)
            near[other].add(one)
    left = set(near)
    while left:
        middle = max(left, key=lambda n: (len(near[n] & left), -n))
        members = tuple(sorted({middle, *(near[middle] & left)}))
        if len(members) < 2:
            return
        places = frozenset(wrote[n].site for n in members) - {""}
        left -= set(members)
        if len({wrote[n].who for n in members}) >= (AT_ONE_PLACE if len(places) < 2 else AT_SEVERAL):
            yield Cluster(members, places)


def about_one(one: Wrote, other: Wrote) -> bool:
    """Two different people, one cause."""
    if one.who == other.who:
        return False
    apart = bool(one.site and other.site and one.site != other.site)
    if apart and not (one.services and [name for name, _ in one.services] == [name for name, _ in other.services]):
        return False
    first, second = (replace(each, channel=NO_WAY, site="" if apart else each.site) for each in (one, other))
    return relate(first, second).one_cause >= (ELSEWHERE if apart else ONE_CAUSE)
