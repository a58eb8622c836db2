"""Mail that somebody passes on. Who passes it on is told by the mail; who wrote it first stands in it as text, which proves nothing.

A member of staff whose mail is confirmed asks for whoever wrote first: that is the requester, who gets the letters; the member of
staff opened it, and follows. Where their own words ask something ("Is this real?"), it is their request, what they pass on stands in
it as a quote, and whoever wrote that is not written to. Passed on by anybody else, or by a mail that only says that it is from staff,
it is the request of who passed it on, and whoever wrote first is named in it.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.access import actor_for
from districts.models import District, Person
from intake import contacts
from intake.channels.arrival import Arrival, Forward
from intake.channels.authentication import Authentication
from intake.channels.headers import is_no_reply
from intake.contacts import Contact
from intake.language import guess
from intake.mail.own_asking import Asks, asks
from intake.queries import door_at
from intake.wording import cap
from routing.queries import staff_language
from tickets import actions as tickets
from tickets.actions import Words
from tickets.models import Ticket

SEEN = 120  # characters by which the words of what was passed on are found again


@dataclass(frozen=True)
class PassedOn:
    """`arrival`: as if it had come from whoever wrote it first, who may have sent a picture and no word. `comment`: what the member of
    staff wrote above it: never said in the other's name."""

    arrival: Arrival
    author: Contact
    comment: str
    asks: Asks | None = None  # of their own; None: for whoever wrote it


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
    comment = told.comment or ("" if said else arrival.text)
    return PassedOn(whole, author, comment, asks(comment, subject=arrival.subject, passed_on=told.subject))


def by_staff(arrival: Arrival, sender: Person, district: District) -> PassedOn | None:
    """What a member of staff passes on for somebody; None where it is no such mail, or not confirmed. One query, of forwards alone."""
    if not arrival.authentication.passed:
        return None
    found = passed_on(arrival, district)
    return found if found and actor_for(sender).is_staff else None


def as_opened(arrival: Arrival, ticket: Ticket, district: District) -> Arrival:
    """As the request of this ticket was written down: for whoever reads its mail again."""
    found = passed_on(arrival, district)
    if found and ticket.opened_by_id:
        return found.arrival
    own = found and found.asks and arrival.authentication.passed and actor_for(ticket.requester).is_staff
    return as_evidence(arrival, found) if found and own else arrival


def as_evidence(arrival: Arrival, passed: PassedOn) -> Arrival:
    """The request of whoever passed it on: their words, and below them as a quote what they ask about, whose writer gets no copy."""
    copied = [(one, name) for one, name in _copied(arrival) if one != passed.author]
    quoted = "\n".join(f"> {line}".rstrip() for line in passed.arrival.text.splitlines())
    parts = (passed.comment.strip(), _head(arrival.forward), quoted)
    return replace(
        arrival, text=cap("\n\n".join(part for part in parts if part)), forward=None,
        copied=tuple(one for one, _name in copied), copied_names=tuple(name for _one, name in copied),
    )  # fmt: skip


def _copied(arrival: Arrival) -> list[tuple[Contact, str]]:
    return list(zip(arrival.copied, arrival.copied_names or ("",) * len(arrival.copied), strict=True))


def say_whose(ticket: Ticket, passed: PassedOn, *, now: datetime) -> None:
    """Why it is the request of whoever passed it on, for those who work on it."""
    if passed.asks is None:
        return
    with override(staff_language()):
        said = _("Kept as the request of whoever passed it on: %(why)s. %(author)s, who wrote what was passed on, is not written to.")
        words = Words(text=said % {"why": passed.asks.label, "author": passed.author.value})
        tickets.note(tickets.take(ticket), by=None, words=words, now=now)


def words(arrival: Arrival) -> str:
    """The mail's text, and below it what was passed on as a file."""
    told = arrival.forward
    if told is None or not told.text or " ".join(told.text.split())[:SEEN] in " ".join(arrival.text.split()):
        return arrival.text
    return cap("\n\n".join(part for part in (arrival.text, _head(told), told.text) if part))


def _head(told: Forward | None) -> str:
    name, address = (told.name, told.address) if told else ("", "")
    who = f"{name} <{address}>" if name and address else address or name
    return _("Passed on, from %(who)s:") % {"who": who} if who else _("Passed on:")
