"""What a process keeps of the articles it has read: their words, and their figures.

A reader is given those that the database said are hers.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from knowledge import meanings
from knowledge.models import Article
from knowledge.passages import Line, Passage, lines, passages
from knowledge.stems import Lexemes, stem

KEPT = 1000  # articles a process keeps; each is some 50 kB
SHELVES = 8  # lists of articles (a district's, for one kind of reader) whose figures are kept side by side

Floats = NDArray[np.float32]
Halves = NDArray[np.float16]


class Key(NamedTuple):
    """Changed when the article is. Rows were read in their district: a key is never another's."""

    id: UUID
    at: float


@dataclass(frozen=True)
class Kept:
    """One article, read. `rows` is None where there are no figures of it."""

    article: Article
    title: Lexemes
    keywords: Lexemes
    body: Lexemes
    passages: list[tuple[Passage, Lexemes]]
    lines: list[tuple[Line, Lexemes]]
    rows: Halves | None

    @cached_property
    def everything(self) -> Lexemes:
        return self.title | self.keywords | self.body

    @property
    def phrases(self) -> int:
        """How many of the rows are words people use for it: they stand between the title and the lines."""
        return 0 if self.rows is None else len(self.rows) - 1 - len(self.lines)


_kept: "OrderedDict[Key, Kept]" = OrderedDict()


def take(keys: Sequence[Key], language: str) -> list[Kept]:
    """Those that still are there, in this order; what is new is read and stemmed in two queries.

    What a call uses it holds itself: others, and other threads, may push it out meanwhile.
    """
    known = {key: found for key in keys if (found := _kept.get(key))}
    known |= _read([key for key in keys if key not in known], language)
    for key, found in known.items():
        if found.rows is None and meanings.wanted(language):
            continue  # asked for again: the figures may be there by then
        _kept.pop(key, None)  # to the end: the least lately used goes first
        _kept[key] = found
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return [known[key] for key in keys if key in known]


def _read(keys: Sequence[Key], language: str) -> dict[Key, Kept]:
    if not keys:
        return {}
    rows = Article.objects.filter(id__in=[key.id for key in keys]).select_related("team").defer("english", "spanish")
    by_id = {article.id: article for article in rows}
    articles = [by_id[key.id] for key in keys if key.id in by_id]
    figures = meanings.rows_of(articles) if meanings.wanted(language) else {}
    stemmed = zip(articles, _stemmed(articles, language), strict=True)
    named = {key.id: key for key in keys}
    return {named[article.id]: Kept(article, *its, figures.get(article.id)) for article, its in stemmed}


Stemmed = tuple[Lexemes, Lexemes, Lexemes, list[tuple[Passage, Lexemes]], list[tuple[Line, Lexemes]]]


def _stemmed(articles: Sequence[Article], language: str) -> Iterator[Stemmed]:
    parts = [passages(article.body) for article in articles]
    said = [lines(its) for its in parts]
    texts = [
        text
        for article, its, ours in zip(articles, parts, said, strict=True)
        for text in (
            article.title, article.keywords, article.body,
            *(f"{p.heading} {p.text}" for p in its), *(f"{one.heading} {one.text}" for one in ours),
        )
    ]  # fmt: skip
    stems = iter(stem(texts, language) if texts else ())
    for its, ours in zip(parts, said, strict=True):
        title, keywords, body = next(stems), next(stems), next(stems)
        yield title, keywords, body, [(one, next(stems)) for one in its], [(one, next(stems)) for one in ours]


# --- figures side by side ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shelf:
    """`begins`: for each article, the first of its rows; one more at the end."""

    rows: Floats
    begins: NDArray[np.int64]


_shelves: "OrderedDict[tuple[Key, ...], Shelf]" = OrderedDict()


def shelf_of(keys: tuple[Key, ...], kept: Sequence[Kept]) -> Shelf | None:
    """None where one of them has no figures."""
    found = _shelves.get(keys)
    if found is None:
        rows = [one.rows for one in kept if one.rows is not None]
        if len(rows) != len(kept) or not rows:
            return None
        found = Shelf(np.vstack(rows).astype(np.float32), np.cumsum([0, *map(len, rows)]))
    _shelves.pop(keys, None)
    _shelves[keys] = found
    while len(_shelves) > SHELVES:
        _shelves.popitem(last=False)
    return found
