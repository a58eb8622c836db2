"""The address that feeds ping, and the one at which a program that was stopped asks what was decided."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from ownership.feeds import saying
from ownership.feeds.answers import CONFLICT, LOCKED, feed_of, in_plain_words, plain, stopped
from ownership.feeds.pings import Told, hear
from ownership.holds import holding

DECIDED = {"waiting": LOCKED, "rejected": CONFLICT, holding.OVERTAKEN: CONFLICT}


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@in_plain_words
def ping(request: HttpRequest, token: str = "", end: str = "") -> HttpResponse:
    """A feed says that it ran. The token is all it needs; a token of another district is not known here."""
    feed = feed_of(token, hold=True)  # told twice at once, the second sees what the first wrote
    body = b"" if request.method != "POST" else request.read(saying.MOST_BYTES + 1)
    if len(body) > saying.MOST_BYTES:
        return plain(f"at most {saying.MOST_BYTES} bytes; nothing was written down", 413)
    try:
        said = saying.said(body, end=end, query=request.GET.dict() if request.META["QUERY_STRING"] else None)
    except saying.BadPing as error:
        return plain(f"{error}; nothing was written down", 400)
    told = Told(said.outcome, said.counts, said.note, key=said.key)
    run = hear(feed, told, now=timezone.now(), district=request.district)  # type: ignore[attr-defined]
    return plain(*(stopped(run) or ("OK", 200)))


@require_http_methods(["GET", "HEAD"])
@in_plain_words
def held(request: HttpRequest, token: str) -> HttpResponse:
    """423 while it waits, 409 rejected, 200 released or never held: of the run that is named, else of what was held last."""
    key = request.GET.get(saying.KEY, "")
    if not key.isprintable():
        return plain("run is a text", 400)
    state = holding.last_of(feed_of(token), key=key)
    return plain(state.upper() if state else "OK", DECIDED.get(state, 200))
