"""Which article answers this, and how sure are we? PostgreSQL's full text, weighed by how rare each word is here.

Three steps: articles that share any word with the question (every word is optional), then each paragraph of the best of them,
then one figure between 0 and 1 for the best paragraph. Under RLS a GIN index is not used for `@@` (the operator is not
leakproof): a district's articles are hundreds, and reading their vectors takes milliseconds.
"""

import math
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.db import connection

from districts.scope import require_district_id
from knowledge.models import Article
from knowledge.passages import Passage, passages
from knowledge.words import ASKING, GROUPS, asks_for_money, asks_for_time

CONFIGS = {"en": ("english", "english"), "es": ("spanish", "spanish")}  # language: (column, text search configuration)
STAFF = "staff"
CANDIDATES = 16  # articles whose paragraphs are read
MAX_QUESTION = 2000  # characters that are looked at
SYNONYM = 0.9  # of the worth of the word itself
MISMATCH = 0.5  # of a paragraph's worth, when the question asks "how much" and it names no amount

Lexemes = frozenset[str]
Known = tuple[Lexemes, Lexemes, Lexemes, list[tuple[Passage, Lexemes]]]  # title, keywords, body, paragraphs


@dataclass(frozen=True)
class Hit:
    article: Article
    score: float  # 0 to 1: how sure we are that it answers
    passage: Passage


@dataclass(frozen=True)
class Term:
    """One word of the question with those that mean the same, and how much it tells here (natural log)."""

    word: str
    group: Lexemes
    weight: float

    def found_in(self, lexemes: Lexemes) -> float:
        if self.word in lexemes:
            return self.weight
        return self.weight * SYNONYM if self.group & lexemes else 0.0


@dataclass(frozen=True)
class Weighed:
    """The best paragraph of one article for one question."""

    article: Article
    passage: Passage
    rank: float
    covered: float
    title: float
    fits: bool


def search(text: str, *, staff: bool, language: str) -> list[Hit]:
    """Best first. Staff-only articles only where `staff`; a language nobody searches in finds nothing."""
    if language not in CONFIGS:
        return []
    groups = question_groups(text.replace("\0", " ")[:MAX_QUESTION], language)
    if not groups:
        return []
    terms = weigh_terms(groups, staff=staff, language=language)
    articles = candidates(terms, staff=staff, language=language)
    known = lexemes_of(articles, language)
    weighed = (best_passage(article, its, terms, text, staff) for article, its in zip(articles, known, strict=True))
    ranked = sorted(weighed, key=lambda one: -one.rank)
    return [Hit(one.article, confidence(one, ranked, terms), one.passage) for one in ranked]


def confidence(one: Weighed, ranked: Sequence[Weighed], terms: Sequence[Term]) -> float:
    """How sure we are, by a logistic curve over: the share of the question's words that are covered, how much they tell, the lead
    over the next article, the share in the title, and whether the kind of answer fits. Fitted on the reference district's
    questions and requests (ten-fold: area under the curve .78); see docs/decisions/answers-from-articles.md.
    """
    whole = sum(term.weight for term in terms) or 1.0
    rival = max((other.rank for other in ranked if other is not one), default=0.0)
    lead = max(0.0, (one.rank - rival) / one.rank) if one.rank else 0.0
    x = -2.1 + 0.5 * one.covered / whole + 0.2 * one.covered + 2.3 * lead + 1.6 * one.title / whole - (0.0 if one.fits else 1.55)
    return 1 / (1 + math.exp(-x)) if one.covered else 0.0


def best_passage(article: Article, known: Known, terms: Sequence[Term], question: str, staff: bool) -> Weighed:
    title, keywords, body, parts = known
    in_title = sum(term.found_in(title) for term in terms)
    around = 0.6 * in_title + 0.4 * sum(term.found_in(keywords) for term in terms) + 0.3 * sum(term.found_in(body) for term in terms)
    own = 1.1 if staff and article.audience == [STAFF] else 1.0
    best: Weighed | None = None
    for passage, lexemes in parts:
        fits = answer_fits(question, passage.text)
        rank = (sum(term.found_in(lexemes) for term in terms) + around) * own * (1.0 if fits else MISMATCH)
        if best is None or rank > best.rank:
            covered = sum(
                max(term.found_in(lexemes), 0.7 * term.found_in(title), 0.25 * term.found_in(keywords), 0.2 * term.found_in(body))
                for term in terms
            )
            best = Weighed(article, passage, rank, covered, in_title, fits)
    return best or Weighed(article, Passage("", article.summary), 0.0, 0.0, 0.0, False)


def answer_fits(question: str, passage: str) -> bool:
    """A question for a price is answered by an amount, one for a time or a number of days by a figure."""
    if asks_for_money(question):
        return bool(re.search(r"[$€]\s?\d|\bfree\b|\bgratis\b|\bgratuit", passage, re.IGNORECASE))
    return not asks_for_time(question) or any(c.isdigit() for c in passage)


# --- words ---------------------------------------------------------------------------------------------------------------


def stem(texts: Sequence[str], language: str) -> list[Lexemes]:
    """Lexemes of each text, as PostgreSQL stems the articles."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tsvector_to_array(to_tsvector(%s::regconfig, t)) FROM unnest(%s::text[]) WITH ORDINALITY AS x(t, i) ORDER BY i",
            [CONFIGS[language][1], list(texts)],
        )
        return [frozenset(row[0]) for row in cursor.fetchall()]


@lru_cache(maxsize=8)
def same_words(language: str) -> tuple[dict[str, Lexemes], Lexemes]:
    """({lexeme: all that mean the same}, asking words): the same for every district, stemmed once a process."""
    lines = [line.strip() for line in GROUPS[language].strip().splitlines()]
    *groups, asking = stem([*lines, ASKING[language]], language)
    alike: dict[str, Lexemes] = {}
    for group in groups:
        for word in group:
            alike[word] = alike.get(word, frozenset()) | group
    return alike, asking


def question_groups(text: str, language: str) -> dict[Lexemes, str]:
    """{words that mean the same: the one that was used}, without asking words."""
    alike, asking = same_words(language)
    (found,) = stem([text], language)
    out: dict[Lexemes, str] = {}
    for word in sorted(found - asking):
        out.setdefault(alike.get(word, frozenset()) | {word}, word)
    return out


# --- articles ------------------------------------------------------------------------------------------------------------

PUBLIC = ["family", "student", "community", "parent", "public", "vendor", "guardian"]
_SCOPE = "district_id = %s AND language = %s AND published_at IS NOT NULL AND (%s OR audience ?| %s)"


def weigh_terms(groups: dict[Lexemes, str], *, staff: bool, language: str) -> list[Term]:
    """A word that few of the articles one may read have tells much; one that none has tells most (and is missed)."""
    column, _config = CONFIGS[language]
    queries = [any_of(group) for group in groups]
    counts = ", ".join(f"count(*) FILTER (WHERE {column} @@ %s::tsquery)" for _query in queries)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*), {counts} FROM {Article._meta.db_table} WHERE {_SCOPE}",
            [*queries, require_district_id(), language, staff, PUBLIC],
        )
        total, *found = cursor.fetchone() or [0] * (len(queries) + 1)
    return [Term(word, group, math.log((total + 1) / (n + 0.5))) for (group, word), n in zip(groups.items(), found, strict=True)]


def candidates(terms: Sequence[Term], *, staff: bool, language: str) -> list[Article]:
    """Articles with any of the words: those that have the telling ones first."""
    column, _config = CONFIGS[language]
    score = " + ".join(f"CASE WHEN {column} @@ %s::tsquery THEN %s::float8 ELSE 0 END" for _term in terms)
    weights = [value for term in terms for value in (any_of(term.group), term.weight)]
    everything = any_of(frozenset().union(*(term.group for term in terms)))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM {Article._meta.db_table} WHERE {_SCOPE} AND {column} @@ %s::tsquery"
            f" ORDER BY {score} + ts_rank_cd({column}, %s::tsquery) DESC, id LIMIT {CANDIDATES}",
            [require_district_id(), language, staff, PUBLIC, everything, *weights, everything],
        )
        ids = [row[0] for row in cursor.fetchall()]
    found = {article.id: article for article in Article.objects.filter(id__in=ids).select_related("team").defer("english", "spanish")}
    return [found[i] for i in ids if i in found]


def any_of(words: Iterable[str]) -> str:
    """A tsquery of lexemes, any of which will do."""
    return " | ".join("'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in sorted(words))


_kept: "OrderedDict[tuple[UUID, float], Known]" = OrderedDict()
KEPT = 2000  # articles whose lexemes a process keeps; each is some kB


def lexemes_of(articles: Sequence[Article], language: str) -> list[Known]:
    """Of each of them, what is new stemmed in one query. Rows were read in their district: a key is never another's.

    What a call uses it holds itself: others, and other threads, may push it out meanwhile.
    """
    known = {key: found for article in articles if (found := _kept.get(key := _key(article)))}
    new = [article for article in articles if _key(article) not in known]
    known |= zip(map(_key, new), _stemmed(new, language), strict=True)
    for key, found in known.items():
        _kept.pop(key, None)  # to the end: the least lately used goes first
        _kept[key] = found
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return [known[_key(article)] for article in articles]


def _stemmed(articles: Sequence[Article], language: str) -> Iterator[Known]:
    parts = [passages(article.body) for article in articles]
    texts = [
        text
        for article, its in zip(articles, parts, strict=True)
        for text in (article.title, article.keywords, article.body, *(f"{p.heading} {p.text}" for p in its))
    ]
    stems = iter(stem(texts, language) if texts else ())
    for its in parts:
        yield next(stems), next(stems), next(stems), [(passage, next(stems)) for passage in its]


def _key(article: Article) -> tuple[UUID, float]:
    return article.id, article.updated_at.timestamp()
