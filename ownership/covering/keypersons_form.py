"""What leads type about who stands in for what."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.editing import OneLine, dress
from districts.models import Person
from ownership.covering.keypersons import KINDS
from ownership.covering.overrides import months_on
from ownership.duty.duties import staff

MONTHS = 12


def months(today: date) -> list[tuple[str, str]]:
    """From this one on, by their first days."""
    ahead = [months_on(today.replace(day=1), n) for n in range(MONTHS)]
    return [(first.isoformat(), date_format(first, "YEAR_MONTH_FORMAT")) for first in ahead]


class Month(forms.TypedChoiceField):
    def __init__(self, **more: Any) -> None:
        super().__init__(coerce=date.fromisoformat, empty_value=None, **more)


class CoverForm(forms.Form):
    """Somebody stands in: trained already, or in a month to come."""

    kind = forms.ChoiceField(choices=list(KINDS.items()), widget=forms.HiddenInput)
    slug = forms.CharField(max_length=100, widget=forms.HiddenInput)
    person: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(queryset=None, label=gettext_lazy("Who stands in"))
    month = Month(label=gettext_lazy("When they learn it"), required=False)
    teacher: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(queryset=None, required=False, widget=forms.HiddenInput)
    note = OneLine(label=gettext_lazy("Note"), max_length=300, required=False)

    def __init__(self, data: Any = None, *, today: date, initial: dict[str, Any] | None = None, people: Sequence[Person] = ()) -> None:
        super().__init__(data, initial=initial, auto_id=False if initial is None else f"cover-{initial.get('n', '')}-%s")
        for name in ("person", "teacher"):
            self.fields[name].queryset = staff()  # type: ignore[attr-defined]
        self.fields["person"].empty_label = _("Choose…")  # type: ignore[attr-defined]
        if people:
            choices = [("", _("Choose…")), *((str(one.id), one.name) for one in people)]
            self.fields["person"].choices = choices  # type: ignore[attr-defined]
        self.fields["month"].choices = [("", _("Trained already")), *months(today)]  # type: ignore[attr-defined]
        for one in self.fields.values():
            dress(one)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("person") and data.get("person") == data.get("teacher"):
            self.add_error("person", _("Somebody else than whoever does it."))
        return data


class MoveForm(forms.Form):
    month = Month(label=gettext_lazy("Month"))

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(data, auto_id=False)
        self.fields["month"].choices = months(today)  # type: ignore[attr-defined]
        dress(self.fields["month"])
