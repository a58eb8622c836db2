from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "", **_: Any) -> HttpResponse:
    """A form that was open too long: nothing was saved, the page says how to go on."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)
