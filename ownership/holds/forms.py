"""What people say about a hold, and the rules that administrators write."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.editing import Lines, OneLine, dress
from districts.models import Person
from ownership.duty.duties import staff
from ownership.holds.deciding import LONGEST
from ownership.holds.rules import BY_PERCENT, COUNTED, LONGEST_NAME, WITH_ANOTHER, BadRule, Kind, Rule
from ownership.models import OwnerRole

KINDS = (
    (Kind.SHARE, gettext_lazy("A count is more than so many percent of another")),
    (Kind.USUAL, gettext_lazy("A count is off what is usual on that weekday")),
    (Kind.SOURCE, gettext_lazy("Two counts that should agree differ")),
    (Kind.ABOVE, gettext_lazy("A count is more than a limit")),
    (Kind.BELOW, gettext_lazy("A count is less than a limit")),
    (Kind.FREEZE, gettext_lazy("Nothing may change before a moment")),
)
MOST_MOMENTS = 40


class SayForm(forms.Form):
    why = forms.CharField(max_length=LONGEST, strip=True)


class AskForm(SayForm):
    of: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(queryset=None)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["of"].queryset = staff()  # type: ignore[attr-defined]
        self.fields["of"].empty_label = _("Choose…")  # type: ignore[attr-defined]
        self.fields["of"].error_messages["required"] = _("Choose whom to ask.")
        dress(self.fields["of"])


class RuleForm(forms.Form):
    """A rule in fields; which of them count depends on its kind."""

    kind = forms.ChoiceField(label=gettext_lazy("Hold a run when"), choices=KINDS)
    count = OneLine(
        label=gettext_lazy("Count"), max_length=LONGEST_NAME, required=False,
        help_text=gettext_lazy("Its name, as the feed tells it: “absent”."),
    )  # fmt: skip
    of = OneLine(
        label=gettext_lazy("The other count"), max_length=LONGEST_NAME, required=False,
        help_text=gettext_lazy("For a share or a difference: “enrolled”, “source_rows”."),
    )  # fmt: skip
    percent = forms.FloatField(label=gettext_lazy("Percent"), required=False, min_value=0.01, max_value=1_000_000)
    limit = forms.FloatField(label=gettext_lazy("Limit"), required=False, min_value=0, max_value=1e11)
    hours = forms.FloatField(label=gettext_lazy("Hours before"), required=False, min_value=0.5, max_value=24 * 60)
    on = Lines(
        label=gettext_lazy("Moments"), most=MOST_MOMENTS, longest=20, rows=3,
        help_text=gettext_lazy("Of a freeze, one a line, on the district's clock: 2026-12-18 08:00."),
    )  # fmt: skip
    role = forms.ChoiceField(label=gettext_lazy("Who decides"), required=False)
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes to decide"), initial=60, min_value=1, max_value=14 * 1440,
        help_text=gettext_lazy("Then the ladder of the process is climbed."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, names: Sequence[str] = ()) -> None:
        super().__init__(data)
        roles = OwnerRole.objects.order_by("name").values_list("slug", "name")
        self.fields["role"].choices = [("", _("The first owner of the process")), *roles]  # type: ignore[attr-defined]
        self.names = names
        for name in ("count", "of"):
            self.fields[name].widget.attrs["list"] = "counts"
        for field in self.fields.values():
            dress(field)

    def clean_on(self) -> list[str]:
        return [_moment(line) for line in self.cleaned_data["on"]]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if self.errors:
            return data
        kind = Kind(data["kind"])
        missing = _("This is needed for such a rule.")
        for name in _needed(kind):
            if not data.get(name) and not (name == "limit" and data.get(name) == 0):
                self.add_error(name, missing)
        if kind in WITH_ANOTHER and data.get("of") and data["of"] == data.get("count"):
            self.add_error("of", _("Name another count: nothing differs from itself."))
        return data

    def rule(self) -> Rule:
        """Only what counts for its kind. Raises BadRule."""
        data = self.cleaned_data
        kind = Kind(data["kind"])
        values = {name: data[name] for name in _needed(kind)} | {"kind": str(kind), "role": data["role"], "minutes": data["minutes"]}
        return Rule.read(values)


def _needed(kind: Kind) -> list[str]:
    names = ["count"] if kind in COUNTED else ["hours", "on"]
    names += ["of"] if kind in WITH_ANOTHER else []
    if kind in BY_PERCENT:
        return [*names, "percent"]
    return [*names, "limit"] if kind in COUNTED else names


def _moment(line: str) -> str:
    try:
        rule = Rule.read({"kind": "freeze", "hours": 1, "on": [line.replace(" ", "T", 1)]})
    except BadRule:
        raise ValidationError(_("“%(text)s” is no moment: 2026-12-18 08:00.") % {"text": line}) from None
    return rule.on[0]
