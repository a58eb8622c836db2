"""What happened releases the next step: a call for each trigger that listens, written down with the very thing that happened.

An event of our own is "feed.ok" or "hold.released"; one of the district's own has a name without a dot: "grades-final". A trigger
that names a feed or a process hears of that one alone. `Feed.releases` says whether anybody listens to a feed at all, so that a
ping asks for no triggers where there are none.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from districts.jobs import nudge
from districts.told import cleaned
from ownership.models import Feed, Process, Trigger, TriggerCall
from ownership.triggers.tasks import call_pending

LONGEST_KEY = 120
TEST = "test"
OUR_EVENTS = (
    ("feed.ok", _("A feed ran")),
    ("feed.failed", _("A feed failed")),
    ("feed.late", _("A feed is late")),
    ("feed.held", _("A run is held")),
    ("hold.released", _("A held run is released")),
    ("hold.rejected", _("A held run is rejected")),
)


def is_ours(event: str) -> bool:
    """Told by the product itself; nobody else may say so."""
    return "." in event


def fire(
    event: str, *, payload: Mapping[str, Any], key: str, feed: Feed | None = None, process: Process | None = None, now: datetime
) -> int:  # fmt: skip
    """One call for each active trigger that listens, in the transaction that is open; returns how many are new.

    `key`: of this very thing that happened; told again, it releases nothing. `payload`: what JSON can say. The process is the feed's,
    where only a feed is given.
    """
    process = process or (feed.process if feed else None)
    return _put(_listening(event, feed, process), event, told_of(payload, feed=feed, process=process), key=key, now=now)


def send_test(trigger: Trigger, *, by: str, now: datetime) -> TriggerCall:
    """A call that says it is a test, of a trigger that is paused too. `by`: a name."""
    key = f"{TEST}:{uuid4().hex}"
    _put([trigger], TEST, told_of({"by": by}, feed=trigger.feed, process=trigger.process), key=key, now=now)
    made: TriggerCall = TriggerCall.objects.get(trigger=trigger, key=key)
    return made


def told_of(payload: Mapping[str, Any], *, feed: Feed | None, process: Process | None) -> dict[str, Any]:
    """What a call carries besides its event and time."""
    return {"feed": feed.slug if feed else None, "process": process.slug if process else None, "payload": cleaned(dict(payload))}


def _listening(event: str, feed: Feed | None, process: Process | None) -> list[Trigger]:
    of_feed = Q(feed__isnull=True) | Q(feed=feed) if feed else Q(feed__isnull=True)
    of_process = Q(process__isnull=True) | Q(process=process) if process else Q(process__isnull=True)
    return list(Trigger.objects.filter(of_feed, of_process, event=event, active=True).order_by("name"))


def _put(triggers: Iterable[Trigger], event: str, told: dict[str, Any], *, key: str, now: datetime) -> int:
    by_id = {trigger.id: trigger for trigger in triggers}
    key = short(key)
    known = set(TriggerCall.objects.filter(trigger__in=list(by_id), key=key).values_list("trigger_id", flat=True))
    new = [
        TriggerCall(trigger=trigger, key=key, event=event, payload=told, at=now, not_before=now)
        for trigger in by_id.values()
        if trigger.id not in known
    ]
    if new:
        TriggerCall.objects.bulk_create(new, ignore_conflicts=True)  # somebody may tell the same at the same time
        nudge(call_pending)
    return len(new)


def short(key: str) -> str:
    """A key that is too long for its column, as a digest."""
    return key if len(key) <= LONGEST_KEY else f"sha256:{sha256(key.encode()).hexdigest()}"


def listened_to(feed: Feed) -> bool:
    """Does an active trigger wait for what this feed tells? For a feed that is new."""
    rows = Trigger.objects.filter(active=True, event__contains=".").filter(Q(feed__isnull=True) | Q(feed=feed.id))
    found: bool = rows.filter(Q(process__isnull=True) | Q(process=feed.process_id)).exists()
    return found


def keep_releases() -> None:
    """Bring `Feed.releases` up to date, after a trigger was saved, paused or removed: in one statement."""
    waits = Trigger.objects.filter(
        Q(feed__isnull=True) | Q(feed=OuterRef("id")), Q(process__isnull=True) | Q(process=OuterRef("process_id")), active=True,
        event__contains=".",
    )  # fmt: skip
    Feed.objects.annotate(waits=Exists(waits)).exclude(releases=F("waits")).update(releases=Exists(waits))
