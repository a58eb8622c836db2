"""Names of people nobody has told us of: each word is weighed by what it is, how it is written and what stands around it.

A linear model of some hundred weights over traits that can be read (`weights.json`, fitted by `manage.py redact_accuracy --fit`): no
network, no download. What the weights cannot know is added by rule: the rest of a name that is begun.
"""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from knowledge.redaction.cues import cues
from knowledge.redaction.lexicon import Lexicon, lexicon
from knowledge.redaction.tokens import Token, Words

FILE = Path(__file__).with_name("weights.json")
STEPS = (1, 300, 2_000, 20_000, 200_000)  # how often a word is written, in the counts of the lexicon
FIRST_OF_CHINESE = "\u2e80"  # letters from here on are written without spaces: see `scripts`
EVERYDAY = 20_000  # a word written so often is none's name when it is written small, but after a title
NEVER = frozenset(
    "january february march july september october november december monday tuesday wednesday thursday friday saturday sunday"
    " mondays tuesdays"
    " wednesdays thursdays fridays saturdays sundays enero febrero marzo abril mayo junio julio agosto septiembre octubre"
    " noviembre diciembre"
    " lunes martes miercoles jueves viernes sabado domingo iban ssn pin url usb pdf fwd iep ell esl rm apt dont cant wont"
    " isnt im ive theres thats didnt doesnt wasnt mtra atte".split()
)  # fmt: skip
SIGNATURE = 4  # words of a line by itself that may be a signature


_weights: dict[str, float] = {}


def weights() -> dict[str, float]:
    """Read once a process."""
    if not _weights:
        _weights.update(json.loads(FILE.read_text("utf-8")))
    return _weights


def use(other: dict[str, float]) -> None:
    """Weigh by these from now on, in this process."""
    _weights.clear()
    _weights.update(other)


def is_candidate(words: Words, index: int, lexicon: Lexicon) -> bool:
    """Whether a word is worth weighing: a name of the lists, a capital, or said to be a name."""
    token = words.tokens[index]
    if token.word[0] >= FIRST_OF_CHINESE or token.word in NEVER:
        return False
    if token.shape != "l":
        return True
    if lexicon.count(token.word) >= EVERYDAY:
        return index > 0 and cues().get(words.tokens[index - 1].word) == "title"
    if token.word in lexicon.firsts or token.word in lexicon.lasts:
        return True
    if len(token.word) > 2 and not lexicon.count(token.word) and token.word not in cues() and words.mode == "low":
        return True
    return index > 0 and cues().get(words.tokens[index - 1].word) in ("title", "named")


def odds(words: Words, index: int) -> float:
    """Of one word to be of a name, as a logarithm: 0 is even."""
    known = weights()
    return sum(known.get(trait, 0.0) for trait in traits(words, index, lexicon()))


def chance(value: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))


def traits(words: Words, index: int, lexicon: Lexicon) -> Iterator[str]:
    token = words.tokens[index]
    kind, cue = _kind(token, lexicon), cues().get(token.word, "")
    yield "all"
    yield f"kind {kind}"
    yield f"{words.mode} {token.shape} {kind[0]}"
    yield f"{token.shape} {kind}"
    yield f"{token.place} {token.shape} {kind[0]}{kind[1] > '3'}"
    yield f"self {cue}"
    if token.word in lexicon.places:
        yield f"place {kind[0]} {token.shape}"
    if token.shape in "CU" and kind[1] < "2":
        yield f"end {token.word[-2:]}"
        yield f"end {token.word[-3:]}"
    yield f"size {min(len(token.word), 5)} {token.shape}"
    yield from _before(words, index, lexicon, kind)
    yield from _after(words, index, lexicon, kind)
    yield from _line(words, index)


def _kind(token: Token, lexicon: Lexicon) -> str:
    """ "b2": both a first and a last name, written 300 to 2,000 times."""
    first, last = token.word in lexicon.firsts, token.word in lexicon.lasts
    count = lexicon.count(token.word)
    return ("b" if first and last else "f" if first else "l" if last else "-") + str(sum(count >= step for step in STEPS))


def _near(token: Token, lexicon: Lexicon) -> str:
    cue = cues().get(token.word)
    if cue:
        return cue
    kind = _kind(token, lexicon)
    return f"{token.shape} {kind[0]}{kind[1] > '2'}"


def _before(words: Words, index: int, lexicon: Lexicon, kind: str) -> Iterator[str]:
    gap = words.gap(index)
    if index == 0:
        yield "before nothing"
    else:
        near = _near(words.tokens[index - 1], lexicon)
        joined = "" if words.joined(index) else "apart "
        yield f"before {joined}{near}"
        yield f"before {joined}{near} {words.tokens[index].shape} {kind[0]}"
    if index > 1:
        yield f"before that {_near(words.tokens[index - 2], lexicon)}"
    for char in "\",(@#/\n>:'-":
        if char in gap:
            yield f"gap {char}"
    if any(map(str.isdigit, gap.rpartition("\n")[2])):
        yield "gap digit"


def _after(words: Words, index: int, lexicon: Lexicon, kind: str) -> Iterator[str]:
    if index + 1 == len(words.tokens):
        rest = words.plain[words.tokens[index].end :][:8]
        yield "after nothing"
    else:
        rest = (
            words.gap(index + 1)
            if words.tokens[index + 1].start - words.tokens[index].end < 9
            else words.plain[words.tokens[index].end :][:8]
        )
        near = _near(words.tokens[index + 1], lexicon)
        joined = "" if words.joined(index + 1) else "apart "
        yield f"after {joined}{near}"
        yield f"after {joined}{near} {words.tokens[index].shape} {kind[0]}"
        if rest.startswith("'") and words.tokens[index + 1].word == "s":
            yield "possessive"
    if index + 2 < len(words.tokens):
        yield f"after that {_near(words.tokens[index + 2], lexicon)}"
    for char in "\",)@./\n:'-?!":
        if rest.startswith(char):
            yield f"rest {char}"
    if any(map(str.isdigit, rest[:3])):
        yield "rest digit"


def _line(words: Words, index: int) -> Iterator[str]:
    """Whether the word stands in a line of few words, all with a capital: a signature, or a name in a list."""
    first = index
    while first > 0 and index - first < SIGNATURE and words.tokens[first].place != "n":
        first -= 1
    last = index
    while last + 1 < len(words.tokens) and last - index < SIGNATURE and words.tokens[last + 1].place != "n":
        last += 1
    line: Sequence[Token] = words.tokens[first : last + 1]
    if len(line) <= SIGNATURE and words.tokens[first].place == "n":
        capitals = all(token.shape != "l" for token in line)
        yield f"line {len(line)} {capitals}"
        if first and capitals:
            yield f"signature {cues().get(words.tokens[first - 1].word, '')} {len(line)}"
