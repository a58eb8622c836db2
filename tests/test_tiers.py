"""How far triage may go by itself, service by service: what it only suggests, and what it only would have done."""

from datetime import timedelta
from typing import Any

import pytest

from districts.access import Can, actor_for, may
from districts.models import Person, Service
from districts.scope import district_scope
from routing import actions, training
from routing.examples import ticket_examples
from routing.governing.actions import Wish, set_policy
from routing.governing.tiers import Leave, policies
from routing.models import Decision, Tier, TrainedModel, TriagePolicy
from tests.conftest import NOW, Cast, a_ticket, sign_in
from tests.test_triage import SURE
from tickets import actions as tickets
from tickets.models import Event, Ticket

SOON = NOW + timedelta(minutes=5)
COUNSEL = "my daughter needs to talk to a counselor"


@pytest.fixture
def trained(here: Cast) -> Cast:
    assert training.retrain(here.district.id, now=NOW) is not None
    Person.objects.filter(id=here.pat.id).update(kind="staff")
    here.pat.refresh()
    return here


def placed(cast: Cast, text: str, **more: Any) -> tuple[Ticket, Decision]:
    ticket = a_ticket(cast, text=text, **more)
    assert actions.place(ticket.id, now=NOW)
    found = Ticket.objects.select_related("team", "service", "requester", "assignee").get(id=ticket.id)
    return found, Decision.objects.select_related("team", "suggested_team", "suggested_service").get(ticket=found)


# --- what holds where -----------------------------------------------------------------------------------------------------


def test_sensitive_services_are_for_people_and_all_others_automatic(here: Cast) -> None:
    rules = policies()
    assert rules.leave(here.bus_late) == Leave(Tier.AUTOMATIC, False)
    assert rules.leave(here.counseling) == Leave(Tier.PERSON, False)
    assert rules.leave(None).acts


def test_an_administrator_overrides_both_ways_and_a_service_its_district(here: Cast) -> None:
    set_policy(None, wish=Wish(tier=Tier.SUGGEST, shadow=True), by=here.ada, now=NOW)
    set_policy(here.counseling, wish=Wish(tier=Tier.AUTOMATIC, shadow=False), by=here.ada, now=NOW)
    rules = policies()
    assert rules.leave(here.bus_late) == Leave(Tier.SUGGEST, True)
    assert rules.leave(here.counseling) == Leave(Tier.AUTOMATIC, False)
    set_policy(here.counseling, wish=Wish(), by=here.ada, now=NOW)
    assert policies().leave(here.counseling) == Leave(Tier.PERSON, True)
    assert TriagePolicy.objects.count() == 2


def test_no_other_district_is_meant(here: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        set_policy(None, wish=Wish(tier=Tier.SUGGEST, shadow=True), by=oak.carla, now=NOW)
    assert policies().leave(here.bus_late).acts


def test_the_nearest_threshold_counts(here: Cast) -> None:
    assert policies().threshold(here.bus_late.id, 0.5) == 0.5
    TriagePolicy.objects.create(threshold=0.7)
    assert policies().threshold(here.bus_late.id, 0.5) == 0.7
    TriagePolicy.objects.create(service=here.bus_late, threshold=0.9)
    assert policies().threshold(here.bus_late.id, 0.5) == 0.9
    assert policies().threshold(here.password_reset.id, 0.5) == 0.7
    assert policies().threshold(None, 0.5) == 0.7


# --- automatic --------------------------------------------------------------------------------------------------------------


def test_what_it_is_sure_of_is_placed(trained: Cast) -> None:
    ticket, decision = placed(trained, SURE)
    assert ticket.team == trained.technology
    assert (decision.engine, decision.tier, decision.automatic, decision.shadow) == ("classifier", "automatic", True, False)
    assert decision.suggested_team is None


def test_below_the_chosen_threshold_it_suggests(trained: Cast) -> None:
    TriagePolicy.objects.create(service=trained.password_reset, threshold=1.1)
    ticket, decision = placed(trained, SURE)
    assert ticket.team == trained.front_office
    assert (decision.engine, decision.tier, decision.automatic) == ("front_office", "automatic", False)
    assert (decision.suggested_team, decision.suggested_service) == (trained.technology, trained.password_reset)
    assert decision.suggested_by == "classifier"


# --- suggestion -------------------------------------------------------------------------------------------------------------


def test_where_it_only_suggests_one_press_hands_it_over_and_teaches(trained: Cast) -> None:
    set_policy(None, wish=Wish(tier=Tier.SUGGEST), by=trained.ada, now=NOW)
    ticket, decision = placed(trained, SURE)
    assert (ticket.team, ticket.service, ticket.sensitive) == (trained.front_office, None, False)
    assert (decision.tier, decision.shadow, decision.suggested_team) == ("suggest", False, trained.technology)
    assert "only suggests" in decision.reasons[0]
    olive = sign_in(trained.olive, trained.district)
    page = olive.get(f"/desk/{ticket.id}/").content.decode()
    assert "Hand it over to Technology?" in page
    assert "Yes, hand it over" in page
    before = training.retrain(trained.district.id, now=SOON)
    assert before is None, "nothing new to learn"
    done = olive.post(f"/desk/{ticket.id}/correct/", {"service": str(trained.password_reset.id)})
    assert done.status_code == 302
    ticket.refresh_from_db()
    decision.refresh_from_db()
    assert (ticket.team, ticket.service) == (trained.technology, trained.password_reset)
    assert (decision.corrected_team, decision.corrected_by) == (trained.technology, trained.olive)
    after = training.retrain(trained.district.id, now=SOON)
    assert after is not None, "the confirmation is an example"
    page = olive.get(f"/desk/{ticket.id}/").content.decode()
    assert "Yes, hand it over" not in page


def test_no_suggestion_once_it_has_moved_or_is_settled(trained: Cast) -> None:
    set_policy(None, wish=Wish(tier=Tier.SUGGEST), by=trained.ada, now=NOW)
    ticket, _decision = placed(trained, SURE)
    actions.hand_off(ticket, to_team=trained.transportation, by=trained.olive, known="k", asked="a", now=SOON)
    page = sign_in(trained.alice, trained.district).get(f"/desk/{ticket.id}/").content.decode()
    assert "Yes, hand it over" not in page


def test_a_teams_own_address_keeps_what_is_only_suggested_elsewhere(trained: Cast) -> None:
    set_policy(None, wish=Wish(tier=Tier.SUGGEST), by=trained.ada, now=NOW)
    TrainedModel.objects.update(threshold=0.3)
    ticket, decision = placed(trained, SURE, team=trained.transportation)
    assert (ticket.team, decision.engine) == (trained.transportation, "channel")
    assert decision.suggested_team in (trained.technology, None)


# --- person only ------------------------------------------------------------------------------------------------------------


def test_a_sensitive_matter_is_placed_by_a_person_and_closed_to_others_meanwhile(trained: Cast) -> None:
    TrainedModel.objects.update(threshold=0.3)
    ticket, decision = placed(trained, COUNSEL)
    assert decision.suggested_service == trained.counseling
    assert (ticket.team, ticket.service, ticket.sensitive) == (trained.front_office, None, True)
    assert (decision.tier, decision.automatic) == ("person", False)
    assert "never places" in decision.reasons[0]
    assert may(actor_for(trained.olive), Can.READ, ticket)
    assert not may(actor_for(trained.bob), Can.READ, ticket)
    assert sign_in(trained.bob, trained.district).get(f"/desk/{ticket.id}/").status_code == 404
    olive = sign_in(trained.olive, trained.district)
    assert "Hand it over to Safety and Counseling?" in olive.get(f"/desk/{ticket.id}/").content.decode()
    olive.post(f"/desk/{ticket.id}/correct/", {"service": str(trained.counseling.id)})
    ticket.refresh_from_db()
    assert (ticket.team, ticket.sensitive) == (trained.safety, True)
    assert olive.get(f"/desk/{ticket.id}/").status_code == 404


def test_it_opens_again_where_it_was_nothing_sensitive(trained: Cast) -> None:
    TrainedModel.objects.update(threshold=0.3)
    ticket, _decision = placed(trained, COUNSEL)
    sign_in(trained.olive, trained.district).post(f"/desk/{ticket.id}/correct/", {"service": str(trained.password_reset.id)})
    ticket.refresh_from_db()
    assert (ticket.team, ticket.sensitive) == (trained.technology, False)


def test_that_it_may_be_sensitive_is_said_to_those_alone_who_may_read_such_a_ticket(trained: Cast) -> None:
    """Unsure, it is a ticket like any other, which everybody on the desk can open."""
    TrainedModel.objects.update(threshold=1.1)
    ticket, decision = placed(trained, COUNSEL)
    assert (ticket.sensitive, decision.suggested_service) == (False, trained.counseling)
    bob, olive = sign_in(trained.bob, trained.district), sign_in(trained.olive, trained.district)
    assert "Counseling referral" in olive.get(f"/desk/{ticket.id}/").content.decode()
    said = bob.get(f"/desk/{ticket.id}/").content.decode()
    assert "Hand it over" not in said


def test_what_was_asked_for_is_no_reading_and_is_placed(trained: Cast) -> None:
    set_policy(None, wish=Wish(tier=Tier.SUGGEST, shadow=True), by=trained.ada, now=NOW)
    ticket, decision = placed(trained, "please", service=trained.counseling)
    assert (ticket.team, decision.engine, decision.tier) == (trained.safety, "asked", "")


def test_danger_is_never_held_up(trained: Cast) -> None:
    set_policy(None, wish=Wish(tier=Tier.SUGGEST, shadow=True), by=trained.ada, now=NOW)
    for service in Service.objects.all():
        set_policy(service, wish=Wish(tier=Tier.PERSON, shadow=True), by=trained.ada, now=NOW)
    ticket, decision = placed(trained, "i want to kill myself")
    assert (ticket.team, ticket.crisis, ticket.priority, decision.engine) == (trained.safety, True, 1, "crisis")


# --- shadow -----------------------------------------------------------------------------------------------------------------


def test_in_shadow_it_decides_records_and_does_nothing(trained: Cast) -> None:
    set_policy(None, wish=Wish(tier=Tier.AUTOMATIC, shadow=True), by=trained.ada, now=NOW)
    ticket, decision = placed(trained, SURE)
    assert (ticket.team, ticket.service) == (trained.front_office, None)
    assert (decision.shadow, decision.automatic, decision.tier) == (True, False, "automatic")
    assert (decision.suggested_team, decision.suggested_service, decision.suggested_by) == (
        trained.technology, trained.password_reset, "classifier",
    )  # fmt: skip
    assert decision.confidence > 0.5
    assert "only watched" in decision.reasons[0]
    assert Event.objects.get(ticket=ticket, kind=Event.Kind.PLACED).data["team_name"] == "Front Office"


def test_what_it_would_not_have_done_is_no_shadow(trained: Cast) -> None:
    set_policy(None, wish=Wish(shadow=True), by=trained.ada, now=NOW)
    TrainedModel.objects.update(threshold=1.1)
    _ticket, decision = placed(trained, SURE)
    assert not decision.shadow
    assert decision.suggested_team is not None


def test_one_service_may_be_watched_alone(trained: Cast) -> None:
    set_policy(trained.password_reset, wish=Wish(shadow=True), by=trained.ada, now=NOW)
    _ticket, decision = placed(trained, SURE)
    assert decision.shadow
    set_policy(trained.password_reset, wish=Wish(shadow=False), by=trained.ada, now=NOW)
    set_policy(None, wish=Wish(shadow=True), by=trained.ada, now=NOW)
    ticket, decision = placed(trained, f"{SURE} again")
    assert (ticket.team, decision.shadow) == (trained.technology, False)


def test_what_the_front_office_answers_in_shadow_teaches_nothing(trained: Cast) -> None:
    """A reply from the team that triage chose confirms it; here it chose nothing."""
    set_policy(None, wish=Wish(shadow=True), by=trained.ada, now=NOW)
    ticket, _decision = placed(trained, SURE)
    tickets.reply(ticket, by=trained.olive, words=tickets.Words(text="done"), now=SOON)
    assert ticket_examples() == []


def test_how_urgent_it_is_in_its_words_counts_while_it_waits(trained: Cast) -> None:
    set_policy(None, wish=Wish(shadow=True), by=trained.ada, now=NOW)
    ticket, _decision = placed(trained, f"{SURE}, urgent")
    assert ticket.priority == 2
