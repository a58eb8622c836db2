"""What a line of somebody's calendar says about school, by its words in English and Spanish: a guess that a person looks at."""

import re
from collections.abc import Sequence
from itertools import pairwise

from districts.calendar import minute_of
from districts.models import CalendarDay

Kind = CalendarDay.Kind

# The first that is found counts: "No school – staff development" is a staff day, "early dismissal before winter break" is no break.
WORDS: Sequence[tuple[str, str]] = (
    (Kind.EARLY, r"early (?:release|dismissal|out|closing)|half[- ]days?|minimum days?|dismiss\w* (?:at )?\d|salida temprana|"
                 r"medio d[ií]a|d[ií]a m[ií]nimo|salida anticipada"),
    (Kind.STAFF, r"staff (?:development|work ?day|day|in-?service|planning)|teacher (?:work ?day|in-?service|planning|prep)|"
                 r"professional (?:development|learning)|p\.?d\.? day|work ?day|student[- ]free|no students|"
                 r"(?:desarrollo|capacitaci[oó]n|formaci[oó]n) (?:del? |profesional|docente)\w*|d[ií]a de (?:trabajo|planificaci[oó]n)|"
                 r"sin (?:alumnos|estudiantes)|jornada de maestros"),
    (Kind.CLOSURE, r"snow day|(?:schools?|district|offices?) closed? (?:due|because)|emergency clos\w+|inclement|closed due|"
                   r"cierre de emergencia|cerrad[oa]s? por|d[ií]a de nieve"),
    (Kind.BREAK, r"\bbreak\b|\brecess\b|vacation|intersession|receso|vacaciones|descanso de (?:invierno|primavera|oto[nñ]o)"),
    (Kind.HOLIDAY, r"holiday|\bd[ií]a festivo\b|feriado|festivo|labor day|memorial day|veterans? day|presidents['’]? day|thanksgiving|"
                   r"juneteenth|independence day|martin luther king|\bmlk\b|columbus day|indigenous peoples|christmas|new year|"
                   r"good friday|d[ií]a de (?:muertos|acci[oó]n de gracias|veteranos)|navidad|a[nñ]o nuevo|"
                   r"no (?:hay )?(?:school|clases)|school closed|schools closed|closed\b|sin clases|escuelas? cerradas?|suspensi[oó]n"),
    (Kind.SCHOOL, r"school (?:is )?in session|make-?up day|d[ií]a de recuperaci[oó]n|delayed? (?:start|opening)|late start|"
                  r"(?:two|2)[- ]hours? late|entrada tard[ií]a"),
)  # fmt: skip
PATTERNS = [(kind, re.compile(words, re.IGNORECASE)) for kind, words in WORDS]
CLOCK = re.compile(r"\b(\d{1,2})(?::(\d{2}))?\s*([ap])\.?\s?m\b|\b(\d{1,2}):(\d{2})\b", re.IGNORECASE)
MOST_WINDOWS = 4  # of one day: as many as can be typed on its page
PAIR = re.compile(r"\s*(\d{1,2}:\d{2})\s*(?:-|–|to|a|until|hasta)\s*(\d{1,2}:\d{2})\s*", re.IGNORECASE)


def kind_of(*texts: str) -> str | None:
    """Of a summary, and where that says nothing of a description; None: nothing about school days."""
    for text in texts:
        for kind, pattern in PATTERNS:
            if pattern.search(text):
                return str(kind)
    return None


def time_in(text: str) -> int | None:
    """Minutes since midnight of the first time that is named: "dismiss 12:10", "at 1 PM". School does not end before 8."""
    for hour, minute, half, hour24, minute24 in CLOCK.findall(text):
        value = int(hour or hour24) * 60 + int(minute or minute24 or 0)
        if half.lower() == "p" and int(hour) < 12:
            value += 720
        if not half and value < 7 * 60:
            value += 720  # "dismiss 1:30" is in the afternoon
        if value < 1440:
            return value
    return None


def windows_in(text: str) -> list[list[str]]:
    """ "7:30–12:00, 13:00–16:30" as windows. Raises ValueError with the part that is none, or one too many."""
    found: list[list[str]] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        pair = PAIR.fullmatch(part)
        if pair is None or minute_of(pair[1]) >= minute_of(pair[2]):
            raise ValueError(part)
        found.append([pair[1].zfill(5), pair[2].zfill(5)])
    found.sort()
    for before, after in pairwise(found):
        if after[0] < before[1]:
            raise ValueError(f"{after[0]}–{after[1]}")
    if len(found) > MOST_WINDOWS:
        raise ValueError("–".join(found[MOST_WINDOWS]))
    return found


def windows_text(windows: Sequence[Sequence[str]] | None) -> str:
    return ", ".join(f"{opens}–{closes}" for opens, closes in windows or ())
