"""Addresses that are not written to: how they get there, who sees them, and how they come back."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from delivery import actions
from delivery.models import Delivery, OptOut
from delivery.optouts import BOUNCE_HOLDS
from districts.scope import district_scope
from tests.conftest import Cast, sign_in

PAT = "pat@cedar-family.example"
BOUNCE, WISH = "bounced 5.1.1", "marked as spam"


def stop(reason: str = BOUNCE, *, days: float = 0, channel: str = "email", address: str = PAT) -> OptOut:
    actions.opt_out(channel=channel, address=address, reason=reason, now=timezone.now() - timedelta(days=days))
    return OptOut.objects.get(channel=channel, address=address)


def write(**more: Any) -> str:
    """The state of a new letter."""
    values: dict[str, Any] = {"channel": "email", "address": PAT, "body": "b", "purpose": "ack", "now": timezone.now(), **more}
    return str(actions.send(dedupe_key=str(uuid4()), **values).state)


def test_a_bounce_holds_for_a_month_and_a_wish_for_good(here: Cast) -> None:
    row = stop()
    assert write() == "suppressed"
    assert write(now=timezone.now() + BOUNCE_HOLDS - timedelta(hours=1)) == "suppressed"
    assert write(now=timezone.now() + BOUNCE_HOLDS) == "pending"
    OptOut.objects.filter(id=row.id).update(reason=WISH)
    assert write(now=timezone.now() + 12 * BOUNCE_HOLDS) == "suppressed"


@pytest.mark.parametrize(("reason", "state"), [(BOUNCE, "pending"), ("no such address", "pending"), (WISH, "suppressed")])
def test_who_writes_to_us_has_an_address_that_lives_and_may_still_wish_for_no_mail(here: Cast, reason: str, state: str) -> None:
    stop(reason)
    assert actions.heard_from(channel="email", address=PAT, now=timezone.now()) is (state == "pending")
    assert write() == state
    assert not actions.heard_from(channel="email", address="other@x.example", now=timezone.now())


def test_an_address_that_bounces_again_is_stopped_again(here: Cast) -> None:
    row = stop(days=60)
    assert write() == "pending"
    assert stop().id == row.id
    assert write() == "suppressed"
    actions.write_again(row.id, by=here.ada, now=timezone.now())
    assert write() == "pending"
    row = stop(WISH)
    assert (row.reason, row.lifted_at, row.lifted_by_id) == (WISH, None, None)
    assert stop(BOUNCE).reason == WISH, "a wish is not forgotten for a bounce"


def test_an_administrator_sees_who_is_not_written_to_and_why(here: Cast) -> None:
    stop(days=2)
    stop("texted STOP", channel="sms", address="+15095550111")
    write()
    client = sign_in(here.ada, here.district)
    page = client.get("/notices/stopped/").text
    for words in (PAT, "Pat Parent", "no such mailbox", "5.1.1", "1 message was not sent", "+15095550111", "texted STOP"):
        assert words in page
    since = timezone.localtime(OptOut.objects.get(address=PAT).at, here.district.zone)
    assert f"Since {since:%A, %B} {since.day}" in page
    for where in ("/notices/", "/notices/not-arrived/"):
        assert 'href="/notices/stopped/"' in client.get(where).text


def test_an_administrator_lets_an_address_be_written_to_again(here: Cast) -> None:
    row = stop()
    client = sign_in(here.ada, here.district)
    action = f"/notices/stopped/{row.id}/"
    assert f'action="{action}"' in client.get("/notices/stopped/").text
    assert client.get(action).status_code == 405
    assert write() == "suppressed"
    assert client.post(action).status_code == 302
    row.refresh_from_db()
    assert (row.lifted_by, row.lifted_at is not None) == (here.ada, True)
    assert write() == "pending"
    page = client.get("/notices/stopped/").text
    assert "Ada let it be written to again" in page
    assert f'action="{action}"' not in page
    lifted_at = row.lifted_at
    client.post(action)
    assert row.refresh().lifted_at == lifted_at, "the second click changes nothing"


def test_what_was_lifted_long_ago_is_not_listed(here: Cast) -> None:
    row = stop(days=90)
    actions.write_again(row.id, by=here.ada, now=timezone.now() - timedelta(days=80))
    assert PAT not in sign_in(here.ada, here.district).get("/notices/stopped/").text


@pytest.mark.parametrize("who", ["alice", "lena", "lee"])
def test_only_administrators_may(here: Cast, who: str) -> None:
    row, client = stop(), sign_in(here.people[who], here.district)
    assert client.get("/notices/stopped/").status_code == 403
    assert client.post(f"/notices/stopped/{row.id}/").status_code == 403
    assert write() == "suppressed"


def test_another_districts_administrator_sees_and_lifts_nothing(here: Cast, oak: Cast) -> None:
    row = stop()
    client = sign_in(oak.carla, oak.district)
    assert PAT not in client.get("/notices/stopped/").text
    client.post(f"/notices/stopped/{row.id}/")
    with district_scope(here.district.id):
        assert row.refresh().lifted_at is None


def test_a_page_costs_few_queries(here: Cast, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        stop(address=f"family{number}@example.com")
    Delivery.objects.all().delete()
    client = sign_in(here.ada, here.district)
    with django_assert_max_num_queries(10):
        page = client.get("/notices/stopped/").text
    assert page.count("Write to it again") == 25
    assert "page=2" in page
