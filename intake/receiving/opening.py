"""The effect of one arrival: a ticket, a message in one, or nothing but a note on the envelope. In the caller's transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.access import actor_for
from districts.actions import new_person, person_for_contact
from districts.contacts import Contact
from districts.models import ContactPoint, District, Person, Service, Site, Team
from districts.together import together
from intake import screening, telling
from intake.channels.arrival import Arrival, Unreadable
from intake.channels.authentication import Authentication
from intake.mail import forwarding, staff_mail, to_feeds
from intake.mail.forwarding import PassedOn
from intake.models import Chat, Envelope
from intake.phone import numbers, sms_asks, voicemails
from intake.queries import KnownSender, door_at, doors_named, is_private, known_sender, ticket_of_call, ticket_of_chat
from intake.receiving import consequences, joining, settling
from intake.receiving.attaching import Kept
from intake.receiving.joining import Belongs
from intake.requester import reaching
from intake.screening import Screened, Verdict, floods, told
from intake.standing import standing_here
from intake.wording import subject_of
from ownership.ladders import answering
from routing import actions as routing
from routing.queries import staff_language
from routing.words import fold
from sla import actions as sla
from tickets import actions as tickets
from tickets.copies import was_sent
from tickets.models import ChannelKind, Follower, Link, Ticket

HAS_IT = "answer to a ladder"
LET_IN = "let_in"  # in an envelope's meta: a person has looked, no filter is asked again, and nothing is answered
MACHINES = (ChannelKind.EMAIL, ChannelKind.SMS)
MOST_FOLLOWERS = 30  # that copies make of one ticket: each answer is mailed to all of them
FACE_TO_FACE = (ChannelKind.CHAT, ChannelKind.PHONE)


@dataclass(frozen=True)
class Outcome:
    """No ticket: screened out for `reason`."""

    ticket: Ticket | None
    reason: str = ""
    settled: bool = False  # it stands on the envelope already


@dataclass
class Closing:
    """How the envelope ends, for whoever writes its ticket: in the same statement."""

    was: str = ""  # the state it must still be in; empty: somebody else writes how it ends
    reason: str = ""
    done: bool = False

    def statement(self, envelope: Envelope, ticket: Ticket) -> tuple[str, Sequence[Any]] | None:
        if not self.was:
            return None
        self.done = True
        return settling.statement_of(envelope, ticket_id=ticket.id, reason=self.reason, was=self.was)


@dataclass(frozen=True)
class Sent:
    """One arrival, by whom and where."""

    envelope: Envelope
    arrival: Arrival
    kept: Kept
    sender: Person
    district: District
    by: Person | None = None  # who passes it on for the sender
    unheard: bool = False  # and the sender is not told of it
    closing: Closing = field(default_factory=Closing)

    def words(self) -> tickets.Words:
        return words_of(self.arrival, self.kept, self.envelope)


def words_of(arrival: Arrival, kept: Kept, envelope: Envelope) -> tickets.Words:
    """What is written into the conversation."""
    text = "\n\n".join(part for part in (forwarding.words(arrival) or arrival.subject, kept.note) if part)
    return tickets.Words(
        text=text or _("[no text]"),
        quoted=arrival.quoted,
        html=arrival.html,
        language=arrival.language,
        envelope_ref=envelope.id,
        sender_check=checked(arrival.authentication),
        message_id=arrival.thread.message_id,
        thread_ids=arrival.thread.ancestors,
        files=kept.files,
    )


def checked(found: Authentication) -> str:
    """ "spf=pass dkim=pass dmarc=pass proven": the last word where it proves the sender, which of SPF and DKIM alone only some do."""
    return f"{found} proven" if found.passed else str(found)


def take_in(envelope: Envelope, arrival: Arrival, kept: Kept, *, now: datetime, was: str = "") -> Outcome:
    """Raises Unreadable where nobody is known to answer to.

    `was`: the state that the envelope must still be in, where a new ticket may as well write on it what became of it. Raises
    Overtaken where it is not, or this attempt not ours.
    """
    district = standing_here().district
    by_hand = bool(envelope.meta.get(LET_IN))
    heard = None if by_hand else to_feeds.hear(envelope, arrival, district, now=now)
    if heard and not screening.in_danger(arrival):
        return _to_a_feed(envelope, heard)
    ours = numbers.number_of(envelope)
    if arrival.texting.numbers and not by_hand and _has_it(envelope, arrival, ours=ours, now=now):
        return Outcome(None, HAS_IT)
    is_answer = arrival.texting.answer and not by_hand
    if is_answer and (answered := sms_asks.hear(arrival, words_of(arrival, kept, envelope), number=ours, now=now)):
        return Outcome(answered.ticket, answered.reason)
    screened = screening.let_in() if by_hand else screening.screen(arrival, district, heard)
    if screened.is_out and not heard:
        consequences.follow(arrival, district, number=ours, now=now)
    if screened.is_out:
        return _kept_out(envelope, screened)
    sender = _sender(arrival, district, now, nameless=bool(heard))
    belongs = joining.find(arrival, sender.person, district, number=ours, now=now)
    if not by_hand:
        screened = screening.screen_sender(screened, arrival, sender.lately, joins=bool(belongs.joins or belongs.notes))
    if screened.is_out:
        return _kept_out(envelope, screened)
    _remember(envelope, screened)
    verdict = screened.verdict
    if arrival.texting.unwanted and not by_hand:
        consequences.follow(arrival, district, number=ours, now=now)
    if sender.stopped:
        _heard(arrival, now=now)
    copied = joining.copy_of(arrival, kept.files, sender.person)
    if copied:
        confide(copied, arrival.recipients, now=now)
        return Outcome(copied, "copy of a mail")
    closing = Closing(was, screened.reason)
    sent = Sent(envelope, arrival, kept, sender.person, district, by=_asked_for(arrival), closing=closing)
    ticket = _placed(sent, belongs, verdict, now=now)
    if belongs.may_belong and arrival.channel == ChannelKind.SMS and verdict is None and not sender.stopped:
        sms_asks.ask(ticket, about=belongs.may_belong, arrival=arrival, now=now)
    return Outcome(ticket, screened.reason, settled=closing.done)


def _has_it(envelope: Envelope, arrival: Arrival, *, ours: str, now: datetime) -> bool:
    """Somebody of staff texts that they have what a ladder told them of. That is no request."""
    phone = arrival.contact.value if arrival.contact else ""
    return answering.by_text(phone=phone, numbers=arrival.texting.numbers, ours=ours, key=str(envelope.id), now=now)


def _placed(sent: Sent, belongs: Belongs, verdict: Verdict | None, *, now: datetime) -> Ticket:
    """Where it belongs: a conversation, a note of staff in one, or a ticket of its own."""
    if belongs.joins:
        return _join(sent, belongs.joins, verdict, now=now)
    if belongs.notes:
        return staff_mail.note(belongs.notes, sent.arrival, sent.words(), sender=sent.sender, envelope_id=sent.envelope.id, now=now)
    passed = forwarding.by_staff(sent.arrival, sent.sender, sent.district) if sent.arrival.forward else None
    if passed:
        open_it = _open_about if passed.asks else _open_for
        return open_it(sent, passed, verdict, now=now)
    ticket = _open(sent, belongs, verdict, now=now)
    if belongs.by_staff and belongs.may_belong and not sent.arrival.authentication.passed:
        staff_mail.set_apart(ticket, sent.arrival, sender=sent.sender, about=belongs.may_belong, now=now)
    return ticket


def _open_for(sent: Sent, passed: PassedOn, verdict: Verdict | None, *, now: datetime) -> Ticket:
    """What a member of staff passed on: a ticket of whoever wrote it, followed by who passed it on, whose comment staff alone see."""
    language = _language(passed.arrival.language, sent.district)
    unheard = not passed.for_them and verdict is None and forwarding.is_stranger(passed.author)
    author = person_for_contact(kind=passed.author.kind, value=passed.author.value, name=passed.arrival.name, language=language)
    sent_for = replace(sent, arrival=passed.arrival, sender=author, by=sent.sender, unheard=unheard)
    ticket = _open(sent_for, Belongs(), verdict, now=now)
    tickets.follow(ticket, person=sent.sender, now=now)
    if unheard:
        forwarding.say_unheard(ticket, passed, now=now)
    if passed.comment:
        words = tickets.Words(text=passed.comment, sender_check=checked(sent.arrival.authentication))
        routing.hear_note(tickets.take(ticket), by=sent.sender, channel=sent.arrival.channel, words=words, now=now)
    return ticket


def _open_about(sent: Sent, passed: PassedOn, verdict: Verdict | None, *, now: datetime) -> Ticket:
    """What a member of staff passed on to ask about it: their own ticket, and whoever wrote it hears nothing of it."""
    ticket = _open(replace(sent, arrival=forwarding.as_evidence(sent.arrival, passed)), Belongs(), verdict, now=now)
    forwarding.say_whose(ticket, passed, now=now)
    return ticket


def _remember(envelope: Envelope, screened: Screened) -> None:
    """What each filter said, written with the envelope's state; what was said before it was let in stands before it."""
    if screened.spoken:
        envelope.decisions = [*(envelope.decisions or []), *(told(one) for one in screened.spoken)]


def _kept_out(envelope: Envelope, screened: Screened) -> Outcome:
    _remember(envelope, screened)
    return Outcome(None, screened.reason)


def _to_a_feed(envelope: Envelope, heard: Verdict) -> Outcome:
    """What told the feed is done; what did not is kept out."""
    return Outcome(None, heard.reason) if heard.reason == to_feeds.TOLD else _kept_out(envelope, Screened((heard,)))


def _heard(arrival: Arrival, *, now: datetime) -> None:
    """Who writes from an address can be written to there, whatever came back from it before. What a form names proves nothing."""
    if arrival.contact and arrival.channel in MACHINES:
        channel, address = _way(arrival.contact)
        delivery.heard_from(channel=channel, address=address, now=now)


def _sender(arrival: Arrival, district: District, now: datetime, *, nameless: bool = False) -> KnownSender:
    """Who wrote; `nameless`: it need not be told. One message of a sender at a time, so that two texts make one conversation."""
    asked = ticket_of_chat(arrival.chat) if arrival.chat else ticket_of_call(arrival.thread.message_id) if is_call(arrival) else None
    if asked:
        return KnownSender(asked.requester, lately=0, stopped=False)
    if arrival.contact is None:
        return _nobody(arrival, district, nameless=nameless or arrival.channel in FACE_TO_FACE)
    lock = arrival.channel in MACHINES
    known = known_sender(arrival.contact, since=now - floods.WINDOW, most=floods.RECEIVED, lock=lock)
    if known:
        return known
    language = _language(arrival.language, district)
    made = new_person(kind=arrival.contact.kind, value=arrival.contact.value, name=arrival.name, language=language)
    return KnownSender(made, lately=0, stopped=False)  # nobody has written to them yet, so nothing came back


def is_call(arrival: Arrival) -> bool:
    return arrival.channel == ChannelKind.PHONE


def _nobody(arrival: Arrival, district: District, *, nameless: bool) -> KnownSender:
    """Whoever stands at the counter, or types into a chat, need leave no address: they read the answer there. A machine reads none."""
    if not nameless:
        raise Unreadable("nobody to answer to: no sender's address")
    made = Person.objects.create(name=arrival.name, kind="public", language=_language(arrival.language, district))
    return KnownSender(made, lately=0, stopped=False)


def _language(wanted: str, district: District) -> str:
    spoken = district.languages or ["en"]
    return wanted if wanted in spoken else str(spoken[0])


def _open(sent: Sent, belongs: Belongs, verdict: Verdict | None, *, now: datetime) -> Ticket:
    """A new need, promised a time and acknowledged (not where `verdict` says to keep quiet), then to be placed."""
    arrival = sent.arrival
    service = Service.objects.select_related("team").filter(id=arrival.service_id).first() if arrival.service_id else None
    site = Site.objects.filter(id=arrival.site_id).first() if arrival.site_id else None
    words = sent.words()
    with together() as batch:
        ticket, _message = tickets.open_ticket(
            requester=sent.sender, by=sent.by, author=sent.by if arrival.by_id else None, channel=arrival.channel,
            subject=arrival.subject or subject_of(words.text), words=words,
            team=service.team if service else _team(sent), sensitive=_in_confidence(sent), service=service, site=site,
            room=arrival.room, asset_tag=arrival.asset_tag, answers=arrival.answers,
            language=_language(arrival.language or sent.sender.language, sent.district), now=now,
            ticket_id=sent.envelope.ticket_ref,
        )  # fmt: skip
        numbers.used(sent.envelope, arrival, ticket, now=now)
        sla.derive(ticket, now=now)
        if verdict is None and not sent.unheard:
            routing.acknowledge(ticket, now=now, way=_way_to(sent))
        batch.last = sent.closing.statement(sent.envelope, ticket)
    if batch.last and batch.changed != 1:
        raise settling.Overtaken(str(sent.envelope.id))
    if arrival.by_id and sent.by:
        tickets.follow(ticket, person=sent.by, now=now)
    _tie(ticket, sent, belongs, now=now)
    routing.ask_to_place()
    return ticket


def _asked_for(arrival: Arrival) -> Person | None:
    """Whoever works here and asks for somebody else: our own form wrote down who was signed in."""
    return Person.objects.filter(id=arrival.by_id).first() if arrival.by_id else None


def _way_to(sent: Sent) -> tuple[str, str] | None:
    """By the address they wrote from; None: whatever else is known of them."""
    return _way(sent.arrival.contact) if sent.arrival.contact else None


def _way(contact: Contact) -> tuple[str, str]:
    return (Delivery.Channel.EMAIL if contact.kind == ContactPoint.Kind.EMAIL else Delivery.Channel.SMS), contact.value


def _team(sent: Sent) -> Team:
    """Of the department's own address it was written to, a private one's first; else the front office."""
    if sent.arrival.channel == ChannelKind.EMAIL:
        doors = sorted(doors_named(sent.arrival.recipients), key=lambda door: not is_private(door))
        owner = next((door.team for door in doors if door.team), None)
    else:
        door = standing_here().doors.get(sent.envelope.source_id) or sent.envelope.source
        owner = door.team
    return owner or standing_here().front_office


def _in_confidence(sent: Sent) -> bool:
    """It was written to a private address: its team and named people see it, whatever it turns out to be about."""
    return sent.arrival.channel == ChannelKind.EMAIL and any(map(is_private, doors_named(sent.arrival.recipients)))


def confide(ticket: Ticket, recipients: Iterable[str], *, now: datetime) -> None:
    """The mail of a ticket came again, to these addresses: where one is private, the ticket goes to its team, and is closed to all but
    its own people."""
    door = next(filter(is_private, doors_named(recipients)), None)
    if door is None:
        return
    with override(staff_language()):
        said = _("The same mail came to the private address %(address)s, so this is sensitive now.") % {"address": door.address}
    routing.confide(tickets.take(ticket), team=door.team, words=tickets.Words(text=said), now=now)


def _tie(ticket: Ticket, sent: Sent, belongs: Belongs, *, now: datetime) -> None:
    """To the ticket it follows up on or may belong to, to the chat it goes on in, and to the people it was copied to."""
    if sent.arrival.chat:
        Chat.objects.filter(id=sent.arrival.chat).update(ticket=ticket)
    if belongs.follows_up:
        tickets.link(ticket, other=belongs.follows_up, kind=Link.Kind.FOLLOWS_UP, now=now)
    if belongs.may_belong:
        tickets.link(ticket, other=belongs.may_belong, kind=Link.Kind.MAY_BELONG, now=now)
    _follow_copied(ticket, sent, now=now)


def _follow_copied(ticket: Ticket, sent: Sent, *, now: datetime) -> None:
    """Whoever gets a copy takes part, unless they had enough of it. Of staff, a copy names nobody for what is told in confidence."""
    if sent.arrival.copied and Follower.objects.filter(ticket=ticket).count() >= MOST_FOLLOWERS:
        return
    names = sent.arrival.copied_names or ("",) * len(sent.arrival.copied)
    for contact, name in zip(sent.arrival.copied, names, strict=True):
        if door_at(contact.value, sent.district) is not None:
            continue
        person = person_for_contact(kind=contact.kind, value=contact.value, name=name)
        if not (ticket.sensitive and actor_for(person).is_staff) and not was_sent(ticket, person):
            tickets.follow(ticket, person=person, now=now)


def _join(sent: Sent, ticket: Ticket, verdict: Verdict | None, *, now: datetime) -> Ticket:
    """One more message of a conversation, and a word to whoever works on it; words of danger are heard like those of a new one."""
    contact = sent.arrival.contact if sent.arrival.chat else None
    if contact:
        sent = replace(sent, sender=reaching.reach(sent.sender, contact=contact, name=sent.arrival.name, now=now))
    ticket = tickets.take(ticket)
    if contact and verdict is None and ticket.requester_id == sent.sender.id:
        reaching.acknowledge(ticket, contact=contact, now=now)
    numbers.used(sent.envelope, sent.arrival, ticket, now=now)
    words = replace(sent.words(), subject=_own_subject(sent.arrival, ticket))
    alarmed = routing.hear(
        ticket, author=sent.sender, channel=sent.arrival.channel, words=words, now=now, way=_way_to(sent), answer=verdict is None
    )
    if sent.arrival.copied and not ticket.sensitive:
        _follow_copied(ticket, sent, now=now)
    if not alarmed:
        telling.wrote_again(ticket, sent.sender, sent.envelope.id, now=now)
        if is_call(sent.arrival):
            voicemails.words_came(ticket, sent.arrival, now=now)
    return ticket


def _own_subject(arrival: Arrival, ticket: Ticket) -> str:
    """Of a later mail, where it says more than what it answers."""
    return "" if fold(ticket.subject) in fold(arrival.subject) else arrival.subject
