"""The engine: a text in, the same text without what tells who it is about, and the way back.

Never more than linear in the length of the text, whatever is written in it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from knowledge.redaction.contacts import contacts
from knowledge.redaction.finding import people
from knowledge.redaction.folding import Folded, fold
from knowledge.redaction.kinds import Kind
from knowledge.redaction.numbers import numbers
from knowledge.redaction.roster import NOBODY, WORD, Roster
from knowledge.redaction.scripts import chinese, initials
from knowledge.redaction.spans import Span, settled
from knowledge.redaction.tokens import words

PLACEHOLDER = re.compile(r"\[([A-Z_]{2,20})_(\d[\d_]{0,12})\]")
_TAG = re.compile(r"\b([a-z]{2,4})-\d{5,7}\b")
_TOKEN = re.compile(r"[a-z0-9]+")
_GROUP = 1_000  # placeholders are numbered in groups of three digits: four in a row would look like a number that was missed


@dataclass(frozen=True)
class Redacted:
    """`spans`: start, end (in characters of the given text) and kind. `originals`: what each placeholder stands for."""

    text: str
    spans: Sequence[tuple[int, int, Kind]]
    given: str = field(repr=False)
    originals: Mapping[str, str] = field(repr=False)

    def restore(self, answer: str) -> str:
        """What was taken out, put back into what somebody made of this text. Placeholders that are not of this call stay."""
        if self.originals and self.text in answer:
            return self.given.join(map(self._replaced, answer.split(self.text)))
        return self._replaced(answer)

    def _replaced(self, answer: str) -> str:
        return PLACEHOLDER.sub(lambda found: self.originals.get(found[0], found[0]), answer)


def redact(text: str, roster: Roster = NOBODY) -> Redacted:
    folded = fold(text)
    found = [span for span in find(folded, roster) if span.end > span.start]
    taken = {found[0] for found in PLACEHOLDER.finditer(text)}
    names = _placeholders(folded, found, taken)
    pieces, spans, done = list[str](), list[tuple[int, int, Kind]](), 0
    for span, name in zip(found, names, strict=True):
        start, end = folded.span(span.start, span.end)
        pieces += (text[done:start], name)
        spans.append((start, end, span.kind))
        done = end
    return Redacted("".join((*pieces, text[done:])), spans, text, _originals(text, spans, names))


def find(folded: Folded, roster: Roster) -> list[Span]:
    """In order, none over another, as indexes of the folded text."""
    plain = folded.plain
    kept = [m.span() for m in _TAG.finditer(plain) if m[1] in roster.tags]
    certain = [*contacts(plain), *numbers(plain), *_known_ids(plain, roster), *chinese(plain), *initials(plain)]
    return settled([*_outside(certain, kept), *people(words(folded), roster)])


def _known_ids(plain: str, roster: Roster) -> Iterator[Span]:
    if roster.ids:
        yield from (Span(*m.span(), Kind.ID, roster.ids[m[0]]) for m in _TOKEN.finditer(plain) if m[0] in roster.ids)


def _outside(spans: Iterable[Span], kept: Sequence[tuple[int, int]]) -> Iterator[Span]:
    """Spans that do not touch what is kept; both are few, and read once in order."""
    at = 0
    for span in sorted(spans, key=lambda one: one.start):
        while at < len(kept) and kept[at][1] <= span.start:
            at += 1
        if at == len(kept) or span.end <= kept[at][0]:
            yield span


# --- placeholders -----------------------------------------------------------------------------------------------------


def _placeholders(folded: Folded, found: Sequence[Span], taken: set[str]) -> list[str]:
    """One for each span; the same for the same person, whole name or part of it."""
    keys = _keys(folded, found)
    counts, named = Counter[Kind](), dict[tuple[Kind, str], str]()
    for span, key in zip(found, keys, strict=True):
        if (span.kind, key) not in named:
            counts[span.kind] += 1
            while (name := _name(span.kind, counts[span.kind])) in taken:
                counts[span.kind] += 1
            named[span.kind, key] = name
    return [named[span.kind, key] for span, key in zip(found, keys, strict=True)]


def _name(kind: Kind, number: int) -> str:
    groups = [f"{number % _GROUP}" if number < _GROUP else f"{number % _GROUP:03}"]
    while number >= _GROUP:
        number //= _GROUP
        groups.insert(0, f"{number % _GROUP}" if number < _GROUP else f"{number % _GROUP:03}")
    return f"[{kind}_{'_'.join(groups)}]"


def _keys(folded: Folded, found: Sequence[Span]) -> list[str]:
    """A part of a name is of the person whose longer name has it, where the text names one such person only."""
    parts = [_parts(folded, span) for span in found]
    longer = defaultdict[str, set[str]](set)
    for span, words_of in zip(found, parts, strict=True):
        if span.kind is Kind.PERSON and len(words_of) > 1:
            key = span.key or " ".join(words_of)
            for word in words_of:
                longer[word].add(key)
    return [_key(span, words_of, longer) for span, words_of in zip(found, parts, strict=True)]


def _key(span: Span, words_of: Sequence[str], longer: Mapping[str, set[str]]) -> str:
    if span.kind is Kind.PERSON and len(words_of) == 1:
        owners = longer.get(words_of[0], set())
        if len(owners) == 1 and (not span.key or next(iter(owners)) in span.key.split("|")):
            return next(iter(owners))
    return span.key or " ".join(words_of)


def _parts(folded: Folded, span: Span) -> list[str]:
    inside = folded.plain[span.start : span.end]
    if span.kind is Kind.PERSON:
        return [word for word in WORD.findall(inside) if len(word) > 1] or [inside]
    return ["".join(char for char in inside if char.isalnum()) or inside] if span.kind is not Kind.ADDRESS else inside.split()


def _originals(text: str, spans: Sequence[tuple[int, int, Kind]], names: Sequence[str]) -> dict[str, str]:
    """The longest way in which each was written."""
    originals: dict[str, str] = {}
    for (start, end, _), name in zip(spans, names, strict=True):
        if end - start > len(originals.get(name, "")):
            originals[name] = text[start:end]
    return originals
