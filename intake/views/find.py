"""Following up without the link: we send the links again, to the address they belong to."""

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from districts.models import District
from districts.refused import shown_again
from intake.contacts import BadContact, read
from intake.requester.finding import send_links
from intake.views.keeping import in_any_language, kept_for_back, other_language
from intake.wording import one_line


@kept_for_back
def _again(request: HttpRequest) -> HttpResponse:
    return render(request, "intake/find.html", {"contact": _given(request), "refused": True}, status=403)


@shown_again(_again)
@kept_for_back
@in_any_language
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "intake/find.html")
    given = _given(request)
    if other_language(request):
        return render(request, "intake/find.html", {"contact": given}) if given else HttpResponseRedirect("/find", status=303)
    try:
        contact = read(given)
    except BadContact as mistake:
        return render(request, "intake/find.html", {"contact": given, "error": str(mistake)}, status=422)
    send_links(contact, cast(District, request.district), now=timezone.now())  # type: ignore[attr-defined]
    return render(request, "intake/find_sent.html", {"contact": given})


def _given(request: HttpRequest) -> str:
    return one_line(request.POST.get("contact", ""), 400)
