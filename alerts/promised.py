"""What is promised of an alert: one term of the grammar of promises, judged by the engine that judges them all.

"95 % delivered within 15 minutes, validated within 30": a share of people by a time, and by when somebody has signed the report of it.
"""

from datetime import datetime

from django.utils.translation import gettext as _

from districts.calendar import Calendar
from sla.clock import due_at
from sla.promise import Clause, Reach, Terms, Within
from sla.terms import parse


class NoReach(ValueError):
    """Understood, and no promise of an alert; the text says what is missing."""


def reach_of(terms: str) -> Reach:
    """Raises NotUnderstood, NoReach."""
    clauses = parse(terms).clauses
    term = clauses[0].term
    if not isinstance(term, Reach):
        raise NoReach(_("a share of people by a time, as in “95 % delivered within 15 minutes, validated within 30”"))
    if len(clauses) > 1 or clauses[0].on or clauses[0].condition:
        raise NoReach(_("one promise for every day: an alert cannot wait for a better one"))
    return term


def reach_due(terms: str, started: datetime, calendar: Calendar) -> datetime:
    """When its people are to be reached."""
    return due_at(parse(terms), started, calendar)


def report_due(terms: str, started: datetime, calendar: Calendar) -> datetime | None:
    """When its report is to be signed; None where no time is promised for that."""
    validated = reach_of(terms).validated
    return due_at(Terms((Clause(Within(validated)),)), started, calendar) if validated else None


def check(terms: str, calendar: Calendar, *, now: datetime) -> None:
    """Raises NoReach, also where the report would be due before anybody can tell what is in it."""
    report = (reach_of(terms), report_due(terms, now, calendar))[1]
    if report and report < reach_due(terms, now, calendar):
        raise NoReach(_("The report cannot be signed before the time to reach people is up."))
