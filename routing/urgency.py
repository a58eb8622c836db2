"""Words that say it cannot wait. Facts count, not capitals: most of a ticket's priority comes from its service."""

import re

from districts.models import Priority

_EMERGENCY = re.compile(
    r"\b(?:on fire|fire in|smoke|gas leak|smell of gas|smells? (?:like )?gas|flooding|flooded|sparks?|sparking|evacuat\w+|unconscious"
    r"|not breathing|seizure|never got off|didnt get off the bus|trapped|stuck in the elevator"
    r"|(?:cant|cannot|can not|dont) (?:find|know where) (?:my|the|a) (?:kid|son|daughter|child|student|boy|girl)"
    r"|missing (?:child|student|kid)|(?:child|student|kid|son|daughter) is (?:missing|not home|nowhere)"
    r"|incendio|humo|fuga de gas|huele a gas|inundacion|inundado|no (?:encuentro|encontramos) a mi hij[oa]|no ha llegado mi hij[oa])\b"
)
_HURRY = re.compile(
    r"\b(?:urgent|urgently|emergency|asap|right now|immediately|as soon as possible|right away|urgente|urgentemente|emergencia"
    r"|rn|in \d{1,2} min(?:utes?|s)?|starts in \d{1,2}|whole (?:school|class|building|wing|office)|(?:kids|students|class) (?:are )?"
    r"(?:waiting|alone|outside)|ahora mismo|ahorita|lo antes posible|cuanto antes|de inmediato|en \d{1,2} minutos)\b"
)
_NO_HURRY = re.compile(
    r"\b(?:not|non|isnt|nothing|no es|no) (?:an? )?(?:urgent|urgente|emergency|emergencia)\b"
    r"|\b(?:emergency|urgent) (?:contacts?|cards?|forms?|care|drill)\b"
    r"|\bsmoke (?:free|detector|break|machine)s?\b|\bcontactos? de emergencia\b"
)


def is_emergency(folded: str) -> bool:
    return bool(_EMERGENCY.search(_NO_HURRY.sub("·", folded)))


def raised(priority: int, folded: str) -> int:
    """Words of an emergency make it urgent; words of hurry raise it one step, never to urgent. `folded`: see `words.fold`."""
    told = _NO_HURRY.sub("·", folded)
    if is_emergency(folded):
        return Priority.URGENT
    if priority > Priority.HIGH and _HURRY.search(told):
        return priority - 1
    return priority
