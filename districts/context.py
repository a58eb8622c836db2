from typing import Any

from django.conf import settings
from django.http import HttpRequest

from districts.pages import page_shown


def district(request: HttpRequest) -> dict[str, Any]:
    """What every page may show: the district, who is looking, where the page opens again, and whether this is the demo."""
    return {
        "district": getattr(request, "district", None),
        "actor": getattr(request, "actor", None),
        "page_shown": lambda: page_shown(request),
        "demo": settings.DEMO,
    }
