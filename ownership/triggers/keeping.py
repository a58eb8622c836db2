"""Triggers as administrators keep them and leads use them: saved, paused, removed, released by hand; and how their calls went."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber

from districts.models import Person
from ownership.models import Feed, Trigger, TriggerCall
from ownership.triggers.firing import OUR_EVENTS, fire, is_ours, keep_releases
from ownership.triggers.keys import new_key

CALLS_SHOWN = 30
WORDS = dict(OUR_EVENTS)


@dataclass(frozen=True)
class TriggerRow:
    trigger: Trigger
    last: Sequence[TriggerCall]  # the newest first

    @property
    def when(self) -> str:
        return str(WORDS.get(self.trigger.event, self.trigger.event))

    @property
    def ours(self) -> bool:
        """A feed or a hold tells of it; of anything else a system or a person does."""
        return is_ours(self.trigger.event)

    @property
    def host(self) -> str:
        """Where it calls, without what a stranger could use."""
        return urlsplit(self.trigger.url).hostname or ""

    @property
    def given_up(self) -> int:
        return sum(call.state == TriggerCall.State.DEAD for call in self.last)


def triggers() -> QuerySet[Trigger]:
    return Trigger.objects.select_related(
        "feed__process__primary", "feed__process__secondary", "process__primary", "process__secondary"
    ).order_by("name", "id")


def listed(*, most: int = 3) -> list[TriggerRow]:
    """All of them, what fails first; each with its last calls."""
    last: dict[UUID, list[TriggerCall]] = defaultdict(list)
    newest = Window(RowNumber(), partition_by=[F("trigger")], order_by=[F("at").desc(), F("id").desc()])
    for call in TriggerCall.objects.annotate(place=newest).filter(place__lte=most).order_by("-at", "-id"):
        last[call.trigger_id].append(call)
    rows = [TriggerRow(trigger, last[trigger.id]) for trigger in triggers()]
    return sorted(rows, key=lambda row: (row.trigger.failing_since is None, not row.trigger.active))


def calls_of(trigger: Trigger, *, most: int = CALLS_SHOWN) -> list[TriggerCall]:
    return list(TriggerCall.objects.filter(trigger=trigger).order_by("-at", "-id")[:most])


def add(values: Mapping[str, Any], *, now: datetime) -> tuple[Trigger, str]:
    """A new one, and the key that its receiver needs, which is told here and never again."""
    trigger = Trigger(**values)
    key = new_key(trigger, now=now)
    trigger.save(force_insert=True)
    keep_releases()
    return trigger, key


def save(trigger: Trigger, *, values: Mapping[str, Any]) -> None:
    """Another address may take what the last one did not."""
    if trigger.url != values["url"]:
        trigger.failing_since = None
    for name, value in values.items():
        setattr(trigger, name, value)
    trigger.save(update_fields=[*values, "failing_since"])
    keep_releases()


def rotate(trigger: Trigger, *, seen: str, now: datetime) -> str:
    """A new key, told here and never again; it signs calls that wait, too, and for a day the one before signs along.

    `seen`: when the last was made, as the page showed it. Empty: somebody made another meanwhile, and nothing is changed.
    """
    row: Trigger = Trigger.objects.select_for_update(no_key=True).get(id=trigger.id)
    if row.keyed_at.isoformat() != seen:
        return ""
    key = new_key(row, now=now)
    row.save(update_fields=["secret", "keyed_at"])
    return key


def pause(trigger: Trigger, *, active: bool) -> None:
    """What happens while it is paused is not told later. Calls that wait are still made."""
    Trigger.objects.filter(id=trigger.id).update(active=active)
    keep_releases()


def remove(trigger: Trigger) -> None:
    """With its calls. Feeds first, as every run has it: one that fires this trigger now is waited for."""
    list(Feed.objects.filter(releases=True).select_for_update(no_key=True).order_by("id").values_list("id", flat=True))
    trigger.delete()
    keep_releases()


def release(trigger: Trigger, *, by: Person, once: str, words: str, now: datetime) -> int:
    """Somebody says that the district's own event happened: all that listen to it are released. `once`: the same again is nothing."""
    told = {"by": by.name, "words": " ".join(words.replace("\0", "").split())[:300]}
    return fire(trigger.event, payload=told, key=f"hand:{once}", now=now)
