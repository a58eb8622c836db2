"""Set-up: the calendar as a file. Addresses that other programs read, and files that are read here, looked at before they count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from districts.actions import Taken
from districts.editing import EditForm, OneLine, actor_of, choices_of, for_administrators
from districts.models import CalendarDay, CalendarFeed, Site
from districts.queries import sites
from sla.school import feeds, importing
from sla.school.changing import as_windows, last_number
from sla.school.guessing import windows_in, windows_text
from sla.school.ics_in import LARGEST, BadCalendar, Told, decoded
from sla.setup.calendar.forms import NumberedForm
from sla.setup.calendar.views import ONE_FORM, asked_site, district_of, entered_words, refused

MOST_SHOWN = 150  # events with a kind
MOST_OTHERS = 50  # events without


class FeedForm(EditForm):
    name = OneLine(label=gettext_lazy("Who reads it"), max_length=100, help_text=gettext_lazy("“The district's web site”."))
    site = forms.ChoiceField(label=gettext_lazy("Whose calendar"), required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, new=True)
        self.rows = {str(site.id): site for site in sites()}
        self.fields["site"].choices = choices_of(self.rows.values(), none=_("The whole district"))  # type: ignore[attr-defined]


class FileForm(NumberedForm):
    """A file, or its text; once it was looked at, the text alone, with what was chosen."""

    file = forms.FileField(label=gettext_lazy("Calendar file"), required=False, help_text=gettext_lazy("Its name ends with .ics."))
    text = forms.CharField(
        label=gettext_lazy("or its text"), required=False, strip=False, max_length=LARGEST,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "BEGIN:VCALENDAR"}),
    )  # fmt: skip
    site = forms.ChoiceField(label=gettext_lazy("Whose calendar"), required=False)

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, shown={})
        self.files = files or self.files
        self.rows = {str(site.id): site for site in sites()}
        self.fields["site"].choices = choices_of(self.rows.values(), none=_("The whole district"))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        given = data.get("file")
        if given and given.size > LARGEST:
            self.add_error("file", _("The file is larger than a calendar should be (1 MB)."))
        elif not given and not (data.get("text") or "").strip():
            self.add_error("file", _("Choose a file, or paste its text."))
        return data

    def content(self) -> bytes:
        given = self.cleaned_data.get("file")
        return bytes(given.read()) if given else str(self.cleaned_data["text"]).encode()

    def site_row(self) -> Site | None:
        return self.rows.get(self.cleaned_data["site"])


# --- out --------------------------------------------------------------------------------------------------------------------


@for_administrators
@ONE_FORM
def files(request: HttpRequest) -> HttpResponse:
    form = FeedForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        site = form.rows.get(form.cleaned_data["site"])
        try:
            feeds.make_feed(name=form.cleaned_data["name"], site=site, by=actor_of(request).person, now=timezone.now())
        except feeds.TooMany:
            form.add_error(None, _("There are too many addresses. Withdraw one that nobody needs."))
        else:
            messages.success(request, _("The address is made. Whoever has it can read this calendar, and nothing else."))
            return redirect("setup_calendar_files")
    rows = CalendarFeed.objects.select_related("site").order_by("revoked_at", "-made_at")
    values = {
        "form": form, "reading": FileForm(), "feeds": [row for row in rows if row.revoked_at is None], "sites": sites(),
        "origin": request.build_absolute_uri("/")[:-1],
    }  # fmt: skip
    return render(request, "setup/calendar_files.html", values, status=422 if form.errors else 200)


@for_administrators
@require_POST
def revoke(request: HttpRequest) -> HttpResponse:
    feed_id = _uuid(request.POST.get("feed", ""))
    if feed_id and feeds.revoke_feed(feed_id, by=actor_of(request).person, now=timezone.now()):
        messages.success(request, _("Withdrawn: nobody can read at this address any more."))
    else:
        messages.info(request, _("It was withdrawn already."))
    return redirect("setup_calendar_files")


@for_administrators
@require_safe
def download(request: HttpRequest) -> HttpResponse:
    site = asked_site(request)
    found = feeds.file_of(district_of(request), site, now=timezone.now())
    name = f"{district_of(request).slug}{'-' + site.code.lower() if site else ''}.ics"
    return _as_file(found, f'attachment; filename="{name}"')


@require_safe
def subscribed(request: HttpRequest, token: str) -> HttpResponse:
    """For calendar programs, which ask every hour or so: nothing is sent again that they have."""
    feed = feeds.feed_of(token)
    if feed is None:
        raise Http404
    found = feeds.file_of(district_of(request), feed.site, now=timezone.now())
    answer = _as_file(found, 'inline; filename="school.ics"')
    answer["Cache-Control"] = "private, max-age=600"
    answer["X-Robots-Tag"] = "noindex"
    return get_conditional_response(request, found.etag, int(found.changed_at.timestamp()), answer) or answer


def _as_file(found: feeds.File, disposition: str) -> HttpResponse:
    answer = HttpResponse(found.body, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"], answer["ETag"] = disposition, found.etag
    answer["Last-Modified"] = f"{found.changed_at:%a, %d %b %Y %H:%M:%S} GMT"
    return answer


# --- in ---------------------------------------------------------------------------------------------------------------------


@dataclass
class Row:
    """One event on the page, with what was chosen for it."""

    item: importing.Item
    use: bool
    kind: str
    name: str
    hours: str
    error: str = ""

    @property
    def key(self) -> str:
        return self.item.told.key


@for_administrators
@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """First what the file would change; sent again with `apply`, it does."""
    form = FileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _again(request, form)
    district, today, content, site = district_of(request), district_of(request).today(timezone.now()), form.content(), form.site_row()
    try:
        plan = importing.plan(content, district, site, today=today)
        text = decoded(content)
    except BadCalendar as bad:
        form.add_error("file" if form.cleaned_data.get("file") else "text", str(bad))
        return _again(request, form)
    rows = _rows(plan, request.POST if "apply" in request.POST else None)
    if "apply" in request.POST and not any(row.error for row in rows):
        answer = _apply(request, form, plan, rows, site)
        if answer:
            return answer
    values = {
        "form": form, "text": text, "site": site, "rows": [row for row in rows if row.item.told.kind][:MOST_SHOWN],
        "others": [row for row in rows if not row.item.told.kind][:MOST_OTHERS], "number": form.data.get("number") or last_number(),
        "same": sum(item.state == importing.SAME for item in plan.items), "gone": plan.gone, "kinds": CalendarDay.Kind.choices,
        "left_out": _left_out(rows), "dropped": request.POST.getlist("drop"), "states": _states(plan),
    }  # fmt: skip
    wrong = form.errors or any(row.error for row in rows)
    return render(request, "setup/calendar_import.html", values, status=422 if wrong else 200)


def _again(request: HttpRequest, form: FileForm) -> HttpResponse:
    values = {"form": FeedForm(), "reading": form, "feeds": CalendarFeed.objects.filter(revoked_at__isnull=True), "sites": sites(),
              "origin": request.build_absolute_uri("/")[:-1]}  # fmt: skip
    return render(request, "setup/calendar_files.html", values, status=422)


def _states(plan: importing.Plan) -> Mapping[str, int]:
    return {state: sum(item.state == state for item in plan.items) for state in (importing.NEW, importing.CHANGED)}


def _left_out(rows: Sequence[Row]) -> int:
    known = sum(bool(row.item.told.kind) for row in rows)
    return max(0, known - MOST_SHOWN) + max(0, len(rows) - known - MOST_OTHERS)


def _rows(plan: importing.Plan, data: Any) -> list[Row]:
    """Those that would change something, or might."""
    return [_row(item, data) for item in plan.items if item.state != importing.SAME]


def _row(item: importing.Item, data: Any) -> Row:
    told = item.told
    if data is None or f"kind_{told.key}" not in data:
        kind = told.kind or CalendarDay.Kind.HOLIDAY
        row = Row(item, data is None and told.kind is not None, kind, told.name, windows_text(told.windows))
    else:
        row = Row(
            item, f"use_{told.key}" in data, *(str(data.get(f"{name}_{told.key}", ""))[:200] for name in ("kind", "name", "hours"))
        )
    row.error = _wrong(row) if row.use and data is not None else ""
    return row


def _wrong(row: Row) -> str:
    if row.kind not in CalendarDay.Kind.values:
        return _("Choose what it is.")
    try:
        hours = windows_in(row.hours)
    except ValueError as bad:
        return _("“%(text)s” are no hours. Write 7:30–12:00, or 7:30–12:00, 13:00–16:30.") % {"text": str(bad)}
    if row.kind == CalendarDay.Kind.EARLY and not hours:
        return _("Say from when until when the offices are open on this day.")
    return ""


def _chosen(rows: Sequence[Row]) -> list[Told]:
    return [
        replace(row.item.told, kind=row.kind, name=" ".join(row.name.split()), windows=as_windows(windows_in(row.hours) or None))
        for row in rows
        if row.use
    ]


def _apply(request: HttpRequest, form: FileForm, plan: importing.Plan, rows: Sequence[Row], site: Site | None) -> HttpResponse | None:
    drop = _dropped(plan, request.POST.getlist("drop"))
    try:
        changed = importing.apply(
            _chosen(rows), drop, site=site, district=district_of(request), by=actor_of(request).person, now=timezone.now(),
            seen=form.cleaned_data["number"],
        )  # fmt: skip
    except Taken as taken:
        refused(form, taken)
        return None
    messages.success(request, entered_words(changed))
    return redirect("setup_calendar")


def _dropped(plan: importing.Plan, given: Sequence[str]) -> set[date]:
    dates: set[date] = set()
    for one in plan.gone:
        if one.first.isoformat() in given:
            dates |= {date.fromordinal(n) for n in range(one.first.toordinal(), one.last.toordinal() + 1)} - set(one.skipped)
    return dates


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
