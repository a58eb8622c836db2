"""Set-up: public holidays, offered with a box each."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from districts.actions import Taken
from districts.editing import actor_of, for_administrators
from districts.models import District
from sla.school import offered, year
from sla.school.offered import Offer
from sla.setup.calendar.forms import NumberedForm
from sla.setup.calendar.views import ONE_FORM, asked_year, district_of, entered_words, refused


class HolidaysForm(NumberedForm):
    day = forms.MultipleChoiceField(required=False)

    def __init__(self, data: Any = None, *, offers: list[Offer]) -> None:
        super().__init__(data, shown={})
        self.fields["day"].choices = [(one.date.isoformat(), one.name) for one in offers if one.worked]  # type: ignore[attr-defined]

    def clean_day(self) -> list[str]:
        if not self.cleaned_data["day"]:
            raise forms.ValidationError(_("Tick the days on which school is closed."))
        return list(self.cleaned_data["day"])


@for_administrators
@ONE_FORM
def holidays(request: HttpRequest) -> HttpResponse:
    district = District.objects.get(id=district_of(request).id)  # whose state may just have been chosen
    first = asked_year(request, year.begins(district, district.today(timezone.now())))
    last = year.ends(first)
    offers = offered.offers(district, first=first, last=last)
    form = HolidaysForm(request.POST if request.method == "POST" else None, offers=offers)
    if form.is_valid():
        chosen = {one.date for one in offers if one.date.isoformat() in form.cleaned_data["day"]}
        try:
            entered = offered.enter_holidays(
                chosen, first=first, last=last, district=district, by=actor_of(request).person, now=timezone.now(),
                seen=form.cleaned_data["number"],
            )  # fmt: skip
        except Taken as taken:
            refused(form, taken)
        else:
            messages.success(request, entered_words(entered))
            return redirect(f"{reverse('setup_calendar')}?year={first.year}")
    values = {
        "form": form, "offers": offers, "states": offered.states(), "state": district.state, "first": first, "last": last,
        "before": first.year - 1, "after": first.year + 1, "ticked": form["day"].value() or [],
    }  # fmt: skip
    return render(request, "setup/holidays.html", values, status=422 if form.errors else 200)


@for_administrators
@require_POST
def state(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("state", "")
    if not chosen or chosen in dict(offered.states()):
        offered.choose_state(chosen, district=district_of(request), by=actor_of(request).person)
    return redirect("setup_holidays")
