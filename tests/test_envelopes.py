"""What made no ticket is seen by administrators, with its reason, and can be let in."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from delivery.models import Delivery
from districts.scope import district_scope
from intake import actions
from intake.models import Channel, Envelope
from intake.receiving import receive
from tests.conftest import Cast, a_ticket, sign_in, visitor
from tickets import actions as tickets
from tickets import files
from tickets.models import Message, Ticket

DAY = timedelta(days=1)
AUTO = (
    b"From: Pat <pat@cedar-family.example>\r\nTo: help@cedar.localhost\r\nSubject: Out of office\r\nMessage-ID: <a1@x.example>\r\n"
    b"Auto-Submitted: auto-replied\r\n\r\nI am away, but the boiler of room 4 is leaking.\r\n"
)


def came(cast: Cast, raw: bytes, key: str = "a1@x.example") -> Envelope:
    """Committed as the mail door would, then drained."""
    source = Channel.objects.get_or_create(kind="email", address="help@cedar.localhost", defaults={"name": "Help"})[0]
    meta = {"sender": "pat@cedar-family.example", "return_path": "pat@cedar-family.example", "recipients": ["help@cedar.localhost"]}
    envelope, _new = actions.accept(source=source, channel="email", external_id=key, raw=raw, meta=meta, now=timezone.now())
    receive.drain(cast.district.id)
    found: Envelope = Envelope.objects.get(id=envelope.id)
    return found


def test_a_screened_mail_is_let_in_by_a_person_and_nothing_is_answered(cedar: Cast, oak: Cast) -> None:
    with district_scope(cedar.district.id):
        envelope = came(cedar, AUTO)
        assert envelope.state == Envelope.State.SCREENED
    admin = sign_in(cedar.ada, cedar.district)
    page = admin.get("/came-in/").content.decode()
    assert envelope.reason in page
    assert "Let it in" in page
    assert "pat@cedar-family.example" in page
    assert "Out of office" in page
    assert admin.post(f"/came-in/{envelope.id}/again").status_code == 302
    with district_scope(cedar.district.id):
        receive.drain(cedar.district.id)
        assert Envelope.objects.get(id=envelope.id).state == Envelope.State.DONE
        assert "boiler" in Message.objects.get(ticket=Ticket.objects.get()).text
        assert not Delivery.objects.filter(purpose="ack").exists()
        assert not actions.try_again(envelope.id, by=None, now=timezone.now()), "it is in"


def test_a_dead_envelope_is_tried_again(cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        envelope = came(cedar, AUTO.replace(b"Auto-Submitted: auto-replied\r\n", b""))
        dead = Envelope.objects.filter(id=envelope.id)
        dead.update(state="dead", reason="OSError", error="OSError: disk <full>", attempts=8, ticket_ref=None, external_id="other")
    admin = sign_in(cedar.ada, cedar.district)
    assert "disk &lt;full&gt;" in admin.get("/came-in/").content.decode()
    admin.post(f"/came-in/{envelope.id}/again")
    with district_scope(cedar.district.id):
        receive.drain(cedar.district.id)
        assert dead.get().state == Envelope.State.DONE


def test_it_is_for_administrators_of_this_district(cedar: Cast, oak: Cast) -> None:
    with district_scope(cedar.district.id):
        envelope = came(cedar, AUTO)
    assert visitor(cedar.district).get("/came-in/").status_code == 302
    assert sign_in(cedar.alice, cedar.district).get("/came-in/").status_code == 403
    assert sign_in(cedar.alice, cedar.district).post(f"/came-in/{envelope.id}/again").status_code == 403
    stranger = sign_in(oak.carla, oak.district)
    assert "Out of office" not in stranger.get("/came-in/").content.decode()
    stranger.post(f"/came-in/{envelope.id}/again")
    with district_scope(cedar.district.id):
        assert Envelope.objects.get(id=envelope.id).state == Envelope.State.SCREENED


def test_a_reopened_ticket_is_told_to_its_team_once(cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        ticket = a_ticket(cedar, team=cedar.transportation, now=timezone.now())
        tickets.resolve(ticket, by=cedar.alice, now=timezone.now())
    parent = visitor(cedar.district)
    for _ in range(2):
        assert parent.post(f"/r/{ticket.token}/reopen").status_code == 303
    with district_scope(cedar.district.id):
        told = Delivery.objects.filter(about=ticket.id, channel="inapp")
        assert sorted(one.person.name for one in told) == ["Alice", "Lena"]


def test_a_full_disk_loses_the_file_and_keeps_the_words(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "store", full)
    form = {
        "text": "Broken window",
        "contact": "pat@cedar-family.example",
        "step": "send",
        "form_id": "00000000-0000-4000-8000-000000000001",
    }
    photo = SimpleUploadedFile("window.png", b"\x89PNG\r\n\x1a\n")
    answer = visitor(cedar.district).post("/", {**form, "photos": photo})
    assert answer.status_code == 422
    assert "window.png could not be kept" in answer.content.decode()
    assert "Broken window" in answer.content.decode()


def stuck(external_id: str, **values: Any) -> Envelope:
    source = Channel.objects.get_or_create(kind="email", address="help@cedar.localhost", defaults={"name": "Help"})[0]
    row: Envelope = Envelope.objects.create(
        source=source, channel="email", external_id=external_id, digest="0" * 64, raw=AUTO, **values
    )
    return row


def test_what_waits_too_long_is_on_the_page_and_can_be_tried_now(cedar: Cast) -> None:
    now = timezone.now()
    with district_scope(cedar.district.id):
        stuck("fresh", received_at=now)
        late = stuck("late", received_at=now - timedelta(minutes=6), attempts=3, error="OSError: disk full", lease_until=now + DAY)
        stuck("untouched", received_at=now - timedelta(minutes=7))
    admin = sign_in(cedar.ada, cedar.district)
    page = admin.get("/came-in/").content.decode()
    assert page.count('class="notice"') == 2, "not the one that just came"
    assert "Tried 3 times so far" in page
    assert "is the product running whole?" in page
    assert page.count("Try now") == 1, "nothing can be done about the other from here"
    assert admin.post(f"/came-in/{late.id}/again").status_code == 302
    with district_scope(cedar.district.id):
        row = Envelope.objects.get(id=late.id)
        assert (row.state, row.lease_until, row.attempts) == ("pending", None, 3), "whoever is at it is overtaken, and knows it"


def test_all_that_could_not_be_read_is_tried_again_at_once(cedar: Cast, oak: Cast) -> None:
    with district_scope(cedar.district.id):
        for n in range(3):
            stuck(f"dead{n}", state="dead", reason="OSError", attempts=8)
        stuck("screened", state="screened", reason="auto-reply")
    assert sign_in(oak.carla, oak.district).post("/came-in/again").status_code == 302, "of her own district"
    assert sign_in(cedar.alice, cedar.district).post("/came-in/again").status_code == 403
    with district_scope(cedar.district.id):
        assert Envelope.objects.filter(state="dead").count() == 3
    answer = sign_in(cedar.ada, cedar.district).post("/came-in/again", follow=True)
    assert "3 are tried again" in answer.content.decode()
    with district_scope(cedar.district.id):
        assert sorted(Envelope.objects.values_list("state", "attempts")) == [*[("pending", 0)] * 3, ("screened", 0)]


def test_what_is_stuck_stands_before_what_was_screened_out(cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        stuck("screened", state="screened", reason="auto-reply")
    admin = sign_in(cedar.ada, cedar.district)
    assert "Let it in" in admin.get("/came-in/").content.decode()
    with district_scope(cedar.district.id):
        stuck("dead", state="dead", reason="OSError")
    first = admin.get("/came-in/").content.decode()
    assert "Try again" in first
    assert "Let it in" not in first
    assert "Let it in" in admin.get("/came-in/?show=screened").content.decode()
    assert "Nothing is stuck" not in first
