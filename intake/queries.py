"""Reads of doors and of what came in. Those that every message asks are in SQL: an ORM query costs five times its answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import BinaryField, Exists, F, OuterRef, QuerySet
from django.db.models.functions import Substr

from delivery import optouts
from delivery.models import Delivery, OptOut, Receipt
from districts import prepared
from districts.models import ContactPoint, District, Person
from districts.queries import one_person
from districts.scope import require_district_id
from intake.contacts import Contact
from intake.models import Channel, Chat, Envelope
from intake.standing import standing_here
from ownership.feeds.mailed import PREFIX as FEEDS
from tickets import reply_token
from tickets.models import ChannelKind, ThreadId, Ticket


def mailbox(local_part: str, district: District) -> Channel | None:
    """The door behind a mail address of the district in scope; None where nobody lives there.

    A reply address is good whatever mailbox the conversation began at: threads follow the token. "postmaster" must be
    answered (RFC 5321 4.5.1). Addresses of feeds are taken unseen: nobody tries tokens at the door.
    """
    local = local_part.lower()
    mailboxes = Channel.objects.filter(kind=ChannelKind.EMAIL, active=True)
    plain = local.partition("+")[0]
    found = mailboxes.filter(address__in=[f"{local}@{district.host}", f"{plain}@{district.host}"]).order_by("-address").first()
    if found is None and (reply_token.parse(local) or local == "postmaster" or local.startswith(FEEDS)):
        found = general_mailbox()
    return found


def door_at(address: str, district: District) -> Channel | None:
    """The door behind a whole mail address: on the district's host, or elsewhere where mail is forwarded to us or fetched from.

    Addresses elsewhere are known without a question to the database: every mail asks for its sender's.
    """
    local, _at, domain = address.rpartition("@")
    if domain == district.host:
        return mailbox(local, district)
    known = standing_here().mailboxes
    return known.get(address) or known.get(f"{local.partition('+')[0]}@{domain}")


def doors_named(addresses: Iterable[str]) -> list[Channel]:
    """Doors with an address of their own among these, in their order. Asks no database."""
    known = standing_here().mailboxes
    split = (address.rpartition("@") for address in addresses)
    found = (known.get(f"{local}@{domain}") or known.get(f"{local.partition('+')[0]}@{domain}") for local, _at, domain in split)
    return list({door.id: door for door in found if door}.values())


def domains_of(district: District) -> set[str]:
    """Where the district has addresses. Asks no database."""
    return {district.host, *(address.rpartition("@")[2] for address in standing_here().mailboxes)}


def is_private(door: Channel) -> bool:
    """What comes in by it is seen by its team and named people alone."""
    return bool(door.options.get("private"))


def general_mailbox() -> Channel | None:
    """Where mail goes that names no address of ours; None where the district takes no mail."""
    mailboxes = Channel.objects.filter(kind=ChannelKind.EMAIL, active=True)
    return mailboxes.order_by(F("team").asc(nulls_first=True), "id").first()


HEAD = 16_000  # bytes of an envelope that tell who sent it and what it is about


@dataclass(frozen=True)
class KnownSender:
    person: Person
    lately: int  # tickets they opened since the time asked for, at most the number asked for
    stopped: bool  # nothing is written to this address: mail came back, or somebody there wished so


def known_sender(contact: Contact, *, since: datetime, most: int, lock: bool) -> KnownSender | None:
    """Who has this address. `lock`: and nobody else may take in a message of theirs until this transaction ends."""
    columns = [field.column for field in Person._meta.concrete_fields]
    statement = (
        f"SELECT {', '.join(f'p.{column}' for column in columns)}, (SELECT count(*) FROM (SELECT 1 FROM {Ticket._meta.db_table} t"
        " WHERE t.district_id = p.district_id AND t.requester_id = p.id AND t.opened_at > %s LIMIT %s) lately),"
        f" EXISTS (SELECT 1 FROM {OptOut._meta.db_table} o WHERE o.district_id = p.district_id AND o.address = c.value"
        " AND o.lifted_at IS NULL)"
        f" FROM {ContactPoint._meta.db_table} c JOIN {Person._meta.db_table} p ON p.district_id = c.district_id AND p.id = c.person_id"
        " WHERE c.district_id = %s AND p.district_id = %s AND c.kind = %s AND c.value = %s"
        + (" FOR NO KEY UPDATE OF p" if lock else "")
    )
    here = require_district_id()
    row = prepared.run(statement, [since, most, here, here, contact.kind, contact.value]).fetchone()
    attributes = [field.attname for field in Person._meta.concrete_fields]
    # read a moment before it was merged, the row tells it by now
    return KnownSender(one_person(Person.from_db("default", attributes, row[:-2])), *row[-2:]) if row else None


def has_asked(person: Person) -> bool:
    """Is any ticket theirs?"""
    statement = f"SELECT EXISTS (SELECT 1 FROM {Ticket._meta.db_table} WHERE district_id = %s AND requester_id = %s)"
    row = prepared.run(statement, [require_district_id(), person.id]).fetchone()
    return bool(row and row[0])


def threads(message_ids: Sequence[str]) -> list[tuple[UUID, str]]:
    """[(ticket, Message-ID)] of the tickets that know any of these ids."""
    statement = f"SELECT ticket_id, message_id FROM {ThreadId._meta.db_table} WHERE district_id = %s AND message_id = ANY(%s) LIMIT 100"
    return [(row[0], row[1]) for row in prepared.run(statement, [require_district_id(), list(message_ids)])]


def other_content(channel: str, external_id: str, digest: str) -> bool:
    """Did this id come before, with other content?"""
    return Envelope.objects.filter(channel=channel, external_id=external_id).exclude(digest=digest).exists()


def is_here(envelope: Envelope) -> bool:
    """Did the same id come before with the same content?"""
    same = {"channel": envelope.channel, "external_id": envelope.external_id, "digest": envelope.digest}
    return Envelope.objects.filter(**same).exists()


def same_content(channel: str, external_ids: Sequence[str], *, since: datetime) -> Envelope | None:
    """What came by one of these ids since then."""
    came = Envelope.objects.defer("raw").filter(channel=channel, external_id__in=external_ids, received_at__gte=since)
    return came.order_by("-received_at").first()


def hold_id(channel: str, external_id: str) -> None:
    """Whoever comes with the same id waits until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{require_district_id()} {channel} {external_id}"])


def with_head(rows: QuerySet[Envelope]) -> QuerySet[Envelope]:
    """For an administrator's page: the newest first, with their first bytes as `head` instead of all of them."""
    shown = rows.defer("raw").select_related("source")
    return shown.annotate(head=Substr("raw", 1, HEAD, output_field=BinaryField())).order_by("-received_at", "-id")


def ticket_of_chat(chat_id: UUID) -> Ticket | None:
    """What a conversation in the widget became, with its requester."""
    chat = Chat.objects.select_related("ticket__requester").filter(id=chat_id).first()
    return chat.ticket if chat else None


def ticket_of_call(mark: str) -> Ticket | None:
    """What a recording became, or its transcript, whichever came first. Two that come at once wait for each other."""
    hold_id(ChannelKind.PHONE, mark)
    known = threads([mark])
    return Ticket.objects.select_related("requester").filter(id=known[0][0]).first() if known else None


def link_sent_by(ticket: Ticket, *, now: datetime) -> str:
    """How the link of a ticket's page was, or is about to be, sent to its requester: "email", "sms", or not at all.

    A letter that waits to an address nobody writes to any more does not leave, and one that came back is no copy.
    """
    came_back = Receipt.objects.filter(delivery=OuterRef("id"), kind="bounced")
    letters = Delivery.objects.filter(~Exists(came_back), about=ticket.id, person=ticket.requester_id, purpose__in=["ack", "reply"])
    letters = letters.exclude(state__in=[Delivery.State.FAILED, Delivery.State.DEAD, Delivery.State.SUPPRESSED])
    rows = list(letters.order_by("id").values_list("state", "channel", "address"))
    barred = optouts.barred([address for state, _way, address in rows if state == Delivery.State.PENDING], now=now)
    left = (way for state, way, address in rows if state != Delivery.State.PENDING or (way, address) not in barred)
    return str(next(left, ""))
