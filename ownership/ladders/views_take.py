"""One page with one button: whoever was sent for says that they have it, without signing in. The signed link is all it needs."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from districts.limits import remote_of, within
from districts.models import District
from ownership import queries
from ownership.ladders import answering, summons
from ownership.ladders.answering import State
from ownership.models import Summons

MOST_LOOKS = 120  # for each address and hour: an office is one address
STATUS = {State.OPEN: 200, State.YOURS: 200, State.THEIRS: 409, State.OVER: 410}
GONE, UNKNOWN, TOO_MANY = 410, 404, 429


@csrf_exempt  # the link is the key, nobody is signed in by it, and a telephone exchange may post to it
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def take(request: HttpRequest, token: str) -> HttpResponse:
    """GET only shows it: programs that look through mail follow links. POST takes it; its status tells machines what became of it."""
    if not within("take", remote_of(request), most=MOST_LOOKS, seconds=3600):
        return _page(request, {"trouble": "many"}, TOO_MANY)
    row = summons.by_token(token[:200]) if token.isascii() else None
    if row is None:
        return _page(request, {"trouble": "unknown"}, UNKNOWN)
    now = timezone.now()
    if not answering.may_answer(row, now=now):
        return _page(request, {"trouble": "old"}, GONE)
    return _answer(request, row)


def _answer(request: HttpRequest, row: Summons) -> HttpResponse:
    now, district = timezone.now(), request.district  # type: ignore[attr-defined]
    acts = request.method == "POST"
    found = answering.take(row, why=_by_link(district), now=now) if acts else answering.look(row, now=now)
    view = queries.one_open(found.escalation)
    context = {"found": found, "view": view, "e": found.escalation, "person": row.person, "now": now}
    return _page(request, context, STATUS[found.state] if acts or found.state is State.OVER else 200)


def _page(request: HttpRequest, context: dict[str, Any], status: int) -> HttpResponse:
    answer = render(request, "ownership/take.html", context, status=status)
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    answer._has_been_logged = True  # type: ignore[attr-defined]  # Django's: the address is a key, and stands in no log
    return answer


def _by_link(district: District) -> str:
    """In the district's first language: it is written down."""
    with override(str((district.languages or ["en"])[0])):
        return _("By the link in the notice.")
