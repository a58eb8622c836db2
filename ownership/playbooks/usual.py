"""Playbooks that districts begin with: three life events, and what is done when a feed fails.

A step names the role that does it, by the slug districts usually give it, and the team whose lead does it where there is no such role.
A step without either belongs to whoever answers for the process.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from districts.models import Service, Team
from districts.queries import this_district
from ownership.models import OwnerRole, Playbook, PlaybookStep, Proof

type Words = str | Promise
Kind = Playbook.Kind


@dataclass(frozen=True)
class Item:
    """A step. `after`: places in the list, from 1, of those it waits for."""

    title: Words
    terms: str
    part: Words = ""
    role: str = ""
    team: str = ""
    after: tuple[int, ...] = ()
    detail: Words = ""
    proof: str = Proof.TEXT


@dataclass(frozen=True)
class Usual:
    """`facts`: what is asked when it begins. `line`: what the person it is about reads. `service`: of the ticket it opens for them, by
    the slug districts usually give it."""

    slug: str
    kind: str
    name: Words
    description: Words
    items: tuple[Item, ...]
    line: Words = ""
    service: str = ""
    facts: tuple[Words, ...] = ()


REGISTRAR = {"part": _("Registrar"), "role": "registrar", "team": "enrollment-registrar"}
BUSES = {"part": _("Transportation"), "role": "transportation-supervisor", "team": "transportation"}
MEALS = {"part": _("Food services"), "role": "food-service-manager", "team": "food-services"}
DEVICES = {"part": _("Technology"), "role": "building-tech-coordinator", "team": "tech-helpdesk"}
NETWORK = {"part": _("Technology"), "role": "systems-administrator", "team": "network-systems"}
NURSE = {"part": _("Health"), "role": "school-nurse", "team": "health-counseling"}
SPECIAL = {"part": _("Special education"), "role": "special-ed-coordinator", "team": "special-education"}
PEOPLE = {"part": _("Human resources"), "role": "hr-specialist", "team": "human-resources"}
PAY = {"part": _("Payroll"), "team": "payroll-benefits"}
BUILDING = {"part": _("Facilities"), "role": "facilities-manager", "team": "facilities"}
DATA = {"part": _("Data"), "role": "data-manager", "team": "data-sis"}
SAFETY = {"part": _("Safety"), "role": "safety-coordinator", "team": "safety-security"}
WORDS = {"part": _("Communications"), "role": "communications-manager", "team": "communications"}
SCHOOL_LEFT = {"part": _("School that is left"), "role": "school-secretary"}
SCHOOL_JOINED = {"part": _("School that is joined"), "role": "school-secretary"}


def _item(where: Mapping[str, Any], title: Words, terms: str, *after: int, **more: Any) -> Item:
    return Item(title=title, terms=terms, after=after, **where, **more)


MOVE = Usual(
    "student-moves", Kind.LIFE, _("A student moves in mid-year"),
    _("From one school of the district to another: six departments and both schools, and nothing is left behind."),
    line=_("The move to the new school"), service="transfer-boundary",
    facts=(_("Student"), _("From"), _("To"), _("First day there")),
    items=(
        _item(REGISTRAR, _("Enroll at the new school, and set the first day there"), "within 4 business hours"),
        _item(SCHOOL_LEFT, _("Take back books and keys, and say which device goes along"), "within 2 business days",
              detail=_("Fees that are owed go along with the student: they hold up nothing.")),
        _item(REGISTRAR, _("Send the records, and close the enrollment at the school that is left"), "within 2 business days", 1),
        _item(BUSES, _("Assign a bus and a stop, and tell driver and family"), "by 2 PM for next-day service", 1),
        _item(MEALS, _("Move the meal account, with eligibility and allergies, to the new kitchen"), "by 2 PM for next-day service", 1),
        _item(DEVICES, _("Move the account to the new school, and see that a device works there"), "within 1 business day", 1),
        _item(NURSE, _("Hand health plan and medication over to the new school's nurse, or say that there are none"),
              "within 1 business day", 1),
        _item(SPECIAL, _("Send the IEP or 504 plan to the new case manager, or say that there is none"), "within 1 business day", 1),
        _item(SCHOOL_JOINED, _("Name the teachers, and put the student on their rosters"), "within 1 business day", 1),
        _item(SCHOOL_JOINED, _("See that each teacher has read the plans before the first lesson"), "within 1 business day", 7, 8, 9),
        _item(REGISTRAR, _("Call the family: does everything work?"), "within 3 business days", 4, 5, 6, 10),
    ),
)  # fmt: skip
HIRE = Usual(
    "new-hire", Kind.LIFE, _("A new hire"), _("From the signed contract to a first day on which everything works."),
    line=_("Your first day with us"), service="account-provisioning",
    facts=(_("Name"), _("Position"), _("Place"), _("First day")),
    items=(
        _item(PEOPLE, _("Record the hire: legal name, position, place, first day"), "within 4 business hours"),
        _item(PAY, _("Set up pay and benefits"), "within 2 business days", 1),
        _item(NETWORK, _("Make the account, with the groups of the position"), "within 4 business hours", 1),
        _item(SAFETY, _("Make the badge, and open the doors of the position"), "within 2 business days", 1),
        _item(DEVICES, _("Hand out a device, and sign in on it once together"), "within 2 business days", 3),
        _item(PEOPLE, _("Enroll in the training that the law asks for"), "within 1 business day", 3),
        _item({"part": _("Where they work"), "role": "principal"}, _("Name who receives them on the first day"),
              "within 2 business days", 1),
        _item(PEOPLE, _("Ask on the first day: does everything work?"), "within 1 business day", 2, 4, 5, 6, 7),
    ),
)  # fmt: skip
SCHOOL = Usual(
    "new-school", Kind.LIFE, _("A new school opens"), _("What must stand in each system before the first child comes in."),
    line=_("The new school"),
    facts=(_("School"), _("Address"), _("Grades"), _("First day of school")),
    items=(
        _item(BUILDING, _("Give the building its number, with address, rooms and keys"), "within 5 business days"),
        _item(DATA, _("Set the school up in the student information system: number, grades, calendar, bells"),
              "within 5 business days", 1),
        _item(NETWORK, _("Network, telephones and wireless work in every room"), "within 10 business days", 1, proof=Proof.FILE,
              detail=_("The list of rooms that were measured.")),
        _item({"part": _("Data"), "role": "master-scheduler", "team": "curriculum-assessment"}, _("Build the master schedule"),
              "within 10 business days", 2),
        _item(BUSES, _("Plan routes and stops, and send them to the bus vendor"), "within 10 business days", 2),
        _item(MEALS, _("Set up the kitchen and its counts, and tell the food vendor"), "within 10 business days", 2),
        _item(DEVICES, _("Accounts, devices and learning apps for the school"), "within 10 business days", 2),
        _item(SAFETY, _("Emergency plan, contacts and the groups that are alerted"), "within 10 business days", 2, 3),
        _item(WORDS, _("Put the school on the website and into the letters to families"), "within 5 business days", 2),
        _item(DATA, _("Run every feed once for the new school, and compare the counts"), "within 3 business days", 4, 5, 6, 7,
              proof=Proof.FILE),
        _item({"part": _("Operations"), "role": "director-of-operations"}, _("Walk through the school with all departments"),
              "within 5 business days", 8, 9, 10),
    ),
)  # fmt: skip
FAILED = Usual(
    "failed-feed", Kind.FEED, _("A feed failed"),
    _("The work is done by hand first; then why it failed is written down, and what will keep it from happening again."),
    items=(
        Item(_("Bring the data over by hand now"), "within 30 minutes", _("Now"),
             detail=_("As “by hand meanwhile” of the process says. If it has run again since, leave this out and say so.")),
        Item(_("Tell those who depend on it that it is done by hand"), "within 30 minutes", _("Now"), after=(1,)),
        Item(_("Write down the root cause"), "within 24 hours", _("Afterwards")),
        Item(_("Say what will keep it from happening again"), "within 5 business days", _("Afterwards"), after=(3,)),
    ),
)  # fmt: skip
ALL = (MOVE, HIRE, SCHOOL, FAILED)
BY_SLUG = {one.slug: one for one in ALL}


def make(one: Usual) -> Playbook:
    """The district's own copy, in its first language; the one that is there already where somebody was quicker."""
    with override(str((this_district().languages or ["en"])[0])):
        words = {"name": str(one.name), "kind": one.kind, "description": str(one.description), "line": str(one.line)}
        service = Service.objects.filter(slug=one.service, active=True).first() if one.service else None
        playbook, made = Playbook.objects.get_or_create(slug=one.slug, defaults={**words, "service": service})
        if made:
            PlaybookStep.objects.bulk_create(_steps(one, playbook))
    return playbook


def _steps(one: Usual, playbook: Playbook) -> list[PlaybookStep]:
    roles = {role.slug: role for role in OwnerRole.objects.filter(slug__in=[item.role for item in one.items])}
    teams = {team.slug: team for team in Team.objects.filter(slug__in=[item.team for item in one.items])}
    return [
        PlaybookStep(
            playbook=playbook, order=n, part=str(item.part), title=str(item.title), detail=str(item.detail), terms=item.terms,
            role=roles.get(item.role), team=teams.get(item.team), after=list(item.after), proof=item.proof,
        )
        for n, item in enumerate(one.items, 1)
    ]  # fmt: skip
