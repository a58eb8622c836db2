"""A process of the matrix in words alone, as files and pages tell it: names of systems and roles, no ids."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override

from ownership.keeping.feed_lines import GRACE, LONGEST_GRACE, TEXTS, Watched, options, tidied
from ownership.models import Path

__all__ = ["GRACE", "LONGEST_GRACE", "Described", "Leg", "Watched", "describe", "one_line", "shown", "tidy"]
TEXT = 10_000  # characters of a text that has lines
LONGEST = {
    "slug": 100, "name": 200, "source": 200, "trigger": 300, "primary": 200, "secondary": 200, "promise": 120, "promise_text": TEXT,
    "terms": 300, "ladder": 200, "fallback": TEXT, "baseline": 200, "path": 200,
}  # fmt: skip
MOST = {"targets": 20, "services": 30, "stages": 30, "feeds": 30}
ITEM = 200  # characters of a name in a list
LINED = frozenset({"promise_text", "fallback"})  # whose line breaks are kept
SHOWN = 60  # characters of what was given, in a sentence
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SLUG = re.compile(r"[-a-zA-Z0-9_]+")

Raw = Mapping[str, Any]  # by field: a text, a list of texts (targets, services), a list of mappings of texts (stages, feeds)
Tell = Callable[[str, str], None]  # the field, and what is wrong with it


@dataclass(frozen=True)
class Leg:
    """A stage: one leg of a process with the role that owns it."""

    name: str
    role: str = ""
    system: str = ""


@dataclass(frozen=True)
class Described:
    """A process. `path` is a value of ownership.models.Path, or empty; everything else is text as people write it."""

    slug: str
    name: str
    source: str = ""
    targets: tuple[str, ...] = ()
    trigger: str = ""
    primary: str = ""
    secondary: str = ""
    promise: str = ""
    promise_text: str = ""
    terms: str = ""
    ladder: str = ""
    fallback: str = ""
    baseline: str = ""
    path: str = ""
    services: tuple[str, ...] = ()
    stages: tuple[Leg, ...] = ()
    feeds: tuple[Watched, ...] = ()


def tidy(row: Described) -> Described:
    """The same in words, its white space in order: as it would come back from a file."""
    texts = {name: _tidied(name, getattr(row, name)) for name in LONGEST}
    return replace(
        row,
        **texts,
        targets=_once(map(one_line, row.targets)),
        services=_once(map(one_line, row.services)),
        stages=tuple(Leg(one_line(leg.name), one_line(leg.role), one_line(leg.system)) for leg in row.stages),
        feeds=tuple(map(tidied, row.feeds)),
    )


def one_line(text: str) -> str:
    return " ".join(text.split())


def _tidied(field: str, text: str) -> str:
    if field not in LINED:
        return one_line(text)
    lines = [one_line(line) for line in text.splitlines()]
    return "\n".join(line for line, above in zip(lines, ["", *lines], strict=False) if line or above).strip("\n")


def derived_slug(name: str) -> str:
    """What a process of this name is called in addresses; empty where it has no letter that can stand in one."""
    return slugify(name)[: LONGEST["slug"]].strip("-_")


def describe(raw: Raw, tell: Tell) -> Described:
    """A process from what was given; what is wrong with it is told, and left out of what is returned."""
    texts = {name: _text(name, raw.get(name, ""), longest, tell) for name, longest in LONGEST.items()}
    if not one_line(raw.get("name", "")):
        tell("name", _("a process needs a name"))
    return Described(
        **texts | {"slug": _slug(texts["slug"], texts["name"], tell), "path": _path(texts["path"], tell)},
        targets=_names("targets", raw.get("targets", ()), tell),
        services=_names("services", raw.get("services", ()), tell),
        stages=tuple(_leg(one, tell) for one in _few("stages", raw.get("stages", ()), tell)),
        feeds=_feeds(raw.get("feeds", ()), tell),
    )


def shown(text: str) -> str:
    """As it can stand in a sentence."""
    line = one_line(_UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", text))
    return line if len(line) <= SHOWN else f"{line[: SHOWN - 1]}…"


def _text(field: str, given: str, longest: int, tell: Tell) -> str:
    if bad := _UNREADABLE.search(given):
        tell(field, _("a character in it cannot be read (U+%(code)s)") % {"code": f"{ord(bad[0]):04X}"})
        return ""
    text = _tidied(field, given)
    if len(text) > longest:
        tell(field, _("%(count)d characters are too many, %(most)d can be kept") % {"count": len(text), "most": longest})
        return ""
    return text


def _slug(slug: str, name: str, tell: Tell) -> str:
    if not slug and name and not derived_slug(name):
        tell("slug", _("none can be made from the name “%(name)s”: please give one") % {"name": shown(name)})
    if slug and not _SLUG.fullmatch(slug):
        tell("slug", _("“%(given)s” can hold letters from a to z, digits, - and _ only") % {"given": shown(slug)})
    return slug or derived_slug(name)


def _path(given: str, tell: Tell) -> str:
    paths = _paths() if given else {}
    if given and given.casefold() not in paths:
        tell("path", _("“%(given)s” is none of these: %(known)s") % {"given": shown(given), "known": ", ".join(Path.values)})
    return paths.get(given.casefold(), "")


def _paths() -> dict[str, str]:
    """What people may write → the value: the value itself, its label in English or in their language."""
    with override("en"):
        english = {str(path.label).casefold(): path.value for path in Path}
    return {str(path.label).casefold(): path.value for path in Path} | english | {path.value: path.value for path in Path}


def _few(field: str, given: Sequence[Any], tell: Tell) -> Sequence[Any]:
    if len(given) <= MOST[field]:
        return given
    tell(field, _("%(count)d are too many, %(most)d can be kept") % {"count": len(given), "most": MOST[field]})
    return ()


def _names(field: str, given: Sequence[str], tell: Tell) -> tuple[str, ...]:
    names = (_text(field, name, ITEM, tell) for name in _few(field, given, tell))
    return _once(names)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    """The first of those that are the same but for the case of their letters; none that is empty."""
    found: dict[str, str] = {}
    for name in filter(None, names):
        found.setdefault(name.casefold(), name)
    return tuple(found.values())


def _leg(given: Mapping[str, str], tell: Tell) -> Leg:
    name, role, system = (_text("stages", given.get(part, ""), ITEM, tell) for part in ("name", "role", "system"))
    if not one_line(given.get("name", "")):
        tell("stages", _("a stage needs a name"))
    return Leg(name, role, system)


def _feeds(given: Sequence[Mapping[str, str]], tell: Tell) -> tuple[Watched, ...]:
    feeds = tuple(_feed(one, tell) for one in _few("feeds", given, tell))
    seen = set[str]()
    for feed in feeds:
        if feed.name and feed.name.casefold() in seen:
            tell("feeds", _("“%(name)s” is there twice") % {"name": shown(feed.name)})
        seen.add(feed.name.casefold())
    return feeds


def _feed(given: Mapping[str, str], tell: Tell) -> Watched:
    name = _text("feeds", given.get("name", ""), ITEM, tell)
    terms = _text("feeds", given.get("terms", ""), LONGEST["terms"], tell)
    if not one_line(given.get("name", "")):
        tell("feeds", _("a feed needs a name"))
    elif not one_line(given.get("terms", "")):
        tell("feeds", _("“%(name)s” has no terms: please say when it must run") % {"name": shown(name)})
    told = {option: _text("feeds", given.get(option, ""), most, tell) for option, most in TEXTS.items()}
    return Watched(name, terms, **options({**given, **told}, lambda what: tell("feeds", what)))
