"""What is measured of feeds: an hour's pings at the door of the whole product, and what it costs to see which feeds are late."""

import http.client
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from django.db import connections
from django.utils import timezone

from config.bench.bench import Bench
from config.bench.data import Place, make
from config.bench.doors import p99, under
from config.bench.meter import ROUNDS, cpu
from config.demo.volume import Size
from config.storm.running import CEDAR, OAK, Running
from districts.jobs import each_district
from districts.scope import district_scope
from ownership.feeds import pings
from ownership.models import Feed, Process

FEEDS = 1_000
RATE = 60_000 / 3_600  # pings a second
SECONDS = 60
SENDERS = 16  # at once
AGAIN = 50  # one of so many is told twice
QUIET = 3.0  # seconds that the product is looked at before
STILL, SETTLE = 0.3, 60.0  # share of all cores that is quiet enough; seconds that it is waited for
WARM = 40  # pings before
TERMS = ("every 60 minutes", "daily by 4 PM", "checks at 10 AM and 3 PM", "every 15 minutes")


# --- an hour's pings ------------------------------------------------------------------------------------------------------


@dataclass
class Hour:
    """Of one run; all times in seconds. `shares`: of all cores, by what used them."""

    cores: int
    quiet: float = 0.0  # of all cores, before the first ping
    sent: int = 0
    again: int = 0
    kept: int = 0  # runs that are there
    answers: list[float] = field(default_factory=list)  # from the moment a ping was due to its 200
    refused: list[str] = field(default_factory=list)
    shares: dict[str, float] = field(default_factory=dict)
    cost: float = 0.0  # of CPU, of one answer, without what was used before

    @property
    def answer(self) -> float:
        return p99(self.answers)

    @property
    def half(self) -> float:
        return statistics.median(self.answers)


def hour_of(product: Running, *, seconds: float) -> Hour:
    """RATE pings a second for so long, each on a connection of its own; the feeds of two districts take turns."""
    found, feeds = Hour(cores=os.cpu_count() or 1), _thousand(product)
    found.quiet = _settled(product, feeds, found.cores)
    run, before, began = f"{time.time():.0f}", _used(product), time.monotonic()

    def send(number: int) -> None:
        due, (host, token) = began + number / RATE, feeds[number % len(feeds)]
        for _ in range(2 if number % AGAIN == 0 else 1):
            try:
                status = _ping(product.port, host, f"/matrix/ping/{token}?run={run}-{number}&rows={400 + number % 30}")
                refused = "" if status == 200 else str(status)
            except (OSError, http.client.HTTPException) as error:
                refused = f"{type(error).__name__}: {error}"
            found.refused += [refused] if refused else []
            found.answers.append(time.monotonic() - due)

    with ThreadPoolExecutor(SENDERS) as pool:
        for number in range(max(1, int(seconds * RATE))):
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))
            pool.submit(send, number)
            found.sent += 1
    took = time.monotonic() - began
    found.shares = _shares(before, _used(product), took, found.cores)
    found.again = len(found.answers) - found.sent
    found.cost = (sum(found.shares.values()) - found.quiet) * took * found.cores / len(found.answers)
    found.kept = product.value("SELECT count(*) FROM ownership_feedrun WHERE key LIKE %s", f"{run}-%")
    return found


def _ping(port: int, host: str, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, headers={"Host": host})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def _thousand(product: Running) -> list[tuple[str, str]]:
    """(host, token) of each: of two districts, each below a process of theirs."""
    for host in (CEDAR, OAK):
        product.rows(THOUSAND, list(TERMS), len(TERMS), FEEDS // 2, host)
    product.rows("VACUUM (ANALYZE) ownership_feed")
    rows = product.rows(
        "SELECT d.host, f.token FROM ownership_feed f JOIN districts_district d ON d.id = f.district_id WHERE f.slug LIKE 'measured-%%'"
        " ORDER BY f.slug, d.host"
    )
    if len(rows) != FEEDS:
        raise RuntimeError(f"{len(rows)} feeds, not {FEEDS}")
    return [(row["host"], row["token"]) for row in rows]


THOUSAND = """
INSERT INTO ownership_feed (id, district_id, process_id, slug, name, token, terms, grace_minutes, state, active)
SELECT gen_random_uuid(), p.district_id, p.id, 'measured-' || lpad(n::text, 5, '0'), 'Measured ' || n, md5(p.id::text || n::text),
  (%s::text[])[1 + n %% %s], 15, 'new', true
FROM generate_series(1, %s) n CROSS JOIN LATERAL (
  SELECT p.district_id, p.id FROM ownership_process p JOIN districts_district d ON d.id = p.district_id
  WHERE d.host = %s ORDER BY p.id LIMIT 1) p
ON CONFLICT DO NOTHING
"""


def _settled(product: Running, feeds: list[tuple[str, str]], cores: int) -> float:
    """Once all that a ping needs is loaded and the start is over: the share of all cores that is used while nobody asks; of a machine
    that never rests it is told as it is."""
    end = time.monotonic() + SETTLE
    while True:
        for host, token in feeds[:WARM]:
            _ping(product.port, host, f"/matrix/ping/{token}")
        before = _used(product)
        time.sleep(QUIET)
        share = sum(_shares(before, _used(product), QUIET, cores).values())
        if share < STILL or time.monotonic() > end:
            return share


def _used(product: Running) -> dict[str, dict[int, float]]:
    """CPU seconds so far, by process, of what answers, what works behind it, and what keeps it."""
    children = product.children()
    kinds = {"web": under(children["web"]), "worker": under(children["worker"]), "database": under(product.state()["keeper_pid"])}
    named = {pid for pids in kinds.values() for pid in pids}
    kinds["the rest"] = [pid for pid in under(product.process.pid if product.process else 0) if pid not in named]
    return {name: {pid: cpu([pid]) for pid in pids} for name, pids in kinds.items()}


def _shares(
    before: dict[str, dict[int, float]], after: dict[str, dict[int, float]], seconds: float, cores: int
) -> dict[str, float]:  # fmt: skip
    return {
        name: sum(used - before[name].get(pid, 0.0) for pid, used in pids.items()) / seconds / cores for name, pids in after.items()
    }


# --- which feeds are late -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Late:
    """What one sweep costs among so many feeds, one number for each round: seconds of CPU, here and in the database, and rows that were
    read to find those that are late. Of the rows a lost index shows, though all districts lie in one table."""

    feeds: int
    seconds: list[float]
    read: list[int]  # rows of feeds

    def each(self, late: int) -> float:
        """Milliseconds for each that is late."""
        return statistics.median(self.seconds) / late * 1000


def late_among(bench: Bench, counts: Sequence[int], *, late: int) -> list[Late]:
    """Of a district for each of `counts`, in which as many feeds are late as are told; they take turns, so that a machine whose speed
    drifts is as fast for all."""
    places = {count: make(f"feeds{count}", Size(200, 1, lean=True, fresh=True), now=timezone.now()) for count in counts}
    found = [Late(count, [], []) for count in counts]
    for count, place in places.items():
        _with_feeds(place, count)
    for number in range(ROUNDS + 1):
        for one in found:
            _let_be_late(places[one.feeds], one.feeds // late)
            before = _rows_read()
            seconds = bench.meter.seconds_here(partial(_sweep, late))
            read = _rows_read() - before
            one.seconds.extend([seconds] if number else [])  # the first loads what all need
            one.read.extend([read] if number else [])
    return found


def _rows_read() -> int:
    """Of feeds so far, by whatever way, by this process and those that have ended."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT 1")  # ends a transaction, which is when it is flushed
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = %s", [Feed._meta.db_table])
        return int(cursor.fetchone()[0])


def _sweep(late: int) -> None:
    missed = each_district("feeds", partial(pings.watch, now=timezone.now()))
    if missed != late:
        raise RuntimeError(f"{missed} feeds were late, not {late}")


def _with_feeds(place: Place, count: int) -> None:
    ahead = timezone.now() + timedelta(days=2)
    with district_scope(place.district.id):
        process = Process.objects.create(slug="many", name="Many")
        Feed.objects.bulk_create(
            (
                Feed(
                    process=process, slug=f"many-{n:05}", name=f"Feed {n}", terms=TERMS[n // 3 % len(TERMS)], state="ok",
                    last_ping_at=timezone.now(), expected_at=ahead, alert_at=ahead + timedelta(minutes=15),
                )
                for n in range(count)
            ),
            batch_size=2000,
        )  # fmt: skip


def _let_be_late(place: Place, each: int) -> None:
    """One of each so many, by their names, is late since a second ago; all others are on time."""
    now = timezone.now()
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "UPDATE ownership_feed SET state = 'ok', expected_at = %s, alert_at = %s"
            " WHERE district_id = %s AND right(slug, 5)::int %% %s = 0",
            [now - timedelta(minutes=15, seconds=1), now - timedelta(seconds=1), place.district.id, each],
        )
        cursor.execute("VACUUM (ANALYZE) ownership_feed")
        cursor.execute("VACUUM (ANALYZE) ownership_feedrun")
