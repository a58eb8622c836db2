"""What people do with an alert: write it, approve it, send it, sign its report, end it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from alerts import climbing, drafts
from alerts.audience import Audience
from alerts.models import Alert, AlertTemplate
from alerts.policies import LOUD, leaders, page_of, record
from alerts.tasks import send
from delivery import actions as delivery
from districts.jobs import nudge
from districts.models import Person

State = Alert.State
NotReady, NeedsSecond = drafts.NotReady, drafts.NeedsSecond


def draft(
    template: AlertTemplate | None,
    *,
    by: Person | None,
    kind: str,
    title: str,
    words: Mapping[str, Any],
    audience: Audience,
    now: datetime,
    key: str = "",
) -> Alert:
    """Written down, not sent; twice with one `key` once."""
    return drafts.draft(template, by=by, kind=kind, title=title, words=words, audience=audience, now=now, key=key)


def change(
    alert: Alert, *, by: Person | None, kind: str, title: str, words: Mapping[str, Any], audience: Audience, now: datetime
) -> bool:
    """Other words or another audience, while it is a draft; whoever was asked to approve it is asked again.

    False: it has left, or a test would become real, or the other way round.
    """
    if not drafts.same_kind(alert, kind):
        return False
    values = {"kind": kind, "title": title[:120], "words": words, "asked_at": None, "made_by": by, **drafts.columns(audience)}
    if not drafts.drafts(alert).update(**values):
        return False
    record(alert, kind="changed", by=by, now=now)
    return True


def ask_second(alert: Alert, *, by: Person, now: datetime) -> int:
    """The other leaders are told, by every way, that it waits for one of them. Returns how many; once for each wording."""
    drafts.check_ready(alert)
    if not drafts.drafts(alert).filter(asked_at__isnull=True).update(asked_at=now):
        return 0
    others = leaders(but=by)
    record(alert, kind="asked", by=by, now=now, people=[str(person) for person in others])
    delivery.notify(
        people=others, subject=_("Approve an alert: %(title)s") % {"title": alert.title}, channels=LOUD, wakes=True, now=now,
        body=_("%(name)s has written an alert and asks you to send it.") % {"name": by}, link=page_of(alert),
        dedupe_key=f"alert-ask:{alert.id}:{now.timestamp():.0f}",
    )  # fmt: skip
    return len(others)


def start(alert: Alert, *, by: Person, now: datetime) -> bool:
    """It leaves. Pressed twice it leaves once; False: it had left. Raises NotReady, NeedsSecond."""
    left = drafts.leave(alert, by=by, now=now)
    if left:
        nudge(send)
    return left


def discard(alert: Alert, *, by: Person | None, now: datetime) -> bool:
    """A draft that is not sent; it stays to be seen. False: it has left."""
    if not drafts.drafts(alert).update(state=State.ENDED, ended_at=now):
        return False
    record(alert, kind="discarded", by=by, now=now)
    return True


def validate(alert: Alert, *, by: Person, note: str, now: datetime) -> bool:
    """The delivery report is looked at and signed. False: somebody has signed it, or it is still being sent."""
    open_now = Alert.objects.filter(id=alert.id, validated_at__isnull=True, sent_at__isnull=False)
    if not open_now.update(validated_at=now, validated_by=by, note=note[:2000]):
        return False
    Alert.objects.filter(id=alert.id, state=State.SENT).update(state=State.VALIDATED)
    climbing.end(alert.report_ladder_id, why=_("The report is signed."), now=now)
    record(alert, kind="validated", by=by, now=now, note=note[:2000])
    return True


def end(alert: Alert, *, by: Person, now: datetime) -> bool:
    """It is over: nobody is called any more. False: it was over, or has not left whole."""
    over = Alert.objects.filter(Q(state=State.SENT) | Q(state=State.VALIDATED), id=alert.id)
    if not over.update(state=State.ENDED, ended_at=now):
        return False
    for ladder in (alert.reach_ladder_id, alert.report_ladder_id):
        climbing.end(ladder, why=_("The alert is over."), now=now)
    record(alert, kind="ended", by=by, now=now)
    return True
