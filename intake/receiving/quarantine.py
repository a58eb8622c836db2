"""What waits in quarantine is told: once a school day, where something new waits, one letter with how many.

Filters before us err, and a family's only mail may be what they erred about; nobody who is not told looks there. What was told is
remembered by the letter's own key, which has the day in it.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import groupby
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.jobs import one_by_one, shuffled
from districts.models import District, Person, Role
from districts.queries import calendar_of, people_with_role, this_district
from districts.scope import district_scope
from intake.models import Envelope

FROM = time(8)  # on the district's clock
UNTIL = time(18)
LOOK_BACK = timedelta(days=14)  # what is older has been told of
FILTERS = ("spam", "authentication", "floods")  # by which somebody may have been kept out who asked for something
log = structlog.get_logger(__name__)


def waiting(*, now: datetime) -> QuerySet[Envelope]:
    """Of the district in scope, of the last fourteen days."""
    kept_out = Q()
    for name in FILTERS:
        kept_out |= Q(decisions__contains=[{"filter": name, "course": "out"}])
    return Envelope.objects.filter(kept_out, state=Envelope.State.SCREENED, received_at__gte=now - LOOK_BACK)


def tell_all(*, now: datetime) -> int:
    """In every district where it is day; returns how many letters were written."""
    with transaction.atomic():
        ids = shuffled(District.objects.filter(active=True).values_list("id", flat=True))
    return one_by_one(ids, partial(_tell_in, now=now), failed="quarantine_untold")


def _tell_in(district_id: UUID, *, now: datetime) -> int:
    with district_scope(district_id):
        return tell(now=now)


def tell(*, now: datetime) -> int:
    """Those who may see to it in the district in scope, and its leaders; returns how many letters and notices that is."""
    district = this_district()
    local = now.astimezone(district.zone)
    if not FROM <= local.time() < UNTIL:
        return 0
    admins = people_with_role(Role.ADMIN)
    leaders = [person for person in people_with_role(Role.LEADER) if person not in admins]
    if not _is_news([*admins, *leaders], local.date(), now=now) or not calendar_of(district, now=now).is_school_day(local.date()):
        return 0
    count = waiting(now=now).count()
    log.info("quarantine_told", waiting=count)
    key, page = _key(local.date()), f"{reverse('envelopes')}?show=screened"
    return _post(admins, count, key, page, now=now) + _post(leaders, count, key, "", now=now)


def _is_news(people: Sequence[Person], today: date, *, now: datetime) -> bool:
    """Nobody was told today, and something came since they were told last."""
    days = [today - timedelta(days=back) for back in range(LOOK_BACK.days + 1)]
    keys = [f"{_key(day)}:{channel}:{person.id}" for day in days for person in people for channel in Delivery.Channel.values]
    told = Delivery.objects.filter(dedupe_key__in=keys).order_by("-created_at").first()
    if told and told.dedupe_key.startswith(_key(today)):
        return False
    came = waiting(now=now)
    return bool(people) and (came.filter(received_at__gt=told.created_at) if told else came).exists()


def _key(day: date) -> str:
    return f"quarantine:{day:%Y%m%d}"


def _post(people: Sequence[Person], count: int, key: str, page: str, *, now: datetime) -> int:
    """Each in their own language. `page`: where they may look; empty: others may."""
    sent = 0
    for language, group in groupby(sorted(people, key=lambda person: person.language), key=lambda person: person.language):
        with override(language):
            subject, body = _words(count, may_look=bool(page))
        sent += delivery.notify(people=list(group), subject=subject, body=body, dedupe_key=key, now=now, link=page)
    return sent


def _words(count: int, *, may_look: bool) -> tuple[str, str]:
    """No word of a message, nor of whom it is: most of it is spam, and some of it private."""
    subject = ngettext("%(n)d message waits in quarantine", "%(n)d messages wait in quarantine", count) % {"n": count}
    why = _("Filters took them for spam, or for not being from who they say, in the last 14 days. Filters err.")
    see = _("Look through them, and let in what somebody did ask.") if may_look else _("Your administrators can look through them.")
    return subject, f"{why} {see}"
