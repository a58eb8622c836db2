"""Addresses at which other programs read the calendar. The token is the key: whoever has it reads, until it is withdrawn."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db.models import Max
from django.utils import translation

from districts.models import CalendarChange, CalendarFeed, District, Person, Site
from districts.told import is_text
from sla.school.ics_out import calendar_text

MOST = 50  # addresses in use
log = structlog.get_logger(__name__)


class TooMany(Exception):
    """Withdraw one that nobody needs first."""


@dataclass(frozen=True)
class File:
    body: bytes
    etag: str
    changed_at: datetime


def make_feed(*, name: str, site: Site | None, by: Person | None, now: datetime) -> CalendarFeed:
    """Raises TooMany."""
    if CalendarFeed.objects.filter(revoked_at__isnull=True).count() >= MOST:
        raise TooMany
    feed: CalendarFeed = CalendarFeed.objects.create(name=name, site=site, by=by, made_at=now)
    log.info("calendar_feed_made", feed=str(feed.id), site=site and str(site.id), by=by and str(by.id))
    return feed


def revoke_feed(feed_id: UUID, *, by: Person | None, now: datetime) -> bool:
    """False: there is none, or it was withdrawn already."""
    done = bool(CalendarFeed.objects.filter(id=feed_id, revoked_at__isnull=True).update(revoked_at=now))
    if done:
        log.info("calendar_feed_revoked", feed=str(feed_id), by=by and str(by.id))
    return done


def feed_of(token: str) -> CalendarFeed | None:
    known = CalendarFeed.objects.select_related("site").filter(revoked_at__isnull=True)
    return known.filter(token=token).first() if is_text(token) else None


def file_of(district: District, site: Site | None, *, now: datetime) -> File:
    """In the district's first language, whoever asks: the same calendar is the same bytes."""
    with translation.override((district.languages or ["en"])[0]):
        body = calendar_text(district, site, today=district.today(now))
    changed = CalendarChange.objects.aggregate(at=Max("at"))["at"] or district.created_at
    return File(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"', changed)
