from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import i18n

from districts import pages, refused


def csrf_failure(request: HttpRequest, reason: str = "", **_: Any) -> HttpResponse:
    """A form that was open too long: nothing was saved. Its own page again with what was typed, else one that says how to go on."""
    again = refused.again(request)
    return again or render(request, "403_csrf.html", {"reason": reason, "back": pages.page_of_form(request)}, status=403)


def set_language(request: HttpRequest) -> HttpResponse:
    """Django's, but never to an address that only takes what a form sends."""
    answer: HttpResponse = i18n.set_language(request)
    to = answer.get("Location", "")
    if to and not pages.opens(to, request):
        answer["Location"] = pages.near(to, request)
    return answer
