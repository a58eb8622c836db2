"""Danger that is told in no word of danger; and what only sounds so."""

import pytest

from knowledge.embedding import meaning
from routing import nearness
from routing.danger import hearing
from routing.danger.crisis import screen
from routing.starter.dangers import HARMLESS as HARMLESS_KIND
from routing.starter.dangers import by_kind
from routing.starter.messages import messages
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
    assert hearing.heard(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_sounds_so_raises_no_alarm(text: str) -> None:
    assert hearing.heard(text) is None


@pytest.mark.parametrize("text", ["", "?", "😀", "x" * 200_000, "the bus is late. " * 5000])
def test_nothing_is_heard_in_nothing(text: str) -> None:
    assert hearing.heard(text) is None


def test_the_phrases_themselves_are_told_apart() -> None:
    """Each against the others: a phrase that the rest would place on the wrong side is a mistake of the list."""
    said = by_kind()
    missed = [phrase for kind, own in said.items() if kind != HARMLESS_KIND for phrase in own if hearing.heard(phrase) is None]
    assert len(missed) <= 2, missed
    wrong = [phrase for phrase in said[HARMLESS_KIND] if hearing.heard(phrase)]
    assert wrong == []


def test_without_an_embedder_words_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "loaded", lambda: meaning.Loaded(None))
    assert hearing.heard("I want to kill myself") == screen("I want to kill myself")
    assert hearing.heard(TOLD[0])
    assert sum(hearing.heard(text) is not None for text in HARMLESS) <= 1, "words alone tell a little less well"


def test_meaning_is_asked_for_only_where_words_leave_it_open(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(nearness, "row", lambda text: asked.append(text))
    assert hearing.heard("The projector in room 12 shows no picture since Monday") is None
    assert asked == []
    assert hearing.heard(TOLD[0])  # by its words, since there is no meaning to be had
    assert asked


def test_one_sentence_of_a_long_letter_is_heard() -> None:
    told = "We had a lovely week at the farm and the children liked the goats. " * 3
    before = " ".join(f"Thank you for number {n} of the things that you have sent us this year." for n in range(12))
    alarm = hearing.heard(f"{told}{before} {TOLD[1]} {before} Yours, Ann")
    assert alarm
    assert "their secret" in alarm.words or "lies down" in alarm.words


@pytest.mark.parametrize("told", TOLD)
def test_courtesies_drown_nothing(told: str) -> None:
    assert hearing.heard(f"Good morning, Ms. Lee!\n\n{told}.\n\nThank you so much,\nAnn")
    assert hearing.heard(f"Hola, buenas tardes. {told}. Gracias, Ana")


@pytest.mark.parametrize("said", ["Hello", "Thanks, Ann", "hi there!", "Gracias"])
def test_a_courtesy_alone_is_no_danger(said: str) -> None:
    assert hearing.heard(said) is None


def test_messages_of_many_authors_are_told_apart() -> None:
    """They are what it was fitted to: what it reaches on others is told by `fit_danger`."""
    some = [one for at, one in enumerate(messages()) if one.danger is not None and at % 7 == 0]
    heard = {danger: [hearing.heard(one.text) is not None for one in some if one.danger is danger] for danger in (True, False)}
    assert sum(heard[True]) > 0.9 * len(heard[True])
    assert sum(heard[False]) < 0.02 * len(heard[False])


def test_it_goes_to_the_safety_team_with_the_sentence(here: Cast) -> None:
    choice = answer(Question(a_ticket(here, text=f"Hello. {TOLD[2]}. Thanks, Ann"), f"Hello. {TOLD[2]}. Thanks, Ann"))
    assert choice.engine == "crisis"
    assert choice.crisis
    assert choice.team.is_safety
    assert "assistant coach" in choice.reasons[0]
