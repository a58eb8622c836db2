"""The phone tree: whoever no message reached is called by the people of their school, a number after the other.

Made once for an alert. A call that reaches somebody counts into reach; a wrong number is a bad contact.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import cycle
from uuid import UUID

from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts import mending
from alerts.models import Alert, AlertRecipient, Channel, Outcome, PhoneCall
from alerts.policies import LOUD, found_for, policy_here, record
from delivery import actions as delivery
from districts.models import ContactPoint, Membership, Person
from ownership.roles import Roster, once


def begin(alert: Alert, *, now: datetime, by: Person | None = None) -> int:
    """Calls for all who are not reached, shared among their school's people; returns how many. 0 also where it began before."""
    if not Alert.objects.filter(id=alert.id, tree_at__isnull=True).update(tree_at=now):
        return 0
    missed = list(AlertRecipient.objects.filter(alert=alert).exclude(outcome=Outcome.REACHED).select_related("person"))
    numbers = _numbers(missed)
    callers = _Callers(now=now)
    calls = [
        PhoneCall(alert=alert, recipient=one, number=number, caller=callers.next_for(one.site_id))
        for one in sorted(missed, key=lambda one: (str(one.site_id), one.person.name))
        for number in numbers.get(one.person_id, ())
    ]
    PhoneCall.objects.bulk_create(calls, ignore_conflicts=True)
    unreachable = [one.person for one in missed if one.person_id not in numbers]
    mending.queue([mending.Bad(person, Channel.CALL, "", "no number") for person in unreachable], alert=alert, now=now)
    record(alert, kind="tree", by=by, now=now, calls=len(calls), people=len(missed), without=len(unreachable))
    _tell(alert, calls, now=now)
    return len(calls)


def _numbers(missed: Sequence[AlertRecipient]) -> dict[UUID, list[str]]:
    """Also numbers that want no texts: to be called by a person is something else."""
    found: dict[UUID, list[str]] = {}
    points = ContactPoint.objects.filter(person_id__in=[one.person_id for one in missed], kind=ContactPoint.Kind.PHONE)
    for person_id, value in points.order_by("id").values_list("person_id", "value"):
        found.setdefault(person_id, []).append(value)
    return found


class _Callers:
    """The people of each school who work here, in turn; else whoever has the role for it."""

    def __init__(self, *, now: datetime) -> None:
        roster = Roster(now)
        rows = Membership.objects.filter(person__site__isnull=False).select_related("person").order_by("person__name", "id")
        here = once(row.person for row in rows if roster.is_here(row.person))
        self._turns: dict[UUID | None, Iterator[Person]] = {}
        self._of: dict[UUID | None, list[Person]] = {}
        for person in here:
            self._of.setdefault(person.site_id, []).append(person)
        policy = policy_here()
        self._others = list(found_for(policy.caller_role or policy.owner_role, now=now).people)

    def next_for(self, site_id: UUID | None) -> Person | None:
        people = self._of.get(site_id) or self._others
        turn = self._turns.setdefault(site_id if self._of.get(site_id) else None, cycle(people))
        return next(turn, None)


def _tell(alert: Alert, calls: Sequence[PhoneCall], *, now: datetime) -> None:
    """Each caller how many are theirs."""
    counts: dict[UUID, int] = {}
    people = {call.caller.id: call.caller for call in calls if call.caller}
    for call in calls:
        if call.caller_id:
            counts[call.caller_id] = counts.get(call.caller_id, 0) + 1
    for person_id, n in counts.items():
        said = ngettext(
            "Please call %(n)d number now: no message reached them.", "Please call %(n)d numbers now: no message reached them.", n
        )
        delivery.notify(
            people=[people[person_id]], subject=_("Phone tree: %(title)s") % {"title": alert.title}, body=said % {"n": n},
            link=reverse("alert_calls"), channels=LOUD, wakes=True, now=now, dedupe_key=f"alert-tree:{alert.id}",
        )  # fmt: skip


def called(call: PhoneCall, *, by: Person, outcome: str, now: datetime) -> bool:
    """What came of a call. The last word counts; False: they were reached before, or the number was found wrong."""
    waiting = PhoneCall.objects.filter(id=call.id).exclude(outcome__in=[PhoneCall.Outcome.REACHED, PhoneCall.Outcome.WRONG])
    if not waiting.update(outcome=outcome, tries=F("tries") + 1, called_at=now, called_by=by):
        return False
    person = call.recipient.person
    record(call.alert, kind="called", by=by, now=now, outcome=outcome, number=call.number, person=str(person.id), name=str(person))
    if outcome == PhoneCall.Outcome.REACHED:
        _reached(call, now=now)
    if outcome == PhoneCall.Outcome.WRONG:
        mending.queue([mending.Bad(person, Channel.CALL, call.number, "wrong number")], alert=call.alert, now=now)
    return True


def _reached(call: PhoneCall, *, now: datetime) -> None:
    """By a call, where no message was quicker."""
    one = AlertRecipient.objects.filter(id=call.recipient_id).exclude(outcome=Outcome.REACHED)
    one.update(outcome=Outcome.REACHED, channel=Channel.CALL, reached_at=now)


def take_over(call: PhoneCall, *, by: Person, now: datetime) -> bool:
    """Somebody else makes it."""
    waiting = PhoneCall.objects.filter(id=call.id).exclude(outcome__in=[PhoneCall.Outcome.REACHED, PhoneCall.Outcome.WRONG])
    if not waiting.exclude(caller=by).update(caller=by):
        return False
    record(call.alert, kind="took", by=by, now=now, number=call.number)
    return True
