"""The weekly hours by season, and the school year, as one form; what is wrong is said at the season it is about."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.calendar import Season, seasons_of
from districts.models import District
from sla.setup.calendar.forms import NumberedForm, WindowsMixin, date_field, dressed, shown_windows, time_field

MOST_SEASONS = 8
LONGEST_YEAR = 400  # days
OFFICE = [{"from": "", "to": "", "days": [0, 1, 2, 3, 4], "windows": [["08:00", "16:00"]]}]  # as `districts.calendar.OFFICE`


@dataclass(frozen=True)
class SeasonFields:
    number: int  # from 1, as the page counts
    first: BoundField
    last: BoundField
    days: BoundField
    windows: list[tuple[Any, Any]]
    drop: BoundField | None  # none on the empty one at the end


class HoursForm(WindowsMixin, NumberedForm):
    first_day = date_field(gettext_lazy("First school day"), required=False)
    last_day = date_field(gettext_lazy("Last school day"), required=False)

    def __init__(self, data: Any = None, *, district: District) -> None:
        seasons = district.hours or OFFICE
        self.count = min(len(seasons) + 1, MOST_SEASONS)
        super().__init__(data, shown=_shown(district, seasons))
        for n in range(self.count):
            self._add_season(n)
        for day in range(7):
            self.fields[f"release_{day}"] = dressed(time_field(WEEKDAYS[day]))

    def _add_season(self, n: int) -> None:
        self.fields[f"s{n}_from"] = dressed(date_field(_("From"), required=False))
        self.fields[f"s{n}_to"] = dressed(date_field(_("Until and with"), required=False))
        self.fields[f"s{n}_days"] = dressed(
            forms.TypedMultipleChoiceField(
                label=_("On"), required=False, coerce=int, choices=list(WEEKDAYS.items()), widget=forms.CheckboxSelectMultiple
            )
        )
        self.add_windows(f"s{n}_")
        if n < self.count - 1:
            self.fields[f"s{n}_drop"] = dressed(forms.BooleanField(label=_("Take this out"), required=False))

    def seasons(self) -> Iterator[SeasonFields]:
        for n in range(self.count):
            drop = self[f"s{n}_drop"] if n < self.count - 1 else None
            yield SeasonFields(n + 1, self[f"s{n}_from"], self[f"s{n}_to"], self[f"s{n}_days"], self.window_pairs(f"s{n}_"), drop)

    def releases(self) -> list[BoundField]:
        return [self[f"release_{day}"] for day in range(7)]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        kept = [(n, raw) for n in range(self.count) if (raw := self._season(n))]
        data["hours"] = [raw for _n, raw in kept]
        if not self.errors:
            self._clean_covered(kept)
        if not any(raw["windows"] for raw in data["hours"]) and not self.errors:
            self.add_error("s0_opens", _("Nobody would ever be there: give at least one pair of times."))
        self._clean_year(data.get("first_day"), data.get("last_day"))
        data["school_release"] = {str(d): f"{at:%H:%M}" for d in range(7) if (at := data.get(f"release_{d}"))}
        return data

    def _season(self, n: int) -> dict[str, Any] | None:
        """As `District.hours` has it; None where nothing was typed or it is taken out."""
        data = self.cleaned_data
        if data.get(f"s{n}_drop"):
            return None
        first, last, days = (data.get(f"s{n}_{name}") for name in ("from", "to", "days"))
        windows = self.read_windows(f"s{n}_")
        if not (windows or days or first or last):
            return None
        if not days:
            self.add_error(f"s{n}_days", _("Tick the days of the week on which these hours hold."))
        if first and last and last < first:
            self.add_error(f"s{n}_to", _("This is before the first day."))
        return {"from": _iso(first), "to": _iso(last), "days": sorted(days or []), "windows": windows}

    def _clean_covered(self, kept: list[tuple[int, dict[str, Any]]]) -> None:
        """Of two that fit a date the later one holds: one that always has a later one over it is a slip."""
        seasons = seasons_of([raw for _n, raw in kept])
        for place, (n, _raw) in enumerate(kept):
            over = next((later for later in range(place + 1, len(kept)) if _covers(seasons[later], seasons[place])), None)
            if over is not None:
                said = _("These hours would never hold: number %(n)d below is for the same days and dates, and the last one counts.")
                self.add_error(f"s{n}_days", said % {"n": kept[over][0] + 1})

    def _clean_year(self, first: date | None, last: date | None) -> None:
        if first and last and last <= first:
            self.add_error("last_day", _("This is before the first day."))
        elif first and last and (last - first).days > LONGEST_YEAR:
            self.add_error("last_day", _("The school year would be longer than a year. Is the year right?"))

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("hours", "first_day", "last_day", "school_release")}


def _covers(later: Season, earlier: Season) -> bool:
    begins = later.first is None or (earlier.first is not None and later.first <= earlier.first)
    ends = later.last is None or (earlier.last is not None and later.last >= earlier.last)
    return begins and ends and earlier.days <= later.days


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _shown(district: District, seasons: list[dict[str, Any]]) -> dict[str, Any]:
    shown: dict[str, Any] = {"first_day": district.first_day, "last_day": district.last_day}
    for n, season in enumerate(seasons[:MOST_SEASONS]):
        shown |= {f"s{n}_from": season.get("from"), f"s{n}_to": season.get("to"), f"s{n}_days": season.get("days", list(range(5)))}
        shown |= shown_windows(season.get("windows"), f"s{n}_")
    return shown | {f"release_{day}": at for day, at in (district.school_release or {}).items()}
