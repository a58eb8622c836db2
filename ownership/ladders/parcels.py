"""Many ladders at once, and one mail: what a person is told together leaves together.

In the app each thing is a line of its own. By mail, text and telephone a person who is told of several things in one sweep hears of
them once; and a mail that still waits (for the morning, for a provider) takes in what comes after it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from delivery.models import Delivery
from delivery.staff_notices import Telling, Waiting, key_of, tell
from districts.links import absolute
from districts.models import District, Person
from ownership.ladders import texts
from ownership.ladders.summons import Book

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
    """Put them on their way, in the transaction that is open. However many they are, it takes a handful of statements."""
    inapp = [notice for notice in notices if Channel.INAPP in notice.channels]
    parcel = Parcel(district, now, [notice for notice in notices if set(notice.channels) & set(LOUD)])
    parcel.tellings += [Telling(n.person, Channel.INAPP, n.subject, n.body, n.key, n.path, n.about) for n in inapp]
    for channel in LOUD:
        mine = sorted((notice for notice in parcel.loud if channel in notice.channels), key=_together)
        for _same, group in groupby(mine, key=_together):
            parcel.add(channel, _each_once(group))
    parcel.leave()


def _together(notice: Notice) -> tuple[str, bool]:
    return str(notice.person.id), notice.wakes


def _each_once(group: Iterable[Notice]) -> list[Notice]:
    return list({notice.key: notice for notice in group}.values())


@dataclass
class Parcel:
    """What leaves for the people of one go. `loud`: what is told by mail, text and telephone."""

    district: District
    now: datetime
    loud: Sequence[Notice]
    tellings: list[Telling] = field(default_factory=list)

    @cached_property
    def book(self) -> Book:
        return Book([notice.person for notice in self.loud], now=self.now)

    @cached_property
    def waiting(self) -> Waiting:
        return Waiting({notice.person for notice in self.loud}, starts="ladder")

    def leave(self) -> None:
        tell(self.tellings, now=self.now)
        if self.loud:
            self.waiting.save()
            self.book.save()

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
        if self.waiting.add(
            first.person, sections, between=BETWEEN, subject=several, link=reverse("steps"), wakes=first.wakes
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
            self.book.told_by(notice.person, [notice.key], key_of(notice.key, channel, notice.person))
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
        told = [key for key, number in numbers.items() if number in stand]
        self.book.told_by(group[0].person, told, key_of(_key(group), channel, group[0].person))
        return self._put(channel, group, subject, said, link=link)

    def _put(self, channel: str, group: Sequence[Notice], subject: str, body: str, *, link: str) -> None:
        first, about = group[0], group[0].about if len(group) == 1 else None
        self.tellings.append(Telling(first.person, channel, subject, body, _key(group), link, about, first.wakes))


def _key(group: Sequence[Notice]) -> str:
    return group[0].key if len(group) == 1 else f"ladders:{sha256(' '.join(sorted(n.key for n in group)).encode()).hexdigest()[:32]}"


def _subject(group: Sequence[Notice]) -> str:
    text = ngettext("%(n)d thing waits for you: %(first)s", "%(n)d things wait for you: %(first)s …", len(group))
    return text % {"n": len(group), "first": group[0].subject}


def _say(what: str) -> str:
    return _("%(what)s. Sign in and press “I have it”.") % {"what": what}
