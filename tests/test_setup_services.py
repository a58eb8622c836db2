"""Services and what is promised for them."""

from datetime import datetime
from uuid import UUID

import pytest
from django.utils import timezone
from structlog.testing import capture_logs

from districts import actions as districts
from districts.models import Service
from districts.scope import district_scope
from routing import training
from sla.actions import derive, drain_stale
from sla.models import Policy
from sla.policies import rules_here
from sla.queries import next_promise
from tests.conftest import NOW, Cast, a_ticket, sign_in
from tests.filling import errors, fill
from tickets.models import Ticket


def test_a_service_is_added_with_its_promises(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    with capture_logs() as said:
        done = fill(
            admin, "/setup/services/new", name="Bus stop change",
            team=str(here.transportation.id), priority="2", audience=["family", "staff"],
            example_phrases="move our bus stop\n\n  we  moved ", first="Within 4 BUSINESS hours", resolve="2 school days",
        )  # fmt: skip
    assert done.status_code == 302
    made = Service.objects.get(slug="bus-stop-change")
    assert (made.team, made.priority, made.audience, made.active) == (here.transportation, 2, ["family", "staff"], True)
    assert made.example_phrases == ["move our bus stop", "we moved"]
    assert dict(Policy.objects.filter(service=made).values_list("kind", "terms")) == {
        "first": "within 4 business hours", "resolve": "within 2 school days",
    }  # fmt: skip
    assert {e["event"] for e in said} >= {"service_added", "promise_changed"}
    page = admin.get("/setup/services/").content.decode()
    assert "Bus stop change" in page
    assert "Within 4 hours of office time." in page


@pytest.mark.parametrize(
    ("terms", "marked", "why"),
    [
        ("within 4 buisness hours", "<mark>buisness hours</mark>", "Not understood from “buisness hours” on: minutes, hours or days"),
        ("within", "<mark>…</mark>", "Something is missing at the end"),
        ("48-hour notice", "<mark>48-hour notice</mark>", "a notice or a freeze comes before something"),
    ],
)
def test_words_not_understood_are_pointed_at(here: Cast, terms: str, marked: str, why: str) -> None:
    page = fill(sign_in(here.ada, here.district), f"/setup/services/{here.bus_late.id}/", first=terms, name="Renamed")
    assert why in errors(page)["first"][0]
    assert marked in page.content.decode()
    assert not Policy.objects.exists()
    assert not Service.objects.filter(name="Renamed").exists(), "all of it or nothing"


def test_terms_are_read_while_one_types(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    assert "Within 3 school days." in admin.get("/setup/terms", {"resolve": "within three school days"}).content.decode()
    assert "<mark>&lt;b&gt;</mark>" in admin.get("/setup/terms", {"first": "within 3 <b>"}).content.decode()
    assert admin.get("/setup/terms", {"first": "x" * 5_000}).status_code == 200
    assert admin.get("/setup/terms").content.decode().strip() == ""


def test_a_changed_promise_gives_open_tickets_their_new_time_and_can_be_taken_back(here: Cast) -> None:
    admin, path = sign_in(here.ada, here.district), f"/setup/services/{here.password_reset.id}/"
    ticket = a_ticket(here, team=here.technology, service=here.password_reset, now=timezone.now())
    derive(ticket, now=timezone.now())
    usual = due(here, ticket.id)
    fill(admin, path, first="within 30 minutes")
    assert due(here, ticket.id) < usual
    fill(admin, path, name="Password")
    assert Policy.objects.get().terms == "within 30 minutes", "another change leaves it"
    fill(admin, path, first="")
    assert not Policy.objects.exists()
    assert due(here, ticket.id) == usual


def due(cast: Cast, ticket_id: UUID) -> datetime:
    drain_stale(cast.district.id, now=timezone.now())
    promise = next_promise(Ticket.objects.get(id=ticket_id))
    assert promise is not None
    assert promise.due_at is not None
    return promise.due_at


def test_the_districts_own_promises_hold_where_a_service_has_none(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    assert fill(admin, "/setup/promises/", first_3="same-day", resolve_3="within 5 school days").status_code == 302
    assert str(rules_here().terms("first", service_id=here.password_reset.id, priority=3)) == "same-day"
    assert 'placeholder="same-day"' in admin.get(f"/setup/services/{here.password_reset.id}/").content.decode()
    assert "first_1" in errors(fill(admin, "/setup/promises/", first_1="soon"))
    fill(admin, "/setup/promises/", first_3="")
    assert list(Policy.objects.values_list("kind", "priority", "terms")) == [("resolve", 3, "within 5 school days")]


def test_a_service_needs_a_name_and_a_team_of_this_district(here: Cast, oak: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    assert set(errors(fill(admin, "/setup/services/new"))) == {"name", "team"}
    assert set(errors(fill(admin, "/setup/services/new", name="Theirs", team=str(oak.safety.id)))) == {"team"}
    with district_scope(oak.district.id):
        theirs = oak.bus_late.id
    assert admin.get(f"/setup/services/{theirs}/").status_code == 404
    assert admin.post(f"/setup/services/{theirs}/", {"name": "Mine"}).status_code == 404


def test_a_service_that_is_not_offered_stays_and_triage_learns_anew(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    before = training.retrain(here.district.id, now=NOW)
    assert before is not None
    assert training.retrain(here.district.id, now=NOW) is None, "nothing changed"
    fill(admin, f"/setup/services/{here.bus_late.id}/", active=None, audience=["parent"])
    here.bus_late.refresh_from_db()
    assert (here.bus_late.active, here.bus_late.audience, here.bus_late.slug) == (False, ["parent"], "bus-late")
    after = training.retrain(here.district.id, now=NOW)
    assert after is not None
    assert after.version > before.version
    assert "not offered" in admin.get("/setup/services/?q=late").content.decode()


def test_two_who_add_one_service_at_once_make_one_and_the_second_is_told(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both looked for a free short name before either had it."""
    monkeypatch.setattr(districts, "free_slug", lambda _rows, _name, **_more: "bus-late")
    page = fill(
        sign_in(here.ada, here.district), "/setup/services/new", name="Bus late", team=str(here.transportation.id), first="same-day"
    )
    assert errors(page) == {"name": ["There is one of this name already."]}
    assert "same-day" in page.content.decode(), "what was typed is still there"
    assert not Service.objects.filter(name="Bus late").exists()
    assert not Policy.objects.exists()
