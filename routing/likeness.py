"""Are two messages of one person about the same need? Purely, from their words, ways and places.

What tells is not that they look alike: two reports of two broken chromebooks do. It is that the later one speaks of the earlier
("I texted too", "any news", "ya les escribí") and shares with it what it is about; and what speaks against it is another number,
another place, "another", "this time". The weights are fitted to labelled pairs by `manage.py duplicate_accuracy --fit`, which
also tells, by cross-validation, from which likeness on pairs may be joined without a person (JOIN).
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from routing.classifier import STOP
from routing.lexicon import meanings
from routing.words import fold

JOIN = 0.75  # from here on no two different needs were joined in cross-validation, see tests/test_same_need.py
OFFER = 0.3  # from here on a person is asked
ALIKE = 3  # a third of the words shared is much
STEM = 5  # letters of a word that count: "lock", "locked" and "locks" are one
MOST = 2500  # characters read

_WE = r"(?:i|we|he|she|my (?:husband|wife|son|daughter|mom|dad|mother|father))(?:ve)?(?: (?:just|also|already|have|had|did|even|then))*"
_SAID = (
    r"(?:e ?mailed|texted|wrote|written|messaged|chatted|called|phoned|reported|submitted (?:a|the|my)|filled|told you"
    r"|asked (?:about|you)|sent (?:a|an|you|in|the|my)|put (?:a|in) (?:a )?(?:form|ticket|request))"
)
_SPOKE = re.compile(
    rf"\b(?:{_WE} {_SAID}|{_WE} (?:text|message|email|chat) (?:too|also|already|you)"
    r"|(?:e ?mailed|texted|wrote|messaged|chatted|called) (?:too|also|already|earlier|before|yesterday|you|about)"
    r"|(?:our|my) (?:chat|call|last (?:letter|email|message|text|call|note)|earlier)"
    r"|(?:following|follow) (?:up|our)|checking (?:in|on)|any (?:news|update|word) (?:on|about|yet|from)"
    r"|(?:asking|writing|calling) again|second notice|(?:as|like|what) (?:i|we) (?:said|wrote|texted|told)"
    r"|still (?:nothing|no|not|wrong|waiting|pending|isnt|havent|hasnt)|same thing|(?:a|the) status"
    r"|(?:he|she|i|we) (?:was|were) here (?:yesterday|earlier|before|on)"
    r"|ya (?:les? )?(?:escribi|llene|llame|mande|avise|envie|fui|habia)|les? (?:escribi|llame|mande|envie)|sigo esperando"
    r"|otra vez yo)\b"
)
_WAYS = {  # words by which people name the way they came before
    "email": re.compile(r"\b(?:e ?mail(?:ed)?|wrote|correo|escribi)\b"),
    "sms": re.compile(r"\b(?:text(?:ed)?|messaged?|mensaje|texto|escribi)\b"),
    "web": re.compile(r"\b(?:form|filled|submitted|wrote|website|formulario|forma|llene|escribi)\b"),
    "chat": re.compile(r"\b(?:chat(?:ted)?|messaged|wrote|escribi)\b"),
    "phone": re.compile(r"\b(?:call(?:ed)?|phoned|spoke|talked|llame|was here|fui)\b"),
}
_OTHER = re.compile(
    r"\b(?:another|different|other|this time|not the|new one|brothers?|sisters?|one too|instead|second one|unrelated"
    r"|otro|otra|esta vez|diferente|hermanos?|hermanas?)\b"
)
_NUMBERS = {
    word: str(n)
    for n, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen"
        " nineteen twenty".split()
    )
} | {"first": "1", "second": "2", "third": "3", "dos": "2", "tres": "3", "cuatro": "4", "cinco": "5", "ninth": "9", "thirty": "30"}
_TALK = frozenset(  # of writing to us, and of politeness: shared by any two messages
    "email emailed text texted wrote write written message messaged chat chatted call called phoned form sent send filled again still"
    " need needs want know good morning afternoon today now day days week weeks ago minute hour yesterday says said ask asked asking"
    " child kids kid mom dad parent teacher school escribi llame ayer hoy ahora".split()
)


@dataclass(frozen=True)
class Said:
    """One message: its words, the way it came (ChannelKind) and the site it is about, where one is known."""

    text: str
    channel: str = ""
    site: str = ""


@dataclass(frozen=True)
class _Read:
    folded: str
    words: frozenset[str]
    meanings: frozenset[str]
    numbers: frozenset[str]  # also those in words
    figures: frozenset[str]  # only those in figures


BIAS = -4.69
WEIGHTS = {
    "spoke": 2.84, "way": 2.1, "shared": 2.2, "meant": 0.62, "number": 0.5, "conflict": -0.8, "elsewhere": -3.0, "other": -0.43,
}  # fmt: skip
NAMES = tuple(WEIGHTS)


def likeness(earlier: Said, later: Said) -> float:
    """From 0 to 1: how likely it is that both are about one need."""
    score = BIAS + sum(weight * value for weight, value in zip(WEIGHTS.values(), features(earlier, later), strict=True))
    return 1 / (1 + math.exp(-score))


def features(earlier: Said, later: Said) -> tuple[float, ...]:
    """In the order of NAMES, each from 0 to 1."""
    one, two = _read(earlier.text[:MOST]), _read(later.text[:MOST])
    shared, meant = one.words & two.words, one.meanings & two.meanings
    spoke = bool(_SPOKE.search(two.folded))
    way = _WAYS.get(earlier.channel)
    numbers = one.numbers & two.numbers
    return tuple(
        float(value)
        for value in (
            spoke,
            spoke and bool(way and way.search(two.folded)),
            min(1.0, ALIKE * len(shared) / max(1.0, math.sqrt(len(one.words) * len(two.words)))),
            len(meant) / max(1, min(len(one.meanings), len(two.meanings))),
            bool(numbers),
            bool(one.figures and two.figures and not numbers),
            bool(earlier.site and later.site and earlier.site != later.site),
            bool(_OTHER.search(two.folded)),
        )
    )


def resemblance(one: Said, other: Said) -> float:
    """From 0 to 1: how much two people's messages look alike, for a person who decides. Other figures, other places: nothing."""
    values = dict(zip(NAMES, features(one, other), strict=True))
    return 0.0 if values["conflict"] or values["elsewhere"] else 0.6 * values["shared"] + 0.4 * values["meant"]


@lru_cache(maxsize=1024)
def _read(text: str) -> _Read:
    folded = fold(text)
    every = folded.split()
    told = [_NUMBERS.get(word, word) for word in every]
    figures = frozenset(word for word in every if any(c.isdigit() for c in word))
    return _Read(
        folded=folded,
        words=frozenset(_stems(told)),
        meanings=frozenset(meanings(every)),
        numbers=frozenset(word for word in told if any(c.isdigit() for c in word)),
        figures=figures,
    )


def _stems(words: list[str]) -> Iterator[str]:
    for word in words:
        if word not in STOP and word not in _TALK and (len(word) > 2 or word.isdigit()):
            yield word if word.isdigit() else word[:STEM]
