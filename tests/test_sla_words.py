"""Times of promises in people's words."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django.utils.translation import override

from sla.words import due, left, when
from tests.test_calendar import PACIFIC, at

NOW = at("2026-11-04T09:00")  # a Wednesday


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-04T16:30", "by 4:30 PM today"),
        ("2026-11-05T10:30", "by tomorrow, Thursday, 10:30 AM"),
        ("2026-11-06T07:30", "by Friday, 7:30 AM"),
        ("2026-11-12T12:00", "by Thursday, November 12, 12:00 PM"),
        ("2027-01-05T00:05", "by Tuesday, Jan. 5, 2027, 12:05 AM"),
        ("2026-11-03T10:30", "by Tuesday, November 3, 10:30 AM"),
    ],
)
def test_when(moment: str, said: str) -> None:
    assert when(at(moment), now=NOW, zone=PACIFIC) == said


def test_when_is_told_in_the_districts_zone_not_the_readers() -> None:
    late = at("2026-11-04T23:30")
    assert when(late, now=NOW, zone=PACIFIC) == "by 11:30 PM today"
    with timezone.override(ZoneInfo("America/New_York")):
        assert when(late, now=NOW) == "by tomorrow, Thursday, 2:30 AM"


def test_when_in_spanish_uses_its_own_words_and_day_names() -> None:
    with override("es"):
        said = when(at("2026-11-12T16:30"), now=NOW, zone=PACIFIC)
    assert "jueves" in said
    assert "12 de noviembre" in said
    assert "4:30\xa0p.m." in said
    assert "PM" not in said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0.5, "less than a minute"), (1, "1 min"), (59.9, "59 min"), (60, "1 h"), (130, "2 h 10 min"), (1440, "1 day"),
        (1440 * 2 + 180, "2 days 3 h"), (1440 * 9 + 180, "9 days"), (-130, "2 h 10 min"),
    ],
)  # fmt: skip
def test_left(minutes: float, said: str) -> None:
    assert left(timedelta(minutes=minutes)) == said


def test_due() -> None:
    moment: datetime = at("2026-11-04T11:10")
    assert due(moment, now=NOW) == "due in 2 h 10 min"
    assert due(NOW, now=NOW) == "late by less than a minute"
    assert due(NOW - timedelta(days=1), now=NOW) == "late by 1 day"
    assert due(None, now=NOW) == ""
