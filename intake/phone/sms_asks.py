"""A number texts again long after its last conversation: the words have a ticket of their own at once, and we ask, once, whether they
belong to the old one. "Yes" merges the new into the old; "no" ends the question; anything else is the next message of the new one.

A "yes" is an answer only while a question is open, one for each number and for 72 hours; otherwise it is a message like any other. It
answers what was said last: once they wrote anything else, or anything else was texted to them (a person may have asked them something),
the question is over. An answer is a message of its ticket too, so that whoever else it was meant for reads it.

To a number that opted out nothing is asked, and its "yes" means what carriers take it for: texts again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from intake import telling
from intake.channels.arrival import Arrival
from intake.models import SmsAsk
from intake.phone.numbers import Talk, of_this_line
from intake.receiving.joining import SMS_CONVERSATION
from ownership.ladders import answering
from routing import actions as routing
from routing import merging
from routing.acknowledgement import TRIAGE_TAKES
from routing.danger import crisis
from routing.queries import staff_language
from routing.short_text import fit
from tickets import actions as tickets
from tickets.actions import NotPossible, Words
from tickets.models import ChannelKind, Message, Ticket

AFTER = TRIAGE_TAKES + timedelta(seconds=5)  # so that it is read after the acknowledgement
SUBJECT = 40  # letters of the old one's subject
ANSWERED, AGAIN = "answer to our question", "keyword start"


def ask(ticket: Ticket, *, about: Ticket, arrival: Arrival, now: datetime) -> bool:
    """In the transaction that opened `ticket`, its sender's row held. False: this is no time to ask, or we have asked."""
    phone = arrival.contact.value if arrival.contact else ""
    if not phone or crisis.screen(arrival.text) or _open(phone, now=now):
        return False
    SmsAsk.objects.create(phone=phone, ticket=ticket, about=about, asked_at=now)
    delivery.send(
        channel=Delivery.Channel.SMS, address=phone, body=_question(ticket, about), dedupe_key=f"ask:{ticket.id}", purpose="ask",
        person=ticket.requester, about=ticket.id, now=now, not_before=now + AFTER,
    )  # fmt: skip
    return True


@dataclass(frozen=True)
class Answered:
    """`ticket`: where the answer is written; None: it made texts go out again, and is no message."""

    ticket: Ticket | None
    reason: str


def hear(arrival: Arrival, words: Words, *, number: str, now: datetime) -> Answered | None:
    """What a "yes" or "no" answered, written down, and its effect is done; None: it is a message like any other. `number`: ours."""
    said, contact = arrival.texting.answer, arrival.contact
    if not said or contact is None:
        return None
    if said == "yes" and delivery.wished_again(channel=Delivery.Channel.SMS, address=contact.value):
        return Answered(None, AGAIN)
    question = _open(contact.value, now=now)
    if question is None or not of_this_line([Talk(question.ticket, question.ticket)], number=number, phone=contact.value):
        return None
    if _overtaken(question):
        _close(question, "late", now=now)
        return None
    _close(question, said, now=now)
    held = tickets.take(question.ticket)
    _write(question, held, words, now=now)
    if said == "yes":
        _belongs(question, held, now=now)
    return Answered(held, ANSWERED)


def _overtaken(question: SmsAsk) -> bool:
    """Has anything been said since, by them or to them? The acknowledgement of what it asks about says nothing new, nor does what
    became of their answer to a ladder."""
    asked, who = question.asked_at, question.ticket.requester_id
    if Message.objects.filter(ticket__requester=who, author=who, channel=ChannelKind.SMS, at__gt=asked).exists():
        return True
    later = Q(created_at__gt=asked) | Q(sent_at__gt=asked)
    rows = Delivery.objects.filter(later, channel=Delivery.Channel.SMS, address=question.phone).exclude(purpose=answering.PURPOSE)
    return rows.exclude(purpose__in=("ask", "ack"), about=question.ticket_id).exists()


def _write(question: SmsAsk, held: Ticket, words: Words, *, now: datetime) -> None:
    who = question.ticket.requester
    alarmed = routing.hear(held, author=who, channel=ChannelKind.SMS, words=words, now=now, answer=False)
    if not alarmed and words.envelope_ref:
        telling.wrote_again(held, who, words.envelope_ref, now=now)


def forget(phone: str, *, now: datetime) -> None:
    """Who wants no more texts is asked nothing."""
    SmsAsk.objects.filter(phone=phone, answered_at__isnull=True).update(answered_at=now, answer="late")


def _open(phone: str, *, now: datetime) -> SmsAsk | None:
    """The question that waits for an answer; one that has waited too long does no more."""
    rows = SmsAsk.objects.select_for_update(of=("self",)).filter(phone=phone, answered_at__isnull=True)
    question: SmsAsk | None = rows.select_related("ticket__requester", "about").order_by("-asked_at").first()
    if question and now - question.asked_at > SMS_CONVERSATION:
        _close(question, "late", now=now)
        return None
    return question


def _close(question: SmsAsk, answer: str, *, now: datetime) -> None:
    question.answered_at, question.answer = now, answer
    question.save(update_fields=["answered_at", "answer"])


def _belongs(question: SmsAsk, ticket: Ticket, *, now: datetime) -> None:
    """One ticket, where nothing stands in the way; else staff read what was answered."""
    who = question.ticket.requester
    with override(staff_language()):
        said = _("%(name)s answered by text that it belongs to #%(number)s.") % {"name": who, "number": question.about.number}
    if ticket.id != question.ticket_id:  # it was merged meanwhile
        return
    try:
        with transaction.atomic():
            merging.merge(ticket, into=question.about, by=who, why=said, now=now)
    except NotPossible as stop:
        tickets.note(ticket, by=None, words=tickets.Words(text=f"{said} {stop}"), now=now)


def _question(ticket: Ticket, about: Ticket) -> str:
    """In the ticket's language. A number may have another owner by now: of a sensitive ticket only its number is told."""
    with override(ticket.language):
        told = "" if about.sensitive or about.crisis else _short(about.subject)
        named = _("#%(number)s (%(subject)s)") % {"number": about.number, "subject": told} if told else f"#{about.number}"
        whole = _("Is #%(new)s about %(old)s? Reply YES to add it there, NO if it is something new.")
        return fit(whole % {"new": ticket.number, "old": named}, whole % {"new": ticket.number, "old": f"#{about.number}"})


def _short(subject: str) -> str:
    line = " ".join(subject.split())
    return line if len(line) <= SUBJECT else f"{line[: SUBJECT - 3].rsplit(' ', 1)[0]}..."
