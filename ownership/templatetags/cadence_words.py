"""Days and figures of a checkpoint, as they were kept."""

from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from districts.calendar import DayKind

register = template.Library()


@register.filter
def day(iso: str) -> str:
    """ "2026-11-03", or a moment: "Tue, November 3"."""
    if not iso:
        return ""
    at = datetime.fromisoformat(iso)
    local = timezone.localtime(at).date() if at.tzinfo else date.fromisoformat(iso[:10])
    return f"{date_format(local, 'D')}, {date_format(local, 'MONTH_DAY_FORMAT')}"


@register.filter
def day_kind(kind: str) -> str:
    said = {
        DayKind.EARLY: _("early release"), DayKind.STAFF: _("teacher work day"), DayKind.BREAK: _("break"),
        DayKind.HOLIDAY: _("holiday"), DayKind.CLOSURE: _("closed"), DayKind.SUMMER: _("summer"),
    }  # fmt: skip
    return said.get(DayKind(kind), kind) if kind in set(DayKind) else kind


@register.filter
def blank(number: int) -> str:
    """A figure, where there is one: a table of zeros hides what is not."""
    return str(number) if number else ""
