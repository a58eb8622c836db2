"""Promises under faults: processes are killed in mid-sweep, two workers and two beats run, sweeps are told another time, and the
district closes for a day on which thousands of promises are due. What is proven is proven from the rows.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from psycopg import Error

from config.storm.journal import Journal
from config.storm.killing import Killer
from config.storm.running import ROOT, Running

PROMISE = timedelta(minutes=30)  # what is usual for a first answer to something urgent
LEAD = 15.0  # seconds until the first is due
MINUTE = 60.0  # in which all is to be derived again
JUMPS = ("600", "-600", "0", "-3600", "120")  # seconds from now that a sweep is told
PLACE = "faults-00001.localhost"  # a district of made-up tickets, one of which is copied
BROKEN, CLOSED = "faults: urgent", "faults: due on a day that is closed"
TWICE = (("worker", "--concurrency", "1", "--without-gossip", "--without-mingle"), ("beat",))  # besides the product's own


@dataclass(frozen=True)
class Faults:
    promises: int = 2_000  # that break while processes are killed
    closed: int = 10_000  # that are due on the day of the closure
    seconds: float = 60.0  # in which they break
    kill: tuple[str, ...] = ("worker", "redis", "postgres", "beat", "sweeper")
    kill_every: float = 6.0
    seed: int = 1
    settle: float = 180.0
    say: Callable[[str], None] = print


@dataclass
class Verdict:
    promises: int = 0
    breaches: int = 0
    missed: int = 0
    twice: int = 0
    early: int = 0
    underived: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    settled: float = 0.0  # seconds after the last was due until all were noticed
    closed: int = 0  # promises of the day that was closed
    moved: int = 0  # of those: to another day
    broken_by_closing: int = 0
    rederived: float = 0.0  # seconds

    @property
    def holds(self) -> bool:
        whole = not (self.missed or self.twice or self.early or self.underived or self.broken_by_closing)
        return whole and self.breaches == self.promises and self.moved == self.closed and self.rederived <= MINUTE


def suffer(product: Running, faults: Faults) -> Verdict:
    verdict = Verdict(promises=faults.promises)
    filled = product.manage("seed_demo", "--tickets", "200", "--districts", "1", "--prefix", PLACE.split("-")[0])
    if filled.returncode:
        raise RuntimeError(filled.stderr[-2000:])
    _break(product, faults, verdict)
    _close(product, faults, verdict)
    return verdict


# --- kills, pairs, and other times ------------------------------------------------------------------------------------------


def _break(product: Running, faults: Faults, verdict: Verdict) -> None:
    begin = datetime.now(UTC) + timedelta(seconds=LEAD)
    step = faults.seconds / faults.promises
    _tickets(product, BROKEN, faults.promises, priority=1, first=begin - PROMISE, step=step)
    with Journal(ROOT / "var" / "faults" / f"{faults.seed}.jsonl") as journal, _a_second_pair(product):
        killer = Killer(product, journal, faults.kill, every=faults.kill_every, seed=faults.seed)
        killer.start()
        try:
            _sweeps_at_other_times(product, until=begin.timestamp() + faults.seconds)
        finally:
            killer.stop()
    verdict.kills = dict(killer.killed)
    faults.say(f"killed {sum(verdict.kills.values())}; now it settles")
    verdict.settled = _settle(product, faults.settle)
    found = product.rows(PROOF, BROKEN)[0]
    for name in ("breaches", "missed", "twice", "early", "underived"):
        setattr(verdict, name, int(found[name]))


def _sweeps_at_other_times(product: Running, *, until: float) -> None:
    """They may fail, as the servers are killed under them; what they began is begun again by any other."""
    while (left := until - time.time()) > 0:
        product.manage("faults", "--sweep-at", *JUMPS)
        time.sleep(min(2.0, max(0.0, left)))


@contextmanager
def _a_second_pair(product: Running) -> Iterator[None]:
    """Another worker and another beat, of this run only."""
    schedule = product.home / "second-beat"
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "celery", "--quiet", "--app", "config.celery", *words, "--loglevel", "ERROR",
             *(("--schedule", str(schedule)) if words[0] == "beat" else ("--hostname", "second@%h"))],
            cwd=ROOT, env=product.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for words in TWICE
    ]  # fmt: skip
    try:
        yield
    finally:
        for process in started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)


def _settle(product: Running, longest: float) -> float:
    began = time.monotonic()
    while time.monotonic() - began < longest:
        try:
            if not product.value(WAITING, BROKEN):
                break
        except (Error, OSError):  # it is just starting again
            pass
        time.sleep(0.5)
    return time.monotonic() - began


# --- a closure --------------------------------------------------------------------------------------------------------------


def _close(product: Running, faults: Faults, verdict: Verdict) -> None:
    """As at 5:45 in the morning: all that is due on a day, and the day is closed."""
    _tickets(product, CLOSED, faults.closed, priority=3, first=datetime.now(UTC), step=0.0)
    _until(lambda: product.value(DERIVED, CLOSED) == faults.closed, faults.settle)
    day: date = product.value(DUE_DAY, CLOSED)
    verdict.closed = int(product.value(DUE_ON, CLOSED, day))
    faults.say(f"{verdict.closed:,} promises are due on {day}, which is closed now")
    began = time.monotonic()
    closing = product.manage("faults", "--close", str(day))
    if closing.returncode:
        raise RuntimeError(closing.stderr[-2000:])
    os.killpg(product.children()["worker"], signal.SIGKILL)
    _until(lambda: not product.value(STALE), faults.settle)
    verdict.rederived = time.monotonic() - began
    verdict.moved = verdict.closed - int(product.value(DUE_ON, CLOSED, day))
    verdict.broken_by_closing = int(product.rows(PROOF, CLOSED)[0]["breaches"])


def _until(true: Callable[[], Any], longest: float) -> None:
    end = time.monotonic() + longest
    while not true() and time.monotonic() < end:
        time.sleep(0.3)


# --- rows -------------------------------------------------------------------------------------------------------------------


def _tickets(product: Running, subject: str, count: int, *, priority: int, first: datetime, step: float) -> None:
    """Copies of an open ticket, one opened every `step` seconds from `first` on. Their clocks are the product's to derive."""
    product.rows(COPIES, subject, priority, first, step, count, product.district(PLACE))


COPIES = """
INSERT INTO tickets_ticket SELECT (jsonb_populate_record(NULL::tickets_ticket, to_jsonb(t) || jsonb_build_object(
  'id', gen_random_uuid(), 'number', last.number + n, 'token', md5(random()::text || n), 'subject', made.subject, 'status', 'open',
  'priority', made.priority, 'service_id', NULL, 'site_id', NULL, 'crisis', false, 'sensitive', false, 'due_at', NULL,
  'resolved_at', NULL, 'closed_at', NULL, 'opened_at', made.first + n * made.step, 'placed_at', made.first + n * made.step,
  'facts_at', made.first + n * made.step, 'derived_at', made.first + n * made.step - interval '1 second'))).*
FROM (SELECT %s::text AS subject, %s::int AS priority, %s::timestamptz AS first, %s * interval '1 second' AS step) made,
  generate_series(1, %s) n, LATERAL (SELECT * FROM tickets_ticket WHERE district_id = %s ORDER BY opened_at DESC, id LIMIT 1) t,
  LATERAL (SELECT max(number) AS number FROM tickets_ticket WHERE district_id = t.district_id) last
"""
MINE = "FROM tickets_ticket t JOIN sla_clock c ON c.district_id = t.district_id AND c.ticket_id = t.id AND c.kind = 'first'"
WAITING = f"""
SELECT (SELECT count(*) {MINE} WHERE t.subject = %s AND c.breached_at IS NULL)
  + (SELECT count(*) FROM tickets_ticket WHERE facts_at > derived_at)
"""
PROOF = """
WITH mine AS (SELECT t.id AS ticket, c.id, c.due_at, t.facts_at, t.derived_at FROM tickets_ticket t
  LEFT JOIN sla_clock c ON c.district_id = t.district_id AND c.ticket_id = t.id AND c.kind = 'first' WHERE t.subject = %s),
broke AS (SELECT b.* FROM sla_breach b JOIN mine ON b.clock_id = mine.id),
told AS (SELECT e.ticket_id, count(*) AS times FROM tickets_event e JOIN mine ON e.ticket_id = mine.ticket
  WHERE e.kind = 'late' AND e.data ->> 'clock' = 'first' GROUP BY e.ticket_id)
SELECT (SELECT count(*) FROM broke) AS breaches,
  (SELECT count(*) FROM mine WHERE due_at <= now() AND (id NOT IN (SELECT clock_id FROM broke)
    OR ticket NOT IN (SELECT ticket_id FROM told))) AS missed,
  (SELECT count(*) FROM told WHERE times > 1) + (SELECT count(*) - count(DISTINCT clock_id) FROM broke) AS twice,
  (SELECT count(*) FROM broke WHERE noticed_at < due_at) AS early,
  (SELECT count(*) FROM mine WHERE id IS NULL OR facts_at > derived_at) AS underived
"""
DERIVED = f"SELECT count(*) {MINE} WHERE t.subject = %s AND t.facts_at <= t.derived_at"
STALE = "SELECT count(*) FROM tickets_ticket WHERE facts_at > derived_at"
LOCAL = "(c.due_at AT TIME ZONE (SELECT time_zone FROM districts_district d WHERE d.id = t.district_id))::date"
DUE_DAY = f"SELECT {LOCAL} {MINE} WHERE t.subject = %s GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
DUE_ON = f"SELECT count(*) {MINE} WHERE t.subject = %s AND {LOCAL} = %s"
