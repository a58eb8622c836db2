"""Following up without the link: we send the links again, to the address they belong to."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from districts.models import District
from intake.contacts import BadContact, read
from intake.finding import send_links
from intake.wording import one_line


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "intake/find.html")
    given = one_line(request.POST.get("contact", ""), 400)
    try:
        contact = read(given)
    except BadContact as mistake:
        return render(request, "intake/find.html", {"contact": given, "error": str(mistake)}, status=422)
    send_links(contact, cast(District, request.district), now=timezone.now())  # type: ignore[attr-defined]
    return render(request, "intake/find_sent.html", {"contact": given})
