"""Many people, one cause: a suggestion appears, with what speaks for it; a person declares the outage, or says why it is none."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from delivery.models import Delivery
from districts.access import actor_for
from districts.models import Person, Site
from districts.scope import district_scope, districts_with_work
from incidents import starting
from incidents.hunches import deciding, raising
from incidents.hunches.raising import Found
from incidents.models import Hunch, HunchTicket, Incident, LinkedTicket, Watch
from incidents.starting import New
from knowledge.embedding import meaning
from routing.comparing import watching
from routing.comparing.clusters import clusters
from routing.comparing.watching import compare_lately
from routing.pairing.clues import Wrote
from tests.conftest import NOW, Cast, a_ticket, make_district, person, sign_in
from tickets.models import Ticket

MINUTE = timedelta(minutes=1)
BUS = (
    "bus 9 has not come to Fern",
    "where is bus 9? we have been at Fern since seven",
    "Bus nine did not show up this morning",
    "is bus 9 late again? six kids here at Fern and Ninth",
    "bus 9 no paso",
    "Bus 9 never came, I had to drive",
)


def reports(cast: Cast, texts: tuple[str, ...] = BUS[:3], *, now: datetime = NOW, first: int = 0, **more: Any) -> list[Ticket]:
    """Of a parent each, a minute apart, placed."""
    found = []
    values = {"site": cast.maple, "service": cast.bus_late, "team": cast.transportation, **more}
    for n, text in enumerate(texts, first):
        parent = person(f"Parent {n}", f"parent{n}@family.example", kind="parent")
        ticket = a_ticket(cast, text=text, now=now - (20 - n) * MINUTE, requester=parent, channel="sms", **values)
        found.append(placed(ticket))
    return found


def placed(ticket: Ticket) -> Ticket:
    Ticket.objects.filter(id=ticket.id).update(placed_at=ticket.opened_at)
    return ticket


def compare(cast: Cast, now: datetime = NOW) -> int:
    return compare_lately(cast.district.id, now=now)


# --- noticed --------------------------------------------------------------------------------------------------------------


def test_three_people_who_write_of_one_bus_are_a_suggestion_and_no_outage(here: Cast) -> None:
    reports(here)
    compare(here)
    hunch = Hunch.objects.get()
    assert (hunch.title, hunch.people, hunch.scope, hunch.alike) == ("Late or missing bus: Maple Ridge Elementary", 3, "school", True)
    assert hunch.tickets.count() == 3
    assert not Incident.objects.exists()


def test_two_people_are_no_suggestion_nor_one_who_writes_often(here: Cast) -> None:
    reports(here, BUS[:2])
    compare(here)
    assert not Hunch.objects.exists()
    for n, text in enumerate(BUS[:4]):
        placed(a_ticket(here, text=text, now=NOW - n * MINUTE, site=Site.objects.create(code="X", name="Elm") if not n else None))
    compare(here)
    assert all(hunch.people >= 3 for hunch in Hunch.objects.all())


def test_what_several_have_but_is_not_one_cause_is_none(here: Cast) -> None:
    own = ("forgot my password", "my password does not work, please reset it", "I lost my password, locked out of my account")
    reports(here, own, service=here.password_reset, team=here.technology)
    reports(here, ("bus 9 is late", "bus 14 is late", "bus 22 is late"), first=10)
    compare(here)
    assert not Hunch.objects.exists()


def test_two_causes_at_once_are_two_suggestions(here: Cast) -> None:
    reports(here)
    wifi = ("the wifi is down in our classroom", "no internet in the whole building, wifi down", "wifi is not working anywhere")
    reports(here, wifi, first=10, service=None)
    compare(here)
    assert Hunch.objects.count() == 2


def test_several_schools_are_one_suggestion_with_its_scope(here: Cast) -> None:
    sites = [Site.objects.create(code=f"S{n}", name=f"School {n}", is_school=True) for n in range(6)]
    Site.objects.create(code="S9", name="School 9", is_school=True)
    Site.objects.create(code="S8", name="School 8", is_school=True)
    texts = (
        "MyCedar is down",
        "MyCedar does not load",
        "MyCedar is down, nothing loads",
        "cannot open MyCedar, is it down?",
        "MyCedar down?",
    )
    for n, text in enumerate(texts):
        reports(here, (text,), first=n, site=sites[n % 3], service=None)
    compare(here)
    hunch = Hunch.objects.first()
    assert hunch is None or hunch.scope in ("several", "district")


@pytest.mark.parametrize("more", [{"sensitive": True}, {"crisis": True}, {"status": "resolved"}, {"placed_at": None}])
def test_what_is_closed_to_others_dangerous_settled_or_unplaced_is_not_compared(here: Cast, more: dict[str, Any]) -> None:
    tickets = reports(here)
    Ticket.objects.filter(id=tickets[0].id).update(**more)
    compare(here)
    assert not Hunch.objects.exists()


def test_what_belongs_to_an_outage_that_runs_is_not_suggested_anew(here: Cast) -> None:
    known = reports(here, BUS[:1])
    incident = starting.start(New(title="Bus 9", began_at=NOW - 30 * MINUTE), by=here.alice, now=NOW).incident
    LinkedTicket.objects.create(incident=incident, ticket=known[0], at=NOW)
    reports(here, BUS[1:4], first=5)
    compare(here)
    assert not Hunch.objects.exists()


def test_the_leads_of_the_team_hear_of_it_once(here: Cast) -> None:
    reports(here)
    compare(here)
    reports(here, BUS[3:5], first=5)
    compare(here)
    told = Delivery.objects.filter(dedupe_key__contains="hunch:", channel="inapp")
    assert [row.person_id for row in told] == [here.lena.id]
    assert "Is this an outage?" in told[0].subject


# --- once, whatever happens -----------------------------------------------------------------------------------------------


def test_looked_at_again_it_is_the_same_and_it_grows(here: Cast) -> None:
    reports(here)
    assert compare(here) == 1
    assert compare(here) == 0
    Watch.objects.update(compared_to=None)
    assert compare(here) == 0
    reports(here, BUS[3:], first=5)
    assert compare(here) == 1
    assert Hunch.objects.get().people >= 5


def test_the_mark_waits_for_what_triage_has_not_seen(here: Cast) -> None:
    tickets = reports(here)
    Ticket.objects.filter(id=tickets[0].id).update(placed_at=None)
    compare(here)
    placed(tickets[0])
    compare(here)
    assert Hunch.objects.get().people == 3


def test_a_worker_that_dies_leaves_it_to_the_next(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    reports(here)

    def killed(*args: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(raising, "_tell", killed)
        with pytest.raises(KeyboardInterrupt):
            compare(here)
    assert not Hunch.objects.exists()
    assert not Watch.objects.exclude(compared_to=None).exists()
    compare(here)
    assert Hunch.objects.get().people == 3


@pytest.mark.django_db(databases=["default", "owner"], transaction=True)
def test_two_sweeps_at_once_notice_it_once() -> None:
    cast = make_district("cedar", "cedar.localhost", "America/Los_Angeles", "cedar")
    now = timezone.now()
    with district_scope(cast.district.id):
        reports(cast, now=now)
    errors: list[BaseException] = []

    def sweep() -> None:
        try:
            compare_lately(cast.district.id, now=now)
        except BaseException as error:  # noqa: BLE001  told below
            errors.append(error)
        finally:
            connections.close_all()

    both = [threading.Thread(target=sweep) for _ in range(3)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert not errors
    with district_scope(cast.district.id):
        assert Hunch.objects.count() == 1
        assert HunchTicket.objects.count() == 3


def test_only_districts_with_new_tickets_are_looked_at(here: Cast) -> None:
    now = timezone.now()
    reports(here, now=now)
    assert here.district.id in set(districts_with_work("hunches"))
    compare(here, now)
    assert here.district.id not in set(districts_with_work("hunches"))


def test_nothing_of_one_district_is_compared_with_another(here: Cast, oak: Cast) -> None:
    reports(here, BUS[:2])
    with district_scope(oak.district.id):
        reports(oak, BUS[2:3], first=8)
        compare_lately(oak.district.id, now=NOW)
        assert not Hunch.objects.exists()
    compare(here)
    assert not Hunch.objects.exists()


def test_what_was_compared_is_not_read_by_its_meaning_again(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a storm the same hundred tickets stand in every comparison."""
    if not (engine := meaning.loaded().engine):
        pytest.skip("no embedder on this machine")
    read: list[str] = []
    embed = engine.embed
    reports(here)
    compare(here)

    def watched(texts: Sequence[str]) -> Any:
        read.extend(texts)
        return embed(texts)

    monkeypatch.setattr(engine, "embed", watched)
    placed(a_ticket(here, text="is bus 9 coming to Maple today?", now=NOW - MINUTE, requester=person("Late", "late@family.example")))
    compare(here)
    assert read == ["is bus 9 coming to Maple today?"]


def test_no_more_than_the_newest_are_compared(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MOST", 2)
    reports(here)
    assert len(watching.lately(NOW)) == 2
    compare(here)
    assert not Hunch.objects.exists()


def test_who_names_the_same_bus_needs_to_say_little_more(here: Cast) -> None:
    reports(here, ("bus 7 no paso", "where is bus 7??", "Bus seven has not come to Hazel and 3rd, it is raining"))
    compare(here)
    assert Hunch.objects.get().people == 3


def linked(monkeypatch: pytest.MonkeyPatch, *pairs: str, site: str = "A") -> list[tuple[int, ...]]:
    """Clusters of the messages a, b, c…, where these are about one cause: "ab"."""
    near = {frozenset(pair) for pair in pairs}
    monkeypatch.setattr("routing.comparing.clusters.about_one", lambda one, other: {one.text, other.text} in near)
    letters = sorted({letter for pair in pairs for letter in pair})
    return [cluster.members for cluster in clusters([Wrote(letter, site=site, who=letter) for letter in letters])]


def test_a_chain_and_a_star_are_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not list(clusters([]))
    assert not linked(monkeypatch, "ab", "bc", "cd")
    assert not linked(monkeypatch, "ab", "ac", "ad", "ae")
    assert linked(monkeypatch, "ab", "bc", "ac") == [(0, 1, 2)]
    assert not linked(monkeypatch, "ab", "bc", "ac", site="")  # nobody said where: it takes four


def test_one_that_is_near_many_takes_nobody_from_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    assert linked(monkeypatch, "ab", "bc", "ac", "xa", "xd", "xe", "xf") == [(0, 1, 2)]


# --- decided --------------------------------------------------------------------------------------------------------------


def a_hunch(cast: Cast, *, now: datetime) -> Hunch:
    tickets = reports(cast, now=now)
    found = raising.notice(Found(tickets, alike=True), now=now)
    assert found
    return found


def test_the_page_shows_it_and_declaring_links_every_ticket(here: Cast) -> None:
    hunch = a_hunch(here, now=timezone.now())
    browser = sign_in(here.alice, here.district)
    page = browser.get("/outages/").content.decode()
    assert "Is this an outage? Late or missing bus: Maple Ridge Elementary" in page
    assert "3 people" in page
    form = browser.get(f"/outages/new?hunch={hunch.id}").content.decode()
    assert 'value="Late or missing bus: Maple Ridge Elementary"' in form
    began = timezone.localtime(hunch.began_at).strftime("%Y-%m-%dT%H:%M")
    given = {
        "hunch": str(hunch.id), "title": hunch.title, "scope": "school", "sites": [str(here.maple.id)], "severity": "major",
        "began_at": began,
    }  # fmt: skip
    browser.post("/outages/new", given)
    incident = Incident.objects.get()
    hunch.refresh_from_db()
    assert (hunch.state, hunch.incident_id, hunch.decided_by_id) == ("accepted", incident.id, here.alice.id)
    assert LinkedTicket.objects.filter(incident=incident).count() == 3
    assert "Is this an outage?" not in browser.get("/outages/").content.decode()


def test_dismissed_it_stays_away_until_twice_as_many_write(here: Cast) -> None:
    now = timezone.now()
    hunch = a_hunch(here, now=now)
    browser = sign_in(here.alice, here.district)
    browser.post(f"/outages/hunches/{hunch.id}/dismiss", {"reason": ""})
    assert Hunch.objects.get().state == "open"
    browser.post(f"/outages/hunches/{hunch.id}/dismiss", {"reason": "It broke down, a spare bus is on its way"})
    hunch.refresh_from_db()
    assert (hunch.state, hunch.dismissed_people, hunch.decided_by_id) == ("dismissed", 3, here.alice.id)
    known = [row.ticket for row in hunch.tickets.select_related("ticket")]
    more = reports(here, BUS[3:5], first=5, now=now)
    assert raising.notice(Found([*known, *more], alike=True), now=now) is None
    assert not deciding.open_hunches(now)
    last = reports(here, BUS[5:6], first=9, now=now)
    assert raising.notice(Found([*known, *last], alike=True), now=now)
    assert [one.id for one in deciding.open_hunches(now)] == [hunch.id]
    assert "A spare bus" not in browser.get("/outages/").content.decode()
    assert "a spare bus is on its way" in browser.get("/outages/").content.decode()


def test_whoever_has_nothing_to_do_with_it_cannot_dismiss_it(here: Cast) -> None:
    hunch = a_hunch(here, now=timezone.now())
    assert sign_in(here.bob, here.district).post(f"/outages/hunches/{hunch.id}/dismiss", {"reason": "no no"}).status_code == 403
    assert sign_in(here.lee, here.district).post(f"/outages/hunches/{hunch.id}/dismiss", {"reason": "no no"}).status_code == 302
    assert Hunch.objects.get().state == "dismissed"


def test_another_district_cannot_reach_it(here: Cast, oak: Cast) -> None:
    hunch = a_hunch(here, now=timezone.now())
    with district_scope(oak.district.id):
        browser = sign_in(oak.carla, oak.district)
    assert "Late or missing bus" not in browser.get("/outages/").content.decode()
    browser.post(f"/outages/hunches/{hunch.id}/dismiss", {"reason": "not ours"})
    with district_scope(here.district.id):
        assert Hunch.objects.get().state == "open"


def test_of_two_who_decide_at_once_the_second_is_told(here: Cast) -> None:
    hunch = a_hunch(here, now=timezone.now())
    actor = _actor(here.lee)
    assert deciding.dismiss(hunch, reason="no", actor=actor, now=NOW)
    assert not deciding.dismiss(hunch, reason="no", actor=actor, now=NOW)
    page = sign_in(here.alice, here.district).post(f"/outages/hunches/{hunch.id}/dismiss", {"reason": "late"}, follow=True)
    assert "Somebody has decided it meanwhile" in page.content.decode()


def _actor(who: Person) -> Any:
    return actor_for(who)


# --- seen where people look already -----------------------------------------------------------------------------------------


def test_it_is_said_on_the_ticket_in_the_queue_of_its_team_and_on_the_leaders_page(here: Cast) -> None:
    hunch = a_hunch(here, now=timezone.now())
    ticket = HunchTicket.objects.filter(hunch=hunch)[0].ticket
    alice, bob, lee = (sign_in(who, here.district) for who in (here.alice, here.bob, here.lee))
    beside = alice.get(f"/outages/beside/{ticket.id}/", headers={"HX-Request": "true"}).content.decode()
    assert "Looks like the same cause as 2 others" in beside
    assert f"#h-{hunch.id}" in alice.get("/desk/").content.decode()
    assert f"#h-{hunch.id}" not in bob.get("/desk/").content.decode()
    assert f"#h-{hunch.id}" in lee.get("/today/").content.decode()


def test_after_half_a_day_it_is_over_and_nobody_is_asked(here: Cast) -> None:
    now = timezone.now()
    a_hunch(here, now=now - timedelta(hours=13))
    assert not deciding.open_hunches(now)
    assert "Is this an outage?" not in sign_in(here.alice, here.district).get("/outages/").content.decode()


def test_a_ticket_that_became_sensitive_is_not_named(here: Cast) -> None:
    hunch = a_hunch(here, now=timezone.now())
    ticket = HunchTicket.objects.filter(hunch=hunch)[0].ticket
    Ticket.objects.filter(id=ticket.id).update(sensitive=True, subject="Josiah has a new nurse")
    page = sign_in(here.bob, here.district).get("/outages/").content.decode()
    assert "Josiah" not in page
    assert "and 1 more" in page
