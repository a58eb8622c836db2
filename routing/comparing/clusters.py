"""Which messages of different people are about one cause. Pure.

A cluster is one message and those that are about the same as it and as each other: nearly every two of them (CLOSE), never a chain,
whose two ends may have nothing in common. Of any two messages of a school, 2 in 100 look like one cause by chance; three that all look
like each other hardly ever do.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from routing.likeness import read
from routing.pairing.clues import Wrote
from routing.pairing.relation import relate

ONE_CAUSE = 0.7  # chance from which two people of one place write of one cause
NAMED = 0.4  # of one place and one service, where both name the same figure: "bus 7"
ELSEWHERE = 0.8  # of two places, or where one is not known, more is asked for; of two also the same service
CLOSE = 0.8  # of the pairs of a cluster
AT_ONE_PLACE, SOMEWHERE, AT_SEVERAL = 3, 4, 5  # people; somewhere: none of them said where
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
        members = _close(middle, near, left)
        if len(near[middle] & left) < AT_ONE_PLACE - 1:
            return
        places = frozenset(wrote[n].site for n in members) - {""}
        if len({wrote[n].who for n in members}) >= (SOMEWHERE, AT_ONE_PLACE, AT_SEVERAL)[min(2, len(places))]:
            left -= set(members)
            yield Cluster(members, places)
        else:
            left.discard(middle)  # the others may be of one that is near them all


def _close(middle: int, near: Mapping[int, set[int]], left: set[int]) -> tuple[int, ...]:
    """`middle`, and of those near it, the best linked first, who keep nearly all near each other."""
    around = near[middle] & left
    members, links = [middle], 0
    for n in sorted(around, key=lambda n: (-len(near[n] & around), n)):
        more = links + len(near[n] & set(members))
        if more >= CLOSE * len(members) * (len(members) + 1) / 2:
            members, links = [*members, n], more
    return tuple(sorted(members))


def about_one(one: Wrote, other: Wrote) -> bool:
    """Two different people, one cause."""
    if one.who == other.who:
        return False
    apart = bool(one.site and other.site and one.site != other.site)
    if apart and not (one.services and [name for name, _ in one.services] == [name for name, _ in other.services]):
        return False
    first, second = (replace(each, channel=NO_WAY, site="" if apart else each.site) for each in (one, other))
    return relate(first, second).one_cause >= _bar(one, other)


def _bar(one: Wrote, other: Wrote) -> float:
    if not (one.site and one.site == other.site):
        return ELSEWHERE
    named = one.services and one.services == other.services and read(one.text).numbers & read(other.text).numbers
    return NAMED if named else ONE_CAUSE
