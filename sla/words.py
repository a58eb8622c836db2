"""Times of promises in people's words, in the active language and the district's time zone."""

from datetime import datetime, timedelta, tzinfo

from django.utils import formats, timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def when(at: datetime, *, now: datetime, zone: tzinfo | None = None) -> str:
    """ "by tomorrow, Thursday, 10:30 AM"; further off with the date. `zone` defaults to the active one."""
    zone = zone or timezone.get_current_timezone()
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    values = {"weekday": date_format(local, "l"), "date": _day_of(local, today.year), "time": time_words(local)}
    match (local.date() - today).days:
        case 0:
            return _("by %(time)s today") % values
        case 1:
            return _("by tomorrow, %(weekday)s, %(time)s") % values
        case days if 1 < days < 7:
            return _("by %(weekday)s, %(time)s") % values
    return _("by %(weekday)s, %(date)s, %(time)s") % values


def left(delta: timedelta) -> str:
    """A duration in its two largest units: "2 h 10 min", "3 days 4 h", "1 day"; without a sign."""
    delta = abs(delta)
    days, rest = divmod(delta, DAY)
    hours, minutes = rest // HOUR, rest % HOUR // MINUTE
    if days:
        said = ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
        return f"{said} {_('%(n)d h') % {'n': hours}}" if hours and days < 3 else said
    if hours:
        said = _("%(n)d h") % {"n": hours}
        return f"{said} {_('%(n)d min') % {'n': minutes}}" if minutes else said
    return _("%(n)d min") % {"n": minutes} if minutes else _("less than a minute")


def due(at: datetime | None, *, now: datetime) -> str:
    """ "due in 2 h 10 min", "late by 1 day"; nothing where nothing is due."""
    if at is None:
        return ""
    if at > now:
        return _("due in %(time)s") % {"time": left(at - now)}
    return _("late by %(time)s") % {"time": left(now - at)}


def time_words(local: datetime) -> str:
    """As in "10:30 AM"; elsewhere the language's own way, which config.formats may set."""
    if (translation.get_language() or "en").startswith("en"):
        return f"{local.hour % 12 or 12}:{local:%M %p}"
    return formats.time_format(local.time(), "TIME_FORMAT")


def _day_of(local: datetime, this_year: int) -> str:
    return date_format(local, "MONTH_DAY_FORMAT" if local.year == this_year else "DATE_FORMAT")
