"""Whoever has left the district is sent for by nothing: no role, cover, turn or rung; and the pages say that they left."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from delivery.models import Delivery
from districts.models import Account, Membership, Person
from ownership import actions
from ownership.duty import turns
from ownership.duty.roles import Roster, Via
from ownership.ladders import rehearsal
from ownership.models import Escalation, OwnerRole
from tests.conftest import NOW, Cast, sign_in
from tests.test_ladders import rotation
from tests.test_ownership import DAY, HOUR, Sync, begun, make_sync, sweep, told


@pytest.fixture
def sync(here: Cast) -> Sync:
    return make_sync(here)


def without_roles(who: Person) -> None:
    Membership.objects.filter(person=who).delete()


def account_closed(who: Person) -> None:
    assert who.account_ref
    Account.objects.filter(id=who.account_ref).update(is_active=False)


def merged(who: Person) -> None:
    who.merged_into = Person.objects.get(name="Ada")
    who.save()


@pytest.mark.parametrize("leaves", [without_roles, account_closed, merged])
def test_who_has_left_is_found_by_no_role_cover_or_turn(here: Cast, leaves: Any) -> None:
    role = OwnerRole.objects.create(slug="dispatcher", name="Dispatcher", holder=here.bob, deputy=here.olive, team=here.transportation)
    leaves(here.bob)
    assert Roster(NOW).find(role.refresh()).via is Via.DEPUTY
    leaves(here.olive)
    found = Roster(NOW).find(role.refresh())
    assert (found.owner, found.via) == (here.lena, Via.LEAD)
    assert Roster(NOW).left(role.refresh()) == [here.bob, here.olive]
    day = here.district.today(NOW)
    turns.go_on_leave(here.lena, first=day, last=day, cover=here.lee, by=here.ada, today=day, now=NOW)
    assert Roster(NOW).find(role.refresh()).via is Via.COVER
    leaves(here.lee)
    assert Roster(NOW).find(role.refresh()).owner == here.alice
    rotation(here, here.lee, here.olive, role=role)
    assert Roster(NOW).find(role.refresh()).owner == here.alice, "their turn is nobody's"
    leaves(here.alice)
    assert Roster(NOW).find(role.refresh()).owner == here.ada
    assert Roster(NOW).on_call(here.transportation.id).owner == here.ada


def test_a_rung_falls_to_the_next_when_nobody_is_left_for_it(here: Cast, sync: Sync) -> None:
    for someone in (sync.rosa, here.ada):
        without_roles(someone)
    escalation = begun(here, sync)
    assert (escalation.level, told(sync.dan)) == (2, ["Failed: Attendance to transportation"])
    assert told(sync.rosa) == told(here.ada) == []


def test_who_leaves_while_they_have_it_hears_no_more_and_somebody_else_does(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    at = escalation.began_at
    actions.snooze(escalation.id, by=sync.rosa, until=at + HOUR, why="The vendor calls back", now=at)
    without_roles(sync.rosa)
    Delivery.objects.all().delete()
    sweep(here, at + HOUR)
    assert told(sync.rosa) == []
    assert told(here.ada) == ["Back again: Attendance to transportation"]


def test_the_process_its_audit_and_a_test_say_that_its_holder_has_left(here: Cast, sync: Sync) -> None:
    address = reverse("process", args=["attendance"])
    ada = sign_in(here.ada, here.district)
    assert "has left" not in ada.get(address).content.decode()
    without_roles(sync.rosa)
    page = ada.get(address).content.decode()
    assert "Rosa has left" in page.replace("<bdi>", "").replace("</bdi>", "")
    assert "Rosa has left and still stands for Clerk: somebody else is told instead." in page
    test = rehearsal.rehearse(sync.ladder, process=sync.process, by=here.ada, now=NOW)
    assert ("Rosa", "has no role in the district any more") in {(one["who"], one["what"]) for one in test.stale}
    assert [person["name"] for person in test.rungs[0]["people"]] == ["Ada"]


def test_the_shifts_and_the_choices_end_with_the_account(here: Cast) -> None:
    row = rotation(here, here.alice, here.bob)
    account_closed(here.bob)
    with pytest.raises(turns.NotPossible, match="no role"):
        turns.swap(row, person=here.bob, starts_at=NOW, ends_at=NOW + timedelta(hours=1), why="", by=here.ada, now=NOW)
    page = sign_in(here.ada, here.district).get(reverse("on_call")).content.decode()
    assert f'value="{here.bob.id}"' not in page
    assert f'value="{here.alice.id}"' in page
    assert Escalation.objects.count() == 0
    assert Roster(NOW + DAY).has_left(here.bob)


def test_nobody_reads_the_link_of_another_under_notices(here: Cast, sync: Sync, settings: Any) -> None:
    """The link is a key. What did not arrive is shown to administrators by its subject; the demo's outbox is the demo's alone."""
    begun(here, sync)
    settings.DEMO = False
    mine = Delivery.objects.filter(person=sync.rosa, channel="email")
    assert "/take/" in mine.get().body
    ada = sign_in(here.ada, here.district)
    for state in ("failed", "dead", "uncertain", "kept", "suppressed"):
        mine.update(state=state, error="550 no", created_at=timezone.now())
        pages = [ada.get(reverse(name)) for name in ("notices", "not_arrived", "stopped", "kept")]
        assert [page.status_code for page in pages] == [200, 200, 200, 404]
        assert all("/take/" not in page.content.decode() for page in pages)
    own = Delivery.objects.filter(person=sync.rosa, channel="inapp").get()
    assert ada.get(reverse("notice", args=[own.id])).status_code == 404
