"""What administrators type about days and hours, checked; every complaint says what is wrong, at the field it is about."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.editing import EditForm, OneLine, choices_of, dress
from districts.models import CalendarDay, Site
from districts.queries import sites
from sla.school.changing import MOST_DAYS, last_number
from sla.school.closing import LONGEST, Notice, What
from sla.school.guessing import MOST_WINDOWS

BACK = timedelta(days=31)  # a closure is sometimes entered when all are back
AHEAD = timedelta(days=731)
EVERYWHERE, SOME = "district", "sites"


def date_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    return forms.DateField(label=label, required=required, widget=widget, help_text=help_text)


def time_field(label: Any) -> forms.TimeField:
    return forms.TimeField(label=label, required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))


def dressed[F: forms.Field](field: F) -> F:
    dress(field)
    return field


def window_names(n: int, prefix: str = "") -> tuple[str, str]:
    """Of the n-th window's fields, from 1; the first has no number."""
    end = "" if n == 1 else f"_{n}"
    return f"{prefix}opens{end}", f"{prefix}closes{end}"


class WindowsMixin:
    """Up to MOST_WINDOWS pairs of times that make the open hours of one day."""

    fields: dict[str, forms.Field]
    cleaned_data: dict[str, Any]

    def add_windows(self, prefix: str = "") -> None:
        for n in range(1, MOST_WINDOWS + 1):
            opens, closes = window_names(n, prefix)
            self.fields[opens] = dressed(time_field(_("Open from") if n == 1 else _("and from")))
            self.fields[closes] = dressed(time_field(_("until")))

    def read_windows(self, prefix: str = "") -> list[list[str]]:
        """In order; complains of the pair that is none, or that runs into another."""
        pairs: list[tuple[time, time, str]] = []
        for n in range(1, MOST_WINDOWS + 1):
            pair = self._pair(*window_names(n, prefix))
            pairs += [pair] if pair else []
        pairs.sort()
        for before, after in pairwise(pairs):
            if after[0] < before[1]:
                self.add_error(after[2], _("These hours run into those from %(opens)s to %(closes)s.") % _said(before))  # type: ignore[attr-defined]
        return [[f"{opens:%H:%M}", f"{closes:%H:%M}"] for opens, closes, _field in pairs]

    def _pair(self, opens: str, closes: str) -> tuple[time, time, str] | None:
        begin, end = self.cleaned_data.get(opens), self.cleaned_data.get(closes)
        if bool(begin is None) != bool(end is None):
            if not {opens, closes} & set(self.errors):  # type: ignore[attr-defined]
                self.add_error(opens if begin is None else closes, _("Give both times, or neither."))  # type: ignore[attr-defined]
            return None
        if begin is None or end is None:
            return None
        if begin >= end:
            self.add_error(closes, _("This is before it opens."))  # type: ignore[attr-defined]
            return None
        return begin, end, opens

    def window_pairs(self, prefix: str = "") -> list[tuple[Any, Any]]:
        """Bound fields, the first pair first."""
        names = [window_names(n, prefix) for n in range(1, MOST_WINDOWS + 1)]
        return [(self[opens], self[closes]) for opens, closes in names]  # type: ignore[index]

    def more_windows(self) -> bool:
        """Whether more than the first pair is in use."""
        return any(field.value() or field.errors for pair in self.window_pairs()[1:] for field in pair)


def _said(pair: tuple[time, time, str]) -> dict[str, str]:
    return {"opens": f"{pair[0]:%H:%M}", "closes": f"{pair[1]:%H:%M}"}


def shown_windows(windows: Any, prefix: str = "") -> dict[str, str]:
    shown: dict[str, str] = {}
    for n, (begin, end) in enumerate(list(windows or [])[:MOST_WINDOWS], 1):
        opens, closes = window_names(n, prefix)
        shown |= {opens: begin, closes: end}
    return shown


class NumberedForm(EditForm):
    """Carries the number of the last change that was on the page: see `sla.school.changing`."""

    number = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, shown: Mapping[str, Any]) -> None:
        super().__init__(data, shown={**shown, "number": last_number()}, new=True)

    def meanwhile(self, said: str) -> None:
        """Shown again with what was typed; whoever sends it once more has seen the other change."""
        self.changed_meanwhile = True
        self.add_error(None, said)
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data["number"] = str(last_number())
        self.data = data


class DaysForm(WindowsMixin, NumberedForm):
    kind = forms.ChoiceField(label=gettext_lazy("What it is"), choices=CalendarDay.Kind)
    name = OneLine(
        label=gettext_lazy("Name"), max_length=200, required=False, help_text=gettext_lazy("As families know it: “Winter break”.")
    )
    first = date_field(gettext_lazy("First day"))
    last = date_field(gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Empty: one day."))
    site = forms.ChoiceField(label=gettext_lazy("Where"), required=False)

    def __init__(self, data: Any = None, *, today: date, shown: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, shown={"kind": CalendarDay.Kind.CLOSURE, "first": today} | dict(shown or {}))
        self.add_windows()
        self.today = today
        self.sites: dict[str, Site] = {str(site.id): site for site in sites()}
        self.fields["site"].choices = choices_of(self.sites.values(), none=_("The whole district"))  # type: ignore[attr-defined]

    def clean_first(self) -> date:
        return self._near(self.cleaned_data["first"])

    def clean_last(self) -> date | None:
        last = self.cleaned_data["last"]
        return self._near(last) if last else None

    def _near(self, day: date) -> date:
        if not self.today - timedelta(days=400) <= day <= self.today + AHEAD:
            raise ValidationError(_("From a year ago to two years ahead. Is the year right?"))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            self.add_error("last", _("This is before the first day."))
        elif first and last and (last - first).days >= MOST_DAYS:
            self.add_error("last", _("More than %(most)d days. Is the year right?") % {"most": MOST_DAYS})
        data["windows"] = self.read_windows()
        if data.get("kind") == CalendarDay.Kind.EARLY and not data["windows"] and not self.errors:
            self.add_error("opens", _("Say from when until when the offices are open on this day."))
        return data

    def values(self) -> dict[str, Any]:
        """For `changing.enter_days`."""
        data = self.cleaned_data
        return {
            "first": data["first"], "last": data["last"] or data["first"], "kind": data["kind"], "name": data["name"],
            "site": self.sites.get(data["site"]), "windows": data["windows"] or None, "seen": data["number"],
        }  # fmt: skip


class CloseForm(NumberedForm):
    what = forms.ChoiceField(
        label=gettext_lazy("What happens"), widget=forms.RadioSelect, initial=What.CLOSED,
        choices=[
            (What.CLOSED, gettext_lazy("Closed all day")), (What.LATE, gettext_lazy("Opens late")),
            (What.EARLY, gettext_lazy("Closes early")),
        ],
    )  # fmt: skip
    later = forms.TypedChoiceField(
        label=gettext_lazy("How much later"), coerce=int, required=False, empty_value="120", initial=120,
        choices=[
            (60, gettext_lazy("1 hour")), (90, gettext_lazy("1½ hours")),
            (120, gettext_lazy("2 hours")), (180, gettext_lazy("3 hours")),
        ],
    )  # fmt: skip
    closes = time_field(gettext_lazy("Closes at"))
    first = date_field(gettext_lazy("Day"))
    last = date_field(gettext_lazy("Until and with"), required=False, help_text=gettext_lazy("Empty: this day only."))
    where = forms.ChoiceField(
        label=gettext_lazy("Where"), widget=forms.RadioSelect, initial=EVERYWHERE,
        choices=[(EVERYWHERE, gettext_lazy("The whole district")), (SOME, gettext_lazy("Only the places ticked below"))],
    )  # fmt: skip
    sites = forms.MultipleChoiceField(label=gettext_lazy("Places"), required=False, widget=forms.CheckboxSelectMultiple)
    name = OneLine(
        label=gettext_lazy("Reason"), max_length=200, widget=forms.TextInput(attrs={"list": "reasons"}),
        help_text=gettext_lazy("As families will read it: “Snow”, “The power is out”."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(data, shown={"first": today, "what": What.CLOSED, "where": EVERYWHERE, "later": 120})
        self.today = today
        self.rows: dict[str, Site] = {str(site.id): site for site in sites()}
        self.fields["sites"].choices = choices_of(self.rows.values())  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self._clean_dates(data.get("first"), data.get("last"))
        if data.get("where") == SOME and not data.get("sites"):
            self.add_error("sites", _("Tick at least one place."))
        elif data.get("where") == EVERYWHERE and data.get("sites"):
            self.add_error("where", _("Places are ticked below. Choose these places, or untick them."))
        if data.get("what") == What.EARLY and not data.get("closes") and "closes" not in self.errors:
            self.add_error("closes", _("Say at what time it closes."))
        return data

    def _clean_dates(self, first: date | None, last: date | None) -> None:
        if first and not self.today - BACK <= first <= self.today + timedelta(days=90):
            self.add_error("first", _("From a month ago to three months ahead. Is it right?"))
        if first and last and last < first:
            self.add_error("last", _("This is before the first day."))
        elif first and last and (last - first).days >= LONGEST:
            self.add_error("last", _("More than %(most)d days. Is it right?") % {"most": LONGEST})

    def notice(self) -> Notice:
        data, what = self.cleaned_data, What(self.cleaned_data["what"])
        closes = data["closes"]
        minutes = int(data["later"]) if what is What.LATE else closes.hour * 60 + closes.minute if what is What.EARLY else 0
        places = [self.rows[given] for given in data["sites"]]
        return Notice(what, data["first"], data["last"] or data["first"], data["name"], places, minutes)
