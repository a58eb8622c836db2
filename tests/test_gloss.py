"""Messages in other languages, word by word in English: for the engines that read nothing else."""

import pytest

from knowledge.embedding import meaning
from routing import nearness, rehearsal
from routing.gloss import reading
from routing.words import fold
from tests.conftest import NOW, Cast, a_ticket


@pytest.mark.parametrize("glossary", reading.glossaries(), ids=lambda glossary: str(glossary.language))
def test_every_word_of_a_glossary_can_be_met(glossary: reading.Glossary) -> None:
    """A variant that is not folded as messages are is never found."""
    assert len(glossary.phrases) + len(glossary.stems) > 150
    for words, english in glossary.phrases.items():
        assert fold(" ".join(words)) == " ".join(words)
        assert english.isascii()
        assert english
    for stem, english in glossary.stems.items():
        assert fold(stem) == stem
        assert len(stem) >= reading.STEM
        assert english.isascii()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("El camión 7 no pasó y mi niña está sola", "bus 7 did not come girl alone"),
        ("Perdimos las contraseñas de mis hijas", "lost password daughters"),
        ("xe buýt số 4 chưa tới, con tôi đợi", "bus 4 has not arrived my child waiting"),
        ("Wiilkayga ma geli karo kombiyuutarka", "my son cannot log in computer"),
        ("Дочка забыла рюкзак в автобусе", "daughter left behind backpack bus"),
        ("我的孩子今天生病了，要请假", "my child today sick absent from school"),
        ("我儿子进不去Chromebook", "my son cannot log in chromebook"),
    ],
)  # fmt: skip
def test_what_a_message_is_about_is_told_in_english(text: str, wanted: str) -> None:
    told = reading.in_english(text, {"chromebook"})
    assert told
    assert set(wanted.split()) <= set(told.split()), told


def test_the_longest_phrase_is_taken() -> None:
    told = reading.in_english("la llave del agua gotea")
    assert told
    assert "faucet" in told
    assert "key" not in told


@pytest.mark.parametrize("text", ["", "   ", "😀", "%PDF-1.4 stream", "zzz qqq xxx www", "ქართული ენა არის ლამაზი", "x" * 100_000])
def test_a_language_that_is_not_known_is_not_guessed(text: str) -> None:
    assert reading.in_english(text) is None


def test_no_more_is_read_than_a_page() -> None:
    told = reading.in_english("camión " * 100_000)
    assert told
    assert len(told.split()) == reading.MOST


def test_english_stays_as_it_is() -> None:
    text = "The bus did not come and my son is still waiting"
    assert nearness.spoken(text) == text


def test_a_message_in_a_language_that_no_phrase_was_learned_of_goes_where_it_belongs(here: Cast) -> None:
    """The catalog and the phrases of the trade are in English and Spanish."""
    if not meaning.loaded().engine:
        pytest.skip("no embedder on this machine")
    model = rehearsal.cold_model()
    assert model
    ticket = a_ticket(here)
    found = [
        rehearsal.rehearse({"body": text}, model, office=ticket.team, now=NOW)
        for text in ("Я учитель, не могу войти в компьютер, забыл пароль", "xe buýt chưa tới, con tôi đợi 20 phút")
    ]
    assert [one.best[0].team.slug if one.best else "" for one in found] == ["technology", "transportation"]
