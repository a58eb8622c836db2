"""Many ladders at once, and one mail: what a person is told together leaves together.

In the app each thing is a line of its own. By mail, text and telephone a person who is told of several things in one sweep hears of
them once; and a mail that still waits (for the morning, for a provider) takes in what comes after it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.links import absolute
from districts.models import District, Person

Channel = Delivery.Channel
BETWEEN = "\n\n— — —\n\n"
MOST_TOLD = 40  # things one mail tells of in full; the page of steps has all


@dataclass(frozen=True)
class Notice:
    """What one person is told, in their language, and over which channels."""

    person: Person
    channels: Sequence[str]
    subject: str
    body: str
    key: str
    path: str
    about: UUID | None
    wakes: bool


def send(notices: Sequence[Notice], *, district: District, now: datetime) -> None:
    """Put them on their way, in the transaction that is open."""
    inapp = [notice for notice in notices if Channel.INAPP in notice.channels]
    delivery.note_all([delivery.Note([n.person], n.subject, n.body, n.key, n.path, n.about) for n in inapp], now=now)
    for channel in (Channel.EMAIL, Channel.SMS, Channel.VOICE):
        mine = sorted((notice for notice in notices if channel in notice.channels), key=_together)
        for _same, group in groupby(mine, key=_together):
            _one(channel, _each_once(group), district=district, now=now)


def _together(notice: Notice) -> tuple[str, bool]:
    return str(notice.person.id), notice.wakes


def _each_once(group: Iterable[Notice]) -> list[Notice]:
    return list({notice.key: notice for notice in group}.values())


def _one(channel: str, group: Sequence[Notice], *, district: District, now: datetime) -> None:
    """One message to one person, about one thing or about several."""
    first = group[0]
    with override(first.person.language):
        subject = first.subject if len(group) == 1 else _subject(group)
        body = _in_full(group, district) if channel == Channel.EMAIL else _in_short(channel, group)
        several = _("Several things wait for you: %(latest)s …") % {"latest": first.subject}
    if channel == Channel.EMAIL and delivery.add_to_waiting(
        person=first.person, body=_sections(group, district), between=BETWEEN, starts="ladder", subject=several,
        link=reverse("steps"), wakes=first.wakes,
    ):  # fmt: skip
        return
    alone = len(group) == 1
    delivery.notify(
        people=[first.person], subject=subject, body=body, dedupe_key=first.key if alone else _key(group), now=now,
        link=first.path if alone else reverse("steps"), about=first.about if alone else None, channels=[channel], wakes=first.wakes,
    )  # fmt: skip


def _key(group: Sequence[Notice]) -> str:
    return f"ladders:{sha256(' '.join(sorted(n.key for n in group)).encode()).hexdigest()[:32]}"


def _subject(group: Sequence[Notice]) -> str:
    text = ngettext("%(n)d thing waits for you: %(first)s", "%(n)d things wait for you: %(first)s …", len(group))
    return text % {"n": len(group), "first": group[0].subject}


def _in_full(group: Sequence[Notice], district: District) -> str:
    return group[0].body if len(group) == 1 else _sections(group, district)


def _sections(group: Sequence[Notice], district: District) -> str:
    told = [f"{n.subject}\n\n{n.body}\n\n{absolute(district, n.path)}" for n in group[:MOST_TOLD]]
    more = len(group) - MOST_TOLD
    if more > 0:
        told.append(ngettext("And %(n)d more.", "And %(n)d more.", more) % {"n": more})
    return BETWEEN.join(told)


def _in_short(channel: str, group: Sequence[Notice]) -> str:
    """For a text or a call: what it is about. The link, or the voice, comes with the channel."""
    what = group[0].subject if len(group) == 1 else _subject(group)
    return _("%(what)s. Sign in and press “I have it”.") % {"what": what} if channel == Channel.VOICE else what
