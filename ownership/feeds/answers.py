"""What machines are answered: plain text and a status, the same at every door that a feed's token opens."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpResponse

from ownership.feeds import rows
from ownership.holds import holding
from ownership.models import Feed, FeedRun, Hold

LOCKED, CONFLICT = 423, 409  # 423 is RFC 4918's: what was asked for is held
STOPPED = {  # by what became of the hold
    str(Hold.State.WAITING): ("HELD: stop here, somebody is asked", LOCKED),
    str(Hold.State.REJECTED): ("REJECTED: tell what is mended under another name", CONFLICT),
    holding.OVERTAKEN: ("OVERTAKEN: a later run came, and this one is not used", CONFLICT),
}


NO_FEED = "no such feed here"
type View = Callable[..., HttpResponse]
HEADERS = {  # kept by nobody: what Django's `never_cache` says, said once and not worked out for every ping
    "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private",
}  # fmt: skip


def plain(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, headers=HEADERS)


def stopped(run: FeedRun) -> tuple[str, int] | None:
    """What is said of a run that may not go on, told now or told again; None where it may."""
    return STOPPED.get(holding.standing(run))


def in_plain_words(view: View) -> View:
    """A program that asks for what is not there is not shown a page."""

    @wraps(view)
    def asked(*args: Any, **named: Any) -> HttpResponse:
        try:
            return view(*args, **named)
        except Http404:
            return plain(NO_FEED, 404)

    return asked


def feed_of(token: str, *, hold: bool = False) -> Feed:
    """Raises Http404, also for another district's token. `hold`: nobody else writes to it until the transaction ends."""
    feed = rows.by_token(token, hold=hold) if token.isascii() and token.isalnum() else None
    if feed is None:
        raise Http404
    return feed
