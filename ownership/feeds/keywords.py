"""What a mail says of a run: whether it ran, by words somebody chose, and figures that stand in it. Pure.

A word counts as a whole word, in any case of its letters, with or without accents. "0 errors", "no errors", "errors: 0" and "not
completed" say the contrary of their word, and do not count for it. Failure wins: a report that speaks of both has failed.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

LONGEST = 200_000  # characters that are read
MOST_COUNTS = 50
LONGEST_NAME = 60
MOST = 1e15
Verdict = Literal["ok", "failed", "unknown"]

_FILLER = (
    r"(?:(?:any|all|other|further|new|more|fatal|critical|serious|been|be|yet|fully|successfully|rows?|records?|lines?|items?|files?|students?"
    r"|se|ha|han|fue|fueron|hubo|hay|of|\d+)[ \t]+){0,3}"
)
_NONE_OF = r"(?<![\w.,:])0+(?:[.,]0+)?|(?<!\w)(?:no|not|never|zero|none|neither|nor|cannot|ningun|ninguna|nunca|\w{1,9}n't)"
_BEFORE = re.compile(rf"(?:(?:{_NONE_OF})[ \t]+|(?<!\w)(?:without|sin)\s+){_FILLER}\Z")
_NOTHING = r"(?:0+(?:[.,]0+)?(?![\w.,:]*\d)%?|none|no|false|never|nil|ninguno|ninguna)"
_UNIT = r"(?:\s+(?:rows?|records?|lines?|items?|files?|students?|of\s+\d+))?"
_END = r"[ \t]*(?=$|[\n,;.|)\]])"
_AFTER = re.compile(rf"(?:[ \t]+[^\W\d_]+){{0,2}}(?:[ \t]*[:=|][ \t]*|\t+| {{2,}}|[ \t]*\n[ \t]*){_NOTHING}{_UNIT}{_END}")
_NUMBER = r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-+]?\d+(?:\.\d+)?"
_LINE = re.compile(
    rf"[ \t>|*•-]*(?P<name>[^\W\d_][\w ./()%-]{{0,{LONGEST_NAME - 1}}}?)[ \t]*[:=|\t][ \t]*(?P<number>{_NUMBER})"
    r"(?:[ \t]+(?:rows?|records?|lines?|items?|files?|students?))?[ \t]*[.;,|]?[ \t]*"
)
_OF = re.compile(
    rf"(?<![\w.,])(?:(?P<verb>[^\W\d_]+)[ \t]+)?(?P<some>{_NUMBER})[ \t]+of[ \t]+(?P<all>{_NUMBER})(?![\w%]|[.,]\d)", re.IGNORECASE
)
_NO_COUNT = re.compile(
    r"\b(?:date|time|at|on|phone|tel|fax|id|job|run|ticket|port|year|zip|version|build|pid|code|page|line|host|ext)\b"
)
_VERBS = frozenset(
    [
        "processed",
        "imported",
        "exported",
        "loaded",
        "sent",
        "written",
        "updated",
        "created",
        "synced",
        "transferred",
        "inserted",
        "copied",
    ]
)


@dataclass(frozen=True)
class Said:
    """`word`: of those that somebody chose, the one that decided; empty where none did."""

    verdict: Verdict
    word: str = ""


def said(subject: str, text: str, *, ok: str, failed: str) -> Said:
    """`ok` and `failed`: words or phrases between commas. Without any, the mail itself says that it ran."""
    goods, bads = words(ok), words(failed)
    places = [fold(subject), fold(text[:LONGEST])]
    for verdict, chosen in (("failed", bads), ("ok", goods)):
        found = next((word for place in places for word in chosen if _holds(place, word)), "")
        if found:
            return Said("failed" if verdict == "failed" else "ok", found)
    return Said("unknown" if goods or bads else "ok")


def words(listed: str) -> list[str]:
    """Of a list between commas, each once, in its order."""
    return list(dict.fromkeys(word for one in listed.replace("\n", ",").split(",") if (word := " ".join(one.split()))))


def fold(text: str) -> str:
    """In small letters, without accents; lines stay lines."""
    spread = unicodedata.normalize("NFKD", text.replace("\r\n", "\n").replace("\r", "\n").replace("’", "'"))
    return "".join(letter for letter in spread if not unicodedata.combining(letter)).casefold()


def _holds(folded: str, word: str) -> bool:
    """The word stands in it at least once, and not as its contrary."""
    return any(not _contrary(folded, found) for found in _pattern(word).finditer(folded))


def _pattern(word: str) -> re.Pattern[str]:
    parts = r"\s+".join(re.escape(part) for part in fold(word).split())
    return re.compile(rf"(?<!\w){parts}(?!\w)")


def _contrary(folded: str, found: re.Match[str]) -> bool:
    before = folded[max(0, found.start() - 60) : found.start()]
    return bool(_BEFORE.search(before) or _AFTER.match(folded[: found.end() + 80], found.end()))


# --- figures ------------------------------------------------------------------------------------------------------------


def counts(subject: str, text: str) -> dict[str, float]:
    """ "rows: 412" on a line of its own, and "processed 412 of 820"; at most 50. What looks like a date or an id is left out."""
    found: dict[str, float] = {}
    for name, number in _told(f"{subject}\n{text[:LONGEST]}"):
        if len(found) >= MOST_COUNTS:
            break
        found.setdefault(name, number)
    return found


def _told(text: str) -> Iterator[tuple[str, float]]:
    for line in text.splitlines():
        if len(line) > 300:
            continue
        if whole := _LINE.fullmatch(line):
            name = " ".join(whole["name"].split()).strip(" .-").lower()
            if name and not _NO_COUNT.search(name):
                yield from _figure(name, whole["number"])
        elif some := _OF.search(line):
            verb = (some["verb"] or "").lower()
            yield from _figure(verb if verb in _VERBS else "processed", some["some"])
            yield from _figure("total", some["all"])


def _figure(name: str, written: str) -> Iterator[tuple[str, float]]:
    number = float(written.replace(",", ""))
    if abs(number) < MOST:
        yield name[:LONGEST_NAME], int(number) if number.is_integer() else number
