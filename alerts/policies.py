"""What a district promises of its alerts, and who answers for them."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from alerts.models import Alert, AlertAct, AlertPolicy, Channel
from delivery.models import CallHook, Delivery
from districts.models import Person, Role
from districts.queries import people_with_role, this_district
from ownership.duty.roles import Found, Roster, once
from ownership.models import OwnerRole
from sla.terms import parse

LOUD = (Delivery.Channel.INAPP, Delivery.Channel.EMAIL, Delivery.Channel.SMS)


def policy_here() -> AlertPolicy:
    """The district's one row, from the first request on."""
    found: AlertPolicy = AlertPolicy.objects.select_related("owner_role", "caller_role", "contacts_role").first() or _founded()
    return found


def _founded() -> AlertPolicy:
    return AlertPolicy.objects.get_or_create(district_id=this_district().id)[0]


def sentence(alert: Alert | AlertPolicy) -> str:
    """The promise as it was understood, and what follows where it is not kept."""
    return _("%(promise)s Below that, the phone tree starts by itself.") % {"promise": parse(alert.terms).sentence()}


def rings() -> bool:
    """Can the district call by a machine?"""
    return CallHook.objects.exists()


def channels_here() -> list[str]:
    """What an alert goes out by where nobody says otherwise."""
    return [channel for channel in policy_here().channels if channel != Channel.VOICE or rings()]


def leaders(*, but: Person | None = None) -> list[Person]:
    found = once([*people_with_role(Role.LEADER), *people_with_role(Role.ADMIN)])
    return [person for person in found if but is None or person.id != but.id]


def found_for(role: OwnerRole | None, *, now: datetime) -> Found:
    """Who has a role now; where the district named none, a leader."""
    roster = Roster(now)
    found = roster.find(role) if role else Found()
    return found if found.people else Found(tuple(person for person in leaders() if roster.is_here(person)))


def record(alert: Alert, *, kind: str, now: datetime, by: Person | None = None, **data: object) -> None:
    """Who did what, and when; never changed."""
    AlertAct.objects.create(alert=alert, kind=kind, at=now, by=by, data=data)


def page_of(alert: Alert) -> str:
    return reverse("alert", args=[alert.id])
