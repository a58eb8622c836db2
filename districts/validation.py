"""What a district's own row may say. A value that slips through here stops every page of that district."""

import re
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from districts.calendar import BadHours, minute_of, seasons_of

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"{_LABEL}(\.{_LABEL})+")
COLOUR = re.compile("#[0-9a-fA-F]{6}")
CALLING_CODE = re.compile("[1-9][0-9]{0,2}")  # ITU-T E.164, without the plus
WEEKDAYS = frozenset(range(7))


def host_name(value: str) -> None:
    """As it is compared with what browsers send: lower case, at least two labels, and no operators' host."""
    if not HOST.fullmatch(value) or len(value) > 253:
        raise ValidationError(_("%(value)s is no host name. For example: help.example.org") % {"value": value})
    if value in settings.OPERATOR_HOSTS:
        raise ValidationError(_("%(value)s is the operators' own host.") % {"value": value})


def time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(_("%(value)s is no IANA time zone. For example: America/Chicago") % {"value": value})


def colour(value: str) -> None:
    if not COLOUR.fullmatch(value):
        raise ValidationError(_("%(value)s is no colour. For example: #1f5fae") % {"value": value})


def languages(value: Any) -> None:
    known = [code for code, _name in settings.LANGUAGES]
    if not isinstance(value, list) or len(set(map(str, value))) < len(value) or any(code not in known for code in value):
        raise ValidationError(_('A list of different codes among %(known)s, such as ["en", "es"].') % {"known": ", ".join(known)})


def hours(value: Any) -> None:
    """Raises for what `calendar.seasons_of` could not read, and for a season that would never fit."""
    if not isinstance(value, list):
        raise ValidationError(_("Hours are a list of seasons."))
    try:
        seasons = seasons_of(value)
    except BadHours as error:
        raise ValidationError(_("These hours cannot be read: %(why)s") % {"why": error}) from None
    for season in seasons:
        if not season.days <= WEEKDAYS:
            raise ValidationError(_("Weekdays count from Monday 0 to Sunday 6."))
        if season.first and season.last and season.first > season.last:
            raise ValidationError(_("A season ends before it begins."))


def school_release(value: Any) -> None:
    days = {str(day) for day in WEEKDAYS}
    if not isinstance(value, dict) or not set(value) <= days:
        raise ValidationError(_('School ends by weekday, from Monday 0 to Sunday 6: {"0": "15:20"}'))
    try:
        for at in value.values():
            minute_of(at)
    except BadHours as error:
        raise ValidationError(_("This time cannot be read: %(why)s") % {"why": error}) from None


def calling_codes(value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(code, str) and CALLING_CODE.fullmatch(code) for code in value):
        raise ValidationError(_('A list of calling codes without the plus, such as ["1"].'))
