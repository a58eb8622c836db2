"""Copies of what is answered, for those who follow a request: they were sent a copy of it, so they get one of the answer.

Who does not work here gets it by mail, with a way to hear no more; nothing of a sensitive request leaves for anybody but who asked, and
the private link of the page stays the requester's. Who works here is told in the app.
"""

from datetime import datetime
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.links import absolute
from districts.models import ContactPoint, Membership, Person, Team
from districts.queries import address_of, this_district
from tickets import letters
from tickets.family import others_asking
from tickets.models import Follower, Message, Ticket

COPY = "copy-"  # begins the keys of these letters


def send(ticket: Ticket, message: Message, *, by: Person | None, now: datetime) -> None:
    """Of an agent's reply. Whoever asked, in this ticket or in one that was merged into it, has a letter of their own."""
    askers = {ticket.requester_id, by.id if by else None}
    rows = [row for row in Follower.objects.filter(ticket=ticket).select_related("person") if row.person_id not in askers]
    if not rows:
        return
    askers |= {other.requester_id for other in others_asking(ticket)}
    staff = set(Membership.objects.filter(person__in=[row.person_id for row in rows]).values_list("person_id", flat=True))
    _tell([row.person for row in rows if row.person_id in staff], ticket, message, by=by, now=now)
    for row in rows:
        if row.person_id not in askers | staff and not ticket.sensitive:
            _write(row, ticket, message, team=ticket.team, by=by, now=now)


def was_sent(ticket: Ticket, person: Person) -> bool:
    """One of these letters, ever: whoever follows no more, and got one, has stopped."""
    return Delivery.objects.filter(about=ticket.id, person=person, dedupe_key__startswith=COPY).exists()


def followed_by(follower_id: UUID, mark: str) -> Follower | None:
    """Whose letter had this link; None where they have stopped, or the link is none of ours."""
    found: Follower | None = Follower.objects.select_related("ticket", "person").filter(id=follower_id).first()
    return found if found and constant_time_compare(mark, mark_of(found)) else None


def mark_of(follower: Follower) -> str:
    """That whoever has it reads the follower's mail (80 bits)."""
    return salted_hmac("tickets.copies", f"{follower.id}:{follower.person_id}", algorithm="sha256").hexdigest()[:20]


def _write(follower: Follower, ticket: Ticket, message: Message, *, team: Team, by: Person | None, now: datetime) -> None:
    address = address_of(follower.person, ContactPoint.Kind.EMAIL)
    if not address:
        return
    with override(ticket.language):
        link = absolute(this_district(), f"/following/{follower.id}/{mark_of(follower)}")
        why = _("You were sent a copy of request #%(number)s. To hear no more of it: %(link)s") % {
            "number": ticket.number,
            "link": link,
        }
        body = f"{message.text}\n\n{letters.signature(team, by)}\n\n-- \n{why}"
        subject = _("Request #%(number)s") % {"number": ticket.number}
    what = f"{COPY}{message.id.hex}-{follower.person_id.hex[-12:]}"
    letters.to_requester(
        ticket, what=what, subject=f"Re: {subject}", body=body, purpose="reply", now=now,
        way=(Delivery.Channel.EMAIL, address), person=follower.person,
    )  # fmt: skip


def _tell(people: list[Person], ticket: Ticket, message: Message, *, by: Person | None, now: datetime) -> None:
    for language in {person.language for person in people}:
        with override(language):
            subject = _("%(name)s answered #%(number)s") % {"name": by or ticket.team.name, "number": ticket.number}
        delivery.notify(
            people=[person for person in people if person.language == language], subject=subject,
            body="" if ticket.sensitive else ticket.subject, dedupe_key=f"answered:{message.id}", link=letters.desk_path(ticket),
            about=ticket.id, channels=(Delivery.Channel.INAPP,), now=now,
        )  # fmt: skip
