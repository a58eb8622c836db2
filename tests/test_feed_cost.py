"""What a ping asks of the database, counted at the driver; and that silence is seen at the price of what is silent."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from districts.actions import new_api_key
from districts.models import Role
from districts.postgres.base import DatabaseWrapper
from districts.scope import district_scope
from ownership.feeds import pings, rows
from ownership.models import Feed, FeedRun
from tests.conftest import NOW, Cast, visitor
from tests.scratch import as_owner, hang_up
from tests.test_ownership import DAY, FOUR_PM, HOUR, MINUTE, Sync, in_threads, make_sync

QUARTER = 15 * MINUTE
type Asked = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def sync(here: Cast) -> Sync:
    return make_sync(here)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Every statement that leaves for the server, prepared or not, but for those that open and close the scope."""
    seen: list[str] = []
    execute = psycopg.Cursor.execute

    def counted(self: psycopg.Cursor[Any], query: Any, *args: Any, **more: Any) -> psycopg.Cursor[Any]:
        seen.append(query.decode() if isinstance(query, bytes) else str(query))
        return execute(self, query, *args, **more)

    say = DatabaseWrapper._say

    def said(self: DatabaseWrapper, statement: str) -> None:
        seen.append(statement)
        say(self, statement)

    monkeypatch.setattr(psycopg.Cursor, "execute", counted)
    monkeypatch.setattr(DatabaseWrapper, "_say", said)

    @contextmanager
    def during() -> Iterator[list[str]]:
        seen.clear()
        yield seen
        seen[:] = [one for one in seen if not one.startswith(("SAVEPOINT", "RELEASE", "SET LOCAL"))]

    return during


def tell(client: Client, feed: Feed, more: str = "") -> int:
    return int(client.post(f"/matrix/ping/{feed.token}{more}").status_code)


def tell_api(client: Client, feed: Feed, key: str, run: str) -> int:
    body, way = {"outcome": "ok", "run": run}, f"/matrix/feeds/{feed.slug}/runs"
    return int(client.post(way, body, content_type="application/json", HTTP_AUTHORIZATION=f"Bearer {key}").status_code)


def test_a_ping_is_one_question_and_one_statement_that_writes(here: Cast, sync: Sync, asked: Asked) -> None:
    client = visitor(here.district)
    tell(client, sync.feed)
    with asked() as statements:
        assert tell(client, sync.feed, "?rows=4") == 200
    assert [one.split()[0] for one in statements] == ["SELECT", "WITH"]
    assert FeedRun.objects.count() == 2


@pytest.mark.parametrize("path", ["ping/", "ping/nonsense", "ping/nonsense/held", "ping/nonsense/fail", "feeds/file/nonsense"])
def test_a_program_that_asks_for_no_feed_reads_one_line(here: Cast, sync: Sync, path: str) -> None:
    client = visitor(here.district)
    answer = client.put(f"/matrix/{path}", b"a,b") if "file" in path else client.get(f"/matrix/{path}")
    assert (answer.status_code, answer.content) == (404, b"no such feed here\n")


def test_a_program_that_says_far_too_much_reads_one_line(here: Cast, sync: Sync) -> None:
    client, far_too_much = Client(HTTP_HOST=here.district.host, HTTP_ACCEPT="*/*"), b"x" * 3_000_000
    answer = client.post(f"/matrix/ping/{sync.feed.token}", far_too_much, content_type="application/octet-stream")
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (413, "text/plain")
    assert not FeedRun.objects.exists()


def test_nobody_keeps_the_answer_of_a_ping(here: Cast, sync: Sync) -> None:
    client = visitor(here.district)
    for path in (f"/matrix/ping/{sync.feed.token}", f"/matrix/ping/{sync.feed.token}/held"):
        assert "no-store" in client.get(path)["Cache-Control"]


def test_a_name_is_one_question_more_and_a_run_that_was_told_writes_nothing(here: Cast, sync: Sync, asked: Asked) -> None:
    client = visitor(here.district)
    tell(client, sync.feed)
    with asked() as statements:
        assert tell(client, sync.feed, "?run=monday") == 200
    assert [one.split()[0] for one in statements] == ["SELECT", "SELECT", "WITH"]
    with asked() as statements:
        assert tell(client, sync.feed, "?run=monday") == 200
    assert [one.split()[0] for one in statements] == ["SELECT", "SELECT"]
    assert FeedRun.objects.filter(key="monday").count() == 1


def test_a_run_that_is_run_again_under_its_name_is_what_it_was_last(here: Cast, sync: Sync) -> None:
    client, states = visitor(here.district), []
    for end in ("", "/fail", "/fail", "", "", "/partial"):
        assert tell(client, sync.feed, f"{end}?run=monday") == 200
        states.append(str(Feed.objects.get(id=sync.feed.id).state))
    assert states == ["ok", "failed", "failed", "ok", "ok", "partial"]
    assert list(FeedRun.objects.order_by("at").values_list("outcome", flat=True)) == ["ok", "failed", "ok", "partial"]


def test_a_start_and_an_end_of_one_name_are_two_runs(here: Cast, sync: Sync) -> None:
    client = visitor(here.district)
    for end in ("/start", "/start", "", "", "/start"):
        assert tell(client, sync.feed, f"{end}?run=monday") == 200
    assert list(FeedRun.objects.order_by("at").values_list("outcome", flat=True)) == ["started", "ok"]
    assert Feed.objects.get(id=sync.feed.id).started_at is None, "a start that comes late starts nothing"


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("door", ["ping", "api"])
def test_a_run_that_is_told_twice_at_once_is_written_once_and_both_are_answered(
    cedar: Cast, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:  # fmt: skip
    with district_scope(cedar.district.id):
        feed, key = make_sync(cedar).feed, new_api_key(name="SIS", role=Role.AGENT)
    gate, write, answers = threading.Barrier(2), rows.write, list[int]()

    def slowly(*args: Any) -> None:
        time.sleep(0.3)  # the other has come meanwhile
        write(*args)

    def at_once() -> None:
        client = visitor(cedar.district)
        gate.wait(10)
        answers.append(tell(client, feed, "?run=monday") if door == "ping" else tell_api(client, feed, key, "monday"))

    monkeypatch.setattr(rows, "write", slowly)
    in_threads(2, at_once)
    assert answers == [200 if door == "ping" else 201] * 2
    with district_scope(cedar.district.id):
        assert FeedRun.objects.count() == 1


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_who_waits_too_long_for_a_feeds_turn_is_told_to_come_again(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with district_scope(cedar.district.id):
        feed = make_sync(cedar).feed
    client, given = visitor(cedar.district), connection.settings_dict["OPTIONS"]["options"]
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == (f"{settings.DATABASE_LOCK_SECONDS}s",)
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", f"{given} -c lock_timeout=200ms")
    hang_up()
    try:
        with as_owner(str(connection.settings_dict["NAME"])) as other, other.transaction():
            other.execute("LOCK TABLE ownership_feed IN EXCLUSIVE MODE")  # nobody holds a row of it meanwhile
            answer = client.post(f"/matrix/ping/{feed.token}?run=monday")
        assert (answer.status_code, answer["Retry-After"]) == (503, "10")
        assert tell(client, feed, "?run=monday") == 200
    finally:
        monkeypatch.undo()
        hang_up()
    with district_scope(cedar.district.id):
        assert FeedRun.objects.count() == 1


def test_no_column_of_a_run_is_forgotten() -> None:
    """A new one must be written, and one of a feed that a run moves, too."""
    assert set(rows.TOLD) == {field.attname for field in FeedRun._meta.concrete_fields}
    assert set(rows.MOVED) <= {field.attname for field in Feed._meta.concrete_fields}


def test_whatever_a_run_lacks_it_is_the_same_statement(here: Cast, sync: Sync) -> None:
    """Each kind of null would be planned by itself, were its type told."""
    client = visitor(here.district)
    for end in ("/start", "", "/fail", "/partial?rows=4", "/log?note=hm", "?run=x&rows=70000"):
        assert tell(client, sync.feed, end) == 200
    Feed.objects.filter(id=sync.feed.id).update(terms="every 60 minutes", longest_minutes=20, expected_at=NOW - DAY)
    for end in ("/start", "", "/start"):
        assert tell(client, sync.feed, end) == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'WITH run AS (INSERT INTO ownership_feedrun%'")
        assert cursor.fetchone()[0] == 1


def test_what_is_read_without_a_query_is_what_was_written(here: Cast, oak: Cast, sync: Sync) -> None:
    rules: list[dict[str, Any]] = [{"kind": "within", "count": "rows", "low": 1}]
    Feed.objects.filter(id=sync.feed.id).update(rules=rules, longest_minutes=20, started_at=NOW)
    found = rows.by_token(sync.feed.token)
    assert found is not None
    assert {name: getattr(found, name) for name in vars(found) if name != "_state"} == {
        name: value for name, value in vars(Feed.objects.get(id=sync.feed.id)).items() if name != "_state"
    }
    assert rows.by_token(sync.feed.token + "x") is None
    feed = Feed.objects.get(id=sync.feed.id)
    feed.rules = []
    told = pings.Told(counts={"rows": 4, "share": 0.5}, note="it's 100%", key="tuesday", evidence={"file": "a.csv"})
    run = pings.hear(feed, told, now=NOW)
    (again,) = rows.named(feed, "tuesday")
    kept = FeedRun.objects.get(id=run.id)
    for name in rows.TOLD:
        assert getattr(again, name) == getattr(kept, name) == getattr(run, name), name


# --- what is late -------------------------------------------------------------------------------------------------------


def feeds(sync: Sync, count: int, *, late: int) -> None:
    """As many that are due at FOUR_PM as are told; all others a day later."""
    at = [FOUR_PM if n < late else FOUR_PM + DAY for n in range(count)]
    Feed.objects.bulk_create(
        Feed(process=sync.process, slug=f"f{count}-{n}", name=f"F{n}", terms="daily by 4 PM", expected_at=due, alert_at=due + QUARTER)
        for n, due in enumerate(at)
    )


def test_the_sweep_asks_for_what_is_late_and_not_for_every_feed(here: Cast, sync: Sync, asked: Asked) -> None:
    pings.watch(here.district.id, now=NOW)  # the district and its calendar are known from now on
    took = {}
    for count in (5, 60):
        feeds(sync, count, late=4)
        with asked() as statements:
            assert pings.watch(here.district.id, now=FOUR_PM + HOUR) == 4
        took[count] = len(statements)
    assert took == {5: 4 + 1, 60: 4 + 1}, "one question, and one statement for each that is late"
    assert FeedRun.objects.filter(outcome="missed", expected_at=FOUR_PM, handled_at=None).count() == 8
    assert pings.watch(here.district.id, now=FOUR_PM + HOUR) == 0


def test_a_feed_that_is_late_day_after_day_is_written_down_each_time_as_a_run_without_a_name(here: Cast, sync: Sync) -> None:
    feeds(sync, 1, late=1)
    for days in range(3):
        assert pings.watch(here.district.id, now=FOUR_PM + days * DAY + HOUR) == 1
    runs = FeedRun.objects.filter(feed__slug="f1-0").order_by("at")
    assert list(runs.values_list("outcome", "way", "key", "note", "counts", "evidence")) == [("missed", "", "", "", {}, {})] * 3
    assert Feed.objects.get(slug="f1-0").alert_at == FOUR_PM + 3 * DAY + QUARTER, "looked at, and not put off"


def test_more_are_late_than_one_batch_holds(here: Cast, sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pings, "BATCH", 3)
    feeds(sync, 8, late=7)
    assert pings.watch(here.district.id, now=FOUR_PM + HOUR) == 7
    assert FeedRun.objects.filter(outcome="missed").count() == 7


def test_of_a_batch_with_a_broken_feed_all_others_are_written_once(here: Cast, sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    feeds(sync, 4, late=4)
    missed = pings.miss

    def fragile(feed: Feed, **more: Any) -> bool:
        done = missed(feed, **more)
        if feed.slug == "f4-2":
            raise RuntimeError("poison, after it wrote")
        return done

    monkeypatch.setattr(pings, "miss", fragile)
    now = FOUR_PM + HOUR
    assert pings.watch(here.district.id, now=now) == 4
    assert set(FeedRun.objects.values_list("feed__slug", flat=True)) == {"f4-0", "f4-1", "f4-3"}
    assert FeedRun.objects.count() == 3
    broken = Feed.objects.get(slug="f4-2")
    assert (broken.state, broken.expected_at, broken.alert_at) == ("new", FOUR_PM, now + timedelta(hours=1))


def test_a_miss_that_somebody_else_saw_to_writes_nothing(here: Cast, sync: Sync) -> None:
    feeds(sync, 1, late=1)
    feed = Feed.objects.get(slug="f1-0")
    Feed.objects.filter(id=feed.id).update(last_ping_at=NOW)
    run = FeedRun(feed=feed, outcome="missed", key="", at=NOW)
    assert not rows.write_missed(feed, run, alert_at=FOUR_PM)
    assert not FeedRun.objects.exists()
    assert rows.write_missed(feed, run, alert_at=FOUR_PM + QUARTER)
    assert FeedRun.objects.count() == 1
    assert feed.refresh().last_ping_at == NOW, "silence does not take back what was told meanwhile"
