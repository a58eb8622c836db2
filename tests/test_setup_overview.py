"""Set-up is for administrators of this district, and its first page says what is missing."""

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from districts.models import CalendarDay, District, Membership, Person, Role, Service
from districts.scope import district_scope
from intake.models import Channel, Mailbox
from intake.readiness import Need, needs
from sla.actions import set_policy
from tests.conftest import NOW, Cast, sign_in, visitor

PAGES = [
    "/setup/", "/setup/sites/", "/setup/sites/new", "/setup/teams/", "/setup/teams/new", "/setup/people/", "/setup/people/new",
    "/setup/services/", "/setup/services/new", "/setup/promises/", "/setup/terms", "/setup/calendar/", "/setup/addresses/",
    "/setup/addresses/new",
]  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_only_administrators_of_this_district_may(here: Cast, oak: Cast, path: str) -> None:
    assert sign_in(here.ada, here.district).get(path).status_code == 200
    for who in (here.alice, here.lena, here.lee):
        assert sign_in(who, here.district).get(path).status_code == 403
    assert visitor(here.district).get(path).headers["Location"].startswith("/account/login/")
    stranger = Client(HTTP_HOST=here.district.host)
    stranger.cookies = sign_in(oak.carla, oak.district).cookies
    assert stranger.get(path).status_code == 403, "an administrator elsewhere is nobody here"


def test_the_shell_leads_administrators_here_and_nobody_else(here: Cast) -> None:
    assert 'href="/setup/"' in sign_in(here.ada, here.district).get("/desk/").content.decode()
    assert 'href="/setup/"' not in sign_in(here.lee, here.district).get("/desk/").content.decode()


def missing(cast: Cast) -> dict[str, str]:
    return {need.page: " ".join(need.missing) for need in needs(cast.district, now=NOW) if need.missing}


def test_what_is_missing_is_counted_and_goes_away(here: Cast) -> None:
    found = missing(here)
    assert set(found) == {"setup_people", "setup_promises", "setup_calendar", "setup_addresses"}
    assert found["setup_people"] == "1 team has nobody: Safety and Counseling."
    assert found["setup_promises"].startswith("3 services have no promise")
    Membership.objects.create(person=here.bob, team=here.safety, role=Role.LEAD)
    set_policy(kind="first", terms="within 1 business day", service=here.bus_late, now=NOW)
    assert missing(here)["setup_promises"].startswith("3 services"), "one of the two kinds is no promise yet"
    for kind in ("first", "resolve"):
        set_policy(kind=kind, terms="within 2 business days", now=NOW)
    CalendarDay.objects.create(date=here.district.today(NOW), kind="holiday")
    Channel.objects.create(kind="email", address="help@cedar.localhost", name="Help")
    assert missing(here) == {}
    Service.objects.create(slug="mute", name="Mute", team=here.technology)
    assert missing(here) == {"setup_services": "1 has no example of what people write."}


def test_other_ways_in_have_a_line_each(here: Cast) -> None:
    def lines() -> dict[str, Need]:
        return {need.title: need for need in needs(here.district, now=NOW)}

    told = lines()
    assert [told[name].has for name in ("Mailboxes elsewhere", "Chat", "Stickers")] == ["0 mailboxes", "off", "0 places with rooms"]
    assert told["Mailboxes elsewhere"].page == "setup_mailbox_new"
    door = Channel.objects.create(kind="email", address="office@school.example", name="Office")
    mailbox = Mailbox.objects.create(source=door, host="imap.school.example", username="office", state="reading")
    chat = Channel.objects.create(kind="chat", address="", name="Chat")
    here.maple.rooms = ["101"]
    here.maple.save()
    told = lines()
    assert [told[name].has for name in ("Mailboxes elsewhere", "Chat", "Stickers")] == [
        "1 mailbox",
        "on, for 0 sites",
        "1 place with rooms",
    ]
    assert told["Chat"].hints == ["No site may show it yet."]
    assert (told["Mailboxes elsewhere"].page, told["Mailboxes elsewhere"].missing) == ("setup_addresses", [])
    Mailbox.objects.filter(id=mailbox.id).update(state="failing")
    Channel.objects.filter(id=chat.id).update(options={"sites": ["https://www.school.example"]})
    told = lines()
    assert told["Mailboxes elsewhere"].missing == ["1 cannot be read: office@school.example."]
    assert (told["Chat"].has, told["Chat"].hints) == ("on, for 1 site", [])
    page = sign_in(here.ada, here.district).get("/setup/").content.decode()
    assert 'href="/setup/chat/">Chat</a>' in page
    assert "texts leave from" not in page


def test_a_founded_district_is_told_what_to_do(oak: Cast) -> None:
    call_command("new_district", "elm.example.org", "Elm Union Schools", "--admin", "head@elm.example")
    elm = District.objects.get(host="elm.example.org")
    with district_scope(elm.id):
        head = Person.objects.get(name="Administrator")
        open_needs = [need.page for need in needs(elm, now=timezone.now()) if not need.done]
    assert open_needs == ["setup_sites", "setup_teams", "setup_people", "setup_services", "setup_calendar"]
    page = sign_in(head, elm).get("/setup/").content.decode()
    assert "5 things are missing" in page
    assert "Oak" not in page
