"""An answer written by a model from the passages that were found, and let through sentence by sentence.

Whether there is an answer is found by the engine here (`knowledge.search`); a model may say that there is none after all, and never
the other way round. What it wrote is held against the passages (`knowledge.supported`): each sentence with a quote that stands in its
passage, or not at all. Where nothing is left the passage itself is the answer, as without a model.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from knowledge import llm, supported
from knowledge.embedding import meaning
from knowledge.models import Purpose
from knowledge.passages import passages, plain
from knowledge.queries import HELPS, Found
from knowledge.supported import Source

MOST_SENTENCES = 6
MOST_PASSAGES, MOST_CHARACTERS = 16, 9_000
NEAR = 0.45  # cosine of a sentence and its quote; the embedder knows English only
LANGUAGES = {"en": "English", "es": "Spanish"}
INSTRUCTIONS = """You answer a question to a school district from the passages below, and from nothing else.
- Write one to four short sentences in {language}, plain enough for everybody, that answer the question asked.
- Each sentence says only what its passage says, in the passage's own words as far as possible: amounts, dates, times, numbers, names \
and addresses exactly as they stand there. Add nothing, infer nothing, leave no "not" and no condition out.
- For each sentence give the name of its passage (P1, P2, …) and a quote: words copied letter by letter from that passage which the \
sentence rests on.
- If the passages do not answer the question, "answers" is false and there are no sentences."""


class Said(BaseModel):
    text: str
    passage: str
    quote: str


class Draft(BaseModel):
    answers: bool
    sentences: list[Said]


@dataclass(frozen=True)
class Sentence:
    """`quote` stands in the body of the article `slug`, letter for letter."""

    text: str
    slug: str
    quote: str


@dataclass(frozen=True)
class Text:
    """`sentences` is empty where the passage stays the answer. `abstained`: the model found no answer in the passages."""

    sentences: tuple[Sentence, ...] = ()
    abstained: bool = False
    outcome: str = ""
    dropped: tuple[str, ...] = ()  # why sentences were not let through

    @property
    def text(self) -> str:
        return " ".join(one.text for one in self.sentences)


def sources_of(found: Sequence[Found]) -> dict[str, Source]:
    """P1, P2, …: what was found first, then the rest of the article that answers. The reader may read all of these articles."""
    best, *others = found
    parts = [_source(best, best.heading, quote) for quote in best.quotes]
    parts += [_source(one, one.heading, quote) for one in others if one.score >= HELPS for quote in one.quotes]
    parts += [_source(best, part.heading, part.markdown) for part in passages(best.article.body) if part.markdown not in best.quotes]
    return {f"P{number}": part for number, part in enumerate(_few(parts), 1)}


def write(
    district_id: UUID, question: str, found: Sequence[Found], *, language: str, now: datetime, about: UUID | None = None,
    trial: bool = False,
) -> Text:  # fmt: skip
    """Outside of any transaction. `found`: best first, the first of them sure enough to answer. Raises `llm.InTransaction`."""
    sources = sources_of(found)
    texts = {"question": question} | {name: f"({one.title})\n{one.markdown}" for name, one in sources.items()}
    instructions = INSTRUCTIONS.format(language=LANGUAGES.get(language, LANGUAGES["en"]))
    asked = llm.ask(district_id, llm.Question(Purpose.ANSWERS, instructions, texts, Draft, about=about), now=now, trial=trial)
    if asked.values is None:
        return Text(outcome=asked.outcome)
    if not asked.values.answers:
        return Text(abstained=True, outcome=asked.outcome)
    return _to_the_point(checked(asked.values, sources, question, language, outcome=asked.outcome), found[0].article.slug)


def _to_the_point(text: Text, slug: str) -> Text:
    """All of it from other articles than the one that answers: true, and no answer."""
    if not text.sentences or any(one.slug == slug for one in text.sentences):
        return text
    return Text(outcome=text.outcome, dropped=(*text.dropped, *("another article" for _ in text.sentences)))


def checked(draft: Draft, sources: Mapping[str, Source], question: str, language: str, *, outcome: str = "") -> Text:
    """The sentences that hold."""
    kept, dropped = list[Sentence](), list[str]()
    for said in draft.sentences[:MOST_SENTENCES]:
        source = sources.get(said.passage.split()[0] if said.passage.split() else "")
        quote = supported.standing(said.quote, source.markdown) if source else ""
        text = " ".join(plain(said.text).split())
        why = _wrong(text, quote, source, question, language) if source and quote else "no such quote"
        if why or source is None:
            dropped.append(why)
        elif text not in {one.text for one in kept}:
            kept.append(Sentence(text, source.slug, quote))
    return Text(tuple(kept), outcome=outcome, dropped=tuple(dropped))


def _wrong(text: str, quote: str, source: Source, question: str, language: str) -> str:
    quoted = supported.sentences_of(quote, source.markdown)
    why = supported.wrong_with(text, quoted, source, question, language)
    if why or language != "en" or supported.all_in(text, quoted, language) or _near(text, f"{source.heading}: {quoted}"):
        return why
    return "another meaning"


def _near(text: str, quoted: str) -> bool:
    """True too where there is no embedder."""
    rows = meaning.embed([text, quoted])
    return rows is None or float(rows[0] @ rows[1]) >= NEAR


def _source(found: Found, heading: str, markdown: str) -> Source:
    return Source(found.article.slug, found.article.title, heading, markdown)


def _few(parts: Sequence[Source]) -> Iterator[Source]:
    """No more than a model is given at once."""
    left = MOST_CHARACTERS
    for part in parts[:MOST_PASSAGES]:
        if len(part.markdown) <= left:
            left -= len(part.markdown)
            yield part
