"""What people type about overrides."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.editing import OneLine, dress
from ownership.covering.overrides import KEEP, MOST_MONTHS, MOST_TIMES, months_on
from ownership.covering.overrides_listed import Period, usual_period
from ownership.forms import one_day, thinkable
from ownership.models import Override, Process

LONGEST_EACH = 8 * 60  # minutes
VERDICTS = (
    (Override.End.SYSTEM, gettext_lazy("It becomes a system")),
    (KEEP, gettext_lazy("It goes on until a day")),
    (Override.End.ENDED, gettext_lazy("It ends")),
)


class OverrideForm(forms.Form):
    """To be written down in twenty seconds."""

    what = OneLine(
        label=gettext_lazy("What do you do by hand?"), max_length=200,
        widget=forms.TextInput(attrs={"placeholder": gettext_lazy("Type the bus changes into the routing software")}),
    )  # fmt: skip
    why = OneLine(label=gettext_lazy("Why?"), max_length=500)
    minutes = forms.IntegerField(label=gettext_lazy("Minutes each time"), min_value=1, max_value=LONGEST_EACH, initial=10)
    until = forms.DateField(label=gettext_lazy("Until"), widget=one_day())
    process: "forms.ModelChoiceField[Process]" = forms.ModelChoiceField(
        queryset=None, required=False, label=gettext_lazy("Instead of which process?")
    )

    def __init__(self, data: Any = None, *, today: date) -> None:
        self.today = today
        super().__init__(data, initial={"until": months_on(today, 1)}, auto_id="override-%s")
        field = self.fields["process"]
        field.queryset = Process.objects.order_by("name")  # type: ignore[attr-defined]
        field.empty_label = _("None of those in the matrix")  # type: ignore[attr-defined]
        for one in self.fields.values():
            dress(one)

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if not self.today <= until <= months_on(self.today, MOST_MONTHS):
            raise forms.ValidationError(_("A day in the next three months: what stays longer wants a system."))
        return until


class PeriodForm(forms.Form):
    """Of which days all of them are taken away; nothing chosen: of the last twelve months."""

    first = forms.DateField(label=gettext_lazy("From"), widget=one_day(), required=False)
    last = forms.DateField(label=gettext_lazy("To"), widget=one_day(), required=False)

    def __init__(self, data: Any = None, *, today: date) -> None:
        self.usual = usual_period(today)
        super().__init__(data, initial={"first": self.usual.first, "last": self.usual.last}, auto_id="period-%s")
        for one in self.fields.values():
            dress(one)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and self.period(data).first > self.period(data).last:
            raise forms.ValidationError(_("It ends before it begins: look at the two days."))
        return data

    def clean_first(self) -> date | None:
        day: date | None = self.cleaned_data["first"]
        return thinkable(day) if day else None

    def clean_last(self) -> date | None:
        day: date | None = self.cleaned_data["last"]
        return thinkable(day) if day else None

    def period(self, data: Mapping[str, Any]) -> Period:
        return Period(data.get("first") or self.usual.first, data.get("last") or self.usual.last)


class UseForm(forms.Form):
    times = forms.IntegerField(label=gettext_lazy("How often"), min_value=1, max_value=MOST_TIMES, initial=1)
    note = OneLine(label=gettext_lazy("Note"), max_length=300, required=False)


class ReviewForm(forms.Form):
    verdict = forms.ChoiceField(label=gettext_lazy("Your decision"), choices=VERDICTS, widget=forms.RadioSelect)
    until = forms.DateField(label=gettext_lazy("Until, if it goes on"), required=False, widget=one_day())
    words = forms.CharField(label=gettext_lazy("Why"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(data, initial={"until": months_on(today, 1)}, auto_id="review-%s")
        for one in self.fields.values():
            dress(one)
