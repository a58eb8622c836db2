"""What an alert is owed by the clock: its reach is counted, judged when its time is up, and its report is asked for.

Each look is claimed (`check_at` goes on by a lease) before anything is read, so that two sweeps at once do it once. What happens
once (judging, the phone tree, the notice that a report is late) is a conditional update of its own.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery
from django.utils.translation import gettext as _

from alerts import climbing, counting, mending, promised, tree
from alerts.finding import PROVED_WITHIN
from alerts.models import Alert, AlertContact, BadContact, Kind, Outcome
from alerts.policies import LOUD, found_for, leaders, page_of, policy_here, record
from alerts.reach import Reach
from delivery import actions as delivery
from districts.calendar import Calendar
from districts.queries import calendar_of, this_district
from districts.scope import district_scope
from ownership.duty.roles import once
from sla.terms import parse

LEASE = timedelta(seconds=60)
OFTEN, SELDOM = timedelta(seconds=5), timedelta(minutes=2)
AFTER = timedelta(minutes=30)  # its promises are over: it is looked at as often
FOLLOWED = timedelta(hours=24)  # after the start: later receipts change nothing any more
State = Alert.State


def drain(district_id: UUID, *, now: datetime) -> int:
    """Look at every alert of one district that is due; returns how many."""
    with district_scope(district_id):
        due = Alert.objects.filter(check_at__lte=now).order_by("check_at")
        ids = list(due.select_for_update(skip_locked=True).values_list("id", flat=True)[:50])
        Alert.objects.filter(id__in=ids).update(check_at=now + LEASE)
    for alert_id in ids:
        with district_scope(district_id):
            look(Alert.objects.get(id=alert_id), now=now)
    return len(ids)


def look(alert: Alert, *, now: datetime) -> None:
    """One alert, now. In the caller's transaction."""
    if alert.started_at is None or alert.listed_at is None:
        _again(alert, now + OFTEN)
        return
    bad = counting.look(alert, now=now)
    mending.queue_contacts(bad, alert=alert, now=now)
    if alert.kind == Kind.EMERGENCY and alert.state != State.ENDED:
        tree.call_the_lost(alert, now=now)
    if alert.counted_at is None and now >= reach_due(alert):
        judge(alert, now=now)
    _reached_after_all(alert, now=now)
    due = report_due(alert)
    if alert.validated_at is None and alert.late_told_at is None and due and now >= due:
        _report_is_late(alert, now=now)
    _again(alert, _next(alert, now))


def reach_due(alert: Alert) -> datetime:
    """When its people are to be reached. Only of one that was started."""
    assert alert.started_at is not None
    return promised.reach_due(alert.terms, alert.started_at, _calendar(alert.started_at))


def report_due(alert: Alert) -> datetime | None:
    """When its report is to be signed; None where no time is promised for that."""
    assert alert.started_at is not None
    return promised.report_due(alert.terms, alert.started_at, _calendar(alert.started_at))


def _calendar(at: datetime) -> Calendar:
    return calendar_of(this_district(), now=at)


def judge(alert: Alert, *, now: datetime) -> Reach | None:
    """By its terms, once: by when people were reached, however late the sweep is. Below them the phone tree begins."""
    if not Alert.objects.filter(id=alert.id, counted_at__isnull=True).update(counted_at=now):
        return None
    reach = counting.reach_by(alert, reach_due(alert))
    Alert.objects.filter(id=alert.id).update(in_time=reach.reached)
    record(alert, kind="counted", now=now, people=reach.total, reached=reach.reached, kept=reach.kept)
    _queue_at_first_bad(alert, now=now)
    _prove(alert)
    if not reach.kept and alert.kind == Kind.EMERGENCY and alert.state != State.ENDED:
        tree.begin(alert, now=now)
        climbing.reach_missed(alert, reach, now=now)
    _tell_owner(alert, reach, now=now)
    return reach


def _reached_after_all(alert: Alert, *, now: datetime) -> None:
    """By calls and late receipts: nobody needs to be sent for any more."""
    if alert.reach_ladder_id and alert.counted_at:
        reach = counting.reach_by(alert)
        if reach.kept:
            said = _("%(reached)d of %(people)d people are reached now.") % {"reached": reach.reached, "people": reach.total}
            climbing.end(alert.reach_ladder_id, why=said, now=now)


def _queue_at_first_bad(alert: Alert, *, now: datetime) -> None:
    """Addresses that were known to be bad before anything left."""
    rows = AlertContact.objects.filter(alert=alert, outcome__in=[Outcome.FAILED, Outcome.LEFT_OUT])
    mending.queue_contacts(list(rows), alert=alert, now=now)


def _prove(alert: Alert) -> None:
    """Addresses that were mended before it was sent, and that it reached."""
    reached = AlertContact.objects.filter(alert=alert, outcome=Outcome.REACHED)
    assert alert.started_at is not None
    lately = BadContact.objects.filter(done_at__gte=alert.started_at - PROVED_WITHIN, done_at__lt=alert.started_at)
    mended = lately.filter(proved_at__isnull=True).exclude(fixed=BadContact.Fixed.GONE)
    for column in ("new_address", "address"):
        proof = reached.filter(address=OuterRef(column))
        rows = mended if column == "new_address" else mended.filter(new_address="")
        rows.exclude(**{column: ""}).filter(Exists(proof)).update(proved_at=Subquery(proof.order_by("at").values("at")[:1]))


def _tell_owner(alert: Alert, reach: Reach, *, now: datetime) -> None:
    said = _("%(reached)d of %(total)d people were reached in time (%(percent)s of 100). Look at the report and sign it.")
    values = {"reached": reach.reached, "total": reach.total, "percent": reach.percent}
    delivery.notify(
        people=found_for(policy_here().owner_role, now=now).people, subject=_("Sign the report: %(title)s") % {"title": alert.title},
        body=said % values, link=page_of(alert), channels=LOUD, wakes=not alert.is_test, now=now, dedupe_key=f"alert-report:{alert.id}",
    )  # fmt: skip


def _report_is_late(alert: Alert, *, now: datetime) -> None:
    """Of an emergency the ladder begins; of anything else leaders are told. Once, that nobody has signed it."""
    if not Alert.objects.filter(id=alert.id, late_told_at__isnull=True, validated_at__isnull=True).update(late_told_at=now):
        return
    owner = found_for(policy_here().owner_role, now=now).owner
    record(alert, kind="late", now=now, owner=str(owner or ""))
    if alert.kind == Kind.EMERGENCY:
        climbing.report_missed(alert, now=now)
        return
    delivery.notify(
        people=once([*leaders(), owner]), subject=_("Report not signed: %(title)s") % {"title": alert.title},
        body=_("Promised: %(promise)s Nobody has signed its delivery report.") % {"promise": parse(alert.terms).sentence()},
        link=page_of(alert), channels=LOUD, wakes=not alert.is_test, now=now, dedupe_key=f"alert-late:{alert.id}",
    )  # fmt: skip


def _next(alert: Alert, now: datetime) -> datetime | None:
    """Often while its promises run, seldom after, and never again a day later."""
    assert alert.started_at is not None
    if now >= alert.started_at + FOLLOWED:
        return None
    if now < max(reach_due(alert), report_due(alert) or now) + AFTER:
        return now + OFTEN
    return now + SELDOM


def _again(alert: Alert, at: datetime | None) -> None:
    Alert.objects.filter(id=alert.id).update(check_at=at)
