""" "I have it", said where nobody is signed in: on the page behind a link, or by texting a number back. The same act as on our pages.

A number that is texted answers the last thing that was asked by text. Where somebody asked them something else since (an answer to
their own request, say), it goes there as ever, and they are told how to say that they have the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.links import absolute
from districts.models import ContactPoint, District, Person
from districts.queries import person_by_contact, this_district
from ownership import actions
from ownership.duty.roles import works_here
from ownership.ladders import summons, texts
from ownership.ladders.climbing import Climber, escalations
from ownership.ladders.notices import clock, title
from ownership.models import Escalation, Summons

SMS = Delivery.Channel.SMS
PURPOSE = "have-it"
ASKS = ("reply", "ask")  # purposes of texts that may ask for an answer, too


class State(Enum):
    OPEN = "open"
    YOURS = "yours"
    THEIRS = "theirs"
    OVER = "over"


@dataclass(frozen=True)
class Answered:
    """What became of an answer. `taken`: by it; not: it was so before."""

    escalation: Escalation
    state: State
    taken: bool = False


def look(row: Summons, *, now: datetime) -> Answered:
    """As it stands, for whoever was sent for by this."""
    return _as_it_is(escalations().get(id=row.escalation_id), row.person, now=now)


def take(row: Summons, *, why: str, now: datetime) -> Answered:
    """They have it, unless somebody had it before or it is over; the same answer twice is one. `why`: how they said so."""
    before = look(row, now=now)
    taken = before.state is State.OPEN and actions.acknowledge(row.escalation_id, by=row.person, why=why, now=now)
    after = look(row, now=now)
    return Answered(after.escalation, after.state, taken)


def may_answer(row: Summons, *, now: datetime) -> bool:
    """Not for ever, and only while they work here."""
    return now - row.at <= summons.LIVES and works_here(row.person)


def _as_it_is(escalation: Escalation, person: Person, *, now: datetime) -> Answered:
    if escalation.ended_at or Climber(now).why_over(escalation):
        return Answered(escalation, State.OVER)
    if escalation.acknowledged_at is None:
        return Answered(escalation, State.OPEN)
    return Answered(escalation, State.YOURS if escalation.acknowledged_by_id == person.id else State.THEIRS)


# --- by text ----------------------------------------------------------------------------------------------------------


def by_text(*, phone: str, numbers: Sequence[int], ours: str, key: str, now: datetime) -> bool:
    """Whoever has that telephone texted these numbers to `ours`. False: they answer nothing of ladders. `key`: of the text."""
    person = person_by_contact(ContactPoint.Kind.PHONE, phone)
    if person is None or not numbers:
        return False
    told = summons.by_numbers(person, numbers, ours=ours, now=now)
    if set(told) != set(numbers) or not works_here(person):
        return False
    district = this_district()
    elsewhere = _asked_since(phone, told)
    rows = [row for _number, (row, _sent_at) in sorted(told.items())]
    with override(_language(person, district)), timezone.override(district.zone):
        if elsewhere:
            said = _where_to(rows[0], district, now=now)
        else:
            said = _became([take(row, why=_by_text(district), now=now) for row in rows], district)
    if said:
        delivery.heard_from(channel=SMS, address=phone, now=now)
        delivery.send(
            channel=SMS, address=phone, body=said, dedupe_key=f"{PURPOSE}:{key}", purpose=PURPOSE, person=person, sent_from=ours,
            now=now,
        )  # fmt: skip
    return not elsewhere


def _asked_since(phone: str, told: Mapping[int, tuple[Summons, datetime]]) -> bool:
    """Numbers that nobody else asks for answer nothing else."""
    low = [sent_at for number, (_row, sent_at) in told.items() if number < summons.FIRST_OF_A_REQUESTER]
    return bool(low) and Delivery.objects.filter(
        Q(sent_at__gt=min(low)), channel=SMS, address=phone, purpose__in=ASKS, created_at__gt=min(low) - summons.LIVES
    ).exists()  # fmt: skip


def _language(person: Person, district: District) -> str:
    spoken = district.languages or ["en"]
    return person.language if person.language in spoken else str(spoken[0])


def _by_text(district: District) -> str:
    """In the district's first language: it is written down."""
    with override(str((district.languages or ["en"])[0])):
        return _("By text message.")


def _became(answers: Sequence[Answered], district: District) -> str:
    """What they took, by when; and where its steps are."""

    def text(width: int) -> str:
        return "\n".join(_line(one, texts.cut(title(one.escalation), width)) for one in answers)

    return texts.answer(text, more=[_("Steps: %(address)s") % {"address": absolute(district, reverse("steps"))}])


def _line(one: Answered, what: str) -> str:
    escalation = one.escalation
    words = {"what": what, "name": escalation.acknowledged_by.name if escalation.acknowledged_by else "", "time": ""}
    if one.taken and escalation.climb_at:
        return _("You have it: %(what)s. To do by %(time)s.") % {**words, "time": clock(escalation.climb_at)}
    texts_of = {
        State.OPEN: _("It could not be taken: %(what)s."),
        State.YOURS: _("You have it: %(what)s.") if one.taken else _("You have it already: %(what)s."),
        State.THEIRS: _("%(name)s has it already: %(what)s."),
        State.OVER: _("It is over already: %(what)s."),
    }
    return texts_of[one.state] % words


def _where_to(row: Summons, district: District, *, now: datetime) -> str:
    """What they texted was an answer to something else: nothing is taken by chance. Empty where nothing is to be taken any more."""
    found = look(row, now=now)
    if found.state is not State.OPEN:
        return ""
    said = _("Your answer went to your request, which we texted you about last. If you have %(what)s, say so here:")
    address, what = absolute(district, summons.path_of(row)), title(found.escalation)
    return texts.fitting(f"{said % {'what': texts.cut(what, width)}}\n{address}" for width in texts.WIDTHS[1:])
