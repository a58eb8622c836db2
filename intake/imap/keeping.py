"""Mailboxes elsewhere, as administrators add and change them. In the caller's transaction, in the district in scope."""

from dataclasses import dataclass
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from districts.models import Person, Team
from districts.sealing import seal, unseal
from intake.doors import PRIVATE, AddressTaken
from intake.models import Channel, Mailbox
from intake.standing import forget_standing
from tickets.models import ChannelKind

AS_NEW = {"state": Mailbox.State.NEW, "error": "", "failing_since": None, "lease_until": None}  # whoever reads it lets go of it
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Settings:
    """What the form asks; an empty secret keeps the one that is there."""

    address: str
    name: str
    team: Team | None
    trusted_hop: str
    private: bool  # what comes in by it is for its team and named people alone
    way: dict[str, Any]  # fields of Mailbox: host, port, tls, username, folder, auth, auth_url, token_url, client_id, scope, grant
    secret: dict[str, str]


def save_mailbox(mailbox: Mailbox | None, settings: Settings, *, by: Person | None) -> Mailbox:
    """A new one is read from now on, its unread mail first; a changed one is opened anew. Raises AddressTaken."""
    row = mailbox or Mailbox(source=Channel(kind=ChannelKind.EMAIL, address=settings.address))
    moved = mailbox is not None and (row.host, row.username, row.folder) != tuple(
        settings.way[name] for name in ("host", "username", "folder")
    )
    row.source.name, row.source.team, row.source.trusted_hop = settings.name, settings.team, settings.trusted_hop
    row.source.options = {**row.source.options, PRIVATE: settings.private}
    try:
        with transaction.atomic():
            row.source.save()
    except IntegrityError as error:
        raise AddressTaken from error
    given = {name: value for name, value in settings.secret.items() if value}
    for name, value in (settings.way | AS_NEW).items():
        setattr(row, name, value)
    if given:
        row.secret, row.access, row.access_until = seal(unseal_or_nothing(row) | given), "", None
    if moved:  # other mails have other numbers
        row.uid_validity, row.last_uid, row.checked_at = None, 0, None
    row.save()
    _changed("mailbox_saved", row, by)
    return row


def switch_mailbox(mailbox: Mailbox, *, active: bool, by: Person | None) -> None:
    """Off: it is not read; nobody is told, mail waits there. Answers to our letters come in by the district's own addresses."""
    mailbox.active = active
    for name, value in AS_NEW.items():
        setattr(mailbox, name, value)
    mailbox.save(update_fields=["active", *AS_NEW])
    _changed("mailbox_switched", mailbox, by, active=active)


def brought_back(mailbox: Mailbox, *, code: str, verifier: str, back_to: str, by: Person | None) -> None:
    """Its owner has consented; whoever reads it next changes the code for tokens."""
    mailbox.secret = seal(unseal_or_nothing(mailbox) | {"code": code, "verifier": verifier, "back_to": back_to})
    mailbox.access, mailbox.access_until = "", None
    for name, value in AS_NEW.items():
        setattr(mailbox, name, value)
    mailbox.save(update_fields=["secret", "access", "access_until", *AS_NEW])
    _changed("mailbox_consented", mailbox, by)


def unseal_or_nothing(mailbox: Mailbox) -> dict[str, str]:
    """What was sealed under a key that is gone is given again."""
    try:
        return unseal(mailbox.secret)
    except ValueError:
        return {}


def _changed(event: str, row: Mailbox, by: Person | None, **more: object) -> None:
    forget_standing()
    transaction.on_commit(forget_standing)
    log.info(event, mailbox=str(row.id), by=by and str(by.id), **more)
