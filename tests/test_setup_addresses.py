"""The addresses people write to."""

import threading
from typing import Any

import pytest

from delivery.provider_login import EVENTS, login_of
from districts.scope import district_scope
from intake import doors
from intake.models import Channel
from intake.queries import door_at, is_private, mailbox
from intake.standing import standing_here
from tests.conftest import Cast, sign_in
from tests.filling import errors, fill
from tests.test_sla_sweep import COMMITTED, in_threads


@pytest.fixture
def help_at(here: Cast) -> Channel:
    made: Channel = Channel.objects.create(kind="email", address="help@cedar.localhost", name="Help")
    return made


def test_a_teams_own_address_takes_mail_at_once(here: Cast, help_at: Channel) -> None:
    admin = sign_in(here.ada, here.district)
    assert (
        fill(admin, "/setup/addresses/new", local="Bus-Office", name="Bus office", team=str(here.transportation.id)).status_code == 302
    )
    found = mailbox("bus-office", here.district)
    assert found is not None
    assert found.team == here.transportation
    assert "bus-office@cedar.localhost" in standing_here().mailboxes, "no old list is kept"
    fill(admin, f"/setup/addresses/{found.id}/", local="other", name="Buses", team="")
    found.refresh_from_db()
    assert (found.address, found.name, found.team) == ("bus-office@cedar.localhost", "Buses", None)


@pytest.mark.parametrize(
    ("local", "why"),
    [
        ("help", "already"), ("help@cedar.localhost", "already"), ("help@oak.localhost", "another district"),
        ("bus office", "Letters"),
        ("ticket+1-x", "Letters"), (".x", "Letters"), ("", "required"), ("x" * 65, "Letters"),
    ],
)  # fmt: skip
def test_what_is_no_address_of_ours_is_refused(here: Cast, help_at: Channel, local: str, why: str) -> None:
    assert why in errors(fill(sign_in(here.ada, here.district), "/setup/addresses/new", local=local, name="X"))["local"][0]
    assert Channel.objects.count() == 1


def test_an_address_is_switched_off_but_never_the_last(here: Cast, help_at: Channel) -> None:
    admin, path = sign_in(here.ada, here.district), f"/setup/addresses/{help_at.id}/switch"
    assert "last address" in admin.post(path, {"to": "off"}, follow=True).content.decode()
    assert mailbox("help", here.district) == help_at
    fill(admin, "/setup/addresses/new", local="office", name="Office")
    assert "is refused from now on" in admin.post(path, {"to": "off"}, follow=True).content.decode()
    assert mailbox("help", here.district) is None
    admin.post(path, {"to": "on"})
    assert mailbox("help", here.district) == help_at


def test_the_neighbours_addresses_are_not_there(here: Cast, oak: Cast, help_at: Channel) -> None:
    with district_scope(oak.district.id):
        theirs = Channel.objects.create(kind="email", address="help@oak.localhost", name="Oak help")
    admin = sign_in(here.ada, here.district)
    assert "oak.localhost" not in admin.get("/setup/addresses/").content.decode()
    assert admin.get(f"/setup/addresses/{theirs.id}/").status_code == 404
    assert admin.post(f"/setup/addresses/{theirs.id}/switch", {"to": "off"}).status_code == 404
    assert "team" in errors(fill(admin, "/setup/addresses/new", local="x", name="X", team=str(oak.safety.id)))


@COMMITTED
def test_two_who_switch_the_last_two_off_at_once_leave_one(cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither waits for what the other holds while holding what the other waits for."""
    with district_scope(cedar.district.id):
        mailboxes = [Channel.objects.create(kind="email", address=f"{name}@cedar.localhost", name=name) for name in ("help", "office")]
    clients = iter([(sign_in(cedar.ada, cedar.district), mailbox) for mailbox in mailboxes])
    gate, real, answers = threading.Barrier(2), doors.switch, []

    def both_are_there(*given: Any, **more: Any) -> None:
        gate.wait(10)
        real(*given, **more)

    def switch_off() -> None:
        admin, mailbox = next(clients)
        answers.append(admin.post(f"/setup/addresses/{mailbox.id}/switch", {"to": "off"}).status_code)

    monkeypatch.setattr(doors, "switch", both_are_there)
    in_threads(2, switch_off)
    assert answers == [302, 302]
    with district_scope(cedar.district.id):
        assert Channel.objects.filter(active=True).count() == 1


def test_an_address_elsewhere_is_one_whose_mail_is_forwarded_here(here: Cast, help_at: Channel) -> None:
    admin = sign_in(here.ada, here.district)
    assert fill(admin, "/setup/addresses/new", local="Help@School.example", name="Old help").status_code == 302
    made = Channel.objects.get(address="help@school.example")
    assert door_at("help+bus@school.example", here.district) == made
    page = admin.get(f"/setup/addresses/{made.id}/").content.decode()
    assert "help@school.example" in page
    assert "@cedar.localhost</span>" not in page


def test_who_checks_senders_is_named_and_a_private_address_needs_its_team(here: Cast, help_at: Channel) -> None:
    admin = sign_in(here.ada, here.district)
    path = f"/setup/addresses/{help_at.id}/"
    assert fill(admin, path, name="Help", trusted_hop="MX.School.example;").status_code == 302
    help_at.refresh_from_db()
    assert (help_at.trusted_hop, is_private(help_at)) == ("mx.school.example", False)
    assert "trusted_hop" in errors(fill(admin, path, name="Help", trusted_hop="mx school"))
    assert "team" in errors(fill(admin, path, name="Help", private="on"))
    assert fill(admin, path, name="Help", private="on", team=str(here.safety.id)).status_code == 302
    assert is_private(help_at.refresh())
    assert "private" in admin.get("/setup/addresses/").content.decode()


def test_a_mailbox_elsewhere_may_be_private_too(here: Cast, help_at: Channel) -> None:
    admin, path = sign_in(here.ada, here.district), "/setup/mailboxes/new?provider=google"
    given = {"address": "counsel@school.example", "name": "Counsel", "client_id": "cid", "client_secret": "cs", "private": "on"}
    assert "team" in errors(fill(admin, path, **given))
    fill(admin, path, **given, team=str(here.safety.id))
    assert is_private(Channel.objects.get(address="counsel@school.example"))


def test_the_addresses_for_a_provider_have_the_districts_own_login(here: Cast, oak: Cast, help_at: Channel, settings: Any) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": "server:secret"}
    page = sign_in(here.ada, here.district).get("/setup/addresses/").content.decode()
    assert f"http://{login_of(here.district)}@cedar.localhost/hooks/mail/postmark/inbound/" in page
    assert f"http://{login_of(here.district, EVENTS)}@cedar.localhost/notices/hooks/mail/postmark/tracking/" in page
    assert "server:secret" not in page
    assert login_of(oak.district, EVENTS) not in page
    assert login_of(oak.district) not in page
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": ""}
    assert "/hooks/mail/" not in sign_in(here.ada, here.district).get("/setup/addresses/").content.decode()
