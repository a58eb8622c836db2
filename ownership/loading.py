"""Load a district's ownership matrix (systems, roles, processes, ladders, feeds) from its file. Twice is once: by slug."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.text import slugify

from districts.models import Person, Team
from districts.queries import calendar_of, this_district
from ownership import ladders, mapping
from ownership.feeds import expect, next_time
from ownership.models import Feed, Ladder, OwnerRole, Process, Rung, Stage, System

WAKES_BELOW = 60  # minutes: a promise as short as this may break somebody's night
STEP_MINUTES = 240  # for the top of a ladder, whose time has no end in the file
Data = Mapping[str, Any]


@dataclass
class Loaded:
    """By slug."""

    systems: dict[str, System] = field(default_factory=dict)
    roles: dict[str, OwnerRole] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)


def load_matrix(data: Data, now: datetime, holders: Mapping[str, Person] | None = None) -> Loaded:
    """Into the district in scope. `holders`: who has which role; roles without stay as they are.

    A promise that the grammar cannot say is kept as text; no process is left out.
    """
    loaded = Loaded()
    _systems(data, loaded)
    _roles(data, loaded, holders or {})
    receivers = _receivers(data["processes"])
    for row in data["processes"]:
        process = _process(row, loaded)
        loaded.processes[process.slug] = process
        _rungs(row, process, loaded)
        _stages(row, process, loaded, receivers)
        _feeds(row, process, now)
    ladders.fallback_ladder(ladders.TICKETS)
    return loaded


def _systems(data: Data, loaded: Loaded) -> None:
    names = dict.fromkeys(name for row in data["processes"] for name in (*row["systems"], row["source_system"], *row["target_systems"]))
    for name in names:
        system, _made = System.objects.update_or_create(slug=slugify(name), defaults={"name": name[:1].upper() + name[1:]})
        loaded.systems[name] = system


def _roles(data: Data, loaded: Loaded, holders: Mapping[str, Person]) -> None:
    teams = {team.slug: team for team in Team.objects.all()}
    for row in data["roles"]:
        values: dict[str, Any] = {"name": row["name"], "team": teams.get(row["team"] or "")}
        if row["slug"] in holders:
            values["holder"] = holders[row["slug"]]
        loaded.roles[row["slug"]], _made = OwnerRole.objects.update_or_create(slug=row["slug"], defaults=values)


def _process(row: Data, loaded: Loaded) -> Process:
    ladder, _made = Ladder.objects.update_or_create(slug=row["slug"], defaults={"name": row["name"]})
    values = {
        "name": row["name"], "source": loaded.systems[row["source_system"]], "ladder": ladder,
        "targets": [loaded.systems[name].slug for name in row["target_systems"]], "trigger": str(row["trigger"]["event"])[:300],
        "primary": loaded.roles.get(row["primary_owner_role"]), "secondary": loaded.roles.get(row["secondary_owner_role"] or ""),
        "promise": row["sla"]["short"], "promise_text": row["sla"]["text"], "fallback": row.get("manual_fallback") or "",
        "terms": mapping.promise(row["sla"]["short"], row["sla"]["structured"]),
    }  # fmt: skip
    process, _made = Process.objects.update_or_create(slug=row["slug"], defaults=values)
    return process


def _rungs(row: Data, process: Process, loaded: Loaded) -> None:
    promised = row["sla"]["structured"].get("within_minutes")
    wakes = promised is not None and promised < WAKES_BELOW
    for rung in row["escalation"]:
        until = rung["to_minute"]
        values = {
            "after_minutes": rung["from_minute"], "role": loaded.roles.get(rung["notify_role"]), "actions": rung["actions"],
            "step_minutes": until - rung["from_minute"] if until else STEP_MINUTES, "wakes": wakes,
        }  # fmt: skip
        Rung.objects.update_or_create(ladder=process.ladder, level=rung["level"], defaults=values)
    Rung.objects.filter(ladder=process.ladder).exclude(level__in=[rung["level"] for rung in row["escalation"]]).delete()


def _receivers(rows: list[Data]) -> dict[str, str]:
    """System → the role that answers for it: the owner of what leaves it, where that is one role only."""
    owners: dict[str, set[str]] = {}
    for row in rows:
        owners.setdefault(row["source_system"], set()).add(row["primary_owner_role"])
    return {system: next(iter(roles)) for system, roles in owners.items() if len(roles) == 1}


def _stages(row: Data, process: Process, loaded: Loaded, receivers: Mapping[str, str]) -> None:
    """It leaves its source with the primary owner; it arrives with whoever owns the target, else with the secondary."""
    legs = [(f"Leaves {row['source_system']}", row["primary_owner_role"], row["source_system"])]
    for target in row["target_systems"]:
        legs.append((f"Arrives in {target}", receivers.get(target, row["secondary_owner_role"]), target))
    for order, (name, role, system) in enumerate(legs, 1):
        values = {"name": name, "role": loaded.roles.get(role), "system": loaded.systems[system]}
        Stage.objects.update_or_create(process=process, order=order, defaults=values)
    Stage.objects.filter(process=process, order__gt=len(legs)).delete()


def _feeds(row: Data, process: Process, now: datetime) -> None:
    """Known, and what they are expected to do; watched from their first ping on."""
    calendar = calendar_of(this_district(), now=now)
    structured = row["sla"]["structured"]
    every_day = str(row["trigger"].get("cron", "")).endswith("* * *") and not structured.get("school_days_only")
    for name, terms in mapping.feeds(row["checks"], structured, every_day=every_day).items():
        slug, title = f"{process.slug}-{slugify(name)}"[:100], name[:1].upper() + name[1:]
        feed, made = Feed.objects.get_or_create(slug=slug, defaults={"process": process, "name": title, "terms": terms})
        if made or feed.terms != terms:
            feed.terms = terms
            expect(feed, next_time(feed, calendar, after=now))
            feed.alert_at = feed.alert_at if feed.last_ping_at else None
            feed.save(update_fields=["terms", "expected_at", "alert_at"])
