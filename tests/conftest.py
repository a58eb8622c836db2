"""The cast of all tests.

Cedar Valley (district `cedar`): Alice is an agent of Transportation, Lena its lead, Lee a leader of the district, Ada its
administrator, Bob an agent of Technology; Pat is a parent. Charlie works in Oak Hollow (district `oak`), whose rows are always
there as noise: nothing of Cedar Valley may ever show in Oak Hollow, nor the other way round.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client, TransactionTestCase
from django.test.utils import setup_databases, teardown_databases
from django.utils import translation
from pytest_django import DjangoDbBlocker, Settings

from districts.middleware import forget_hosts
from districts.models import Account, ContactPoint, District, Membership, Person, Role, Service, Site, Team
from districts.scope import district_scope
from tests import migrated
from tests.casting import Casting
from tickets import actions as tickets
from tickets.models import Ticket

PASSWORD = "correct horse battery 9"
HOURS = [{"from": "", "to": "", "days": [0, 1, 2, 3, 4], "windows": [["07:30", "16:30"]]}]
NOW = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)  # a Tuesday, 10:00 in Cedar Valley (Pacific)


def pytest_configure() -> None:
    """Static files are looked for when they are asked for, not listed for each new browser. Counters of its own for each of several
    processes: one clears them while another counts."""
    settings.WHITENOISE_AUTOREFRESH = True
    TransactionTestCase._fixture_teardown = lambda self: None  # type: ignore[attr-defined]  # see _leave_no_rows
    worker, place = os.environ.get("PYTEST_XDIST_WORKER", ""), settings.CACHES["default"].get("LOCATION", "")
    if worker and place.startswith("redis"):
        settings.CACHES["default"]["LOCATION"] = f"{place.rpartition('/')[0]}/{1 + int(worker.removeprefix('gw'))}"


@pytest.fixture(autouse=True)
def _texts_leave(settings: Settings) -> None:
    """From the number of whoever runs the product, where a district has none."""
    settings.SMS_FROM = "+12025550100"


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One database, made by its owner and used by the application's role (whose alias only mirrors the owner's)."""
    with django_db_blocker.unblock():
        connections["owner"].settings_dict["TEST"]["TEMPLATE"] = migrated.template()
        made = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
    yield
    with django_db_blocker.unblock():
        connections["default"].close()
        connections["default"].close_pool()  # type: ignore[attr-defined]
        teardown_databases(made, verbosity=0)


@dataclass
class Cast:
    district: District
    front_office: Team
    transportation: Team
    technology: Team
    safety: Team
    bus_late: Service
    password_reset: Service
    counseling: Service
    maple: Site
    people: dict[str, Person] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Person:
        people: dict[str, Person] = self.__dict__.get("people", {})
        if name not in people:
            raise AttributeError(name)
        return people[name]


def person(name: str, email: str, *, role: str | None = None, team: Team | None = None, kind: str = "staff") -> Person:
    someone: Person = Person.objects.create(name=name, kind=kind)
    ContactPoint.objects.create(person=someone, kind="email", value=email)
    if role:
        account = Account(email=email, name=name)
        account.set_unusable_password()
        account.save()
        someone.account_ref = account.id
        someone.save()
        Membership.objects.create(person=someone, team=team, role=role)
    return someone


def make_district(slug: str, host: str, zone: str, who: str) -> Cast:
    district = District.objects.create(slug=slug, host=host, name=slug.title(), time_zone=zone, hours=HOURS, languages=["en", "es"])
    with district_scope(district.id):
        office = Team.objects.create(slug="front-office", name="Front Office", is_front_office=True)
        buses = Team.objects.create(slug="transportation", name="Transportation")
        tech = Team.objects.create(slug="technology", name="Technology")
        safety = Team.objects.create(slug="safety", name="Safety and Counseling", is_safety=True)
        make = Service.objects.create
        cast = Cast(
            district=district, front_office=office, transportation=buses, technology=tech, safety=safety,
            bus_late=make(slug="bus-late", name="Late or missing bus", team=buses, priority=1, audience=["parent"],
                          example_phrases=["the bus did not come", "bus is late", "where is the bus"]),
            password_reset=make(slug="password-reset", name="Password reset", team=tech, priority=3, audience=["staff"],
                                example_phrases=["forgot my password", "locked out of my account"]),
            counseling=make(slug="counseling", name="Counseling referral", team=safety, priority=2, sensitive=True,
                            audience=["parent", "student"], example_phrases=["needs to talk to a counselor"]),
            maple=Site.objects.create(code="MRE", name="Maple Ridge Elementary", aliases=["Maple Ridge", "Maple"]),
        )  # fmt: skip
        names = {
            "alice": (Role.AGENT, buses), "lena": (Role.LEAD, buses), "bob": (Role.AGENT, tech), "olive": (Role.AGENT, office),
            "lee": (Role.LEADER, None), "ada": (Role.ADMIN, None),
        } if who == "cedar" else {"charlie": (Role.AGENT, buses), "carla": (Role.ADMIN, None)}  # fmt: skip
        for name, (role, team) in names.items():
            cast.people[name] = person(name.title(), f"{name}@{host}", role=role, team=team)
        cast.people["pat"] = person("Pat Parent", f"pat@{who}-family.example", kind="parent")
    return cast


@pytest.fixture(autouse=True)
def _leave_no_rows(request: pytest.FixtureRequest) -> Iterator[None]:
    """After a test that commits: the owner empties the tables (Django flushes no mirror, and the application may not), but for what
    migrations wrote. Only those that take room: to empty each of them takes seconds."""
    yield
    marker = request.node.get_closest_marker("django_db")
    if "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction")):
        with request.getfixturevalue("django_db_blocker").unblock(), connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
                " AND NOT relname = ANY(%s) AND pg_relation_size(oid) > 0",
                [["django_migrations", "django_content_type", "auth_permission"]],
            )
            if tables := [f'"{name}"' for (name,) in cursor.fetchall()]:
                cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")


@Casting
def _cedar() -> Cast:
    return make_district("cedar", "cedar.localhost", "America/Los_Angeles", "cedar")


@Casting
def _oak() -> Cast:
    cast = make_district("oak", "oak.localhost", "America/New_York", "oak")
    with district_scope(cast.district.id):
        tickets.open_ticket(
            requester=cast.pat, channel="web", subject="Oak noise", words=tickets.Words(text="The bus of Oak Hollow"),
            team=cast.front_office, now=NOW,
        )  # fmt: skip
    return cast


@pytest.fixture
def cedar(db: Any) -> Cast:
    return _cedar()


@pytest.fixture
def oak(db: Any) -> Cast:
    return _oak()


@pytest.fixture
def here(cedar: Cast, oak: Cast) -> Iterator[Cast]:
    """Cedar Valley, in scope, with Oak Hollow beside it."""
    with district_scope(cedar.district.id):
        yield cedar


@pytest.fixture(autouse=True)
def _fresh_hosts() -> None:
    forget_hosts()


@pytest.fixture(autouse=True)
def _no_language_left() -> Iterator[None]:
    """A request leaves its language active in its thread; the next one brings its own, the next test may not."""
    yield
    translation.deactivate()


def sign_in(who: Person, district: District) -> Client:
    """A browser in which `who` is signed in, on the district's host."""
    client = Client(HTTP_HOST=district.host)
    if who.account_ref:
        client.force_login(Account.objects.get(id=who.account_ref))
    return client


def visitor(district: District) -> Client:
    return Client(HTTP_HOST=district.host)


def a_ticket(cast: Cast, *, text: str = "the bus didn't come to Maple and 5th again", now: datetime = NOW, **more: Any) -> Ticket:
    """A ticket of Pat's in the district in scope."""
    values: dict[str, Any] = {"requester": cast.pat, "channel": "email", "team": cast.front_office, **more}
    ticket, _message = tickets.open_ticket(subject=text[:60], words=tickets.Words(text=text), now=now, **values)
    return ticket
