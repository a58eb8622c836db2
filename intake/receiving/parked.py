"""What is stuck is told: a message that waits longer than five minutes, or could not be read, reaches the district's administrators.

Each envelope is told of once, in a notice that speaks of all that are stuck then. After a letter has left, what gets stuck next is
told in the letter of the next quarter of an hour; a letter that has not left yet is written anew instead. By night all of it
becomes one letter, which leaves in the morning (`delivery.quiet`); in the app it stands at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby, islice
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from delivery import actions as delivery
from delivery import quiet
from delivery.models import Delivery
from districts.jobs import one_by_one, shuffled
from districts.models import District, Person, Role
from districts.probes import oldest_pending
from districts.queries import people_with_role, this_district
from districts.scope import district_scope, require_district_id
from intake.models import Envelope
from sla.words import time_words

AFTER = timedelta(minutes=5)
SLOT = timedelta(minutes=15)
LOOK_BACK = timedelta(days=14)  # what is older has been told of, or is older than the telling
TOLD = "told"  # in an envelope's meta: when its administrators were told that it is stuck
AT_ONCE = 1000  # envelopes marked in one transaction; the rest in the next round
ROUND = 500  # districts that one round looks at while nothing is known to be late
State = Envelope.State
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Stuck:
    """What a notice speaks of."""

    dead: int
    waiting: int
    since: datetime

    @property
    def total(self) -> int:
        return self.dead + self.waiting


def parked(*, now: datetime) -> QuerySet[Envelope]:
    """Of the district in scope: what could not be read, and what has waited too long."""
    return Envelope.objects.filter(Q(state=State.DEAD) | Q(state=State.PENDING, received_at__lte=now - AFTER))


def alert_all(*, now: datetime) -> int:
    """In every district, or, while nothing anywhere is late, in some: each that could not be read was told of as it was given up."""
    with transaction.atomic():
        ids = shuffled(District.objects.filter(active=True).values_list("id", flat=True))
    late = oldest_pending().get("intake", 0.0) >= AFTER.total_seconds()
    return one_by_one(ids if late else islice(ids, ROUND), partial(_alert_in, now=now), failed="alert_failed")


def _alert_in(district_id: UUID, *, now: datetime) -> int:
    with district_scope(district_id):
        return alert(now=now)


def given_up(*, now: datetime) -> None:
    """An envelope of the district in scope was just given up. That it cannot be told now does not undo it: the next round tells."""
    try:
        with transaction.atomic():
            alert(now=now)
    except Exception:
        log.exception("alert_failed", district=str(require_district_id()))


def alert(*, now: datetime) -> int:
    """Tell the administrators of the district in scope what they were not told of; returns how many envelopes that is."""
    untold = parked(now=now).filter(received_at__gte=now - LOOK_BACK).exclude(meta__has_key=TOLD)
    ids = list(untold.select_for_update(skip_locked=True, of=("self",)).order_by("received_at").values_list("id", flat=True)[:AT_ONCE])
    if not ids:
        return 0
    log.error("envelopes_parked", envelopes=len(ids))
    people = people_with_role(Role.ADMIN)
    if people:
        _tell(people, _counted(now), now=now)
        _mark(ids, now)
    return len(ids)


def _counted(now: datetime) -> Stuck:
    """All that are stuck, those that were told of before too."""
    recent = parked(now=now).filter(received_at__gte=now - LOOK_BACK)
    found = recent.aggregate(all=Count("id"), dead=Count("id", filter=Q(state=State.DEAD)), since=Min("received_at"))
    return Stuck(found["dead"], found["all"] - found["dead"], found["since"])


def _mark(ids: Sequence[UUID], now: datetime) -> None:
    statement = (
        f"UPDATE {Envelope._meta.db_table} SET meta = meta || jsonb_build_object(%s::text, %s::text)"
        " WHERE district_id = %s AND id = ANY(%s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [TOLD, now.isoformat(), require_district_id(), list(ids)])


def _tell(people: Sequence[Person], stuck: Stuck, *, now: datetime) -> None:
    district = this_district()
    for language, group in groupby(sorted(people, key=lambda person: person.language), key=lambda person: person.language):
        with override(language), timezone.override(district.zone):
            subject, body = _words(stuck)
        for person in group:
            _post(person, subject, body, district, now=now)


def _words(stuck: Stuck) -> tuple[str, str]:
    """In the language and the zone that are active. No word of a message: a notice may lie open on a telephone."""
    subject = ngettext("%(n)d message is stuck at the door", "%(n)d messages are stuck at the door", stuck.total) % {"n": stuck.total}
    facts = []
    if stuck.dead:
        facts.append(ngettext("%(n)d could not be read.", "%(n)d could not be read.", stuck.dead) % {"n": stuck.dead})
    if stuck.waiting:
        text = ngettext(
            "%(n)d has waited for more than five minutes to be read.", "%(n)d have waited for more than five minutes to be read.",
            stuck.waiting,
        )  # fmt: skip
        facts.append(text % {"n": stuck.waiting})
    local = timezone.localtime(stuck.since)
    when = {"day": date_format(local, "MONTH_DAY_FORMAT"), "time": time_words(local)}
    facts.append(_("The oldest came in on %(day)s at %(time)s.") % when)
    kept = _("Each is kept as it came, and whoever sent it has no answer yet. See what is wrong there, and try it again.")
    return subject, f"{' '.join(facts)}\n\n{kept}"


def _post(person: Person, subject: str, body: str, district: District, *, now: datetime) -> None:
    """Into the letter that has not left yet, else a new one: of now, or of the next slot where this one's has left."""
    for begins in (now, _next(now, district)):
        key = f"parked:{_slot(begins, district):%Y%m%d%H%M}"
        mail = f"{key}:{Delivery.Channel.EMAIL}:{person.id}"
        if delivery.reword(dedupe_key=mail, subject=subject, body=body, not_before=begins):
            return
        if not Delivery.objects.filter(dedupe_key=mail).exists():
            delivery.notify(
                people=[person], subject=subject, body=body, dedupe_key=key, now=now, link=reverse("envelopes"), not_before=begins
            )
            return


def _slot(at: datetime, district: District) -> datetime:
    """The quarter of an hour, or the end of the night it lies in."""
    ends = quiet.night_ends(at, district)
    return ends or at - timedelta(minutes=at.minute % (SLOT.seconds // 60), seconds=at.second, microseconds=at.microsecond)


def _next(now: datetime, district: District) -> datetime:
    return _slot(now, district) + SLOT
