"""Which words end texts, begin them again, ask for help, or answer a question; and which only seem to."""

import pytest

from intake.channels.sms_words import answer, keyword, wishes_silence

SILENCE = """
stop texting me | Please stop texting me!! | Don't text me anymore | do not text me again | Stop sending me texts | stop all texts
no more texts | No more messages please | please remove me from your list | Remove me from this text list | Opt me out please
I want to opt out | I would like to unsubscribe | please stop | STOP PLEASE | quit texting me | stop contacting me | i revoke my consent
my son is sick today. Stop texting me | Please stop texting me, my son is sick | hi, could you stop texting me? thanks
I don’t want any more texts | stop sending texts to this number | never text me again | opt out of these texts
Por favor no me envíen más mensajes | deje de enviarme mensajes | no me escriban más | No más mensajes | no mas
ya no quiero recibir mensajes | quítenme de su lista | quiero darme de baja | No quiero que me manden más mensajes
"""
REQUESTS = """
stop the bus from leaving early | Please stop the charger from beeping | the bus stop is closed | help me | the end of the line
Stop sending the bus so early | please cancel | please cancel the bus for tomorrow | stop calling my son names | no more | no messages
The kids do not stop texting in class | my daughter won't stop texting | Do not text me while I drive, call me | stop it
Please don't contact me at work | stop sending me messages about the bus | remove me from the bus list | I want to cancel
Take my son off the lunch list | can you stop at Maple and 5th | please stop by my office | stop bothering me | leave me alone
No quiero que mi hijo camine | no me mandaron la tarea | deje de pasar el autobús | pare el autobús en Maple | dejen de molestarme
unsubscribe my son from the newsletter | remove my son from your list | Stop texting him | Texting is not working
he keeps telling me to stop texting him, is that bullying | stop the messages on the classroom screen
"""


def each(block: str) -> list[str]:
    return [line.strip() for row in block.strip().splitlines() for line in row.split(" | ")]


@pytest.mark.parametrize("body", each(SILENCE))
def test_a_clear_wish_for_silence_is_honoured_however_it_is_worded(body: str) -> None:
    assert wishes_silence(body)


@pytest.mark.parametrize("body", each(REQUESTS))
def test_a_request_is_never_taken_for_one(body: str) -> None:
    assert not wishes_silence(body)
    assert keyword(body) == ""


@pytest.mark.parametrize(
    ("words", "means"),
    [
        ("STOP stop. Stopall UNSUBSCRIBE cancel End quit REVOKE OptOut opt-out remove TD Arrêt ALTO pare basta Cancelar baja", "stop"),
        ("START unstop OptIn subscribe Iniciar comenzar", "start"),
        ("HELP help! Info ¡Ayuda! información", "help"),
        ("yes no si 1 2 bus stops helping alta", ""),
    ],
)
def test_keywords(words: str, means: str) -> None:
    assert {word: keyword(word) for word in words.split()} == dict.fromkeys(words.split(), means)


def test_two_words_of_one_keyword_and_the_providers_own_reading() -> None:
    assert keyword("opt out") == keyword(" STOP ALL ") == "stop"
    assert keyword("ARRÊT TOUT", "STOP") == "stop"
    assert keyword("the bus", "SOMETHING") == ""


@pytest.mark.parametrize(
    ("body", "means"),
    [("YES", "yes"), (" Sí! ", "yes"), ("si", "yes"), ("Y", "yes"), ("1", "yes"), ("No.", "no"), ("n", "no"), ("2", "no"),
     ("yes it is", ""), ("no bus today", ""), ("14", ""), ("", ""), ("yes" + " " * 60, "")],
)  # fmt: skip
def test_yes_and_no(body: str, means: str) -> None:
    assert answer(body) == means


def test_a_long_message_costs_little() -> None:
    assert not wishes_silence("please stop the the the " * 4_000)
    assert not wishes_silence("a" * 50_000)
