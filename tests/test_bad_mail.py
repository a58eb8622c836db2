"""Mail and files that break what reads them: the words come through, and the page for administrators does."""

import io
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image, TiffImagePlugin

from districts.jobs import LEASE, MAX_ATTEMPTS
from districts.scope import district_scope
from intake import actions
from intake.models import Channel, Envelope
from intake.receiving import receive
from knowledge import search
from knowledge import shelf as books
from knowledge.models import Article
from tests.conftest import Cast, sign_in, visitor
from tickets import darkroom, files, pictures
from tickets.models import Attachment, Message, Ticket
from tickets.refusal import Refused

PAT = "pat@cedar-family.example"
HEAD = b"From: Pat <pat@cedar-family.example>\r\nSubject: Boiler\r\n"


@pytest.fixture(autouse=True)
def shelf(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def write_down(raw: bytes, key: str) -> Envelope:
    source = Channel.objects.get_or_create(kind="email", address="help@cedar.localhost", defaults={"name": "Help"})[0]
    meta = {"return_path": PAT, "recipients": ["help@cedar.localhost"]}
    return actions.accept(source=source, channel="email", external_id=key, raw=raw, meta=meta, now=timezone.now())[0]


def a_mail(key: str, *, head: bytes = b"", body: bytes = b"The boiler leaks.") -> bytes:
    return HEAD + b"Message-ID: <" + key.encode() + b">\r\n" + head + b"\r\n" + body


def bad_photo() -> bytes:
    """A JPEG whose resolution is text, where a fraction is due."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x011A] = TiffImagePlugin.IFDRational(72)
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(out, "JPEG", exif=exif)
    data = out.getvalue()
    entry = b"\x01\x1a\x00\x05"
    assert entry in data
    return data.replace(entry, b"\x01\x1a\x00\x02")


@pytest.mark.parametrize("field", ["To", "Cc", "From", "Reply-To", "Sender", "X-Original-From"])
@pytest.mark.parametrize("value", [b"(" * 6_000, b"a:" * 4_000, b'"' * 5_000, b"<" * 5_000, b"[" * 5_000, b"\\" * 5_000 + b"@"])
def test_an_address_field_that_breaks_its_parser_takes_nothing_with_it(here: Cast, field: str, value: bytes) -> None:
    raw = a_mail("deep@x.example", head=field.encode() + b": " + value + b"\r\n")
    write_down(raw, "deep@x.example")
    receive.drain(here.district.id)
    assert Envelope.objects.get().state == Envelope.State.DONE, Envelope.objects.get().error
    assert Message.objects.get().text == "The boiler leaks."
    assert Ticket.objects.get().requester == here.pat


def test_the_page_of_what_came_in_survives_any_envelope(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with district_scope(cedar.district.id):
        for number, raw in enumerate((b"To: " + b"(" * 6_000 + b"\r\n\r\nx", b"", b"\0" * 500, b"From: \xff\xfe <", b"\r\n\r\n")):
            envelope = write_down(raw, f"k{number}")
            Envelope.objects.filter(id=envelope.id).update(state="dead", reason="RecursionError")
    admin = sign_in(cedar.ada, cedar.district)
    assert admin.get("/came-in/").status_code == 200

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("nobody foresaw it")

    monkeypatch.setattr(receive, "read", broken)
    page = admin.get("/came-in/")
    assert page.status_code == 200
    assert page.content.decode().count("RecursionError") >= 5


def test_a_photo_that_breaks_the_library_is_told_by_mail(here: Cast) -> None:
    part = b'Content-Type: multipart/mixed; boundary="b"\r\n'
    photo = bad_photo()
    body = b"--b\r\n\r\nThe boiler leaks.\r\n--b\r\nContent-Type: image/jpeg; name=boiler.jpg\r\n\r\n" + photo + b"\r\n--b--\r\n"
    write_down(a_mail("p@x.example", head=part, body=body), "p@x.example")
    receive.drain(here.district.id)
    assert Envelope.objects.get().state == Envelope.State.DONE
    assert Message.objects.get().text.startswith("The boiler leaks.")
    assert "boiler.jpg" in Message.objects.get().text


def test_a_photo_that_breaks_the_library_is_told_in_the_form(cedar: Cast) -> None:
    form = {"text": "Broken window", "contact": PAT, "step": "send", "form_id": "00000000-0000-4000-8000-000000000001"}
    answer = visitor(cedar.district).post("/", {**form, "photos": SimpleUploadedFile("window.jpg", bad_photo())})
    assert answer.status_code == 422
    assert "window.jpg" in answer.content.decode()
    assert "Broken window" in answer.content.decode()


def test_whatever_the_library_raises_the_picture_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (TypeError, MemoryError, ZeroDivisionError, AssertionError, RecursionError):
        monkeypatch.setattr(darkroom, "develop", mock.Mock(side_effect=error("made up")))
        with pytest.raises(Refused):
            pictures.made_anew(io.BytesIO(bad_photo()), "image/jpeg")


# --- time -------------------------------------------------------------------------------------------------------------


def test_an_envelope_that_takes_too_long_fails_and_the_next_one_is_received(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    real = receive.read

    def slow(envelope: Envelope, raw: bytes) -> Any:
        if b"slow" in raw:
            time.sleep(10)
        return real(envelope, raw)

    monkeypatch.setattr(receive, "read", slow)
    monkeypatch.setattr(receive, "READING", 0.2)
    bad = write_down(a_mail("slow@x.example", body=b"slow"), "slow@x.example")
    write_down(a_mail("good@x.example"), "good@x.example")
    began = time.monotonic()
    assert receive.drain(here.district.id) == 1
    assert time.monotonic() - began < 5
    bad = Envelope.objects.get(id=bad.id)
    assert (bad.state, bad.attempts) == ("pending", 1)
    assert bad.error.startswith("TookTooLong")
    for _attempt in range(MAX_ATTEMPTS):
        Envelope.objects.filter(id=bad.id).update(lease_until=None)
        receive.drain(here.district.id)
    assert (Envelope.objects.get(id=bad.id).state, Envelope.objects.get(id=bad.id).reason) == ("dead", "TookTooLong")


def test_reading_ends_within_the_lease() -> None:
    assert timedelta(seconds=receive.BEGUN + receive.READING + receive.KEEPING) < LEASE


def with_files(*names: str, text: str) -> bytes:
    part = b'Content-Type: multipart/mixed; boundary="b"\r\n'
    parts = [b"--b\r\nContent-Type: text/plain; name=%s\r\nContent-Disposition: attachment\r\n\r\nof %s\r\n" % (n, n)
             for n in (name.encode() for name in names)]  # fmt: skip
    return a_mail("files@x.example", head=part, body=b"--b\r\n\r\n" + text.encode() + b"\r\n" + b"".join(parts) + b"--b--\r\n")


def test_files_that_take_too_long_do_not_take_the_words_with_them(here: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The words are of danger: a team hears of them now, and is told by name which files are not there."""
    real = files.store

    def slow(name: str, data: bytes, **more: Any) -> Any:
        if name == "slow.txt":
            time.sleep(10)
        return real(name, data, **more)

    monkeypatch.setattr(files, "store", slow)
    monkeypatch.setattr(receive, "READING", 5)
    monkeypatch.setattr(receive, "KEEPING", 0.5, raising=False)
    write_down(with_files("first.txt", "bad.exe", "slow.txt", "last.txt", text="He has a gun."), "files@x.example")
    began = time.monotonic()
    assert receive.drain(here.district.id) == 1
    assert time.monotonic() - began < 4
    envelope, message = Envelope.objects.get(), Message.objects.get()
    assert (envelope.state, envelope.attempts) == ("done", 1)
    assert Ticket.objects.get().id == envelope.ticket_ref
    text, _empty, refused, *late = message.text.splitlines()
    assert text == "He has a gun."
    assert refused.startswith("[File not kept: bad.exe. Files of this kind are not taken")
    assert late == ["[File not kept: slow.txt.]", "[File not kept: last.txt.]"]
    assert list(Attachment.objects.filter(message=message).values_list("name", flat=True)) == ["first.txt"]
    assert not list(tmp_path.rglob(".new-*"))


def test_what_there_is_no_time_for_is_given_back_untried(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        write_down(a_mail(f"m{number}@x.example", body=b"Number %d" % number), f"m{number}@x.example")
    monkeypatch.setattr(receive, "BEGUN", -1)
    monkeypatch.setattr(receive, "MAX_ROUNDS", 1)
    assert receive.drain(here.district.id) == 0
    assert set(Envelope.objects.values_list("state", "attempts", "lease_until")) == {("pending", 0, None)}


def test_one_that_was_tried_before_comes_alone(here: Cast) -> None:
    for number in range(4):
        write_down(a_mail(f"m{number}@x.example"), f"m{number}@x.example")
    first, second, *_rest = Envelope.objects.order_by("received_at", "id")
    Envelope.objects.filter(id=second.id).update(attempts=1)
    now = timezone.now()
    assert [[one.id for one in receive.claim(now=now)] for _ in range(2)] == [[first.id], [second.id]]
    assert len(receive.claim(now=now)) == 2


# --- articles ---------------------------------------------------------------------------------------------------------


def test_a_full_memory_of_articles_loses_none_of_this_question(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    for number in range(8):
        Article.objects.create(
            slug=f"bus-{number}", title=f"The bus {number}", body=f"The bus of route {number} is late.", summary="", language="en",
            audience=["family"], team=here.transportation, published_at=now,
        )  # fmt: skip
    monkeypatch.setattr(books, "KEPT", 3)
    books._kept.clear()
    assert len(search.search("where is the bus", staff=False, language="en")) == 8
    assert len(books._kept) == 3
    kept = set(books._kept)
    assert len(search.search("where is the bus", staff=False, language="en")) == 8
    assert kept <= {books.Key(article.id, article.updated_at.timestamp()) for article in Article.objects.all()}
