"""Words of danger to a person, in English and Spanish.

High recall is wanted: a false alarm costs the safety team a minute, a missed one may cost a life. So idioms and school
business ("killing me", "shooter drill", "glue gun") are taken out first, and whatever is left of the words raises the alarm.
"""

import re
from dataclasses import dataclass

from routing.danger import crisis_words as listed
from routing.words import fold

MOST = 50_000  # characters read


@dataclass(frozen=True)
class Alarm:
    kind: str  # self_harm, threat, weapon, abuse, or what `hearing` says
    words: str  # as found, folded


def _compiled(lines: str) -> re.Pattern[str]:
    alternatives = lines.strip().replace("\n    ", "").replace("\n", "|")
    for _ in range(2):  # a part may name another
        for name, words in listed.PARTS.items():
            alternatives = alternatives.replace(f"<{name}>", words)
    return re.compile(rf"\b(?:{alternatives})\b")


_HARMLESS = _compiled(listed.HARMLESS)
_COURT_ORDER = _compiled(listed.COURT_ORDER)
_AT_THE_DOOR = _compiled(listed.AT_THE_DOOR)
_KINDS = {
    "self_harm": _compiled(listed.SELF_HARM),
    "threat": _compiled(listed.THREAT),
    "weapon": _compiled(listed.WEAPON),
    "abuse": _compiled(listed.ABUSE),
}


_SPELLED = {"2": "to", "u": "you", "ur": "your", "r": "are", "tonite": "tonight", "2nite": "tonight", "n": "and", "im gon": "im gonna"}
_SHORT = re.compile(rf"(?<= )({'|'.join(_SPELLED)})(?= )")


def without_idioms(text: str) -> str:
    """Folded, and without what only sounds like danger."""
    return _HARMLESS.sub("·", _SHORT.sub(lambda found: f" {_SPELLED[found[1]]} ", f" {fold(text[:MOST])} "))


def screen(text: str) -> Alarm | None:
    """The first words of danger in `text` (its first 50,000 characters), or None."""
    left = without_idioms(text)
    for kind, words in _KINDS.items():
        found = words.search(left)
        if found:
            return Alarm(kind, found[0])
    order = _COURT_ORDER.search(left)
    return Alarm("abuse", order[0]) if order and _AT_THE_DOOR.search(left) else None
