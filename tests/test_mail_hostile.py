"""Mails made to break the door: each ends within its time, and none stops the next."""

import time
import uuid

import pytest
from django.utils import timezone

from intake.models import Envelope
from routing import actions as routing
from routing import history
from tests.conftest import Cast, a_ticket
from tests.test_intake_mail import PAT, a_mail, deliver, doors, reply_address, ticket_of
from tickets import actions as tickets
from tickets.models import Follower, Message

__all__ = ["doors"]
DANGER = "I want to kill myself tonight"

HOSTILE = {
    "a thousand X-Loop": b"X-Loop: a@b\r\n" * 1000,
    "no name": b"From: <>\r\nFrom: <pat@cedar-family.example>\r\n",
    "a field of our own server that never ends": b"Authentication-Results: mx.cedar.example; " + b"dkim=pass (" * 5000 + b"\r\n",
    "results without end": b"Authentication-Results: mx.cedar.example; " + b"dmarc=fail (p=reject); " * 5000 + b"\r\n",
    "scores of spam that are none": b"X-Spam-Status: Yes, score=nan\r\nX-Spam-Score: 1e99\r\nX-Spam-Level: " + b"*" * 9000 + b"\r\n",
    "a list of lists": b"List-Id: " + b"<" * 5000 + b"x" * 5000 + b">" * 5000 + b"\r\n",
    "a thousand hops": b"Received: from x by y\r\n" * 1000,
    "ids of notices": b"References: " + b" ".join(b"<notice.%d@cedar.localhost>" % n for n in range(500)) + b"\r\n",
    "a hundred people in copy": b"Cc: " + b", ".join(b"p%d@x.example" % n for n in range(100)) + b"\r\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_header_made_to_break_it(doors: Cast, name: str) -> None:
    raw = HOSTILE[name] + a_mail("The bus did not come.")
    began = time.monotonic()
    envelope = deliver(doors, raw)
    assert time.monotonic() - began < 5
    assert envelope.state in ("done", "screened"), (envelope.state, envelope.error)
    assert ticket_of(deliver(doors, a_mail("The next one")))


def test_a_quote_made_to_keep_it_busy_ends(doors: Cast) -> None:
    """Thousands of lines of danger, held against all that was said before."""
    ticket = a_ticket(doors, text="\n".join(f"line {n} of a long story that is told" for n in range(2_000)))
    lines = "\n".join(f"> {n} {DANGER}" for n in range(20_000))
    began = time.monotonic()
    message = Message.objects.get(ticket=ticket)
    assert DANGER in history.unread(ticket, [(uuid.uuid4(), lines)])
    assert time.monotonic() - began < 3
    assert message.text


def test_copies_without_end_make_no_crowd(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail(Message_ID="<1@family.example>")))
    for n in range(6):
        copies = ", ".join(f"p{n}.{m}@x.example" for m in range(10))
        deliver(doors, a_mail(f"And {n}", Cc=copies, References="<1@family.example>"))
    assert Follower.objects.filter(ticket=ticket).count() <= 40


def test_a_merged_request_takes_notes_in_the_one_it_lives_in(doors: Cast) -> None:
    gone, stays = a_ticket(doors), a_ticket(doors, requester=doors.bob)
    tickets.merge(gone, into=stays, by=doors.lena, why="x", now=timezone.now())
    tickets.follow(gone, person=doors.alice, now=timezone.now())
    assert ticket_of(deliver(doors, a_mail("A word", sender="alice@cedar.localhost"), reply_address(gone))) == stays


def test_mail_to_fifty_made_up_reply_addresses_is_one_request(doors: Cast) -> None:
    made_up = [f"ticket+{n}-{'a' * 26}@cedar.localhost" for n in range(50)]
    assert ticket_of(deliver(doors, a_mail(to=", ".join(made_up)), *made_up[:5]))
    assert Envelope.objects.count() == 1


def test_a_letter_of_ours_that_is_passed_on_by_its_reader_is_a_message_not_a_loop(doors: Cast) -> None:
    ticket = ticket_of(deliver(doors, a_mail()))
    routing.place(ticket.id, now=timezone.now())
    head = f"From: Cedar <help@cedar.localhost>\nTo: {PAT}\nSubject: Your request"
    text = f"What does that mean?\n\n-----Original Message-----\n{head}\n\nWe have it."
    assert ticket_of(deliver(doors, a_mail(text), reply_address(ticket))) == ticket
