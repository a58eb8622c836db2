"""The weights of `names`, fitted anew: from labelled sets, sentences written for it, and articles in which nobody is named.

The names in the texts are exchanged for others, some of which the lists of names are made to forget: what is learned is where names
stand, not who is called what. Some texts are made small or capitals throughout, as people write them.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from knowledge.redaction import names
from knowledge.redaction.folding import fold
from knowledge.redaction.lexicon import Lexicon, lexicon
from knowledge.redaction.roster import PARTICLES, TITLES
from knowledge.redaction.sentences import sentences
from knowledge.redaction.sets import Labelled, Place
from knowledge.redaction.tokens import words

Row = tuple[list[str], bool]  # the traits of a word, and whether it is of a name
FORGOTTEN = 0.35  # of the names put into texts: as if in no list
EXCHANGES = 3  # of the names of one labelled text
TIMES = 12  # each sentence is filled
STRENGTH = 0.2  # C of the regression
SEEN = 4  # rows that have a trait, from which it gets a weight
SMALLEST = 0.05  # weight that is written down
_HOLE = re.compile(r"\{[nfli]\}")
_PART = re.compile(r"[^\W\d_]+")


class Fitter:
    def __init__(self, seed: int = 5) -> None:
        self.random = random.Random(seed)  # noqa: S311  (nothing secret)
        self.lexicon = lexicon()
        rare = self.lexicon.counts
        self.firsts = sorted(word for word in self.lexicon.firsts if word.isascii() and len(word) > 2 and rare.get(word, 0) < 3_000)
        self.lasts = sorted(word for word in self.lexicon.lasts if word.isascii() and len(word) > 2 and rare.get(word, 0) < 3_000)

    def fit(self, rows: Iterable[Labelled], articles: Iterable[str]) -> dict[str, float]:
        """Trait → weight. The same from the same texts."""
        learned = [*self._of_sentences(), *self._of_articles(articles), *self._of_labelled(rows)]
        vectorizer = DictVectorizer()
        values = vectorizer.fit_transform([dict.fromkeys(traits, 1) for traits, _ in learned])
        seen = np.asarray((values != 0).sum(0)).ravel() >= SEEN
        model = LogisticRegression(C=STRENGTH, max_iter=2_000).fit(values[:, seen], [label for _, label in learned])
        weights = dict(zip(vectorizer.get_feature_names_out()[seen], map(float, model.coef_[0]), strict=True))
        weights["all"] = weights.get("all", 0.0) + float(model.intercept_[0])
        return {trait: round(weight, 2) for trait, weight in sorted(weights.items()) if abs(weight) >= SMALLEST}

    def _of_labelled(self, rows: Iterable[Labelled]) -> Iterator[Row]:
        for row in rows:
            yield from rows_of(row.text, row.names, self.lexicon)
            for changed, share in ((row.text.lower(), 0.3), (row.text.upper(), 0.1)):
                if len(changed) == len(row.text) and self.random.random() < share:
                    yield from rows_of(changed, row.names, self.lexicon)
            for _ in range(EXCHANGES if row.names else 1):
                yield from self._exchanged(row)

    def _exchanged(self, row: Labelled) -> Iterator[Row]:
        text, places, done, forgotten = "", list[Place](), 0, set[str]()
        for start, end in row.names:
            if start < done:
                return
            name = self._other(row.text[start:end], forgotten)
            text += row.text[done:start]
            places.append((len(text), len(text) + len(name)))
            text, done = text + name, end
        yield from rows_of(text + row.text[done:], places, self._without(forgotten))

    def _other(self, name: str, forgotten: set[str]) -> str:
        first = True
        pieces = re.split(r"([^\W\d_]+)", name)
        for at in range(1, len(pieces), 2):
            part = pieces[at]
            if len(part) < 2 or part.lower() in TITLES or part.lower() in PARTICLES:
                continue
            drawn = self._drawn(self.firsts if first else self.lasts, forgotten)
            pieces[at] = drawn if part.islower() else drawn.upper() if part.isupper() and len(part) > 2 else drawn.capitalize()
            first = False
        return "".join(pieces)

    def _of_sentences(self) -> Iterator[Row]:
        for sentence in sentences():
            for _ in range(TIMES):
                forgotten = set[str]()
                text, places = self._filled(sentence, forgotten)
                chance = self.random.random()
                text = text.lower() if chance < 0.2 else text.upper() if chance < 0.25 else text
                yield from rows_of(text, places, self._without(forgotten))

    def _filled(self, sentence: str, forgotten: set[str]) -> tuple[str, list[Place]]:
        text, places, done = "", list[Place](), 0
        for hole in _HOLE.finditer(sentence):
            text += sentence[done : hole.start()]
            name = self._name(hole[0], forgotten)
            places.append((len(text), len(text) + len(name)))
            text, done = text + name, hole.end()
        return text + sentence[done:], places

    def _name(self, hole: str, forgotten: set[str]) -> str:
        if hole == "{i}":
            return self.random.choice("ABCDEGHJKLMNPRST")
        first = self._drawn(self.firsts, forgotten).capitalize()
        last = self._drawn(self.lasts, forgotten).capitalize()
        if hole != "{n}":
            return first if hole == "{f}" else last
        middle = self.random.choices(
            ("", f"{self.random.choice('ABCDEGJKLMR')}. ", f"{self.random.choice('ABCDEGJKLMR')} ", "de la ", "van ", "von ", "de "),
            (80, 5, 5, 3, 3, 2, 2),
        )[0]
        double = f"-{self._drawn(self.lasts, forgotten).capitalize()}" if self.random.random() < 0.05 else ""
        return f"{first} {middle}{last}{double}"

    def _drawn(self, of: Sequence[str], forgotten: set[str]) -> str:
        name = self.random.choice(of)
        if self.random.random() < FORGOTTEN:
            forgotten.add(name)
        return name

    def _of_articles(self, articles: Iterable[str]) -> Iterator[Row]:
        for article in articles:
            for paragraph in article.split("\n\n"):
                yield from rows_of(paragraph, (), self.lexicon)
                if self.random.random() < 0.3:
                    yield from rows_of(paragraph.lower(), (), self.lexicon)

    def _without(self, forgotten: set[str]) -> Lexicon:
        gone: Any = forgotten
        return (
            replace(self.lexicon, firsts=Less(self.lexicon.firsts, gone), lasts=Less(self.lexicon.lasts, gone))
            if gone
            else self.lexicon
        )


class Less(frozenset[str]):
    """A set of names without some, not copied."""

    gone: frozenset[str] | set[str] = frozenset()
    base: frozenset[str] = frozenset()

    def __new__(cls, base: frozenset[str], gone: set[str]) -> "Less":
        made = super().__new__(cls)
        made.base, made.gone = base, gone
        return made

    def __contains__(self, word: object) -> bool:
        return word in self.base and word not in self.gone


def rows_of(text: str, places: Sequence[Place], known: Lexicon) -> Iterator[Row]:
    folded = fold(text)
    read = words(folded)
    for index, token in enumerate(read.tokens):
        if names.is_candidate(read, index, known):
            at = folded.at[token.start]
            label = token.word not in TITLES and any(start <= at < end for start, end in places)
            yield list(names.traits(read, index, known)), label
