"""A district's own words, from its folder: `district.json`, `ownership.json`, `forms.json`, `articles/`."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
PRIORITIES = {"urgent": 1, "high": 2, "normal": 3, "low": 4}
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAY_KINDS = {"holiday": "holiday", "staff_day": "staff", "half_day": "early", "break": "break", "closure": "closure"}
WEDNESDAY = 2


@dataclass(frozen=True)
class Catalog:
    folder: Path
    district: dict[str, Any]
    ownership: dict[str, Any]
    forms: dict[str, Any]

    @property
    def articles(self) -> Path:
        return self.folder / "articles"


def read(name: str) -> Catalog:
    folder = DATA / name
    return Catalog(
        folder=folder, district=_json(folder / "district.json"), ownership=_json(folder / "ownership.json"),
        forms=_json(folder / "forms.json"),
    )  # fmt: skip


def _json(path: Path) -> dict[str, Any]:
    """Empty where the district has no such file."""
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def hours(district: dict[str, Any]) -> list[dict[str, Any]]:
    """Seasons of open hours for `District.hours`: the year round, then the summer's."""
    given = district["office_hours"]
    days = [DAYS.index(day) for day in given["days"]]
    seasons = [{"from": "", "to": "", "days": days, "windows": [[given["open"], given["close"]]]}]
    if "summer_from" in given:
        summer = [[given["summer_open"], given["summer_close"]]]
        seasons.append({"from": given["summer_from"], "to": given["summer_to"], "days": days, "windows": summer})
    return seasons


def release(district: dict[str, Any]) -> dict[str, str]:
    """End of the school day by weekday: the latest of all levels, an hour earlier on early-release Wednesdays."""
    levels = district["school_day_hours"].values()
    end = max(level["end"] for level in levels)
    early = max(level.get("early_release_wed", level["end"]) for level in levels)
    return {str(day): early if day == WEDNESDAY else end for day in range(5)}


def days_off(calendar: dict[str, Any]) -> list[tuple[date, str, str]]:
    """(date, kind of CalendarDay, name) for each weekday of each period."""
    out = []
    for period in calendar["days_off"]:
        day, end = date.fromisoformat(period["start"]), date.fromisoformat(period["end"])
        while day <= end:
            if day.weekday() < 5:
                out.append((day, DAY_KINDS[period["kind"]], period["name"]))
            day += timedelta(days=1)
    return out


def terms(minutes: int, *, around_the_clock: bool) -> str:
    """Minutes in the grammar of promises: 240 → "within 4 business hours"."""
    number, unit = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    plural = unit if number == 1 else f"{unit}s"
    return f"within {number} {plural}" if around_the_clock else f"within {number} business {plural}"
