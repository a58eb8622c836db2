from datetime import timedelta

from districts.models import Person
from knowledge.models import Answer, Article
from reporting.queries import today
from reporting.views import harmless
from sla import actions as sla
from sla.actions import set_policy
from sla.models import ClockKind
from tests.conftest import NOW, Cast, a_ticket, sign_in, visitor
from tickets import actions
from tickets.models import Ticket

LATER = NOW + timedelta(hours=3)


def figures(here: Cast):  # type: ignore[no-untyped-def]
    return today(now=LATER, zone=here.district.zone)


def test_open_late_and_unassigned_are_counted_by_team_and_only_here(here: Cast) -> None:
    late, fine = a_ticket(here, team=here.transportation), a_ticket(here, team=here.technology)
    actions.derived(late, due_at=NOW + timedelta(hours=1), facts_at=NOW)
    actions.derived(fine, due_at=NOW + timedelta(hours=9), facts_at=NOW)
    actions.assign(fine, to=here.bob, by=here.bob, now=NOW)
    found = figures(here)
    assert (found.open, found.late, found.unassigned, found.opened) == (2, 1, 1, 2)
    assert found.latest_team.team == here.transportation
    assert [row.team.name for row in found.teams] == ["Transportation", "Technology"]


def test_a_resolved_ticket_is_no_longer_open_and_a_reopened_one_not_resolved(here: Cast) -> None:
    done, back = a_ticket(here), a_ticket(here)
    for ticket in (done, back):
        actions.resolve(ticket, by=here.olive, now=NOW)
    actions.reopen(back, by=here.pat, now=NOW)
    found = figures(here)
    assert (found.open, found.resolved) == (1, 1)


def test_the_week_counts_channels_and_the_day_begins_at_local_midnight(here: Cast) -> None:
    a_ticket(here, channel="sms", now=NOW - timedelta(hours=11))  # 23:00 the day before in Cedar Valley
    a_ticket(here, channel="sms")
    a_ticket(here, channel="web", now=NOW - timedelta(days=8))
    found = figures(here)
    assert found.opened == 1
    assert found.channels[0] == ("sms", 2)
    assert dict(found.channels)["web"] == 0
    assert [opened for _day, opened, _resolved in found.flow][-2:] == [1, 1]


def test_a_promise_that_is_late_and_open_counts_as_broken(here: Cast) -> None:
    for kind in ClockKind.values:
        set_policy(kind=kind, terms="within 1 hour", now=NOW)
    kept, late = a_ticket(here), a_ticket(here)
    actions.reply(kept, by=here.olive, words=actions.Words(text="Done."), now=NOW + timedelta(minutes=20))
    actions.resolve(kept, by=here.olive, now=NOW + timedelta(minutes=30))
    for ticket in (kept, late):
        sla.derive(Ticket.objects.get(id=ticket.id), now=NOW + timedelta(minutes=40))
    [row] = figures(here).teams
    assert (row.met, row.missed, row.kept_percent) == (2, 2, 50)
    assert figures(here).first_answers == (1, 1)
    assert today(now=NOW + timedelta(minutes=50), zone=here.district.zone).kept_percent == 100, "in time until it is late"


def test_eleven_statements_whatever_there_is(here: Cast, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    for team in (here.transportation, here.technology, here.safety):
        a_ticket(here, team=team)
    with django_assert_max_num_queries(11):
        figures(here)


def test_what_was_answered_without_a_person_is_counted(here: Cast) -> None:
    article = Article.objects.create(slug="card", title="Lost card", body="**Lost.** It is $5.", audience=["parent"], published_at=NOW)
    ago = (1, 1, 2, 3, 9)
    for days, outcome in zip(ago, ("solved", "not_enough", "shown", "solved", "solved"), strict=True):
        Answer.objects.create(question="card", article=article, passage="It is $5.", outcome=outcome, at=LATER - timedelta(days=days))
    found = figures(here)
    assert (found.without_a_person, found.shown_at_all) == (2, 4)
    page = sign_in(here.lee, here.district).get("/today/").content.decode()
    assert "Answered without a person</dt>" in page


def test_the_page_is_for_leads_and_leaders(cedar: Cast, oak: Cast) -> None:
    wanted: list[tuple[Person, int]] = [(cedar.lee, 200), (cedar.lena, 200), (cedar.ada, 200), (cedar.alice, 403)]
    for who, status in wanted:
        assert sign_in(who, cedar.district).get("/today/").status_code == status, who
    assert visitor(cedar.district).get("/today/").status_code == 302
    stranger = sign_in(oak.carla, cedar.district)
    assert stranger.get("/today/").status_code == 403


def test_the_page_shows_own_figures_and_nothing_of_the_neighbour(cedar: Cast, oak: Cast) -> None:
    page = sign_in(cedar.lee, cedar.district).get("/today/").content.decode()
    assert "Nothing is open" in page
    assert sign_in(oak.carla, oak.district).get("/today/").context["figures"].open == 1


def test_the_csv_has_a_line_a_team(cedar: Cast, oak: Cast) -> None:
    answer = sign_in(oak.carla, oak.district).get("/today/teams.csv")
    assert answer["Content-Type"].startswith("text/csv")
    assert answer.content.decode().splitlines()[1].startswith("Front Office,1,0,1,")


def test_a_cell_never_is_a_formula() -> None:
    assert harmless("=HYPERLINK()") == "'=HYPERLINK()"
    assert harmless("Transportation") == "Transportation"
