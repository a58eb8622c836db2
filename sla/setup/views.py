"""Set-up: what can be asked for and what is promised for it, and the school days ahead."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.actions import Taken
from districts.editing import actor_of, for_administrators, row_or_404
from districts.models import CalendarDay, Priority, Service
from districts.queries import calendar_of, teams
from sla import catalog
from sla.models import Policy
from sla.policies import rules_here
from sla.setup.days import hours_words, stretches, weekly
from sla.setup.forms import FIRST, NAME_OF, RESOLVE, DaysForm, PromisesForm, ServiceForm
from sla.setup.reading import read

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])
SHOWN_BACK = timedelta(days=7)  # what was closed last week is still on the list


# --- services -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offered:
    service: Service
    first: str
    resolve: str
    own: bool  # has a promise of its own


@for_administrators
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("q", "").replace("\0", "").strip()
    found = Service.objects.select_related("team").order_by("team__name", "-active", "name")
    if asked:
        found = found.filter(Q(name__icontains=asked) | Q(team__name__icontains=asked))
    own = set(Policy.objects.filter(service__isnull=False).values_list("service_id", flat=True))
    rows = [Offered(s, _promised(FIRST, s), _promised(RESOLVE, s), s.id in own) for s in found]
    return render(request, "setup/services.html", {"rows": rows, "asked": asked, "any_team": teams().exists()})


def _promised(kind: str, service: Service) -> str:
    return rules_here().terms(kind, service_id=service.id, priority=service.priority).sentence()


@for_administrators
@ONE_FORM
def service(request: HttpRequest, service_id: UUID | None = None) -> HttpResponse:
    row = row_or_404(Service.objects.all(), service_id, request)
    form = ServiceForm(request.POST if request.method == "POST" else None, service=row, usual=_usual(row))
    if form.is_valid():
        try:
            saved = catalog.save_service(
                row, values=form.values(), promises=form.promises(), by=actor_of(request).person, now=timezone.now()
            )
        except Taken:
            form.add_error("name", _("There is one of this name already."))
        else:
            said = {"name": saved.name, "first": _promised(FIRST, saved), "resolve": _promised(RESOLVE, saved)}
            messages.success(request, _("%(name)s is saved. First response: %(first)s Resolution: %(resolve)s") % said)
            return redirect("setup_services")
    values = {"form": form, "service": row, "terms": [form[name] for name in NAME_OF.values()]}
    return render(request, "setup/service.html", values, status=422 if form.errors else 200)


def _usual(service: Service | None) -> dict[str, str]:
    """What holds where a service has no promise of its own, by kind of clock."""
    priority = service.priority if service else Priority.NORMAL
    return {kind: str(rules_here().terms(kind, service_id=None, priority=priority)) for kind in (FIRST, RESOLVE)}


# --- promises -----------------------------------------------------------------------------------------------------------


@for_administrators
@ONE_FORM
def promises(request: HttpRequest) -> HttpResponse:
    form = PromisesForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if catalog.promise(form.promises(), by=actor_of(request).person, now=timezone.now()):
            messages.success(request, _("Saved. Requests that are open get their new times within a minute."))
        else:
            messages.info(request, _("Nothing was different."))
        return redirect("setup_promises")
    return render(request, "setup/promises.html", {"form": form}, status=422 if form.errors else 200)


@for_administrators
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """How the words in one field are read; asked for while somebody types."""
    typed = str(next(iter(request.GET.values()), ""))
    return render(request, "setup/service.html#reading", {"reading": read(typed[:400])})


# --- the calendar -------------------------------------------------------------------------------------------------------


@for_administrators
@ONE_FORM
def calendar(request: HttpRequest) -> HttpResponse:
    district, now = request.district, timezone.now()  # type: ignore[attr-defined]
    form = DaysForm(request.POST if request.method == "POST" else None, today=district.today(now))
    if form.is_valid():
        try:
            entered = catalog.enter_days(**form.values(), district=district, by=actor_of(request).person, now=now)
        except Taken:
            form.add_error(
                None, _("Somebody else changed this while you were at it, and nothing was saved. What you typed is still here.")
            )
        else:
            messages.success(request, _entered(entered))
            return redirect("setup_calendar")
    return render(request, "setup/calendar.html", {"form": form, **_ahead(request)}, status=422 if form.errors else 200)


def _entered(entered: catalog.Entered) -> str:
    said = ngettext("%(n)d day is entered.", "%(n)d days are entered.", entered.days) % {"n": entered.days}
    if entered.replaced:
        text = ngettext(
            "%(n)d date was something else before and was replaced.", "%(n)d dates were something else before and were replaced.",
            entered.replaced,
        )  # fmt: skip
        said += " " + text % {"n": entered.replaced}
    if entered.rederived:
        text = ngettext(
            "The time of %(n)d open request is counted again.", "The times of %(n)d open requests are counted again.",
            entered.rederived,
        )  # fmt: skip
        said += " " + text % {"n": entered.rederived}
    return said


def _ahead(request: HttpRequest) -> dict[str, Any]:
    district, now = request.district, timezone.now()  # type: ignore[attr-defined]
    today = district.today(now)
    here = calendar_of(district, now=now)
    rows = CalendarDay.objects.filter(date__gte=today - SHOWN_BACK).select_related("site").order_by("date")
    return {
        "stretches": stretches(list(rows)), "weekly": weekly(here.seasons), "today": today,
        "hours_today": hours_words(here.hours(today)),
    }  # fmt: skip


@for_administrators
@require_POST
def days_remove(request: HttpRequest) -> HttpResponse:
    ids = [found for given in request.POST.getlist("day")[: catalog.MOST_DAYS] if (found := _uuid(given))]
    gone = catalog.remove_days(ids, district=request.district, by=actor_of(request).person, now=timezone.now())  # type: ignore[attr-defined]
    if gone:
        text = ngettext(
            "%(n)d day is removed: the weekly hours hold again.", "%(n)d days are removed: the weekly hours hold again.", gone
        )
        messages.success(request, text % {"n": gone})
    else:
        messages.info(request, _("It was removed already."))
    return redirect("setup_calendar")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
