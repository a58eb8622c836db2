"""What somebody was shown before they asked on goes with their request, to whoever answers it."""

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from intake.receiving import receive
from knowledge.models import Answer, Article
from reporting.queries import today
from routing import placing
from tests.conftest import NOW, Cast, sign_in, visitor
from tickets import actions as tickets
from tickets.models import Message, Ticket

ASKED = "How much is a new rider card when the old one is lost?"
PASSAGE = "**Lost rider card.** A new rider card is $5. It is ready in two days."


def _article() -> Article:
    return Article.objects.create(  # type: ignore[no-any-return]
        slug="rider-card", title="Lost rider card", body=PASSAGE, audience=["parent"], keywords="lost rider card · new rider card",
        published_at=NOW,
    )  # fmt: skip


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.partition('id="still"')[2]))


def _ask(client: Client, text: str = ASKED) -> dict[str, Any]:
    page = client.post("/", {"step": "ask", "text": text, "form_id": str(uuid.uuid4())}).content.decode()
    return {**_hidden(page), "text": text, "contact": "pat@cedar-family.example", "page": page}


def test_still_need_help_carries_the_question_and_what_was_shown(here: Cast) -> None:
    _article()
    client = visitor(here.district)
    form = _ask(client)
    assert "This solved it" in form["page"]
    sent = client.post("/", {name: value for name, value in form.items() if name != "page"})
    assert sent.status_code == 303
    receive.drain(here.district.id)
    message = Message.objects.select_related("ticket").get(kind=Message.Kind.REQUEST, text=ASKED)
    assert message.quoted == f"“Lost rider card” http://cedar.localhost/help/rider-card/\n\n{PASSAGE}"
    answer = Answer.objects.get()
    assert (answer.outcome, answer.ticket_ref) == (Answer.Outcome.NOT_ENOUGH, message.ticket_id)
    page = sign_in(here.alice, here.district).get(f"/desk/{message.ticket_id}/").content.decode()
    assert "The answer they were shown" in page
    assert "A new rider card is $5." in page


def test_solved_it_makes_no_ticket_and_is_counted(here: Cast) -> None:
    _article()
    before, client = Ticket.objects.count(), visitor(here.district)
    _ask(client)
    answer = Answer.objects.get()
    assert "Good that it helped" in client.post(f"/answers/{answer.id}/solved").content.decode()
    assert Answer.objects.get().outcome == Answer.Outcome.SOLVED
    assert today(now=timezone.now(), zone=here.district.zone).without_a_person == 1
    assert Ticket.objects.count() == before


def test_an_answer_that_is_not_there_is_nothing(here: Cast) -> None:
    client = visitor(here.district)
    form = _ask(client, "The roof of the gym leaks")
    for answer in (str(uuid.uuid4()), "nonsense", ""):
        sent = client.post("/", {**{k: v for k, v in form.items() if k != "page"}, "answer": answer, "form_id": str(uuid.uuid4())})
        assert sent.status_code == 303
    assert {row.quoted for row in Message.objects.filter(text="The roof of the gym leaks")} <= {""}
    assert Ticket.objects.filter(opened_at__lte=timezone.now()).exists()


@pytest.mark.parametrize("channel", ["web", "chat"])
def test_words_of_danger_in_an_article_are_not_the_askers(here: Cast, channel: str) -> None:
    """An article about bullying names what it is not about; read as the asker's words it called the safety team."""
    shown = "“Report bullying”\n\nOf somebody who says that he wants to kill himself tell us at once."
    ticket, _message = tickets.open_ticket(
        requester=here.pat, channel=channel, subject="bullying", team=here.front_office, now=NOW,
        words=tickets.Words(text="How do I report that somebody is mean to my son on the bus?", quoted=shown),
    )  # fmt: skip
    placing.place(ticket.id, now=NOW)
    assert not ticket.refresh().crisis
    mailed, _message = tickets.open_ticket(
        requester=here.pat, channel="email", subject="see below", team=here.front_office, now=NOW,
        words=tickets.Words(text="Please see below.", quoted="> He says that he wants to kill himself."),
    )  # fmt: skip
    placing.place(mailed.id, now=NOW)
    assert mailed.refresh().crisis, "what a mail brings along is heard"
