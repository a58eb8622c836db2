"""What speaks for and against two messages being about one thing, as figures from 0 to 1. Pure: no database, no clock.

Written from what distinguishes people's messages, not from the messages: who wrote, whether the later one speaks of an earlier one,
how much of the words, of their meaning, of figures and places is shared, whether it is one's own matter (a password, a pay slip) or
what many have in common (a bus, the network, the heating), and how far apart they are in time.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from routing.likeness import OTHER_ONE, SPOKE, WAYS, Read, meant, read, shared
from routing.pairing.persons import Who, sender, who

MONTH = 30 * 24 * 60  # minutes
NEAR, FAR = 0.15, 0.75  # cosines between which meanings are apart and alike

_OWN = re.compile(
    r"\b(?:(?:my|mi|mis|his|her|su|our) (?:\w+ ){0,2}(?:password|pass|pin|account|pay\w*|check|w ?2|badge|card|id|key|schedule|grades?"
    r"|balance|address|phone|number|locker|lunch|jacket|coat|backpack|charger|chromebook|laptop|computer|desk|chair|class|daughter|son"
    r"|child|kid|kids|hijo|hija|nino|nina|niece|nephew|grand\w+|tarjeta|cuenta|telefono)"
    r"|forgot|lost (?:my|his|her)|left (?:my|his|her|a|his) \w+|olvid\w+|perdi\w*|sick|fever|fiebre|absent|tardy|excuse)\b"
)
_ASKS = re.compile(
    r"\b(?:can (?:i|we|you|my)|could (?:i|we|you)|may i|how (?:do|can|much|to)|when (?:is|does|are|do)|where (?:do|can)"
    r"|who do|is there|please|need(?:s|ed)?|request\w*|want to|would like|looking for|puedo|necesit\w+|cuando|cuanto"
    r"|donde|quiero)\b"
)
_COMMON = re.compile(
    r"\b(?:bus(?:es)?|camion|autobus|ruta|wi ?fi|internet|network|net|red|power|electric\w*|lights?|dark|heat\w*|cold|hot|degrees|ac"
    r"|alarm|bells?|intercom|phones?|water|leak\w*|flood\w*|smell\w*|stinks?|gas|smoke|fire|burn\w*|doors?|gate|fence|elevator"
    r"|copier|printers?|system|site|website|app|page|portal|server|down|out|dead|broken|error|loads?|loading|log(?:ged)? in|sign in"
    r"|police|cops|lockdown|robocall|text|message|notice|email|kitchen|cafeteria|food|ran out|hall|hallway|floor|wing|lot|playground"
    r"|field|gym|stadium|guard|ants|wasps?|rats?|mice|flies|dog|radios?|registers?|scanner|link|tickets|crash|accident)\b"
)
_MANY = re.compile(
    r"\b(?:all|every\w*|whole|entire|nobody|no one|none|several|half|any of us|us|we|kids|students|children|rooms|classes|teachers"
    r"|everybody|building|school|class|people|others?|neighbor|todos|todas|nadie|ninos|estudiantes|toda|todo)\b"
)
_HAPPENING = re.compile(
    r"\b(?:what is (?:going|happening)|whats (?:going|happening)|going on|que pas\w+|did (?:you|u)|is \w+ (?:down|out|closed|broken"
    r"|late|cancell?ed)|did \w+ cancel|anyone|why (?:is|are|did|was)|again|still|now|stuck|wont|cant|not work\w*|doesnt|isnt|no \w+)\b"
)
_WAITS = re.compile(
    r"\b(?:ago|yet|still|yesterday|last (?:week|night|month)|day (?:two|three|four|\d)|(?:weeks?|days?|months?) (?:now|since|later)"
    r"|no (?:answer|reply|response|word)|nobody (?:has )?(?:called|answered|replied|wrote|came|got)|not (?:heard|got|received)"
    r"|(?:havent|hasnt|have not|has not) (?:heard|got|received|come|arrived)|hello|confirmed|looking at it|how long"
    r"|hace (?:rato|dias|una|un)|todavia|aun|ayer|no me han|nadie me)\b"
)
_INTRODUCES = re.compile(r"\b(?:this is|its|it is|soy|habla|yes hi|hi its|hello its|here|says)\b")


@dataclass(frozen=True, eq=False)
class Wrote:
    """One message: its words, the way it came (ChannelKind), its site's code, who sent it, and when, in minutes.

    `sender` is a label: a name, a number, a role. `services` are triage's chances by service, where it was asked.
    """

    text: str
    channel: str = ""
    site: str = ""
    sender: str = ""
    minutes: float = 0.0
    room: str = ""
    asset: str = ""
    services: tuple[tuple[str, float], ...] = ()
    meaning: NDArray[np.float32] | None = None  # of length 1
    who: str = ""  # an id of the person, where one is known


RELATION = (
    "same", "linked", "other", "spoke", "way", "introduces", "waits", "shared", "meant", "number", "conflict", "elsewhere", "here",
    "another", "apart", "copy", "frame", "own", "asks", "common", "many", "happening", "room", "meaning", "far", "nothing",
    "strangers*apart", "strangers*copy", "strangers*own", "strangers*asks", "strangers*common", "strangers*here", "strangers*meaning",
    "strangers*shared", "strangers*frame", "same*copy", "same*apart", "same*waits", "same*channel", "shared*spoke", "far*spoke",
    "unknown*spoke", "unknown*common",
)  # fmt: skip
AKIN = (
    "shared", "meant", "number", "conflict", "elsewhere", "service", "meaning", "far", "nothing", "room", "device", "copy", "another",
    "apart", "spoke",
)  # fmt: skip


def clues(one: Wrote, later: Wrote, places: frozenset[str] = frozenset()) -> dict[str, float]:
    """By name, each from 0 to 1; `later` is the second in time, `places` the words of the district's places' names."""
    a, b = read(one.text), read(later.text)
    found = {**_words(a, b), **_senders(one, later, places), **_manner(one, a, b), **_places(one, later)}
    alike = _cosine(one, later)
    found["meaning"] = alike or 0.0
    found["far"] = max(0.0, 1 - 2 * alike) if alike is not None else float(not found["shared"])
    found["apart"] = min(1.0, math.log1p(abs(later.minutes - one.minutes)) / math.log1p(MONTH))
    found["introduces"] *= 1 - found["other"]
    found["channel"] = float(one.channel == later.channel)
    found["service"] = _service(one, later)
    for name in RELATION:
        if "*" in name:
            left, right = name.split("*")
            found[name] = found[left] * found[right]
    return found


def _words(a: Read, b: Read) -> dict[str, float]:
    numbers = a.numbers & b.numbers
    copy, frame = _copy(a, b)
    return {
        "shared": shared(a, b), "meant": meant(a, b), "nothing": float(not (a.words & b.words or a.meanings & b.meanings)),
        "number": float(bool(numbers)),
        "conflict": float(bool(a.figures and b.figures and not numbers)), "copy": copy, "frame": frame,
    }  # fmt: skip


def _senders(one: Wrote, later: Wrote, places: frozenset[str]) -> dict[str, float]:
    person = _who(one, later, places)
    return {each.value: float(person is each) for each in Who} | {"strangers": float(person in (Who.OTHER, Who.UNKNOWN))}


def _manner(one: Wrote, a: Read, b: Read) -> dict[str, float]:
    """How they speak: of the later one what it says of an earlier, of both what kind of matter it is."""
    way, spoke = WAYS.get(one.channel), _hits(SPOKE, b)
    both = {"own": _OWN, "asks": _ASKS, "common": _COMMON, "many": _MANY, "happening": _HAPPENING}
    return {
        "spoke": spoke, "way": spoke * float(bool(way and way.search(b.folded))), "introduces": _hits(_INTRODUCES, b),
        "waits": _hits(_WAITS, b), "another": _hits(OTHER_ONE, b),
        **{name: (_hits(pattern, a) + _hits(pattern, b)) / 2 for name, pattern in both.items()},
    }  # fmt: skip


def _places(one: Wrote, later: Wrote) -> dict[str, float]:
    return {
        "elsewhere": float(bool(one.site and later.site and one.site != later.site)),
        "here": float(bool(one.site and one.site == later.site)),
        "room": _differs(one.room, later.room), "device": _differs(one.asset, later.asset),
    }  # fmt: skip


def _who(one: Wrote, later: Wrote, places: frozenset[str]) -> Who:
    if one.who and later.who:
        return Who.SAME if one.who == later.who else Who.OTHER
    return who(sender(one.sender, places), sender(later.sender, places), one.text, later.text)


def _hits(pattern: re.Pattern[str], text: Read) -> float:
    return float(_found(pattern, text.folded))


@lru_cache(maxsize=8192)
def _found(pattern: re.Pattern[str], folded: str) -> bool:
    """Once a text, though it stands in a hundred pairs."""
    return bool(pattern.search(folded))


def _copy(a: Read, b: Read) -> tuple[float, float]:
    """How much the two are the same words, one by one; and how much of pairs of words, which is what a form letter shares."""
    (one, first), (two, second) = _words_and_pairs(a.folded), _words_and_pairs(b.folded)
    both = len(one & two)
    return both / max(1, len(one) + len(two) - both), len(first & second) / max(1, min(len(first), len(second)))


@lru_cache(maxsize=512)
def _words_and_pairs(folded: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    words = folded.split()
    return frozenset(words), frozenset(pairwise(words))


def _differs(one: str, other: str) -> float:
    """0 the same, 1 another, a half where it is not known."""
    return 0.5 if not (one and other) else float(one.casefold() != other.casefold())


def _service(one: Wrote, later: Wrote) -> float:
    """How likely triage would say the same service of both; a half where it was not asked."""
    if not (one.services and later.services):
        return 0.5
    chances = dict(later.services)
    return math.sqrt(min(1.0, sum(chance * chances.get(name, 0.0) for name, chance in one.services)))


def _cosine(one: Wrote, later: Wrote) -> float | None:
    """From 0 to 1: how alike their meanings are; None where there is no embedder."""
    if one.meaning is None or later.meaning is None:
        return None
    alike: float = np.dot(one.meaning, later.meaning).item()
    return min(1.0, max(0.0, (alike - NEAR) / (FAR - NEAR)))
