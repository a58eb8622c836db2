"""The classifier learns from what people settle, and only gets better by it."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from districts.models import Service, Team
from districts.scope import district_scope
from knowledge.models import Article
from routing import actions, classifier, fitting, tasks, training, triage
from routing.examples import Example, catalog_examples, ticket_examples
from routing.fitting import threshold_for
from routing.models import Decision, TrainedModel
from tests.conftest import NOW, Cast, a_ticket
from tickets import actions as tickets
from tickets.models import Ticket

LATER = NOW + timedelta(hours=1)


def settled(cast: Cast, text: str, service: Service, *, at: Any = NOW) -> Ticket:
    ticket = a_ticket(cast, text=text, now=at)
    actions.place(ticket.id, now=at)
    ticket = Ticket.objects.select_related("team", "service", "requester").get(id=ticket.id)
    actions.correct(ticket, service=service, team=None, by=cast.olive, now=at)
    return ticket


def best_guess(cast: Cast, text: str) -> Service | None:
    choice = triage.decide(a_ticket(cast, text=text), text, now=NOW)
    return choice.service or (choice.alternatives[0].service if choice.alternatives else None)


def test_retraining_learns_from_corrections(here: Cast) -> None:
    """Nothing in the catalog tells what a "plumbus" is; after people said so, triage knows."""
    training.retrain(here.district.id, now=NOW)
    for n in range(4):
        settled(here, f"the plumbus wobbles, number {n}", here.password_reset)
    row = training.retrain(here.district.id, now=LATER)
    assert row is not None
    assert (row.version, row.state) == (2, "active")
    assert best_guess(here, "plumbus again") == here.password_reset
    assert list(TrainedModel.objects.order_by("version").values_list("state", flat=True)) == ["retired", "active"]


def test_a_reply_from_the_team_that_was_chosen_confirms_it(here: Cast) -> None:
    ticket = a_ticket(here, text="the gizmo is gone", service=here.bus_late)
    actions.place(ticket.id, now=NOW)
    assert ticket_examples() == []
    ticket = Ticket.objects.select_related("team", "requester").get(id=ticket.id)
    tickets.reply(ticket, by=here.alice, words=tickets.Words(text="found"), now=NOW)
    (example,) = ticket_examples()
    assert example.label == (here.bus_late.id, here.transportation.id)
    assert "gizmo" in example.text
    actions.hand_off(ticket, to_team=here.technology, by=here.alice, known="k", asked="a", now=NOW)
    assert ticket_examples() == []  # another team answers now: it tells nothing


def test_the_front_office_and_danger_teach_nothing_by_a_reply(here: Cast) -> None:
    for text in ("hello", "there is a gun in his bag"):
        ticket = a_ticket(here, text=text)
        actions.place(ticket.id, now=NOW)
        ticket = Ticket.objects.select_related("team", "requester").get(id=ticket.id)
        tickets.reply(ticket, by=here.olive, words=tickets.Words(text="yes?"), now=NOW)
    assert Decision.objects.count() == 2
    assert ticket_examples() == []


def test_nothing_changed_nothing_trained(here: Cast) -> None:
    assert training.retrain(here.district.id, now=NOW) is not None
    assert training.retrain(here.district.id, now=LATER) is None
    here.bus_late.description = "Where the bus is."
    here.bus_late.save()
    assert training.retrain(here.district.id, now=LATER) is not None
    settled(here, "any", here.bus_late)
    assert training.retrain(here.district.id, now=LATER) is not None
    assert TrainedModel.objects.count() == 3


def test_a_model_that_is_refused_is_replaced(here: Cast) -> None:
    training.retrain(here.district.id, now=NOW)
    TrainedModel.objects.update(digest="0" * 64)
    row = training.retrain(here.district.id, now=LATER)
    assert row is not None
    assert row.version == 2
    assert classifier.active() is not None


def test_a_candidate_that_does_worse_is_rejected(here: Cast) -> None:
    """Somebody fills the catalog with phrases of the wrong service: the model in use places what came since better."""
    training.retrain(here.district.id, now=NOW)
    for n in range(12):
        settled(here, f"I forgot my password, call {n}", here.password_reset, at=LATER)
        settled(here, f"the bus did not come, line {n}", here.bus_late, at=LATER)
    wrong = [text for n in range(100, 200) for text in (f"I forgot my password, call {n}", f"the bus did not come, line {n}")]
    here.counseling.example_phrases = wrong
    here.counseling.save()
    row = training.retrain(here.district.id, now=LATER + timedelta(hours=1))
    assert row is not None
    assert row.state == "rejected"
    model = classifier.active()
    assert model is not None
    assert model.version == 1
    assert training.retrain(here.district.id, now=LATER + timedelta(hours=2)) is None  # the same again is not tried


def test_a_district_with_nothing_to_choose_from_is_not_trained(here: Cast) -> None:
    Service.objects.all().update(active=False)
    Team.objects.filter(is_front_office=False, is_safety=False).update(name="", description="")
    assert fitting.fit([Example("one", (None, here.safety.id))]) is None
    Service.objects.filter(id=here.bus_late.id).update(active=True)
    assert fitting.fit([e for e in catalog_examples() if e.label[0]]) is None


def test_two_labels_are_enough(here: Cast) -> None:
    examples = [
        Example("late bus", (None, here.transportation.id)),
        Example("lost password", (None, here.technology.id)),
    ]
    fitted = fitting.fit(examples)
    assert fitted is not None
    model = fitted.mixed(1)
    assert [model.labels[int(model.scores(e.text).argmax())] for e in examples] == [e.label for e in examples]


def test_a_team_without_services_is_known_by_its_name_and_description(here: Cast) -> None:
    Team.objects.create(slug="grounds", name="Grounds", description="Mows lawns. Snow belongs to the county.")
    (example,) = [e for e in catalog_examples() if e.label[0] is None]
    assert "lawns" in example.text
    assert "county" not in example.text


def test_articles_teach_their_services(here: Cast) -> None:
    Article.objects.create(
        slug="zip", title="Zipline passes", body="# Zipline\n\nThe zipline opens at noon.", services=["bus-late", "gone"],
        published_at=NOW,
    )  # fmt: skip
    found = {e.text.strip() for e in catalog_examples() if "ipline" in e.text}
    assert found == {"Zipline passes", "The zipline opens at noon."}


def test_a_new_district_is_placed_for_however_few_teams_it_has() -> None:
    def asked(teams: int) -> float:
        return fitting.cold_threshold([Example(f"words {n}", (None, uuid4())) for n in range(teams)])

    assert asked(2) == pytest.approx(0.765)
    assert asked(2) > asked(6) > asked(18) == pytest.approx(0.556, abs=0.001)


def test_a_threshold_keeps_the_wanted_precision() -> None:
    sure = [0.99, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    assert threshold_for(sure, [True] * 7) == 0.4
    assert threshold_for(sure, [True, True, True, True, True, False, False]) == pytest.approx(0.6)
    assert threshold_for(sure, [False] * 7) == fitting.HIGHEST
    assert threshold_for([0.2, 0.1], [True, True]) == fitting.LOWEST


def test_the_same_text_is_never_on_both_sides(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    twins = [Example("twin words", (here.bus_late.id, here.transportation.id), judges=True) for _ in range(2)]
    others = [Example(f"other {n}", (here.password_reset.id, here.technology.id), judges=True) for n in range(6)]
    rest = [Example("else", (here.bus_late.id, here.transportation.id))]
    learned: list[set[str]] = []
    fit = fitting.fit

    def watched(examples: Sequence[Example], rows: Any = None, seen: fitting.Counted | None = None) -> fitting.Fitted | None:
        learned.append({e.text for e in examples})
        return fit(examples, rows, seen)

    monkeypatch.setattr(fitting, "fit", watched)
    judged = 0
    for fold in range(fitting.FOLDS):
        for unseen in fitting.out_of_fold([*twins, *others, *rest], range(8), fold):
            assert unseen.example.text not in learned[-1]
            judged += 1
    assert judged == 8


def test_tickets_say_as_much_as_helps(here: Cast) -> None:
    """Tickets that contradict the catalog for everybody but themselves get the least say; those that repeat get more."""
    catalog = catalog_examples()
    bus, password = (here.bus_late.id, here.transportation.id), (here.password_reset.id, here.technology.id)
    repeated = [Example(f"the plumbus wobbles, {n}", password, judges=True, at=NOW) for n in range(30)]
    repeated += [Example(f"the gizmo wobbles, {n}", bus, judges=True, at=NOW) for n in range(30)]
    verdict = fitting.judge([*catalog, *repeated])
    assert verdict.accuracy is not None
    assert verdict.accuracy > 0.95
    noise = [Example(f"the bus is late, {n}", password if n % 3 else bus, judges=True, at=NOW) for n in range(60)]
    assert fitting.judge([*catalog, *noise]).accuracy < 0.8  # type: ignore[operator]


def test_where_there_are_many_tickets_the_newest_judge(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "MANY", 60)
    monkeypatch.setattr(fitting, "NEWEST", 20)
    catalog = catalog_examples()
    bus, password = (here.bus_late.id, here.transportation.id), (here.password_reset.id, here.technology.id)
    tickets = [
        Example(
            f"the {'gizmo' if n % 2 else 'plumbus'} wobbles, {n}", bus if n % 2 else password, judges=True, at=NOW + timedelta(hours=n)
        )
        for n in range(80)
    ]
    verdict = fitting.judge([*catalog, *reversed(tickets)])
    assert set(verdict.right) == set(range(len(catalog), len(catalog) + 20))
    assert verdict.accuracy == 1.0


def test_another_worker_that_was_quicker_wins(here: Cast) -> None:
    training.retrain(here.district.id, now=NOW)
    row = TrainedModel.objects.get()
    assert training._keep(TrainedModel(version=1, state="active", examples=1, blob=bytes(row.blob)), here.district.id) is None
    assert TrainedModel.objects.count() == 1


def test_the_hourly_task_trains_each_district_apart(here: Cast, oak: Cast) -> None:
    assert tasks.retrain() == 2
    assert tasks.retrain() == 0
    with district_scope(oak.district.id):
        assert TrainedModel.objects.count() == 1
        assert {team for _s, team in classifier.active().labels} <= set(Team.objects.values_list("id", flat=True))  # type: ignore[union-attr]


def test_a_district_that_cannot_be_trained_does_not_stop_the_others(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    real = training.retrain

    def choosy(district_id: Any, *, now: Any) -> Any:
        if district_id == here.district.id:
            raise RuntimeError("broken")
        return real(district_id, now=now)

    monkeypatch.setattr(training, "retrain", choosy)
    assert tasks.retrain() == 1


def test_the_command_trains_and_tells(here: Cast, capsys: Any) -> None:
    call_command("retrain", here.district.slug)
    assert "version 1: In use" in capsys.readouterr().out
    call_command("retrain", here.district.slug)
    assert "nothing changed" in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("retrain", "nowhere")


def test_the_web_does_not_load_the_trainer() -> None:
    code = (
        "import django, sys; django.setup(); import routing.actions; from django.urls import get_resolver;"
        "get_resolver().url_patterns; print([m for m in ('sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_a_model_that_is_refused_is_read_once(here: Cast, django_assert_num_queries: Any) -> None:
    """Not for every message again: it is ten megabytes."""
    training.retrain(here.district.id, now=NOW)
    TrainedModel.objects.update(digest="somebody else's")
    with pytest.raises(classifier.Refused):
        classifier.active()
    with django_assert_num_queries(1), pytest.raises(classifier.Refused):
        classifier.active()
