"""Mail addresses and street addresses."""

import re
from collections.abc import Iterator

from knowledge.redaction.kinds import Kind
from knowledge.redaction.spans import Span

_LOCAL = frozenset(".!#$%&'*+/=?^_{|}~-")  # beside letters and digits
_DOMAIN = re.compile(r"\[[\d.]{7,15}\]|[\w-]+(?:\.[\w-]+)*")
_SAID = re.compile(
    r"\b[\w.+-]{1,64}+ ?(?: at | arroba |[\[(](?:at|arroba)[\])]) ?[\w-]{1,63}+"
    r"(?:(?:\.| dot | punto | ?[\[(]dot[\])] ?)[\w-]{1,63}+){1,4}"
)
_SUFFIX = frozenset("com org net edu gov example test us es mx info io".split())
_WAYS = (
    "st|street|ave|avenue|rd|road|dr|drive|ln|lane|ct|court|blvd|boulevard|way|pl|place|ter|terrace|cir|circle|hwy|highway|pkwy|parkway"
    "|loop|trl|trail|sq|alley|crescent"
)
_PART = r"(?:[ ,\n]{1,3}(?:apt|apartment|apartamento|apto|depto|unit|suite|ste|#|no|num|lot|space|floor|piso)\.?[ #]{0,2}[\w-]{1,6}\b)?"
_NUMBERED = re.compile(
    rf"(?<![\w-])\d{{1,6}}[a-z]?(?:-\d{{1,4}})? (?:[nsew]{{1,2}}\.? )?(?:[\w'.-]{{1,30}} ){{1,4}}(?:{_WAYS})\b\.?{_PART}"
)
_ORDINAL = re.compile(
    rf"(?<![\w-])\d{{1,6}} (?:[nsew]{{1,2}}\.? |(?:north|south|east|west) )?\d{{1,3}}(?:st|nd|rd|th)\b(?: (?:{_WAYS})\b\.?)?{_PART}"
)
_CALLE = re.compile(
    r"\b(?:calle|avenida|avda?|carrera|cra|callejon|camino|paseo|colonia|rua|rue|via|ul|ulica|strada)\.? "
    r"(?:[\w'.-]{1,30}[ ,]{1,2}){1,5}?"
    rf"(?:#|no\.?|num\.?|numero)? ?\d{{1,6}}\b{_PART}"
)
_BOX = re.compile(r"\b(?:p\.? ?o\.? ?box|apartado(?: postal)?) ?#?\d{1,8}\b")
_NOT_STREETS = re.compile(
    r" (?:at|in|or|i|we|you|have|has|need|off|room|rm|bus|kids?|call|y|o|por|con|is|are|was|and|the|on|of|to|for|from|by|with"
    r"|minutes?|days?|weeks?|students|am|pm|th|grade|period)\b"
)


def contacts(plain: str) -> Iterator[Span]:
    """Of a folded text. Numbers and dates are not here."""
    yield from _mail(plain)
    for found in _SAID.finditer(plain):
        if re.split(r"[\W_]+", found[0].rstrip(")]"))[-1] in _SUFFIX:
            yield Span(*found.span(), Kind.EMAIL)
    yield from _streets(plain)


def _mail(plain: str) -> Iterator[Span]:
    """From each "@" outward: what stands between two of them is read twice at most."""
    place, before = plain.find("@"), 0
    while place >= 0:
        start = place
        while start > before and (plain[start - 1].isalnum() or plain[start - 1] in _LOCAL):
            start -= 1
        domain = _DOMAIN.match(plain, place + 1)
        if start < place and domain:
            yield Span(start, domain.end(), Kind.EMAIL)
        before, place = place + 1, plain.find("@", place + 1)


def _streets(plain: str) -> Iterator[Span]:
    for pattern in (_NUMBERED, _ORDINAL):
        yield from (Span(*m.span(), Kind.ADDRESS) for m in pattern.finditer(plain) if not _NOT_STREETS.search(m[0]))
    yield from (Span(*m.span(), Kind.ADDRESS) for pattern in (_CALLE, _BOX) for m in pattern.finditer(plain))
