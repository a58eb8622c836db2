"""What rests on one person, who stands in, and the monthly rotation in which people learn from each other: for leads."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from districts.access import Can
from districts.models import Person
from districts.queries import this_district
from ownership.covering import keypersons, rotation
from ownership.covering.keypersons import Resting
from ownership.covering.keypersons_form import CoverForm, MoveForm
from ownership.duty.duties import staff
from ownership.models import Cover
from ownership.views import actor_of


@login_required
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    actor_of(request, Can.LEAD)
    now = timezone.now()
    found = keypersons.register(now=now, days=keypersons.days_of(request.GET.get("days", "")))
    context: dict[str, Any] = {
        "found": found, "now": now, "choices": (30, 90, 180, 365), "enough": keypersons.AT_LEAST, "share": keypersons.SHARE,
    }  # fmt: skip
    return render(request, "ownership/covering/register.html", context)


@login_required
@require_safe
def person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """If this person is away next week."""
    actor_of(request, Can.LEAD)
    now = timezone.now()
    someone = staff().filter(id=person_id).first()
    if someone is None:
        raise Http404
    found = keypersons.register(now=now, days=keypersons.days_of(request.GET.get("days", "")))
    nothing = Resting(someone, (), keypersons.leaves_ahead(now=now).get(someone.id))
    row = next((row for row in found.people if row.person.id == person_id), nothing)
    others = [one for one in staff() if one.id != someone.id]
    today = this_district().today(now)
    rows = [
        (risk, CoverForm(today=today, people=others, initial={
            "kind": risk.thing.kind, "slug": risk.thing.slug, "teacher": someone.id, "n": n,
        })) for n, risk in enumerate(row.risks)
    ]  # fmt: skip
    return render(request, "ownership/covering/person.html", {"row": row, "rows": rows, "days": found.days, "now": now})


@login_required
@require_POST
def cover(request: HttpRequest) -> HttpResponse:
    """Somebody stands in for something: trained, or planned for a month."""
    me, now = _lead(request), timezone.now()
    form = CoverForm(request.POST, today=this_district().today(now))
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return _back(request)
    data = form.cleaned_data
    if (data["kind"], data["slug"]) not in keypersons.names():
        raise Http404
    made = rotation.plan(
        data["kind"], slug=data["slug"], person=data["person"], teacher=data["teacher"], month=data["month"], note=data["note"], by=me,
        now=now,
    )  # fmt: skip
    if made.planned_for:
        said = _("%(name)s learns it in %(month)s.")
        messages.success(request, said % {"name": made.person.name, "month": date_format(made.planned_for, "YEAR_MONTH_FORMAT")})
    else:
        messages.success(request, _("%(name)s can stand in.") % {"name": made.person.name})
    return _back(request)


@login_required
@require_safe
def planner(request: HttpRequest) -> HttpResponse:
    actor_of(request, Can.LEAD)
    now = timezone.now()
    today = this_district().today(now)
    found, people = keypersons.register(now=now), list(staff())
    proposed = [
        (one, CoverForm(today=today, people=people, initial={
            "kind": one.risk.thing.kind, "slug": one.risk.thing.slug, "teacher": one.risk.person.id, "person": one.learner.id,
            "month": one.month, "n": n,
        })) for n, one in enumerate(rotation.proposals(found, now=now))
    ]  # fmt: skip
    months = rotation.calendar(now=now)
    context: dict[str, Any] = {
        "months": months, "empty": [month.first for month in months if not month.lessons], "proposals": proposed,
        "uncovered": len(found.uncovered),
        "move": MoveForm(today=today), "now": now,
    }  # fmt: skip
    return render(request, "ownership/covering/rotation.html", context)


@login_required
@require_POST
def trained(request: HttpRequest, cover_id: UUID) -> HttpResponse:
    me, found = _lead(request), _cover(cover_id)
    if rotation.trained(found.id, by=me, now=timezone.now()):
        messages.success(request, _("%(name)s can stand in from now on.") % {"name": found.person.name})
    else:
        messages.info(request, _("Nothing was different."))
    return _back(request)


@login_required
@require_POST
def move(request: HttpRequest, cover_id: UUID) -> HttpResponse:
    _lead(request)
    found, form = _cover(cover_id), MoveForm(request.POST, today=this_district().today(timezone.now()))
    if form.is_valid() and rotation.move(found.id, month=form.cleaned_data["month"]):
        messages.success(request, _("Moved."))
    else:
        messages.error(request, _("Choose one of the next twelve months."))
    return _back(request)


@login_required
@require_POST
def remove(request: HttpRequest, cover_id: UUID) -> HttpResponse:
    _lead(request)
    rotation.remove(_cover(cover_id))
    messages.success(request, _("It is taken off."))
    return _back(request)


def _cover(cover_id: UUID) -> Cover:
    found: Cover | None = keypersons.covers().filter(id=cover_id).first()
    if found is None:
        raise Http404
    return found


def _lead(request: HttpRequest) -> Person:
    found = actor_of(request, Can.LEAD).person
    assert found is not None  # a machine has no session
    return found


def _back(request: HttpRequest) -> HttpResponse:
    to = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(to, allowed_hosts=None) and to.startswith("/")
    return redirect(to if safe else reverse("rotation_planner"))
