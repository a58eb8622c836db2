"""Leader clustering: each row joins the group whose middle is nearest, where that is near enough, or begins one. Pure.

One pass, in the order in which people asked, so that what is there need not be read again (Hartigan, Clustering Algorithms, 1975).
The middle is the sum of a group's rows, of whatever length: its direction is what counts.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def directions(sums: Floats) -> Floats:
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.asarray(sums / np.maximum(lengths, 1e-9), np.float32)


def lead(rows: Floats, sums: Floats, alike: float) -> tuple[list[int], Floats]:
    """(number of each row's group, the sums with the rows in them): numbers from len(sums) on are new groups."""
    room = np.zeros((len(sums) + len(rows), rows.shape[1]), np.float32)
    room[: len(sums)] = sums
    middles, there, joined = directions(room), len(sums), []
    for row in rows:
        near = middles[:there] @ row
        best = int(near.argmax()) if there else -1
        if best < 0 or near[best] < alike:
            best, there = there, there + 1
        room[best] += row
        middles[best] = room[best] / max(float(np.linalg.norm(room[best])), 1e-9)
        joined.append(best)
    return joined, room[:there]


def to_merge(changed: list[int], sums: Floats, alike: float) -> list[tuple[int, int]]:
    """(one, other): of the groups that have `changed`, those which by now are as near another as a row would have to be."""
    if not changed:
        return []
    middles = directions(sums)
    near = middles[changed] @ middles.T
    near[np.arange(len(changed)), changed] = -1.0
    best = near.argmax(axis=1)
    return [(one, int(best[at])) for at, one in enumerate(changed) if near[at, best[at]] >= alike]
