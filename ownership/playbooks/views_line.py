"""The page of one line, for the person a run is about: nobody is signed in, the token is the key."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from districts.limits import remote_of, within
from ownership.playbooks import line, reading

MOST_LOOKS = 120  # for each address and hour: a school is one address
UNKNOWN, TOO_MANY = 404, 429


@never_cache
@require_safe
def line_page(request: HttpRequest, token: str) -> HttpResponse:
    if not within("playbook_line", remote_of(request), most=MOST_LOOKS, seconds=3600):
        return _page(request, "many", TOO_MANY)
    if not token.isascii() or not token.isalnum():
        return _page(request, "unknown", UNKNOWN)
    try:
        run = reading.by_token(token)
    except Http404:
        return _page(request, "unknown", UNKNOWN)
    with override(line.language_of(run.person, request.district)):  # type: ignore[attr-defined]
        answer = render(request, "ownership/playbooks/line.html", {"line": line.about(run, now=timezone.now()), "run": run})
    return _closed(answer)


def _page(request: HttpRequest, trouble: str, status: int) -> HttpResponse:
    return _closed(render(request, "ownership/playbooks/line.html", {"trouble": trouble}, status=status))


def _closed(answer: HttpResponse) -> HttpResponse:
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    answer._has_been_logged = True  # type: ignore[attr-defined]  # Django's: the address is a key, and stands in no log
    return answer
