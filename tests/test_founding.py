"""A district from nothing: founded by a command, and even a bare row never answers with an error."""

import io
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from districts.models import Account, District, Membership, Person, Team
from districts.scope import district_scope
from intake.management.commands import new_district
from intake.models import Channel
from intake.queries import mailbox
from intake.standing import standing_here
from tests.conftest import Cast, sign_in
from tickets.models import Ticket

HOST = "elm.example.org"


def found(*given: str) -> str:
    out = io.StringIO()
    call_command("new_district", HOST, "Elm Union Schools", "--admin", "Head@Elm.example", *given, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def ask(host: str) -> int:
    form = {"text": "The heating is out", "contact": "parent@elm-family.example", "step": "send", "form_id": str(uuid4())}
    return Client(HTTP_HOST=host).post("/", form).status_code


def test_a_founded_district_takes_requests_and_has_an_administrator(oak: Cast) -> None:
    told = found("--time-zone", "America/Chicago", "--sms", "740 555 0118")
    district = District.objects.get(host=HOST)
    assert ask(HOST) == 303
    with district_scope(district.id):
        assert Ticket.objects.get().team.is_front_office
        assert mailbox("help", district) is not None
        line = Channel.objects.get(kind="sms")
        assert line.address == "+17405550118"
        assert f"/hooks/sms/{line.id}" in told
        head = Person.objects.get(name="Administrator")
        assert Membership.objects.get(person=head).role == "admin"
    assert sign_in(head, district).get("/came-in/").status_code == 200


def test_an_account_of_another_district_is_not_made_twice(cedar: Cast) -> None:
    assert cedar.ada.account_ref is not None
    email = Account.objects.get(id=cedar.ada.account_ref).email
    call_command("new_district", HOST, "Elm", "--admin", email, stdout=io.StringIO(), stderr=io.StringIO())
    assert Account.objects.filter(email=email).count() == 1


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (("no host", "Elm", "--admin", "a@b.example"), "no host name"),
        ((HOST, "Elm", "--admin", "nobody"), "no mail address"),
        ((HOST, "Elm", "--admin", "a@b.example", "--time-zone", "Mars/Base"), "time zone"),
        ((HOST, "Elm", "--admin", "a@b.example", "--sms", "12"), "no telephone number"),
        (("cedar.localhost", "Elm", "--admin", "a@b.example"), "already"),
        (("localhost", "Elm", "--admin", "a@b.example"), "no host name"),
        (("elm-.example", "Elm", "--admin", "a@b.example"), "no host name"),
        ((HOST, "E" * 300, "--admin", "a@b.example"), "at most 200 characters"),
        ((HOST, "  ", "--admin", "a@b.example"), "cannot be blank"),
        ((HOST, "Elm", "--admin", "a@b.example", "--admin-name", "A" * 300), "at most 200 characters"),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_is_left(cedar: Cast, given: tuple[str, ...], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        call_command(new_district.Command(), *given)
    assert District.objects.count() == 1


def test_hosts_that_look_alike_are_two_districts(oak: Cast) -> None:
    for host in ("a-b.example.org", "a.b.example.org", f"{'long-' * 11}one.example.org", f"{'long-' * 11}two.example.org"):
        call_command("new_district", host, "Elm", "--admin", "a@b.example", stdout=io.StringIO(), stderr=io.StringIO())
        assert ask(host) == 303


def test_a_bare_row_gets_its_front_office_with_the_first_request(db: None) -> None:
    bare = District.objects.create(slug="bare", name="Bare", host="bare.example.org", created_at=timezone.now())
    assert ask(bare.host) == 303
    with district_scope(bare.id):
        assert standing_here().front_office == Team.objects.get()
        assert Ticket.objects.get().team.is_front_office
