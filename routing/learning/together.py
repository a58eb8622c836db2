"""Texts read together tell of each other: what is near in meaning has likely the same label (label spreading; Zhou et al. 2004).

Where a label has a handful of examples, what they leave out is filled by the texts that are asked about themselves, though nobody
labelled them. Each text gets a share of what its nearest neighbours, examples among them, are taken for.
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix, diags

from routing.learning.features import Embed, Floats
from routing.learning.model import Memory, Model, Reading, best_of

NEIGHBOURS = 8
STEEP = 20.0  # a neighbour at the cosine c weighs exp(STEEP · (c - 1))
SHARE = 0.7  # of the neighbours' word, beside a text's own
ROUNDS = 20  # what is left to change then is 0.7^20 of it
AT_ONCE = 512  # rows whose likeness to all others is held in memory at the same time
FEWEST = 50  # texts, below which they tell nothing of each other


def read_together(model: Model, texts: Sequence[str], *, embed: Embed | None = None) -> list[Reading]:
    """As `Model.read`; where examples are few, texts that are near each other are heard of each other too."""
    rows = embed(texts) if embed and model.uses_meaning and texts else None
    found = model.read_rows(texts, rows)
    if rows is None or model.joint is not None:
        return found
    at = np.flatnonzero(rows.any(axis=1))
    if len(at) < FEWEST:
        return found
    spoken = spread(model.memory, rows[at], np.stack([found[i].chances for i in at.tolist()]))
    for i, chances in zip(at.tolist(), spoken, strict=True):
        best = best_of(model.labels, chances)
        sure = found[i].confidence if best[0][0] == found[i].best[0][0] else min(found[i].confidence, best[0][1])
        found[i] = found[i]._replace(best=best, confidence=sure, chances=chances)
    return found


def spread(known: Memory, asked: Floats, chances: Floats) -> Floats:
    """Chances (texts × labels) of the asked, with their neighbours' word heard. `asked`: meanings, rows of length 1."""
    examples = len(known.rows)
    own = np.zeros((examples + len(asked), chances.shape[1]), np.float32)
    for label, slots in enumerate(known.slots):
        own[slots[slots >= 0], label] = 1
    own[examples:] = chances
    graph, told = _graph(np.concatenate([known.wide, asked])), own
    for _round in range(ROUNDS):
        told = SHARE * (graph @ told) + (1 - SHARE) * own
    found = told[examples:]
    return np.asarray(found / found.sum(axis=1, keepdims=True), np.float32)


def _graph(rows: Floats) -> csr_matrix:
    """Who is near whom, both ways, each weight by the root of both sums of weights."""
    most = min(NEIGHBOURS, len(rows) - 1)
    near, worth = np.zeros((len(rows), most), np.int64), np.zeros((len(rows), most), np.float32)
    for at in range(0, len(rows), AT_ONCE):
        likeness = rows[at : at + AT_ONCE] @ rows.T
        some = np.arange(len(likeness))
        likeness[some, at + some] = -np.inf
        found = np.argpartition(-likeness, most - 1, axis=1)[:, :most]
        near[at : at + AT_ONCE] = found
        worth[at : at + AT_ONCE] = np.exp(STEEP * (np.take_along_axis(likeness, found, axis=1) - 1))
    ends = np.arange(len(rows) + 1) * most
    one_way = csr_matrix((worth.ravel(), near.ravel(), ends), shape=(len(rows), len(rows)))
    both = one_way.maximum(one_way.T)
    scale = diags(1 / np.sqrt(np.asarray(both.sum(axis=1)).ravel()))
    return (scale @ both @ scale).tocsr()
