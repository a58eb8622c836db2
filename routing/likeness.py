"""What is read of a message to compare it with another: its words, meanings and figures, and whether it speaks of an earlier one.

What tells one need from two is not that they look alike: two reports of two broken chromebooks do. It is that the later one speaks of
the earlier ("I texted too", "any news", "ya les escribí") and shares with it what it is about; and what speaks against it is another
number, another place, "another", "this time". How these are weighed is in `pairing`.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from routing.classifier import STOP
from routing.lexicon import meanings
from routing.words import fold

ALIKE = 3  # a third of the words shared is much
STEM = 5  # letters of a word that count: "lock", "locked" and "locks" are one
MOST = 2500  # characters read

_WE = r"(?:i|we|he|she|my (?:husband|wife|mom|dad|mother|father))(?:ve)?(?: (?:just|also|already|have|had|did|even|then|was|was just))*"
_SAID = (
    r"(?:e ?mailed|mailed|texted|wrote|written|messaged|chatted|chatting|called|phoned|reported|complained|submitted|filled|told you"
    r"|told your|asked|sent (?:a|an|you|in|it|the|my)|put (?:a|in)|did (?:a|the) (?:online )?form|stopped by|came (?:in|by))"
)
SPOKE = re.compile(
    rf"\b(?:{_WE} {_SAID}|{_WE} (?:text|message|email|chat) (?:too|also|already|you|this)"
    r"|(?:e ?mailed|texted|wrote|messaged|chatted|called|reported|submitted) (?:too|also|already|earlier|before|yesterday|you|about"
    r"|this|last|on)|^asked (?:on|by|in|about)|(?:our|my|the) (?:chat|call|(?:last|earlier|first|previous) (?:letter|email|mail|message"
    r"|text|call|note|form|request)|earlier)|(?:see|saw|got|get|read|received|regarding|about) (?:my|our) (?:text|e ?mail|mail|message"
    r"|form|letter|note|call|request|report)|(?:following|follow) (?:up|our)|checking (?:in|on)|any (?:news|update|word)\b"
    r"|(?:asking|writing|write|calling|bother you) again|(?:second|third|2nd|3rd|final) (?:notice|request|time asking|message|email)"
    r"|(?:as|like|what) (?:i|we) (?:said|wrote|texted|told|mentioned)|as (?:texted|written|mailed|e ?mailed|said|reported|discussed)"
    r"|still (?:nothing|no|not|wrong|waiting|pending|isnt|havent|hasnt)|same thing|(?:a|the) status|reminder"
    r"|(?:he|she|i|we) (?:was|were) here (?:yesterday|earlier|before|on)"
    r"|ya (?:les? |lo )?(?:escribi|llene|llame|mande|avise|envie|fui|habia|hable|reporte)|(?:les?|los) (?:escribi|llame|mande|envie"
    r"|hable|llene|avise)|(?:llame|escribi|hable|avise) (?:hace|ayer|antes|por|el)|acabo de (?:escribir|llamar|mandar|hablar)"
    r"|(?:mande|envie) (?:un|el|una|la) (?:correo|mensaje|forma|formulario)|sigo esperando|otra vez (?:yo|por lo)|de nuevo)\b"
)
WAYS = {  # words by which people name the way they came before
    "email": re.compile(r"\b(?:e ?mail(?:ed)?|wrote|correo|escribi)\b"),
    "sms": re.compile(r"\b(?:text(?:ed)?|messaged?|mensaje|texto|escribi)\b"),
    "web": re.compile(r"\b(?:form|filled|submitted|wrote|website|online|formulario|forma|llene|escribi)\b"),
    "chat": re.compile(r"\b(?:chat(?:ted)?|messaged|wrote|escribi)\b"),
    "phone": re.compile(r"\b(?:call(?:ed)?|phoned?|spoke|talked|llame|hable|was here|stopped by|came in|fui)\b"),
}
OTHER_ONE = re.compile(
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
class Read:
    folded: str
    words: frozenset[str]
    meanings: frozenset[str]
    numbers: frozenset[str]  # also those in words
    figures: frozenset[str]  # only those in figures


def resemblance(one: Said, other: Said) -> float:
    """From 0 to 1: how much two people's messages look alike, for a person who decides. Other figures, other places: nothing."""
    first, second = read(one.text), read(other.text)
    elsewhere = one.site and other.site and one.site != other.site
    if elsewhere or (first.figures and second.figures and not first.numbers & second.numbers):
        return 0.0
    return 0.6 * shared(first, second) + 0.4 * meant(first, second)


def shared(one: Read, other: Read) -> float:
    """From 0 to 1: how many words, for their length."""
    return min(1.0, ALIKE * len(one.words & other.words) / max(1.0, math.sqrt(len(one.words) * len(other.words))))


def meant(one: Read, other: Read) -> float:
    return len(one.meanings & other.meanings) / max(1, min(len(one.meanings), len(other.meanings)))


def read(text: str) -> Read:
    """Of a long text its beginning."""
    return _read(text[:MOST])


@lru_cache(maxsize=1024)
def _read(text: str) -> Read:
    folded = fold(text)
    every = folded.split()
    told = [_NUMBERS.get(word, word) for word in every]
    figures = frozenset(word for word in every if any(c.isdigit() for c in word))
    return Read(
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
