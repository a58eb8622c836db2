"""One storm from the first sender to the proof."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.db import DatabaseError
from psycopg import Error

from config.storm import post as elsewhere
from config.storm.journal import Journal
from config.storm.killing import Killer
from config.storm.letterbox import Letterbox
from config.storm.plan import KINDS, Event, plan
from config.storm.post import Post
from config.storm.proof import Proof, Verdict
from config.storm.running import CEDAR, Running
from config.storm.senders import HELP, Senders

LEASE = 60  # seconds that what a killed process had in hand stays its own (districts.jobs)
WAITING = {
    "envelopes": "SELECT count(*) FROM intake_envelope WHERE state = 'pending'",
    "placings": "SELECT count(*) FROM tickets_ticket WHERE placed_at IS NULL",
    "letters": "SELECT count(*) FROM delivery_delivery WHERE state = 'pending' AND purpose = 'ack'",
}


@dataclass(frozen=True)
class Storm:
    events: int
    seed: int
    names: Sequence[str]  # to be killed
    rate: float = 30.0  # events a second
    senders: int = 8  # at once
    kill_every: float = 6.0  # seconds
    settle: float = 600.0  # seconds for everything to come to its end
    say: Callable[[str], None] = print


@dataclass(frozen=True)
class Outcome:
    verdict: Verdict
    kills: dict[str, int]
    seconds: float  # of sending
    settled: float  # until nothing waited any more


def blow(product: Running, storm: Storm, folder: Path, *, hurry: bool = False) -> Outcome:
    """`hurry`: what a killed process had in hand is free at once, not after its lease; for tests that cannot wait a minute."""
    kinds = [kind for kind in KINDS if kind.door != "imap" or elsewhere.is_installed()]
    if len(kinds) < len(KINDS):
        storm.say("no mailbox takes part: its server, pymap, is not installed (requirements/dev.txt)")
    events = plan(storm.seed, storm.events, kinds)
    since = datetime.now(UTC)
    with (
        Journal(folder / "sent.jsonl") as sent,
        Journal(folder / "received.jsonl") as received,
        _mailbox(product, events, folder) as post,
    ):
        letterbox = Letterbox(received, events)
        with letterbox.listening(product.mail, product.twilio):
            senders = Senders(product, sent, letterbox.acknowledged, post)
            senders.prepare(events)
            killer = Killer(product, sent, storm.names, every=_every(storm), seed=storm.seed)
            seconds = _send(senders, killer, events, storm)
            storm.say(f"sent in {seconds:.0f} s; now it settles")
            settled = _settle(product, storm, killer if hurry else None, post)
    verdict = Proof(product, sent.path, received.path, since).verdict()
    return Outcome(verdict, dict(killer.killed), seconds, settled)


@contextmanager
def _mailbox(product: Running, events: Sequence[Event], folder: Path) -> Iterator[Post | None]:
    """One that the product reads while this goes on; None where no mail comes by it."""
    if not any(event.kind.door == "imap" for event in events):
        yield None
        return
    with Post(folder).open() as post, post.read_by(product, HELP, product.district(CEDAR)):
        yield post


def _every(storm: Storm) -> float:
    """Often enough for each to have its turn while things are sent."""
    return min(storm.kill_every, storm.events / storm.rate / (len(storm.names) + 1))


def _send(senders: Senders, killer: Killer, events: Sequence[Event], storm: Storm) -> float:
    began = time.monotonic()
    with ThreadPoolExecutor(storm.senders, thread_name_prefix="sender") as pool:
        killer.start()
        try:
            for at, event in enumerate(events):
                time.sleep(max(0.0, began + at / storm.rate - time.monotonic()))
                pool.submit(senders.send, event)
                if at and at % 1000 == 0:
                    storm.say(f"{at:,} events, {sum(killer.killed.values())} killed")
        finally:
            killer.stop()
    return time.monotonic() - began


def _settle(product: Running, storm: Storm, killer: Killer | None, post: Post | None) -> float:
    """Until nothing waits, for two looks in a row; returns the seconds it took. What still waits then is missing in the proof."""
    began, calm = time.monotonic(), 0
    while calm < 2 and time.monotonic() - began < storm.settle:
        calm = calm + 1 if _nothing_waits(product, killer, post) else 0
        time.sleep(1)
    return time.monotonic() - began


def _nothing_waits(product: Running, killer: Killer | None, post: Post | None) -> bool:
    try:
        if killer:
            _free(product, killer)
        unread = post.unread() if post else 0
        return not unread and product.ready() and not any(product.value(query) for query in WAITING.values())
    except (Error, DatabaseError, OSError):
        return False


def _free(product: Running, killer: Killer) -> None:
    """What was taken in hand before the last kill. Where a file is awaited, its next try is at once."""
    before = datetime.fromtimestamp(killer.last + LEASE, UTC)
    product.rows("UPDATE intake_mailbox SET lease_until = now() WHERE lease_until > now() AND lease_until < %s", before)
    for table in ("intake_envelope", "delivery_delivery"):
        product.rows(
            f"UPDATE {table} SET lease_until = now() WHERE state = 'pending' AND lease_until > now() AND lease_until < %s", before
        )
