"""Set-up: the school year as one looks at it, its days and the weekly hours."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from districts.actions import Taken
from districts.editing import actor_of, for_administrators
from districts.models import CalendarDay, District, Site
from districts.queries import calendar_from, calendar_of, day_rows, holding, sites
from sla.school import changing, telling, year
from sla.setup.calendar.forms import DaysForm, NumberedForm, shown_windows
from sla.setup.calendar.hours import HoursForm
from sla.setup.days import hours_words, stretches, weekly

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])
SHOWN_BACK = timedelta(days=7)  # what was closed last week is still on the list
YEARS = 10  # back and ahead: more is a slip in an address


def district_of(request: HttpRequest) -> District:
    district: District = request.district  # type: ignore[attr-defined]
    return district


# --- the year and its days --------------------------------------------------------------------------------------------------


@for_administrators
@ONE_FORM
def calendar(request: HttpRequest) -> HttpResponse:
    district, now = district_of(request), timezone.now()
    today = district.today(now)
    site = asked_site(request)
    shown = _shown(request, district, site)
    form = DaysForm(request.POST if request.method == "POST" else None, today=today, shown=shown)
    if form.is_valid():
        try:
            entered = changing.enter_days(**form.values(), district=district, by=actor_of(request).person, now=now)
        except Taken as taken:
            refused(form, taken)
        else:
            messages.success(request, entered_words(entered))
            return redirect(f"{reverse('setup_calendar')}{_kept(request)}")
    values = {"form": form, "site": site, "chosen": shown, **_year(request, site, today), **_ahead(district, now), **last_change()}
    return render(request, "setup/calendar.html", values, status=422 if form.errors else 200)


def asked_site(request: HttpRequest) -> Site | None:
    found = _uuid(request.GET.get("site", ""))
    site: Site | None = sites().filter(id=found).first() if found else None
    return site


def _shown(request: HttpRequest, district: District, site: Site | None) -> dict[str, Any]:
    """The day that was clicked, as it is now."""
    first, last = _date(request.GET.get("first", "")), _date(request.GET.get("last", ""))
    if first is None:
        return {"site": str(site.id)} if site else {}
    rows = holding(day_rows(first, first), site.id if site else None)
    row, here = rows.get(first), calendar_from(district, rows)
    kind = row.kind if row else _kind_of(here.day_kind(first))
    hours = [[f"{a // 60:02d}:{a % 60:02d}", f"{b // 60:02d}:{b % 60:02d}"] for a, b in here.hours(first)]
    own = row.windows if row else hours if kind == CalendarDay.Kind.EARLY else None
    shown = {"first": first, "last": last, "kind": kind, "name": row.name if row else "", "site": str(site.id) if site else ""}
    return shown | shown_windows(own)


def _kind_of(kind: str) -> str:
    return str(kind) if kind in CalendarDay.Kind.values else CalendarDay.Kind.CLOSURE


def refused(form: NumberedForm, taken: Taken) -> None:
    if isinstance(taken, changing.ChangedMeanwhile):
        form.meanwhile(telling.meanwhile(taken.change, taken.dates))
    else:
        form.meanwhile(_("Somebody else changed this while you were at it, and nothing was saved. What you typed is still here."))


def entered_words(entered: changing.Changed) -> str:
    said = ngettext("%(n)d day is entered.", "%(n)d days are entered.", entered.days) % {"n": entered.days}
    if entered.number is None:
        return _("Nothing was different.")
    if entered.replaced:
        text = ngettext(
            "%(n)d date was something else before and was replaced.", "%(n)d dates were something else before and were replaced.",
            entered.replaced,
        )  # fmt: skip
        said += " " + text % {"n": entered.replaced}
    return said + recounted(entered)


def recounted(changed: changing.Changed) -> str:
    if not changed.rederived:
        return ""
    text = ngettext(
        "The time of %(n)d open request is counted again.", "The times of %(n)d open requests are counted again.", changed.rederived
    )
    return " " + text % {"n": changed.rederived}


def _year(request: HttpRequest, site: Site | None, today: date) -> dict[str, Any]:
    district = district_of(request)
    first = asked_year(request, year.begins(district, today))
    shown = year.year_of(district, site.id if site else None, first=first, today=today)
    return {
        "year": shown, "before": first.year - 1, "after": first.year + 1, "sites": sites(), "heads": year.weekday_heads(),
        "query": urlencode({"year": first.year, **({"site": site.id} if site else {})}),
    }  # fmt: skip


def asked_year(request: HttpRequest, usual: date) -> date:
    asked = request.GET.get("year", "")
    near = asked.isascii() and asked.isdecimal() and abs(int(asked[:4]) - usual.year) <= YEARS
    return usual.replace(year=int(asked[:4])) if near else usual


def _ahead(district: District, now: datetime) -> dict[str, Any]:
    today = district.today(now)
    here = calendar_of(district, now=now)
    rows = CalendarDay.objects.filter(date__gte=today - SHOWN_BACK).select_related("site").order_by("date")
    return {
        "stretches": stretches(list(rows)), "weekly": weekly(here.seasons), "today": today,
        "hours_today": hours_words(here.hours(today)),
    }  # fmt: skip


def last_change() -> dict[str, Any]:
    change = changing.undoable()
    return {"last": change, "last_told": telling.told(change) if change else ""}


def _kept(request: HttpRequest) -> str:
    """The year and the place one was looking at."""
    kept = {name: request.GET[name] for name in ("year", "site") if request.GET.get(name)}
    return f"?{urlencode(kept)}" if kept else ""


@for_administrators
@require_POST
def days_remove(request: HttpRequest) -> HttpResponse:
    ids = [found for given in request.POST.getlist("day")[: changing.MOST_DAYS] if (found := _uuid(given))]
    keys = set(CalendarDay.objects.filter(id__in=ids).values_list("date", "site_id"))
    gone = changing.remove_days(keys, district=district_of(request), by=actor_of(request).person, now=timezone.now())
    if gone.number is not None:
        text = ngettext(
            "%(n)d day is removed: the weekly hours hold again.", "%(n)d days are removed: the weekly hours hold again.", gone.days
        )
        messages.success(request, text % {"n": gone.days} + recounted(gone))
    else:
        messages.info(request, _("It was removed already."))
    return redirect(f"{reverse('setup_calendar')}{_kept(request)}")


@for_administrators
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    given = request.POST.get("number", "")
    number = int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else 0
    try:
        undone = changing.undo(number, district=district_of(request), by=actor_of(request).person, now=timezone.now())
    except (changing.NothingToUndo, Taken):
        messages.warning(request, _("The calendar was changed since, so nothing was undone. This is how it stands now."))
    else:
        messages.success(request, _("Undone: everything is as before.") + recounted(undone))
    return redirect(f"{reverse('setup_calendar')}{_kept(request)}")


# --- weekly hours -----------------------------------------------------------------------------------------------------------


@for_administrators
@ONE_FORM
def hours(request: HttpRequest) -> HttpResponse:
    district = District.objects.get(id=district_of(request).id)  # as it is now: the request's own may be some seconds old
    form = HoursForm(request.POST if request.method == "POST" else None, district=district)
    if form.is_valid():
        try:
            changed = changing.save_hours(
                form.values(), district=district, by=actor_of(request).person, now=timezone.now(), seen=form.cleaned_data["number"]
            )
        except Taken as taken:
            refused(form, taken)
        else:
            _say_hours(request, changed, form.values())
            return redirect("setup_hours")
    return render(request, "setup/hours.html", {"form": form, "district": district}, status=422 if form.errors else 200)


def _say_hours(request: HttpRequest, changed: changing.Changed, values: Mapping[str, Any]) -> None:
    if changed.number is None:
        messages.info(request, _("Nothing was different."))
        return
    for name, value in values.items():
        setattr(district_of(request), name, value)  # this process keeps the row for some seconds
    messages.success(request, _("The hours are saved.") + recounted(changed))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
