"""The district's telephone numbers: what is texted to them, and what is said to them. A number that does both is two doors.

Both doors of a number are of one Twilio account, told by its line (delivery.models.Line): its auth token signs the calls to us, fetches
pictures and recordings, and sends what leaves from the number. A number of the account of whoever runs the product has no copy of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction

from delivery import lines
from delivery.lines import Account
from delivery.models import Line
from districts.models import ContactPoint, Person, Team
from districts.queries import this_district
from intake.channels.arrival import Arrival
from intake.models import Channel, Envelope
from intake.queries import is_private
from intake.standing import forget_standing, standing_here
from tickets.models import ChannelKind, Ticket

KINDS = (ChannelKind.SMS, ChannelKind.PHONE)
log = structlog.get_logger(__name__)


class NumberTaken(Exception):
    """The district has this door already."""


class NumberElsewhere(NumberTaken):
    """Another district's: a number sends the texts of one district only."""


def line(channel_id: UUID, kind: str) -> Channel | None:
    """The door with this id, where it is open. What was changed elsewhere is seen some seconds later, a new one at once."""
    door = standing_here().doors.get(channel_id) or Channel.objects.filter(id=channel_id).first()
    return door if door and door.kind == kind and door.active and door.address else None


def line_of(channel: Channel) -> Line | None:
    return standing_here().lines.get(channel.address) or Line.objects.filter(number=channel.address).first()


def is_ours(channel: Channel) -> bool:
    """Is the number of the account of whoever runs the product?"""
    found = line_of(channel)
    return found is not None and lines.is_ours(found)


def account(channel: Channel) -> Account:
    """That the number is of: whose token signs the calls to it. An empty token opens nothing."""
    return lines.account_of(line_of(channel))


def token(channel: Channel) -> str:
    return account(channel).token


def is_one_way(channel: Channel) -> bool:
    """Texts come in by an account that is not known whole: answers leave from another number until it is."""
    found = line_of(channel)
    return bool(channel.kind == ChannelKind.SMS and channel.active and found and found.secret and not found.texts)


def number_of(envelope: Envelope) -> str:
    """Ours, that it came by; empty where it came by none."""
    door = standing_here().doors.get(envelope.source_id) or envelope.source
    return door.address if door.kind in KINDS else ""


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation by text: its ticket, and where that lives now."""

    ticket: Ticket
    there: Ticket


def of_this_line(talks: Sequence[Talk], *, number: str, phone: str) -> list[Talk]:
    """Those that a text from `phone` to our `number` may go on: what is texted to a team's own number goes to that team, and into no
    conversation that is held over another number, nor does what is texted elsewhere go into one of its own. To a private number: nor
    into one that another team has by now. Numbers of the whole district are one to whoever asks.
    """
    if not talks or not (owned := _owned()):
        return list(talks)
    held = lines.held_over(phone, {one.id for talk in talks for one in (talk.ticket, talk.there)})
    return [talk for talk in talks if _fits(talk, number, held, owned)]


def _owned() -> dict[str, Channel]:
    """Numbers that are a team's own for texts."""
    return {door.address: door for door in standing_here().doors.values() if door.kind == ChannelKind.SMS and door.team_id}


def _fits(talk: Talk, number: str, held: dict[UUID, str], owned: dict[str, Channel]) -> bool:
    over = {held[one.id] for one in (talk.ticket, talk.there) if one.id in held}
    if number not in over:
        return number not in owned and not over & owned.keys()
    return number not in owned or not is_private(owned[number]) or talk.there.team_id == owned[number].team_id


def used(envelope: Envelope, arrival: Arrival, ticket: Ticket, *, now: datetime) -> None:
    """What is texted about the ticket leaves from the number that this text or call came by."""
    contact = arrival.contact
    if envelope.channel not in KINDS or contact is None or contact.kind != ContactPoint.Kind.PHONE:
        return
    if number := number_of(envelope):
        lines.used(address=contact.value, number=number, about=ticket.id, now=now)


def learn(channel: Channel, sid: str) -> None:
    """A signed call names the account of a number that was added when nobody asked for it: from now on texts leave from there."""
    found = line_of(channel)
    if found and found.secret and not found.account and lines.SID.fullmatch(sid):
        texts = found.texts or Channel.objects.filter(kind=ChannelKind.SMS, address=channel.address, active=True).exists()
        texts = texts and not lines.is_anothers(found.number, this_district())
        Line.objects.filter(id=found.id, account="").update(account=sid, texts=texts)
        _changed("number_account_learned", channel, None)


def belongs(number: str, *, account: Account | None = None, texts: bool = False, first: bool = False) -> Line:
    """A number of ours is of this account; None: of that of whoever runs the product. A token is its account's: it is the same for all
    numbers of that. Without one the account keeps the token that it has."""
    found = Line.objects.filter(number=number).first() or Line(number=number)
    kept = _kept_secret(account.sid) if account else ""
    given = lines.sealed(account.token) if account else ""
    found.account, found.secret = (account.sid, given or kept or found.secret) if account else ("", "")
    found.texts = found.texts or texts
    if first:
        Line.objects.filter(first=True).exclude(id=found.id).update(first=False)
        found.first = True
    found.save()
    if account and account.sid and given:
        Line.objects.filter(account=account.sid).update(secret=found.secret)
    return found


def _kept_secret(sid: str) -> str:
    return next(iter(Line.objects.filter(account=sid).exclude(secret="").values_list("secret", flat=True)), "") if sid else ""


def has_token(sid: str = "") -> bool:
    """Is the token of this account known here, or of any?"""
    return bool(_kept_secret(sid)) if sid else Line.objects.exclude(secret="").exists()


def save(
    row: Channel | None,
    *,
    kind: str,
    address: str,
    name: str,
    team: Team | None,
    account: Account | None,
    first: bool,
    by: Person | None,
) -> Channel:
    """`address`: E.164; a door that is there keeps its own. `account`: see `belongs`. Raises NumberTaken, NumberElsewhere."""
    if lines.is_anothers(address, this_district()):
        raise NumberElsewhere
    channel = row or Channel(kind=kind, address=address)
    channel.name, channel.team = name, team
    texts = kind == ChannelKind.SMS
    try:
        with transaction.atomic():
            channel.save()
            belongs(address, account=account, texts=texts and channel.active, first=first and texts)
    except IntegrityError as error:
        raise NumberTaken from error
    _changed("number_added" if row is None else "number_changed", channel, by)
    return channel


def switch(channel: Channel, *, active: bool, by: Person | None) -> None:
    """The provider gets 404 from a door that is off, and notes it as an error of ours. Raises NumberElsewhere."""
    if active and lines.is_anothers(channel.address, this_district()):
        raise NumberElsewhere
    channel.active = active
    channel.save(update_fields=["active"])
    if channel.kind == ChannelKind.SMS:
        Line.objects.filter(number=channel.address).exclude(account="", secret__gt="").update(texts=active)
    _changed("number_switched", channel, by, active=active)


def _changed(event: str, row: Channel, by: Person | None, **more: object) -> None:
    """The secret is in no log."""
    forget_standing()
    transaction.on_commit(forget_standing)
    log.info(event, row=str(row.id), kind=row.kind, team=row.team_id and str(row.team_id), by=by and str(by.id), **more)
