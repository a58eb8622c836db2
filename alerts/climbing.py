"""A promise of an alert that was not kept is seen to by people: the ladder of the alerts' row in the matrix begins, and the district
says there who is told when.

What was missed is written down as a failed run of a feed of that row, so that those who are told read which alert it is, and the row
shows how often it happens. The feed is not watched: no time passes on it by itself.
"""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from alerts.models import Alert, AlertPolicy
from alerts.policies import page_of, policy_here
from alerts.reach import Reach
from districts.links import absolute
from districts.queries import this_district
from ownership.duty.roles import LEADERS
from ownership.ladders import climbing
from ownership.models import Escalation, Feed, FeedRun, Ladder, OwnerRole, Process, Rung
from sla.terms import parse

OWN = "emergency-alerts"  # slug of the row, and of its ladder, where the district has named none
REACH, REPORT = "alerts-reach", "alerts-report"  # slugs of the feeds
LOUD = ["inapp", "email", "sms", "voice"]
RUNG_MINUTES = 15


def row_of(policy: AlertPolicy) -> Process:
    """The district's row of the matrix for alerts, made where it has named none; whoever signs the report owns that one."""
    if policy.process_id:
        found: Process = Process.objects.select_related("ladder").get(id=policy.process_id)
        return found
    with override(_language()):
        row, _new = Process.objects.select_related("ladder").get_or_create(
            slug=OWN, defaults={"name": _("Emergency alerts"), "trigger": _("an alert is sent"), "ladder": _first_ladder()}
        )
    primary = policy.owner_role or _leaders()
    if (row.primary_id, row.terms) != (primary.id, policy.terms):
        row.primary, row.terms = primary, policy.terms
        row.save(update_fields=["primary", "terms"])
    return row


def ladder(policy: AlertPolicy) -> Ladder:
    """Who is told when."""
    return climbing.ladder_of(row_of(policy))


def reach_missed(alert: Alert, reach: Reach, *, now: datetime) -> Escalation:
    """Too few were reached in time. In the transaction that judges it, so that it begins once."""
    with override(_language()):
        said = _("%(title)s: %(reached)d of %(people)d people were reached within %(amount)s, %(target)s %% were promised.") % {
            "title": alert.title, "reached": reach.reached, "people": reach.total, "amount": reach.within, "target": reach.target,
        }  # fmt: skip
    begun = _begin(alert, REACH, said, now=now, people=reach.total, reached=reach.reached)
    Alert.objects.filter(id=alert.id).update(reach_ladder=begun)
    return begun


def report_missed(alert: Alert, *, now: datetime) -> Escalation:
    """Nobody signed the report in time. In the transaction that notices it."""
    with override(_language()):
        values = {"title": alert.title, "promise": parse(alert.terms).sentence()}
        said = _("%(title)s: nobody has signed the delivery report. Promised: %(promise)s") % values
    begun = _begin(alert, REPORT, said, now=now)
    Alert.objects.filter(id=alert.id).update(report_ladder=begun)
    return begun


def end(escalation_id: UUID | None, *, why: str, now: datetime) -> bool:
    """Nobody needs to climb any more. False: nothing was begun, or it is over."""
    if escalation_id is None:
        return False
    escalation = climbing.held(escalation_id)
    if escalation.ended_at:
        return False
    climbing.Climber(now).end(escalation, why=why)
    return True


def _begin(alert: Alert, feed: str, said: str, *, now: datetime, **counts: int) -> Escalation:
    row = row_of(policy_here())
    link = absolute(this_district(), page_of(alert))
    run = FeedRun(
        feed=_feed(feed, row), outcome=FeedRun.Outcome.FAILED, at=now, counts=counts, note=f"{said} {link}", handled_at=now
    )  # fmt: skip
    run.save(force_insert=True)
    return climbing.Climber(now).begin(Escalation(ladder=climbing.ladder_of(row), feed_run=run, process=row))


def _feed(slug: str, row: Process) -> Feed:
    with override(_language()):
        name = {REACH: _("Reach of alerts"), REPORT: _("Delivery reports of alerts")}[slug]
    feed, _new = Feed.objects.get_or_create(slug=slug, defaults={"name": name, "process": row, "terms": row.terms, "active": False})
    if feed.process_id != row.id:
        Feed.objects.filter(id=feed.id).update(process=row)
        feed.process = row
    return feed


def _first_ladder() -> Ladder:
    """What a district begins with: whoever signs the report at once, the leaders a quarter of an hour later."""
    made, new = Ladder.objects.get_or_create(slug=OWN, defaults={"name": _("Emergency alerts")})
    first = _("See that everybody who was not reached is called, then look at the report and sign it")
    second = _("Decide on a second message, or on another way to reach those who are left")
    if new:
        usual = {"ladder": made, "channels": LOUD, "wakes": True, "step_minutes": RUNG_MINUTES}
        Rung.objects.create(level=1, actions=[first], **usual)
        Rung.objects.create(level=2, after_minutes=RUNG_MINUTES, role=_leaders(), actions=[second], **usual)
    return made


def _leaders() -> OwnerRole:
    with override(_language()):
        role, _new = OwnerRole.objects.get_or_create(slug=LEADERS, defaults={"name": _("District leaders")})
    return role


def _language() -> str:
    return str((this_district().languages or ["en"])[0])
