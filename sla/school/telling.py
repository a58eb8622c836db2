"""A change of the calendar in words, for who undoes it and for who was about to change the same."""

from collections.abc import Sequence
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from districts.models import CalendarChange
from sla.promise import join_words

NAMED = 3  # names of days that are told; more are counted


def told(change: CalendarChange) -> str:
    """ "Days entered: Winter break, December 21 to January 1"."""
    label = str(CalendarChange.Kind(change.kind).label)
    rows = [row for row in (change.after or change.before) if "date" in row]
    if not rows:
        return label
    names = list(dict.fromkeys(row["name"] for row in rows if row["name"]))
    said = [*names[:NAMED], dates_words([date.fromisoformat(row["date"]) for row in rows])]
    return _("%(what)s: %(which)s") % {"what": label, "which": ", ".join(said)}


def dates_words(dates: Sequence[date]) -> str:
    """One date, a stretch, or how many there are between which two."""
    days = sorted(set(dates))
    if not days:
        return ""
    first, last = (formats.date_format(day, "DATE_FORMAT") for day in (days[0], days[-1]))
    if days[0] == days[-1]:
        return first
    count = ngettext("%(n)d day", "%(n)d days", len(days)) % {"n": len(days)}
    return _("%(first)s to %(last)s (%(count)s)") % {"first": first, "last": last, "count": count}


def meanwhile(change: CalendarChange, dates: Sequence[date]) -> str:
    """Why nothing was saved, in one paragraph."""
    who = change.by.name if change.by and change.by.name else _("Somebody")
    said = [_("%(who)s changed this while you were at it: %(what)s.") % {"who": who, "what": told(change)}]
    if dates:
        said.append(_("It is about %(dates)s.") % {"dates": join_words([formats.date_format(day, "DATE_FORMAT") for day in dates[:5]])})
    return " ".join([*said, _("Nothing was saved; what you typed is still here. Save once more to put yours in its place.")])
