"""What pages of other apps say beside an article."""

from datetime import date
from typing import Any

from django import template
from django.utils import timezone

from knowledge.models import Article

register = template.Library()


@register.inclusion_tag("knowledge/_outdated.html")
def outdated(article: Article) -> dict[str, Any]:
    """That it may be out of date, where the day by which it was to be checked has passed; else nothing."""
    return {"day": article.review_by if article.is_out_of_date(timezone.localdate()) else None}


@register.inclusion_tag("knowledge/_outdated.html")
def outdated_when_told(day: str) -> dict[str, Any]:
    """The same of an answer given earlier, which keeps the day as text where it had passed by then."""
    return {"day": date.fromisoformat(day) if day else None}
