"""Rows of feeds and of their runs, read and written without building a query: pings are the most frequent thing that comes in.

Each statement is prepared: parsed once by a connection, planned hardly more often. What is written travels as text, whose types the
server knows from its columns, so that a statement is one and the same whatever is null. Each names the district in scope; row-level
security stands behind it.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import models

from districts import prepared
from districts.models import DistrictModel
from districts.scope import require_district_id
from ownership.models import Feed, FeedRun

LONGEST_TOKEN = 33  # one more than a token has
MOVED = ("state", "expected_at", "alert_at", "ask_at", "started_at", "last_ping_at")  # of a feed, by its runs; the last not by silence
TOLD = (
    "id", "district_id", "feed_id", "outcome", "way", "key", "expected_at", "at", "late_seconds", "took_seconds", "by_id", "note",
    "handled_at", "counts", "evidence",
)  # fmt: skip


def _update(names: Sequence[str]) -> str:
    return f"UPDATE {Feed._meta.db_table} SET {', '.join(f'{name} = %s' for name in names)} WHERE district_id = %s AND id = %s"


_RUN, _VALUES = f"INSERT INTO {FeedRun._meta.db_table} ({', '.join(TOLD)})", ", ".join("%s" for _ in TOLD)
WRITE = f"WITH run AS ({_RUN} VALUES ({_VALUES})) {_update(MOVED)}"
WRITE_MISSED = f"WITH hit AS ({_update(MOVED[:-1])} AND alert_at = %s RETURNING id) {_RUN} SELECT {_VALUES} FROM hit"


def by_token(token: str, *, hold: bool = False) -> Feed | None:
    """Of the district in scope. `hold`: until the transaction ends, so that what comes for the same feed meanwhile waits its turn."""
    found = _read(Feed, f"token = %s{' FOR NO KEY UPDATE' if hold else ''}", [token[:LONGEST_TOKEN]])
    return found[0] if found else None


def named(feed: Feed, key: str) -> list[FeedRun]:
    """The runs of this name, the oldest first."""
    return _read(FeedRun, "feed_id = %s AND key = %s AND key <> '' ORDER BY at, id", [feed.id, key])  # as its index says it


def write(feed: Feed, run: FeedRun) -> None:
    """The run and what it moves of the feed."""
    prepared.run(WRITE, _as_text([*_told(run), *_moved(feed, MOVED)]))


def write_missed(feed: Feed, run: FeedRun, *, alert_at: datetime | None) -> bool:
    """The same, if the feed still was to be looked at then. False: somebody else has seen to it, and nothing is written."""
    return prepared.run(WRITE_MISSED, _as_text([*_moved(feed, MOVED[:-1]), alert_at, *_told(run)])).rowcount == 1


def _told(run: FeedRun) -> list[Any]:
    return [*(getattr(run, name) for name in TOLD[:-2]), json.dumps(run.counts), json.dumps(run.evidence)]


def _moved(feed: Feed, names: Sequence[str]) -> list[Any]:
    return [*(getattr(feed, name) for name in names), feed.district_id, feed.id]


def _as_text(values: Sequence[Any]) -> list[str | None]:
    return [None if value is None else str(value) for value in values]


class _Columns(NamedTuple):
    listed: str
    names: tuple[str, ...]
    packed: tuple[str, ...]  # those that hold JSON


@cache
def _columns(model: type[DistrictModel]) -> _Columns:
    fields = model._meta.concrete_fields
    packed = tuple(field.attname for field in fields if isinstance(field, models.JSONField))
    return _Columns(", ".join(f'"{field.column}"' for field in fields), tuple(field.attname for field in fields), packed)


def _read[M: DistrictModel](model: type[M], where: str, values: Sequence[Any]) -> list[M]:
    columns = _columns(model)
    statement = f"SELECT {columns.listed} FROM {model._meta.db_table} WHERE district_id = %s AND {where}"
    rows = prepared.run(statement, [require_district_id(), *values]).fetchall()
    found = [model.from_db("default", columns.names, row) for row in rows]
    for one in found:
        for name in columns.packed:
            if isinstance(value := getattr(one, name), str):  # no converter ran over the row
                setattr(one, name, json.loads(value))
    return found
