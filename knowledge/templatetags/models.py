"""Small figures of pages about the model."""

from decimal import Decimal

from django import template
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from knowledge.passages import plain

register = template.Library()


@register.filter
def dollars(amount: Decimal) -> str:
    """US dollars: cents, or for less than one as much as tells one question from another."""
    places = 2 if amount >= 1 or amount == amount.quantize(Decimal("0.01")) else 4
    return f"${number_format(max(amount, Decimal('0.0001')) if amount else amount, places, force_grouping=True)}"


@register.filter
def unmarked(markdown: str) -> str:
    """Words without marks."""
    return plain(markdown)


@register.filter
def seconds(milliseconds: int) -> str:
    return _("%(seconds)s s") % {"seconds": number_format(milliseconds / 1000, 1 if milliseconds >= 100 else 2)}
