"""Load a district's ownership matrix (systems, roles, processes, ladders, feeds) from its file. Twice is once: by slug."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.text import slugify

from districts.models import DistrictModel, Person, Team
from districts.queries import calendar_of, this_district
from ownership.feeds.pings import expect, next_time
from ownership.keeping import mapping, writing
from ownership.ladders import building, climbing
from ownership.models import Feed, Ladder, OwnerRole, Process, Rung, Stage, System
from ownership.triggers.firing import keep_releases

WAKES_BELOW = 60  # minutes: a promise as short as this may break somebody's night
TO_SIGN = 60  # minutes in which somebody who looks signs
STEP_MINUTES = 240  # for the top of a ladder, whose time has no end in the file
Data = Mapping[str, Any]


@dataclass
class Loaded:
    """By slug; systems by the name the file gives them."""

    systems: dict[str, System] = field(default_factory=dict)
    roles: dict[str, OwnerRole] = field(default_factory=dict)
    ladders: dict[str, Ladder] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    kept: list[Ladder] = field(default_factory=list)  # as they were changed here, whatever the file says
    replaced: list[Ladder] = field(default_factory=list)  # with what was changed here
    kept_processes: list[Process] = field(default_factory=list)
    replaced_processes: list[Process] = field(default_factory=list)


def load_matrix(
    data: Data, now: datetime, holders: Mapping[str, Person] | None = None, *, take_file: bool = False
) -> Loaded:  # fmt: skip
    """Into the district in scope. `holders`: who has which role; roles without stay as they are.

    A promise that the grammar cannot say is kept as text; no process is left out. A ladder or a process that was changed on our pages
    stays as it is, whole (rungs follow from one another; feeds go with their process), unless `take_file`.
    """
    rows: Sequence[Data] = data["processes"]
    loaded = Loaded()
    loaded.systems = _systems(rows)
    loaded.roles = _roles(data["roles"], holders or {})
    _ladders(rows, loaded, now, take_file=take_file)
    mine = _edited(rows, loaded, now, take_file=take_file)
    fresh = [row for row in rows if row["slug"] not in mine]
    loaded.processes = mine | _processes(fresh, loaded)
    kept = {ladder.slug for ladder in loaded.kept}
    _rungs([row for row in rows if row["slug"] not in kept], loaded)
    _stages(fresh, loaded)
    _feeds(fresh, loaded, now)
    climbing.fallback_ladder(climbing.TICKETS)
    return loaded


def _by_slug[Row: DistrictModel](model: type[Row], rows: Sequence[Row], fields: Sequence[str]) -> dict[str, Any]:
    """Insert, or bring `fields` up to date where the slug is known; as they stand in the database."""
    model.objects.bulk_create(rows, update_conflicts=True, unique_fields=["district", "slug"], update_fields=fields)
    slugs = [getattr(row, "slug") for row in rows]  # noqa: B009  every model here has one
    return {getattr(row, "slug"): row for row in model.objects.filter(slug__in=slugs)}  # noqa: B009


def _systems(rows: Sequence[Data]) -> dict[str, System]:
    names = dict.fromkeys(name for row in rows for name in (*row["systems"], row["source_system"], *row["target_systems"]))
    slugs = {name: slugify(name) for name in names}
    made = _by_slug(System, [System(slug=slug, name=capitalised(name)) for name, slug in slugs.items()], ["name"])
    return {name: made[slug] for name, slug in slugs.items()}


def _roles(rows: Sequence[Data], holders: Mapping[str, Person]) -> dict[str, OwnerRole]:
    teams = {team.slug: team for team in Team.objects.all()}
    roles = [OwnerRole(slug=row["slug"], name=row["name"], team=teams.get(row["team"] or "")) for row in rows]
    known = _by_slug(OwnerRole, roles, ["name", "team"])
    held = [role for slug, role in known.items() if slug in holders]
    for role in held:
        role.holder = holders[role.slug]
    OwnerRole.objects.bulk_update(held, ["holder"])
    return known


def _edited(rows: Sequence[Data], loaded: Loaded, now: datetime, *, take_file: bool) -> dict[str, Process]:
    """By slug, those that stay as they were changed here. Somebody who changes one just now is waited for."""
    edited = Process.objects.filter(slug__in=[row["slug"] for row in rows], edited_at__isnull=False).order_by("slug")
    found = list(edited.select_for_update(no_key=True))
    loaded.kept_processes, loaded.replaced_processes = ([], found) if take_file else (found, [])
    for process in loaded.replaced_processes:
        writing.taken_from_file(process, now=now)
    return {process.slug: process for process in loaded.kept_processes}


def _processes(rows: Sequence[Data], loaded: Loaded) -> dict[str, Process]:
    values = [_process(row, loaded) for row in rows]
    return _by_slug(Process, [Process(**v) for v in values], [name for name in values[0] if name != "slug"]) if values else {}


def _process(row: Data, loaded: Loaded) -> dict[str, Any]:
    return {
        "slug": row["slug"], "name": row["name"], "source": loaded.systems[row["source_system"]],
        "targets": [loaded.systems[name].slug for name in row["target_systems"]], "trigger": str(row["trigger"]["event"])[:300],
        "primary": loaded.roles.get(row["primary_owner_role"]), "secondary": loaded.roles.get(row["secondary_owner_role"] or ""),
        "promise": row["sla"]["short"], "promise_text": row["sla"]["text"], "fallback": row.get("manual_fallback") or "",
        "services": list(row.get("related_services") or ()),
        "terms": mapping.promise(row["sla"]["short"], row["sla"]["structured"]), "ladder": loaded.ladders[row["slug"]],
    }  # fmt: skip


def _ladders(rows: Sequence[Data], loaded: Loaded, now: datetime, *, take_file: bool) -> None:
    """One for each process, by its slug. Somebody who changes one just now is waited for."""
    slugs = [row["slug"] for row in rows]
    edited = list(Ladder.objects.filter(slug__in=slugs, edited_at__isnull=False).order_by("slug").select_for_update(no_key=True))
    loaded.kept, loaded.replaced = ([], edited) if take_file else (edited, [])
    kept = {ladder.slug: ladder for ladder in loaded.kept}
    fresh = [Ladder(slug=row["slug"], name=row["name"]) for row in rows if row["slug"] not in kept]
    loaded.ladders = kept | _by_slug(Ladder, fresh, ["name"])
    for ladder in loaded.replaced:
        building.taken_from_file(ladder, now=now)


def _rungs(rows: Sequence[Data], loaded: Loaded) -> None:
    rungs = [_rung(rung, row, loaded) for row in rows for rung in row["escalation"]]
    plain, whole = ["after_minutes", "role", "actions", "step_minutes", "wakes"], ["name", "team", "channels"]
    taken = {ladder.id for ladder in loaded.replaced}
    for mine, fields in ((False, plain), (True, [*plain, *whole])):
        some = [rung for rung in rungs if (rung.ladder_id in taken) is mine]
        Rung.objects.bulk_create(some, update_conflicts=True, unique_fields=["district", "ladder", "level"], update_fields=fields)
    kept = {(rung.ladder_id, rung.level) for rung in rungs}
    there = Rung.objects.filter(ladder__in={loaded.ladders[row["slug"]].id for row in rows}).values_list("id", "ladder_id", "level")
    Rung.objects.filter(id__in=[id_ for id_, ladder_id, level in there if (ladder_id, level) not in kept]).delete()


def _rung(rung: Data, row: Data, loaded: Loaded) -> Rung:
    since, until = rung["from_minute"], rung["to_minute"]
    promised = row["sla"]["structured"].get("within_minutes")
    return Rung(
        ladder=loaded.ladders[row["slug"]], level=rung["level"], after_minutes=since, actions=rung["actions"],
        role=loaded.roles.get(rung["notify_role"]), step_minutes=until - since if until else STEP_MINUTES,
        wakes=promised is not None and promised < WAKES_BELOW,
    )  # fmt: skip


def _stages(rows: Sequence[Data], loaded: Loaded) -> None:
    """It leaves its source with the primary owner; it arrives with whoever owns the target, else with the secondary."""
    receivers = _receivers(rows)
    stages = [stage for row in rows for stage in _legs(row, loaded, receivers)]
    Stage.objects.filter(process__in=[loaded.processes[row["slug"]] for row in rows]).delete()
    Stage.objects.bulk_create(stages)


def _receivers(rows: Sequence[Data]) -> dict[str, str]:
    """System → the role that answers for it: the owner of what leaves it, where that is one role only."""
    owners: dict[str, set[str]] = {}
    for row in rows:
        owners.setdefault(row["source_system"], set()).add(row["primary_owner_role"])
    return {system: next(iter(roles)) for system, roles in owners.items() if len(roles) == 1}


def _legs(row: Data, loaded: Loaded, receivers: Mapping[str, str]) -> list[Stage]:
    legs = [(f"Leaves {row['source_system']}", row["primary_owner_role"], row["source_system"])]
    legs += [(f"Arrives in {name}", receivers.get(name, row["secondary_owner_role"]), name) for name in row["target_systems"]]
    process = loaded.processes[row["slug"]]
    return [
        Stage(process=process, order=order, name=name, role=loaded.roles.get(role or ""), system=loaded.systems[system])
        for order, (name, role, system) in enumerate(legs, 1)
    ]


def _feeds(rows: Sequence[Data], loaded: Loaded, now: datetime) -> None:
    """Known, and what they are expected to do; watched from their first ping on."""
    calendar = calendar_of(this_district(), now=now)
    there = Feed.objects.filter(process__in=[loaded.processes[row["slug"]] for row in rows])
    known = {feed.slug: feed for feed in there.select_for_update(no_key=True).order_by("id")}  # what runs tell meanwhile comes after
    feeds = [feed for row in rows for feed in _named(row, loaded.processes[row["slug"]])]
    for feed in feeds:
        before = known.get(feed.slug)
        if before:
            feed.id, feed.last_ping_at, feed.expected_at, feed.alert_at, feed.ask_at = (
                before.id, before.last_ping_at, before.expected_at, before.alert_at, before.ask_at,
            )  # fmt: skip
        if before is None or before.terms != feed.terms:
            expect(feed, next_time(feed, calendar, after=now))
            feed.alert_at = feed.alert_at if feed.last_ping_at else None
    Feed.objects.bulk_create([feed for feed in feeds if feed.slug not in known])
    columns = ["name", "terms", "kind", "grace_minutes", "expected_at", "alert_at", "ask_at"]
    Feed.objects.bulk_update([feed for feed in feeds if feed.slug in known], columns)
    keep_releases()


def _named(row: Data, process: Process) -> list[Feed]:
    structured = row["sla"]["structured"]
    every_day = str(row["trigger"].get("cron", "")).endswith("* * *") and not structured.get("school_days_only")
    named = mapping.feeds(row["checks"], structured, every_day=every_day)
    return [
        Feed(process=process, slug=f"{process.slug}-{slugify(name)}"[:100], name=capitalised(name), terms=terms, **_looked_at(terms))
        for name, terms in named.items()
    ]


def _looked_at(terms: str) -> dict[str, Any]:
    """Several times of one day are somebody's who looks: they are asked, and have an hour to sign."""
    return {"kind": Feed.Kind.CHECK, "grace_minutes": TO_SIGN} if terms.startswith("checks at") else {}


def capitalised(name: str) -> str:
    """As a heading, leaving the rest as it is ("PlanRight report")."""
    return name[:1].upper() + name[1:]
