"""Words of danger in what a mail brings along: its subject and what it quotes, but not what we wrote, or heard before."""

from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.utils import timezone

from delivery.models import Delivery
from intake.models import Channel
from routing import actions as routing
from routing import history
from tests.conftest import Cast, a_ticket
from tests.test_intake_mail import a_mail, deliver, doors, reply_address, ticket_of
from tickets import actions as tickets
from tickets.models import Event, Link, Message, Ticket

__all__ = ["doors"]
DANGER = "I want to kill myself tonight"
ELSEWHERE = f"""Can you look into this?

On Tue, Nov 3, 2026 at 10:00 AM Sam Student <sam@students.example> wrote:
> Nobody listens.
> {DANGER}, I mean it.
"""


def placed(ticket: Ticket) -> Ticket:
    routing.place(ticket.id, now=timezone.now())
    return ticket.refresh()  # type: ignore[attr-defined]


def alarms(ticket: Ticket) -> int:
    return Event.objects.filter(ticket=ticket, kind="danger").count()


def quoting(*lines: str, head: str = "On Tue, Nov 3, 2026 at 10:00 AM Cedar <help@cedar.localhost> wrote:") -> str:
    return "\n".join(["Any news?", "", head, *(f"> {line}" for line in lines)])


def test_a_conversation_of_elsewhere_that_is_brought_along_is_heard(doors: Cast) -> None:
    ticket = placed(ticket_of(deliver(doors, a_mail(ELSEWHERE, In_Reply_To="<x@students.example>"))))
    assert Message.objects.get().text == "Can you look into this?"
    assert (ticket.crisis, ticket.team) == (True, doors.safety)


def test_it_is_heard_in_a_later_mail_too_and_the_words_are_told(doors: Cast) -> None:
    ticket = placed(a_ticket(doors))
    deliver(doors, a_mail(ELSEWHERE), reply_address(ticket))
    ticket.refresh_from_db()
    assert (ticket.crisis, alarms(ticket)) == (True, 1)
    assert "in what they passed on: “kill myself”" in Event.objects.get(ticket=ticket, kind="danger").data["reasons"][0]


def test_the_subject_of_a_later_mail_is_heard(doors: Cast) -> None:
    ticket = placed(a_ticket(doors))
    deliver(doors, a_mail("see above", Subject=DANGER), reply_address(ticket))
    assert ticket.refresh().crisis  # type: ignore[attr-defined]
    assert "in the subject" in Event.objects.get(ticket=ticket, kind="danger").data["reasons"][0]


@pytest.mark.parametrize("subject", [f"Re: {DANGER}", f"AW: RE: {DANGER}", "Re: Your request #1001"])
def test_a_subject_that_is_the_requests_own_raises_no_second_alarm(doors: Cast, subject: str) -> None:
    ticket = placed(a_ticket(doors, text=DANGER))
    assert ticket.crisis
    deliver(doors, a_mail("thank you", Subject=subject), reply_address(ticket))
    assert alarms(ticket) == 0


def test_their_own_words_quoted_back_raise_no_second_alarm(doors: Cast) -> None:
    ticket = placed(a_ticket(doors, text=f"Nobody listens to me at all.\n{DANGER}, and nobody would care."))
    deliver(doors, a_mail(quoting("Nobody listens to me at all.", f"{DANGER}, and", "nobody would care.")), reply_address(ticket))
    assert alarms(ticket) == 0


def test_what_we_answered_quoted_back_raises_none(doors: Cast) -> None:
    """An agent of the safety team speaks of what was said; each answer to that carries it along."""
    ticket = placed(a_ticket(doors))
    said = "You wrote that you want to kill yourself tonight. I am with you now."
    message = tickets.reply(ticket, by=doors.lena, words=tickets.Words(text=said), now=timezone.now())
    letter = Delivery.objects.get(dedupe_key=f"reply-{message.id}:{ticket.id}")
    deliver(doors, a_mail(quoting(*letter.body.splitlines())), reply_address(ticket))
    assert (alarms(ticket), ticket.refresh().crisis) == (0, False)  # type: ignore[attr-defined]


def test_new_words_among_what_is_quoted_are_heard(doors: Cast) -> None:
    ticket = placed(a_ticket(doors, text="The bus did not come to Maple and 5th again."))
    deliver(doors, a_mail(quoting("The bus did not come to Maple and 5th again.", f"{DANGER}.")), reply_address(ticket))
    assert alarms(ticket) == 1


def test_a_follow_up_that_quotes_the_old_request_raises_none(doors: Cast) -> None:
    old = placed(a_ticket(doors, text=f"{DANGER}, nobody cares."))
    tickets.resolve(old, by=doors.alice, now=timezone.now() - timedelta(days=20))
    new = ticket_of(deliver(doors, a_mail(quoting(f"{DANGER}, nobody cares.")), reply_address(old)))
    assert Link.objects.get().kind == "follows_up"
    assert not placed(new).crisis


@pytest.mark.parametrize(
    "line",
    [
        "988 Suicide & Crisis Lifeline", "If you are thinking about suicide, call or text 988.", "Child abuse hotline: 1-800-422-4453",
        "En crisis o con ideas de suicidio? Línea de crisis: 555 0100",
    ],
)  # fmt: skip
def test_a_help_line_under_a_mail_says_nothing_of_its_writer(doors: Cast, line: str) -> None:
    ticket = placed(ticket_of(deliver(doors, a_mail(f"The bus did not come.\n\n-- \nKim Lee\nCounselor\n{line}\n"))))
    assert Message.objects.get().quoted
    assert not ticket.crisis


def test_nothing_is_asked_where_nothing_dangerous_is_quoted(doors: Cast, django_assert_num_queries: object) -> None:
    ticket = a_ticket(doors)
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert history.unread(ticket, [(ticket.id, "> The bus did not come to Maple and 5th again.")]) == ""


def unwanted(raw: bytes) -> bytes:
    """By the wish of the domain in From."""
    return b"Authentication-Results: mx.cedar.example; dmarc=fail (p=reject) header.from=cedar-family.example\r\n" + raw


@pytest.mark.parametrize("where", ["quoted", "a file", "passed on"])
def test_words_of_danger_that_are_brought_along_keep_nothing_out(doors: Cast, where: str) -> None:
    Channel.objects.filter(kind="email").update(trusted_hop="mx.cedar.example")
    passed_on = f"---------- Forwarded message ---------\nFrom: Sam <sam@students.example>\nSubject: hi\n\n{DANGER}\n"
    raw = a_mail(ELSEWHERE if where == "quoted" else passed_on, In_Reply_To="<x@students.example>" if where == "quoted" else "")
    if where == "a file":
        inner, mail = EmailMessage(), message_from_bytes(a_mail(""), policy=policy.default)
        inner["From"], inner["Subject"] = "Sam <sam@students.example>", "hi"
        inner.set_content(DANGER)
        assert isinstance(mail, EmailMessage)
        mail.add_attachment(inner)
        raw = mail.as_bytes()
    ticket = placed(ticket_of(deliver(doors, unwanted(raw))))
    assert (ticket.crisis, ticket.team) == (True, doors.safety)


def test_a_help_line_under_a_mail_lets_nothing_in(doors: Cast) -> None:
    Channel.objects.filter(kind="email").update(trusted_hop="mx.cedar.example")
    below = quoting("Bus 12", "If you want to kill yourself, call the help line 988.")
    envelope = deliver(doors, unwanted(a_mail(below, In_Reply_To="<x@students.example>")))
    assert envelope.state == "screened"
