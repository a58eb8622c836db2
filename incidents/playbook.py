"""The district's outage run as rows: founded from its own playbook, else from the one below, and edited from then on.

The five levels are those of a district's written plan: alert, initial response, operational adjustment, executives, recovery.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext, gettext_noop, override

from districts.models import Team
from districts.queries import this_district
from incidents.models import Action, Kind, Level, PaperKind, Rules
from ownership.models import OwnerRole

LAST_MINUTES = 240  # for steps of a level whose time has no end in the plan
LONG = re.compile(r"more than (\d+) hours", re.IGNORECASE)
Data = Mapping[str, Any]

DEFAULT: Sequence[Data] = (
    {
        "level": 1,
        "name": gettext_noop("System alert"),
        "from_minute": 0,
        "to_minute": 15,
        "actions": [
            gettext_noop("Confirm with two other users that it is widespread"),
            gettext_noop("Tell the building's technology coordinator"),
            gettext_noop("Switch to paper forms"),
        ],
    },
    {
        "level": 2,
        "name": gettext_noop("Initial response"),
        "from_minute": 15,
        "to_minute": 30,
        "actions": [
            gettext_noop("Confirm the scope: one school, several schools or the whole district"),
            gettext_noop("Check related systems"),
            gettext_noop("Open a ticket with the vendor"),
            gettext_noop("Put an expected time on the status page"),
        ],
    },
    {
        "level": 3,
        "name": gettext_noop("Operational adjustment"),
        "from_minute": 30,
        "to_minute": 60,
        "actions": [gettext_noop("Agree with the departments what is done by hand")],
    },
    {
        "level": 4,
        "name": gettext_noop("Executive notification"),
        "from_minute": 60,
        "to_minute": None,
        "actions": [
            gettext_noop("Decide if families are told"),
            gettext_noop("Approve overtime for entering what was written on paper"),
        ],
    },
    {
        "level": 5,
        "name": gettext_noop("Recovery validation"),
        "from_minute": None,
        "to_minute": None,
        "after": "restoration",
        "actions": [gettext_noop("Each school confirms its entries"), gettext_noop("Transportation checks tomorrow's routes")],
    },
)
PAPER: Sequence[tuple[str, str, str, int, Sequence[str]]] = (
    (
        "enrollment",
        gettext_noop("Enrollment"),
        "E",
        1,
        (
            gettext_noop("Student's name"),
            gettext_noop("Date of birth"),
            gettext_noop("Grade"),
            gettext_noop("Parent or guardian"),
            gettext_noop("Telephone"),
            gettext_noop("Address"),
            gettext_noop("Previous school"),
            gettext_noop("First day"),
            gettext_noop("Needs a bus: yes / no"),
            gettext_noop("Allergies, medicine"),
        ),
    ),
    (
        "attendance",
        gettext_noop("Attendance"),
        "A",
        18,
        (gettext_noop("Student"), gettext_noop("Absent / late"), gettext_noop("Reason")),
    ),
    (
        "route-change",
        gettext_noop("Route change"),
        "R",
        6,
        (
            gettext_noop("Student"),
            gettext_noop("From stop"),
            gettext_noop("To stop"),
            gettext_noop("From which day"),
            gettext_noop("Who called"),
        ),
    ),
    (
        "meal-count",
        gettext_noop("Meal count"),
        "M",
        14,
        (gettext_noop("Class"), gettext_noop("Breakfasts"), gettext_noop("Lunches"), gettext_noop("Special diets")),
    ),
)


def ensure() -> None:
    """A district that has no plan yet gets the one above, in its first language: an outage must not wait for set-up."""
    if not Level.objects.exists():
        load(DEFAULT)
    if not PaperKind.objects.exists():
        found_paper()


def load(levels: Sequence[Data]) -> None:
    """From a district's own plan (`incident_escalation` of its file). Twice is once: a level that is there stays as it was edited."""
    roles = {role.slug: role for role in OwnerRole.objects.all()}
    teams = list(Team.objects.order_by("slug"))
    known = set(Level.objects.values_list("number", flat=True))
    with override(_language()):
        for row in levels:
            if row["level"] not in known:
                _level(row, roles, teams)
    long = next((int(found[1]) * 60 for row in levels for title in row["actions"] if (found := LONG.search(title))), 120)
    Rules.objects.get_or_create(defaults={"long_minutes": long})
    if not PaperKind.objects.exists():
        found_paper()


def found_paper() -> None:
    with override(_language()):
        rows = [
            PaperKind(slug=slug, name=gettext(name), letter=letter, rows=rows, lines=[gettext(line) for line in lines], order=order)
            for order, (slug, name, letter, rows, lines) in enumerate(PAPER)
        ]
    PaperKind.objects.bulk_create(rows, ignore_conflicts=True)


def long_minutes() -> int:
    """An outage longer than this is a long one."""
    found = Rules.objects.values_list("long_minutes", flat=True).first()
    return 120 if found is None else int(found)


def _language() -> str:
    languages = this_district().languages
    return str(languages[0]) if languages else "en"


@dataclass(frozen=True)
class _Read:
    """A line of the plan, and what it asks for."""

    title: str
    kind: str
    team: Team | None = None


def _level(row: Data, roles: Mapping[str, OwnerRole], teams: Sequence[Team]) -> None:
    since, until = row["from_minute"], row["to_minute"]
    level = Level.objects.create(
        number=row["level"], name=gettext(row["name"]), after_minutes=since, role=roles.get(row.get("actor_role", "")),
        step_minutes=until - since if until else LAST_MINUTES,
    )  # fmt: skip
    read = [_read(title, row, teams) for title in row["actions"]]
    kept = [one for one in read if one]
    Action.objects.bulk_create(
        Action(level=level, order=n, title=gettext(one.title)[:300], kind=one.kind, team=one.team) for n, one in enumerate(kept)
    )


def _read(title: str, level: Data, teams: Sequence[Team]) -> _Read | None:
    """What a line of a written plan asks for, by its words; None for what the product sees to itself.

    That paper is accounted for, that nothing is closed before, and that the backup starts in a long outage, are rules of the gate
    and the clock; that every lead confirms is asked with each department's own line. A district changes the rest in its set-up.
    """
    words = title.lower()
    after = level.get("after") == "restoration"
    if LONG.search(title) or words.startswith(("close only", "reconcile paper", "each department lead")):
        return None
    if after:
        return _Read(title, Kind.SCHOOL if words.startswith("each school") else Kind.CHECK, _team(title, teams))
    if words.startswith(("decide", "approve")):
        return _Read(title, Kind.DECIDE)
    team = _team(title, teams) if level["level"] == 3 else None
    return _Read(title, Kind.BACKUP if team else Kind.DO, team)


def _team(title: str, teams: Sequence[Team]) -> Team | None:
    """Whose line it is: "Registrars enroll on paper" is of the team enrollment-registrar."""
    words = slugify(title).split("-")
    for said in ("-".join(words[:2]), words[0].removesuffix("s")):
        for team in teams:
            if said and said in team.slug:
                return team
    return None
