"""Load a demonstration district from its catalog, through the same acts the product uses. Loading twice is loading once."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password

from config.demo import catalog as catalogs
from config.demo import checklists, matrix
from config.demo.people import mailbox, names
from delivery import lines
from districts.models import (
    Account,
    CalendarDay,
    ContactPoint,
    Department,
    District,
    Membership,
    Person,
    Role,
    Service,
    Site,
    Team,
    uuid7,
)
from districts.scope import district_scope
from incidents import playbook
from intake.models import Channel, Question
from intake.phone import numbers
from knowledge import actions as knowledge
from ownership.keeping.loading import load_matrix
from routing.models import Rule
from sla.models import ClockKind, Policy
from tickets.models import ChannelKind

DEMO_PASSWORD = "front-door-demo"  # noqa: S105  printed on the demo's own page
SAFETY_TEAM = "safety-security"


@dataclass
class SignIn:
    role: str
    name: str
    email: str


@dataclass
class Loaded:
    district: District
    teams: dict[str, Team] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)  # by "team:role" or role
    sign_ins: list[SignIn] = field(default_factory=list)


def load(name: str, *, host: str, accent: str, now: datetime) -> Loaded | None:
    """Load the district of folder `name`; None where a district of that host is there already."""
    if District.objects.filter(host=host).exists():
        return None
    catalog = catalogs.read(name)
    district_id = uuid7()
    with district_scope(district_id):  # all of it or nothing
        loaded = Loaded(_district(catalog.district, district_id, host=host, accent=accent))
        _places(catalog.district, loaded)
        _services(catalog.district, loaded)
        _forms(catalog.forms, loaded)
        _calendar(catalog.district)
        _channels(catalog.district, loaded)
        _people(catalog.district, loaded)
        _rules(loaded)
        knowledge.load_articles(catalog.articles, now=now)
        if catalog.ownership:
            load_matrix(catalog.ownership, now=now, holders=_holders(catalog.ownership, loaded))
            matrix.complete()
            checklists.load()
            playbook.load(catalog.ownership.get("incident_escalation", playbook.DEFAULT))
    return loaded


def _district(data: dict[str, Any], district_id: UUID, *, host: str, accent: str) -> District:
    calendar = data["calendar_2026_27"]
    return District.objects.create(
        id=district_id, slug=host.split(".")[0], host=host, name=data["district"], time_zone=data["timezone"], accent=accent,
        languages=[code for code in data["languages_supported"] if code in dict(settings.LANGUAGES)],
        phone=data["main_phone"], crisis_phone=data["crisis_line_phone"], hours=catalogs.hours(data),
        first_day=date.fromisoformat(calendar["first_day_grades_1_12"]),
        last_day=date.fromisoformat(calendar["last_day"]), school_release=catalogs.release(data),
    )  # fmt: skip


def _places(data: dict[str, Any], loaded: Loaded) -> None:
    departments = {d["slug"]: Department.objects.create(slug=d["slug"], name=d["name"]) for d in data["departments"]}
    for site in data["sites"]:
        loaded.sites[site["code"]] = Site.objects.create(
            code=site["code"], name=site["name"], kind=site["level"], is_school=site["is_school"], aliases=site["aliases"],
            address=site["address"], phone=site["phone"],
        )  # fmt: skip
    for team in data["teams"]:
        loaded.teams[team["slug"]] = Team.objects.create(
            slug=team["slug"], name=team["name"], department=departments.get(team["department"]),
            description=team["description"], email=team["email"], is_safety=team["slug"] == SAFETY_TEAM,
            is_front_office=bool(team.get("front_office")),
        )  # fmt: skip
    if not any(team.is_front_office for team in loaded.teams.values()):
        loaded.teams["front-office"] = Team.objects.create(
            slug="front-office", name="Front Office", is_front_office=True, email=f"office@{data['domain']}",
            description="Takes every request that nobody else is known to own, and finds out who does.",
        )  # fmt: skip


def _services(data: dict[str, Any], loaded: Loaded) -> None:
    for row in data["services"]:
        service = Service.objects.create(
            slug=row["slug"], name=row["name"], team=loaded.teams[row["team"]], audience=row["audience"],
            description=row["description"], example_phrases=row["example_phrases"], sensitive=row["sensitive"],
            priority=catalogs.PRIORITIES[row["default_priority"]],
        )  # fmt: skip
        loaded.services[row["slug"]] = service
    Policy.objects.bulk_create(
        Policy(
            kind=kind,
            service=loaded.services[row["slug"]],
            terms=catalogs.terms(row[minutes], around_the_clock=row["default_priority"] == "urgent"),
        )
        for row in data["services"]
        for kind, minutes in (
            (ClockKind.FIRST_RESPONSE, "first_response_minutes"),
            (ClockKind.RESOLUTION, "resolution_minutes"),
        )
    )


def _forms(data: dict[str, Any], loaded: Loaded) -> None:
    """What the form asks about some services, and the rooms that have a sticker."""
    for code, rooms in data.get("rooms", {}).items():
        loaded.sites[code].rooms = rooms
        loaded.sites[code].save(update_fields=["rooms"])
    for slug, asked in data.get("questions", {}).items():
        rows: dict[str, Question] = {}
        for position, values in enumerate(asked):
            after = rows.get(values.get("after", ""))
            rows[values["key"]] = Question.objects.create(
                **{**values, "after": after}, service=loaded.services[slug], position=position
            )


def _calendar(data: dict[str, Any]) -> None:
    CalendarDay.objects.bulk_create(
        CalendarDay(date=day, kind=kind, name=name) for day, kind, name in catalogs.days_off(data["calendar_2026_27"])
    )


def _channels(data: dict[str, Any], loaded: Loaded) -> None:
    host = loaded.district.host
    make = Channel.objects.create
    make(kind=ChannelKind.WEB, name="Front door")
    make(kind=ChannelKind.API, name="API")
    make(kind=ChannelKind.PHONE, name="Telephone and counter")
    make(kind=ChannelKind.CHAT, name="Chat", options={"sites": [f"https://www.{data['domain']}"]})
    make(kind=ChannelKind.EMAIL, address=f"help@{host}", name="Help")
    for slug, team in loaded.teams.items():
        make(kind=ChannelKind.EMAIL, address=f"{slug}@{host}", name=team.name, team=None if team.is_front_office else team)
    number = "+1" + data["support_sms"].replace("-", "")
    own = None if settings.TWILIO_AUTH_TOKEN else lines.Account("AC" + "0" * 32, "demo-sms-secret")
    make(kind=ChannelKind.SMS, address=number, name="Text line")
    make(kind=ChannelKind.PHONE, address=number, name="Voicemail")
    numbers.belongs(number, account=own, texts=True)


def _people(data: dict[str, Any], loaded: Loaded) -> None:
    password = make_password(DEMO_PASSWORD)
    pool = names()
    for slug, team in loaded.teams.items():
        for role in (Role.AGENT, Role.LEAD):
            loaded.people[f"{slug}:{role}"] = _staff(next(pool), data["domain"], password, role, team)
    for role in (Role.LEADER, Role.ADMIN):
        loaded.people[role] = _staff(next(pool), data["domain"], password, role, None)
    office = next(team for team in loaded.teams.values() if team.is_front_office)
    buses = "transportation" if "transportation" in loaded.teams else "bus-garage"
    shown = [
        (Role.AGENT, f"{buses}:agent"), (Role.LEAD, f"{buses}:lead"), (Role.AGENT, f"{office.slug}:agent"),
        (Role.LEADER, "leader"), (Role.ADMIN, "admin"),
    ]  # fmt: skip
    for role, key in shown:
        person = loaded.people[key]
        team_name = loaded.teams[key.split(":")[0]].name if ":" in key else loaded.district.name
        email = ContactPoint.objects.filter(person=person).values_list("value", flat=True)[0]
        loaded.sign_ins.append(SignIn(role=f"{Role(role).label}, {team_name}", name=person.name, email=email))


def _staff(name: str, domain: str, password: str, role: str, team: Team | None) -> Person:
    email = f"{mailbox(name)}@{domain}"
    account = Account.objects.create(email=email, name=name, password=password)
    EmailAddress.objects.create(user=account, email=email, verified=True, primary=True)
    person: Person = Person.objects.create(name=name, kind="staff", account_ref=account.id)
    ContactPoint.objects.create(person=person, kind=ContactPoint.Kind.EMAIL, value=email)
    Membership.objects.create(person=person, team=team, role=role)
    return person


def _rules(loaded: Loaded) -> None:
    """Two of a district's own words; the classifier does the rest."""
    wanted = [
        ("Bus did not come", "bus-late-today", ["bus didn't come", "bus did not come", "bus never came", "el autobús no llegó"]),
        ("Locked out", "staff-password-reset", ["locked out of my account"]),
    ]
    for order, (name, slug, words) in enumerate(wanted):
        if slug in loaded.services:
            Rule.objects.create(order=order, name=name, words=words, service=loaded.services[slug])


def _holders(ownership: dict[str, Any], loaded: Loaded) -> dict[str, Person]:
    """Who has which job: roles of a team alternate between its lead and its agent; the rest go to leaders."""
    holders: dict[str, Person] = {}
    seen: dict[str, int] = {}
    for role in ownership["roles"]:
        team = role["team"]
        if team is None:
            holders[role["slug"]] = loaded.people[Role.LEADER]
            continue
        seen[team] = seen.get(team, 0) + 1
        holders[role["slug"]] = loaded.people[f"{team}:{Role.LEAD if seen[team] % 2 else Role.AGENT}"]
    return holders
