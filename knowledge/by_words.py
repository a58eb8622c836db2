"""By words alone: each paragraph of the articles that share most with the question, weighed by how rare its words are here."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge import asking
from knowledge.found import By, Hit
from knowledge.models import Article
from knowledge.passages import Passage
from knowledge.shelf import Kept
from knowledge.stems import Term
from knowledge.words import asks_for_money, asks_for_time

CANDIDATES = 16  # articles whose paragraphs are weighed
SHIFT = {"en": 0.43, "es": 0.99}  # log odds, so that one bound serves all engines and languages
UNFIT = 1.5  # less sure (log odds) for each reason why no article may answer: a record, a secret, orders to a machine
MISMATCH = 0.5  # of a paragraph's worth, when the question asks "how much" and it names no amount


@dataclass(frozen=True)
class Weighed:
    """The best paragraph of one article for one question."""

    article: Article
    passage: Passage
    rank: float
    covered: float
    title: float
    fits: bool


def hits(question: str, terms: Sequence[Term], kept: Sequence[Kept], *, staff: bool, ordered: bool) -> list[Hit]:
    near = candidates(terms, kept)
    ranked = sorted((best_passage(one, terms, question, staff) for one in near), key=lambda one: -one.rank)
    doubt = UNFIT * sum((asking.personal(question), asking.secret(question), ordered))
    return [Hit(one.article, confidence(one, ranked, terms, doubt), (one.passage,), By.WORDS) for one in ranked]


def candidates(terms: Sequence[Term], kept: Sequence[Kept]) -> list[Kept]:
    """Articles with any of the words: those that have the telling ones first."""
    shared = [(sum(term.found_in(one.everything) for term in terms) + 0.1 * len(terms) * _named(terms, one), one) for one in kept]
    return [one for worth, one in sorted(shared, key=lambda pair: -pair[0]) if worth][:CANDIDATES]


def _named(terms: Sequence[Term], one: Kept) -> float:
    return sum(1.0 for term in terms if term.group & one.title) / len(terms)


def confidence(one: Weighed, ranked: Sequence[Weighed], terms: Sequence[Term], doubt: float = 0.0) -> float:
    """How sure we are, by a logistic curve over: the share of the question's words that are covered, how much they tell, the lead
    over the next article, the share in the title, and whether the kind of answer fits. Fitted on the reference district's
    questions and requests (ten-fold: area under the curve .78); see docs/decisions/answers-from-articles.md.
    """
    whole = sum(term.weight for term in terms) or 1.0
    rival = max((other.rank for other in ranked if other is not one), default=0.0)
    lead = max(0.0, (one.rank - rival) / one.rank) if one.rank else 0.0
    x = (
        SHIFT[one.article.language]
        - 2.1
        - doubt
        + 0.5 * one.covered / whole
        + 0.2 * one.covered
        + 2.3 * lead
        + 1.6 * one.title / whole
        - (0.0 if one.fits else 1.55)
    )
    return 1 / (1 + math.exp(-x)) if one.covered else 0.0


def best_passage(kept: Kept, terms: Sequence[Term], question: str, staff: bool) -> Weighed:
    in_title = sum(term.found_in(kept.title) for term in terms)
    in_keywords, in_body = (sum(term.found_in(where) for term in terms) for where in (kept.keywords, kept.body))
    around = 0.6 * in_title + 0.4 * in_keywords + 0.3 * in_body
    own = 1.1 if staff and kept.article.audience == ["staff"] else 1.0
    best: Weighed | None = None
    for passage, lexemes in kept.passages:
        fits = answer_fits(question, passage.text)
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
            best = Weighed(kept.article, passage, rank, covered, in_title, fits)
    return best or Weighed(kept.article, Passage("", kept.article.summary), 0.0, 0.0, 0.0, False)


def answer_fits(question: str, passage: str) -> bool:
    """A question for a price is answered by an amount, one for a time or a number of days by a figure."""
    if asks_for_money(question):
        return bool(re.search(r"[$€]\s?\d|\bfree\b|\bgratis\b|\bgratuit", passage, re.IGNORECASE))
    return not asks_for_time(question) or any(c.isdigit() for c in passage)
