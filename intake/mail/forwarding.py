"""Mail that somebody passes on. Who passes it on is told by the mail; who wrote it first stands in it as text, which proves nothing.

A member of staff whose mail is confirmed asks for whoever wrote first: that is the requester, who gets the letters; the member of
staff opened it, and follows. Where anything in their own words is of their own ("Is this real?"), it is their request, what they pass
on stands in it as a quote, and whoever wrote that is not written to. Nor is somebody whom nobody here knows, unless help is asked for
them: then a scam that is passed on without a word gets no answer by itself. Where the mail that is passed on ends nobody can tell, so
its text is shown to staff alone (`requester.reading`). Passed on by anybody else, or by a mail that only says that it is from staff,
it is the request of who passed it on, and whoever wrote first is named in it.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.access import actor_for
from districts.models import District, Person
from districts.queries import person_by_contact
from intake import contacts
from intake.channels.arrival import Arrival, Forward
from intake.channels.authentication import Authentication
from intake.channels.headers import is_no_reply
from intake.contacts import Contact
from intake.language import guess
from intake.mail import own_asking
from intake.mail.own_asking import Asks, Comment
from intake.queries import door_at
from intake.wording import cap
from routing.queries import staff_language
from routing.words import fold
from tickets import actions as tickets
from tickets.actions import Words
from tickets.models import ChannelKind, Message, Ticket

SEEN = 120  # characters by which the words of what was passed on are found again
_GAP = re.compile(r"\n\s*\n")
SIGNED = 12  # lines at the end in which somebody's own name is their signature


@dataclass(frozen=True)
class PassedOn:
    """`arrival`: as if it had come from whoever wrote it first, who may have sent a picture and no word. `comment`: what the member of
    staff wrote above it: never said in the other's name."""

    arrival: Arrival
    author: Contact
    comment: str
    asks: Asks | None = None  # of their own; None: for whoever wrote it
    for_them: bool = False  # help is asked for whoever wrote it


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
        arrival, contact=author, name=told.name, subject=told.subject or _("A mail that was passed on"), text=cap(said), quoted="",
        language=guess(said) or arrival.language, authentication=Authentication(), forward=None,
    )  # fmt: skip
    comment = told.comment or ("" if said else arrival.text)
    meant = own_asking.read(comment, subject=arrival.subject, passed_on=told.subject, name=arrival.name)
    meant = _with_signed(meant, said, arrival)
    return PassedOn(whole, author, comment, meant.asks, meant.for_them)


def _with_signed(meant: Comment, said: str, arrival: Arrival) -> Comment:
    """And by what they wrote below what they pass on, as far as their name under it shows that it is theirs. It stays in the text:
    nobody can tell where it begins. Of a paragraph that may be the other's only a suspicion counts."""
    lines = said.split("\n")
    end = _signature_line(lines, arrival)
    paragraphs = [one for one in _GAP.split("\n".join(lines[:end])) if one.strip()] if end else []
    if meant.asks or not paragraphs:
        return meant
    theirs = bool(lines[end - 1].strip()) and len(paragraphs) > 1
    told = own_asking.read(paragraphs[-1])
    if told.asks == Asks.SUSPECTS or (theirs and told.asks):
        return told
    return replace(meant, for_them=meant.for_them or (theirs and told.for_them))


def _signature_line(lines: list[str], arrival: Arrival) -> int:
    """Where their own name or address stands on a line of its own near the end; 0: nowhere."""
    name, address = fold(arrival.name), arrival.contact.value if arrival.contact else ""
    mine = {name, *name.split()[:1]} - {""}
    near = range(len(lines) - 1, max(0, len(lines) - SIGNED), -1)
    found = [at for at in near if fold(lines[at]) in mine or lines[at].strip(" <>").lower() == address]
    return min(found, default=0)


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


def is_stranger(author: Contact) -> bool:
    """Nobody here knows this address: it is on no roster, nothing came from it, and it was in no copy. That it was passed on before
    tells nothing. Two queries, of forwards alone."""
    person = person_by_contact(author.kind, author.value)
    if person is None:
        return True
    if person.roster_id or person.account_ref or person.kind != "public":
        return False
    asked = Ticket.objects.filter(requester=person)
    passed = asked.filter(channel=ChannelKind.EMAIL, opened_by__isnull=False)
    own = Message.objects.filter(author=person).exclude(ticket__in=passed, at=F("ticket__opened_at"))
    return passed.exists() and not own.exists() and not asked.exclude(id__in=passed.values("id")).exists()


def say_unheard(ticket: Ticket, passed: PassedOn, *, now: datetime) -> None:
    """Why its requester was not told that it is here."""
    with override(staff_language()):
        said = _("Nobody here knows %(author)s, who wrote it, so no acknowledgement was sent: the first they hear will be a reply.")
        tickets.note(tickets.take(ticket), by=None, words=Words(text=said % {"author": passed.author.value}), now=now)


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
