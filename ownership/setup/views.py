"""Set-up: ladders and their rungs, who is on call, and the address that makes a telephone ring."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from delivery import calls as ringing
from districts.editing import actor_of, for_administrators, row_or_404
from districts.models import Person
from ownership.duty import duties, turns
from ownership.ladders import building
from ownership.models import LadderChange, Rotation, Rung
from ownership.setup.forms import CallsForm, LadderForm, RotationForm, RungForm

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])
CHANGES_SHOWN = 30


def _me(request: HttpRequest) -> Person:
    """An administrator is a person: a key of a machine opens no page."""
    person = actor_of(request).person
    assert person is not None
    return person


# --- ladders ----------------------------------------------------------------------------------------------------------


@for_administrators
@ONE_FORM
def ladders(request: HttpRequest) -> HttpResponse:
    form = LadderForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        made = building.new_ladder(form.cleaned_data["name"], by=_me(request), now=timezone.now())
        messages.success(request, _("%(name)s is made. Add its first rung.") % {"name": made.name})
        return redirect("setup_rung_new", made.slug)
    rows = duties.ladders(building.DEFAULTS)
    return render(request, "ownership/setup/ladders.html", {"rows": rows, "form": form}, status=422 if form.errors else 200)


@for_administrators
@ONE_FORM
def ladder(request: HttpRequest, slug: str) -> HttpResponse:
    row, rungs = duties.get_ladder(slug)
    form = LadderForm(request.POST if request.method == "POST" else None, ladder=row)
    if form.is_valid():
        if building.rename(building.to_change(slug), form.cleaned_data["name"], by=_me(request), now=timezone.now()):
            messages.success(request, _("Saved."))
        return redirect("setup_ladder", slug)
    now = timezone.now()
    changes = LadderChange.objects.filter(ladder=row).select_related("by").order_by("-at", "-id")[:CHANGES_SHOWN]
    context = {
        "ladder": row, "rungs": duties.rung_views(rungs, now=now), "form": form, "changes": changes, "now": now,
        "used_by": duties.used_by(row), "default": slug in building.DEFAULTS,
        "drafted": any(rung._state.adding for rung in rungs),
    }  # fmt: skip
    return render(request, "ownership/setup/ladder.html", context, status=422 if form.errors else 200)


@for_administrators
@ONE_FORM
def rung(request: HttpRequest, slug: str, rung_id: UUID | None = None) -> HttpResponse:
    ladder_row, _rungs = duties.get_ladder(slug)
    rows = Rung.objects.filter(ladder__slug=slug).select_related("role", "team")
    row = row_or_404(rows, rung_id, request)
    form = RungForm(request.POST if request.method == "POST" else None, rung=row)
    if form.is_valid():
        if building.save_rung(building.to_change(slug), row, form.values(), by=_me(request), now=timezone.now()):
            messages.success(request, _("Saved. It holds from the next climb on."))
        else:
            messages.info(request, _("Nothing was different."))
        return redirect("setup_ladder", slug)
    context = {"form": form, "rung": row, "ladder": ladder_row}
    return render(request, "ownership/setup/rung.html", context, status=422 if form.errors else 200)


@for_administrators
@require_POST
def rung_remove(request: HttpRequest, slug: str, rung_id: UUID) -> HttpResponse:
    row = row_or_404(Rung.objects.filter(ladder__slug=slug).select_related("role", "team"), rung_id, request)
    try:
        if row:
            building.remove_rung(building.to_change(slug), row, by=_me(request), now=timezone.now())
            messages.success(request, _("The rung is taken away."))
    except building.LastRung as error:
        messages.error(request, str(error))
    return redirect("setup_ladder", slug)


# --- on call ----------------------------------------------------------------------------------------------------------


@for_administrators
@require_safe
def rotations(request: HttpRequest) -> HttpResponse:
    return render(request, "ownership/setup/rotations.html", {"rows": duties.on_call(timezone.now()), "now": timezone.now()})


@for_administrators
@ONE_FORM
def rotation(request: HttpRequest, rotation_id: UUID | None = None) -> HttpResponse:
    row = row_or_404(Rotation.objects.select_related("role", "team"), rotation_id, request)
    form = RotationForm(request.POST if request.method == "POST" else None, rotation=row)
    if form.is_valid():
        saved = turns.save_rotation(row, form.values(), form.people(), by=_me(request))
        messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
        return redirect("setup_rotations")
    return render(request, "ownership/setup/rotation.html", {"form": form, "rotation": row}, status=422 if form.errors else 200)


@for_administrators
@require_POST
def rotation_remove(request: HttpRequest, rotation_id: UUID) -> HttpResponse:
    row = row_or_404(Rotation.objects.all(), rotation_id, request)
    if row:
        turns.remove_rotation(row, by=_me(request))
        messages.success(request, _("The turns are removed. The role's holder or the team's lead is called again."))
    return redirect("setup_rotations")


# --- telephone calls --------------------------------------------------------------------------------------------------


@for_administrators
@ONE_FORM
def calls(request: HttpRequest) -> HttpResponse:
    known = ringing.hook()
    form = CallsForm(request.POST if request.method == "POST" else None, url=known.url if known else "")
    if form.is_valid():
        ringing.set_hook(form.cleaned_data["url"], renew=form.cleaned_data["renew"])
        messages.success(request, _("Saved."))
        if form.unknown:
            messages.warning(request, _("%(problem)s Until somebody does, nobody is called.") % {"problem": form.unknown})
        return redirect("setup_calls")
    context: dict[str, Any] = {"form": form, "hook": known}
    return render(request, "ownership/setup/calls.html", context, status=422 if form.errors else 200)
