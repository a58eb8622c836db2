"""Triage by meaning and by what people ask of any district; robust where there is no embedder; rehearsed and measured by commands."""

import io
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from knowledge.embedding import meaning
from knowledge.embedding.engines import Floats
from knowledge.measured import NotASet
from routing import classifier, measured, nearness, training, triage
from routing.classifier import Model
from routing.examples import described, starter_examples
from routing.governing import figures
from routing.models import Decision, TrainedModel
from routing.pitches import is_pitch
from routing.starter import matching
from routing.starter.kinds import kinds
from routing.starter.matching import Described, done_by
from routing.tongue import is_english
from tests.conftest import NOW, Cast, a_ticket
from tickets.models import Ticket

SPANISH = "Soy maestra y no puedo entrar a mi cuenta, olvidé mi contraseña"


@pytest.fixture
def trained(here: Cast) -> Cast:
    assert training.retrain(here.district.id, now=NOW)
    return here


@pytest.fixture
def speechless(monkeypatch: pytest.MonkeyPatch) -> None:
    """No embedder can be had."""
    monkeypatch.setattr(meaning, "loaded", lambda: meaning.Loaded(None, ("not built",)))


# --- what people ask of any district --------------------------------------------------------------------------------------


def test_the_starter_pack_has_phrases_in_both_languages_once() -> None:
    every = [phrase for kind in kinds() for _language, phrase in kind.phrases]
    assert len(kinds()) > 80
    assert len(every) == len(set(every))
    for kind in kinds():
        assert kind.name
        assert kind.belongs
        assert len(kind.said_in("en")) >= 5
        assert len(kind.said_in("es")) >= 2, kind.name


@pytest.mark.parametrize("embed", [meaning.embed, None], ids=["meaning", "words"])
def test_a_service_takes_the_phrases_of_the_work_it_does_by_its_own_words(embed: Any) -> None:
    services = [
        Described("Hot and cold rooms", "Heating, cooling, thermostats and ventilation", ["my room is freezing"]),
        Described("Payslips", "Pay, overtime, stipends and timesheets", ["my paycheck is wrong"]),
        Described("Llama grooming", "", []),
    ]
    found = {kind.name: services[at].name for kind, at in done_by(services, embed=embed)}
    assert found["heating and cooling"] == "Hot and cold rooms"
    assert found["pay and timesheet"] == "Payslips"
    assert "Llama grooming" not in found.values()
    assert "late or missed bus today" not in found  # nobody does that here
    assert list(done_by([], embed=embed)) == []


def test_without_an_embedder_services_are_known_by_words(here: Cast, speechless: None) -> None:
    assert starter_examples(described(), embed=meaning.embed)
    assert matching.ALIKE_BY_WORDS < matching.ALIKE


def test_a_spanish_message_is_placed_on_the_first_day(trained: Cast) -> None:
    choice = triage.decide(a_ticket(trained, text=SPANISH), SPANISH, now=NOW)
    assert choice.team == trained.technology


# --- languages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "The bus is late again",
        "boys rr by gym overflow",
        "wifi down rm 12",
        "",
        "😀",
        "12345",
        "José's bus was late and he is cold",
        "PO 4471",
    ],
)
def test_what_the_embedder_may_read(text: str) -> None:
    assert is_english(text)


@pytest.mark.parametrize(
    "text",
    [SPANISH, "El autobús no llegó", "Автобус опоздал", "校车迟到了", "Xe buýt của con tôi không đến sáng nay", "الحافلة لم تأت",
     "스쿨버스가 안 왔어요", "Baska carruurtaydu weli ma imaan waxaan sugaynaa", "O ônibus não veio e meu filho está com frio",
     "Der Bus ist nicht gekommen", "Le bus est en retard et il ne vient pas"],
)  # fmt: skip
def test_what_it_may_not_read(text: str) -> None:
    assert not is_english(text)


# --- meaning --------------------------------------------------------------------------------------------------------------


def test_other_words_of_the_same_meaning_are_placed(trained: Cast) -> None:
    if not nearness.engine():
        pytest.skip("no embedder on this machine")
    text = "my kid has been standing at the corner for half an hour and nobody drove by"
    assert triage.decide(a_ticket(trained, text=text), text, now=NOW).team in (trained.transportation, trained.front_office)
    model = classifier.active()
    assert model is not None
    assert model.memory is not None
    assert classifier.by_team(model.labels, classifier.probabilities(model.scores(text), model.temperature))
    best = int(np.argmax(model.scores(text)))
    assert model.labels[best][1] == trained.transportation.id


def test_a_model_learned_with_meanings_places_without(trained: Cast, speechless: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "one", lambda text: None)
    text = "I forgot my password and I am locked out of my account"
    assert triage.decide(a_ticket(trained, text=text), text, now=NOW).team == trained.technology


def test_learning_without_an_embedder_goes_by_words(here: Cast, speechless: None) -> None:
    row = training.retrain(here.district.id, now=NOW)
    assert row is not None
    model = classifier.active()
    assert model is not None
    assert model.memory is None


def test_an_embedder_that_comes_later_is_learned_with(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(meaning, "loaded", lambda: meaning.Loaded(None))
        training.retrain(here.district.id, now=NOW)
    if nearness.engine():
        assert training.retrain(here.district.id, now=NOW) is not None
    assert training.retrain(here.district.id, now=NOW) is None


def test_what_was_computed_is_not_computed_again(trained: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    model = classifier.active()
    assert model is not None
    if model.memory is None:
        pytest.skip("no embedder on this machine")
    asked: list[str] = []
    embed = meaning.embed

    def watched(texts: Sequence[str]) -> Floats | None:
        asked.extend(texts)
        return embed(texts)

    monkeypatch.setattr(meaning, "embed", watched)
    again = nearness.rows(["the bus did not come", "the moon is out"], before=nearness.known(model.memory))
    assert asked == ["the moon is out"]
    assert again is not None
    assert again.any(axis=1).all()


def test_a_kept_model_keeps_its_memory(trained: Cast) -> None:
    model = classifier.active()
    assert model is not None
    again = classifier.unpack(classifier.pack(model, b"0" * 32))
    assert (again.memory is None) == (model.memory is None)
    assert np.allclose(again.scores("the bus"), model.scores("the bus"), atol=0.02)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "😀😀😀",
        "x" * 1_000_000,
        "palabra " * 125_000,
        "Автобус",
        "校车",
        "الحافلة",
        "aGVsbG8gd29ybGQ=" * 3000,
        "\x00",
        "> quoted\n" * 4000,
    ],
)
def test_anything_is_placed_within_two_seconds(trained: Cast, text: str) -> None:
    ticket = a_ticket(trained, text="a")
    triage.decide(ticket, "warm", now=NOW)
    started = time.process_time()
    choice = triage.decide(ticket, text, now=NOW)
    assert time.process_time() - started < 2
    assert choice.team
    assert choice.engine


# --- rehearsed and measured -----------------------------------------------------------------------------------------------


LABELS: dict[str, Any] = {
    "service": "password-reset", "team": "technology", "acceptable_teams": [], "urgency": "normal", "site": None, "room": None,
    "asset_tag": None, "crisis": False,
}  # fmt: skip
MESSAGE = {
    "id": "R1", "channel": "chat", "persona": "teacher", "language": "en", "subject": None,
    "body": "I forgot my password and I am locked out of my account", "labels": LABELS,
}  # fmt: skip
KEYS = set(
    "id service team teams urgency site room asset_tag people second_services crisis spam confidence automatic tier engine"
    " reasons".split()
)


def rehearsed(here: Cast, monkeypatch: pytest.MonkeyPatch, capsys: Any, *lines: str, cold: bool = False) -> list[dict[str, Any]]:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    call_command("triage", json=True, district=here.district.slug, cold=cold)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"id"' in line]


def test_the_command_triages_lines_and_leaves_nothing(here: Cast, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    danger = {"id": 2, "body": "a student says he wants to kill himself today", "channel": "web"}
    found = rehearsed(
        here, monkeypatch, capsys, json.dumps(MESSAGE), "", json.dumps(danger), "{", "[]", '{"id": 5, "body": 5}', cold=True
    )
    first, crisis, *wrong = found
    assert set(first) == KEYS
    assert (first["service"], first["team"], first["teams"][0]) == ("password-reset", "technology", "technology")
    assert first["automatic"]
    assert first["engine"] == "classifier"
    assert (crisis["crisis"], crisis["team"], crisis["urgency"], crisis["spam"]) == (True, "safety", "urgent", False)
    assert [one["id"] for one in wrong] == [None, None, 5]
    assert all("error" in one for one in wrong)
    assert not Ticket.objects.exists()
    assert not Decision.objects.exists()
    assert not TrainedModel.objects.exists()


def test_it_uses_the_model_in_use_where_there_is_one(trained: Cast, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def never() -> Model | None:
        raise AssertionError("trained anew")

    monkeypatch.setattr("routing.rehearsal.cold_model", never)
    [one] = rehearsed(trained, monkeypatch, capsys, json.dumps(MESSAGE))
    assert one["team"] == "technology"


def test_people_and_a_second_matter_are_told(here: Cast, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    body = "My name is Rosalind Okafor. The bus did not come this morning and where is the bus. I forgot my password for my account."
    [one] = rehearsed(here, monkeypatch, capsys, json.dumps({"id": 1, "persona": "teacher", "body": body, "channel": "email"}))
    assert "Rosalind Okafor" in one["people"]
    assert {one["service"], *one["second_services"]} <= {"bus-late", "password-reset", None}


def test_selling_is_told_and_asking_about_it_is_not() -> None:
    assert is_pitch("Dear principal, our platform gives a discount. Book a demo: http://x.test")
    assert not is_pitch("I got an email about gift cards from the superintendent, kindly tell me, is this real")
    assert not is_pitch("The bus is late again and my daughter is cold")


def test_the_measure_tells_every_figure_and_fits_nothing(here: Cast, tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text(json.dumps(MESSAGE) + "\n" + json.dumps(MESSAGE | {"id": "R2", "labels": LABELS | {"team": None, "service": None}}))
    found = measured.measure(file, False)
    assert found["requests with a team"] == 1
    assert found["team right"] == found["team among the best three"] == 1.0
    for wrong in ("{", "[]", '{"body": "x"}'):
        file.write_text(wrong)
        with pytest.raises(NotASet):
            measured.measure(file, False)
    with pytest.raises(NotASet):
        measured.measure(file, True)


def test_figures_are_what_they_say() -> None:
    assert figures.at_precision([0.9, 0.8, 0.7, 0.6], [True, True, False, False]) == 0.5
    assert figures.calibration([0.95] * 20, [True] * 19 + [False]) == 0.0
    assert figures.calibration([0.95] * 20, [True] * 10 + [False] * 10) == pytest.approx(0.45)
    assert figures.macro_f1([("a", "a"), ("b", "a")]) == pytest.approx(0.333, abs=0.001)
