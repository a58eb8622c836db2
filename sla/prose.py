"""Promises inside running text, as districts have them in their agreements: sentence by sentence, what the grammar understands.

"The data owner checks the report within 30 minutes." has one promise, and words around it that mean nothing to a clock. Nothing is
guessed: what is found is shown with its sentence before anybody uses it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sla.promise import AtOnce, Clause, OnDays, Terms
from sla.terms import NotUnderstood, Parser

SENTENCE_ENDS = re.compile(r"(?<=[.!?;])\s+(?=[^\Wa-z]|$)|;\s+|\n+")
AT_ONCE = ("immediate", "immediately")
MOST_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence of the text, and what it promises."""

    text: str
    terms: Terms


def found_in(text: str) -> list[Found]:
    """Each sentence that promises something, in order."""
    out = []
    for sentence in SENTENCE_ENDS.split(text[:MOST_TEXT]):
        clauses = tuple(dict.fromkeys(_Prose(sentence).clauses()))
        if clauses:
            out.append(Found(sentence.strip(), Terms(clauses)))
    return out


class _Prose(Parser):
    """The grammar, tried at every word. Words before "within" are the sentence's, not the name of what is promised."""

    def what(self) -> str:
        return ""

    def days(self) -> tuple[OnDays, ...]:
        """ "On the agreed platform" is no day."""
        return super().days() if self._day_name_at(1) else ()

    def clauses(self) -> Iterator[Clause]:
        case = ""
        while self.peek():
            start = self.at
            if self.take("for", "an", "immediate") or self.take("for", "immediate"):
                case = f"immediate {self.skip(1)}"
            elif self.take_any(*AT_ONCE):
                yield Clause(AtOnce(), condition=case)
            elif (found := self._here()) is not None:
                yield replace(found, condition=found.condition or case)
            else:
                self.at = start + 1

    def _here(self) -> Clause | None:
        start = self.at
        try:
            return self.clause()
        except NotUnderstood:
            self.at = start
            return None
