"""The district's mail addresses, as administrators change them."""

import structlog
from django.db import IntegrityError, transaction

from districts.models import Person, Team
from districts.queries import this_district
from intake.models import Channel
from intake.standing import forget_standing
from tickets.models import ChannelKind

log = structlog.get_logger(__name__)


PRIVATE = "private"  # in a mail address's options


class AddressTaken(Exception):
    """The district has this address already."""


class LastAddress(Exception):
    """Answers to our letters come in by it."""


def save_address(
    channel: Channel | None, *, address: str, name: str, team: Team | None, trusted_hop: str, private: bool, by: Person | None
) -> Channel:
    """`address`: lower case; one that is there keeps it. `trusted_hop`: see Channel. `private`: what comes in by it is for its team and
    named people alone. Raises AddressTaken."""
    new = channel is None
    row = channel or Channel(kind=ChannelKind.EMAIL, address=address)
    row.name, row.team, row.trusted_hop = name, team, trusted_hop
    row.options = {**row.options, PRIVATE: private}
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise AddressTaken from error
    _changed("address_added" if new else "address_changed", row, by)
    return row


def switch(channel: Channel, *, active: bool, by: Person | None) -> None:
    """Mail to an address that is off is refused, so that its sender hears of it. Raises LastAddress.

    Two who switch two addresses at once wait for one another here: each locks all, in one order, and must hold none before.
    """
    mailboxes = Channel.objects.select_for_update(no_key=True).filter(kind=ChannelKind.EMAIL).order_by("id")
    here = f"@{this_district().host}"
    others = [mailbox for mailbox in mailboxes if mailbox.active and mailbox.id != channel.id and mailbox.address.endswith(here)]
    if not active and not others:
        raise LastAddress
    channel.active = active
    channel.save(update_fields=["active"])
    _changed("address_switched", channel, by, active=active)


def _changed(event: str, row: Channel, by: Person | None, **more: object) -> None:
    forget_standing()
    transaction.on_commit(forget_standing)
    log.info(event, row=str(row.id), team=row.team_id and str(row.team_id), by=by and str(by.id), **more)
