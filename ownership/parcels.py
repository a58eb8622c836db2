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
from ownership import texts
from ownership.summons import Book

Channel = Delivery.Channel
LOUD = (Channel.EMAIL, Channel.SMS, Channel.VOICE)
BETWEEN = "\n\n— — —\n\n"
MOST_TOLD = 40  # things one mail tells of in full; the page of steps has all


@dataclass(frozen=True)
class Notice:
    """What one person is told, in their language, and over which channels. `asks`: the escalation that they may say they have."""

    person: Person
    channels: Sequence[str]
    subject: str
    body: str
    key: str
    path: str
    about: UUID | None
    wakes: bool
    asks: UUID | None = None


def send(notices: Sequence[Notice], *, district: District, now: datetime) -> None:
    """Put them on their way, in the transaction that is open."""
    inapp = [notice for notice in notices if Channel.INAPP in notice.channels]
    delivery.note_all([delivery.Note([n.person], n.subject, n.body, n.key, n.path, n.about) for n in inapp], now=now)
    loud = [notice for notice in notices if set(notice.channels) & set(LOUD)]
    if loud:
        parcel = Parcel(district, now, Book([notice.person for notice in loud], now=now))
        for channel in LOUD:
            mine = sorted((notice for notice in loud if channel in notice.channels), key=_together)
            for _same, group in groupby(mine, key=_together):
                parcel.add(channel, _each_once(group))
        parcel.book.save()


def _together(notice: Notice) -> tuple[str, bool]:
    return str(notice.person.id), notice.wakes


def _each_once(group: Iterable[Notice]) -> list[Notice]:
    return list({notice.key: notice for notice in group}.values())


@dataclass(frozen=True)
class Parcel:
    """What leaves by mail, text and telephone for the people of one go."""

    district: District
    now: datetime
    book: Book

    def add(self, channel: str, group: Sequence[Notice]) -> None:
        """One message to one person, about one thing or about several."""
        first = group[0]
        with override(first.person.language):
            if channel == Channel.EMAIL:
                self._mail(group)
            elif len(group) == 1:
                self._short(channel, first)
            else:
                self._several(channel, group)

    def _mail(self, group: Sequence[Notice]) -> None:
        """Another that waits takes this in."""
        first, sections = group[0], self._sections(group)
        several = _("Several things wait for you: %(latest)s …") % {"latest": first.subject}
        if delivery.add_to_waiting(
            person=first.person, body=sections, between=BETWEEN, starts="ladder", subject=several, link=reverse("steps"),
            wakes=first.wakes,
        ):  # fmt: skip
            return
        if len(group) == 1:
            self._put(Channel.EMAIL, group, first.subject, self._told(first), link=first.path)
        else:
            self._put(Channel.EMAIL, group, _subject(group), sections, link=reverse("steps"))

    def _sections(self, group: Sequence[Notice]) -> str:
        told = [f"{n.subject}\n\n{self._told(n)}\n\n{absolute(self.district, n.path)}" for n in group[:MOST_TOLD]]
        more = len(group) - MOST_TOLD
        if more > 0:
            told.append(ngettext("And %(n)d more.", "And %(n)d more.", more) % {"n": more})
        return BETWEEN.join(told)

    def _told(self, notice: Notice) -> str:
        """With the address at which they may say, without signing in, that they have it."""
        path = self.book.path(notice.person, notice.key, notice.asks)
        if not path:
            return notice.body
        return "\n".join([notice.body, "", _("You have it? Say so here, without signing in:"), absolute(self.district, path)])

    def _short(self, channel: str, notice: Notice) -> None:
        """A text or a call about one thing: its link leads to the one button."""
        path = self.book.path(notice.person, notice.key, notice.asks) or notice.path
        if channel == Channel.VOICE:
            return self._put(channel, [notice], notice.subject, _say(notice.subject), link=path)
        number = self.book.number(notice.person, notice.key, notice.asks)
        said = texts.one(notice.subject, number, address=absolute(self.district, path))
        if number:
            self.book.told_by(notice.person, [notice.key], _text_key([notice]))
        return self._put(channel, [notice], notice.subject, said, link=path)

    def _several(self, channel: str, group: Sequence[Notice]) -> None:
        subject, link = _subject(group), reverse("steps")
        if channel == Channel.VOICE:
            return self._put(channel, group, subject, _say(subject), link=link)
        numbers = {n.key: self.book.number(n.person, n.key, n.asks) for n in group[: texts.NAMED]}
        named = [(number, notice.subject) for notice in group if (number := numbers.get(notice.key))]
        if not named:
            return self._put(channel, group, subject, subject, link=link)
        said, stand = texts.several(len(group), named, address=absolute(self.district, link))
        self.book.told_by(group[0].person, [key for key, number in numbers.items() if number in stand], _text_key(group))
        return self._put(channel, group, subject, said, link=link)

    def _put(self, channel: str, group: Sequence[Notice], subject: str, body: str, *, link: str) -> None:
        first = group[0]
        delivery.notify(
            people=[first.person], subject=subject, body=body, dedupe_key=_key(group), now=self.now, link=link,
            about=first.about if len(group) == 1 else None, channels=[channel], wakes=first.wakes,
        )  # fmt: skip


def _key(group: Sequence[Notice]) -> str:
    return group[0].key if len(group) == 1 else f"ladders:{sha256(' '.join(sorted(n.key for n in group)).encode()).hexdigest()[:32]}"


def _text_key(group: Sequence[Notice]) -> str:
    """As `delivery.notify` has it of a text."""
    return f"{_key(group)}:{Channel.SMS}:{group[0].person.id}"[:120]


def _subject(group: Sequence[Notice]) -> str:
    text = ngettext("%(n)d thing waits for you: %(first)s", "%(n)d things wait for you: %(first)s …", len(group))
    return text % {"n": len(group), "first": group[0].subject}


def _say(what: str) -> str:
    return _("%(what)s. Sign in and press “I have it”.") % {"what": what}
