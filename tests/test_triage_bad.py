"""Bad input, from the mail's bytes to its place: always placed, within two seconds of a worker's time, and it says by which engine."""

import base64
import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from districts.models import Service
from knowledge.embedding import meaning
from knowledge.models import Article
from routing import classifier, placing, training
from routing.governing import versions
from routing.models import Decision, TrainedModel
from tests.conftest import NOW, Cast, sign_in
from tests.test_intake_mail import a_mail, deliver, doors, ticket_of
from tests.test_intake_web import submit
from tests.test_triage import SURE
from tickets.models import Event, Ticket

__all__ = ["doors"]
SECONDS = 2.0  # on a machine of which nobody else wants anything, see `within`
ENGINES = {"crisis", "asked", "channel", "rule", "classifier", "model", "front_office"}
LANGUAGES = {
    "es": "El autobús no llegó a la parada esta mañana",
    "zh": "今天早上校车没有来，孩子还在车站等着",
    "vi": "Sáng nay xe buýt không đến đón con tôi",
    "ar": "لم تصل الحافلة هذا الصباح إلى المحطة",
    "so": "Basku ma iman saaka, ilmahaygu wuu sugayaa",
    "ru": "Сегодня утром автобус не приехал",
    "tl": "Hindi dumating ang bus kaninang umaga",
    "ko": "오늘 아침 버스가 오지 않았습니다",
    "pt": "O ônibus não veio hoje de manhã",
    "ht": "Bis la pa t vini maten an",
    "hi": "आज सुबह बस नहीं आई",
}
MEGABYTE = "The bus did not come to the stop again. " * 26_000


@pytest.fixture
def trained(doors: Cast) -> Cast:
    assert training.retrain(doors.district.id, now=NOW) is not None
    meaning.one("warm")
    return doors


def within(seconds: float) -> float:
    """As much longer as it takes where others compute beside."""
    return seconds * max(1.0, 1.5 * os.getloadavg()[0] / (os.cpu_count() or 1))


def placed(cast: Cast, ticket: Ticket) -> Decision:
    """By a worker; in its time."""
    began = time.perf_counter()
    assert placing.drain(cast.district.id) == 1
    took = time.perf_counter() - began
    ticket.refresh_from_db()
    assert ticket.placed_at is not None
    assert ticket.team_id is not None
    decision = Decision.objects.get(ticket=ticket)
    assert decision.engine in ENGINES
    assert decision.reasons
    assert Event.objects.get(ticket=ticket, kind=Event.Kind.PLACED).data["engine"] == decision.engine
    assert took < within(SECONDS), f"{took:.2f} s"
    return decision


def by_mail(cast: Cast, text: str, **headers: str) -> Decision:
    return placed(cast, ticket_of(deliver(cast, a_mail(text, **headers))))


def by_form(cast: Cast, text: str) -> Decision:
    ticket = submit(text).ticket
    assert ticket is not None
    return placed(cast, ticket)


CHAIN = "\n".join(
    f"{'>' * depth} On Tue, Nov 3, 2026 at 10:00 AM Somebody {depth} <p{depth}@family.example> wrote:\n{'>' * depth} See below, the"
    f" bus of stop {depth} did not come."
    for depth in range(1, 41)
)  # fmt: skip
BAD = {
    "empty": "", "blank": " \n\t \u00a0 \u200b ", "a megabyte": MEGABYTE, "an emoji": "🚌", "emojis": "🚌😭😭🙏" * 40,
    "base64": base64.b64encode(bytes(range(256)) * 400).decode(), "a chain of forty": f"Please see below.\n\n{CHAIN}",
    "one word of a megabyte": "a" * 1_000_000, "accents piled up": "e" + "\u0301" * 100_000, "punctuation": "?!…" * 20_000,
    "numbers": "4155550100 " * 20_000, "nul bytes as text": "the bus\\x00 did not come",
    "right to left marks": "\u202e\u202dthe bus\u202c",
    "html": "<table>" * 5_000 + "the bus" + "</table>" * 5_000, "sentences without end": "and then the bus " * 10_000,
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_mail_is_placed(trained: Cast, kind: str) -> None:
    by_mail(trained, BAD[kind])


@pytest.mark.parametrize("kind", [kind for kind in BAD if BAD[kind].strip(" \n\t\u00a0\u200b")])
def test_a_bad_form_is_placed(trained: Cast, kind: str) -> None:
    by_form(trained, BAD[kind])


@pytest.mark.parametrize("language", LANGUAGES)
def test_eleven_languages(trained: Cast, language: str) -> None:
    decision = by_mail(trained, LANGUAGES[language], Subject="")
    assert decision.team in (trained.front_office, trained.transportation), "unsure, or right"


def test_a_mail_in_parts_of_base64(trained: Cast) -> None:
    raw = a_mail("x", Subject="").replace(
        b"Content-Transfer-Encoding: 7bit\n\nx\n", b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(SURE.encode())
    )
    decision = placed(trained, ticket_of(deliver(trained, raw)))
    assert decision.team in (trained.technology, trained.front_office)


def test_no_subject_and_no_text(trained: Cast) -> None:
    decision = by_mail(trained, "", Subject="")
    assert (decision.engine, decision.team) == ("front_office", trained.front_office)


# --- the classifier -----------------------------------------------------------------------------------------------------


def _of_another_version(blob: bytes) -> bytes:
    return b"FDC9" + blob[4:]


def _other_parts(blob: bytes) -> bytes:
    """Weights of another model than its words: signed, and yet of no use."""
    model = classifier.unpack(blob)
    object.__setattr__(model, "weights", model.weights[:-3])
    return classifier.pack(model, b"x" * 32)


def _without_labels(blob: bytes) -> bytes:
    model = classifier.unpack(blob)
    object.__setattr__(model, "labels", [])
    return classifier.pack(model, b"x" * 32)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "missing": lambda blob: b"", "cut": lambda blob: blob[: len(blob) // 2], "of another version": _of_another_version,
    "noise": lambda blob: b"FDC2" + b"\x00" * 5000, "other parts": _other_parts, "without labels": _without_labels,
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("signed", [True, False])
def test_a_classifier_that_cannot_be_read(trained: Cast, damage: str, signed: bool) -> None:
    row = TrainedModel.objects.get()
    row.blob = DAMAGE[damage](bytes(row.blob))
    if signed:
        row.digest = classifier.sign(row.blob, district_id=trained.district.id, version=row.version)
    row.save()
    decision = by_mail(trained, SURE)
    assert (decision.engine, decision.team) == ("front_office", trained.front_office)
    assert versions.problem()
    page = sign_in(trained.ada, trained.district).get("/setup/triage/").content.decode()
    assert "cannot be used" in page
    assert "cannot be read" in sign_in(trained.ada, trained.district).get("/setup/triage/versions/").content.decode()
    again = training.retrain(trained.district.id, now=NOW)
    assert again is not None, "the next training replaces it"
    assert not versions.problem()


def test_the_row_of_the_classifier_is_gone(trained: Cast) -> None:
    TrainedModel.objects.all().delete()
    assert by_mail(trained, SURE).engine == "front_office"
    assert "Nothing has been learned" in sign_in(trained.ada, trained.district).get("/setup/triage/").content.decode()


def test_reading_fails_in_the_middle(trained: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(classifier.Model, "scores", broken)
    decision = by_mail(trained, SURE)
    assert decision.engine == "front_office"
    assert "MemoryError" in decision.reasons[0]


def test_no_embedder(doors: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    training.retrain(doors.district.id, now=NOW)
    monkeypatch.setattr(meaning, "one", lambda text: None)
    by_mail(doors, SURE)


# --- the catalog --------------------------------------------------------------------------------------------------------


def test_no_articles(trained: Cast) -> None:
    Article.objects.all().delete()
    by_mail(trained, SURE)


def test_one_service_only(doors: Cast) -> None:
    Service.objects.exclude(id=doors.bus_late.id).update(active=False)
    training.retrain(doors.district.id, now=NOW)
    by_mail(doors, "the bus is late")


def test_no_service_at_all(doors: Cast) -> None:
    Service.objects.update(active=False)
    assert training.retrain(doors.district.id, now=NOW) is None or TrainedModel.objects.exists()
    assert by_mail(doors, "the bus is late").team in (doors.front_office, doors.transportation, doors.technology)


def test_every_service_was_closed_since_it_was_trained(trained: Cast) -> None:
    Service.objects.update(active=False)
    assert by_mail(trained, SURE).engine == "front_office"
