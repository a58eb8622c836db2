"""What made no ticket is seen by administrators, with its reason, and can be let in."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from delivery.models import Delivery
from districts.scope import district_scope
from intake import actions, receive
from intake.models import Channel, Envelope
from tests.conftest import Cast, a_ticket, sign_in, visitor
from tickets import actions as tickets
from tickets import files
from tickets.models import Message, Ticket

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
        assert not actions.try_again(envelope.id, now=timezone.now()), "it is in"


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
