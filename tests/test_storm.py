"""The storm's own parts: what it sends, how its senders insist, whom it kills, and that its proof finds what is wrong."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from django.core.management import CommandError, call_command

from config.storm import senders as sending
from config.storm.journal import Journal, read
from config.storm.killing import Killer
from config.storm.letterbox import Letterbox
from config.storm.letters import Acknowledged, bytes_of
from config.storm.outside import Mail, Twilio
from config.storm.plan import KINDS, Event, Fate, plan
from config.storm.proof import MARK, Proof, Verdict
from config.storm.running import Running, free_port
from config.storm.senders import ACCEPTED, LATER, REFUSED, Answer, Senders
from intake.channels.fingerprint import digest

SINCE = datetime(2026, 11, 3, tzinfo=UTC)


# --- what is sent -----------------------------------------------------------------------------------------------------


def test_the_same_seed_sends_the_same() -> None:
    assert plan(5, 300) == plan(5, 300)
    assert plan(5, 300) != plan(6, 300)


def test_every_kind_is_sent_and_follows_what_it_needs() -> None:
    events = plan(5, 400)
    assert {event.kind for event in events} == set(KINDS)
    assert len({event.mark for event in events}) == 400
    for event in events:
        assert MARK.fullmatch(event.mark)
        assert (event.parent is not None) == bool(event.kind.parent), event
        if event.parent:
            assert event.parent.n < event.n
            assert event.parent.what == event.kind.parent
    assert any(event.impatient for event in events)


def event_of(kind: str, n: int = 1, parent: Event | None = None) -> Event:
    found = next(one for one in KINDS if f"{one.door} {one.name}" == kind)
    return Event(n, found, f"zq0005abcdefn{n}z", "The bus did not come", parent=parent)


def test_a_retry_is_the_same_mail_and_another_way_has_the_same_digest() -> None:
    event = event_of("smtp two ways")
    assert bytes_of(event, "a@x.example") == bytes_of(event, "a@x.example")
    other = bytes_of(event, "a@x.example", by_way_of="relay.example")
    assert other != bytes_of(event, "a@x.example")
    assert digest(other) == digest(bytes_of(event, "a@x.example"))


def test_a_reused_id_is_another_mail_of_the_same_sender() -> None:
    first = event_of("smtp plain")
    again = event_of("smtp reused id", 2, first)
    assert again.own_id == first.own_id
    assert again.address == first.address
    assert digest(bytes_of(again, "a@x.example")) != digest(bytes_of(first, "a@x.example"))


def test_a_reply_carries_its_own_mark_first() -> None:
    first = event_of("web form")
    raw = bytes_of(event_of("smtp reply", 2), "a@x.example", reply=Acknowledged(first, "r+t@x.example", "ack.1@x.example")).decode()
    marks = MARK.findall(raw)
    assert marks.index("zq0005abcdefn2z") < marks.index(first.mark, 1)
    assert "In-Reply-To: <ack.1@x.example>" in raw
    assert f"From: Sam <{first.address}>" in raw


# --- how senders insist -----------------------------------------------------------------------------------------------


@pytest.fixture
def patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Senders]:
    monkeypatch.setattr(sending, "PAUSE", 0.001)
    monkeypatch.setattr(sending, "PATIENCE", 0.2)
    with Journal(tmp_path / "sent.jsonl") as journal:
        yield Senders(cast(Running, None), journal, lambda _event: None)


def insisting(senders: Senders, event: Event, *answers: Answer | Exception) -> tuple[str, list[bool], list[str]]:
    """(end, whether each was waited for, what the journal says of each)"""
    left, waited = list(answers), []

    def one(wait: bool) -> Answer:
        waited.append(wait)
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    end = senders._insist(event, one)
    return end, waited, [line["answer"] for line in read(senders.journal.path)]


def test_a_sender_comes_again_until_there_is_an_answer(patient: Senders) -> None:
    end, waited, told = insisting(
        patient, event_of("smtp plain"), ConnectionResetError(), Answer(LATER, "451 later"), Answer(ACCEPTED, "250 Kept")
    )
    assert (end, waited) == (ACCEPTED, [True] * 3)
    assert told == ["no answer: ConnectionResetError", "451 later", "250 Kept"]


def test_an_impatient_one_does_not_wait_at_first(patient: Senders) -> None:
    event = Event(1, KINDS[0], "zq0005abcdefn1z", "The bus", impatient=2)
    gone = Answer(LATER, sending.NOT_WAITED)
    assert insisting(patient, event, gone, gone, Answer(ACCEPTED, "250"))[1] == [False, False, True]


def test_no_is_no_and_silence_has_an_end(patient: Senders) -> None:
    assert insisting(patient, event_of("smtp plain"), Answer(REFUSED, "550"))[0] == REFUSED
    assert insisting(patient, event_of("smtp plain"), Answer(LATER, "503"))[0] == "never answered"


@pytest.mark.parametrize(("status", "verdict"), [(201, ACCEPTED), (303, ACCEPTED), (403, REFUSED), (429, LATER), (503, LATER)])
def test_what_a_status_means(status: int, verdict: str) -> None:
    assert sending._by_status(status).verdict == verdict


@pytest.mark.parametrize(("code", "verdict"), [(250, ACCEPTED), (354, ACCEPTED), (-1, LATER), (421, LATER), (550, REFUSED)])
def test_what_a_code_means(code: int, verdict: str) -> None:
    assert sending._by_code(code, b"").verdict == verdict


def test_a_letter_is_read_however_its_headers_are_folded(tmp_path: Path) -> None:
    event = event_of("web form")
    raw = (
        b"To: x\r\nMessage-ID:\r\n <ack.long@cedar.example>\r\nReply-To: Cedar\r\n <r+token@cedar.example>\r\n"
        b"Auto-Submitted: auto-replied\r\n\r\nHello"
    )
    with Journal(tmp_path / "received.jsonl") as journal:
        box = Letterbox(journal, [event])
        box.mail(Mail(event.address, raw))
        found = box.acknowledged(event)
    assert found is not None
    assert (found.reply_to, found.message_id, found.event) == ("r+token@cedar.example", "ack.long@cedar.example", event)
    assert [(line["id"], line["auto"]) for line in read(journal.path)] == [("ack.long@cedar.example", "auto-replied")]
    assert bytes_of(event_of("smtp reply", 2), found.reply_to, reply=found)


# --- whom it kills ----------------------------------------------------------------------------------------------------


def test_it_kills_nothing_that_is_not_of_its_own_product(tmp_path: Path) -> None:
    """A process with the number that the state names, working elsewhere."""
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], cwd="/")
    home = tmp_path / "home"
    home.mkdir()
    ours = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], cwd=home)
    try:
        product = SimpleNamespace(
            home=home, state=lambda: {"pg_pid": stranger.pid, "redis_pid": ours.pid}, children=lambda: {"web": stranger.pid}
        )
        with Journal(tmp_path / "sent.jsonl") as journal:
            killer = Killer(cast(Running, product), journal, ["postgres"], every=1, seed=1)
            assert not killer._is_ours(stranger.pid, "postgres")
            assert not killer._is_ours(stranger.pid, "web"), "no leader of a group"
            assert killer._is_ours(ours.pid, "redis")
            assert not killer._is_ours(2**22 + 1, "web"), "long gone"
            killer.kill("redis")
        assert ours.wait(5) == -signal.SIGKILL
        assert stranger.poll() is None
        assert [line["who"] for line in read(journal.path)] == ["redis"]
    finally:
        for process in (stranger, ours):
            process.kill()
            process.wait()


def test_each_is_killed_at_least_once_however_short_the_storm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(tmp_path / "sent.jsonl") as journal:
        killer = Killer(cast(Running, None), journal, ["web", "worker", "redis"], every=30, seed=1)
        monkeypatch.setattr(killer, "kill", lambda name: killer.killed.update([name]))
        began = time.monotonic()
        killer.start()
        killer.stop()
    assert killer.killed == {"web": 1, "worker": 1, "redis": 1}
    assert time.monotonic() - began < 5


# --- what the proof finds ---------------------------------------------------------------------------------------------


class Told:
    """A storm as its logs and tables tell it; each test tells it otherwise."""

    def __init__(self, sent: Journal, received: Journal) -> None:
        self.sent, self.received = sent, received
        self.envelopes: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.uncertain: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        self.tickets: int | None = None

    def event(
        self, n: int, *, fate: Fate = Fate.TICKET, end: str = ACCEPTED, sender: str = "", parent: str = "", kind: str = "smtp plain",
        files: int = 0,
    ) -> str:  # fmt: skip
        mark = f"zq0005abcdefn{n}z"
        self.sent.note(
            "event",
            n=n,
            kind=kind,
            fate=fate,
            mark=mark,
            units=1,
            files=files,
            id=f"id{n}",
            parent=parent,
            sender=sender or f"{mark}@family.example",
        )
        self.sent.note("try", n=n, number=0, answer="250")
        self.sent.note("end", n=n, end=end)
        return mark

    def envelope(self, n: int, state: str = "done", count: int = 1) -> None:
        self.envelopes.append({"external_id": f"id{n}", "channel": "email", "state": state, "n": count})

    def message(self, n: int, ticket: int, *, first: bool = True) -> None:
        self.messages.append({"ticket_id": ticket, "text": f"The bus, zq0005abcdefn{n}z.", "first": first})

    def letter(self, n: int, *ids: str) -> None:
        for known in ids:
            self.received.note("mail", to=f"zq0005abcdefn{n}z@family.example", id=known, auto="auto-replied")

    def whole(self, n: int) -> None:
        """A ticket as it should be."""
        self.event(n)
        self.envelope(n)
        self.message(n, n)
        self.letter(n, f"ack.{n}")

    def rows(self, query: str, *_values: Any) -> list[dict[str, Any]]:
        if "tickets_attachment" in query:
            return self.files
        return self.envelopes if "intake_envelope" in query else self.uncertain if "delivery_delivery" in query else self.messages

    def value(self, _query: str, *_values: Any) -> Any:
        return sum(row["first"] for row in self.messages) if self.tickets is None else self.tickets

    def verdict(self) -> Verdict:
        return Proof(cast(Running, self), self.sent.path, self.received.path, SINCE).verdict()


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    with Journal(tmp_path / "sent.jsonl") as sent, Journal(tmp_path / "received.jsonl") as received:
        made = Told(sent, received)
        for n in (1, 2, 3):
            made.whole(n)
        yield made


def test_what_is_whole_holds(told: Told) -> None:
    told.event(4, fate=Fate.REPLY, parent="zq0005abcdefn1z", sender="zq0005abcdefn1z@family.example")
    told.envelope(4)
    told.message(4, 1, first=False)
    told.event(5, fate=Fate.SCREENED)
    told.envelope(5, "screened")
    told.event(6, fate=Fate.PARKED)
    told.envelope(6, "dead")
    told.event(7, fate=Fate.REFUSED, end=REFUSED)
    verdict = told.verdict()
    assert verdict.complaints == []
    assert verdict.holds
    assert (verdict.accepted, verdict.tickets, verdict.messages, verdict.screened, verdict.parked) == (6, 3, 1, 1, 1)
    assert (verdict.refused, verdict.acknowledged, verdict.repeated) == (1, 3, 0)


def test_what_was_accepted_and_is_not_there_is_lost(told: Told) -> None:
    told.event(4)
    verdict = told.verdict()
    assert not verdict.holds
    assert verdict.lost >= 1


def test_an_envelope_that_made_no_message_is_lost(told: Told) -> None:
    told.event(4)
    told.envelope(4)
    told.letter(4, "ack.4")
    assert told.verdict().lost == 1


def test_an_envelope_that_still_waits_is_lost(told: Told) -> None:
    told.event(4, fate=Fate.SCREENED)
    told.envelope(4, "pending")
    assert told.verdict().lost == 1


def test_two_tickets_of_one_mail_are_double(told: Told) -> None:
    told.message(2, 99)
    assert told.verdict().double >= 1


def test_two_envelopes_of_one_mail_are_double(told: Told) -> None:
    told.envelope(2)
    assert told.verdict().double == 1


def test_a_message_nobody_sent_is_double(told: Told) -> None:
    told.messages.append({"ticket_id": 99, "text": "who am I", "first": True})
    assert told.verdict().double >= 1
    told.messages.pop()
    told.tickets = 4
    assert told.verdict().double == 1


def test_a_ticket_that_took_another_ones_message_lost_it(told: Told) -> None:
    told.event(4)
    told.envelope(4)
    told.message(4, 1, first=False)
    told.letter(4, "ack.4")
    assert told.verdict().lost == 1


def test_a_reply_may_pass_what_it_replies_to(told: Told) -> None:
    told.event(4, fate=Fate.REPLY, parent="zq0005abcdefn1z", sender="zq0005abcdefn1z@family.example")
    told.envelope(4)
    told.messages[0]["first"] = False
    told.message(4, 1)
    verdict = told.verdict()
    assert verdict.complaints == []
    assert (verdict.tickets, verdict.messages) == (3, 1)
    told.message(4, 9)
    assert not told.verdict().holds


def test_a_reply_in_a_strange_ticket_is_told(told: Told) -> None:
    told.event(4, fate=Fate.REPLY, parent="zq0005abcdefn1z", sender="zq0005abcdefn1z@family.example")
    told.envelope(4)
    told.message(4, 2, first=False)
    assert "not in the ticket it belongs to" in told.verdict().complaints[0]


def test_what_must_be_refused_and_was_taken_is_told_and_the_other_way_round(told: Told) -> None:
    told.event(4, fate=Fate.REFUSED, end=ACCEPTED)
    told.event(5, end=REFUSED)
    assert len(told.verdict().complaints) == 2


def test_what_was_never_answered_may_be_there_or_not_but_not_twice(told: Told) -> None:
    told.event(4, end="never answered")
    assert "should be the other" not in " ".join(told.verdict().complaints)
    told.envelope(4)
    told.message(4, 4)
    told.letter(4, "ack.4")
    assert told.verdict().double == 0
    told.message(4, 5)
    assert told.verdict().double >= 1


def test_a_missing_acknowledgement_is_lost_and_a_second_one_double(told: Told) -> None:
    told.event(4)
    told.envelope(4)
    told.message(4, 4)
    assert told.verdict().lost == 1
    told.letter(4, "ack.4", "ack.5")
    assert told.verdict().double == 1


def test_an_acknowledgement_may_come_again_with_its_own_id_but_seldom(told: Told) -> None:
    told.letter(1, "ack.1")
    verdict = told.verdict()
    assert (verdict.repeated, verdict.holds) == (1, True)
    told.letter(2, "ack.2")
    verdict = told.verdict()
    assert (verdict.repeated, verdict.holds) == (2, False)


def test_a_text_goes_out_once_or_nobody_knows(told: Told) -> None:
    told.event(4, sender="+12025550104", kind="sms text")
    told.envelope(4)
    told.message(4, 4)
    assert told.verdict().lost == 1
    told.uncertain.append({"address": "+12025550104"})
    verdict = told.verdict()
    assert (verdict.holds, verdict.unsure) == (True, 1)
    told.uncertain.clear()
    for _ in range(2):
        told.received.note("text", to="+12025550104", body="Thank you", sid="SM1")
    assert told.verdict().double == 1


def test_a_file_hangs_at_its_message_once(told: Told) -> None:
    mark = told.event(4, files=1)
    told.envelope(4)
    told.message(4, 4)
    told.letter(4, "ack.4")
    assert (told.verdict().lost, told.verdict().holds) == (1, False), "the picture never came"
    told.files.append({"text": f"The bus, {mark}."})
    assert (told.verdict().files, told.verdict().holds) == (1, True)
    told.files.append({"text": f"The bus, {mark}."})
    assert told.verdict().double == 1


def test_a_picture_lies_at_the_provider_and_may_be_late() -> None:
    with Twilio(free_port()) as twilio:
        assert twilio.keep("/ME1", b"png", late=True) == twilio.keep("/ME1", b"png", late=True) == f"{twilio.url}/ME1"
        assert [twilio.give("/ME1", "Basic x") for _ in range(2)] == [(404, b""), (200, b"png")]
        assert twilio.keep("/ME1", b"png", late=True)
        assert twilio.give("/ME1", "Basic x") == (200, b"png"), "late once, however often the text is told of"
        assert twilio.give("/ME1", "")[0] == 401
        assert twilio.give("/ME2", "Basic x")[0] == 404


def test_without_its_server_no_mailbox_takes_part() -> None:
    kinds = [kind for kind in KINDS if kind.door != "imap"]
    assert {event.kind for event in plan(5, 300, kinds)} == set(kinds)


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [{"kill": "worker,init"}, {"events": 0}, {"rate": 0.0}])
def test_the_command_says_what_it_cannot_do(wrong: dict[str, Any]) -> None:
    with pytest.raises(CommandError):
        call_command("storm", **wrong)
