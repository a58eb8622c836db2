"""A test each month, on a school day at the district's hour; and a word to its leaders where a month passes without one."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from alerts import drafts, finding, templates
from alerts.audience import Audience
from alerts.models import Alert, AlertPolicy, Kind
from alerts.policies import LOUD, channels_here, found_for, leaders, policy_here
from delivery import actions as delivery
from districts.calendar import ONE_DAY, Calendar
from districts.models import Person
from districts.queries import calendar_of, this_district
from districts.scope import district_scope
from ownership.duty.roles import once

LATE = timedelta(hours=1)  # a sweep that comes later than this sends no test today: it may be night
REMIND_DAYS = 3  # before the month ends


def plan(policy: AlertPolicy, *, on: bool, day: int, at: time, now: datetime) -> AlertPolicy:
    """Switch tests on or off. The next is on the first school day from `day` on whose hour is still to come."""
    policy.test_on, policy.test_day, policy.test_time = on, day, at
    calendar = calendar_of(this_district(), now=now)
    policy.test_at = _next_test(policy, calendar, now=now) if on else None
    policy.check_at = _next_look(policy, calendar, now=now)
    policy.save(update_fields=["test_on", "test_day", "test_time", "test_at", "check_at"])
    return policy


def drain(district_id: UUID, *, now: datetime) -> int:
    """What is due of the tests of one district, and of its bad addresses."""
    with district_scope(district_id):
        policy = AlertPolicy.objects.select_for_update(skip_locked=True).filter(check_at__lte=now).first()
        if policy is None:
            return 0
        look(policy, now=now)
        if policy.contacts_at is None or policy.contacts_at <= now:
            finding.look(now=now)
            policy.contacts_at = now + finding.EVERY
        policy.check_at = _next_look(policy, calendar_of(this_district(), now=now), now=now)
        policy.save(update_fields=["contacts_at", "check_at"])
    return 1


def look(policy: AlertPolicy, *, now: datetime) -> None:
    """Send the test that is due, and remind of one that is missing. In the caller's transaction."""
    calendar = calendar_of(this_district(), now=now)
    today = calendar.local_date(now)
    if policy.test_at and policy.test_at <= now:
        if now - policy.test_at <= LATE and calendar.is_school_day(today):
            send_test(month=_month(today), by=None, now=now)
        policy.test_at = _next_test(policy, calendar, now=now)
    if _days_left(today) < REMIND_DAYS and policy.reminded != _month(today) and owed(today, calendar) and not tested(today, calendar):
        policy.reminded = _month(today)
        _remind(today, now=now)
    policy.save(update_fields=["test_at", "reminded"])


def send_test(*, month: str, by: Person | None, now: datetime) -> Alert | None:
    """The district's own test, to all families. None: this month's was sent."""
    if Alert.objects.filter(month=month).exists():
        return None
    template = templates.test_template()
    audience = Audience(channels=channels_here())
    alert = drafts.draft(
        template, by=by, kind=Kind.TEST, title=template.name, words=template.words, audience=audience, now=now, month=month
    )
    drafts.leave(alert, by=by, now=now)
    return alert


def tested(day: date, calendar: Calendar) -> bool:
    """Was there a test in the month of that day, scheduled or not?"""
    first = day.replace(day=1)
    begin = calendar.at_local(first, 0)
    return Alert.objects.filter(
        kind=Kind.TEST, started_at__gte=begin, started_at__lt=calendar.at_local(_after_month(first), 0)
    ).exists()


def owed(day: date, calendar: Calendar) -> bool:
    """Is there a school day in the month of that day? A month that is all break or summer owes no test."""
    first = day.replace(day=1)
    days = (first + n * ONE_DAY for n in range((_after_month(first) - first).days))
    return any(calendar.is_school_day(one) for one in days)


def overdue_since(policy: AlertPolicy, *, now: datetime) -> datetime | None:
    """Since when this month's test is missing: it was due on the first school day from the day that is set. None: it is not."""
    calendar = calendar_of(this_district(), now=now)
    today = calendar.local_date(now)
    day, end = today.replace(day=policy.test_day), _after_month(today.replace(day=1))
    while day < end and not calendar.is_school_day(day):
        day += ONE_DAY
    due = calendar.at_local(day, _minute(policy))
    if day == end or now <= due + LATE or tested(today, calendar):
        return None
    return due


def _minute(policy: AlertPolicy) -> int:
    return policy.test_time.hour * 60 + policy.test_time.minute


def _remind(today: date, *, now: datetime) -> None:
    delivery.notify(
        people=once([*found_for(policy_here().owner_role, now=now).people, *leaders()]),
        subject=_("No test of the alerts this month"), channels=LOUD, now=now, link="/alerts/",
        body=_("The month ends soon, and no test message was sent to check that families can be reached."),
        dedupe_key=f"alert-no-test:{_month(today)}",
    )  # fmt: skip


def _next_test(policy: AlertPolicy, calendar: Calendar, *, now: datetime) -> datetime | None:
    """The first school day from the wanted one on, of this month or the next, that is still to come; one each month.

    None where no school day is in sight: in summer.
    """
    today = calendar.local_date(now)
    first = today.replace(day=1)
    months = [_after_month(first)] if tested(today, calendar) else [first, _after_month(first)]
    for month in months:
        if at := _in_month(month, policy, calendar, now=now):
            return at
    return None


def _in_month(month: date, policy: AlertPolicy, calendar: Calendar, *, now: datetime) -> datetime | None:
    minute = _minute(policy)
    day, end = month.replace(day=policy.test_day), _after_month(month)
    while day < end:
        at = calendar.at_local(day, minute)
        if at > now and calendar.is_school_day(day):
            return at
        day += ONE_DAY
    return None


def _next_look(policy: AlertPolicy, calendar: Calendar, *, now: datetime) -> datetime | None:
    """The next test, the next look for bad addresses, or the morning on which a missing test is told of; with no plan, too."""
    today = calendar.local_date(now)
    remind = calendar.at_local(_after_month(today.replace(day=1)) - REMIND_DAYS * ONE_DAY, 9 * 60)
    if remind <= now:
        following = _after_month(_after_month(today.replace(day=1)))
        remind = calendar.at_local(following - REMIND_DAYS * ONE_DAY, 9 * 60)
    return min(at for at in (policy.test_at, policy.contacts_at, remind) if at)


def _after_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _days_left(day: date) -> int:
    """Of the month, this one included."""
    return (_after_month(day.replace(day=1)) - day).days - 1


def _month(day: date) -> str:
    return f"{day:%Y-%m}"
