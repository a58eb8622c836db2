"""What people say about a checkpoint, and what goes wrong in a simulation."""

from datetime import datetime, time
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.editing import EditForm, OneLine, dress
from ownership.cadence.checkpoints import LONGEST_NOTES, Meeting
from ownership.cadence.simulating import FAILED, LONGEST, MOST_FEEDS, SILENT, Injected
from ownership.forms import local_time, thinkable
from ownership.models import Feed

SCHOOL_WEEK = range(5)
HALF_HOURS = range(7 * 60, 18 * 60 + 1, 30)  # of a working day
HOWS = ((SILENT, gettext_lazy("It says nothing")), (FAILED, gettext_lazy("It says that it failed")))


class NotesForm(forms.Form):
    notes = forms.CharField(max_length=LONGEST_NOTES, required=False, widget=forms.Textarea(attrs={"rows": 5}))


class MeetingForm(EditForm):
    weekday = forms.TypedChoiceField(label=gettext_lazy("Day of the week"), coerce=int)
    minute = forms.TypedChoiceField(
        label=gettext_lazy("Time"), coerce=int, help_text=gettext_lazy("On the district's clock. It is written half an hour before.")
    )

    def __init__(self, data: Any = None, *, meeting: Meeting) -> None:
        super().__init__(data, shown={"weekday": meeting.weekday, "minute": meeting.minute})
        self.fields["weekday"].choices = [(day, WEEKDAYS[day]) for day in SCHOOL_WEEK]  # type: ignore[attr-defined]
        self.fields["minute"].choices = [(minute, clock_of(minute)) for minute in HALF_HOURS]  # type: ignore[attr-defined]

    def meeting(self) -> Meeting:
        return Meeting(self.cleaned_data["weekday"], self.cleaned_data["minute"])


def clock_of(minute: int) -> str:
    """ "2 p.m.", as the active language writes it."""
    return time_format(time(minute // 60, minute % 60), "TIME_FORMAT")


class SimulationForm(forms.Form):
    name = OneLine(label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("“First week of school, the export dies”."))
    starts_at = forms.DateTimeField(
        label=gettext_lazy("Its clock begins at"), widget=local_time(), help_text=gettext_lazy("On the district's clock; any day.")
    )
    hours = forms.IntegerField(label=gettext_lazy("Hours"), min_value=1, max_value=LONGEST, initial=24)
    how = forms.ChoiceField(label=gettext_lazy("What goes wrong"), choices=HOWS)
    after = forms.IntegerField(
        label=gettext_lazy("Minutes after the beginning"), min_value=0, max_value=LONGEST * 60, initial=0, required=False
    )
    feeds = forms.MultipleChoiceField(
        label=gettext_lazy("Where"), widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one feed that falls silent or fails.")},
    )  # fmt: skip

    def __init__(self, data: Any = None, *, starts_at: datetime | None = None) -> None:
        super().__init__(data, initial={"starts_at": starts_at})
        rows = Feed.objects.select_related("process").order_by("process__name", "name")
        self.fields["feeds"].choices = [(feed.slug, f"{feed.process.name}: {feed.name}") for feed in rows]  # type: ignore[attr-defined]
        for field in self.fields.values():
            dress(field)

    def clean_starts_at(self) -> datetime:
        at: datetime = self.cleaned_data["starts_at"]
        return thinkable(at)

    def clean_feeds(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["feeds"]
        if len(chosen) > MOST_FEEDS:
            raise forms.ValidationError(_("At most %(most)d feeds.") % {"most": MOST_FEEDS})
        return chosen

    def injected(self) -> list[Injected]:
        data = self.cleaned_data
        return [Injected(slug, data["how"], data["after"] or 0) for slug in data["feeds"]]
