"""Outgoing calls of triggers: claimed, posted with no transaction open, and written down.

Signed as Standard Webhooks has it (standardwebhooks.com): `webhook-id` is the same at every attempt, `webhook-timestamp` is Unix time,
`webhook-signature` is "v1," and the HMAC-SHA-256 of "<id>.<timestamp>.<body>", base64, for each key that holds. A call is
made at least once: an answer that was lost is asked for again under the same id. The address is looked up, checked and gone to as for
telephone calls: https alone, outside our own network, and no redirect is followed. A receiver that does not answer is asked once in a
drain, and holds up nobody.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from delivery.transports import TryLater, voice
from districts.jobs import MAX_ATTEMPTS, backoff, lease_until
from districts.models import Person, Role
from districts.queries import people_with_role, this_district
from districts.scope import district_scope
from ownership.duty.roles import Roster, once
from ownership.ladders.climbing import owners
from ownership.ladders.notices import Post
from ownership.models import Trigger, TriggerCall
from ownership.triggers.keys import keys_of, signatures

BUDGET = 45.0  # seconds one drain goes on taking calls; the sweep comes again
GONE = 410
LONGEST_ANSWER = 500
WITH_OWNERS = ("trigger__process__primary", "trigger__process__secondary", "trigger__feed__process__primary",
               "trigger__feed__process__secondary")  # fmt: skip
State = TriggerCall.State
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Answer:
    """What came back; no status: nothing did."""

    status: int | None
    words: str = ""

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


NEVER_ENDED = Answer(None, f"{MAX_ATTEMPTS} callers took it, and none came to an end with it")
UNSIGNED = Answer(None, "its key cannot be opened any more: make a new one")  # nobody would believe it


def drain(district_id: UUID) -> int:
    """Call what is due in one district; returns how many calls were made."""
    done, silent, until = 0, set[UUID](), time.monotonic() + BUDGET
    while time.monotonic() < until:
        call = claim(district_id, apart=silent, now=timezone.now())
        if call is None:
            break
        answer = ask(call, at=timezone.now()) if call.attempts <= MAX_ATTEMPTS else NEVER_ENDED
        if not answer.taken:
            silent.add(call.trigger_id)
        record(call, answer, now=timezone.now())
        done += 1
    return done


def claim(district_id: UUID, *, apart: set[UUID], now: datetime) -> TriggerCall | None:
    """The call that has waited longest, but for triggers in `apart`. An attempt counts from here, so every call has an end."""
    with district_scope(district_id):
        rows = _due(now).exclude(trigger__in=apart).order_by("not_before", "id")
        call: TriggerCall | None = rows.select_related("trigger").select_for_update(of=("self",), skip_locked=True).first()
        if call is None:
            return None
        call.lease_until, call.attempts = lease_until(now), call.attempts + 1
        TriggerCall.objects.filter(id=call.id).update(lease_until=call.lease_until, attempts=F("attempts") + 1)
        call.slug = this_district().slug  # type: ignore[attr-defined]
        call.keys = keys_of(call.trigger, now=now)  # type: ignore[attr-defined]
    return call


def ask(call: TriggerCall, *, at: datetime) -> Answer:
    """One call, and what was answered. Needs no database."""
    keys: list[str] = getattr(call, "keys", [])
    if not keys:
        return UNSIGNED
    body, seconds = body_of(call), int(at.timestamp())
    headers = {
        "webhook-id": webhook_id(call), "webhook-timestamp": str(seconds),
        "webhook-signature": signatures(keys, id=webhook_id(call), seconds=seconds, body=body),
    }  # fmt: skip
    try:
        status, words = voice.post(call.trigger.url, body, headers)
    except TryLater as error:
        return Answer(None, str(error))
    return Answer(status, words)


def body_of(call: TriggerCall) -> bytes:
    """The same bytes at every attempt."""
    told = {"event": call.event, "at": call.at.isoformat(), "district": getattr(call, "slug", ""), **call.payload}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def webhook_id(call: TriggerCall) -> str:
    return f"msg_{call.id.hex}"


def record(call: TriggerCall, answer: Answer, *, now: datetime) -> bool:
    """Write the outcome, if the row still carries our claim. Given up: the owners are told, once until it works again."""
    over = answer.status == GONE or call.attempts >= MAX_ATTEMPTS
    state = State.DONE if answer.taken else State.DEAD if over else State.PENDING
    values = {
        "state": state, "answered": answer.status, "answer": answer.words[:LONGEST_ANSWER], "lease_until": None,
        "done_at": now if state == State.DONE else None,
    }  # fmt: skip
    if state == State.PENDING:
        values["not_before"] = now + backoff(call.attempts)
    with district_scope(call.district_id):
        if not _claimed(call).update(**values):
            return False
        if state == State.DONE:
            Trigger.objects.filter(id=call.trigger_id, failing_since__isnull=False).update(failing_since=None)
        elif state == State.DEAD and _begins_to_fail(call, now=now):
            _tell(call, answer, now=now)
    if state != State.DONE:
        log.warning("trigger_not_taken", call=str(call.id), state=str(state), status=answer.status, attempts=call.attempts)
    return True


def again(call: TriggerCall, *, now: datetime) -> bool:
    """A call that was given up is made once more, with as many attempts as a new one. False: it is not given up."""
    row = TriggerCall.objects.filter(id=call.id, state=State.DEAD)
    return bool(row.update(state=State.PENDING, attempts=0, not_before=now, lease_until=None))


def _begins_to_fail(call: TriggerCall, *, now: datetime) -> bool:
    return bool(Trigger.objects.filter(id=call.trigger_id, failing_since__isnull=True).update(failing_since=now))


def _tell(call: TriggerCall, answer: Answer, *, now: datetime) -> None:
    row = TriggerCall.objects.select_related(*WITH_OWNERS).get(id=call.id)
    trigger, district = row.trigger, this_district()

    def letter() -> tuple[str, list[str]]:
        if answer == UNSIGNED:
            unsigned = _("“%(event)s” was told to nobody: the key of this trigger cannot be opened any more.")
            mend = _("What waits for it does not begin. An administrator makes a new key on the page of the trigger, for the receiver.")
            return _("Not released: %(name)s") % {"name": trigger.name}, [unsigned % {"event": row.event}, mend]
        failed = _("“%(event)s” was told %(n)d times to the address of this trigger, and it did not take it. Last answer: %(answer)s")
        said = " ".join(filter(None, [str(answer.status or ""), answer.words])) or _("none")
        return _("Not released: %(name)s") % {"name": trigger.name}, [
            failed % {"event": row.event, "n": row.attempts, "answer": said},
            _("What waits for it does not begin. Do it by hand, or mend the address and press “Try again” on the page of the trigger."),
        ]

    Post(district, now).send(
        answer_for(trigger, now=now), letter, key=f"trigger:{trigger.id.hex[-12:]}:{now:%y%m%d%H%M%S}",
        path=reverse("trigger", args=[trigger.id]), about=None,
    )  # fmt: skip


def answer_for(trigger: Trigger, *, now: datetime) -> Sequence[Person]:
    """The owners of its process, as they are here today; of none: the administrators."""
    roster = Roster(now)
    process = trigger.process or (trigger.feed.process if trigger.feed else None)
    return once(roster.find(role).owner for role in owners(process)) or people_with_role(Role.ADMIN)


def _due(now: datetime) -> QuerySet[TriggerCall]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
    return TriggerCall.objects.filter(free, state=State.PENDING, not_before__lte=now)


def _claimed(call: TriggerCall) -> QuerySet[TriggerCall]:
    return TriggerCall.objects.filter(id=call.id, state=State.PENDING, attempts=call.attempts, lease_until=call.lease_until)
