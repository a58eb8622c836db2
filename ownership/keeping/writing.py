"""Processes, their feeds and the roles that answer for them are written by people; each change is kept in words.

What was changed here stays when a file of the whole matrix is loaded again (`ownership.loading`), as with ladders.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.models import Person
from districts.queries import calendar_of, free_slug, this_district
from ownership.feeds.pings import expect, next_time
from ownership.keeping.described import Described, Leg, Watched
from ownership.keeping.differences import Change, changes_of
from ownership.keeping.feed_lines import CHECK
from ownership.models import Feed, Ladder, OwnerRole, Process, ProcessChange, Stage, System
from ownership.triggers.firing import listened_to

EVERYTHING = frozenset(field.name for field in fields(Described)) - {"slug"}
RESERVED = {
    "new",
    "roles",
    "files",
    "steps",
    "on-call",
    "ladders",
    "ping",
    "take",
    "diagram",
    "roll-out",
    "escalations",
    "feeds",
    "holds",
    "playbooks",
    "changes",
    "vendors",
    "triggers",
    "cover",
    "sign",
    "checkpoint",
    "simulations",
    "systems",
}  # pages of ours
FEED = {  # as words call it, and as the row does
    "name": "name", "terms": "terms", "grace": "grace_minutes", "longest": "longest_minutes", "all_year": "all_year",
    "mail_from": "mail_from", "mail_ok": "mail_ok", "mail_failed": "mail_failed", "key_column": "key_column",
}  # fmt: skip
PLAIN = ("name", "trigger", "promise", "promise_text", "terms", "fallback", "baseline", "path")


# --- as it stands -------------------------------------------------------------------------------------------------------


def described(process: Process) -> Described:
    """In words alone, as it stands in the database now: three questions."""
    names = dict(System.objects.filter(slug__in=process.targets).values_list("slug", "name"))
    stages = Stage.objects.filter(process=process).select_related("role", "system").order_by("order")
    return _in_words(process, names, stages, Feed.objects.filter(process=process))


def everything() -> list[Described]:
    """The whole matrix, by name; five questions however long it is."""
    names = dict(System.objects.values_list("slug", "name"))
    rows = Process.objects.select_related("source", "primary", "secondary", "ladder")
    found = rows.prefetch_related("stages__role", "stages__system", "feeds").order_by("name")
    return [_in_words(row, names, sorted(row.stages.all(), key=lambda leg: leg.order), row.feeds.all()) for row in found]


def _in_words(process: Process, names: Mapping[str, str], stages: Iterable[Stage], feeds: Iterable[Feed]) -> Described:
    """`names` of systems by slug."""
    return Described(
        slug=process.slug, source=process.source.name if process.source else "",
        targets=tuple(names.get(slug, slug) for slug in process.targets),
        primary=process.primary.name if process.primary else "", secondary=process.secondary.name if process.secondary else "",
        ladder=process.ladder.slug if process.ladder else "", services=tuple(process.services),
        stages=tuple(Leg(leg.name, leg.role.name if leg.role else "", leg.system.name if leg.system else "") for leg in stages),
        feeds=tuple(watched(feed) for feed in _in_order(feeds) if feed.active),
        **{name: getattr(process, name) for name in PLAIN},
    )  # fmt: skip


def watched(feed: Feed) -> Watched:
    return Watched(kind=CHECK if feed.kind == Feed.Kind.CHECK else "", **{word: getattr(feed, name) for word, name in FEED.items()})


def _values(told: Watched) -> dict[str, Any]:
    return {"kind": told.kind or Feed.Kind.MACHINE, **{name: getattr(told, word) for word, name in FEED.items()}}


def _in_order(feeds: Iterable[Feed]) -> list[Feed]:
    return sorted(feeds, key=lambda feed: (feed.name, feed.slug))


# --- processes ----------------------------------------------------------------------------------------------------------


def held(slug: str) -> Process:
    """The row, held until commit, for a change. Raises Process.DoesNotExist."""
    rows = Process.objects.select_related("source", "primary", "secondary", "ladder")
    found: Process = rows.select_for_update(of=("self",), no_key=True).get(slug=slug)
    return found


def hold_all() -> None:
    """Every process there is, until commit."""
    list(Process.objects.select_for_update(no_key=True).order_by("slug").values_list("id"))


def save_process(
    process: Process | None, told: Described, *, by: Person | None, now: datetime, named: Collection[str] = EVERYTHING
) -> tuple[Process, bool]:  # fmt: skip
    """A new process, or this one as it is told; only fields that are `named`. False: nothing was different. `by` nobody: the command
    line.

    Systems and roles that nobody has named before are made.
    """
    before = described(process) if process else None
    with in_first_language():
        changes = changes_of(before or Described(slug="", name=""), told, named)
        words = [sentence(change) for change in changes] if before else [_("Written down.")]
    if process and not changes:
        return process, False
    process = process or Process(slug=_slug_for(told))
    _set_plain(process, told, named)
    _set_rows(process, told, named)
    process.edited_at = now
    process.save(force_insert=before is None)
    differ = {change.field for change in changes}
    if "stages" in differ:
        _set_stages(process, told.stages)
    if "feeds" in differ:
        _set_feeds(process, told.feeds, now=now)
    write_down(process, words, by=by, now=now)
    return process, True


def remove_process(process: Process) -> None:
    """With its stages, feeds and what they told. Raises ProtectedError where a ladder was climbed for it."""
    process.delete()


def taken_from_file(process: Process, *, now: datetime) -> None:
    """What was changed here is gone: the file has the word again."""
    with in_first_language():
        write_down(process, [_("Taken from the file that the matrix is loaded from.")], by=None, now=now)
    Process.objects.filter(id=process.id).update(edited_at=None)


def sentence(change: Change) -> str:
    words = {"what": change.label, "before": change.before or "–", "after": change.after or "–"}
    return _("%(what)s: “%(before)s” is “%(after)s” now.") % words


def in_first_language() -> override:
    """The district's: what is kept in words is kept in one language, whoever changed it."""
    languages = this_district().languages
    return override(str(languages[0]) if languages else "en")


def write_down(process: Process, words: Sequence[str], *, by: Person | None, now: datetime) -> None:
    ProcessChange(process=process, by=by, at=now, words=list(words)).save(force_insert=True)


def _slug_for(told: Described) -> str:
    wanted = told.slug or slugify(told.name)
    wanted = f"{wanted}-process" if wanted in RESERVED else wanted
    return free_slug(Process.objects.all(), wanted, most=100)


def _set_plain(process: Process, told: Described, named: Collection[str]) -> None:
    for name in PLAIN:
        if name in named:
            setattr(process, name, getattr(told, name))
    if "services" in named:
        process.services = list(told.services)


def _set_rows(process: Process, told: Described, named: Collection[str]) -> None:
    if "source" in named:
        process.source = system_named(told.source)
    if "targets" in named:
        process.targets = [system.slug for name in told.targets if (system := system_named(name))]
    if "primary" in named:
        process.primary = role_named(told.primary)
    if "secondary" in named:
        process.secondary = role_named(told.secondary)
    if "ladder" in named:
        process.ladder = Ladder.objects.filter(slug=told.ladder).first() if told.ladder else None


def system_named(name: str) -> System | None:
    """The system that is called so, in any case of its letters; made where there is none. None of an empty name."""
    if not name:
        return None
    found = System.objects.filter(name__iexact=name).first()
    if found is None:
        found = System(slug=free_slug(System.objects.all(), name, most=80), name=name)
        found.save(force_insert=True)
    return found


def role_named(name: str) -> OwnerRole | None:
    """As with systems. Nobody holds a role that was just made: the audit says so."""
    if not name:
        return None
    found = OwnerRole.objects.filter(name__iexact=name).first()
    if found is None:
        found = OwnerRole(slug=free_slug(OwnerRole.objects.all(), name, most=80), name=name)
        found.save(force_insert=True)
    return found


def ladder_slugs() -> list[str]:
    return list(Ladder.objects.values_list("slug", flat=True))


def _set_stages(process: Process, legs: Sequence[Leg]) -> None:
    Stage.objects.filter(process=process).delete()
    Stage.objects.bulk_create(
        Stage(process=process, order=order, name=leg.name, role=role_named(leg.role), system=system_named(leg.system))
        for order, leg in enumerate(legs, 1)
    )


# --- feeds --------------------------------------------------------------------------------------------------------------


def _set_feeds(process: Process, told: Sequence[Watched], *, now: datetime) -> None:
    """By name. One that is not told any more is not watched any more: what it told stays."""
    rows = Feed.objects.filter(process=process).select_for_update(no_key=True).order_by("id")  # what runs tell meanwhile comes after
    known = {feed.name.lower(): feed for feed in rows}
    kept = set()
    for one in told:
        feed = known.get(one.name.lower())
        kept.add(one.name.lower())
        put_feed(process, feed, _values(one) | {"active": True}, now=now)
    for name, feed in known.items():
        if name not in kept and feed.active:
            put_feed(process, feed, {"active": False}, now=now)


def put_feed(process: Process, feed: Feed | None, values: Mapping[str, Any], *, now: datetime) -> Feed:
    """New, or changed; watched from its first run on. What is expected next follows from its terms."""
    made = feed is None
    feed = feed or Feed(process=process, slug=free_slug(Feed.objects.all(), f"{process.slug}-{values['name']}", most=100), name="")
    before = (feed.terms, feed.active, feed.all_year)
    for name, value in values.items():
        setattr(feed, name, value)
    if made or before != (feed.terms, feed.active, feed.all_year):
        calendar = calendar_of(this_district(), now=now)
        expect(feed, next_time(feed, calendar, after=now) if feed.active else None)
    elif feed.active:
        expect(feed, feed.expected_at)
    if not feed.last_ping_at:
        feed.alert_at = None
    feed.releases = listened_to(feed) if made else feed.releases
    feed.save(force_insert=made)
    return feed


def save_feed(process: Process, feed: Feed | None, values: Mapping[str, Any], *, by: Person, now: datetime) -> tuple[Feed, bool]:
    """By a person, on a page. False: nothing was different."""
    before, made = described(process), feed is None
    was = (watched(feed), feed.active) if feed else None
    feed = put_feed(process, feed, values, now=now)
    if was == (watched(feed), feed.active):
        return feed, False
    Process.objects.filter(id=process.id).update(edited_at=now)
    with in_first_language():
        changes = [] if made else changes_of(before, described(process), {"feeds"})
        told = _("Watched by “%(feed)s”: %(terms)s.") % {"feed": feed.name, "terms": feed.terms}
        write_down(process, [sentence(change) for change in changes] or [told], by=by, now=now)
    return feed, True


# --- roles --------------------------------------------------------------------------------------------------------------


def save_role(role: OwnerRole | None, values: Mapping[str, Any]) -> OwnerRole:
    made = role is None
    role = role or OwnerRole(slug=free_slug(OwnerRole.objects.all(), values["name"], most=80))
    for name, value in values.items():
        setattr(role, name, value)
    role.save(force_insert=made)
    return role
