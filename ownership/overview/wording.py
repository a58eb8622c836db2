"""When a feed is expected, in plain words."""

from dataclasses import replace

from django.utils.translation import gettext as _

from ownership.models import Feed
from ownership.overview import audit
from sla.promise import By, Terms


class _AllYear(By):
    """Days that would be of school, were there no summer, holiday, break or closure."""

    __slots__ = ()

    def _days(self) -> str:
        return _("every weekday, all year,")


def sentence(terms: str) -> str:
    """Of a promise; empty where the words are not understood."""
    known = audit.understood(terms)
    return known.sentence() if known else ""


def expected(feed: Feed) -> str:
    """Of a feed, which may run on days without school too."""
    known = audit.understood(feed.terms)
    if known and feed.all_year:
        known = Terms(tuple(replace(clause, term=_all_year(clause.term)) for clause in known.clauses))
    return known.sentence() if known else ""


def _all_year[T](term: T) -> T | By:
    """What is due on school days is due on the same days of the week all year; what names its days keeps them."""
    if isinstance(term, By) and not term.every_day and term.weekday is None:
        return _AllYear(term.times, checks=term.checks)
    return term
