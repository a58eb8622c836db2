"""The rows of mailboxes: who reads which, how far it is read, and what keeps it from being read. In the district in scope.

A mailbox is leased by one reader at a time. A reader that dies loses its lease, and whoever has it next begins where the last
envelope was committed: `last_uid` is written in the transaction of the envelope. A mail that was read twice all the same is one
envelope, as by any other door.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from districts.models import Role
from districts.queries import people_with_role
from intake.actions import accept
from intake.channels.fingerprint import digest
from intake.imap.box import Mail
from intake.imap.consent import Access
from intake.mail.smtp import message_id
from intake.models import Envelope, Mailbox
from tickets.models import ChannelKind

LEASE = timedelta(minutes=3)
ALERT = timedelta(minutes=15)  # of failing, after which the administrators are told
SOONEST, LATEST = timedelta(seconds=10), timedelta(minutes=10)  # between two tries of one that cannot be read
log = structlog.get_logger(__name__)


def claim(*, most: int, now: datetime) -> Sequence[Mailbox]:
    """At most so many that nobody reads, leased to the caller."""
    free = Mailbox.objects.filter(Q(lease_until__isnull=True) | Q(lease_until__lte=now), active=True, source__active=True)
    found = list(free.select_related("source").select_for_update(skip_locked=True, of=("self",)).order_by("id")[:most])
    for mailbox in found:
        mailbox.lease_until = now + LEASE
        mailbox.save(update_fields=["lease_until"])
    return found


def hold(mailbox: Mailbox, *, now: datetime) -> bool:
    """Keep it for longer; False: somebody else has it, it was switched off, or it was changed and is to be opened anew."""
    until = now + LEASE
    if not _mine(mailbox).filter(active=True, source__active=True).update(lease_until=until):
        return False
    mailbox.lease_until = until
    return True


def release(mailbox: Mailbox) -> None:
    _mine(mailbox).update(lease_until=None)


def write_down(mailbox: Mailbox, mail: Mail, *, upto: int | None, now: datetime, external_id: str = "") -> bool:
    """The envelope and how far the mailbox is read, in one transaction; False: it is not ours any more, and nothing was written."""
    progress = {"last_uid": max(upto, mailbox.last_uid)} if upto else {"checked_at": now}
    if not _mine(mailbox).update(**progress):
        return False
    meta: dict[str, object] = {"recipients": [mailbox.source.address], "mailbox": mailbox.username, "uid": mail.uid}
    if mail.cut:
        meta["cut"] = mail.cut
    external_id = external_id or message_id(mail.raw) or f"sha256:{digest(mail.raw)}"
    accept(source=mailbox.source, channel=ChannelKind.EMAIL, external_id=external_id, raw=mail.raw, meta=meta, now=now)
    mailbox.last_uid = progress.get("last_uid", mailbox.last_uid)  # type: ignore[assignment]
    return True


def leave_out(mailbox: Mailbox, uid: int, error: str, *, upto: int | None, now: datetime) -> None:
    """A mail that its server does not give out stands with what could not be read, and administrators are told (`receiving.parked`)."""
    if not write_down(mailbox, Mail(uid, b"", 0), upto=upto, external_id=f"imap:{mailbox.uid_validity}:{uid}", now=now):
        return
    lost = Envelope.objects.filter(
        source=mailbox.source_id, external_id=f"imap:{mailbox.uid_validity}:{uid}", state=Envelope.State.PENDING
    )
    told = f"{mailbox.host} does not give out mail {uid} of {mailbox.folder}; read it there. {error}"
    lost.update(state=Envelope.State.DEAD, reason="not given out by its server", error=told[:2000])


def begun(mailbox: Mailbox, *, uid_validity: int, last_uid: int, now: datetime) -> None:
    """From here on, mails are told by these numbers."""
    mailbox.uid_validity, mailbox.last_uid = uid_validity, last_uid
    _mine(mailbox).update(uid_validity=uid_validity, last_uid=last_uid, checked_at=now)


def checked(mailbox: Mailbox, *, now: datetime) -> None:
    """It was read up to now."""
    if mailbox.state != Mailbox.State.READING:
        log.info("mailbox_read", mailbox=str(mailbox.id))
    mailbox.state, mailbox.checked_at, mailbox.failing_since = Mailbox.State.READING, now, None
    _mine(mailbox).update(state=Mailbox.State.READING, error="", failing_since=None, checked_at=now)


def failed(mailbox: Mailbox, error: str, *, now: datetime) -> None:
    """It is tried again, the longer it fails the more seldom."""
    since = mailbox.failing_since or now
    pause = min(LATEST, max(SOONEST, (now - since) / 4))
    told = _mine(mailbox).update(state=Mailbox.State.FAILING, error=error[:500], failing_since=since, lease_until=now + pause)
    if told:
        log.warning("mailbox_failing", mailbox=str(mailbox.id), error=error[:200])
    if told and since + ALERT <= now:
        _tell(mailbox, error, since=since, now=now)


def _tell(mailbox: Mailbox, error: str, *, since: datetime, now: datetime) -> None:
    """Once for each time it begins to fail."""
    for person in people_with_role(Role.ADMIN):
        with override(person.language):
            said = {"mailbox": mailbox.username, "error": error}
            subject = _("The mailbox %(mailbox)s cannot be read") % said
            body = _("What is sent to it waits there and becomes no request. The reason: %(error)s\n\nLook at it here:") % said
        key = f"mailbox:{mailbox.id}:{since.isoformat()}"
        delivery.notify(
            people=[person], subject=subject, body=body, dedupe_key=key, now=now, link=reverse("setup_mailbox", args=[mailbox.id])
        )


def note_access(mailbox: Mailbox, access: Access) -> None:
    """An access token, and the refresh token that came with it: whoever has the lease writes it."""
    mailbox.secret, mailbox.access, mailbox.access_until = access.sealed_secret, access.sealed_access, access.until
    _mine(mailbox).update(secret=access.sealed_secret, access=access.sealed_access, access_until=access.until)


def _mine(mailbox: Mailbox) -> QuerySet[Mailbox]:
    return Mailbox.objects.filter(id=mailbox.id, lease_until=mailbox.lease_until)
