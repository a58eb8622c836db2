"""The overview of set-up says what is missing for the day on which something stops."""

import pytest

from alerts.models import Alert, AlertPolicy
from incidents.models import Action, Level, PaperKind
from intake.readiness import Need, needs
from ownership.models import OwnerRole
from tests.conftest import NOW, Cast, sign_in
from tests.test_incidents import make_plan


@pytest.fixture
def plan(here: Cast) -> Cast:
    return make_plan(here)


def line(cast: Cast, title: str) -> Need:
    return next(need for need in needs(cast.district, now=NOW) if need.title == title)


def test_without_a_plan_the_usual_one_holds_and_nothing_is_missing(here: Cast) -> None:
    found = line(here, "Outages")
    assert (found.has, found.done, len(found.hints)) == ("the usual plan", True, 1)
    assert not Level.objects.exists()  # to look changes nothing


def test_a_plan_with_people_steps_and_paper_is_ready(plan: Cast) -> None:
    found = line(plan, "Outages")
    assert (found.has, found.missing, found.hints) == ("5 levels, 4 paper forms", [], [])


def test_what_a_plan_lacks_is_said(plan: Cast) -> None:
    OwnerRole.objects.filter(slug__in=["director", "coordinator"]).update(holder=None)
    Level.objects.filter(number=2).update(role=None)
    assert line(plan, "Outages").missing == ["Nobody has 2 of its roles: Coordinator, Director."]
    assert line(plan, "Outages").hints == ["1 level is the administrators': Initial response."]
    Action.objects.filter(kind="school").delete()
    assert "No school is asked to confirm" in line(plan, "Outages").missing[1]
    Action.objects.filter(kind__in=["check", "backup"]).delete()
    PaperKind.objects.all().delete()
    said = " ".join(line(plan, "Outages").missing)
    assert "No step proves the recovery" in said
    assert "No paper form" in said
    assert "No department is asked for its backup when it takes long." in line(plan, "Outages").hints


def test_somebody_who_is_away_all_week_counts_while_a_team_stands_behind_the_role(plan: Cast) -> None:
    OwnerRole.objects.filter(slug="director").update(holder=None, team=plan.transportation)
    assert line(plan, "Outages").missing == []


def test_alerts_have_a_line_too(plan: Cast) -> None:
    found = line(plan, "Alerts")
    assert (found.has, found.missing, len(found.hints)) == ("the usual texts", [], 3)
    empty = OwnerRole.objects.create(slug="pio", name="Information officer")
    AlertPolicy.objects.create(owner_role=empty, test_on=True)
    Alert.objects.create(kind="test", title="Test", started_at=NOW)
    found = line(plan, "Alerts")
    assert (found.missing, found.hints) == (["Nobody has the role of Information officer."], [])


def test_the_overview_leads_to_both(plan: Cast) -> None:
    page = sign_in(plan.ada, plan.district).get("/setup/").content.decode()
    assert 'href="/setup/outages/">Outages</a>' in page
    assert 'href="/setup/alerts/">Alerts</a>' in page
