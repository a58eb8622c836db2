"""Where it is, as far as the text says: site, room, asset tag."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from districts.models import Site
from routing.words import fold, folded_name

_STREET = (
    r"(?:st|street|ave|avenue|rd|road|ct|court|dr|drive|ln|lane|blvd|boulevard|ter|terrace|cir|circle|hwy|highway|pkwy|parkway"
    r"|calle|avenida)"
)
_ORDINAL = r"(?:\d{1,3}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth)"
# after an alias: "Linden Ave", "Maple and 5th", "Maple & Oak St"; before it: "5th and Maple", "corner of Maple", "Mr. Maple"
_AFTER = re.compile(rf" (?:{_STREET}\b|(?:and|at|y) {_ORDINAL}\b|(?:and|y) \w+ {_STREET}\b)")
_BEFORE = re.compile(
    rf"(?:\b{_ORDINAL} (?:and|at|y) |\b{_STREET} (?:and|y) |\b(?:corner|esquina) (?:of|de) |\b(?:calle|avenida) "
    r"|\b(?:mr|mrs|ms|miss|mx|coach|principal|sr|sra|senor|senora|maestra|maestro) )$"
)

_NUMBERED = re.compile(
    r"\b(?:room|rm|classroom|sal[oó]n|aula|portable|office|cuarto)\s*+(?:#\s*+)?(?P<room>[A-Z]?-?\d{1,4}[A-Z]?)\b"
    r"|\b(?P<lab>lab\s+\d{1,2})\b|\b(?P<portable>P-?\d{1,2})\b",
    re.IGNORECASE,
)
_AFTER_SITE = re.compile(
    r"\s*+(?:,\s*+)?(\d{1,3}[A-Z]?)\b(?!\s*(?:-|:|/|%|st|nd|rd|th|kids|students|min|days?|hours?|pm|am)\b)", re.IGNORECASE
)
_NAMED = re.compile(
    r"\b(main entrance|front entrance|main office|front office|front desk|health room|staff room|boiler room|art room|band room"
    r"|music room|locker room|weight room|computer lab|life skills|library|gym|cafeteria|kitchen|commons|playground|auditorium"
    r"|parking lot|MPR|stadium)\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"\b([A-Z]{2,4})[-\s]?(\d{5,7})\b")
_TAG_MODEL = re.compile(r"\b([A-Z]{2,4})-(?:\d{5,7}|#{5,7}|[xX]{5,7}|[nN]{5,7})(?![\w#])")
_NO_TAGS = frozenset("ID IDS INV PO REF WO NO RM BUS ACCT CASE EXT FAX TEL ZIP TKT REQ SO CK CHK APT BOX WA OR CA TX NY FL".split())
# three capitals that are also a word count only in capitals: a site called WAS is not in "I was late"
_WORDS = frozenset(
    "act add age ago all and any are arm art ask ate bad bag bay bed big bit box boy bus but buy can car cut dad day did dog due ear"
    " eat egg end eye far fee few fix fly for fox fun gas get got gym had has hat her him his hot how ice ill its jan job joe jun kid"
    " let lin lot low mad man map mar may men met mom mrs nap new nor not now off oil old one our out own pay pen per pet pie pin pio"
    " put ran red rid run sad sat saw say sea see set she sit six sky son sum sun tam tap tax tea ten the tie too top toy try two use"
    " van was way web wet who why win yes yet you con del don fue hay las los mal mas mia mis muy nos paz por qua que san ser sin"
    " sol son sta sus tan tia tio una uno ver vez via voy".split()
)


LOOK = 10_000  # characters of a text that are looked at: a place is named near its beginning
MENTIONS = 100  # of sites; a text that repeats one thousands of times says no more
NEAR = 40  # characters before a name that tell whether it is a street's or a person's


def site_in(text: str, sites: Sequence[Site]) -> Site | None:
    """The site named first by one of its names, whole words, a school before any other; a street or a person of that name does
    not count."""
    found = list(islice(_mentions(text[:LOOK], sites), MENTIONS))
    return min(found, key=lambda mention: (not mention[1].is_school, mention[0]))[1] if found else None


def _mentions(text: str, sites: Sequence[Site]) -> Iterator[tuple[int, Site]]:
    """Longer names first; what one of them covers, also as a street, no shorter one may claim."""
    folded = fold(text)
    taken: list[tuple[int, int]] = []
    for name, site in sorted(_names(sites, text), key=lambda pair: -len(pair[0])):
        for at in re.finditer(rf"\b{re.escape(name)}s?\b", folded) if name in folded else ():
            start, end = at.span()
            if any(start < until and since < end for since, until in taken):
                continue
            if len(taken) >= 2 * MENTIONS:
                return
            taken.append((start, end))
            if not _AFTER.match(folded, end) and not _BEFORE.search(folded[max(0, start - NEAR) : start]):
                yield start, site


def _names(sites: Sequence[Site], text: str) -> Iterator[tuple[str, Site]]:
    for site in sites:
        for name in {site.name, site.code, *site.aliases}:
            folded = folded_name(name)
            if folded and (folded not in _WORDS or re.search(rf"\b{re.escape(name)}\b", text)):
                yield folded, site


def room_in(text: str, site: Site | None = None) -> str:
    """A numbered room ("rm 12", "P5", "Lab 2", a number right after the site's name), else a named one ("library")."""
    text = text[:LOOK]
    found = _NUMBERED.search(text)
    if found:
        return " ".join((found["room"] or found["lab"] or found["portable"].upper()).split())
    for name in sorted({site.name, site.code, *site.aliases}, key=len, reverse=True) if site else ():
        for at in re.finditer(rf"\b{re.escape(name)}\b", text, re.IGNORECASE):
            after = _AFTER_SITE.match(text, at.end())
            if after:
                return after[1]
    named = _NAMED.search(text) if site else None
    return named[0] if named else ""


def tag_prefixes(catalog: Iterable[str]) -> frozenset[str]:
    """Prefixes of the district's asset tags, as its catalog and articles write them: "CV-204517", "CV-######"."""
    return frozenset(found for text in catalog for found in _TAG_MODEL.findall(text))


def tag_in(text: str, prefixes: frozenset[str] = frozenset()) -> str:
    """The first asset tag, as LETTERS-DIGITS; of these prefixes where the district's are known."""
    looked_at = text[:LOOK]
    for letters, digits in _TAG.findall(looked_at.upper() if prefixes else looked_at):
        if letters in (prefixes or {letters} - _NO_TAGS):
            return f"{letters}-{digits}"
    return ""
