"""The phone tree: whoever no message reached is called by the people of their school, a number after the other.

Each person is on its list once. A call that reaches somebody counts into reach; a wrong number is a bad contact.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts import mending
from alerts.models import Alert, AlertRecipient, Channel, Outcome, PhoneCall
from alerts.policies import LOUD, found_for, policy_here, record
from delivery import actions as delivery
from districts.models import ContactPoint, Membership, Person
from ownership.duty.roles import Roster, once


def begin(alert: Alert, *, now: datetime, by: Person | None = None) -> int:
    """Calls for all who are not reached, shared among their school's people; returns how many. 0 also where it began before."""
    if not Alert.objects.filter(id=alert.id, tree_at__isnull=True).update(tree_at=now):
        return 0
    missed = AlertRecipient.objects.filter(alert=alert).exclude(outcome=Outcome.REACHED)
    return _ask(alert, missed, kind="tree", by=by, now=now)


def call_the_lost(alert: Alert, *, now: datetime) -> int:
    """Whom none of the ways reaches, or has any, is called at once, and not when the time is up. Returns how many calls."""
    lost = AlertRecipient.objects.filter(alert=alert, outcome__in=[Outcome.FAILED, Outcome.LEFT_OUT, Outcome.NO_CONTACT])
    return _ask(alert, lost, kind="lost", by=None, now=now)


def _ask(alert: Alert, rows: QuerySet[AlertRecipient], *, kind: str, by: Person | None, now: datetime) -> int:
    """Each person is on the list once: two at once take different rows."""
    free = rows.filter(tree_at__isnull=True).select_for_update(of=("self",), skip_locked=True)
    missed = list(free.select_related("person"))
    AlertRecipient.objects.filter(id__in=[one.id for one in missed]).update(tree_at=now)
    numbers = _numbers(missed)
    calls = _calls(alert, missed, numbers, now=now) if missed else []
    PhoneCall.objects.bulk_create(calls, ignore_conflicts=True)
    unreachable = [one.person for one in missed if one.person_id not in numbers]
    mending.queue([mending.Bad(person, Channel.CALL, "", mending.NO_NUMBER) for person in unreachable], alert=alert, now=now)
    if missed or kind == "tree":
        record(alert, kind=kind, by=by, now=now, calls=len(calls), people=len(missed), without=len(unreachable))
    _tell(alert, calls, key=kind, now=now)
    return len(calls)


def _calls(
    alert: Alert, missed: Sequence[AlertRecipient], numbers: Mapping[UUID, Sequence[str]], *, now: datetime
) -> list[PhoneCall]:  # fmt: skip
    callers = _Callers(alert, now=now)
    return [
        PhoneCall(alert=alert, recipient=one, number=number, caller=callers.next_for(one.site_id))
        for one in sorted(missed, key=lambda one: (str(one.site_id), one.person.name))
        for number in numbers.get(one.person_id, ())
    ]


def _numbers(missed: Sequence[AlertRecipient]) -> dict[UUID, list[str]]:
    """Also numbers that want no texts: to be called by a person is something else."""
    found: dict[UUID, list[str]] = {}
    points = ContactPoint.objects.filter(person_id__in=[one.person_id for one in missed], kind=ContactPoint.Kind.PHONE)
    for person_id, value in points.order_by("id").values_list("person_id", "value"):
        found.setdefault(person_id, []).append(value)
    return found


class _Callers:
    """The people of each school who work here, whoever has the fewest first; else whoever has the role for it."""

    def __init__(self, alert: Alert, *, now: datetime) -> None:
        roster = Roster(now)
        rows = Membership.objects.filter(person__site__isnull=False).select_related("person").order_by("person__name", "id")
        self._of: dict[UUID | None, list[Person]] = {}
        for person in once(row.person for row in rows if roster.is_here(row.person)):
            self._of.setdefault(person.site_id, []).append(person)
        policy = policy_here()
        self._others = list(found_for(policy.caller_role or policy.owner_role, now=now).people)
        self._load = Counter(PhoneCall.objects.filter(alert=alert, caller__isnull=False).values_list("caller_id", flat=True))

    def next_for(self, site_id: UUID | None) -> Person | None:
        people = self._of.get(site_id) or self._others
        chosen = min(people, key=lambda person: self._load[person.id], default=None)
        if chosen:
            self._load[chosen.id] += 1
        return chosen


def _tell(alert: Alert, calls: Sequence[PhoneCall], *, key: str, now: datetime) -> None:
    """Each caller how many are theirs: once for those who are lost, and once when all are called."""
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
            link=reverse("alert_calls"), channels=LOUD, wakes=True, now=now, dedupe_key=f"alert-{key}:{alert.id}",
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
