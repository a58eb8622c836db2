"""Words of danger are found; idioms and school business are not taken for them."""

import time

import pytest

from routing.danger.crisis import screen

DANGER = [
    ("I want to kill myself", "self_harm"),
    ("my daughter says she wants to die", "self_harm"),
    ("i dont want to be alive anymore", "self_harm"),
    ("I don’t want to live.", "self_harm"),
    ("a student wrote a suicide note", "self_harm"),
    ("my friend took a whole bottle of pills", "self_harm"),
    ("there are cuts on her arms", "self_harm"),
    ("everyone is better off without me", "self_harm"),
    ("by the time you read this I will be gone", "self_harm"),
    ("kms fr", "self_harm"),
    ("mi hija dice que se quiere morir", "self_harm"),
    ("Me quiero quitar la vida", "self_harm"),
    ("ya no quiero vivir", "self_harm"),
    ("mi hijo dijo que se quiere matar", "self_harm"),
    ("he said he is going to shoot up the school on Friday", "threat"),
    ("someone is trying to kill me", "threat"),
    ("he threatened to kill my daughter after class", "threat"),
    ("nobody come to school thursday im not joking", "threat"),
    ("dice que va a matar a todos mañana", "threat"),
    ("lo amenazaron de muerte en el baño", "threat"),
    ("a student showed me a knife in his backpack", "weapon"),
    ("I saw a boy with a gun on the bus", "weapon"),
    ("there's a bomb in the gym", "weapon"),
    ("there was a shooting near the bus stop", "weapon"),
    ("un alumno trae una pistola en la mochila", "weapon"),
    ("hay un hombre con un cuchillo afuera", "weapon"),
    ("my stepdad beats me when he drinks", "abuse"),
    ("she told me her uncle touches her", "abuse"),
    ("im scared to go home tonight", "abuse"),
    ("a first grader came in with belt marks on his legs", "abuse"),
    ("A man tried to grab my daughter at the bus stop", "abuse"),
    ("temporary protection order against their father, he may come to pick them up today", "abuse"),
    ("el padrastro le pega a la niña", "abuse"),
    ("vi moretones en su espalda", "abuse"),
    ("tiene miedo de volver a su casa", "abuse"),
]

HARMLESS = [
    "this class is killing me",
    "principal's going to kill me if I don't get this projector fixed",
    "my mom is gonna kill me i lost my chromebook",
    "The heat is killing us in room 12",
    "shoot me an email when it's ready",
    "When is the active shooter drill?",
    "We need a hot glue gun for art, and the staple gun is missing",
    "battery keeps dying, the printer died again",
    "dying to know when the gym is free",
    "I could just die of embarrassment",
    "suicide prevention training clock hours",
    "coach has us running suicides",
    "The photo shoot for the yearbook",
    "he bombed the test and wants a retake",
    "shooting guard needs an eligibility form",
    "cut himself on the slide, needs a band-aid",
    "hurt herself on the playground",
    "kill the lights in the auditorium and the weeds by the fence",
    "bath bomb fundraiser, shotgun start at the golf fundraiser",
    "child abuse reporting training expired",
    "threatening to snow, will school close?",
    "the vendor threatens to cancel our account",
    "it beats me why the copier jams",
    "the bus driver hit my mailbox",
    "hit us with a late fee",
    "threat of snow tomorrow",
    "kitchen knife sharpening service",
    "my son didn't get off the bus",
    "Please add the restraining order to her file when you have time",
    "my kid is being bullied at recess",
    "me muero de hambre, ¿cuándo es el almuerzo?",
    "la bomba de agua no funciona",
    "mi mamá me va a matar si no encuentro mi tableta",
    "simulacro de tirador activo",
    "pistola de silicón para el arte",
    "taller de prevención del suicidio",
    "amenaza de tormenta, ¿cierran mañana?",
    "the bus didn't come to Maple and 5th again",
    "",
]


@pytest.mark.parametrize(("text", "kind"), DANGER)
def test_words_of_danger_are_found(text: str, kind: str) -> None:
    alarm = screen(text)
    assert alarm is not None
    assert alarm.kind == kind


@pytest.mark.parametrize("text", HARMLESS)
def test_idioms_and_school_business_are_no_danger(text: str) -> None:
    assert screen(text) is None


def test_danger_is_found_beside_an_idiom() -> None:
    assert screen("My boss is going to kill me for asking, but a kid says he has a gun.") is not None


def test_danger_is_found_at_the_end_of_a_long_message() -> None:
    assert screen("The heat in room 12 is bad. " * 500 + "Also, my son says he wants to die.") is not None


@pytest.mark.parametrize("piece", ["he ", "mom ", "touch her ", "grown man a b c d e f ", "kill ", "has a b ", "\0\ud83d "])
def test_no_text_makes_it_slow(piece: str) -> None:
    started = time.perf_counter()
    screen(piece * (50_000 // len(piece)))
    assert time.perf_counter() - started < 2
