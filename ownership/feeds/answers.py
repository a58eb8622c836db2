"""What machines are answered: plain text and a status, the same at every door that a feed's token opens."""

import json
from functools import cache

from django.db import connection
from django.http import Http404, HttpResponse

from districts.scope import require_district_id
from ownership.holds import holding
from ownership.models import Feed, FeedRun, Hold

LOCKED, CONFLICT = 423, 409  # 423 is RFC 4918's: what was asked for is held
STOPPED = {  # by what became of the hold
    Hold.State.WAITING: ("HELD: stop here, somebody is asked", LOCKED),
    Hold.State.REJECTED: ("REJECTED: tell what is mended under another name", CONFLICT),
}


def plain(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")


def stopped(run: FeedRun) -> tuple[str, int] | None:
    """What is said of a run that may not go on, told now or told again; None where it may."""
    return STOPPED.get(Hold.State(state)) if (state := holding.standing(run)) else None


def feed_of(token: str) -> Feed:
    """Raises Http404, also for another district's token. Written out: it is read for every ping, and no query is built."""
    if not token.isascii() or not token.isalnum():
        raise Http404
    statement, names = _of_token()
    with connection.cursor() as cursor:
        cursor.execute(statement, [require_district_id(), token[:33]])
        row = cursor.fetchone()
    if row is None:
        raise Http404
    feed = Feed.from_db("default", names, row)
    feed.rules = json.loads(feed.rules) if isinstance(feed.rules, str) else feed.rules  # no converter ran over the row
    return feed


@cache
def _of_token() -> tuple[str, list[str]]:
    """The question, and what its columns are called."""
    fields = Feed._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return f"SELECT {columns} FROM {Feed._meta.db_table} WHERE district_id = %s AND token = %s", [field.attname for field in fields]
