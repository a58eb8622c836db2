"""What happened releases the next step: once, signed, by a call that is made until it is taken or given up, and told of then."""

import base64
import hashlib
import hmac
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from delivery import calls
from delivery.models import Delivery
from delivery.transports import voice
from districts.actions import new_api_key
from districts.jobs import MAX_ATTEMPTS
from districts.models import Role
from districts.scope import district_scope
from ownership.keeping import writing
from ownership.models import Feed, OwnerRole, Trigger, TriggerCall
from ownership.triggers import calling, firing, keeping
from ownership.triggers.calling import Answer
from ownership.triggers.keys import OVERLAP, keys_of, overlap_until
from tests.conftest import NOW, Cast, sign_in
from tests.test_ladder_calls import asked, certificate  # noqa: F401  fixtures
from tests.test_ownership import Sync, make_sync

URL = "https://sis.example/released"
State = TriggerCall.State


@pytest.fixture
def sync(here: Cast) -> Sync:
    return make_sync(here)


def trigger(name: str = "Report cards", event: str = "feed.ok", **more: Any) -> Trigger:
    values = {"name": name, "event": event, "url": URL, "feed": None, "process": None, **more}
    made, _key = keeping.add(values, now=NOW)
    return made


def answers(monkeypatch: pytest.MonkeyPatch, *given: Answer) -> list[TriggerCall]:
    """The receiver answers so, one after the other; returns what was asked."""
    left, asked_of = list(given), list[TriggerCall]()

    def ask(call: TriggerCall, *, at: Any) -> Answer:
        asked_of.append(call)
        return left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(calling, "ask", ask)
    return asked_of


def signed_by(key: str, id: str, seconds: str, body: bytes) -> str:
    """As a receiver makes it, out of the key as it was shown."""
    kind, _, secret = key.partition("_")
    assert (kind, len(base64.b64decode(secret))) == ("whsec", 32)
    mac = hmac.new(base64.b64decode(secret), f"{id}.{seconds}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, dict[str, str]]]:
    """Every address takes what comes; returns what came."""
    came = list[tuple[bytes, dict[str, str]]]()

    def post(_url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        came.append((body, headers))
        return 200, "taken"

    monkeypatch.setattr(voice, "post", post)
    return came


def due() -> None:
    TriggerCall.objects.filter(state=State.PENDING).update(not_before=NOW)


# --- who listens --------------------------------------------------------------------------------------------------------


def test_each_trigger_that_listens_is_released_once_for_one_thing(here: Cast, sync: Sync) -> None:
    other = make_sync(here, slug="grades")
    heard = {
        trigger("any").name, trigger("this feed", feed=sync.feed).name, trigger("this process", process=sync.process).name,
    }  # fmt: skip
    trigger("other feed", feed=other.feed)
    trigger("other process", process=other.process)
    trigger("failures", event="feed.failed")
    keeping.pause(trigger("paused"), active=False)

    for expected in (3, 0):
        assert firing.fire("feed.ok", payload={"rows": 3}, key="run-1", feed=sync.feed, now=NOW) == expected
    assert firing.fire("feed.ok", payload={}, key="run-2", feed=sync.feed, now=NOW) == 3
    assert {call.trigger.name for call in TriggerCall.objects.select_related("trigger")} == heard
    kept = TriggerCall.objects.filter(key="run-1").first()
    assert kept
    assert kept.payload == {"feed": "attendance", "process": "attendance", "payload": {"rows": 3}}


def test_an_event_without_a_feed_reaches_no_trigger_of_one(here: Cast, sync: Sync) -> None:
    trigger("grades", event="grades-final")
    trigger("bound", event="grades-final", feed=sync.feed)
    assert firing.fire("grades-final", payload={}, key="k" * 300, now=NOW) == 1
    assert firing.fire("grades-final", payload={}, key="k" * 301, now=NOW) == 1, "long keys stay different"


def test_a_feed_knows_whether_anybody_waits_for_it(here: Cast, sync: Sync) -> None:
    other = make_sync(here, slug="grades")

    def waiting() -> set[str]:
        return set(Feed.objects.filter(releases=True).values_list("slug", flat=True))

    trigger("own event", event="grades-final")
    assert waiting() == set()
    row = trigger("held", event="hold.released", process=sync.process)
    assert waiting() == {"attendance"}
    keeping.save(row, values={"name": "held", "event": "feed.ok", "url": URL, "feed": other.feed, "process": None})
    assert keys_of(row.refresh(), now=NOW), "its key stays"
    assert waiting() == {"grades"}
    keeping.pause(row, active=False)
    assert waiting() == set()
    keeping.pause(row, active=True)
    everywhere = trigger("everywhere")
    assert waiting() == {"attendance", "grades"}
    made = writing.put_feed(sync.process, None, {"name": "New", "terms": "daily by 4 PM", "grace_minutes": 5, "active": True}, now=NOW)
    assert made.releases, "a feed that is new is waited for as well"
    keeping.remove(everywhere)
    assert waiting() == {"grades"}


# --- calls --------------------------------------------------------------------------------------------------------------


def test_a_real_receiver_gets_it_signed_as_standard_webhooks_has_it(here: Cast, sync: Sync, asked: Any) -> None:  # noqa: F811
    server, hook = asked(lambda line: line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntaken"))
    _row, shown = keeping.add({"name": "x", "event": "feed.ok", "url": hook.url}, now=NOW)
    firing.fire("feed.ok", payload={"name": "Peña"}, key="run-1", feed=sync.feed, now=NOW)
    assert calling.drain(here.district.id) == 1

    head, _, body = server.read.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert headers["webhook-signature"] == signed_by(shown, headers["webhook-id"], headers["webhook-timestamp"], body)
    assert abs(int(headers["webhook-timestamp"]) - timezone.now().timestamp()) < 60
    assert json.loads(body) == {
        "event": "feed.ok", "at": NOW.isoformat(), "district": "cedar", "feed": "attendance", "process": "attendance",
        "payload": {"name": "Peña"},
    }  # fmt: skip
    call = TriggerCall.objects.get()
    assert (call.state, call.answered, call.answer, call.attempts) == (State.DONE, 200, "taken", 1)


def test_no_redirect_is_followed(here: Cast, asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    server, hook = asked(lambda line: line.sendall(b"HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\n\r\n"))
    row = trigger(url=hook.url)
    call = firing.send_test(row, by="Ada", now=NOW)
    assert calling.drain(here.district.id) == 1
    assert TriggerCall.objects.get(id=call.id).answered == 302
    assert b'"event":"test"' in server.read
    monkeypatch.setattr(voice, "addresses", calls.addresses)
    call.keys = ["whsec_a2V5"]  # type: ignore[attr-defined]
    call.trigger = Trigger(url="https://127.0.0.1:9/")
    assert calling.ask(call, at=NOW) == Answer(None, "127.0.0.1 leads into our own network: calls are not asked for there.")


def test_it_is_tried_again_under_the_same_id_and_the_same_words(here: Cast, sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    told = answers(monkeypatch, Answer(None, "TimeoutError"), Answer(503, "later"), Answer(204))
    trigger()
    firing.fire("feed.ok", payload={}, key="run-1", feed=sync.feed, now=NOW)
    for _n in range(3):
        assert calling.drain(here.district.id) == 1
        assert calling.drain(here.district.id) == 0, "not before its time"
        due()
    assert {calling.webhook_id(call) for call in told} == {calling.webhook_id(told[0])}
    assert {calling.body_of(call) for call in told} == {calling.body_of(told[0])}
    call = TriggerCall.objects.get()
    assert (call.state, call.answered, call.attempts, call.lease_until) == (State.DONE, 204, 3, None)
    assert not Delivery.objects.exists()


def test_given_up_it_tells_the_owners_once_until_it_works_again(here: Cast, sync: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    OwnerRole.objects.filter(slug="attendance-clerk").update(holder=here.alice)
    row = trigger(feed=sync.feed)
    answers(monkeypatch, Answer(500, "broken"))
    for key in ("run-1", "run-2"):
        firing.fire("feed.ok", payload={}, key=key, feed=sync.feed, now=NOW)
    TriggerCall.objects.update(attempts=MAX_ATTEMPTS - 2)
    for _n in range(5):
        calling.drain(here.district.id)
        due()
    assert set(TriggerCall.objects.values_list("state", "attempts")) == {(State.DEAD, MAX_ATTEMPTS)}
    row.refresh_from_db()
    assert row.failing_since
    letters = list(Delivery.objects.filter(channel="email"))
    assert {letter.person_id for letter in letters} == {here.alice.id, sync.dan.id}
    assert len(letters) == 2, "the second that is given up is told of on the page alone"
    assert "500 broken" in letters[0].body

    dead = TriggerCall.objects.order_by("at", "id").first()
    assert dead
    answers(monkeypatch, Answer(200))
    again = reverse("trigger_again", args=[dead.id])
    assert sign_in(here.bob, here.district).post(again).status_code == 403
    alice = sign_in(here.alice, here.district)
    assert "Try again" in alice.get(reverse("trigger", args=[row.id])).content.decode(), "where her letter led her"
    assert alice.post(again).status_code == 302
    assert calling.drain(here.district.id) == 1
    row.refresh_from_db()
    assert row.failing_since is None
    dead.refresh_from_db()
    assert dead.state == State.DONE


def test_a_call_whose_callers_all_died_has_an_end(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger("grades", event="grades-final")
    firing.fire("grades-final", payload={}, key="fall", now=NOW)
    TriggerCall.objects.update(attempts=MAX_ATTEMPTS, lease_until=NOW)
    told = answers(monkeypatch, Answer(200))
    assert calling.drain(here.district.id) == 1
    assert (TriggerCall.objects.get().state, told) == (State.DEAD, [])


def test_gone_is_gone_and_a_trigger_of_no_process_tells_the_administrators(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    trigger("grades", event="grades-final")
    answers(monkeypatch, Answer(410))
    firing.fire("grades-final", payload={}, key="fall", now=NOW)
    calling.drain(here.district.id)
    assert TriggerCall.objects.get().state == State.DEAD
    assert {row.person_id for row in Delivery.objects.filter(channel="email")} == {here.ada.id}


def test_a_silent_receiver_holds_up_no_other(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    silent, lively = trigger("silent", event="a"), trigger("lively", event="b")
    for n in range(3):
        firing.fire("a", payload={}, key=str(n), now=NOW)
    firing.fire("b", payload={}, key="1", now=NOW + timedelta(minutes=1))
    asked_of = list[str]()

    def ask(call: TriggerCall, *, at: Any) -> Answer:
        asked_of.append(call.trigger.name)
        return Answer(200 if call.trigger_id == lively.id else None)

    monkeypatch.setattr(calling, "ask", ask)
    assert calling.drain(here.district.id) == 2
    assert asked_of == [silent.name, lively.name]


def test_an_overtaken_caller_changes_nothing(here: Cast) -> None:
    trigger("grades", event="grades-final")
    firing.fire("grades-final", payload={}, key="fall", now=NOW)
    first = calling.claim(here.district.id, apart=set(), now=NOW)
    assert first
    assert calling.claim(here.district.id, apart=set(), now=NOW) is None, "it is leased"
    second = calling.claim(here.district.id, apart=set(), now=NOW + timedelta(minutes=2))
    assert second
    assert not calling.record(first, Answer(500), now=NOW)
    assert calling.record(second, Answer(200), now=NOW)
    assert TriggerCall.objects.get().state == State.DONE


# --- keys ---------------------------------------------------------------------------------------------------------------


def test_a_key_lies_sealed_and_is_worth_nothing_elsewhere(here: Cast, oak: Cast) -> None:
    row, key = keeping.add({"name": "x", "event": "x", "url": URL}, now=NOW)
    assert keys_of(row.refresh(), now=NOW) == [key]
    secret = base64.b64decode(key.removeprefix("whsec_"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM ownership_trigger t WHERE id = %s", [row.id])
        kept = str(cursor.fetchone()[0])
    assert row.secret in kept
    assert not any(form in kept for form in (key, key.removeprefix("whsec_"), secret.hex()))
    with district_scope(oak.district.id):
        assert keys_of(row, now=NOW) == []


def test_for_a_day_the_key_before_signs_along(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    came = sent(monkeypatch)
    row, first = keeping.add({"name": "x", "event": "x", "url": URL}, now=NOW)
    seen = row.keyed_at.isoformat()
    rotated = timezone.now() - timedelta(hours=23)
    second = keeping.rotate(row, seen=seen, now=rotated)
    assert second not in ("", first)
    assert keeping.rotate(row, seen=seen, now=rotated) == "", "a second click loses no key"
    assert keys_of(row.refresh(), now=rotated + OVERLAP - timedelta(seconds=1)) == [second, first]
    assert (keys_of(row, now=rotated + OVERLAP), overlap_until(row, now=rotated + OVERLAP)) == ([second], None)

    firing.fire("x", payload={}, key="1", now=NOW)
    calling.drain(here.district.id)
    Trigger.objects.update(keyed_at=timezone.now() - OVERLAP)
    firing.fire("x", payload={}, key="2", now=NOW)
    calling.drain(here.district.id)
    expected = [
        [signed_by(key, told["webhook-id"], told["webhook-timestamp"], body) for key in holding]
        for (body, told), holding in zip(came, ([second, first], [second]), strict=True)
    ]
    assert [told["webhook-signature"].split(" ") for _body, told in came] == expected


def test_without_a_key_nothing_leaves(here: Cast, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    came = sent(monkeypatch)
    row, _key = keeping.add({"name": "x", "event": "x", "url": URL}, now=NOW)
    firing.fire("x", payload={}, key="1", now=NOW)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 9, []
    assert calling.drain(here.district.id) == 1
    call = TriggerCall.objects.get()
    assert (came, call.state, call.answer) == ([], State.PENDING, "its key cannot be opened any more: make a new one")
    page = sign_in(here.ada, here.district).get(reverse("trigger", args=[row.id])).content.decode()
    assert "Its key cannot be opened any more" in page
    TriggerCall.objects.update(attempts=MAX_ATTEMPTS - 1)
    due()
    calling.drain(here.district.id)
    letter = Delivery.objects.filter(person=here.ada, channel="email").latest("id")
    assert "was told to nobody: the key of this trigger cannot be opened any more" in letter.body
    page = sign_in(here.ada, here.district).get(reverse("trigger", args=[row.id])).content.decode()
    assert "Its address does not take" not in page
    assert calling.again(TriggerCall.objects.get(), now=NOW)
    assert keeping.rotate(row, seen=row.keyed_at.isoformat(), now=NOW)
    due()
    assert (calling.drain(here.district.id), len(came)) == (1, 1), "what waited is told with the new one"
    assert " " not in came[0][1]["webhook-signature"]


# --- the district's own events ------------------------------------------------------------------------------------------


def told(cast: Cast, key: str, body: Any, name: str = "grades-final") -> Any:
    client = Client(HTTP_HOST=cast.district.host)
    headers = {"Authorization": f"Bearer {key}"}
    return client.post(f"/matrix/triggers/event/{name}", json.dumps(body), content_type="application/json", headers=headers)


def test_a_system_tells_of_an_event_with_its_key(here: Cast, oak: Cast) -> None:
    trigger("grades", event="grades-final")
    key = new_api_key(name="SIS", role=Role.AGENT)
    with district_scope(oak.district.id):
        foreign = new_api_key(name="SIS", role=Role.AGENT)
    answer = told(here, key, {"key": "fall", "payload": {"term": 1}})
    assert (answer.status_code, answer.json()) == (202, {"released": 1})
    assert told(here, key, {"key": "fall"}).json() == {"released": 0}
    assert told(here, key, {"key": "x"}, name="nobody-waits").json() == {"released": 0}
    wrong: list[Any] = [{}, {"key": ""}, {"key": "x", "payload": []}, {"key": "x", "payload": {"n": "y" * 65_000}}, []]
    assert [told(here, key, bad).status_code for bad in wrong] == [400] * 5
    assert told(here, foreign, {"key": "y"}).status_code == 401
    assert told(here, key, {"key": "z"}, name="feed.ok").status_code == 404, "what feeds tell, nobody else tells"
    assert TriggerCall.objects.get().payload["payload"] == {"term": 1}
    raw = '{"key": "big", "payload": {"n": 1e999}}'
    headers = {"Authorization": f"Bearer {key}"}
    client = Client(HTTP_HOST=here.district.host)
    assert client.post("/matrix/triggers/event/grades-final", raw, content_type="application/json", headers=headers).status_code == 400
    assert told(here, key, {"key": "odd", "payload": {"n\0": "a\0\ud800b"}}).json() == {"released": 1}
    lena = sign_in(here.lena, here.district)
    assert lena.post("/matrix/triggers/event/grades-final", {"key": "q"}).status_code == 401


# --- pages --------------------------------------------------------------------------------------------------------------


def test_a_lead_releases_by_hand_once_and_never_what_a_feed_tells(here: Cast, sync: Sync) -> None:
    grades, sees = trigger("grades", event="grades-final"), trigger("feed")
    lena = sign_in(here.lena, here.district)
    address = reverse("trigger_release", args=[grades.id])
    for _n in range(2):  # a double click
        assert lena.post(address, {"once": "a", "words": "signed off"}).status_code == 302
    assert TriggerCall.objects.get().payload["payload"] == {"by": "Lena", "words": "signed off"}
    assert lena.post(reverse("trigger_release", args=[sees.id]), {"once": "b"}).status_code == 403
    alice = sign_in(here.alice, here.district)
    page = alice.get(reverse("trigger", args=[grades.id]))
    assert [alice.post(address).status_code, page.status_code, "Release now" in page.content.decode()] == [403, 200, False]


def test_administrators_keep_triggers_and_leads_see_neither_key_nor_address(here: Cast, sync: Sync) -> None:
    ada, lena = sign_in(here.ada, here.district), sign_in(here.lena, here.district)
    given = {
        "name": "Buses",
        "event": "feed.ok",
        "feed": str(sync.feed.id),
        "process": "",
        "own": "",
        "url": "https://nobody.invalid/x",
    }
    assert "None yet" in ada.get(reverse("triggers")).content.decode()
    answer = ada.post(reverse("trigger_new"), given)
    row, page = Trigger.objects.get(), answer.content.decode()
    assert "Until somebody does, nothing is released" in page
    assert (keys_of(row, now=NOW)[0] in page, "no-store" in answer["Cache-Control"]) == (True, True)
    shown_later = ada.get(reverse("trigger", args=[row.id])).content.decode()
    assert ("whsec_" in shown_later, row.secret in shown_later, "Make a new key" in shown_later) == (False, False, True)
    seen = lena.get(reverse("trigger", args=[row.id])).content.decode()
    assert "nobody.invalid" in seen
    assert "nobody.invalid/x" not in seen
    assert "whsec_" not in seen
    assert lena.get(reverse("trigger_edit", args=[row.id])).status_code == 403
    assert lena.post(reverse("trigger_key", args=[row.id]), {"seen": row.keyed_at.isoformat()}).status_code == 403
    assert "Buses" in lena.get(reverse("triggers")).content.decode()

    shown = ada.get(reverse("trigger_edit", args=[row.id])).context["form"]
    again = given | {"seen": shown.fingerprint, "event": "own", "own": "Grades final", "feed": ""}
    assert ada.post(reverse("trigger_edit", args=[row.id]), again).status_code == 302
    fresh = Trigger.objects.get()
    assert (fresh.event, fresh.feed_id, fresh.secret == row.secret) == ("grades-final", None, True)
    given_once = re.search(r'name="seen" value="([^"]+)"', ada.get(reverse("trigger", args=[row.id])).content.decode())
    assert given_once
    renewed = ada.post(reverse("trigger_key", args=[row.id]), {"seen": given_once[1]}).content.decode()
    two = keys_of(Trigger.objects.get(), now=timezone.now())
    assert (len(two), two[0] in renewed, two[1] in renewed, "signs along until" in renewed) == (2, True, False, True)
    late = ada.post(reverse("trigger_key", args=[row.id]), {"seen": given_once[1]}, follow=True).content.decode()
    assert ("A new key was made meanwhile" in late, "whsec_" in late) == (True, False)
    assert "/matrix/triggers/event/grades-final" in ada.get(reverse("trigger", args=[row.id])).content.decode()
    for act in ("trigger_test", "trigger_pause"):
        assert ada.post(reverse(act, args=[row.id])).status_code == 302
    assert not Trigger.objects.get().active
    assert TriggerCall.objects.get().event == "test"
    assert ada.post(reverse("trigger_remove", args=[row.id])).status_code == 302
    assert not Trigger.objects.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [({"url": "http://sis.example/"}, "valid URL"), ({"url": "https://10.0.0.5/"}, "our own network"),
     ({"event": "own", "own": "test"}, "A name like grades-final"), ({"event": "own", "own": "x", "feed": "it"}, "told of no feed")],
)  # fmt: skip
def test_what_cannot_work_is_not_kept(here: Cast, sync: Sync, change: dict[str, str], said: str) -> None:
    given = {"name": "Buses", "event": "feed.ok", "feed": "", "process": "", "own": "", "url": "https://nobody.invalid/"} | change
    given["feed"] = str(sync.feed.id) if given["feed"] else ""
    answer = sign_in(here.ada, here.district).post(reverse("trigger_new"), given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Trigger.objects.exists()
