"""An alert before it leaves: who wrote it, for whom, whether it is ready; and the moment it leaves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid5

from django.utils.translation import gettext as _

from alerts import wording
from alerts.audience import Audience, audience_of, people
from alerts.models import Alert, AlertTemplate, Channel, Kind
from alerts.policies import policy_here, record, rings
from districts.models import Person, uuid7

State = Alert.State


class NotReady(Exception):
    """It cannot leave like this; the text says why."""


class NeedsSecond(Exception):
    """The district wants a second person to approve it."""


def draft(
    template: AlertTemplate | None, *, by: Person | None, kind: str, title: str, words: Mapping[str, Any], audience: Audience,
    now: datetime, month: str = "", key: str = "",
) -> Alert:  # fmt: skip
    """Written down, not sent. The promise is the district's of today. The same `key` again is the same draft, as it was."""
    policy = policy_here()
    values = {
        "kind": kind, "title": title[:120], "words": words, "made_at": now, "made_by": by, "month": month, "terms": policy.terms,
        **columns(audience),
    }  # fmt: skip
    own_id = uuid5(policy.district_id, f"alert:{key}") if key else uuid7()
    alert, new = Alert.objects.get_or_create(id=own_id, defaults=values)
    if not new:
        return alert
    record(alert, kind="written", by=by, now=now, template=template.slug if template else "")
    return alert


def columns(audience: Audience) -> dict[str, Any]:
    return {
        "kinds": list(audience.kinds), "sites": list(audience.sites), "teams": list(audience.teams),
        "channels": list(audience.channels),
    }  # fmt: skip


def needs_second(alert: Alert) -> bool:
    """A test frightens nobody: it never does."""
    return alert.kind != Kind.TEST and policy_here().second_person


def leave(alert: Alert, *, by: Person | None, now: datetime) -> bool:
    """It leaves. Pressed twice it leaves once; False: it had left. Raises NotReady, NeedsSecond.

    `by` empty: the schedule, which sends nothing but tests.
    """
    check_ready(alert)
    if needs_second(alert) and by is not None and by.id == alert.made_by_id:
        raise NeedsSecond
    if not drafts(alert).update(state=State.SENDING, started_at=now, check_at=now, approved_by=by):
        return False
    record(alert, kind="started", by=by, now=now)
    return True


def check_ready(alert: Alert) -> None:
    """Raises NotReady."""
    if left := wording.blanks(alert.words):
        raise NotReady(_("Not everything is filled in: %(blanks)s.") % {"blanks": ", ".join(left)})
    if not wording.language_for(alert.words, "", spoken=()):
        raise NotReady(_("There are no words to send."))
    if Channel.VOICE in alert.channels and not rings():
        raise NotReady(_("No address for phone calls is set up: choose another way, or enter it under Set-up, Ladders, Phone calls."))
    if not alert.channels:
        raise NotReady(_("Choose at least one way to send it."))
    if not (alert.kinds or alert.teams) or not people(audience_of(alert)).exists():
        raise NotReady(_("Choose whom it is for: nobody is in it."))


def same_kind(alert: Alert, kind: str) -> bool:
    """A test never becomes something real under somebody's hands, nor the other way round."""
    return (alert.kind == Kind.TEST) == (kind == Kind.TEST)


def drafts(alert: Alert) -> Any:
    """The row, while nothing has left."""
    return Alert.objects.filter(id=alert.id, state=State.DRAFT)
