from typing import Any

from django.conf import settings
from django.http import HttpRequest


def district(request: HttpRequest) -> dict[str, Any]:
    """What every page may show: the district, who is looking, and whether this is the demo."""
    return {
        "district": getattr(request, "district", None),
        "actor": getattr(request, "actor", None),
        "demo": settings.DEMO,
    }
