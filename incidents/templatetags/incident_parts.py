"""A text of an outage with its other languages, for templates."""

from typing import Any

from django import template
from django.forms import BoundField, Form

register = template.Library()


@register.simple_tag
def spoken(form: Form, name: str) -> tuple[BoundField, list[Any], bool]:
    """(the field, the same in the district's other languages, whether one of those is filled in)."""
    others = [field for field in form if field.name.startswith(f"{name}_") and field.name.removeprefix(f"{name}_") in form.others]  # type: ignore[attr-defined]
    return form[name], others, any(field.value() for field in others)
