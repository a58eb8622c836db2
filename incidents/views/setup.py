"""Set-up: the district's outage plan, its paper forms, and what a feed in trouble does."""

import re
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from districts.access import Can, require
from districts.models import Team
from districts.told import cleaned
from incidents import actions, forms, gate, playbook
from incidents.actions import Refused
from incidents.models import Action, Kind, Level, PaperKind, ProcessRule, Rules
from incidents.starting import running
from incidents.views.doors import actor_of, staff_only
from incidents.views.given import a_number
from ownership.models import Process

MARKS = {Kind.DECIDE: "?", Kind.CHECK: "!", Kind.SCHOOL: "*"}
_TEAM = re.compile(r"@([\w-]+):\s*(.+)")


@staff_only
def plan(request: HttpRequest) -> HttpResponse:
    require(actor_of(request), Can.ADMIN)
    playbook.ensure()
    return _page(request)


def _page(request: HttpRequest, *, wrong: forms.LevelForm | None = None, level: Level | None = None, status: int = 200) -> HttpResponse:
    levels = Level.objects.select_related("role").order_by("number")
    rules = dict(ProcessRule.objects.values_list("process_id", "starts"))
    shown = [(one, wrong if wrong and level and one.id == level.id else _form(one)) for one in levels]
    context = {
        "levels": shown, "long_minutes": playbook.long_minutes(), "kinds": PaperKind.objects.order_by("order"),
        "processes": [(p, rules.get(p.id, ProcessRule.Starts.OFFER)) for p in Process.objects.order_by("name")],
        "starts": ProcessRule.Starts.choices, "teams": Team.objects.order_by("slug"), "runs": running().exists(),
    }  # fmt: skip
    return render(request, "incidents/setup.html", context, status=status)


def _form(level: Level) -> forms.LevelForm:
    lines = "\n".join(_line(action) for action in level.actions.select_related("team").order_by("order"))
    names = ("name", "after_minutes", "step_minutes", "role", "wakes")
    return forms.LevelForm(prefix=str(level.number), initial={**{name: getattr(level, name) for name in names}, "actions": lines})


def _line(action: Action) -> str:
    if action.kind == Kind.BACKUP:
        return f"@{action.team.slug}: {action.title}" if action.team else action.title
    mark = MARKS.get(Kind(action.kind), "")
    return f"{mark} {action.title}".strip()


@staff_only
@require_POST
def level(request: HttpRequest, level_id: UUID) -> HttpResponse:
    require(actor_of(request), Can.ADMIN)
    row = get_object_or_404(Level, id=level_id)
    form = forms.LevelForm(request.POST, prefix=str(row.number))
    if not form.is_valid():
        return _page(request, wrong=form, level=row, status=422)
    teams = {team.slug: team for team in Team.objects.all()}
    given = form.cleaned_data
    read = [_read(line, teams) for line in given["actions"].splitlines() if line.strip()]
    if unknown := next((one["unknown"] for one in read if "unknown" in one), ""):
        form.add_error("actions", _("There is no team “%(slug)s”.") % {"slug": unknown})
        return _page(request, wrong=form, level=row, status=422)
    try:
        with transaction.atomic():
            before = gate.steps_of(row)
            _keep(row, given, read)
            left = gate.steps_of(row)
            taken = [title for title in before if title not in left]
            actions.plan_changed(
                row, taken=taken, reason=given["reason"], running=list(running()), by=actor_of(request).person, now=timezone.now()
            )
    except Refused as refused:
        form.add_error("reason", str(refused))
        return _page(request, wrong=form, level=Level.objects.get(id=level_id), status=422)
    messages.success(request, _("Level %(number)d is as you wrote it, from the next outage on.") % {"number": row.number})
    return redirect("setup_outages")


def _keep(row: Level, given: dict[str, Any], read: list[dict[str, Any]]) -> None:
    for name in ("name", "after_minutes", "step_minutes", "role", "wakes"):
        setattr(row, name, given[name])
    row.save()
    roles = dict(row.actions.exclude(role=None).values_list("title", "role_id"))
    row.actions.all().delete()
    Action.objects.bulk_create(Action(level=row, order=n, role_id=roles.get(one["title"]), **one) for n, one in enumerate(read))


def _read(line: str, teams: dict[str, Team]) -> dict[str, Any]:
    line = line.strip()
    if match := _TEAM.fullmatch(line):
        team = teams.get(match[1])
        return {"kind": Kind.BACKUP, "team": team, "title": match[2][:300]} if team else {"unknown": match[1]}
    for kind, mark in MARKS.items():
        if line.startswith(mark) and line[1:].strip():
            return {"kind": kind, "title": line[1:].strip()[:300]}
    return {"kind": Kind.DO, "title": line[:300]}


@staff_only
@require_POST
def rules(request: HttpRequest) -> HttpResponse:
    """What counts as long, and what a feed in trouble does for each process."""
    require(actor_of(request), Can.ADMIN)
    minutes = a_number(request.POST.get("long_minutes", ""), least=1, most=10_000)
    if minutes is None:
        messages.error(request, _("Minutes are a number between 1 and 10,000. Nothing was changed."))
        return redirect("setup_outages")
    Rules.objects.update_or_create(defaults={"long_minutes": minutes})
    for process in Process.objects.all():
        starts = request.POST.get(f"process-{process.id}")
        if starts in ProcessRule.Starts.values:
            ProcessRule.objects.update_or_create(process=process, defaults={"starts": starts})
    messages.success(request, _("Kept."))
    return redirect("setup_outages")


@staff_only
@require_POST
def paper_kind(request: HttpRequest, kind_id: UUID) -> HttpResponse:
    require(actor_of(request), Can.ADMIN)
    row = get_object_or_404(PaperKind, id=kind_id)
    name = cleaned(request.POST.get("name", "")).strip()
    lines = [one.strip()[:80] for one in cleaned(request.POST.get("lines", "")).splitlines() if one.strip()]
    rows = a_number(request.POST.get("rows", ""), least=1, most=60)
    if not name or not lines or rows is None:
        messages.error(request, _("A form needs a name, a line at least, and between 1 and 60 rows."))
        return redirect("setup_outages")
    PaperKind.objects.filter(id=row.id).update(name=name[:120], lines=lines[:30], rows=rows)
    messages.success(request, _("The form “%(name)s” is as you wrote it.") % {"name": name})
    return redirect("setup_outages")
