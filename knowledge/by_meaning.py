"""By meaning first, with words as a bonus: each line of each article is compared with the question; one figure says how sure we are.

Ranking and confidence are two small linear models over what is seen of a question and an article, fitted by `evaluate answers --fit`;
what they reach stands in docs/decisions/answers-from-articles.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from knowledge import asking
from knowledge.asking import Wanted
from knowledge.found import By, Hit
from knowledge.passages import Passage
from knowledge.shelf import Floats, Kept, Shelf
from knowledge.stems import Term, covered

CANDIDATES = 16  # articles that are looked at closely
TOLD = 8  # articles that are told
NEARLY = 0.25  # a second passage this much less near is shown beside the first
MISSED = 3  # words of the question that the article nowhere has: more of them tell no more, a letter has many
IN_LINE, FITS = 0.15, 0.15  # of a line's worth, in units of cosine: all words are in it; it has what the question wants

RANKING = {"line": 8.16, "passage": 2.29, "body": 3.93, "title": 0.86, "phrases": 5.32, "fits": 1.72, "own": 0.5}
BIAS = -4.49
SURE = {
    "line": 5.56, "lead": 2.57, "words": 0.59, "missing": -0.23, "misfit": -2.59, "personal": -3.64, "secret": -3.19,
    "ordered": -1.38, "others": -1.92, "which": -2.39, "count": -0.95, "money": -0.77, "who": 0.94, "whether": -1.09,
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    text: str
    terms: tuple[Term, ...]
    row: Floats
    staff: bool
    ordered: bool  # orders to a machine stood in it


@dataclass(frozen=True)
class Seen:
    """One article beside one question: `worth` of each line, the best of them, and what ranks the article."""

    kept: Kept
    worth: NDArray[np.float64]
    best: int  # line
    ranking: dict[str, float]
    words: float  # of the question, in the best line

    @property
    def rank(self) -> float:
        return sum(RANKING[name] * value for name, value in self.ranking.items())


def hits(asked: Asked, kept: Sequence[Kept], shelf: Shelf) -> list[Hit]:
    ranked = sorted(looked_at(asked, kept, shelf), key=lambda one: -one.rank)
    leads = shares([one.rank for one in ranked])
    return [
        Hit(one.kept.article, confidence(features(asked, one, lead)), answer_of(one), By.MEANING)
        for one, lead in zip(ranked[:TOLD], leads, strict=False)
    ]


def looked_at(asked: Asked, kept: Sequence[Kept], shelf: Shelf) -> list[Seen]:
    """The articles of which a line, the title and the words people use come nearest together."""
    near = shelf.rows @ asked.row
    parts = [near[begin:end] for begin, end in zip(shelf.begins, shelf.begins[1:], strict=False)]
    rough = [_rough(one, part) for one, part in zip(kept, parts, strict=True)]
    order = np.argsort(rough)[::-1][:CANDIDATES]
    wanted = asking.wanted(asked.text)
    return [_seen(asked, wanted, kept[i], parts[i]) for i in order if len(kept[i].lines)]


def _rough(one: Kept, near: Floats) -> float:
    said, title, phrases = near[1 + one.phrases :], near[0], near[1 : 1 + one.phrases]
    return float((said.max() if len(said) else 0.0) + 0.3 * title + 0.3 * (phrases.max() if len(phrases) else title))


def _seen(asked: Asked, wanted: Wanted, one: Kept, near: Floats) -> Seen:
    said, phrases = near[1 + one.phrases :].astype(float), near[1 : 1 + one.phrases]
    words = np.array([covered(asked.terms, lexemes) for _line, lexemes in one.lines])
    fits = np.array([asking.gives(wanted, line.text) for line, _lexemes in one.lines], float)
    worth = said + IN_LINE * words + FITS * fits
    best = int(worth.argmax())
    ranking = {
        "line": float(said[best]),
        "passage": covered(asked.terms, one.passages[one.lines[best][0].passage][1]),
        "body": covered(asked.terms, one.body | one.title),
        "title": float(near[0]),
        "phrases": float(phrases.max() if len(phrases) else near[0]),
        "fits": float(fits[best]),
        "own": float(asked.staff and one.article.audience == ["staff"]),
    }
    return Seen(one, worth, best, ranking, float(words[best]))


def features(asked: Asked, one: Seen, lead: float) -> dict[str, float]:
    """What speaks for and against that it answers; `lead`: its share of belief among all articles, 0 to 1."""
    (line, _lexemes), wanted = one.kept.lines[one.best], asking.wanted(asked.text)
    return {
        "line": one.ranking["line"],
        "lead": lead,
        "words": one.words,
        "missing": float(min(MISSED, sum(not term.group & one.kept.everything for term in asked.terms))),
        "misfit": float(wanted is not Wanted.ANYTHING and not one.ranking["fits"]),
        "personal": float(asking.personal(asked.text)),
        "secret": float(asking.secret(asked.text)),
        "ordered": float(asked.ordered),
        "others": float(asking.others(asked.text, line.told(one.kept.article.title)) > 0),
        "which": float(asking.asks_which(asked.text)),
        "count": float(wanted is Wanted.COUNT),
        "money": float(wanted is Wanted.MONEY),
        "who": float(wanted is Wanted.WHO),
        "whether": float(asking.asks_whether(asked.text)),
    }


def confidence(seen: dict[str, float]) -> float:
    return 1 / (1 + math.exp(-BIAS - sum(SURE[name] * value for name, value in seen.items())))


def answer_of(one: Seen) -> tuple[Passage, ...]:
    """The passage with the best line, and the next where it comes near: "call us" is little without what for."""
    best: dict[int, float] = {}
    for (line, _lexemes), worth in zip(one.kept.lines, one.worth, strict=True):
        best[line.passage] = max(best.get(line.passage, -1.0), float(worth))
    first, *rest = sorted(best, key=lambda number: -best[number])
    shown = [first, *(number for number in rest[:1] if best[number] > best[first] - NEARLY)]
    return tuple(one.kept.passages[number][0] for number in sorted(shown))


def shares(ranks: Sequence[float]) -> list[float]:
    odds = np.exp(np.array(ranks) - max(ranks, default=0.0))
    return [float(share) for share in odds / odds.sum()]
