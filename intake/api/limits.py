"""How many requests one caller may send in a minute: enough for any system, too few to be a burden to the people of the district."""

import time

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from districts.limits import within
from districts.models import ApiKey

MINUTE = 60


class PerCaller(BaseThrottle):
    def allow_request(self, request: Request, view: APIView) -> bool:
        key = request.auth.prefix if isinstance(request.auth, ApiKey) else str(getattr(request.user, "pk", "") or "")
        district = request._request.district  # type: ignore[attr-defined]
        return within("api", f"{district.id} {key}", most=settings.API_PER_MINUTE, seconds=MINUTE)

    def wait(self) -> float:
        """Seconds until the next minute begins."""
        return MINUTE - time.time() % MINUTE
