"""The API for machines, and mail that a provider takes in."""

import base64
import json
import os
import re
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from django.utils import timezone

from delivery.models import Delivery
from delivery.provider_login import login_of
from districts.actions import new_api_key
from districts.models import District, Role
from districts.problems import PROBLEMS
from districts.scope import district_scope
from intake.models import Channel, Envelope, Question
from intake.receiving import opening, reaping, receive
from intake.standing import forget_standing
from tests.conftest import NOW, Cast, a_ticket, sign_in
from tests.test_intake_mail import a_mail
from tickets import actions as tickets
from tickets.models import Answer, Message, Ticket

URL = "/api/v1/tickets"


def machine(here: Cast) -> dict[str, str]:
    return {"Authorization": f"Bearer {new_api_key(name='SIS', role=Role.AGENT)}"}


def post(headers: dict[str, str], *, key: str = "", host: str = "cedar.localhost", **body: Any) -> Any:
    body = {"text": "The bus did not come", "contact": "pat@cedar-family.example", **body}
    sent = headers | ({"Idempotency-Key": key} if key else {})
    return Client(HTTP_HOST=host).post(URL, json.dumps(body), content_type="application/json", headers=sent)


def test_a_machine_opens_a_ticket_and_reads_it(here: Cast) -> None:
    headers = machine(here)
    answer = post(headers, service="bus-late", site="MRE", room="7", language="es", name="Pat")
    assert answer.status_code == 201
    made = answer.json()
    ticket = Ticket.objects.get()
    assert (made["number"], made["service"], made["site"], made["team"]) == (ticket.number, "bus-late", "MRE", "transportation")
    assert (ticket.channel, ticket.language, ticket.requester) == ("api", "es", here.pat)
    assert made["tracking_url"] == f"http://cedar.localhost/r/{ticket.token}"
    read = Client(HTTP_HOST="cedar.localhost").get(answer["Location"], headers=headers)
    assert (read.status_code, read.json()["id"]) == (200, str(ticket.id))


def test_a_repeated_key_gives_the_first_ticket(here: Cast) -> None:
    headers = machine(here)
    first, again = post(headers, key="k1"), post(headers, key="k1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert post(headers, key="k2").status_code == 201
    assert Ticket.objects.count() == 2


def test_a_key_used_for_other_content_is_refused(here: Cast) -> None:
    headers = machine(here)
    post(headers, key="k1")
    assert problem(post(headers, key="k1", text="Something else")) == (409, "/api/#key-reused")
    assert Ticket.objects.count() == 1


def test_a_key_used_twice_at_once_opens_one_ticket(transactional_db: Any, cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        headers, go, said = machine(cedar), threading.Barrier(4), []

    def ask(number: int) -> None:
        try:
            go.wait()
            said.append(post(headers, key="k1", text=f"Request {number}").status_code)
        finally:
            connections.close_all()

    machines = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for one in machines:
        one.start()
    for one in machines:
        one.join()
    assert sorted(said) == [201, 409, 409, 409]


def test_two_machines_may_use_the_same_key(here: Cast) -> None:
    assert post(machine(here), key="1").status_code == post(machine(here), key="1", text="other").status_code == 201


def test_without_a_key_the_same_content_is_once(here: Cast) -> None:
    headers = machine(here)
    assert [post(headers).status_code, post(headers).status_code] == [201, 200]
    assert post(headers, text="The bus did not come.").status_code == 201


def test_without_a_key_the_same_content_on_another_day_is_another_request(here: Cast) -> None:
    """An alarm that says the same words half a year later is no retry."""
    headers = machine(here)
    with time_machine.travel("2026-11-17 23:55:00+00:00", tick=False) as clock:
        assert post(headers).status_code == 201
        clock.shift(600)
        assert post(headers).status_code == 200, "midnight makes no difference"
        clock.shift(24 * 3600)
        assert post(headers).status_code == 201
    assert Ticket.objects.count() == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"contact": ""}, "contact"), ({"contact": "nobody"}, "contact"), ({"text": ""}, "text"), ({"text": "a\0b"}, "text"),
        ({"service": "no-such"}, "service"), ({"site": "XX"}, "site"), ({"text": {"a": 1}}, "text"), ({"text": "x" * 60_000}, "text"),
        ({"text": 5}, "text"), ({"name": ["Pat"]}, "name"), ({"service": "a\0b"}, "service"), ({"site": 7}, "site"),
        ({"files": "x"}, "files"), ({"files": ["x"]}, "files/0"), ({"answers": {"bus no": "12"}}, "answers"),
        ({"answers": {"bus": ["12"]}}, "answers/bus"), ({"text": "\x01"}, "text"),
    ],
)  # fmt: skip
def test_bad_fields_are_told_by_name(here: Cast, body: dict[str, Any], field: str) -> None:
    answer = post(machine(here), **body)
    assert problem(answer) == (400, "/api/#invalid")
    assert [one["pointer"] for one in answer.json()["errors"]] == [f"/{field}"]
    assert not Envelope.objects.exists()


@pytest.mark.parametrize("contact", ["help@cedar.localhost", "Help+x@Cedar.Localhost", "office@school.example"])
def test_an_address_of_ours_is_nobody_who_asks(here: Cast, contact: str) -> None:
    """What came from one was answered 202, and screened out afterwards."""
    Channel.objects.create(kind="email", address="help@cedar.localhost", name="Help")
    Channel.objects.create(kind="email", address="office@school.example", name="Office")
    forget_standing()
    answer = post(machine(here), contact=contact)
    assert problem(answer) == (400, "/api/#invalid")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/contact"]
    assert not Envelope.objects.exists()


def problem(answer: Any) -> tuple[int, str]:
    """RFC 9457: (status, type); all its members are there and agree."""
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == answer.status_code
    assert told["title"]
    assert told["detail"]
    return answer.status_code, str(told["type"])


def call(
    method: str, path: str, headers: dict[str, str] | None = None, *, key: str = "", host: str = "cedar.localhost", **body: Any
) -> Any:
    sent = (headers or {}) | ({"Idempotency-Key": key} if key else {})
    client = Client(HTTP_HOST=host)
    if method == "get":
        return client.get(path, body, headers=sent)
    return client.post(path, json.dumps(body), content_type="application/json", headers=sent)


def nested(depth: int, text: str = "") -> str:
    return (
        json.dumps({"text": text or "The bus", "contact": "pat@cedar-family.example"})[:-1]
        + ', "answers": '
        + '{"a":' * depth
        + "1"
        + "}" * depth
        + "}"
    )


@pytest.mark.parametrize(
    "body", ["[" * 100_000, "[" * 990, '{"a":' * 100_000, nested(500), nested(9000), nested(100_000), '{"text": "\\ud800']
)
def test_json_that_nobody_means_cannot_be_read(here: Cast, body: str) -> None:
    headers = machine(here)
    answer = Client(HTTP_HOST="cedar.localhost").post(URL, body, content_type="application/json", headers=headers)
    assert problem(answer) == (400, "/api/#malformed")


def test_odd_values_of_any_field_are_told_and_break_nothing(here: Cast) -> None:
    headers = machine(here)
    odd: list[Any] = [
        "a\0b",
        "\ud800",
        "1" * 5000,
        10**400,
        -1,
        True,
        None,
        [],
        {},
        [[]],
        {"\0": 1},
        {"a": {"b": []}},
        ["x"] * 1000,
        1e308,
    ]
    for field in ("text", "contact", "name", "service", "site", "room", "language", "answers", "files", "by", "subject", "\0"):
        for value in odd:
            assert post(headers, **{field: value}).status_code in (200, 201, 202, 400, 409), (field, value)


def test_the_limits_that_are_told_are_those_that_hold(here: Cast, settings: Any) -> None:
    most = f"{settings.MAX_FILE_BYTES // (1024 * 1024)} MB"
    told = Client(HTTP_HOST="cedar.localhost").get("/api/schema", headers={"Accept": "application/json"}).content.decode()
    assert f"One file of {most} at most" in told
    docs = Path(settings.ROOT) / "docs"
    for page in ("api.md", "text-messages.md", "web-form.md"):
        assert set(re.findall(r"\d+ MB(?= each| of each file|\))", (docs / page).read_text())) == {most}, page


def test_nobody_in_particular_may_not(here: Cast, oak: Cast) -> None:
    assert post({}).status_code == 401
    assert post({"Authorization": "Bearer fd_00000000_guess"}).status_code == 401
    assert post(machine(here), host="oak.localhost").status_code == 401
    broken = Client(HTTP_HOST="cedar.localhost").post(URL, "{", content_type="application/json", headers=machine(here))
    assert broken.status_code == 400


def test_another_districts_ticket_and_a_sensitive_one_are_not_there(here: Cast, oak: Cast) -> None:
    headers = machine(here)
    with district_scope(oak.district.id):
        theirs = Ticket.objects.get()
    secret = a_ticket(here, service=here.counseling, team=here.safety)
    client = Client(HTTP_HOST="cedar.localhost")
    assert client.get(f"{URL}/{theirs.id}", headers=headers).status_code == 404
    assert client.get(f"{URL}/{secret.id}", headers=headers).status_code == 404
    assert client.get(f"{URL}/{a_ticket(here).id}").status_code == 401


def test_staff_read_by_their_session(here: Cast) -> None:
    ticket = a_ticket(here)
    assert sign_in(here.alice, here.district).get(f"{URL}/{ticket.id}").json()["number"] == ticket.number
    assert sign_in(here.pat, here.district).get(f"{URL}/{ticket.id}").status_code == 401


def test_every_problem_is_told_in_its_type(here: Cast, settings: Any) -> None:
    headers, ticket = machine(here), a_ticket(here)
    client = Client(HTTP_HOST="cedar.localhost")
    assert problem(client.post(URL, "{", content_type="application/json", headers=headers)) == (400, "/api/#malformed")
    assert problem(client.post(URL, "[]", content_type="application/json", headers=headers)) == (400, "/api/#invalid")
    assert problem(client.post(URL, "x=1", content_type="text/plain", headers=headers)) == (415, "/api/#unsupported-media-type")
    assert problem(client.delete(URL, headers=headers)) == (405, "/api/#method-not-allowed")
    assert problem(client.get(URL, headers=headers | {"Accept": "text/html"})) == (406, "/api/#not-acceptable")
    assert problem(call("get", f"{URL}/{ticket.id}")) == (401, "/api/#unknown-key")
    for path in (
        f"{URL}/nonsense",
        f"{URL}/{here.pat.id}",
        "/api/v1/nothing",
        f"{URL}/{ticket.id}/nothing",
        f"{URL}/nonsense/messages",
    ):
        assert problem(call("get", path, headers)) == (404, "/api/#not-found"), path
    large = json.dumps({"text": "x" * 3_000_000})
    assert problem(client.post(URL, large, content_type="application/json", headers=headers)) == (413, "/api/#too-large")
    assert problem(post(headers, key="\x7f")) == (400, "/api/#invalid")
    settings.API_PER_MINUTE = 0
    limited = call("get", f"{URL}/{ticket.id}", headers)
    assert problem(limited) == (429, "/api/#too-many-requests")
    assert 0 < int(limited["Retry-After"]) <= 60


def test_answers_to_a_services_questions_are_kept_in_the_districts_first_language(here: Cast) -> None:
    make = Question.objects.create
    make(service=here.bus_late, key="bus", label={"en": "Bus number", "es": "Número de autobús"}, required=True)
    choices = [{"value": "am", "label": {"en": "Morning", "es": "Mañana"}}]
    make(service=here.bus_late, key="when", kind="choice", label={"en": "When"}, choices=choices)
    headers = machine(here)
    made = post(headers, service="bus-late", language="es", answers={"bus": "12", "when": "am"})
    assert made.status_code == 201
    kept = {row.label: row.value for row in Answer.objects.filter(ticket=made.json()["id"])}
    assert kept == {"Bus number": "12", "When": "Morning"}
    wrong = post(headers, service="bus-late", answers={"when": "noon"})
    assert [one["pointer"] for one in wrong.json()["errors"]] == ["/answers/when"]
    assert post(headers, service="bus-late", text="without what is not known").status_code == 201
    other = post(headers, text="and what nobody asks", answers={"grade": "4", "empty": " "}).json()
    assert [(row.label, row.value) for row in Answer.objects.filter(ticket=other["id"])] == [("grade", "4")]


def test_who_works_here_asks_for_somebody_else(here: Cast) -> None:
    path = {"text": "Please look at the gym door", "contact": "pat@cedar-family.example"}
    mine = sign_in(here.alice, here.district).post(URL, json.dumps(path), content_type="application/json").json()
    ticket = Ticket.objects.get(id=mine["id"])
    assert (ticket.requester, ticket.opened_by) == (here.pat, here.alice)
    own = path | {"contact": "alice@cedar.localhost"}
    made = sign_in(here.alice, here.district).post(URL, json.dumps(own), content_type="application/json").json()
    assert Ticket.objects.get(id=made["id"]).opened_by is None


def test_a_machine_names_who_asks_only_where_its_role_may(here: Cast) -> None:
    assert problem(post(machine(here), asked_by="alice@cedar.localhost")) == (403, "/api/#forbidden")
    leaders = {"Authorization": f"Bearer {new_api_key(name='Portal', role=Role.LEADER)}"}
    made = post(leaders, asked_by="alice@cedar.localhost").json()
    assert Ticket.objects.get(id=made["id"]).opened_by == here.alice
    for nobody in ("pat@cedar-family.example", "nobody@cedar.localhost", "alice"):
        assert [one["pointer"] for one in post(leaders, asked_by=nobody).json()["errors"]] == ["/asked_by"]


# --- messages -----------------------------------------------------------------------------------------------------------


def test_words_of_the_requester_join_the_conversation_once(here: Cast) -> None:
    headers, ticket = machine(here), a_ticket(here)
    path = f"{URL}/{ticket.id}/messages"
    first, again = (call("post", path, headers, key="m1", text="It is the north door") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    written = Message.objects.get(id=first.json()["id"])
    assert (written.kind, written.channel, written.author) == ("request", "api", here.pat)
    assert written.envelope_ref
    envelope = Envelope.objects.get(id=written.envelope_ref)
    assert (envelope.state, envelope.ticket_ref, envelope.channel) == ("done", ticket.id, "api")
    assert problem(call("post", path, headers, key="m1", text="Other words")) == (409, "/api/#key-reused")
    assert call("post", path, headers, text="Without a key").status_code == 201
    assert call("post", path, headers, text="Without a key").status_code == 200
    assert Message.objects.filter(ticket=ticket).count() == 3


def test_an_answer_goes_out_and_a_note_does_not(here: Cast) -> None:
    headers, ticket = machine(here), a_ticket(here)
    path = f"{URL}/{ticket.id}/messages"
    call("post", path, headers, text="Your card is printed.", author="team")
    call("post", path, headers, text="Printer 4 was used.", author="note")
    letters = Delivery.objects.filter(about=ticket.id)
    assert [letter.purpose for letter in letters] == ["reply"]
    assert "Printer 4" not in letters[0].body
    shown = call("get", path, headers).json()
    assert [(one["author"], one["text"][:12]) for one in shown["results"]] == [
        ("requester", "the bus didn"), ("team", "Your card is"), ("note", "Printer 4 wa"),
    ]  # fmt: skip
    ticket.refresh_from_db()
    assert ticket.status == "open"


def test_words_of_danger_are_heard_by_this_door_too(here: Cast) -> None:
    headers, ticket = machine(here), a_ticket(here)
    call("post", f"{URL}/{ticket.id}/messages", headers, text="she said she wants to kill herself")
    ticket.refresh_from_db()
    assert (ticket.crisis, ticket.team) == (True, here.safety)


def test_a_message_opens_what_was_resolved_but_not_long_ago(here: Cast) -> None:
    headers, ticket = machine(here), a_ticket(here)
    path = f"{URL}/{ticket.id}/messages"
    Ticket.objects.filter(id=ticket.id).update(status="resolved", resolved_at=timezone.now())
    assert call("post", path, headers, text="Still broken").status_code == 201
    ticket.refresh_from_db()
    assert ticket.status == "open"
    Ticket.objects.filter(id=ticket.id).update(status="closed", resolved_at=NOW.replace(year=2025))
    before = Envelope.objects.count()
    assert problem(call("post", path, headers, key="late", text="And again")) == (422, "/api/#not-possible")
    assert Envelope.objects.count() == before, "what is refused leaves nothing behind"


def test_a_message_to_a_merged_ticket_lands_in_the_survivor(here: Cast) -> None:
    headers, ticket, other = machine(here), a_ticket(here), a_ticket(here, text="the same bus")
    tickets.merge(ticket, into=other, by=here.alice, why="The same bus.", now=timezone.now())
    path = f"{URL}/{ticket.id}/messages"
    written = [call("post", path, headers, key="m1", text="Where is it?") for _ in range(2)]
    assert [one.status_code for one in written] == [201, 200]
    assert Message.objects.get(id=written[0].json()["id"]).ticket == other


def test_nobody_writes_in_what_is_not_theirs(here: Cast, oak: Cast) -> None:
    headers = machine(here)
    secret = a_ticket(here, service=here.counseling, team=here.safety)
    with district_scope(oak.district.id):
        theirs = Ticket.objects.get()
    for ticket in (secret, theirs):
        for method in ("get", "post"):
            assert problem(call(method, f"{URL}/{ticket.id}/messages", headers, text="x")) == (404, "/api/#not-found")
    path = f"{URL}/{a_ticket(here).id}/messages"
    assert problem(call("post", path, text="x")) == (401, "/api/#unknown-key")
    for body in ({"text": ""}, {"text": "\x19"}, {"text": "x", "author": "principal"}, {"text": ["x"]}, {}):
        assert problem(call("post", path, headers, **body)) == (400, "/api/#invalid")


def test_a_conversation_is_read_in_pages(here: Cast) -> None:
    headers, ticket = machine(here), a_ticket(here)
    path = f"{URL}/{ticket.id}/messages"
    for n in range(4):
        call("post", path, headers, text=f"line {n}")
    first = call("get", path, headers, limit=3).json()
    rest = call("get", first["next"], headers).json()
    assert [one["text"] for one in first["results"] + rest["results"]][1:] == ["line 0", "line 1", "line 2", "line 3"]
    assert rest["next"] is None
    assert problem(call("get", path, headers, limit=0)) == (400, "/api/#invalid")
    assert problem(call("get", path, headers, after="x")) == (400, "/api/#invalid")


# --- what a key has opened ----------------------------------------------------------------------------------------------


def test_a_key_lists_what_it_has_opened_and_nothing_else(here: Cast, oak: Cast) -> None:
    mine, theirs = machine(here), machine(here)
    numbers = [post(mine, text=f"The bus {n}").json()["number"] for n in range(3)]
    post(theirs, text="another system")
    post(mine, text="secret", service="counseling")
    a_ticket(here)
    page = call("get", URL, mine, limit=2).json()
    rest = call("get", page["next"], mine).json()
    assert [one["number"] for one in page["results"] + rest["results"]] == numbers[::-1]
    assert rest["next"] is None
    assert len(call("get", URL, theirs).json()["results"]) == 1
    later = (timezone.now() + timedelta(hours=1)).isoformat()
    assert call("get", URL, mine, since=later).json() == {"results": [], "next": None}
    assert problem(call("get", URL, mine, since="yesterday")) == (400, "/api/#invalid")


def test_what_a_key_opened_is_found_by_its_idempotency_key(here: Cast) -> None:
    mine = machine(here)
    made = post(mine, key="absence-17").json()
    assert call("get", URL, mine, idempotency_key="absence-17").json()["results"] == [made]
    assert call("get", URL, machine(here), idempotency_key="absence-17").json()["results"] == []
    assert call("get", URL, mine, idempotency_key="absence-18").json()["results"] == []


# --- files --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def store(headers: dict[str, str], name: str, data: bytes, *, field: str = "file", host: str = "cedar.localhost") -> Any:
    sent = SimpleUploadedFile(name, data)
    return Client(HTTP_HOST=host).post("/api/v1/files", {field: sent}, headers=headers)


def test_a_file_is_sent_first_and_named_in_a_ticket_and_in_a_message(here: Cast, media: Path) -> None:
    headers = machine(here)
    stored = store(headers, "list.txt", b"broken chairs: 4")
    assert stored.status_code == 201
    told = stored.json()
    assert (told["name"], told["content_type"], told["size"]) == ("list.txt", "text/plain", 16)
    made = post(headers, files=[told["file"]]).json()
    path = f"{URL}/{made['id']}/messages"
    call("post", path, headers, text="and once more", files=[told["file"]])
    shown = call("get", path, headers).json()["results"]
    assert [one["files"][0]["name"] for one in shown] == ["list.txt", "list.txt"]
    assert Client(HTTP_HOST="cedar.localhost").get(shown[0]["files"][0]["url"]).content == b"broken chairs: 4"


def test_a_file_is_told_by_its_bytes_and_refused_in_words(here: Cast, media: Path, settings: Any) -> None:
    headers = machine(here)
    assert problem(store(headers, "photo.jpg", b"MZ\x90\0" * 50)) == (422, "/api/#file-refused")
    assert problem(store(headers, "empty.txt", b"")) in ((422, "/api/#file-refused"), (400, "/api/#invalid"))
    assert problem(store(headers, "list.txt", b"x", field="photo")) == (400, "/api/#invalid")
    settings.MAX_FILE_BYTES = 10
    assert problem(store(headers, "list.txt", b"x" * 11)) == (422, "/api/#file-refused")
    assert problem(call("post", "/api/v1/files", headers, file="x")) == (415, "/api/#unsupported-media-type")


def test_nothing_is_stored_for_who_has_no_key_nor_is_a_handle_good_elsewhere(here: Cast, oak: Cast, media: Path) -> None:
    for headers in ({}, {"Authorization": "Bearer fd_00000000_guess"}):
        assert problem(store(headers, "list.txt", b"words")) == (401, "/api/#unknown-key")
    assert not [path for path in media.rglob("*") if path.is_file()]
    handle = store(machine(here), "list.txt", b"words").json()["file"]
    with district_scope(oak.district.id):
        theirs = machine(oak)
    elsewhere = post(theirs, host="oak.localhost", files=[handle])
    assert problem(elsewhere) == (400, "/api/#invalid")


def test_files_of_a_request_that_waits_are_not_reaped(here: Cast, media: Path) -> None:
    headers = machine(here)
    handle = store(headers, "list.txt", b"words").json()["file"]
    with patch.object(opening, "take_in", side_effect=RuntimeError("boom")):
        assert post(headers, files=[handle]).status_code == 202
    for path in media.rglob("*"):
        if path.is_file():
            os.utime(path, (0, 0))
    assert reaping.reap(here.district.id).files == 0


def test_the_schema_tells_how(here: Cast) -> None:
    answer = Client(HTTP_HOST="cedar.localhost").get("/api/schema")
    assert answer.status_code == 200
    words = answer.content.decode()
    assert "openapi: 3.1" in words
    assert "Idempotency-Key" in words
    assert "/api/v1/tickets/{ticket_id}/messages" in words
    assert "apiKey" in words
    assert "application/problem+json" in words


def test_the_same_is_a_page_for_people(here: Cast) -> None:
    page = Client(HTTP_HOST="cedar.localhost").get("/api/")
    shown = page.content.decode()
    for name in ("openTicket", "writeMessage", "storeFile", "listTickets"):
        assert f'id="{name}"' in shown
    for slug in PROBLEMS:
        assert f'id="{slug}"' in shown, "types lead here"
    assert "http://cedar.localhost/api/v1/tickets" in shown


# --- mail through a provider --------------------------------------------------------------------------------------------


def postmark(raw: bytes, to: str = "help@cedar.localhost", secret: str | None = None, host: str = "cedar.localhost") -> Any:
    if secret is None:
        secret = login_of(District.objects.filter(host=host).first() or District())
    event = {
        "MessageID": "p-1", "OriginalRecipient": to, "Headers": [{"Name": "Return-Path", "Value": "<pat@cedar-family.example>"}],
        "RawEmail": raw.decode("latin-1"),
    }  # fmt: skip
    headers = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
    url = "/hooks/mail/postmark/inbound/"
    return Client(HTTP_HOST=host, raise_request_exception=False).post(
        url, json.dumps(event), content_type="application/json", headers=headers
    )


@pytest.fixture
def provider(here: Cast, settings: Any) -> Cast:
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": "user:pass"}
    Channel.objects.create(kind="email", address="help@cedar.localhost", name="Help")
    return here


def test_mail_taken_in_by_a_provider_becomes_a_ticket_once(provider: Cast) -> None:
    raw = a_mail("Words " * 10)
    assert [postmark(raw).status_code, postmark(raw).status_code] == [200, 200]
    envelope = Envelope.objects.get()
    assert (envelope.meta["return_path"], envelope.meta["recipients"]) == ("pat@cedar-family.example", ["help@cedar.localhost"])
    receive.drain(provider.district.id)
    assert Message.objects.get().author == provider.pat


def test_a_large_mail_passes_and_too_large_a_one_is_told(provider: Cast, settings: Any) -> None:
    assert postmark(a_mail("x" * 70 + "\n") + b"y" * 3_000_000).status_code == 200
    settings.MAX_MAIL_BYTES = 1_000_000
    assert postmark(a_mail() + b"y" * 3_000_000).status_code == 413


def test_a_provider_without_the_secret_is_refused(provider: Cast, settings: Any) -> None:
    assert postmark(a_mail(), secret="user:guess").status_code == 401
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": ""}
    assert postmark(a_mail()).status_code == 404
    assert not Envelope.objects.exists()


def test_mail_that_names_no_address_of_ours_goes_to_the_general_mailbox(provider: Cast) -> None:
    Channel.objects.create(kind="email", address="buses@cedar.localhost", name="Buses", team=provider.transportation)
    assert postmark(a_mail(to="parents@lists.example"), to="cedar@forwarded.example").status_code == 200
    envelope = Envelope.objects.get()
    assert (envelope.source.address, envelope.meta["recipients"]) == ("help@cedar.localhost", [])


def test_a_district_that_takes_no_mail_tells_the_provider_to_come_again(provider: Cast) -> None:
    Channel.objects.filter(kind="email").update(active=False)
    assert postmark(a_mail()).status_code == 500
    assert not Envelope.objects.exists()
