"""Reads of doors and of what came in."""

from uuid import UUID

from django.db.models import QuerySet

from districts.models import District
from intake.models import Channel, Envelope
from tickets import reply_token
from tickets.models import ChannelKind


def mailbox(local_part: str, district: District) -> Channel | None:
    """The door behind a mail address of the district in scope; None where nobody lives there.

    A reply address is good whatever mailbox the conversation began at: threads follow the token. "postmaster" must be
    answered (RFC 5321 4.5.1).
    """
    local = local_part.lower()
    mailboxes = Channel.objects.filter(kind=ChannelKind.EMAIL, active=True)
    plain = local.partition("+")[0]
    found = mailboxes.filter(address__in=[f"{local}@{district.host}", f"{plain}@{district.host}"]).order_by("-address").first()
    if found is None and (reply_token.parse(local) or local == "postmaster"):
        found = mailboxes.order_by("id").first()
    return found


def mailboxes_at(addresses: list[str]) -> list[Channel]:
    """The doors among these addresses."""
    return list(Channel.objects.select_related("team").filter(kind=ChannelKind.EMAIL, active=True, address__in=addresses))


def number(channel_id: UUID) -> Channel | None:
    """The SMS door with this id."""
    return Channel.objects.filter(id=channel_id, kind=ChannelKind.SMS, active=True).first()


def other_content(channel: str, external_id: str, digest: str) -> bool:
    """Did this id come before, with other content?"""
    return Envelope.objects.filter(channel=channel, external_id=external_id).exclude(digest=digest).exists()


def troubled() -> QuerySet[Envelope]:
    """What could not be read or was screened out, the newest first, without its bytes."""
    states = [Envelope.State.DEAD, Envelope.State.SCREENED]
    return Envelope.objects.defer("raw").select_related("source").filter(state__in=states).order_by("-received_at")
