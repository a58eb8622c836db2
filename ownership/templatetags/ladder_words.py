"""Times and durations of the matrix, said relative and absolute."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from delivery.models import Delivery
from ownership.ladders.notices import clock, rung_name
from ownership.models import Rung
from sla import words

register = template.Library()


@register.simple_tag
def ago(at: datetime, now: datetime) -> SafeString:
    """ "10 min ago (Tue, November 3, 10:15 AM)", or "in …" for what is to come."""
    said = _("%(time)s ago") if at <= now else _("in %(time)s")
    return _time(at, said % {"time": words.left(now - at)})


@register.simple_tag
def due(at: datetime, now: datetime) -> SafeString:
    """ "due in 25 min (Tue, November 3, 10:15 AM)", "late by 2 h (…)"."""
    return _time(at, words.due(at, now=now))


@register.filter
def minutes(value: int) -> str:
    """A number of minutes as a duration: "4 h"."""
    return words.left(timedelta(minutes=value))


@register.filter
def seconds(value: int) -> str:
    return words.left(timedelta(seconds=value))


def _time(at: datetime, said: str) -> SafeString:
    return format_html('<time datetime="{}">{} <span class="exactly">({})</span></time>', at.isoformat(), said, clock(at))


@register.simple_tag
def channels(names: Sequence[str]) -> str:
    """ "In the app, Email"."""
    return ", ".join(str(Delivery.Channel(name).label) for name in names)


@register.filter
def channel(name: str) -> str:
    """ "Email"."""
    return str(Delivery.Channel(name).label)


@register.simple_tag
def moment(at: datetime) -> SafeString:
    """ "Tue, November 3, 10:15 AM", on the clock that is active."""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), clock(at))


@register.simple_tag
def rung_words(rung: Rung) -> str:
    return rung_name(rung)


@register.filter
def bdi(name: str) -> SafeString:
    """A name within a sentence: the two may run in different directions, and neither turns the other round."""
    return format_html("<bdi>{}</bdi>", name)
