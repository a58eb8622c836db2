from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from districts.models import District


def districts_index(request: HttpRequest) -> HttpResponse:
    """The plain host names no district: show the doors there are (demo), or nothing at all (production)."""
    return render(request, "districts/index.html", {"districts": District.objects.filter(active=True).order_by("name")[:50]})
