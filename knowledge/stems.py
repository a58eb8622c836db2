"""Words as PostgreSQL stems them, so that questions and articles meet; and how much each tells."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from knowledge.words import ASKING, GROUPS

CONFIGS = {"en": ("english", "english"), "es": ("spanish", "spanish")}  # language: (column, text search configuration)
SYNONYM = 0.9  # of the worth of the word itself

Lexemes = frozenset[str]


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


def covered(terms: Sequence[Term], lexemes: Lexemes) -> float:
    """The share of the question's words that are there, by weight."""
    whole = sum(term.weight for term in terms) or 1.0
    return sum(term.found_in(lexemes) for term in terms) / whole


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


def any_of(words: Iterable[str]) -> str:
    """A tsquery of lexemes, any of which will do."""
    return " | ".join("'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in sorted(words))
