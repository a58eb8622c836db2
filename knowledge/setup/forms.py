"""What an administrator says about the model."""

from decimal import Decimal

from django import forms
from django.utils.translation import gettext_lazy as _

from districts.editing import EditForm
from knowledge.models import ModelSettings, Purpose

PURPOSES = [(one.value, one.label) for one in (Purpose.ANSWERS, Purpose.TRIAGE)]
MOST = Decimal(100_000)  # dollars a month


class ModelForm(EditForm):
    on = forms.BooleanField(required=False, label=_("A model may be asked"))
    purposes = forms.MultipleChoiceField(
        required=False, choices=PURPOSES, widget=forms.CheckboxSelectMultiple, label=_("What for"),
        help_text=_("The product answers and sorts without it as well; where the model is slow or down, it goes on alone."),
    )  # fmt: skip
    budget = forms.DecimalField(
        min_value=0, max_value=MOST, decimal_places=2, label=_("Most a month, in US dollars"),
        help_text=_("No question is asked that could cost more than is left. Months are those of your calendar."),
    )  # fmt: skip

    def __init__(self, data: object = None, *, row: ModelSettings) -> None:
        shown = {"on": row.on, "purposes": sorted(row.purposes), "budget": Decimal(row.budget).quantize(Decimal("0.01"))}
        super().__init__(data, shown=shown)
