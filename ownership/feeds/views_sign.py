"""One page with what there is to look at, and one tap: it is in order. The signed link is all it needs."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from districts.access import Can, may, require
from districts.editing import actor_of
from districts.limits import remote_of, within
from ownership.feeds import checks
from ownership.feeds.checks import Asked
from ownership.models import Feed

MOST_LOOKS = 120  # for each address and hour: an office is one address


@csrf_exempt  # the link is the key, and nobody is signed in by it
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, token: str) -> HttpResponse:
    """GET only shows it: programs that look through mail follow links. POST signs it."""
    if not within("sign", remote_of(request), most=MOST_LOOKS, seconds=3600):
        return _page(request, {"trouble": "many"}, 429)
    now = timezone.now()
    asked = checks.by_token(token[:400], now=now) if token.isascii() else None
    if asked is None:
        return _page(request, {"trouble": "old"}, 410)
    if request.method == "POST":
        return _signed(request, asked)
    return _page(request, {"asked": asked, "signed": asked.signed})


def _signed(request: HttpRequest, asked: Asked) -> HttpResponse:
    fine, note = request.POST.get("fine", "") == "yes", request.POST.get("note", "")
    try:
        run = checks.sign(asked, fine=fine, note=note, now=timezone.now())
    except checks.WordMissing as error:
        return _page(request, {"asked": asked, "wrong": str(error)}, 422)
    return _page(request, {"asked": asked, "signed": run})


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    asked = context.get("asked")
    seen = checks.evidence(asked.feed.process, but=asked.feed) if asked else None
    answer = render(request, "ownership/sign.html", context | {"seen": seen, "now": timezone.now()}, status=status)
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    answer._has_been_logged = True  # type: ignore[attr-defined]  # Django's: the address is a key, and stands in no log
    return answer


@login_required
@require_POST
def sign_now(request: HttpRequest, slug: str) -> HttpResponse:
    """Somebody who is signed in goes to the page of the time that is to be signed now."""
    actor = actor_of(request)
    require(actor, Can.READ)
    feed = Feed.objects.select_related("process__primary", "process__secondary").filter(slug=slug, kind=Feed.Kind.CHECK).first()
    if feed is None:
        raise Http404
    if actor.person is None or not (checks.may_sign(actor.person, feed.process) or may(actor, Can.LEAD)):
        raise PermissionDenied
    asked = checks.now_due(feed, actor.person, now=timezone.now())
    if asked is None:
        messages.info(request, _("Nothing is to be signed yet."))
        return redirect("process", feed.process.slug)
    return redirect(checks.path_of(asked))
