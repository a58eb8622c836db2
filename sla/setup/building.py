"""A promise put together from choices, with nothing to type in words: the kind first, then what that kind asks."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from districts.editing import dress
from sla.promise import WEEKDAYS, clock_text
from sla.terms import NotUnderstood, Terms, parse

KINDS = {
    "within": _("Within a time"),
    "same_day": _("The same day"),
    "by": _("By a time of day"),
    "next_day": _("By a time, for the next school day"),
    "notice": _("Notice before something"),
    "freeze": _("Freeze before something"),
    "cadence": _("Once a week, a month, a quarter or a year"),
    "reach": _("A share of many by a time"),
    "tolerance": _("A figure within bounds"),
    "acknowledge": _("Somebody says that they have it"),
}
COUNTED = (
    ("business hours", _("hours of office time")), ("hours", _("hours, day and night")), ("minutes", _("minutes, day and night")),
    ("business days", _("working days")), ("school days", _("school days")), ("days", _("calendar days")),
)  # fmt: skip
WHICH_DAYS = (
    ("daily", _("every school day")), ("every day", _("every day")),
    *((f"every {name}", _("every %(weekday)s") % {"weekday": _(name)}) for name in WEEKDAYS[:5]),
)  # fmt: skip
PERIODS = (
    ("weekly", _("once a week")),
    ("monthly", _("once a month")),
    ("quarterly", _("once a quarter")),
    ("yearly", _("once a year")),
)
BOUNDS = (("over", _("over")), ("under", _("under")))
OWN_WORDS = r"^[^\W\d_]+(?:['’ -][^\W\d_]+){0,3}$"  # up to four words, as the grammar allows


def _number(label: Any, initial: int, *, most: int = 400, required: bool = True) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=most, initial=initial, required=required)


def _time(label: Any, initial: str, *, required: bool = True) -> forms.TimeField:
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    return forms.TimeField(label=label, initial=initial, required=required, widget=widget)


def _words(label: Any, initial: str) -> forms.RegexField:
    return forms.RegexField(OWN_WORDS, label=label, initial=initial, max_length=60)


def _choice(label: Any, choices: Any, *, required: bool = True) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices if required else [("", _("the same")), *choices], required=required)


def _before(what: str) -> dict[str, forms.Field]:
    unit = _choice(_("of what"), COUNTED)
    unit.initial = "hours"
    return {"number": _number(_("How much"), 48), "unit": unit, "what": _words(_("Before what"), what)}


FIELDS: Mapping[str, Callable[[], dict[str, forms.Field]]] = {
    "within": lambda: {
        "number": _number(_("How much"), 4), "unit": _choice(_("of what"), COUNTED),
        "break_number": _number(_("During breaks, how much"), 24, required=False),
        "break_unit": _choice(_("of what, during breaks"), COUNTED, required=False),
    },
    "same_day": dict,
    "by": lambda: {
        "time": _time(_("By"), "16:00"), "second": _time(_("and by"), "", required=False), "days": _choice(_("On"), WHICH_DAYS),
    },
    "next_day": lambda: {"time": _time(_("In by"), "14:00"), "what": _words(_("For what"), "service")},
    "notice": lambda: _before("it starts"),
    "freeze": lambda: _before("distribution"),
    "cadence": lambda: {"period": _choice(_("How often"), PERIODS)},
    "reach": lambda: {
        "percent": _number(_("Percent"), 95, most=100), "what": _words(_("are"), "delivered"),
        "number": _number(_("within minutes"), 15),
        "validated": _number(_("The report is checked within minutes"), 30, required=False),
    },
    "tolerance": lambda: {
        "what": _words(_("What is compared"), "discrepancies"), "bound": _choice(_("May not be"), BOUNDS),
        "percent": forms.DecimalField(label=_("Percent"), min_value=0, max_value=100, decimal_places=2, initial=1),
        "then": _words(_("What happens then"), "hold"),
    },
    "acknowledge": lambda: {
        "what": _words(_("Who"), "vendor"), "number": _number(_("How much"), 2), "unit": _choice(_("of what"), COUNTED),
    },
}  # fmt: skip


class Builder(forms.Form):
    """The choices of one kind. `terms` once it is valid."""

    def __init__(self, kind: str, data: Any = None) -> None:
        super().__init__(data if data and "built" in data else None)
        self.kind = kind
        self.fields |= FIELDS[kind]()
        for field in self.fields.values():
            dress(field)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.terms: Terms = parse(self.text(data))
            except NotUnderstood as error:
                self.add_error(None, str(error))
        return data

    def text(self, data: Mapping[str, Any]) -> str:
        """In the grammar's words; `%s` of a field that was left out is never asked for."""
        amount = f"{data.get('number')} {data.get('unit')}"
        match self.kind:
            case "within" if data["break_number"]:
                in_breaks = f"{data['break_number']} {data['break_unit'] or data['unit']}"
                return f"within {amount} on school days, within {in_breaks} during breaks"
            case "within":
                return f"within {amount}"
            case "same_day":
                return "same-day"
            case "by":
                return f"{data['days']} by {' and '.join(_clock(data[name]) for name in ('time', 'second') if data[name])}"
            case "next_day":
                return f"by {_clock(data['time'])} for next-day {data['what']}"
            case "notice" | "freeze":
                return f"{amount} {self.kind} before {data['what']}"
            case "reach":
                checked = f", validated within {data['validated']} minutes" if data["validated"] else ""
                return f"{data['percent']} % {data['what']} within {data['number']} minutes{checked}"
            case "tolerance":
                return f"{data['what']} {data['bound']} {data['percent'].normalize():f} % {data['then']}"
            case "acknowledge":
                return f"{data['what']} acknowledges within {amount}"
        return str(data["period"])


def _clock(at: Any) -> str:
    return clock_text(at.hour * 60 + at.minute)
