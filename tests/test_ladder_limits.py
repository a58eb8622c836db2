"""What has an end: how long a ladder is put off, how long a leave is; and what nobody should be able to ask for or to post."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.urls import URLPattern, URLResolver, converters, reverse

from districts.models import Person
from ownership import actions, urls
from ownership.duty import turns
from ownership.ladders import rehearsal
from ownership.models import Escalation, Leave, OwnerRole, Rung, Step, Swap
from ownership.setup import urls as setup_urls
from tests.conftest import NOW, Cast, sign_in
from tests.test_ladders import rotation
from tests.test_ownership import DAY, HOUR, MINUTE, Sync, begun, make_sync, sweep

NEVER = date(9999, 12, 31)


@pytest.fixture
def sync(here: Cast) -> Sync:
    return make_sync(here)


# --- put off ----------------------------------------------------------------------------------------------------------


def put_off(escalation: Escalation, by: Person, *, at: datetime, length: timedelta) -> bool:
    return actions.snooze(escalation.id, by=by, until=at + length, why="The vendor calls back", now=at)


def test_a_ladder_is_put_off_for_three_days_in_all_whoever_does_it(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    for day, who in enumerate((sync.rosa, sync.dan, here.lena)):
        assert put_off(escalation, who, at=NOW + day * DAY, length=DAY)
        sweep(here, NOW + (day + 1) * DAY)
        assert escalation.refresh().snoozed_until is None
    with pytest.raises(actions.NotNow, match="three days in all, and no longer"):
        put_off(escalation, sync.dora, at=NOW + 3 * DAY, length=30 * MINUTE)
    climbs = escalation.refresh().climb_at
    assert climbs
    assert climbs <= NOW + 3 * DAY + HOUR, "it goes on"


def test_what_is_left_is_said_and_time_that_was_cut_short_does_not_count(here: Cast, sync: Sync) -> None:
    escalation = begun(here, sync)
    for _again in range(6):  # pressed again and again: the later one stands for the one before
        assert put_off(escalation, sync.rosa, at=NOW, length=DAY)
    assert escalation.refresh().snoozed_seconds == DAY.total_seconds()
    assert actions.acknowledge(escalation.id, by=sync.rosa, now=NOW + 2 * HOUR)
    assert escalation.refresh().snoozed_seconds == 2 * HOUR.total_seconds()
    assert put_off(escalation, sync.rosa, at=NOW + 3 * HOUR, length=8 * HOUR)
    assert actions.raise_now(escalation.id, by=sync.rosa, now=NOW + 4 * HOUR)
    assert escalation.refresh().snoozed_seconds == 3 * HOUR.total_seconds()
    Escalation.objects.update(snoozed_seconds=(3 * DAY - HOUR).total_seconds())
    with pytest.raises(actions.NotNow, match=r"It can be put off until Tue, November 3, "):
        put_off(escalation, sync.rosa, at=NOW + 4 * HOUR, length=2 * HOUR)
    assert put_off(escalation, sync.rosa, at=NOW + 4 * HOUR, length=HOUR)


# --- leave, swaps, turns ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 3), NEVER, "A year at most"),
        (NEVER, NEVER, "within a year"),
        (date(1, 1, 1), date(2026, 11, 3), "A year at most"),
        (date(2026, 11, 3), date(2027, 11, 5), "A year at most"),
    ],
)
def test_a_leave_has_an_end(here: Cast, first: date, last: date, words: str) -> None:
    page = sign_in(here.ada, here.district).post(reverse("leave"), {"person": str(here.bob.id), "first": first, "last": last})
    with pytest.raises(turns.NotPossible, match=words):
        turns.go_on_leave(here.bob, first=first, last=last, cover=None, by=here.ada, today=date(2026, 11, 3), now=NOW)
    assert page.status_code == 422
    assert not Leave.objects.exists()


def test_a_year_is_a_leave(here: Cast) -> None:
    today = date(2026, 11, 3)
    assert turns.go_on_leave(here.bob, first=today, last=date(2027, 11, 3), cover=None, by=here.ada, today=today, now=NOW).pk


def test_a_swap_at_the_end_of_time_is_refused(here: Cast) -> None:
    row = rotation(here, here.alice, here.bob)
    given = {"person": str(here.bob.id), "starts_at": "9999-12-31T10:00", "ends_at": "9999-12-31T11:00"}
    sent = {f"r{row.id.hex[-8:]}-{name}": value for name, value in given.items()}
    answer = sign_in(here.ada, here.district).post(reverse("swap", args=[row.id]), sent)
    assert answer.status_code == 422
    assert not Swap.objects.exists()


@pytest.mark.parametrize("starts_on", ["0001-01-01", "9999-12-31", "1999-12-31"])
def test_turns_begin_on_a_day_that_makes_sense(here: Cast, starts_on: str) -> None:
    given = {"name": "Nights", "turn": "day", "starts_on": starts_on, "hands_over": "08:00", "place_1": str(here.bob.id)}
    ada = sign_in(here.ada, here.district)
    assert ada.post(reverse("setup_rotation_new"), given).status_code == 422
    assert ada.post(reverse("setup_rotation_new"), given | {"starts_on": "2026-11-02"}).status_code == 302


# --- whatever is asked for and posted ---------------------------------------------------------------------------------

ODD = [
    "\0", "x\0y", "not-a-uuid", "9" * 5_000, "-1", "9" * 9, "9999-12-31T23:59", "0001-01-01T00:00", "é" * 300, "'\"<>", "1e999",
]  # fmt: skip
ASKED = ("process", "ticket", "at", "whose", "page")
POSTED = (
    "to", "minutes", "why", "next", "evidence", "loud", "person", "first", "last", "cover", "starts_at", "ends_at", "name", "whom",
    "after_minutes", "step_minutes", "channels", "actions", "wakes", "serves", "turn", "starts_on", "hands_over", "place_1", "place_x",
    "url", "renew", "seen",
)  # fmt: skip


def addresses(here: Cast, sync: Sync) -> Iterator[tuple[str, list[Any]]]:
    """Every page of this floor, by its name, with what stands in its address."""
    escalation = begun(here, sync)
    role = OwnerRole.objects.create(slug="dispatcher", name="Dispatcher")
    turn = rotation(here, here.alice, here.bob, role=role)
    swap = turns.swap(turn, person=here.lena, starts_at=NOW, ends_at=NOW + HOUR, why="", by=here.ada, now=NOW)
    leave = turns.go_on_leave(here.bob, first=NOW.date(), last=NOW.date(), cover=None, by=here.ada, today=NOW.date(), now=NOW)
    test = rehearsal.rehearse(sync.ladder, by=here.ada, now=NOW)
    known: dict[str, Any] = {
        "step_id": Step.objects.all()[0].id, "file_id": escalation.id, "escalation_id": escalation.id, "rotation_id": turn.id,
        "swap_id": swap.id, "leave_id": leave.id, "slug": sync.ladder.slug, "test_id": test.id, "rung_id": Rung.objects.all()[0].id,
        "token": sync.feed.token,
    }  # fmt: skip
    for pattern in _flat([*urls.urlpatterns, *setup_urls.urlpatterns]):  # of the other rooms, each page with one odd thing
        yield str(pattern.name), [known.get(name, OTHERS[type(one)]) for name, one in pattern.pattern.converters.items()]


OURS = {one.name for one in (*urls.urlpatterns, *setup_urls.urlpatterns) if isinstance(one, URLPattern)}
OTHERS = {
    converters.UUIDConverter: UUID(int=7), converters.SlugConverter: "nothing", converters.IntConverter: 0,
    converters.PathConverter: "nothing", converters.StringConverter: "nothing",
}  # fmt: skip


def _flat(patterns: Sequence[Any]) -> Iterator[URLPattern]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from _flat(one.url_patterns)
        else:
            yield one


def test_whatever_is_asked_for_and_posted_no_page_breaks(here: Cast, sync: Sync) -> None:
    """The client raises what a page does not catch; removals come last, and what is gone is not there (404)."""
    ada = sign_in(here.ada, here.district)
    pages = sorted(addresses(here, sync), key=lambda page: ("remove" in page[0] or "undo" in page[0] or "end" in page[0], page[0]))
    assert len(pages) >= 30
    for name, inside in pages:
        address, whose = reverse(name, args=inside), f"r{inside[0].hex[-8:]}-" if name == "swap" else ""
        asked = () if ada.get(address).status_code == 405 else ASKED
        for odd in ODD if name in OURS else ODD[:1]:
            queries = [{one: odd} for one in asked] if name in OURS else [dict.fromkeys(asked, odd)]
            answers = [ada.get(address, query) for query in queries]
            answers.append(ada.post(address, {f"{whose}{one}": odd for one in POSTED}))
            assert all(answer.status_code < 500 for answer in answers), (name, odd[:20])
    cache.clear()


@pytest.mark.parametrize("token", ["%00", "x%00y", "%FF", "é", "9" * 5_000, "a.b", "AAAA.AAAA", "%20", "%0A"])
@pytest.mark.parametrize("address", ["/matrix/ping/{}", "/matrix/take/{}", "/matrix/on-call/shifts/{}.ics"])
def test_a_token_that_is_none_is_not_there(here: Cast, address: str, token: str) -> None:
    client = sign_in(here.ada, here.district)
    assert client.get(address.format(token)).status_code == 404
    assert client.post(address.format(token)).status_code in (404, 405)
    cache.clear()


def test_a_process_of_a_name_that_can_be_none_is_not_there(here: Cast, sync: Sync) -> None:
    page = sign_in(here.ada, here.district).get("/matrix/ladders/attendance/?process=%00")
    assert page.status_code == 404
