"""Cut-offs: at its time the vendor is told what reached it, and asked to say so; who does not answer in time has the ladder begun."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.calendar import Calendar
from districts.links import absolute
from districts.models import District, Person, Role
from districts.queries import calendar_of, people_with_role, this_district
from districts.scope import district_scope
from ownership.duty.roles import Roster, once
from ownership.feeds.pings import Told, hear, promised_after
from ownership.ladders.climbing import WITH_OWNERS, Climber, escalations, ladder_of
from ownership.ladders.notices import clock
from ownership.models import CutOff, CutOffNotice, Escalation, Feed, FeedRun, Process, Step, Vendor
from sla import clock as promises
from sla import terms
from sla.promise import Every

BATCH = 100
POISONED = timedelta(hours=1)
TOO_LATE = timedelta(hours=6)  # a cut-off this long ago is not told of any more
STEP = 900  # place of our step among those of the ladder: after its own
PURPOSE = "cut-off"
KEY = f"{PURPOSE}:"  # of runs that are acknowledgements
log = structlog.get_logger(__name__)


class NoTime(ValueError):
    """The terms name no time of day at which the vendor could be asked; this says so in a sentence."""


def read_terms(words: str) -> terms.Terms:
    """They must name a time of day: "every 2 minutes" would ask day and night. Raises NoTime."""
    try:
        found = terms.parse(words)
    except terms.NotUnderstood:
        found = None
    if found is None or not found.recurring:
        raise NoTime(_("Say a time of day: “by 2 PM for next-day service”, “daily by 4 PM”."))
    if any(isinstance(clause.term, Every) for clause in found.clauses):
        raise NoTime(_("A cut-off is a time of day and does not come round every so often: “daily by 10 AM and 3 PM”."))
    return found


def next_time(words: str, calendar: Calendar, *, after: datetime) -> datetime | None:
    """The next cut-off on the school calendar; None where the terms name no time of day, or none that ever comes."""
    try:
        return promises.next_expected(read_terms(words), calendar, after=after)
    except NoTime:
        log.warning("cut_off_terms_without_time", terms=words)
        return None


def save_cutoff(vendor: Vendor, row: CutOff | None, values: Mapping[str, Any], *, now: datetime) -> CutOff:
    """A new one, or this one changed; watched from now on, if its vendor is live. Raises NoTime."""
    found = row or CutOff(vendor=vendor)
    for name, value in values.items():
        setattr(found, name, value)
    read_terms(found.terms)
    _watch(found, vendor, calendar_of(this_district(), now=now), now=now)
    found.save(force_insert=row is None)
    return found


def watch_all(vendor: Vendor, *, now: datetime) -> None:
    """Cut-offs of a live vendor are watched, of any other not."""
    calendar = calendar_of(this_district(), now=now)
    rows = list(CutOff.objects.filter(vendor=vendor).select_for_update(no_key=True))
    for row in rows:
        _watch(row, vendor, calendar, now=now)
    CutOff.objects.bulk_update(rows, ["send_at"])


def _watch(cutoff: CutOff, vendor: Vendor, calendar: Calendar, *, now: datetime) -> None:
    """One whose time has come, and that nothing told of yet, keeps it: the sweep is about to. Not watched, nobody is called for it."""
    watched = cutoff.active and vendor.state == Vendor.State.LIVE
    if watched and cutoff.send_at and cutoff.send_at <= now:
        return
    if not watched and not cutoff._state.adding:
        CutOffNotice.objects.filter(cutoff=cutoff, check_at__isnull=False).update(check_at=None)
    cutoff.send_at = next_time(cutoff.terms, calendar, after=now) if watched else None


def remove(cutoff: CutOff, *, now: datetime) -> None:
    """With what was acknowledged of it; ladders that were begun for it are over."""
    of_it = CutOffNotice.objects.filter(cutoff=cutoff, escalation__isnull=False).values("escalation")
    climber = Climber(now)
    with climber.words():
        for escalation in escalations().filter(ended_at__isnull=True, id__in=of_it).select_for_update(of=("self",)):
            climber.end(escalation, why=_("The cut-off was removed."))
    cutoff.delete()


def address_of(cutoff: CutOff) -> str:
    return str(cutoff.email or cutoff.vendor.email)


# --- at the cut-off ---------------------------------------------------------------------------------------------------


def tell(district_id: UUID, *, now: datetime) -> int:
    """Every cut-off whose time has come; two sweeps at once tell of it once."""
    seen = set[UUID]()
    while True:
        with district_scope(district_id):
            due = CutOff.objects.select_related("vendor", "process").filter(send_at__lte=now).exclude(id__in=seen)
            rows = list(due.order_by("send_at").select_for_update(of=("self",), skip_locked=True)[:BATCH])
            for row in rows:
                _safely(row, now=now)
            seen |= {row.id for row in rows}
        if len(rows) < BATCH:
            return len(seen)


def _safely(cutoff: CutOff, *, now: datetime) -> None:
    """One that cannot be told of stops no other: it is looked at again later."""
    try:
        with transaction.atomic():
            _tell(cutoff, this_district(), now=now)
    except SoftTimeLimitExceeded:  # this sweep's time is up
        raise
    except Exception:
        log.exception("cut_off_failed", cutoff=str(cutoff.id))
        CutOff.objects.filter(id=cutoff.id).update(send_at=now + POISONED)


def _tell(cutoff: CutOff, district: District, *, now: datetime) -> None:
    cut_at = cutoff.send_at
    assert cut_at is not None
    before = CutOffNotice.objects.filter(cutoff=cutoff).order_by("-cut_at").values_list("cut_at", flat=True).first()
    cutoff.send_at = None
    _watch(cutoff, cutoff.vendor, calendar_of(district, now=now), now=now)
    cutoff.save(update_fields=["send_at"])
    if cut_at < now - TOO_LATE:
        log.warning("cut_off_too_late", cutoff=str(cutoff.id))
        return
    address = address_of(cutoff)
    due_at = now + timedelta(minutes=cutoff.ack_minutes) if address else now
    notice = CutOffNotice(
        cutoff=cutoff, cut_at=cut_at, counts=counts_of(cutoff, since=before or cut_at - timedelta(days=1), now=now), sent_at=now,
        due_at=due_at, check_at=due_at,
    )  # fmt: skip
    notice.save(force_insert=True)
    if address:
        _mail(notice, address, district, now=now)


def counts_of(cutoff: CutOff, *, since: datetime, now: datetime) -> dict[str, Any]:
    """What the process's feeds told last since the cut-off before: {"feed", "outcome", "at", "counts"}; empty: nothing."""
    if cutoff.process_id is None:
        return {}
    rows = FeedRun.objects.filter(feed__process_id=cutoff.process_id, at__gt=since, at__lte=now).exclude(
        outcome=FeedRun.Outcome.STARTED
    )
    rows = rows.exclude(way=FeedRun.Way.SIGNED, key__startswith=KEY)  # what a vendor said of an earlier one reached nobody
    run = rows.select_related("feed").order_by("-at", "-id").first()
    if run is None:
        return {}
    return {"feed": run.feed.name, "outcome": run.outcome, "at": run.at.isoformat(), "counts": run.counts}


def _mail(notice: CutOffNotice, address: str, district: District, *, now: datetime) -> None:
    """In the district's first language: the vendor is nobody of ours."""
    link = absolute(district, reverse("vendor_ack", args=[notice.token]))
    with override(str((district.languages or ["en"])[0])), timezone.override(district.zone):
        subject = _("Please acknowledge: %(name)s, %(time)s") % {"name": notice.cutoff.name, "time": clock(notice.cut_at)}
        body = "\n\n".join([*letter(notice, district), link])
    delivery.send(
        channel=Delivery.Channel.EMAIL, address=address, subject=subject, body=body, dedupe_key=f"cut-off:{notice.id}", purpose=PURPOSE,
        now=now,
    )  # fmt: skip


def letter(notice: CutOffNotice, district: District) -> list[str]:
    """Paragraphs, in the language and the zone that are active."""
    cutoff = notice.cutoff
    words = {"district": district.name, "vendor": cutoff.vendor.name, "name": cutoff.name, "terms": cutoff.terms}
    asked = _("Open this address and press the button by %(time)s. One click, no sign-in.") % {"time": clock(notice.due_at)}
    return [_("%(district)s to %(vendor)s: “%(name)s”, %(terms)s.") % words, counted(notice), asked]


def counted(notice: CutOffNotice) -> str:
    """The day's counts in a sentence."""
    told = notice.counts
    if not told:
        return _("No run was told of since the cut-off before: please look whether anything reached you.")
    words = {"feed": told["feed"], "time": clock(datetime.fromisoformat(told["at"])), "outcome": FeedRun.Outcome(told["outcome"]).label}
    numbers = ", ".join(f"{name} {value:.15g}" for name, value in told["counts"].items())
    said = _("“%(feed)s”, %(time)s: %(outcome)s.") % words
    return _("%(said)s Counted: %(numbers)s.") % {"said": said, "numbers": numbers} if numbers else said


# --- the answer -------------------------------------------------------------------------------------------------------


def by_token(token: str) -> CutOffNotice | None:
    rows = CutOffNotice.objects.select_related("cutoff__vendor", "cutoff__process")
    found: CutOffNotice | None = rows.filter(token=token).first() if token.isascii() and token.isalnum() else None
    return found


def acknowledge(notice_id: UUID, *, name: str, now: datetime) -> bool:
    """The vendor has it: a run of the feed that the cut-off names. False: it was acknowledged before. Late, it ends the ladder that was
    begun for it."""
    rows = CutOffNotice.objects.select_related("cutoff__vendor", "escalation__process").select_for_update(of=("self",))
    notice = rows.get(id=notice_id)
    if notice.acknowledged_at:
        return False
    notice.acknowledged_at, notice.check_at = now, None
    notice.acknowledged_by = " ".join(name.replace("\0", "").split())[:200]
    notice.save(update_fields=["acknowledged_at", "acknowledged_by", "check_at"])
    if notice.escalation and notice.escalation.ended_at is None:
        _end(notice, notice.escalation, now=now)
    if notice.cutoff.feed_id:
        _heard(notice, now=now)
    return True


def _heard(notice: CutOffNotice, *, now: datetime) -> None:
    """Evidence like any other, of the time that the feed promised after this cut-off and no other: an old mail meets nothing new.

    With the counts that the vendor was told, once for a notice. Nobody of theirs signs a check of ours.
    """
    cutoff, name = notice.cutoff, notice.acknowledged_by or notice.cutoff.vendor.name
    feed = Feed.objects.select_for_update(of=("self",), no_key=True).select_related("process").get(id=cutoff.feed_id)
    if feed.kind == Feed.Kind.CHECK:
        return
    with Climber(now).words():
        said = _("%(who)s acknowledged “%(name)s” of %(time)s.") % {"who": name, "name": cutoff.name, "time": clock(notice.cut_at)}
    evidence = {"cut_off": cutoff.name, "vendor": cutoff.vendor.name, "by": notice.acknowledged_by}
    due = promised_after(feed, calendar_of(this_district(), now=now), at=notice.cut_at)
    told = Told(
        counts=notice.counts.get("counts", {}), note=said, way=FeedRun.Way.SIGNED, key=f"{KEY}{notice.id}", evidence=evidence, due=due,
    )  # fmt: skip
    hear(feed, told, now=now)


def _end(notice: CutOffNotice, escalation: Escalation, *, now: datetime) -> None:
    climber = Climber(now)
    steps = Step.objects.filter(escalation=escalation).select_related("owner")
    people = once(step.owner for step in steps)
    with climber.words():
        climber.end(escalation, why=_("The vendor acknowledged it."))

    def over() -> tuple[str, list[str]]:
        said = _("%(vendor)s acknowledged it at %(time)s.") % {"vendor": notice.cutoff.vendor.name, "time": clock(now)}
        return _("Over: %(what)s") % {"what": notice.cutoff.name}, [said, _("Nothing more is to be done on this ladder.")]

    climber.post.send(people, over, key=f"cut-off:{notice.id}:over", path=reverse("vendor", args=[notice.cutoff.vendor.slug]))


def call(district_id: UUID, *, now: datetime) -> int:
    """Every notice that nobody acknowledged in time, once."""
    seen = set[UUID]()
    while True:
        with district_scope(district_id):
            due = CutOffNotice.objects.select_related("cutoff__vendor__owner__holder", "cutoff__vendor__owner__deputy")
            due = due.filter(check_at__lte=now).exclude(id__in=seen).order_by("check_at", "id")
            rows = list(due.select_for_update(of=("self",), skip_locked=True)[:BATCH])
            for row in rows:
                _call_safely(row, now=now)
            seen |= {row.id for row in rows}
        if len(rows) < BATCH:
            return len(seen)


def _call_safely(notice: CutOffNotice, *, now: datetime) -> None:
    try:
        with transaction.atomic():
            _call(notice, now=now)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception("cut_off_answer_failed", notice=str(notice.id))
        CutOffNotice.objects.filter(id=notice.id).update(check_at=now + POISONED)


def _call(notice: CutOffNotice, *, now: datetime) -> None:
    """The ladder of its process begins, with a step that says what to do; who answers for the vendor is told either way."""
    climber, owner = Climber(now), None
    with climber.post.together():
        if notice.cutoff.process_id:
            notice.escalation, owner = _begin(notice, climber)
        notice.check_at = None
        notice.save(update_fields=["check_at", "escalation"])
        people = once([*_answering(notice, climber.roster), owner])
        path = reverse("vendor", args=[notice.cutoff.vendor.slug])
        climber.post.send(people, lambda: _silent(notice), key=f"cut-off:{notice.id}", path=path)


def _begin(notice: CutOffNotice, climber: Climber) -> tuple[Escalation, Person | None]:
    """The ladder, and who has its first step."""
    process = Process.objects.select_related(*WITH_OWNERS).get(id=notice.cutoff.process_id)
    escalation = Escalation(ladder=ladder_of(process), process=process)
    escalation.waits_for = notice
    climber.begin(escalation)
    owner = next(iter([*climber.owners_now(process), *_answering(notice, climber.roster)]), None)
    with climber.words():
        words = {"vendor": notice.cutoff.vendor.name, "name": notice.cutoff.name}
        title = _("Reach %(vendor)s: “%(name)s” was not acknowledged. Has it arrived?") % words
    due = climber.now + timedelta(minutes=60)
    Step.objects.create(escalation=escalation, level=max(escalation.level, 1), order=STEP, title=title[:300], owner=owner, due_at=due)
    return escalation, owner


def _answering(notice: CutOffNotice, roster: Roster) -> list[Person]:
    """Who answers for the vendor; where nobody does, the administrators."""
    role = notice.cutoff.vendor.owner
    found = list(roster.find(role).people) if role else []
    return found or people_with_role(Role.ADMIN)


def _silent(notice: CutOffNotice) -> tuple[str, list[str]]:
    cutoff = notice.cutoff
    words = {"vendor": cutoff.vendor.name, "name": cutoff.name, "due": clock(notice.due_at), "cut": clock(notice.cut_at)}
    subject = _("Not acknowledged: %(name)s (%(vendor)s)") % words
    if not address_of(cutoff):
        return subject, [
            _("There is no address to which %(vendor)s could be written: nobody was asked to acknowledge “%(name)s”.") % words
        ]
    said = _("%(vendor)s was to acknowledge “%(name)s” of %(cut)s by %(due)s, and has not.") % words
    reach = " · ".join(filter(None, (cutoff.vendor.contact, cutoff.vendor.phone, address_of(cutoff))))
    return subject, [said, counted(notice), _("Call them: %(reach)s") % {"reach": reach}]
