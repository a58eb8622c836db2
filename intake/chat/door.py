"""The chat as administrators set it up: on or off, on which sites, with which first words."""

from dataclasses import dataclass

import structlog
from django.db import transaction

from districts.models import Person
from intake.models import Channel
from intake.standing import forget_standing, standing_here
from tickets.models import ChannelKind

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Door:
    """Off where the district has not switched it on."""

    open: bool = False
    sites: tuple[str, ...] = ()
    greeting: str = ""


def door() -> Door:
    """Of the district in scope, at most some seconds old."""
    row = standing_here().forms.get(ChannelKind.CHAT)
    return _as_door(row) if row else Door()


def row(*, lock: bool = False) -> Channel:
    """To be shown, or changed (`lock`); made, and off, where there is none."""
    rows = Channel.objects.select_for_update(of=("self",), no_key=True) if lock else Channel.objects.all()
    made: Channel = rows.get_or_create(kind=ChannelKind.CHAT, address="", defaults={"name": "Chat", "active": False})[0]
    return made


def save_door(channel: Channel, *, open: bool, sites: list[str], greeting: str, by: Person | None) -> None:
    channel.active, channel.options = open, {**channel.options, "sites": sites, "greeting": greeting}
    channel.save(update_fields=["active", "options"])
    forget_standing()
    transaction.on_commit(forget_standing)
    log.info("chat_changed", row=str(channel.id), open=open, sites=len(sites), by=by and str(by.id))


def _as_door(row: Channel) -> Door:
    return Door(row.active, tuple(row.options.get("sites", ())), str(row.options.get("greeting", "")))
