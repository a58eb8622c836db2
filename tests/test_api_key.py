"""`manage.py new_api_key`: a key that is shown once, kept as a hash, and good on its own district's host alone."""

import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from districts.models import ApiKey, Role
from districts.scope import district_scope
from tests.conftest import Cast

ASKED = {"text": "the bus did not come", "contact": "pat@cedar-family.example"}


def made(*given: str) -> str:
    out = io.StringIO()
    call_command("new_api_key", *given, stdout=out, stderr=io.StringIO())
    return out.getvalue().strip()


def post(host: str, key: str) -> int:
    client = Client(HTTP_HOST=host)
    headers = {"Authorization": f"Bearer {key}"}
    return client.post("/api/v1/tickets", json.dumps(ASKED), content_type="application/json", headers=headers).status_code


def test_the_key_opens_the_api_of_its_own_district_alone(cedar: Cast, oak: Cast) -> None:
    key = made("Cedar.localhost", "Student  system")

    assert post("cedar.localhost", key) == 201
    assert post("oak.localhost", key) == 401


def test_only_a_hash_is_kept_and_the_name_says_who_uses_it(cedar: Cast, oak: Cast) -> None:
    key = made("cedar.localhost", " Student  system ", "--role", "lead")

    with district_scope(cedar.district.id):
        kept = ApiKey.objects.get()
    assert (kept.name, kept.role) == ("Student system", Role.LEAD)
    assert key.startswith(f"fd_{kept.prefix}_")
    assert key.removeprefix(f"fd_{kept.prefix}_") not in f"{kept.__dict__}"
    with district_scope(oak.district.id):
        assert not ApiKey.objects.exists()


def test_the_key_stands_alone_on_standard_output(cedar: Cast) -> None:
    out, said = io.StringIO(), io.StringIO()
    call_command("new_api_key", "cedar.localhost", "SIS", stdout=out, stderr=said)

    assert len(out.getvalue().split()) == 1
    assert out.getvalue().strip() not in said.getvalue()


def test_an_agents_key_is_the_default(cedar: Cast) -> None:
    made("cedar.localhost", "SIS")

    with district_scope(cedar.district.id):
        assert ApiKey.objects.get().role == Role.AGENT


def listed(*given: str) -> list[str]:
    out = io.StringIO()
    call_command("api_keys", *given, stdout=out)
    return out.getvalue().splitlines()


def test_keys_are_listed_and_a_revoked_one_opens_nothing(cedar: Cast, oak: Cast) -> None:
    first, second = made("cedar.localhost", "SIS"), made("cedar.localhost", "Buses", "--role", "lead")
    assert [line.split()[-1] for line in listed("CEDAR.localhost.")] == ["SIS", "Buses"]
    assert not listed("oak.localhost")

    lines = listed("cedar.localhost", "--revoke", first.split("_")[1])

    assert "revoked" in lines[0]
    assert "valid" in lines[1]
    assert first.split("_", 2)[2] not in "".join(lines)
    assert (post("cedar.localhost", first), post("cedar.localhost", second)) == (401, 201)


def test_only_a_valid_key_of_this_district_is_revoked(cedar: Cast, oak: Cast) -> None:
    prefix = made("cedar.localhost", "SIS").split("_")[1]
    with pytest.raises(CommandError, match="has no valid key"):
        listed("oak.localhost", "--revoke", prefix)
    listed("cedar.localhost", "--revoke", prefix)
    with pytest.raises(CommandError, match="has no valid key"):
        listed("cedar.localhost", "--revoke", prefix)
    with pytest.raises(CommandError, match="no district at nowhere"):
        listed("nowhere.localhost")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("nowhere.localhost", "SIS"), "no active district at nowhere.localhost"),
        (("cedar.localhost", "  "), "1 to 100 printable characters"),
        (("cedar.localhost", "x" * 101), "1 to 100 printable characters"),
        (("cedar.localhost", "a\0b"), "1 to 100 printable characters"),
        (("cedar.localhost", "SIS", "--role", "operator"), "invalid choice: 'operator'"),
    ],
)
def test_what_is_wrong_is_said_and_no_key_is_made(cedar: Cast, given: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        made(*given)

    with district_scope(cedar.district.id):
        assert not ApiKey.objects.exists()


def test_a_district_that_is_closed_gets_none(cedar: Cast) -> None:
    cedar.district.active = False
    cedar.district.save()

    with pytest.raises(CommandError, match="no active district"):
        made("cedar.localhost", "SIS")
