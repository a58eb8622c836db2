"""By when a step is due: its terms on the district's own calendar."""

from datetime import datetime

import structlog

from districts.calendar import Calendar
from sla import clock, terms
from sla.promise import Notice, OnTheDay, Tolerance

BACKWARDS = (Notice, OnTheDay, Tolerance)  # counted from a day that a playbook does not know
log = structlog.get_logger(__name__)


def due_at(written: str, start: datetime, calendar: Calendar) -> datetime | None:
    """None where no time is named, or where the words are not understood."""
    if not written.strip():
        return None
    try:
        promised = terms.parse(written)
    except terms.NotUnderstood:
        log.warning("playbook_terms_not_understood", terms=written)
        return None
    return clock.due_at(promised, start, calendar) if counts(promised) else None


def counts(promised: terms.Terms) -> bool:
    """Whether it can be counted from the moment a step may begin."""
    return not any(isinstance(clause.term, BACKWARDS) for clause in promised.clauses)
