"""The district's telephone numbers: what is texted to them, and what is said to them. A number that does both is two doors.

The secret of a door is the auth token of the Twilio account that the number belongs to: whoever calls our webhook proves that it
knows it. Numbers of the account that the product itself sends by need no copy of it: they name that account.
"""

from uuid import UUID

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction

from districts.models import Person, Team
from intake.models import Channel
from intake.standing import forget_standing, standing_here
from tickets.models import ChannelKind

KINDS = (ChannelKind.SMS, ChannelKind.PHONE)
ACCOUNT, HOUSE = "account", "house"  # in a door's options: the token is the product's own
log = structlog.get_logger(__name__)


class NumberTaken(Exception):
    """The district has this door already."""


def line(channel_id: UUID, kind: str) -> Channel | None:
    """The door with this id, where it is open. What was changed elsewhere is seen some seconds later, a new one at once."""
    door = standing_here().doors.get(channel_id) or Channel.objects.filter(id=channel_id).first()
    return door if door and door.kind == kind and door.active and door.address else None


def is_ours(channel: Channel) -> bool:
    """Is the number of the account that the product itself sends by?"""
    return bool(channel.options.get(ACCOUNT) == HOUSE)


def token(channel: Channel) -> str:
    """What signs the calls to it; an empty one opens nothing."""
    return settings.TWILIO_AUTH_TOKEN if is_ours(channel) else channel.secret


def is_one_way(channel: Channel) -> bool:
    """Texts come in by another account than the one that answers leave by: an answer comes from another number."""
    own = bool(channel.secret) and channel.secret != settings.TWILIO_AUTH_TOKEN
    return bool(channel.kind == ChannelKind.SMS and own and not is_ours(channel))


def save(
    row: Channel | None, *, kind: str, address: str, name: str, team: Team | None, secret: str, house: bool, by: Person | None
) -> Channel:
    """`address`: E.164; a door that is there keeps its own, and its secret where no other is given. Raises NumberTaken."""
    channel = row or Channel(kind=kind, address=address)
    channel.name, channel.team = name, team
    channel.options = {key: value for key, value in channel.options.items() if key != ACCOUNT} | ({ACCOUNT: HOUSE} if house else {})
    channel.secret = "" if house else secret or channel.secret
    try:
        with transaction.atomic():
            channel.save()
    except IntegrityError as error:
        raise NumberTaken from error
    _changed("number_added" if row is None else "number_changed", channel, by)
    return channel


def switch(channel: Channel, *, active: bool, by: Person | None) -> None:
    """The provider gets 404 from a door that is off, and notes it as an error of ours."""
    channel.active = active
    channel.save(update_fields=["active"])
    _changed("number_switched", channel, by, active=active)


def _changed(event: str, row: Channel, by: Person | None, **more: object) -> None:
    """The secret is in no log."""
    forget_standing()
    transaction.on_commit(forget_standing)
    log.info(event, row=str(row.id), kind=row.kind, team=row.team_id and str(row.team_id), by=by and str(by.id), **more)
