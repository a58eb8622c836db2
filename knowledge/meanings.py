"""Articles as figures: made when an article is written, made again when its words or the weights have changed, kept in the database."""

import hashlib
from collections.abc import Mapping, Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from districts.jobs import one_by_one
from districts.models import District
from districts.scope import district_scope
from knowledge.embedding import meaning, weights
from knowledge.models import Article, Meaning
from knowledge.passages import lines, passages

BETWEEN = " · "  # of the words people use for it, in `Article.keywords`
READ_IN = ("en",)  # languages the embedder knows
AT_ONCE = 8  # articles without figures that a question itself may wait for: a quarter of a second

Halves = NDArray[np.float16]


def wanted(language: str) -> bool:
    """Whether articles in it are compared by meaning: the embedder knows the language, and there is one."""
    return language in READ_IN and meaning.loaded().engine is not None


def texts_of(article: Article) -> list[str]:
    """Its title, the words people use for it, its lines; in this order."""
    said = [one.told(article.title) for one in lines(passages(article.body))]
    return [article.title, *phrases(article), *said]


def phrases(article: Article) -> list[str]:
    return [phrase for phrase in article.keywords.split(BETWEEN) if phrase.strip()]


def fingerprint(texts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join([weights.SHA256, *texts]).encode()).hexdigest()


def keep(articles: Sequence[Article]) -> int:
    """Write down the figures of those that have none, or old ones; returns how many. Nothing where no embedder can be had."""
    return _write(_figured(_stale(articles)))


def keep_district() -> int:
    """All articles of the district in scope."""
    return keep(list(Article.objects.filter(language__in=READ_IN).defer("english", "spanish")))


def keep_all() -> int:
    """Of every district: what was brought in while there was no embedder, and all once the weights are others."""
    ids = list(District.objects.values_list("id", flat=True))
    return one_by_one(ids, keep_one, failed="meanings_failed")


def keep_one(district_id: UUID) -> int:
    """Of one district. The computing, which takes seconds, is done outside of any transaction."""
    with district_scope(district_id):
        stale = _stale(list(Article.objects.filter(language__in=READ_IN).defer("english", "spanish")))
    figured = _figured(stale)
    with district_scope(district_id):
        there = set(Article.objects.filter(id__in=figured).values_list("id", flat=True))
        return _write({key: found for key, found in figured.items() if key in there})


def rows_of(articles: Sequence[Article]) -> dict[UUID, Halves]:
    """{article: a row a text}. A few that have none are read at once; where they are more, they wait for the worker."""
    texts = {article.id: texts_of(article) for article in articles}
    found: dict[UUID, Halves] = {}
    for row in Meaning.objects.filter(article_id__in=texts):
        if row.of == fingerprint(texts[row.article_id]):
            found[row.article_id] = np.frombuffer(row.rows, np.float16).reshape(-1, weights.SIZE)
    missing = {key: its for key, its in texts.items() if key not in found}
    return found | (_embedded(missing) if len(missing) <= AT_ONCE else {})


def _stale(articles: Sequence[Article]) -> dict[UUID, list[str]]:
    texts = {article.id: texts_of(article) for article in articles if article.language in READ_IN}
    known = dict(Meaning.objects.filter(article_id__in=texts).values_list("article_id", "of"))
    return {key: its for key, its in texts.items() if known.get(key) != fingerprint(its)}


def _figured(texts: Mapping[UUID, list[str]]) -> dict[UUID, tuple[str, bytes]]:
    return {key: (fingerprint(texts[key]), rows.tobytes()) for key, rows in _embedded(texts).items()}


def _embedded(texts: Mapping[UUID, list[str]]) -> dict[UUID, Halves]:
    """All in one go: texts of like length are computed together."""
    rows = meaning.embed([text for its in texts.values() for text in its]) if texts else None
    if rows is None:
        return {}
    ends = np.cumsum([len(its) for its in texts.values()])
    return dict(zip(texts, np.split(rows.astype(np.float16), ends[:-1]), strict=True))


def _write(figured: Mapping[UUID, tuple[str, bytes]]) -> int:
    for article_id, (of, rows) in figured.items():
        Meaning.objects.update_or_create(article_id=article_id, defaults={"of": of, "rows": rows})
    return len(figured)
