"""Set-up: school is called off at short notice."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from districts.actions import Taken
from districts.editing import actor_of, for_administrators
from districts.queries import calendar_of
from sla.school import closing
from sla.setup.calendar.forms import CloseForm
from sla.setup.calendar.views import ONE_FORM, district_of, last_change, recounted, refused
from sla.setup.days import hours_words


@for_administrators
@ONE_FORM
def close(request: HttpRequest) -> HttpResponse:
    district, now = district_of(request), timezone.now()
    today = district.today(now)
    form = CloseForm(request.POST if request.method == "POST" else None, today=today)
    if form.is_valid():
        number, by = form.cleaned_data["number"], actor_of(request).person
        try:
            declared = closing.declare(form.notice(), district=district, by=by, now=now, seen=number)
        except closing.NotOpenAnyway:
            form.add_error("first", _("Nobody would be there at these hours anyway: there is nothing to change."))
        except Taken as taken:
            refused(form, taken)
        else:
            messages.success(request, _declared_words(declared))
            return redirect("setup_close")
    values = {
        "form": form, "today": today, "hours_today": hours_words(calendar_of(district, now=now).hours(today)),
        "due": closing.due_on({today}, district, now=now), **last_change(),
    }  # fmt: skip
    return render(request, "setup/close.html", values, status=422 if form.errors else 200)


def _declared_words(declared: closing.Declared) -> str:
    if declared.changed.number is None:
        return _("It was declared already, just so.")
    said = ngettext("Declared for %(n)d day.", "Declared for %(n)d days.", declared.changed.days) % {"n": declared.changed.days}
    if declared.due:
        text = ngettext("%(n)d promise was due then; it moves now.", "%(n)d promises were due then; they move now.", declared.due)
        said += " " + text % {"n": declared.due}
    return said + recounted(declared.changed)
