"""How pressing a message is: by facts, in the district's own order of things."""

import json
from pathlib import Path
from typing import Any

import pytest

from districts.models import Priority
from knowledge.embedding import meaning
from routing import triage
from routing.pressing import judging
from routing.pressing.cues import cues, groups, names
from routing.starter.kinds import kinds
from routing.triage import Question
from routing.words import fold
from tests.conftest import Cast, a_ticket

ASKS = "Hi, how do I change the picture on my staff page? No rush at all."
STANDS_STILL = "Internet is out in the whole building, nobody can take attendance and the state test starts in 10 minutes"
CHILD = "My son is six, the bus came and he was NOT on it, nobody at school knows where he is"


def degree(here: Cast, text: str, **more: Any) -> Priority:
    return Priority(triage.answer(Question(a_ticket(here, text=text, **more), text)).priority)


def test_facts_count_and_not_capitals(here: Cast) -> None:
    assert degree(here, STANDS_STILL) == Priority.URGENT
    assert degree(here, CHILD) == Priority.URGENT
    assert degree(here, ASKS) == Priority.LOW
    assert degree(here, ASKS.upper()) >= Priority.NORMAL


def test_it_is_told_in_spanish_too(here: Cast) -> None:
    assert degree(here, "mi hija no ha llegado y el camión pasó hace una hora, está sola en la parada") == Priority.URGENT
    assert degree(here, "¿a qué hora es el partido del viernes y cuánto cuesta la entrada?") == Priority.LOW


def test_words_of_an_emergency_make_it_urgent_whatever_else_is_read(here: Cast) -> None:
    assert degree(here, "When you have time, could somebody look at the kitchen? There is a smell of gas.") == Priority.URGENT


def test_a_service_that_was_asked_for_keeps_its_priority_at_least(here: Cast) -> None:
    assert degree(here, "thank you so much, how do I get the app?", service=here.bus_late) == Priority.URGENT


def test_a_service_that_was_only_read_loses_a_step_at_most(here: Cast) -> None:
    question = Question(a_ticket(here, text=ASKS), ASKS)
    assert triage.pressing(question, here.bus_late) == Priority.URGENT + triage.STEP


def test_a_rule_says_its_own_priority(here: Cast) -> None:
    from_rule = triage.Choice("rule", here.front_office, priority=Priority.HIGH)
    assert from_rule.engine in triage.SAID


def test_without_an_embedder_words_tell(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meaning, "loaded", lambda: meaning.Loaded(None))
    assert degree(here, STANDS_STILL) == Priority.URGENT
    assert degree(here, ASKS) == Priority.LOW


@pytest.mark.parametrize("text", ["", "?", "😀", "x" * 1_000_000, "a " * 500_000, "\x00", "Автобус", "校车"])
def test_anything_has_a_degree(here: Cast, text: str) -> None:
    question = Question(a_ticket(here), text)
    chances = judging.chances(text, question.usual)
    assert chances.shape == (4,)
    assert chances.sum() == pytest.approx(1, abs=1e-3)


def test_the_weights_were_fitted_to_these_cues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = json.loads(judging.WEIGHTS.read_text())
    assert kept["cues"] == names()
    changed = tmp_path / "weights.json"
    changed.write_text(json.dumps(kept | {"cues": ["other"]}))
    monkeypatch.setattr(judging, "WEIGHTS", changed)
    judging.weights.cache_clear()
    with pytest.raises(ValueError, match="fit_urgency"):
        judging.weights()
    judging.weights.cache_clear()


def test_a_cue_counts_a_word_once_and_a_few_words_at_most() -> None:
    place = names().index("thanks")
    assert cues("thank you for this")[place] == cues("thank you for this, thank you for that")[place]
    assert set(groups()) <= set(names())
    assert fold("¡Ahorita!") == "ahorita"


def test_the_starter_pack_knows_every_degree() -> None:
    said = {degree for kind in kinds() for _language, degree, _phrase in kind.pressing}
    assert said == {"urgent", "high", "normal", "low"}
    assert all(kind.pressing for kind in kinds())
