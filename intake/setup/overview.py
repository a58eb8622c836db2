"""Set-up: what the district has, and what is missing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from districts.editing import for_administrators
from intake.readiness import needs


@for_administrators
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    found = needs(request.district, now=timezone.now())  # type: ignore[attr-defined]
    return render(request, "setup/overview.html", {"needs": found, "open": sum(not need.done for need in found)})
