"""Mail that somebody passes on. Who passes it on is told by the mail; who wrote it first stands in it as text, which proves nothing.

A member of staff whose mail is confirmed asks for whoever wrote first: that is the requester, who gets the letters; the member of
staff opened it, and follows. Passed on by anybody else, or by a mail that only says that it is from staff, it is the request of who
passed it on, and whoever wrote first is named in it.
"""

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from districts.access import actor_for
from districts.models import District, Person
from intake import contacts
from intake.channels.arrival import Arrival
from intake.channels.authentication import Authentication
from intake.channels.headers import is_no_reply
from intake.contacts import Contact
from intake.language import guess
from intake.queries import door_at
from intake.wording import cap
from tickets.models import Ticket

SEEN = 120  # characters by which the words of what was passed on are found again


@dataclass(frozen=True)
class PassedOn:
    """`arrival`: as if it had come from whoever wrote it first, who may have sent a picture and no word. `comment`: what the member of
    staff wrote above it: never said in the other's name."""

    arrival: Arrival
    author: Contact
    comment: str


def passed_on(arrival: Arrival, district: District) -> PassedOn | None:
    """What was passed on, where it tells of somebody else who can be answered. Asks no database."""
    told = arrival.forward
    author = contacts.email(told.address) if told and told.address else None
    if told is None or author is None or author == arrival.contact or is_no_reply(author.value):
        return None
    if author.value.rpartition("@")[2] == district.host and door_at(author.value, district):
        return None
    said = told.text.strip()
    whole = replace(
        arrival, contact=author, name=told.name, subject=told.subject or arrival.subject, text=cap(said), quoted="",
        language=guess(said) or arrival.language, authentication=Authentication(), forward=None,
    )  # fmt: skip
    return PassedOn(whole, author, told.comment or ("" if said else arrival.text))


def by_staff(arrival: Arrival, sender: Person, district: District) -> PassedOn | None:
    """What a member of staff passes on for somebody; None where it is no such mail, or not confirmed. One query, of forwards alone."""
    if not arrival.authentication.passed:
        return None
    found = passed_on(arrival, district)
    return found if found and actor_for(sender).is_staff else None


def as_opened(arrival: Arrival, ticket: Ticket, district: District) -> Arrival:
    """As the request of this ticket was written down: for whoever reads its mail again."""
    found = passed_on(arrival, district) if ticket.opened_by_id else None
    return found.arrival if found else arrival


def words(arrival: Arrival) -> str:
    """The mail's text, and below it what was passed on as a file."""
    told = arrival.forward
    if told is None or not told.text or " ".join(told.text.split())[:SEEN] in " ".join(arrival.text.split()):
        return arrival.text
    who = f"{told.name} <{told.address}>" if told.name and told.address else told.address or told.name
    head = _("Passed on, from %(who)s:") % {"who": who} if who else _("Passed on:")
    return cap("\n\n".join(part for part in (arrival.text, head, told.text) if part))
