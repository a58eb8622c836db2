"""Reading envelopes again: what reads otherwise is corrected, what was dead comes in, and nobody hears of it twice."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from delivery.models import Delivery
from districts.scope import district_scope
from intake import actions
from intake.channels import sms
from intake.channels.arrival import Arrival, SentFile
from intake.management.commands import reparse
from intake.models import Channel, Envelope
from intake.receiving import receive, rereading
from intake.receiving.rereading import Asked, Became, again
from routing.timeline import story
from tests.conftest import Cast
from tickets.models import Attachment, Event, Message, ThreadId, Ticket, TicketWords

ORDINARY = (
    b"From: Pat Parent <pat@cedar-family.example>\r\nTo: help@cedar.localhost\r\nSubject: Boiler\r\nMessage-ID: <%d@x.example>\r\n\r\n"
    b"The boiler of room 4 is leaking.\r\n"
)
AUTO = ORDINARY.replace(b"Subject: Boiler", b"Subject: Out of office\r\nAuto-Submitted: auto-replied")
READABLE = b"From=%2B12025550123&To=%2B12025550100&Body=The+boiler+leaks&MessageSid=SM1"


def came(cast: Cast, raw: bytes, *, kind: str = "email", key: str = "") -> Envelope:
    """Committed as a door would, then drained."""
    address = "help@cedar.localhost" if kind == "email" else "+12025550100"
    with district_scope(cast.district.id):
        source = Channel.objects.get_or_create(kind=kind, address=address, defaults={"name": "Help"})[0]
        key = key or f"{Envelope.objects.count()}@x.example"
        meta = {"return_path": "pat@cedar-family.example", "recipients": [address]} if kind == "email" else {}
        envelope, _new = actions.accept(source=source, channel=kind, external_id=key, raw=raw, meta=meta, now=timezone.now())
    receive.drain(cast.district.id)
    return row(cast, envelope)


def row(cast: Cast, envelope: Envelope) -> Envelope:
    with district_scope(cast.district.id):
        found: Envelope = Envelope.objects.get(id=envelope.id)
        return found


def run(**options: Any) -> str:
    out = io.StringIO()
    call_command("reparse", stdout=out, **options)
    return out.getvalue()


def misread(cast: Cast, **values: str) -> None:
    """As an old reader would have written it."""
    with district_scope(cast.district.id):
        Message.objects.update(**values)


def counts(cast: Cast) -> tuple[int, int, int]:
    with district_scope(cast.district.id):
        return Ticket.objects.count(), Message.objects.count(), Delivery.objects.count()


def test_words_that_read_otherwise_now_are_corrected_and_the_story_says_so(cedar: Cast, oak: Cast) -> None:
    came(cedar, ORDINARY % 1)
    before = counts(cedar)
    with district_scope(cedar.district.id):
        facts = Ticket.objects.get().facts_at
        Ticket.objects.update(subject="=?broken?=")
        TicketWords.objects.update(words="nonsense")
    misread(cedar, text="=C3=BC nonsense", quoted="folded by mistake", html="<p>old</p>")
    told = run(district="cedar.localhost")
    assert "1 read again: 1 changed" in told
    assert "text, quoted, html, subject" in told
    with district_scope(cedar.district.id):
        message = Message.objects.get()
        assert (message.text, message.quoted, message.html) == ("The boiler of room 4 is leaking.", "", "")
        ticket = Ticket.objects.get()
        assert (ticket.subject, ticket.facts_at) == ("Boiler", facts), "no promise moves"
        assert "boiler" in TicketWords.objects.get().words
        event = Event.objects.get(kind=Event.Kind.REREAD)
        assert (event.data, event.by) == ({"message": str(message.id), "changed": ["text", "quoted", "html", "subject"]}, None)
        entries = story(ticket, reader=None, reasons=(), everything=True, now=timezone.now()).entries
        assert any("read again after a correction" in entry.words for entry in entries)
    assert counts(cedar) == before, "no second ticket, message or letter"


def test_a_second_run_finds_nothing_to_do(cedar: Cast) -> None:
    came(cedar, ORDINARY % 1)
    misread(cedar, text="nonsense")
    assert "1 changed" in run()
    assert "1 same" in run()
    with district_scope(cedar.district.id):
        assert Event.objects.filter(kind=Event.Kind.REREAD).count() == 1


def test_what_reads_as_before_is_left_alone(cedar: Cast) -> None:
    came(cedar, ORDINARY % 1)
    came(cedar, READABLE, kind="sms", key="SM1")
    with district_scope(cedar.district.id):
        actions.receive_web(form_id="00000000-0000-4000-8000-000000000001", asking=_asking(), now=timezone.now())
    assert "3 read again: 3 same" in run()


def _asking() -> Any:
    return actions.Asking(text="The projector is dark", contact="pat@cedar-family.example")


def test_a_dry_run_changes_nothing(cedar: Cast) -> None:
    came(cedar, ORDINARY % 1)
    dead = came(cedar, b"Body=x&MessageSid=SM9", kind="sms", key="SM9")
    misread(cedar, text="nonsense")
    with district_scope(cedar.district.id):
        Envelope.objects.filter(id=dead.id).update(raw=READABLE)  # as a reader that was mended would see it
    before = counts(cedar)
    told = run(dry_run=True)
    assert "1 changed" in told
    assert "1 now readable" in told
    assert "nothing was changed" in told
    assert counts(cedar) == before
    assert row(cedar, dead).state == "dead"
    with district_scope(cedar.district.id):
        assert Message.objects.get().text == "nonsense"
        assert not Event.objects.filter(kind=Event.Kind.REREAD).exists()


def test_what_was_dead_comes_in_on_the_ordinary_way(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_raw: bytes) -> Arrival:
        raise ValueError("a bug")

    monkeypatch.setattr(sms, "read", broken)
    envelope = came(cedar, READABLE, kind="sms", key="SM1")
    with district_scope(cedar.district.id):
        Envelope.objects.update(state="dead", reason="ValueError", attempts=8)
    monkeypatch.undo()
    told = run(state="dead")
    assert "1 now readable" in told
    after = row(cedar, envelope)
    assert after.state == "done"
    with district_scope(cedar.district.id):
        message = Message.objects.get()
        assert (message.text, message.ticket_id) == ("The boiler leaks", after.ticket_ref)
        assert Delivery.objects.filter(purpose="ack").count() == 1
    assert "0 read again" in run(state="dead")
    assert counts(cedar)[:2] == (1, 1)


def test_what_is_still_unreadable_stays_parked_and_nobody_is_told_again(cedar: Cast) -> None:
    envelope = came(cedar, b"Body=x&MessageSid=SM9", kind="sms", key="SM9")
    told = counts(cedar)
    assert "1 still unreadable" in run()
    after = row(cedar, envelope)
    assert (after.state, after.reason) == ("dead", "Unreadable")
    assert counts(cedar) == told


def test_what_would_be_let_in_today_is_told_and_let_in_when_asked(cedar: Cast) -> None:
    auto = came(cedar, AUTO % 1, key="auto")
    freed = came(cedar, AUTO % 2, key="freed")
    flood = came(cedar, AUTO % 3, key="flood")
    with district_scope(cedar.district.id):
        Envelope.objects.filter(id=freed.id).update(raw=ORDINARY % 2)  # as a filter that was mended would see it
        Envelope.objects.filter(id=flood.id).update(raw=ORDINARY % 3, reason="too many in an hour")
    told = run()
    assert "1 would now be let in" in told
    assert "2 still screened out" in told
    assert counts(cedar)[0] == 0
    assert "1 let in" in run(apply_screened=True)
    assert [row(cedar, one).state for one in (auto, freed, flood)] == ["screened", "done", "screened"]
    with district_scope(cedar.district.id):
        assert Delivery.objects.filter(purpose="ack").count() == 1, "whoever wrote it never had an answer"
    assert "1 same" in run(apply_screened=True)


def test_an_attachment_that_is_found_now_is_added_and_none_is_taken_away(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    came(cedar, ORDINARY % 1)
    real = receive.read

    def finds_more(envelope: Envelope, raw: bytes) -> Arrival:
        return Arrival(**{**real(envelope, raw).__dict__, "sent_files": (SentFile("list.txt", b"pump\n"), SentFile("bad.exe", b"MZ"))})

    monkeypatch.setattr(receive, "read", finds_more)
    assert "1 changed" in run(dry_run=True)
    assert "files" in run()
    with district_scope(cedar.district.id):
        assert Attachment.objects.get().name == "list.txt"
        assert "[File not kept: bad.exe." in Message.objects.get().text
    assert "1 same" in run()
    monkeypatch.undo()
    run()
    with district_scope(cedar.district.id):
        assert Attachment.objects.count() == 1


def test_thread_ids_that_are_found_now_are_remembered(cedar: Cast) -> None:
    came(cedar, (ORDINARY % 1).replace(b"Subject:", b"References: <a@x.example> <b@x.example>\r\nSubject:"))
    with district_scope(cedar.district.id):
        ThreadId.objects.filter(message_id="a@x.example").delete()
    assert "thread" in run()
    with district_scope(cedar.district.id):
        assert ThreadId.objects.filter(message_id="a@x.example").count() == 1


def test_another_sender_is_told_and_left_to_people(cedar: Cast) -> None:
    came(cedar, ORDINARY % 1)
    with district_scope(cedar.district.id):
        Envelope.objects.update(raw=(ORDINARY % 1).replace(b"pat@", b"sam@"))
    misread(cedar, text="nonsense")
    assert "see to it by hand" in run()
    with district_scope(cedar.district.id):
        assert Message.objects.get().author == cedar.pat


def test_bytes_that_cannot_be_read_any_more_are_told_and_stop_nothing(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    came(cedar, ORDINARY % 1)
    came(cedar, READABLE, kind="sms", key="SM1")
    misread(cedar, text="nonsense")

    def broken(_raw: bytes) -> Arrival:
        raise ValueError("a new bug")

    monkeypatch.setattr(sms, "read", broken)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 failed"):
        call_command("reparse", stdout=out)
    assert "1 changed, 1 failed" in out.getvalue()
    assert "a new bug" in out.getvalue()


def test_it_goes_page_by_page_and_goes_on_where_it_was_stopped(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        came(cedar, (ORDINARY % n).replace(b"room 4", b"room %d" % n))
    misread(cedar, text="nonsense")
    monkeypatch.setattr(rereading, "PAGE", 2)
    seen: list[Any] = []

    def stops(district_id: Any, envelope_id: Any, *, asked: Asked) -> Any:
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(envelope_id)
        return again(district_id, envelope_id, asked=asked)

    monkeypatch.setattr(reparse, "again", stops)
    with pytest.raises(CommandError, match=r"goes on with --district cedar\.localhost --after") as stopped:
        run()
    monkeypatch.setattr(reparse, "again", again)
    after = str(stopped.value).rpartition(" ")[2]
    assert after == str(seen[-1]), "the one it was stopped at is not passed over"
    assert "2 read again: 2 changed" in run(district="cedar.localhost", after=after)


def test_only_what_was_asked_for_is_read(cedar: Cast, oak: Cast) -> None:
    came(cedar, ORDINARY % 1)
    old = came(cedar, (ORDINARY % 2).replace(b"room 4", b"room 5"))
    with district_scope(cedar.district.id):
        Envelope.objects.filter(id=old.id).update(received_at=timezone.now() - timedelta(days=8))
    assert "1 read again" in run(since="7d")
    assert "2 read again" in run(since="2w")
    assert "0 read again" in run(state="screened")
    assert "0 read again" in run(district="oak.localhost")
    assert "1 read again" in run(since=f"{timezone.now() - timedelta(hours=1):%Y-%m-%dT%H:%M}")
    for wrong in ({"since": "yesterday"}, {"since": "2026-13-01"}, {"district": "none.localhost"}, {"after": "x"}):
        with pytest.raises(CommandError):
            run(**wrong)


def test_one_that_waits_is_left_to_its_worker(cedar: Cast) -> None:
    envelope = came(cedar, ORDINARY % 1)
    with district_scope(cedar.district.id):
        Envelope.objects.update(state="pending")
    assert again(cedar.district.id, envelope.id, asked=Asked()).became == Became.BUSY
    assert "0 read again" in run()
