"""Families of a demonstration district, and three monthly tests with what became of them; told by the product's own acts."""

import random
from datetime import datetime, timedelta
from itertools import islice

from alerts import actions, drafts, handing, mending, watching
from alerts.audience import Audience
from alerts.models import Alert, AlertContact, BadContact, Channel, Kind
from alerts.monthly import plan
from alerts.policies import policy_here
from alerts.templates import test_template
from config.demo.people import mailbox, names
from delivery.models import Delivery, Receipt
from districts.calendar import Calendar
from districts.models import ContactPoint, Person, Site
from ownership.models import OwnerRole, Process

FAMILIES = 132
SPANISH, NO_MAIL, NO_PHONE = 0.3, 0.12, 0.08
GONE = (0.13, 0.09, 0.05)  # share of addresses that failed, test by test: the queue is worked off
MONTHS = (2, 1, 0)  # before this one
ROLES = {"owner_role": "safety-coordinator", "caller_role": "school-secretary", "contacts_role": "communications-manager"}
ROW = "safety-alert-delivery"  # of the matrix


def tell_alerts(calendar: Calendar, *, now: datetime, dice: random.Random) -> None:
    """Nothing where a district has no schools."""
    schools = list(Site.objects.filter(is_school=True).order_by("code"))
    if not schools:
        return
    policy = policy_here()
    for field, slug in ROLES.items():
        setattr(policy, field, OwnerRole.objects.filter(slug=slug).first())
    policy.process = Process.objects.filter(slug=ROW).first()
    policy.save()
    _families(schools, dice)
    for months, gone in zip(MONTHS, GONE, strict=True):
        if at := _school_morning(calendar, now - timedelta(days=1 + 30 * months)):
            _test(at, gone, dice, mended=0.4 if months == 0 else 1)
    plan(policy, on=True, day=policy.test_day, at=policy.test_time, now=now)


def _families(schools: list[Site], dice: random.Random) -> None:
    """Numbers of the block kept for stories (555-0100 to 555-0199 of an area), addresses of .example."""
    people, points = [], []
    for n, name in enumerate(islice(names(), 400, 400 + FAMILIES)):
        language = "es" if dice.random() < SPANISH else "en"
        person = Person(name=name, kind="family", language=language, site=schools[n % len(schools)])
        people.append(person)
        if dice.random() > NO_PHONE:
            points.append(ContactPoint(person=person, kind="phone", value=f"+1{('509', '564')[n // 100]}55501{n % 100:02}"))
        if dice.random() > NO_MAIL:
            points.append(ContactPoint(person=person, kind="email", value=f"{mailbox(name)}.{n}@home.example"))
    Person.objects.bulk_create(people)
    ContactPoint.objects.bulk_create(points, ignore_conflicts=True)


def _school_morning(calendar: Calendar, near: datetime) -> datetime | None:
    """Ten o'clock of the last school day before; None in summer."""
    day = calendar.local_date(near)
    days = (day - timedelta(days=back) for back in range(20))
    found = next((one for one in days if calendar.is_school_day(one)), None)
    return calendar.at_local(found, 600) if found else None


def _test(at: datetime, gone: float, dice: random.Random, *, mended: float) -> None:
    template = test_template()
    alert = drafts.draft(template, by=None, kind=Kind.TEST, title=template.name, words=template.words, audience=Audience(), now=at)
    drafts.leave(alert, by=None, now=at)
    handing.list_recipients(alert.id, now=at)
    while handing.hand_over(alert.id, now=at):
        pass
    _receipts(alert, at, gone, dice)
    signed = at + timedelta(minutes=dice.randint(17, 26))
    watching.look(alert.refresh(), now=signed)
    owner = policy_here().owner_role
    if owner and owner.holder:
        actions.validate(alert, by=owner.holder, note="Looked at every school. Failed addresses are in the queue.", now=signed)
        actions.end(alert, by=owner.holder, now=signed)
    _mend(alert, signed, dice, mended)
    Alert.objects.filter(id=alert.id).update(check_at=None)


def _receipts(alert: Alert, at: datetime, gone: float, dice: random.Random) -> None:
    """What providers would have told: most within a few minutes."""
    for contact in AlertContact.objects.filter(alert=alert, handed_at__isnull=False):
        letter = Delivery.objects.filter(id=contact.id)
        if dice.random() < gone:
            error = "Twilio undelivered 30005" if contact.channel == Channel.SMS else "bounced: 5.1.1 no such mailbox"
            letter.update(state=Delivery.State.FAILED, error=error)
            continue
        came = at + timedelta(seconds=dice.randint(4, 240))
        letter.update(state=Delivery.State.SENT, sent_at=came)
        if contact.channel == Channel.SMS:
            Receipt.objects.create(delivery_id=contact.id, kind="delivered", at=came)


def _mend(alert: Alert, at: datetime, dice: random.Random, share: float) -> None:
    """The newest few are left to be seen."""
    for bad in BadContact.objects.filter(alert=alert, done_at__isnull=True).select_related("owner"):
        if bad.owner and dice.random() < share:
            mending.is_right(bad, by=bad.owner, now=at + timedelta(minutes=dice.randint(20, 900)))
