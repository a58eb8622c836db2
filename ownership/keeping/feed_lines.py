"""A feed in words, as files tell it: "Nightly | daily by 6 AM | 30 | mail_ok=completed, done". What is usual is left out."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from django.utils.translation import gettext as _

GRACE, LONGEST_GRACE = 15, 10_080  # minutes
CHECK, MACHINE = "check", "machine"
PLACES = ("name", "terms", "grace")  # in a line of a table, before what has a name of its own
TEXTS = {"mail_from": 254, "mail_ok": 300, "mail_failed": 300, "key_column": 100}  # characters
YES = frozenset({"yes", "true", "1", "y", "x", "si", "sí"})
NO = frozenset({"", "no", "false", "0", "n"})
SENDER = re.compile(r"[^\s@,;<>]*@[a-z0-9-]+(?:\.[a-z0-9-]+)*", re.IGNORECASE)
_MINUTES = re.compile(r"([0-9]{1,5})\s*(?:min|minutes?)?", re.IGNORECASE)
Say = Callable[[str], None]


@dataclass(frozen=True)
class Watched:
    """A feed: `terms` in the grammar of promises, `grace` and `longest` in minutes, 0 to 10,080 (None: as long as it likes).
    `kind`: "check", or empty for one that a system tells."""

    name: str
    terms: str
    grace: int = GRACE
    kind: str = ""
    longest: int | None = None
    all_year: bool = False
    mail_from: str = ""
    mail_ok: str = ""
    mail_failed: str = ""
    key_column: str = ""


USUAL = Watched("", "")
OPTIONS = tuple(one.name for one in fields(Watched) if one.name not in PLACES)
PARTS = (*PLACES, *OPTIONS)


def tidied(feed: Watched) -> Watched:
    texts: dict[str, Any] = {name: " ".join(getattr(feed, name).split()) for name in ("name", "terms", *TEXTS)}
    return replace(feed, **texts)


def options_of(feed: Watched) -> list[str]:
    """What is not usual of it, "name=value" each; nothing else follows the three places."""
    told = {name: getattr(feed, name) for name in OPTIONS}
    return [f"{name}={'yes' if value is True else value}" for name, value in told.items() if value != getattr(USUAL, name)]


def unusual(values: Mapping[str, Any]) -> dict[str, Any]:
    """Of a feed as a mapping: without options that are as usual."""
    return {name: value for name, value in values.items() if name in PLACES or value != getattr(USUAL, name)}


def parted(parts: Sequence[str]) -> dict[str, str] | None:
    """Of a line's parts; None where one beyond the three places is no option, or stands there twice."""
    found = dict(zip(PLACES, parts, strict=False))
    for part in parts[len(PLACES) :]:
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if not part.strip():
            continue
        if not equals or name not in OPTIONS or name in found:
            return None
        found[name] = value
    return found


def options(given: Mapping[str, str], say: Say) -> dict[str, Any]:
    """Values of a feed's options, from texts whose length and letters are in order; what is wrong is said, and left out."""
    return {
        "grace": _minutes(given.get("grace", ""), say, none=GRACE),
        "kind": _kind(given.get("kind", ""), say),
        "longest": _longest(given.get("longest", ""), say),
        "all_year": _yes(given.get("all_year", ""), say),
        "mail_from": _sender(given.get("mail_from", ""), say),
        **{name: given.get(name, "") for name in ("mail_ok", "mail_failed", "key_column")},
    }


def _minutes(given: str, say: Say, *, none: int) -> int:
    text = " ".join(given.split())
    minutes = _MINUTES.fullmatch(text)
    if not text or (minutes and int(minutes[1]) <= LONGEST_GRACE):
        return int(minutes[1]) if minutes else none
    words = {"given": _shown(given), "most": LONGEST_GRACE}
    say(_("“%(given)s” is no grace: a whole number of minutes, from 0 to %(most)d") % words)
    return none


def _longest(given: str, say: Say) -> int | None:
    text = " ".join(given.split())
    minutes = _MINUTES.fullmatch(text)
    if not text:
        return None
    if minutes and 0 < int(minutes[1]) <= LONGEST_GRACE:
        return int(minutes[1])
    words = {"given": _shown(given), "most": LONGEST_GRACE}
    say(_("“%(given)s” is no longest time: a whole number of minutes, from 1 to %(most)d") % words)
    return None


def _kind(given: str, say: Say) -> str:
    text = given.strip().lower()
    if text in ("", MACHINE, CHECK):
        return CHECK if text == CHECK else ""
    say(_("“%(given)s” is none of these: %(known)s") % {"given": _shown(given), "known": f"{MACHINE}, {CHECK}"})
    return ""


def _yes(given: str, say: Say) -> bool:
    text = given.strip().lower()
    if text not in YES | NO:
        say(_("“%(given)s” is neither yes nor no") % {"given": _shown(given)})
    return text in YES


def _sender(given: str, say: Say) -> str:
    text = given.strip().lower()
    if text and not SENDER.fullmatch(text):
        say(_("“%(given)s” is no address, and no domain after an @") % {"given": _shown(given)})
        return ""
    return text


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:59]}…"


def in_words(feed: Watched) -> str:
    """In the active language, one line."""
    told = [_("%(name)s · %(terms)s · %(minutes)d min of grace") % {"name": feed.name, "terms": feed.terms, "minutes": feed.grace}]
    if feed.kind == CHECK:
        told.append(_("a person looks and signs"))
    if feed.longest is not None:
        told.append(_("ends within %(minutes)d min") % {"minutes": feed.longest})
    if feed.all_year:
        told.append(_("all year"))
    words = (
        (feed.mail_from, _("mail from %(what)s")), (feed.mail_ok, _("ran: “%(what)s”")), (feed.mail_failed, _("failed: “%(what)s”")),
        (feed.key_column, _("records by “%(what)s”")),
    )  # fmt: skip
    return " · ".join([*told, *(said % {"what": what} for what, said in words if what)])
