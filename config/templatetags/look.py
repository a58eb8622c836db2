"""Small pieces every page is made of: the district's colour, icons, times in words, and where in the product one is."""

from datetime import datetime
from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, RadioSelect, Select
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from districts.access import Can, may
from districts.brand import DEFAULT, accent_css
from sla.words import time_words

register = template.Library()


@register.simple_tag(takes_context=True)
def accent(context: dict[str, Any]) -> SafeString:
    """Rules for a `<style nonce>`: made of two checked colours only."""
    district = context.get("district")
    return mark_safe(accent_css(district.accent if district else DEFAULT))  # noqa: S308  hex digits by construction


@register.simple_tag
def icon(name: str, classes: str = "") -> SafeString:
    """A decorative icon of static/img/icons.svg: a word stands beside it, or the control has a label."""
    return format_html(
        '<svg class="icon {}" width="20" height="20" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        classes, static("img/icons.svg"), name,
    )  # fmt: skip


@register.simple_tag(takes_context=True)
def here(context: dict[str, Any], address: str) -> SafeString:
    """`aria-current="page"` on the link of the part of the product that is being looked at."""
    request = context.get("request")
    path = request.path if request is not None else ""
    inside = path == address or (address not in ("", "/") and path.startswith(address))
    return mark_safe(' aria-current="page"') if inside else mark_safe("")


@register.simple_tag(takes_context=True)
def leads(context: dict[str, Any]) -> bool:
    """Whether the reader may open leaders' pages."""
    actor = context.get("actor")
    return actor is not None and may(actor, Can.LEAD)


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """A form's field in our look. Its label stands above it, so it has no placeholder that says the same."""
    looks = {CheckboxInput: "", RadioSelect: "", Select: "form-select"}
    look = next((name for kind, name in looks.items() if isinstance(field.field.widget, kind)), "form-control")
    return field.as_widget(attrs={"class": look, "placeholder": False})  # type: ignore[dict-item]


@register.filter
def moment(at: datetime | None) -> SafeString | str:
    """When something happened: "today, 2:29 PM", "yesterday, …", "November 17, …"; the whole date stands behind it."""
    if at is None:
        return ""
    local, today = timezone.localtime(at), timezone.localdate()
    values = {"time": time_words(local)}
    match (today - local.date()).days:
        case 0:
            said = _("today, %(time)s") % values
        case 1:
            said = _("yesterday, %(time)s") % values
        case _days:
            day = date_format(local, "MONTH_DAY_FORMAT" if local.year == today.year else "DATE_FORMAT")
            said = f"{day}, {values['time']}"
    whole = f"{date_format(local, 'DATE_FORMAT')}, {values['time']}"
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(timespec="seconds"), whole, said)
