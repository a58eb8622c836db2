"""Which article answers this, and how sure are we? By meaning and by words, or by words alone where no embedder can be had.

Who may read an article is asked of the database, with every question; what it says and means is kept by the process
(`knowledge.shelf`). A district's articles are hundreds: comparing a question with all their lines is one product of matrices.
"""

import math
from collections.abc import Sequence

from django.db import connection

from districts.scope import require_district_id
from districts.told import cleaned
from knowledge import asking, by_meaning, by_words
from knowledge.embedding import meaning
from knowledge.found import Hit
from knowledge.models import Article
from knowledge.shelf import Kept, Key, shelf_of, take
from knowledge.stems import CONFIGS, Term, question_groups
from knowledge.words import closest

STAFF = "staff"
PUBLIC = ["family", "student", "community", "parent", "public", "vendor", "guardian"]
MAX_QUESTION = 2000  # characters that are looked at


def search(text: str, *, staff: bool, language: str) -> list[Hit]:
    """Best first. Staff-only articles only where `staff`; a language nobody searches in finds nothing."""
    if language not in CONFIGS:
        return []
    asked = cleaned(text[:MAX_QUESTION]).replace("\0", " ")
    question = asking.without_orders(asked)
    groups = question_groups(question, language)
    if not groups:
        return []
    keys = readable(staff=staff, language=language)
    kept = take(keys, language)
    terms = weighed(groups, kept)
    shelf = shelf_of(tuple(keys), kept) if len(kept) == len(keys) else None
    row = meaning.one(question) if shelf is not None else None
    if shelf is None or row is None:
        return by_words.hits(question, terms, kept, staff=staff, ordered=asking.ordered(asked))
    return by_meaning.hits(by_meaning.Asked(question, tuple(terms), row, staff, asking.ordered(asked)), kept, shelf)


def readable(*, staff: bool, language: str) -> list[Key]:
    """The published articles this reader may be answered from."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, extract(epoch FROM updated_at)::float8 FROM {Article._meta.db_table} WHERE district_id = %s AND language = %s"
            " AND published_at IS NOT NULL AND (%s OR audience ?| %s) ORDER BY id",
            [require_district_id(), language, staff, PUBLIC],
        )
        return [Key(*row) for row in cursor.fetchall()]


def weighed(groups: dict[frozenset[str], str], kept: Sequence[Kept]) -> list[Term]:
    """A word that few of the articles one may read have tells much; one that none has tells most (and is missed), unless it is a slip
    of the pen for one that some have.
    """
    terms, every = [], frozenset().union(*(one.everything for one in kept))
    for group, word in groups.items():
        alike = group if group & every else group | closest(word, every)
        found = sum(1 for one in kept if alike & one.everything)
        terms.append(Term(word, alike, math.log((len(kept) + 1) / (found + 0.5))))
    return terms
