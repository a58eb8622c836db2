"""What the matrix finds wrong with itself and how it is mended, and how far the roll-out has come."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import NoReverseMatch, reverse

from districts.models import District, Membership, Person, Role, Team
from districts.scope import district_scope
from ownership import actions, queries
from ownership.duty.oncall import Plan
from ownership.duty.roles import Roster, Staff
from ownership.models import Feed, FeedRun, Ladder, Leave, OwnerRole, Path, Process, Rotation, Rung
from ownership.overview import audit, looks, rollout
from ownership.overview.audit import Finding, Kind
from ownership.overview.rollout import Column, Facts, FeedFacts
from tests.conftest import NOW, Cast, sign_in, visitor
from tests.test_ladders import rotation
from tests.test_ownership import Sync, make_sync

DAY = timedelta(days=1)
TODAY = date(2026, 11, 3)
BOARD = "/matrix/roll-out/"


# --- a district without a database ------------------------------------------------------------------------------------


class Town:
    """Who works in a district, kept in memory: Ada administers it, the others are agents of one team without a lead."""

    def __init__(self) -> None:
        self.district = District(slug="town", host="town.localhost", name="Town", time_zone="America/Los_Angeles")
        self.team = Team(slug="records", name="Records")
        self.staff = Staff(TODAY, self.district)
        self.memberships = [Membership(person=Person(name="Ada"), role=Role.ADMIN)]
        self.leaves: dict[Any, list[Leave]] = {}
        self.plans: dict[Any, Plan] = {}

    def person(self, name: str, role: Role = Role.AGENT) -> Person:
        someone = Person(name=name)
        self.memberships.append(Membership(person=someone, role=role, team=self.team))
        return someone

    def role(self, holder: Person | None, deputy: Person | None = None, *, team: Team | None = None) -> OwnerRole:
        name = holder.name if holder else "Nobody"
        return OwnerRole(slug=name.lower(), name=f"{name}'s role", holder=holder, deputy=deputy, team=team)

    def away(self, who: Person, first: int, last: int, cover: Person | None = None) -> None:
        """From and until so many days from today."""
        self.leaves[who.id] = [Leave(person=who, first=TODAY + first * DAY, last=TODAY + last * DAY, cover=cover)]

    @property
    def roster(self) -> Roster:
        known = {"memberships": self.memberships, "leaves": self.leaves, "plans": list(self.plans.values()), "by_role": self.plans}
        self.staff.__dict__.update(known | {"in_team": {self.team.id: self.memberships[1:]}})
        self.staff.__dict__["people"] = frozenset(row.person_id for row in self.memberships)
        return Roster(NOW, self.district, self.staff)

    def found(self, *rows: audit.Row) -> list[Finding]:
        return looks.findings(rows, self.roster)


@pytest.fixture
def town() -> Town:
    return Town()


def a_row(town: Town, *, feeds: Sequence[Feed] | None = None, has_rungs: bool = True, **values: Any) -> audit.Row:
    """A process that nothing is wrong with, but for what is given."""
    given = {
        "slug": "attendance", "name": "Attendance to buses", "promise": "Daily by 4 PM", "terms": "daily by 4 PM",
        "ladder": Ladder(slug="attendance", name="Attendance", tested_at=NOW - DAY),
    }  # fmt: skip
    given |= values
    for side, name in (("primary", "Rosa"), ("secondary", "Dan")):
        if side not in given:
            given[side] = town.role(town.person(name))
    process = Process(**given)
    roles = {role.id: role for role in (process.primary, process.secondary) if role}
    return audit.Row(process, [a_feed()] if feeds is None else feeds, list(roles.values()), has_rungs=has_rungs)


def a_feed(terms: str = "daily by 4 PM", *, seen: bool = True, active: bool = True, name: str = "Export") -> Feed:
    state, at = (Feed.State.ON_TIME, NOW - DAY) if seen else (Feed.State.NEW, None)
    return Feed(slug=name.lower(), name=name, terms=terms, state=state, last_ping_at=at, active=active)


def kinds(found: Sequence[Finding]) -> list[Kind]:
    return [finding.kind for finding in found]


def only(found: Sequence[Finding], kind: Kind) -> list[str]:
    return [finding.words for finding in found if finding.kind is kind]


def test_nothing_is_wrong_with_a_process_that_is_kept_well(town: Town) -> None:
    assert town.found(a_row(town)) == []


def test_every_kind_says_how_it_is_mended() -> None:
    assert set(audit.MENDS) == set(Kind)
    assert all(kind.mend.endswith(".") for kind in Kind)
    assert len({kind.mend for kind in Kind}) == len(Kind)


# --- owners -----------------------------------------------------------------------------------------------------------


def test_a_process_without_owners(town: Town) -> None:
    assert kinds(town.found(a_row(town, primary=None))) == [Kind.NO_PRIMARY]
    assert kinds(town.found(a_row(town, secondary=None))) == [Kind.NO_SECONDARY]


def test_one_person_as_both_owners(town: Town) -> None:
    rosa = town.person("Rosa")
    assert Kind.SAME_PERSON in kinds(town.found(a_row(town, primary=town.role(rosa), secondary=town.role(rosa))))


def test_a_role_that_nobody_holds_is_mended_where_the_role_is_set_up(town: Town) -> None:
    row = a_row(town, primary=town.role(None))
    (finding,) = town.found(row)
    assert finding.kind is Kind.NOBODY
    assert finding.link
    assert (finding.link.route, finding.link.which, finding.link.setup) == ("setup_role", str(row.roles[0].id), True)


def test_a_role_of_somebody_who_left(town: Town) -> None:
    role = town.role(Person(name="Gone"), town.person("Dora"))
    assert only(town.found(a_row(town, primary=role)), Kind.LEFT) == [
        "Gone has left and still stands for Gone's role: somebody else is told instead."
    ]


# --- away -------------------------------------------------------------------------------------------------------------


def away_words(town: Town, role: OwnerRole) -> list[str]:
    return only(town.found(a_row(town, primary=role)), Kind.ON_LEAVE)


def test_an_owner_away_today_whom_nobody_covers(town: Town) -> None:
    rosa = town.person("Rosa")
    town.away(rosa, -2, 1)
    assert kinds(town.found(a_row(town, primary=town.role(rosa)))) == [Kind.ON_LEAVE], "somebody holds it"
    assert away_words(town, town.role(rosa)) == ["Rosa is away today, and nobody stands in for Rosa's role."]
    assert away_words(town, town.role(rosa, team=town.team)), "somebody of the team is told, and does not know of it"


@pytest.mark.parametrize(("first", "told"), [(1, True), (7, True), (8, False)])
def test_an_absence_is_told_of_a_week_ahead(town: Town, first: int, told: bool) -> None:
    rosa = town.person("Rosa")
    town.away(rosa, first, first + 5)
    words = away_words(town, town.role(rosa))
    assert words == (["Rosa is away from Nov. 4 on, and nobody stands in for Rosa's role."] if first == 1 else words)
    assert bool(words) is told


def test_an_absence_that_is_over_is_not_told_of(town: Town) -> None:
    rosa = town.person("Rosa")
    town.away(rosa, -9, -1)
    assert away_words(town, town.role(rosa)) == []


def test_whoever_is_covered_may_be_away(town: Town) -> None:
    rosa, dora = town.person("Rosa"), town.person("Dora")
    town.away(rosa, 0, 5, cover=dora)
    assert away_words(town, town.role(rosa)) == []
    town.away(rosa, 0, 5)
    assert away_words(town, town.role(rosa, dora)) == []


def test_a_cover_who_is_away_too_covers_nothing(town: Town) -> None:
    rosa, dora = town.person("Rosa"), town.person("Dora")
    town.away(rosa, 0, 5, cover=dora)
    town.away(dora, 3, 4)
    assert away_words(town, town.role(rosa)) == ["Rosa is away from Nov. 6 on, and nobody stands in for Rosa's role."]


def test_whose_turn_it_is_counts_and_not_the_holder(town: Town) -> None:
    rosa, dora = town.person("Rosa"), town.person("Dora")
    role = town.role(rosa)
    turns = Rotation(slug="nights", name="Nights", role=role, turn=Rotation.Turn.WEEK, starts_on=TODAY - DAY, hands_over=480)
    town.plans[role.id] = Plan(turns, [dora], [], town.district.zone)
    town.away(rosa, 0, 5)
    assert away_words(town, role) == []
    town.away(dora, 2, 2)
    assert away_words(town, role) == ["Dora is away from Nov. 5 on, and nobody stands in for Rosa's role."]


def test_days_away_that_the_person_told_count_as_well(town: Town) -> None:
    rosa = town.person("Rosa")
    rosa.away_until = TODAY + DAY
    assert away_words(town, town.role(rosa)) == ["Rosa is away today, and nobody stands in for Rosa's role."]


def test_of_other_roles_an_absence_is_told_where_only_an_administrator_is_left(town: Town) -> None:
    dora = town.person("Dora")
    town.away(dora, 0, 5)
    row = a_row(town)
    row = replace(row, roles=[*row.roles, town.role(dora)])
    (finding,) = town.found(row)
    assert (finding.kind, finding.words) == (Kind.ON_LEAVE, "Dora is away today, and nobody stands in for Dora's role.")
    assert town.found(replace(row, roles=[town.role(dora, team=town.team)])) == []
    town.away(dora, 1, 5)
    assert town.found(row) == []


def test_a_role_in_both_places_is_told_of_once(town: Town) -> None:
    rosa = town.person("Rosa")
    town.away(rosa, 0, 5)
    role = town.role(rosa)
    assert len(only(town.found(a_row(town, primary=role, secondary=role)), Kind.ON_LEAVE)) == 1


# --- the same person everywhere ---------------------------------------------------------------------------------------


def many(town: Town, owned: int, others: int, role: OwnerRole | None = None) -> list[Finding]:
    """Rosa owns so many, and everybody else one each."""
    role = role or town.role(town.person("Rosa"))
    rows = [a_row(town, primary=role) for _ in range(owned)]
    rows += [a_row(town, primary=town.role(town.person(f"Other {n}"))) for n in range(others)]
    return [finding for finding in town.found(*rows) if finding.kind is Kind.EVERYWHERE]


def test_one_person_owns_more_than_a_third(town: Town) -> None:
    (finding,) = many(town, 4, 7)
    assert finding.words == "Rosa is the first owner of 4 of the 11 processes today."
    assert (finding.process, finding.link) == (None, None)
    assert audit.by_process([finding]) == {}
    assert audit.of_all([finding]) == [finding]
    assert audit.by_kind([finding]) == [(Kind.EVERYWHERE, [finding])]


@pytest.mark.parametrize(("owned", "others"), [(3, 0), (4, 8), (3, 3)])
def test_a_third_or_three_is_not_everywhere(town: Town, owned: int, others: int) -> None:
    assert many(town, owned, others) == []


def test_whoever_stands_in_today_counts_and_an_administrator_for_want_of_anybody_does_not(town: Town) -> None:
    rosa, dora = town.person("Rosa"), town.person("Dora")
    town.away(rosa, 0, 1, cover=dora)
    assert [f.words.split()[0] for f in many(town, 4, 1, town.role(rosa))] == ["Dora"]
    assert many(town, 4, 1, town.role(None)) == []


# --- promises and feeds -----------------------------------------------------------------------------------------------


def test_a_promise_that_no_clock_reads(town: Town) -> None:
    assert only(town.found(a_row(town, terms="")), Kind.UNREAD_PROMISE) == [
        "Something is promised, but no terms are given that a clock could hold against it."
    ]
    assert only(town.found(a_row(town, terms="now and then")), Kind.UNREAD_PROMISE) == [
        "The terms of its promise are not understood: now and then"
    ]
    assert kinds(town.found(a_row(town, terms="", promise="", promise_text="It comes daily."))) == [Kind.UNREAD_PROMISE]


def test_where_nothing_is_promised_no_terms_are_missed(town: Town) -> None:
    assert town.found(a_row(town, promise="", terms="")) == []


@pytest.mark.parametrize("terms", ["within 4 hours", "24-hour notice before release", "same-day"])
def test_a_feed_that_names_no_time_is_silent_by_design(town: Town, terms: str) -> None:
    (finding,) = town.found(a_row(town, feeds=[a_feed(terms)]))
    assert finding.kind is Kind.SILENT
    assert "“Export”" in finding.words
    assert "daily check" in finding.mend


def test_a_time_or_a_check_beside_it_mends_a_silent_feed(town: Town) -> None:
    for terms in ("daily by 4 PM", "checks at 10 AM and 3 PM", "every 60 minutes", "every Friday by 4 PM"):
        assert town.found(a_row(town, feeds=[a_feed(terms)])) == []
    assert town.found(a_row(town, feeds=[a_feed("within 4 hours"), a_feed(name="Check")])) == []
    beside = a_row(town, feeds=[a_feed("within 4 hours"), a_feed(name="Check", active=False)])
    assert kinds(town.found(beside)) == [Kind.SILENT], "a check that nobody watches mends nothing"
    assert town.found(a_row(town, feeds=[a_feed("within 4 hours", active=False), a_feed()])) == []


def test_terms_of_a_feed_that_nobody_understands(town: Town) -> None:
    assert kinds(town.found(a_row(town, feeds=[a_feed("now and then")]))) == [Kind.TERMS]


def test_no_feed_and_never_measured(town: Town) -> None:
    assert kinds(town.found(a_row(town, feeds=[]))) == [Kind.NO_FEED, Kind.NEVER_MEASURED]
    assert kinds(town.found(a_row(town, feeds=[], baseline="two days"))) == [Kind.NO_FEED]
    assert kinds(town.found(a_row(town, feeds=[a_feed(active=False)]))) == [Kind.NO_FEED], "it was seen once"
    assert kinds(town.found(a_row(town, feeds=[a_feed(seen=False)]))) == [Kind.NEVER_MEASURED]
    assert kinds(town.found(a_row(town, feeds=[a_feed(seen=False), a_feed()]))) == []


# --- ladders ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ladder", "has_rungs", "kind", "route"),
    [
        (None, False, Kind.NO_LADDER, "setup_process"),
        (Ladder(slug="a", tested_at=NOW), False, Kind.NO_LADDER, "setup_ladder"),
        (Ladder(slug="a"), True, Kind.UNTESTED, "ladder"),
        (Ladder(slug="a", tested_at=NOW - 366 * DAY), True, Kind.TEST_OLD, "ladder"),
    ],
)
def test_ladders_that_are_not_there_or_not_tested(town: Town, ladder: Ladder | None, has_rungs: bool, kind: Kind, route: str) -> None:
    (finding,) = town.found(a_row(town, ladder=ladder, has_rungs=has_rungs))
    assert finding.kind is kind
    assert finding.link
    assert finding.link.route == route
    assert finding.link.setup is (route != "ladder")


def test_a_test_holds_for_a_year(town: Town) -> None:
    assert town.found(a_row(town, ladder=Ladder(slug="a", tested_at=NOW - 365 * DAY))) == []


# --- the findings on their pages --------------------------------------------------------------------------------------


@pytest.fixture
def rows(here: Cast) -> Sync:
    return make_sync(here)


def test_findings_are_shown_with_how_to_mend_them(here: Cast, rows: Sync) -> None:
    Process.objects.update(secondary=None)
    for page in ("/matrix/", "/matrix/attendance/"):
        text = sign_in(here.alice, here.district).get(page).content.decode()
        for words in ("It has no secondary owner.", "Name a second role, held by somebody else.", "Its ladder was never tested."):
            assert words in text, page
        assert reverse("ladder", args=["attendance"]) + "?process=attendance" in text, "a page that everybody may open"


def test_only_administrators_find_links_to_set_up(here: Cast, rows: Sync) -> None:
    rows.ladder.rungs.all().delete()
    link = reverse("setup_ladder", args=["attendance"])
    for page in ("/matrix/", "/matrix/attendance/"):
        assert link in sign_in(here.ada, here.district).get(page).content.decode()
        for someone in (here.alice, here.lena, here.lee):
            text = sign_in(someone, here.district).get(page).content.decode()
            assert "Its ladder has no rung" in text
            assert link not in text


def test_a_page_that_is_not_there_is_not_linked(here: Cast, rows: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = audit.Link("Mend it here", "no_such_page", "attendance", setup=True)
    monkeypatch.setattr(looks, "Link", lambda *given, **more: gone)
    Process.objects.update(secondary=None)
    with pytest.raises(NoReverseMatch):
        reverse(gone.route, args=[gone.which])
    for page in ("/matrix/", "/matrix/attendance/"):
        text = sign_in(here.ada, here.district).get(page).content.decode()
        assert "Name a second role" in text
        assert "Mend it here" not in text


def test_every_link_of_a_finding_leads_somewhere(here: Cast, rows: Sync) -> None:
    Process.objects.update(secondary=None)
    OwnerRole.objects.filter(slug="attendance-clerk").update(holder=None)
    Leave.objects.create(person=rows.dan, first=TODAY, last=TODAY)
    found = [f for row in queries.matrix(now=NOW, zone=here.district.zone).rows for f in row.findings]
    assert {f.kind for f in found} >= {Kind.NO_SECONDARY, Kind.NOBODY, Kind.UNTESTED, Kind.NEVER_MEASURED}
    client = sign_in(here.ada, here.district)
    for link in {f.link for f in found if f.link}:
        address = reverse(link.route, args=[link.which] if link.which else [])
        assert client.get(address + link.query).status_code == 200, link


def test_what_is_wrong_with_all_is_told_of_the_district(here: Cast, rows: Sync) -> None:
    for n in range(5):
        made = make_sync(here, slug=f"process-{n}")
        Process.objects.filter(id=made.process.id).update(primary=rows.process.primary)
    matrix = queries.matrix(now=NOW, zone=here.district.zone)
    assert [f.kind for f in matrix.of_all] == [Kind.EVERYWHERE]
    text = sign_in(here.alice, here.district).get("/matrix/").content.decode()
    assert "Rosa is the first owner of 6 of the 6 processes today." in text
    assert "first owner of" not in sign_in(here.alice, here.district).get("/matrix/attendance/").content.decode()


def test_an_owner_on_leave_is_found_with_their_cover_in_the_database(here: Cast, rows: Sync) -> None:
    leave = Leave.objects.create(person=rows.rosa, first=TODAY + DAY, last=TODAY + 3 * DAY)

    def found() -> list[Finding]:
        return [f for f in queries.matrix(now=NOW, zone=here.district.zone).rows[0].findings if f.kind is Kind.ON_LEAVE]

    assert len(found()) == 1
    leave.cover = rows.dora
    leave.save()
    assert found() == []


# --- the roll-out: columns --------------------------------------------------------------------------------------------

NEW = Facts(slug="attendance", name="Attendance to buses", ladder="")
MEASURED = replace(NEW, baseline="two days")
PROMISED = replace(MEASURED, readable=True, primary="Clerk", person="Rosa", secondary="Supervisor", ladder="attendance", has_rungs=True)
WATCHED = replace(PROMISED, feeds=[FeedFacts("Export", seen=True, timed=True)])


def card(facts: Facts) -> rollout.Card:
    (made,) = rollout.board([facts]).cards
    return made


def next_of(facts: Facts) -> str:
    todo = card(facts).next
    return todo.words if todo else ""


@pytest.mark.parametrize(
    ("facts", "column"),
    [
        (NEW, Column.DOCUMENTED),
        (replace(NEW, runs=9), Column.DOCUMENTED),
        (replace(WATCHED, baseline=""), Column.DOCUMENTED),  # what is before it holds it back
        (replace(NEW, runs=10), Column.BASELINE),
        (MEASURED, Column.BASELINE),
        (replace(PROMISED, readable=False), Column.BASELINE),
        (replace(PROMISED, primary=""), Column.BASELINE),
        (replace(PROMISED, secondary=""), Column.BASELINE),
        (replace(PROMISED, ladder=""), Column.BASELINE),
        (replace(PROMISED, has_rungs=False), Column.BASELINE),
        (replace(WATCHED, secondary=""), Column.BASELINE),
        (PROMISED, Column.PROMISE),
        (replace(WATCHED, feeds=[FeedFacts("Export", seen=False, timed=True)]), Column.PROMISE),
        (replace(WATCHED, feeds=[FeedFacts("Export", seen=True, timed=False)]), Column.PROMISE),
        (replace(WATCHED, feeds=[FeedFacts("A", seen=True, timed=False), FeedFacts("B", seen=False, timed=True)]), Column.PROMISE),
        (WATCHED, Column.WATCHED),
        (replace(WATCHED, baseline="", runs=10), Column.WATCHED),
        (replace(WATCHED, feeds=[FeedFacts("A", seen=False, timed=False), *WATCHED.feeds]), Column.WATCHED),
    ],
)
def test_a_process_stands_in_the_highest_column_whose_conditions_hold(facts: Facts, column: Column) -> None:
    assert card(facts).column is column


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (NEW, "Write down how long it takes today."),
        (replace(NEW, runs=3), "Write down how long it takes today, or wait for more runs: 3 of 10 were seen."),
        (MEASURED, "Give its promise in terms that a clock can read."),
        (replace(MEASURED, readable=True), "Name its owner."),
        (replace(MEASURED, readable=True, primary="Clerk"), "Name its secondary owner."),
        (replace(PROMISED, ladder=""), "Give it a ladder."),
        (replace(PROMISED, has_rungs=False), "Put a rung on its ladder."),
        (PROMISED, "Give it a feed that shows when it ran."),
        (
            replace(PROMISED, feeds=[FeedFacts("Export", seen=True, timed=False)]),
            "Give “Export” terms that name a time, or put a daily check beside it.",
        ),
        (
            replace(PROMISED, feeds=[FeedFacts("Export", seen=False, timed=True)]),
            "Let “Export” open its ping address for the first time.",
        ),
        (WATCHED, ""),
    ],
)
def test_one_thing_is_to_be_done_next(facts: Facts, words: str) -> None:
    assert next_of(facts) == words


def test_what_is_to_be_done_is_done_on_its_page() -> None:
    ladder, feed, other = (
        card(facts).next
        for facts in (
            replace(PROMISED, has_rungs=False), replace(PROMISED, feeds=[FeedFacts("Export", seen=False, timed=True)]), NEW,
        )
    )  # fmt: skip
    assert ladder and feed and other  # noqa: PT018
    assert [(t.link.route, t.link.which, t.link.query) for t in (ladder, feed, other)] == [
        ("setup_ladder", "attendance", ""), ("process", "attendance", "#feeds"), ("setup_process", "attendance", ""),
    ]  # fmt: skip


def test_what_a_description_lacks_is_told() -> None:
    assert card(WATCHED).missing == []
    assert card(replace(NEW, has_source=False, has_targets=False)).missing == [
        "owner", "secondary owner", "the system it comes from", "the systems that need it",
    ]  # fmt: skip


# --- the roll-out: where the district stands --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("watched", "others", "words"),
    [
        (0, 0, ""),
        (0, 1, "0 of 1 are watched. Next goal: one process."),
        (0, 19, "0 of 19 are watched. Next goal: one process."),
        (1, 18, "1 of 19 is watched. Next goal: five."),
        (2, 17, "2 of 19 are watched. Next goal: five."),
        (5, 14, "5 of 19 are watched. Next goal: all."),
        (1, 3, "1 of 4 is watched. Next goal: all."),
        (1, 4, "1 of 5 is watched. Next goal: all."),
        (6, 0, "All of them are watched."),
    ],
)
def test_where_the_district_stands(watched: int, others: int, words: str) -> None:
    board = rollout.board([WATCHED] * watched + [NEW] * others)
    assert (board.words, board.watched, board.total) == (words, watched, watched + others)


def test_one_process_then_five_then_all() -> None:
    goals = rollout.board([WATCHED, WATCHED, *[NEW] * 17]).goals
    assert [(goal.number, goal.label, goal.reached, goal.current) for goal in goals] == [
        (1, "one process", True, False), (5, "five", False, True), (19, "all", False, False),
    ]  # fmt: skip
    assert [goal.number for goal in rollout.board([NEW] * 3).goals] == [1, 3]
    assert [goal.number for goal in rollout.board([NEW]).goals] == [1]
    assert rollout.board([]).goals == []


def test_all_columns_are_there_also_the_empty_ones() -> None:
    columns = rollout.board([NEW, WATCHED]).columns
    assert [(str(column), len(cards)) for column, cards in columns] == [
        ("documented", 1), ("baseline", 0), ("promise", 0), ("watched", 1),
    ]  # fmt: skip
    assert len({column.meaning for column, _cards in columns}) == 4


# --- the roll-out: its page -------------------------------------------------------------------------------------------


def board_for(who: Person, cast: Cast) -> rollout.Board:
    found: rollout.Board = sign_in(who, cast.district).get(BOARD).context["board"]
    return found


def test_the_board_names_the_process_its_owner_what_suffers_and_what_is_next(here: Cast, rows: Sync) -> None:
    Process.objects.update(path=Path.TRAVEL)
    page = sign_in(here.alice, here.district).get(BOARD).content.decode()
    for words in (
        "0 of 1 are watched. Next goal: one process.", "<progress", "One process first, then five, then all.", "Rosa", "Clerk",
        "Attendance to transportation", "One process", "Getting to school and home", "Write down how long it takes today.",
    ):  # fmt: skip
        assert words in page
    assert 'aria-current="page"' in page.split("Roll-out</a>")[0].rsplit("<a ", 1)[1]
    assert page.split("</nav>")[0].count("aria-current") <= 2, "one in the navigation of the matrix, one above it"


def test_the_board_says_of_an_owner_that_somebody_stands_in(here: Cast, rows: Sync) -> None:
    assert (board_for(here.ada, here).cards[0].facts.person, board_for(here.ada, here).cards[0].facts.via) == ("Rosa", "")
    OwnerRole.objects.update(holder=None)
    facts = board_for(here.ada, here).cards[0].facts
    assert (facts.person, facts.via) == ("Ada", "administrator")


def test_a_process_walks_the_whole_board(here: Cast, rows: Sync) -> None:
    def stands() -> tuple[Column, int]:
        (one,) = board_for(here.ada, here).cards
        return one.column, one.facts.runs

    rows.ladder.rungs.all().delete()
    assert stands() == (Column.DOCUMENTED, 0)
    Process.objects.update(baseline="two days")
    assert stands() == (Column.BASELINE, 0)
    Rung.objects.create(ladder=rows.ladder, level=1, role=rows.process.primary)
    assert stands() == (Column.PROMISE, 0)
    actions.ping(rows.feed, outcome="ok", counts={}, note="", now=NOW)
    assert stands()[0] is Column.WATCHED
    Feed.objects.update(active=False)
    assert stands()[0] is Column.PROMISE
    Process.objects.update(terms="now and then")
    assert stands()[0] is Column.BASELINE


def test_ten_runs_within_sixty_days_are_a_baseline(here: Cast, rows: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ownership.overview.views_rollout.timezone.now", lambda: NOW)

    def runs(n: int, outcome: str, ago: int) -> int:
        FeedRun.objects.bulk_create([FeedRun(feed=rows.feed, outcome=outcome, at=NOW - ago * DAY) for _ in range(n)])
        return board_for(here.ada, here).cards[0].facts.runs

    assert runs(5, "ok", 59) == 5
    assert runs(20, "ok", 61) == 5, "too long ago"
    assert runs(20, "missed", 2) == 5, "what did not come was not seen"
    assert board_for(here.ada, here).cards[0].column is Column.DOCUMENTED
    assert runs(5, "failed", 1) == 10
    assert board_for(here.ada, here).cards[0].column is Column.PROMISE


def test_agents_and_leads_see_what_is_next_without_a_link(here: Cast, rows: Sync) -> None:
    Process.objects.update(baseline="two days")
    rows.ladder.rungs.all().delete()
    link = reverse("setup_ladder", args=["attendance"])
    assert link in sign_in(here.ada, here.district).get(BOARD).content.decode()
    for someone in (here.alice, here.lena, here.lee):
        page = sign_in(someone, here.district).get(BOARD).content.decode()
        assert "Put a rung on its ladder." in page
        assert "/setup/" not in page


def test_every_link_of_the_board_leads_somewhere(here: Cast, rows: Sync) -> None:
    client = sign_in(here.ada, here.district)
    for change in ({}, {"baseline": "two days"}, {"ladder": None}):
        Process.objects.update(**change)
        todo = board_for(here.ada, here).cards[0].next
        assert todo
        address = reverse(todo.link.route, args=[todo.link.which])
        assert address in client.get(BOARD).content.decode()
        assert client.get(address).status_code == 200


def test_another_districts_processes_are_not_on_the_board(here: Cast, oak: Cast, rows: Sync) -> None:
    with district_scope(oak.district.id):
        theirs = make_sync(oak, slug="lunch")
        Process.objects.filter(id=theirs.process.id).update(name="Lunch to nutrition")
        client = sign_in(oak.carla, oak.district)
    assert [one.facts.slug for one in board_for(here.ada, here).cards] == ["attendance"]
    page = client.get(BOARD).content.decode()
    assert "Lunch to nutrition" in page
    assert "Attendance to transportation" not in page


def test_the_board_is_for_those_who_work_here(here: Cast, oak: Cast, rows: Sync) -> None:
    answer = visitor(here.district).get(BOARD)
    assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={BOARD}")
    assert sign_in(oak.charlie, here.district).get(BOARD).status_code == 403
    assert sign_in(here.alice, here.district).post(BOARD).status_code == 405


def test_a_board_without_a_process_says_how_to_begin(here: Cast) -> None:
    page = sign_in(here.alice, here.district).get(BOARD).content.decode()
    assert "Begin with one process" in page
    assert "Begin with one: the one whose silence would hurt most tomorrow morning." in page
    assert "<progress" not in page
    assert "Write down the first process" not in page
    assert "Write down the first process" in sign_in(here.ada, here.district).get(BOARD).content.decode()


def test_the_board_costs_the_same_for_one_process_and_for_twenty(
    here: Cast, rows: Sync, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    rotation(here, here.alice, here.bob, role=rows.process.primary)
    client = sign_in(here.alice, here.district)
    client.get(BOARD)
    with django_assert_max_num_queries(12) as asked:  # four for who asks, eight for the board
        client.get(BOARD)
    for n in range(20):
        made = make_sync(here, slug=f"process-{n}")
        actions.ping(made.feed, outcome="ok", counts={}, note="", now=NOW)
    with django_assert_num_queries(len(asked)):
        assert client.get(BOARD).status_code == 200
