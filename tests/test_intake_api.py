"""The API for machines, and mail that a provider takes in."""

import base64
import json
import threading
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.test import Client

from districts.actions import new_api_key
from districts.models import Role
from districts.scope import district_scope
from intake import receive
from intake.models import Channel, Envelope
from tests.conftest import Cast, a_ticket, sign_in
from tests.test_intake_mail import a_mail
from tickets.models import Message, Ticket

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
    assert post(headers, key="k1", text="Something else").status_code == 422
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
    assert sorted(said) == [201, 422, 422, 422]


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
    ],
)  # fmt: skip
def test_bad_fields_are_told_by_name(here: Cast, body: dict[str, Any], field: str) -> None:
    answer = post(machine(here), **body)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert not Envelope.objects.exists()


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


def test_the_schema_tells_how(here: Cast) -> None:
    answer = Client(HTTP_HOST="cedar.localhost").get("/api/schema")
    assert answer.status_code == 200
    words = answer.content.decode()
    assert "Idempotency-Key" in words
    assert "/api/v1/tickets/{ticket_id}" in words
    assert "apiKey" in words


# --- mail through a provider --------------------------------------------------------------------------------------------


def postmark(raw: bytes, to: str = "help@cedar.localhost", secret: str = "user:pass", host: str = "cedar.localhost") -> Any:
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
    assert postmark(a_mail(), secret="user:guess").status_code == 400
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
