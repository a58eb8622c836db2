"""Overrides: written down in twenty seconds, logged by a tap, looked at each month; leads see what all of them cost."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.access import Actor, Can, may
from districts.models import Person
from districts.queries import this_district
from ownership.changes.spreadsheets import as_csv
from ownership.covering import overrides, overrides_listed
from ownership.covering.overrides_form import OverrideForm, PeriodForm, ReviewForm, UseForm
from ownership.duty.roles import Roster
from ownership.models import OverrideReview, OverrideUse
from ownership.views import actor_of

USES_SHOWN = 12


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    form = OverrideForm(request.POST if request.method == "POST" else None, today=this_district().today(now))
    if form.is_valid():
        overrides.write_down(**form.cleaned_data, by=_me(actor), now=now)
        messages.success(request, _("It is written down. Tap “Did it again” each time, and somebody will ask whether it has to stay."))
        return redirect("overrides")
    context: dict[str, Any] = {
        "listed": overrides_listed.listed(actor, now=now), "form": form, "may_lead": may(actor, Can.LEAD), "now": now,
        "period": PeriodForm(today=this_district().today(now)),
    }  # fmt: skip
    return render(request, "ownership/covering/overrides.html", context, status=422 if form.errors else 200)


@login_required
@require_safe
def override(request: HttpRequest, override_id: UUID) -> HttpResponse:
    return _one(request, actor_of(request), override_id)


def _one(request: HttpRequest, actor: Actor, override_id: UUID, *, form: ReviewForm | None = None) -> HttpResponse:
    now = timezone.now()
    row = overrides_listed.one(actor, override_id, now=now)
    found, roster = row.override, Roster(now)
    context: dict[str, Any] = {
        "row": row, "override": found, "now": now, "form": form or ReviewForm(today=roster.today),
        "may_review": found.ended_at is None and overrides.may_review(actor, found, roster),
        "asked": overrides.asked_for(found, roster),
        "uses": OverrideUse.objects.filter(override=found).select_related("by").order_by("-at", "-id")[:USES_SHOWN],
        "reviews": OverrideReview.objects.filter(override=found).select_related("by").order_by("-at", "-id"),
    }  # fmt: skip
    return render(request, "ownership/covering/override.html", context, status=422 if form else 200)


@login_required
@require_POST
def again(request: HttpRequest, override_id: UUID) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    found, form = overrides_listed.seen(actor, override_id, now=now), UseForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Once to twenty times in one go."))
        return _back(request, override_id)
    times = form.cleaned_data["times"]
    if overrides.did_it(found, by=_me(actor), times=times, note=form.cleaned_data["note"], now=now):
        said = ngettext("Logged once: %(time)s.", "Logged %(n)d times: %(time)s.", times)
        messages.success(request, said % {"n": times, "time": overrides.hours(times * found.minutes)})
    else:
        messages.info(request, _("It is over: nothing is logged any more."))
    return _back(request, override_id)


@login_required
@require_POST
def take_back(request: HttpRequest, use_id: UUID) -> HttpResponse:
    """One's own tap, or any for leads."""
    actor = actor_of(request)
    use = OverrideUse.objects.filter(id=use_id).first()
    if use is None:
        raise Http404
    overrides_listed.seen(actor, use.override_id, now=timezone.now())
    if use.by_id != _me(actor).id and not may(actor, Can.LEAD):
        raise PermissionDenied
    overrides.take_back(use)
    messages.success(request, _("It is taken back."))
    return redirect("override", use.override_id)


@login_required
@require_POST
def review(request: HttpRequest, override_id: UUID) -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    found, roster = overrides_listed.seen(actor, override_id, now=now), Roster(now)
    if not overrides.may_review(actor, found, roster):
        raise PermissionDenied
    form = ReviewForm(request.POST, today=roster.today)
    if form.is_valid():
        try:
            if overrides.review(found.id, **form.cleaned_data, by=_me(actor), now=now):
                messages.success(request, _("Decided."))
            else:
                messages.info(request, _("It was over already."))
            return redirect("override", override_id)
        except overrides.NotLikeThat as error:
            form.add_error("until" if form.cleaned_data["words"].strip() else "words", str(error))
    return _one(request, actor, override_id, form=form)


@login_required
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """All of the chosen days, as CSV."""
    actor_of(request, Can.LEAD)
    now = timezone.now()
    form = PeriodForm(request.GET, today=this_district().today(now))
    if not form.is_valid():
        wrong = form.non_field_errors() or [_("These are no days: “2026-08-01”.")]
        messages.error(request, str(wrong[0]))
        return redirect("overrides")
    period = form.period(form.cleaned_data)
    rows = map(overrides_listed.cells, overrides_listed.in_period(period, now=now))
    return as_csv(f"overrides-{period.first}-{period.last}", overrides_listed.head(), rows)


def _back(request: HttpRequest, override_id: UUID) -> HttpResponse:
    return redirect("override", override_id) if request.POST.get("on") == "page" else redirect("overrides")


def _me(actor: Actor) -> Person:
    assert actor.person is not None  # a machine has no session
    return actor.person
