"""By words alone: each paragraph of the articles that share most with the question, weighed by how rare its words are here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge import asking
from knowledge.asking import Wanted
from knowledge.found import By, Hit
from knowledge.passages import Passage
from knowledge.shelf import Kept
from knowledge.stems import Term

CANDIDATES = 16  # articles whose paragraphs are weighed
MISSED = 3  # words of the question that the article nowhere has: more of them tell no more
MISMATCH = 0.5  # of a paragraph's worth, when the question asks "how much" and it names no amount
BIAS = {"en": -3.2, "es": -1.35}  # log odds, so that one bound serves all engines and languages
SURE = {  # fitted on 784 English and 85 Spanish questions: docs/decisions/answers-from-articles.md
    "covered": 0.48, "told": 0.46, "lead": 1.87, "title": 1.3, "missing": -0.3, "misfit": -4.58, "unfit": -2.4, "which": -3.32,
    "whether": -1.86, "count": -1.35, "money": -0.57,
}  # fmt: skip


@dataclass(frozen=True)
class Weighed:
    """The best paragraph of one article for one question."""

    kept: Kept
    passage: Passage
    rank: float
    covered: float
    title: float
    fits: bool


def hits(question: str, terms: Sequence[Term], kept: Sequence[Kept], *, staff: bool, ordered: bool) -> list[Hit]:
    near, wanted = candidates(terms, kept), asking.wanted(question)
    ranked = sorted((best_passage(one, terms, wanted, staff) for one in near), key=lambda one: -one.rank)
    seen = [features(question, one, ranked, terms, ordered) for one in ranked]
    return [Hit(one.kept.article, confidence(its, one), (one.passage,), By.WORDS) for one, its in zip(ranked, seen, strict=True)]


def candidates(terms: Sequence[Term], kept: Sequence[Kept]) -> list[Kept]:
    """Articles with any of the words: those that have the telling ones first."""
    shared = [(sum(term.found_in(one.everything) for term in terms) + 0.1 * len(terms) * _named(terms, one), one) for one in kept]
    return [one for worth, one in sorted(shared, key=lambda pair: -pair[0]) if worth][:CANDIDATES]


def _named(terms: Sequence[Term], one: Kept) -> float:
    return sum(1.0 for term in terms if term.group & one.title) / len(terms)


def features(question: str, one: Weighed, ranked: Sequence[Weighed], terms: Sequence[Term], ordered: bool) -> dict[str, float]:
    """What speaks for and against that it answers: the share of the question's words that are there and how much they tell, the lead
    over the next article, words that the article nowhere has, what is wanted, and reasons why no article may answer.
    """
    whole, wanted = sum(term.weight for term in terms) or 1.0, asking.wanted(question)
    rival = max((other.rank for other in ranked if other is not one), default=0.0)
    return {
        "covered": one.covered / whole,
        "told": one.covered,
        "lead": max(0.0, (one.rank - rival) / one.rank) if one.rank else 0.0,
        "title": one.title / whole,
        "missing": float(min(MISSED, sum(not term.group & one.kept.everything for term in terms))),
        "misfit": float(not one.fits),
        "unfit": float(sum((asking.personal(question), asking.secret(question), ordered))),
        "which": float(asking.asks_which(question)),
        "whether": float(asking.asks_whether(question)),
        "count": float(wanted is Wanted.COUNT),
        "money": float(wanted is Wanted.MONEY),
    }


def confidence(seen: dict[str, float], one: Weighed) -> float:
    if not one.covered:
        return 0.0
    return 1 / (1 + math.exp(-BIAS[one.kept.article.language] - sum(SURE[name] * value for name, value in seen.items())))


def best_passage(kept: Kept, terms: Sequence[Term], wanted: Wanted, staff: bool) -> Weighed:
    in_title = sum(term.found_in(kept.title) for term in terms)
    in_keywords, in_body = (sum(term.found_in(where) for term in terms) for where in (kept.keywords, kept.body))
    around = 0.6 * in_title + 0.4 * in_keywords + 0.3 * in_body
    own = 1.1 if staff and kept.article.audience == ["staff"] else 1.0
    best: Weighed | None = None
    for passage, lexemes in kept.passages:
        fits = asking.gives(wanted, passage.text)
        rank = (sum(term.found_in(lexemes) for term in terms) + around) * own * (1.0 if fits else MISMATCH)
        if best is None or rank > best.rank:
            covered = sum(
                max(
                    term.found_in(lexemes),
                    0.7 * term.found_in(kept.title),
                    0.25 * term.found_in(kept.keywords),
                    0.2 * term.found_in(kept.body),
                )
                for term in terms
            )
            best = Weighed(kept, passage, rank, covered, in_title, fits)
    return best or Weighed(kept, Passage("", kept.article.summary), 0.0, 0.0, 0.0, False)
