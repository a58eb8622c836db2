"""Some days of work in a demonstration district, told through the product's own acts with the clock turned back."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from config.demo import checklists
from config.demo.alerting import tell_alerts
from config.demo.catalog import DATA
from config.demo.changes import tell_changes
from config.demo.covering import tell_covering
from config.demo.history import tell_feeds
from config.demo.holds import tell_holds
from config.demo.loading import Loaded
from config.demo.outages import tell_outages
from config.demo.people import mailbox, names
from config.demo.solutions import solution
from config.demo.vendors import tell_vendors
from districts.actions import person_for_contact
from districts.calendar import Calendar
from districts.models import Person, Team
from districts.queries import calendar_of, front_office, team_members
from districts.scope import district_scope
from routing import actions as routing
from routing import training
from sla import actions as sla
from tickets import actions as tickets
from tickets.models import Ticket

DAYS = 12
WAITING = 3  # requests a team finds this hour and has not answered yet
TAILS = ("It is at {site}.", "Same as last week, at {site}.", "I am at {site}. Thank you!", "Who can help us at {site}?")
KINDS = {"parent": "family", "guardian": "family", "student": "student", "community": "community", "vendor": "community"}
REPLIES = (
    "Thank you for telling us. I am looking into it now and will write again before the end of the day.",
    "I have this. Could you tell me the best time to reach you?",
    "This is on our list for today. You will hear from me when it is done.",
    "Thanks, I found the cause and we are fixing it.",
)


@dataclass(frozen=True)
class Line:
    """One thing somebody asked."""

    text: str
    subject: str
    channel: str
    kind: str
    language: str


def lines(name: str) -> Iterator[Line]:
    """From the district's labelled requests where it has them, else from its catalog's own phrases."""
    requests = DATA / name / "requests.dev.jsonl"
    if requests.exists():
        for row in map(json.loads, requests.read_text().splitlines()):
            if row["labels"]["spam"] or row["labels"]["crisis"]:
                continue
            kind = KINDS.get(row["persona"], "staff")
            channel = {"chat": "web", "walk_in": "phone"}.get(row["channel"], row["channel"])
            yield Line(row["body"], row["subject"] or row["body"], channel, kind, row["language"])
        return
    for service in json.loads((DATA / name / "district.json").read_text())["services"]:
        for phrase in service["example_phrases"]:
            kind = service["audience"][0]
            yield Line(phrase.capitalize() + ".", phrase, "web" if len(phrase) % 2 else "email", kind, "en")


def waiting(loaded: Loaded, name: str, dice: random.Random) -> Iterator[Line]:
    """What each team finds when it opens its queue: its services' own phrases, from somebody at one of the schools."""
    of_team: dict[str, list[dict[str, Any]]] = {}
    for service in json.loads((DATA / name / "district.json").read_text())["services"]:
        if not service["sensitive"]:
            of_team.setdefault(service["team"], []).append(service)
    sites = [site.name for site in loaded.sites.values() if site.is_school]
    for services in of_team.values():
        for service in dice.choices(services, k=WAITING):
            phrase = dice.choice(service["example_phrases"])
            text = f"{phrase[:1].upper()}{phrase[1:]}. {dice.choice(TAILS).format(site=dice.choice(sites))}"
            yield Line(text, phrase, dice.choice(("web", "email", "sms")), service["audience"][0], "en")


def tell(loaded: Loaded, name: str, *, now: datetime, most: int = 140) -> int:
    """Open, place, answer and resolve up to `most` tickets of the last days, and leave each team some; returns how many were opened."""
    dice = random.Random(name)  # noqa: S311  a story, not a secret
    told = list(islice(lines(name), most))
    dice.shuffle(told)
    with district_scope(loaded.district.id):
        training.retrain(loaded.district.id, now=now)
        people = [_asker(i, person_name) for i, person_name in zip(range(60), islice(names(), 200, None), strict=False)]
        calendar = calendar_of(loaded.district, now=now)
        moments = sorted(_moment(dice, calendar, now) for _ in told)
        for at, line in zip(moments, told, strict=True):
            asker = dice.choice([p for p in people if p.kind == line.kind] or people)
            _one(line, asker, at, now, dice, answered=0.85)
        for line in waiting(loaded, name, dice):
            asker = dice.choice([p for p in people if p.kind == line.kind] or people)
            _one(line, asker, now - timedelta(minutes=dice.uniform(2, 55)), now, dice, answered=0.1)
            told.append(line)
        tell_feeds(calendar, now=now, dice=dice)
        tell_changes(calendar, now=now, dice=random.Random(4))  # noqa: S311  of its own: what comes after stays as it is
        tell_holds(now=now, dice=random.Random(6))  # noqa: S311
        tell_alerts(calendar, now=now, dice=dice)
        tell_outages(now=now)
        checklists.tell(now=now)
        tell_covering(now=now, dice=dice)
        tell_vendors(calendar, now=now, dice=random.Random(7))  # noqa: S311
    return len(told)


def _asker(index: int, name: str) -> Person:
    kinds = ("family", "staff", "student", "community")
    weights = (5, 8, 2, 1)
    kind = random.Random(index).choices(kinds, weights)[0]  # noqa: S311
    if index % 5 == 4:
        return person_for_contact(kind="phone", value=f"+1360555{1000 + index}", name=name, person_kind=kind)
    return person_for_contact(kind="email", value=f"{mailbox(name)}@family-mail.example", name=name, person_kind=kind)


def _moment(dice: random.Random, calendar: Calendar, now: datetime) -> datetime:
    """Any time of the last days, four of five in the hours offices are open."""
    while True:
        at = now - timedelta(minutes=dice.triangular(3, DAYS * 24 * 60, 600))
        if calendar.is_open(at) or dice.random() < 0.2:
            return at


def _one(line: Line, asker: Person, at: datetime, now: datetime, dice: random.Random, *, answered: float) -> None:
    ticket, _message = tickets.open_ticket(
        requester=asker, channel=line.channel, subject=line.subject, words=tickets.Words(text=line.text, language=line.language),
        team=front_office(), now=at, language="es" if line.language == "es" else "en",
    )  # fmt: skip
    sla.derive(ticket, now=at)
    routing.acknowledge(ticket, now=at)
    routing.place(ticket.id, now=at + timedelta(seconds=4))
    ticket = Ticket.objects.select_related("team", "service", "requester").get(id=ticket.id)
    first = at + timedelta(minutes=dice.lognormvariate(3.6, 1.1))
    if first < now and dice.random() < answered:
        _answer(ticket, ticket.team, first, now, dice)


def _answer(ticket: Ticket, team: Team, at: datetime, now: datetime, dice: random.Random) -> None:
    by = dice.choice(team_members(team.id))
    tickets.assign(ticket, to=by, by=by, now=at)
    tickets.reply(ticket, by=by, words=tickets.Words(text=dice.choice(REPLIES)), now=at, wait=dice.random() < 0.15)
    done = at + timedelta(minutes=dice.lognormvariate(5.2, 1.0))
    if done < now and dice.random() < 0.9:
        if words := solution(ticket.service.slug if ticket.service else "", ticket.language, ticket.number):
            tickets.reply(ticket, by=by, words=tickets.Words(text=words), now=done)
        tickets.resolve(ticket, by=by, now=done)
    sla.derive(ticket, now=min(done, now))
