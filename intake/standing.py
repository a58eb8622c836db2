"""What stands still while messages pass: the district, its front office, its own form. Kept a few seconds in this process."""

import time
from dataclasses import dataclass, field
from uuid import UUID

from delivery.models import Line
from districts.models import District, Team
from districts.queries import front_office, this_district
from districts.scope import require_district_id
from intake.models import Channel
from tickets.models import ChannelKind

KEEP_SECONDS = 10  # another process's change is seen after so long
MOST_KEPT = 2_000


@dataclass
class Standing:
    district: District
    front_office: Team
    forms: dict[str, Channel] = field(default_factory=dict)  # by kind: the doors without an address
    mailboxes: dict[str, Channel] = field(default_factory=dict)  # by address
    doors: dict[UUID, Channel] = field(default_factory=dict)  # all of them, by id, each with its team
    lines: dict[str, Line] = field(default_factory=dict)  # by number: the account that each is of


_kept: dict[UUID, tuple[float, Standing]] = {}


def standing_here() -> Standing:
    """Of the district in scope."""
    district_id = require_district_id()
    kept = _kept.get(district_id)
    if kept and kept[0] > time.monotonic():
        return kept[1]
    doors = list(Channel.objects.select_related("team"))
    forms = {door.kind: door for door in doors if not door.address}
    mailboxes = {door.address: door for door in doors if door.kind == ChannelKind.EMAIL and door.active}
    lines = {line.number: line for line in Line.objects.all()}
    found = Standing(this_district(), front_office(), forms, mailboxes, {door.id: door for door in doors}, lines)
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    _kept[district_id] = (time.monotonic() + KEEP_SECONDS, found)
    return found


def forget_standing() -> None:
    """Of the district in scope, in this process."""
    _kept.pop(require_district_id(), None)
