"""The queue: what is in which view, in which order, for whom, and at what cost."""

import io
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from districts.access import Actor, actor_for
from districts.models import Account, ContactPoint, Membership, Person, Role
from districts.scope import district_scope
from districts.together import insert
from routing import queue
from routing.queue import Cursor, Desk
from routing.views import queue as queue_views
from tests.conftest import Cast, a_ticket, make_district, sign_in, visitor
from tickets import actions as tickets
from tickets.indexing import index_words
from tickets.models import Ticket, TicketWords
from tickets.queries import visible

Assert = Any  # pytest-django's django_assert_max_num_queries


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def due(cast: Cast, hours: float | None, now: datetime, *, opened: datetime | None = None, **more: Any) -> Ticket:
    """A ticket of Transportation that falls due in `hours`; None: nothing is due."""
    ticket = a_ticket(cast, now=opened or now - timedelta(days=1), **{"team": cast.transportation, **more})
    at = None if hours is None else now + timedelta(hours=hours)
    tickets.derived(ticket, due_at=at, facts_at=ticket.facts_at)
    return ticket


def desk_of(who: Person, now: datetime) -> Desk:
    return Desk(actor_for(who), now)


def ids(slug: str, desk: Desk) -> list[UUID]:
    return [row.id for row in queue.page(queue.view_named(slug, desk), desk).rows]


def shown(page: bytes) -> list[int]:
    """Ticket numbers in the order of the page's rows."""
    return [int(n) for n in re.findall(rb'<span class="no">#(\d+)</span>', page)]


# --- order and views --------------------------------------------------------------------------------------------------


def test_what_is_due_first_comes_first_and_what_has_no_time_last(here: Cast, now: datetime) -> None:
    later, none, late, soon = due(here, 30, now), due(here, None, now), due(here, -3, now), due(here, 1, now)
    assert ids("team", desk_of(here.alice, now)) == [late.id, soon.id, later.id, none.id]


def test_each_view_holds_what_its_name_says(here: Cast, now: datetime) -> None:
    late, soon, later = due(here, -3, now), due(here, 1, now), due(here, 30, now)
    unsure = due(here, 5, now, team=here.front_office)
    others = due(here, 6, now, team=here.technology)
    done = due(here, 7, now)
    tickets.assign(soon, to=here.alice, by=here.alice, now=now)
    tickets.resolve(done, by=here.alice, now=now - timedelta(days=2))
    old = due(here, 8, now)
    tickets.resolve(old, by=here.alice, now=now - timedelta(days=8))
    desk = desk_of(here.alice, now)
    assert ids("team", desk) == [late.id, soon.id, later.id]
    assert ids("mine", desk) == [soon.id]
    assert ids("unassigned", desk) == [late.id, later.id]
    assert ids("soon", desk) == [soon.id]
    assert ids("late", desk) == [late.id]
    assert ids("front", desk) == [unsure.id]
    assert ids("open", desk) == [late.id, soon.id, unsure.id, others.id, later.id]
    assert ids("resolved", desk) == [done.id]


def test_a_ticket_that_waits_is_still_open(here: Cast, now: datetime) -> None:
    ticket = due(here, 3, now)
    tickets.wait_for(ticket, on=Ticket.Status.WAITING_OTHER, by=here.alice, now=now)
    assert ids("team", desk_of(here.alice, now)) == [ticket.id]


def test_the_newest_resolved_is_on_top(here: Cast, now: datetime) -> None:
    first, second = due(here, 3, now), due(here, 4, now)
    tickets.resolve(first, by=here.alice, now=now - timedelta(hours=3))
    tickets.resolve(second, by=here.alice, now=now - timedelta(hours=1))
    assert ids("resolved", desk_of(here.alice, now)) == [second.id, first.id]


def test_who_works_in_two_teams_sees_both_in_one_order(here: Cast, now: datetime) -> None:
    Membership.objects.create(person=here.alice, team=here.technology, role=Role.AGENT)
    second, first = due(here, 2, now), due(here, 1, now, team=here.technology)
    assert ids("team", desk_of(here.alice, now)) == [first.id, second.id]


def test_a_leader_without_a_team_looks_at_all_teams(here: Cast, now: datetime) -> None:
    bus, computer = due(here, -2, now), due(here, -1, now, team=here.technology)
    desk = desk_of(here.lee, now)
    assert "team" not in [view.slug for view in queue.views_of(desk)]
    assert queue.view_named("", desk).slug == "open"
    assert ids("late", desk) == [bus.id, computer.id]


def test_an_unknown_view_is_the_first_one(here: Cast, now: datetime) -> None:
    assert queue.view_named("nonsense", desk_of(here.alice, now)).slug == "team"


# --- pages and counts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", ["team", "open"])
def test_pages_go_on_where_the_last_one_ended(here: Cast, now: datetime, slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also over equal due times, and from what has a due time to what has none."""
    monkeypatch.setattr(queue, "ROWS", 3)
    for hours in (1, 1, 1, 1, 2, None, None, None, None):
        due(here, hours, now)
    due(here, 1, now, team=here.technology)
    desk, view, after, pages = desk_of(here.alice, now), slug, None, []
    while True:
        page = queue.page(queue.view_named(view, desk), desk, after)
        pages.append([row.id for row in page.rows])
        assert len(pages) < 10
        if page.more is None:
            break
        after = Cursor.read(str(page.more))
        assert after == page.more
    monkeypatch.setattr(queue, "ROWS", 50)
    whole = ids(slug, desk)
    assert [one for page in pages for one in page] == whole
    assert len(whole) == (9 if slug == "team" else 10)
    assert [len(page) for page in pages[:-1]] == [3] * (len(pages) - 1)


def test_resolved_pages_go_on_too(here: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "ROWS", 2)
    for _ in range(5):
        tickets.resolve(due(here, 3, now), by=here.alice, now=now - timedelta(hours=1))
    desk, after, found = desk_of(here.alice, now), None, []
    for _ in range(3):
        page = queue.page(queue.view_named("resolved", desk), desk, after)
        found += [row.id for row in page.rows]
        after = page.more
    assert after is None
    assert len(set(found)) == 5


@pytest.mark.parametrize("text", ["", "nonsense", "12", ".", "x.y", "99999999999999999999999999.0", "1.not-a-uuid", "\0"])
def test_a_cursor_that_is_none_shows_the_first_page(here: Cast, text: str) -> None:
    due(here, 1, timezone.now())
    assert Cursor.read(text) is None
    assert sign_in(here.alice, here.district).get("/desk/", {"after": text}).status_code == 200


def test_counts_say_what_the_views_hold(here: Cast, now: datetime) -> None:
    for hours in (-1, 1, 30, None):
        due(here, hours, now)
    due(here, 2, now, team=here.front_office)
    due(here, 2, now, team=here.safety, service=here.counseling)
    for who in (here.alice, here.bob, here.olive, here.lee):
        desk = desk_of(who, now)
        assert queue.counts(desk) == {view.slug: len(ids(view.slug, desk)) for view in queue.views_of(desk)}


def test_counts_stop(here: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "COUNTED", 2)
    for _ in range(4):
        due(here, 1, now)
    assert queue.counts(desk_of(here.alice, now))["team"] == 3


def test_the_page_says_a_thousand_and_more(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "counts", lambda desk: {view.slug: 1001 for view in queue.views_of(desk)})
    page = sign_in(here.alice, here.district).get("/desk/")
    assert b'id="n-late" class="count">1,000+</span>' in page.content


def test_the_queue_costs_the_same_for_one_row_and_for_fifty(here: Cast, django_assert_max_num_queries: Assert) -> None:
    now = timezone.now()
    client = sign_in(here.alice, here.district)
    for rows in (1, 60):
        for _ in range(rows):
            due(here, 1, now, site=here.maple)
        for view in ("team", "open", "mine"):
            with django_assert_max_num_queries(12):
                assert client.get("/desk/", {"view": view}).status_code == 200


# --- who may see what -------------------------------------------------------------------------------------------------


def test_visitors_sign_in_first(here: Cast) -> None:
    ticket = due(here, 1, timezone.now())
    for url in ("/desk/", "/desk/log/", "/desk/pulse/", f"/desk/{ticket.id}/"):
        answer = visitor(here.district).get(url)
        assert answer.status_code == 302
        assert "/account/login/" in answer["Location"]


def test_somebody_without_a_role_is_told_so(here: Cast) -> None:
    account = Account(email="pat@cedar-family.example")
    account.set_unusable_password()
    account.save()
    here.pat.account_ref = account.id
    here.pat.save()
    ticket = due(here, 1, timezone.now())
    for url in ("/desk/", "/desk/log/", f"/desk/{ticket.id}/"):
        answer = sign_in(here.pat, here.district).get(url)
        assert answer.status_code == 403
        assert b"This page is for other people" in answer.content


def test_staff_of_another_district_are_nobody_here(here: Cast, oak: Cast) -> None:
    stranger = Client(HTTP_HOST=here.district.host)
    stranger.force_login(Account.objects.get(email="charlie@oak.localhost"))
    assert stranger.get("/desk/").status_code == 403


def test_nothing_of_another_district_shows(here: Cast) -> None:
    for view in ("open", "front", "unassigned"):
        assert b"Oak noise" not in sign_in(here.lee, here.district).get("/desk/", {"view": view}).content


def test_a_sensitive_ticket_is_for_its_team_its_assignee_and_named_people(here: Cast, now: datetime) -> None:
    private = due(here, 1, now, team=here.safety, service=here.counseling)
    plain = due(here, 2, now, team=here.safety)
    assert ids("open", desk_of(here.alice, now)) == [plain.id]
    assert queue.counts(desk_of(here.lee, now))["open"] == 1
    tickets.follow(private, person=here.bob, now=now)
    assert ids("open", desk_of(here.bob, now)) == [private.id, plain.id]
    Membership.objects.create(person=here.alice, team=here.safety, role=Role.AGENT)
    assert ids("open", desk_of(here.alice, now)) == [private.id, plain.id]
    private.assignee = here.olive
    private.save()
    assert ids("open", desk_of(here.olive, now)) == [private.id, plain.id]


def test_the_queues_policy_is_the_one_of_tickets(here: Cast, now: datetime) -> None:
    """The queue says in SQL what tickets.queries.visible says to Django."""
    for team in (here.safety, here.transportation, here.front_office):
        for service in (None, here.counseling, here.bus_late):
            ticket = due(here, 1, now, team=team, service=service)
            tickets.follow(ticket, person=here.bob, now=now)
    for who in (here.alice, here.bob, here.olive, here.lee, here.ada):
        actor = actor_for(who)
        expected = Ticket.objects.filter(visible(actor), status__in=Ticket.LIVE).values_list("id", flat=True)
        assert set(ids("open", Desk(actor, now))) == set(expected)


def test_a_person_without_teams_or_follows_sees_no_sensitive_ticket(here: Cast, now: datetime) -> None:
    due(here, 1, now, team=here.safety, service=here.counseling)
    nobody = Desk(Actor(person=None, roles=frozenset({Role.AGENT})), now)
    assert ids("open", nobody) == []


# --- the page ---------------------------------------------------------------------------------------------------------


def test_a_room_with_a_name_is_called_by_it(here: Cast, now: datetime) -> None:
    ticket = due(here, 2, now, site=here.maple, room="Library")
    browser = sign_in(here.alice, here.district)
    assert "Maple Ridge Elementary, Library" in browser.get("/desk/").content.decode()
    page = browser.get(f"/desk/{ticket.id}/").content.decode()
    assert "Library" in page
    assert "Room Library" not in page


def test_a_row_says_who_what_where_since_when_and_due_when(here: Cast, now: datetime) -> None:
    ticket = due(here, 2.6, now, site=here.maple, room="204", text="Bus <b>late</b>")
    tickets.set_priority(ticket, priority=1, by=here.alice, now=now)
    late = due(here, -25, now)
    page = sign_in(here.alice, here.district).get("/desk/").content.decode()
    assert shown(page.encode()) == [late.number, ticket.number]
    for words in (
        f"#{ticket.number}", "Bus &lt;b&gt;late&lt;/b&gt;", "Pat Parent", "Maple Ridge Elementary, room 204", "Email", "Urgent",
        "Transportation", "nobody", ">1 day<", "due in 2 h 3", "late by 1 day 1 h",
    ):  # fmt: skip
        assert words in page, words
    assert "<b>late</b>" not in page
    assert re.search(r'title="\w{3}, \w{3} \d+, 20\d\d, \d+:\d\d [AP]M"', page)


def test_an_empty_view_teaches(here: Cast) -> None:
    page = sign_in(here.alice, here.district).get("/desk/", {"view": "mine"})
    assert b"Nothing is assigned to you" in page.content


def test_the_address_of_more_leads_on_without_scripts(here: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "ROWS", 2)
    made = [due(here, hours, now).number for hours in (1, 2, 3)]
    client = sign_in(here.alice, here.district)
    first = client.get("/desk/")
    assert shown(first.content) == made[:2]
    more = re.search(r'href="(/desk/\?view=team&amp;after=[^"]+)"', first.content.decode())
    assert more
    address = more[1].replace("&amp;", "&")
    assert shown(client.get(address).content) == made[2:]
    fragment = client.get(address, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="more")
    assert fragment.content.strip().startswith(b"<tr")
    assert b"data-focus" in fragment.content


def test_the_pulse_tells_what_is_new_and_moves_nothing(here: Cast, now: datetime) -> None:
    client = sign_in(here.alice, here.district)
    old = due(here, 1, now)
    seen = re.search(r"seen=([\d.]*)", client.get("/desk/").content.decode())
    assert seen
    assert seen[1] == str(old.number)
    asked = {"view": "team", "seen": seen[1], "told": ""}
    quiet = client.get("/desk/pulse/", asked, HTTP_HX_REQUEST="true").content.decode()
    assert "new here" not in quiet
    assert 'id="n-team" class="count" hx-swap-oob="true">1<' in quiet
    due(here, 2, now)
    tickets.resolve(old, by=here.alice, now=now)
    loud = client.get("/desk/pulse/", asked, HTTP_HX_REQUEST="true").content.decode()
    assert "1 new here, 1 gone from here" in loud
    assert "<tr" not in loud
    again = client.get("/desk/pulse/", asked | {"told": "1 new here, 1 gone from here"}, HTTP_HX_REQUEST="true").content.decode()
    assert 'id="news"' not in again


def test_a_pulse_after_signing_out_leads_to_the_sign_in(here: Cast) -> None:
    answer = visitor(here.district).get("/desk/pulse/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://cedar.localhost/desk/")
    assert answer["HX-Redirect"] == "/account/login/?next=%2Fdesk%2F"


def test_no_browser_keeps_a_page_or_takes_a_fragment_for_it(here: Cast) -> None:
    ticket = due(here, 1, timezone.now())
    client = sign_in(here.alice, here.district)
    for url in ("/desk/", f"/desk/{ticket.id}/", "/desk/log/"):
        answer = client.get(url)
        assert answer["Cache-Control"] == "private, no-store"
        assert {"HX-Request", "HX-Target"} <= {name.strip() for name in answer["Vary"].split(",")}


# --- search -----------------------------------------------------------------------------------------------------------


def test_a_number_opens_its_ticket(here: Cast) -> None:
    ticket = due(here, 1, timezone.now())
    for asked in (str(ticket.number), f"#{ticket.number}"):
        answer = sign_in(here.bob, here.district).get("/desk/", {"q": asked})
        assert answer["Location"] == f"/desk/{ticket.id}/"


def test_mail_phone_and_asset_tag_are_found_also_when_closed(here: Cast, now: datetime) -> None:
    ContactPoint.objects.create(person=here.pat, kind="phone", value="+15305550144")
    ticket = due(here, 1, now, asset_tag="CB-77")
    tickets.resolve(ticket, by=here.alice, now=now)
    due(here, 1, now, requester=here.bob)
    client = sign_in(here.olive, here.district)
    for asked in ("pat@cedar-family.example", "PAT@Cedar-Family.example", "530 555 0144", "(530) 555-0144", "cb-77", "CB-77"):
        assert shown(client.get("/desk/", {"q": asked}).content) == [ticket.number], asked


def test_search_finds_no_sensitive_ticket_of_others_and_no_other_district(here: Cast, now: datetime) -> None:
    private = due(here, 1, now, team=here.safety, service=here.counseling)
    client = sign_in(here.alice, here.district)
    for asked in (str(private.number), "pat@cedar-family.example", "pat@oak-family.example"):
        assert b"0 tickets found" in client.get("/desk/", {"q": asked}).content, asked


NOTHING = ("nothing like it", "'; --", "%", "\0", "9" * 40, "²", "@", "+", "a & b | !c", ":*", "<->", "x" * 254)


@pytest.mark.parametrize("asked", NOTHING)
def test_what_search_does_not_know_it_says(here: Cast, asked: str) -> None:
    due(here, 1, timezone.now())
    page = sign_in(here.alice, here.district).get("/desk/", {"q": asked})
    assert page.status_code == 200
    assert "No ticket you may see has all these words" in page.content.decode()


@pytest.mark.parametrize(
    "asked", ["bus", "BUS", "buses", "maple", "Map", "didn't come", "5th bus", "parent", "Pat bus", "autobus", "autobús", "niños"]
)
def test_words_are_found_in_subject_name_and_first_message(here: Cast, now: datetime, asked: str) -> None:
    text = "the bus didn't come to Maple and 5th again\n\nEl autobús de los ninos no llegó."
    ticket = due(here, 1, now, text=text)
    tickets.resolve(ticket, by=here.alice, now=now)
    due(here, 1, now, text="screen is dark", requester=here.bob)
    assert shown(sign_in(here.olive, here.district).get("/desk/", {"q": asked}).content) == [ticket.number]


def test_all_the_words_must_be_there_and_the_newest_is_first(here: Cast, now: datetime) -> None:
    old = due(here, 1, now, text="bus late", opened=now - timedelta(days=2))
    new = due(here, 1, now, text="late bus again", opened=now - timedelta(days=1))
    due(here, 1, now, text="bus is dirty")
    client = sign_in(here.olive, here.district)
    assert shown(client.get("/desk/", {"q": "bus late"}).content) == [new.number, old.number]


def test_a_number_that_is_no_tickets_is_looked_for_in_words(here: Cast, now: datetime) -> None:
    ticket = due(here, 1, now, text="Projector in 204 is dark")
    assert shown(sign_in(here.alice, here.district).get("/desk/", {"q": "204"}).content) == [ticket.number]


def test_words_of_a_sensitive_ticket_are_found_by_those_who_may_see_it(here: Cast, now: datetime) -> None:
    private = due(here, 1, now, team=here.safety, service=here.counseling, text="the bus and a counselor")
    assert shown(sign_in(here.alice, here.district).get("/desk/", {"q": "counselor"}).content) == []
    assert shown(sign_in(here.lee, here.district).get("/desk/", {"q": "counselor"}).content) == []
    tickets.follow(private, person=here.alice, now=now)
    assert shown(sign_in(here.alice, here.district).get("/desk/", {"q": "counselor"}).content) == [private.number]


def test_tickets_older_than_the_search_are_made_findable(cedar: Cast, oak: Cast) -> None:
    with district_scope(cedar.district.id):
        ids = sorted(a_ticket(cedar, text=f"a zebra, number {n}").id for n in range(3))
        TicketWords.objects.filter(id__in=ids[:2]).delete()
        assert index_words(after=UUID(int=0), limit=2) == (ids[1], 2)
        assert index_words(after=ids[-1]) == (None, 0)
        TicketWords.objects.all().delete()
    out = io.StringIO()
    for _again in range(2):
        call_command("index_words", stdout=out)
    assert out.getvalue().splitlines()[0] == "cedar.localhost: 3 tickets"
    assert out.getvalue().splitlines()[2] == "cedar.localhost: 0 tickets"
    with district_scope(cedar.district.id):
        assert TicketWords.objects.count() == 3


def test_words_of_another_district_are_not_found(here: Cast) -> None:
    assert shown(sign_in(here.lee, here.district).get("/desk/", {"q": "hollow"}).content) == []


@pytest.mark.parametrize("newest", [1, 20_000])
def test_more_than_fit_are_said_to_be_more(here: Cast, now: datetime, monkeypatch: pytest.MonkeyPatch, newest: int) -> None:
    """Also where the newest tickets are not enough, and the index tells the rest."""
    monkeypatch.setattr(queue, "NEWEST", newest)
    for name in (queue, queue_views):
        monkeypatch.setattr(name, "FOUND", 2)
    made = [due(here, 1, now, text="bus stop", opened=now - timedelta(hours=n)).number for n in (3, 2, 1)]
    page = sign_in(here.alice, here.district).get("/desk/", {"q": "bus"}).content
    assert shown(page) == [made[2], made[1]]
    assert b"More than 2 tickets found" in page
    assert shown(sign_in(here.alice, here.district).get("/desk/", {"q": "bus stop pat"}).content) == [made[2], made[1]]


@pytest.mark.django_db(databases=["default", "owner"], transaction=True)
def test_words_are_looked_up_in_an_index_that_starts_with_the_district() -> None:
    """Also behind the policy, which keeps operators from their index that are not known to tell nothing."""
    cedar = make_district("cedar", "cedar.localhost", "America/Los_Angeles", "cedar")
    with district_scope(cedar.district.id):
        for n in range(400):
            a_ticket(cedar, text=f"number {n} is late, and a good many other words stand here so that there are pages to read")
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT gin_clean_pending_list('ticket_words')")
        cursor.execute("ANALYZE tickets_ticketwords")
    with district_scope(cedar.district.id), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT w.id FROM {queue.AMONG_ALL}", {"district": cedar.district.id, "query": "123"})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert re.search(r"on ticket_words .*\n *Index Cond: \(\(district_id = .* AND \(words @@ ", plan), plan


def test_words_go_with_their_ticket(here: Cast, now: datetime) -> None:
    ticket = Ticket(
        number=77, subject="x", channel="web", requester=here.pat, team=here.technology, opened_at=now, facts_at=now, derived_at=now
    )
    insert(ticket, TicketWords(id=ticket.id, words="x"))
    assert TicketWords.objects.filter(id=ticket.id).exists()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tickets_ticket WHERE district_id = %s AND id = %s", [here.district.id, ticket.id])
    assert not TicketWords.objects.filter(id=ticket.id).exists()


def test_leaders_open_one_teams_tickets_from_their_page(cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        ours = a_ticket(cedar, text="bus of one team", team=cedar.transportation)
        a_ticket(cedar, text="screen of another", team=cedar.technology)
        hidden = a_ticket(cedar, text="words about a child", team=cedar.transportation, service=cedar.counseling)
    page = sign_in(cedar.lee, cedar.district).get("/desk/?view=open&team=transportation").content.decode()
    assert "bus of one team" in page
    assert "Transportation" in page
    assert f"#{ours.number}" in page
    assert "screen of another" not in page
    assert hidden.subject not in page, "a sensitive ticket is for its team"
    assert "screen of another" in sign_in(cedar.lee, cedar.district).get("/desk/?view=open&team=nobody").content.decode()
