"""Whoever asks by mail is sent what the articles say with the first letter, where they are sure; and a person answers all the same."""

from datetime import timedelta
from typing import Any

import pytest

from delivery.models import Delivery
from districts.access import actor_for
from intake.requester import tracking
from knowledge import queries as known
from knowledge.models import Answer, Article
from routing import acknowledgement, placing
from routing.queue import Desk
from routing.suggested.offers import offers_for
from tests.conftest import NOW, Cast, a_ticket
from tickets import actions as tickets
from tickets.models import Ticket

ASKED = "How much is a new rider card when the old one is lost?"
BODY = "**Lost rider card.** A new rider card is $5. It is ready in two days."


@pytest.fixture
def article(here: Cast) -> Article:
    return Article.objects.create(  # type: ignore[no-any-return]
        slug="rider-card", title="Lost rider card", body=BODY, audience=["parent"], keywords="lost rider card · new rider card",
        published_at=NOW,
    )  # fmt: skip


def placed(here: Cast, text: str = ASKED, **more: Any) -> Ticket:
    ticket = a_ticket(here, text=text, **more)
    acknowledgement.acknowledge(ticket, now=NOW)
    placing.place(ticket.id, now=NOW + timedelta(seconds=2))
    return ticket.refresh()


def letter(ticket: Ticket) -> str:
    return str(Delivery.objects.get(about=ticket.id, purpose="ack").body)


def test_the_first_letter_has_the_passage_and_its_source(here: Cast, article: Article) -> None:
    ticket = placed(here)
    said = letter(ticket)
    assert "our article “Lost rider card”: http://cedar.localhost/help/rider-card/" in said
    assert "  Lost rider card. A new rider card is $5. It is ready in two days." in said
    assert f"#{ticket.number}" in said
    assert "http://cedar.localhost/r/" in said, "and a person answers all the same"
    shown = Answer.objects.get()
    assert (shown.ticket_ref, shown.passage, shown.outcome) == (ticket.id, BODY, Answer.Outcome.SHOWN)
    assert offers_for(ticket, Desk(actor_for(here.alice), NOW)).replies[0].told


def test_its_solved_before_anybody_answered_is_without_a_person(here: Cast, article: Article) -> None:
    ticket = placed(here)
    assert tracking.solved(ticket, proven=True, now=NOW + timedelta(minutes=5))
    assert Answer.objects.get().outcome == Answer.Outcome.SOLVED
    answered = placed(here, f"{ASKED} Again.")
    tickets.reply(answered, by=here.alice, words=tickets.Words(text="It is $5."), now=NOW + timedelta(minutes=6))
    tracking.solved(answered, proven=True, now=NOW + timedelta(minutes=9))
    assert known.outcomes(since=NOW) == {"solved": 1, "shown": 1}


@pytest.mark.parametrize("channel", ["sms", "web", "chat", "phone", "api"])
def test_only_by_mail(here: Cast, article: Article, channel: str) -> None:
    placed(here, channel=channel)
    assert not Answer.objects.exists()


def test_nothing_where_no_article_is_sure_or_the_letter_has_left(here: Cast, article: Article) -> None:
    assert "article" not in letter(placed(here, "The roof of the gym leaks onto the floor"))
    ticket = a_ticket(here, text=ASKED)
    acknowledgement.acknowledge(ticket, now=NOW)
    Delivery.objects.filter(about=ticket.id).update(state=Delivery.State.SENT)
    placing.place(ticket.id, now=NOW + timedelta(seconds=30))
    assert not Answer.objects.exists(), "what nobody was shown is not counted"


def test_nothing_of_staff_only_in_danger_or_in_confidence(here: Cast, article: Article) -> None:
    Article.objects.filter(id=article.id).update(audience=["staff"])
    assert "article" not in letter(placed(here, requester=here.alice))
    Article.objects.filter(id=article.id).update(audience=["parent"])
    assert "article" not in letter(placed(here, f"{ASKED} He says he wants to kill himself."))
    assert "article" not in letter(placed(here, service=here.counseling, team=here.safety))
    assert not Answer.objects.exists()


def test_a_search_that_fails_keeps_no_letter_back(here: Cast, article: Article, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: Any, **_named: Any) -> list[Any]:
        raise RuntimeError("no articles")

    monkeypatch.setattr(known, "search", broken)
    assert "has it and will answer you" in letter(placed(here))


def test_neither_what_cannot_wait_nor_a_long_letter_is_answered_by_an_article(here: Cast, article: Article) -> None:
    assert "article" not in letter(placed(here, f"{ASKED} There is smoke in the bus!"))
    assert "article" not in letter(placed(here, f"{ASKED} {'We have written about it before. ' * 40}"))
    assert not Answer.objects.exists()
