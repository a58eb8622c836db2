"""Danger that is told in no word of danger; and what only sounds so."""

import pytest

from knowledge.embedding import meaning
from routing import danger
from routing.crisis import screen
from routing.starter.dangers import HARMLESS as HARMLESS_KIND
from routing.starter.dangers import by_kind
from routing.triage import Question, answer
from tests.conftest import Cast, a_ticket

TOLD = [
    "She handed me her necklace and said I can keep it, she will not need it where she is going. I have not heard from her since.",
    "A student of mine writes that her mother's friend lies down next to her when the others sleep and that it is their secret.",
    "the new assistant coach writes to my son after midnight and wants photos without a shirt, and he must not tell us",
    "a man we do not know takes pictures of the little ones through the fence and asked one for her name",
    "kid in 5th said he is going 2 go to sleep and never wake up",
    "mi hija escribió que ya no quiere despertar y se despidió de sus amigas",
]
HARMLESS = [
    "The copier eats every second page, I will murder it one day",
    "my mom is literally going to kill me when she sees this grade",
    "Disculpe la molestia, ¿cuándo abre la inscripción?",
    "mi hija no quiere ir a la escuela porque le duele la panza",
    "Our dog died on Sunday and the twins are sad, is there a group for it?",
    "The coach texts practice times late, could he use the app?",
    "She gave me her notes before she moved to Texas, can they be copied?",
    "Please take my late husband off the call list",
    "A van is parked across two spaces in the staff lot",
    "He goes to sleep in second period, is that the new medicine?",
    "the projector keeps going to sleep and wont wake up",
]


@pytest.fixture(autouse=True)
def _embedder() -> None:
    if not meaning.loaded().engine:
        pytest.skip("no embedder on this machine")


@pytest.mark.parametrize("text", TOLD)
def test_danger_is_heard_without_its_words(text: str) -> None:
    assert danger.heard(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_sounds_so_raises_no_alarm(text: str) -> None:
    assert danger.heard(text) is None


@pytest.mark.parametrize("text", ["", "?", "😀", "x" * 200_000, "the bus is late. " * 5000])
def test_nothing_is_heard_in_nothing(text: str) -> None:
    assert danger.heard(text) is None


def test_the_phrases_themselves_are_told_apart() -> None:
    """Each against the others: a phrase that the rest would place on the wrong side is a mistake of the list."""
    said = by_kind()
    missed = [phrase for kind, own in said.items() if kind != HARMLESS_KIND for phrase in own if danger.heard(phrase) is None]
    assert len(missed) <= 2, missed
    wrong = [phrase for phrase in said[HARMLESS_KIND] if danger.heard(phrase)]
    assert wrong == []


def test_without_an_embedder_words_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "loaded", lambda: meaning.Loaded(None))
    assert danger.heard("I want to kill myself") == screen("I want to kill myself")
    assert danger.heard(TOLD[0]) is None


def test_it_goes_to_the_safety_team_with_the_sentence(here: Cast) -> None:
    choice = answer(Question(a_ticket(here, text=f"Hello. {TOLD[2]}. Thanks, Ann"), f"Hello. {TOLD[2]}. Thanks, Ann"))
    assert choice.engine == "crisis"
    assert choice.crisis
    assert choice.team.is_safety
    assert "assistant coach" in choice.reasons[0]
