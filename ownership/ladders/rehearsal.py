"""A ladder is tested without waking anybody: who would have been told, by what, and who could not have been reached."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any

import structlog
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from districts.models import Person, Team
from ownership.duty.contacts import Contacts, Stale
from ownership.duty.roles import Found, Roster, Via, once
from ownership.ladders.climbing import Climber, owners, rungs_of, whom
from ownership.ladders.notices import rung_name
from ownership.models import Escalation, Ladder, LadderTest, OwnerRole, Process, Rung

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Asked:
    """Who would be sent for on a rung. `label`: for whom, where a rung stands for several ("Transportation")."""

    rung: Rung
    label: str
    found: Found
    others: tuple[Person, ...] = ()  # who might be, on another day


def rehearse(ladder: Ladder, *, process: Process | None = None, by: Person, loud: bool = False, now: datetime) -> LadderTest:
    """Walk every rung and write down what it would have done. It passes, and dates the ladder, when every rung reaches somebody.

    The report goes to whoever tests; with `loud`, those on the ladder get a notice in the app and by mail, marked as a test, which
    keeps quiet hours.
    """
    climber = Climber(now)
    asked = [one for rung in rungs_of(ladder.id) for one in _asked(rung, Escalation(ladder=ladder, process=process), climber.roster)]
    known = Contacts(once(chain.from_iterable((*one.found.people, *one.others) for one in asked)), now=now, look_up=True)
    with climber.words():
        stale = list(dict.fromkeys(chain.from_iterable(_stale(one, known) for one in asked)))
        rungs = [_told(one, known) for one in asked]
    passed = bool(asked) and all(any(known.reached(p, one.rung.channels) for p in one.found.people) for one in asked)
    test = LadderTest(ladder=ladder, at=now, by=by, passed=passed, rungs=rungs, stale=[asdict(one) for one in stale])
    test.save(force_insert=True)
    if passed:
        Ladder.objects.filter(id=ladder.id).update(tested_at=now)
    _report(test, to=by, now=now)
    if loud:
        _mark(asked, test, now=now)
    log.info("ladder_tested", ladder=ladder.slug, by=str(by.id), passed=passed, stale=len(stale), loud=loud)
    return test


def _asked(rung: Rung, about: Escalation, roster: Roster) -> Iterator[Asked]:
    """A rung that calls the lead of the ticket's team is asked for every team."""
    if rung.role is None and rung.team is None and about.process is None:
        for team in Team.objects.order_by("name"):
            yield Asked(rung, team.name, roster.find(None, team_id=team.id))
    else:
        yield Asked(rung, "", whom(rung, about, roster), tuple(_others(rung, about, roster)))


def _others(rung: Rung, about: Escalation, roster: Roster) -> Iterator[Person]:
    staff = roster.staff
    plan = staff.by_team.get(rung.team_id) if rung.team_id else staff.by_role.get(rung.role_id) if rung.role_id else None
    yield from plan.people if plan else ()
    if rung.role or rung.team:
        yield from _holders(rung.role)
    else:
        yield from chain.from_iterable(_holders(role) for role in owners(about.process))


def _holders(role: OwnerRole | None) -> list[Person]:
    return once([role.holder, role.deputy]) if role else []


def _stale(one: Asked, known: Contacts) -> Iterator[Stale]:
    name = f"{rung_name(one.rung)}: {one.label}" if one.label else rung_name(one.rung)
    if not one.found.owner:
        yield Stale(name, _("nobody can be found"), _("Name a holder and a deputy, or people who take turns."))
    elif one.found.via is Via.ADMIN:
        what = _("nobody of its own: an administrator stands in")
        yield Stale(name, what, _("Name a holder and a deputy, or people who take turns."), grave=False)
    for person in once([*one.found.people, *one.others]):
        grave = person in one.found.people
        for stale in known.stale(person, one.rung.channels):
            yield replace(stale, grave=stale.grave and grave)


def _told(one: Asked, known: Contacts) -> dict[str, Any]:
    """As it is kept with the test."""
    people = [
        {"name": person.name, "via": str(one.found.via.label),
         "ways": [[way.channel, way.address, way.problem] for way in known.ways(person, one.rung.channels)]}
        for person in one.found.people
    ]  # fmt: skip
    name = f"{rung_name(one.rung)}: {one.label}" if one.label else rung_name(one.rung)
    return {"rung": name, "after": one.rung.after_minutes, "people": people}


def _path(test: LadderTest) -> str:
    return reverse("ladder_test", args=[test.ladder.slug, test.id])


def _report(test: LadderTest, *, to: Person, now: datetime) -> None:
    with override(to.language):
        words = {"what": test.ladder.name, "n": len(test.stale)}
        subject = (_("Test passed: %(what)s") if test.passed else _("Test failed: %(what)s")) % words
        body = _("Nobody was woken. Rungs walked: %(rungs)d. Contacts to mend: %(n)d.") % {**words, "rungs": len(test.rungs)}
    delivery.notify(people=[to], subject=subject, body=body, dedupe_key=f"test:{test.id.hex}", now=now, link=_path(test))


def _mark(asked: Sequence[Asked], test: LadderTest, *, now: datetime) -> None:
    """Everybody on the ladder learns that a notice reaches them: one each, though they stand on several rungs."""
    told: dict[Person, list[Rung]] = {}
    for one in asked:
        for person in one.found.people:
            told.setdefault(person, []).append(one.rung)
    for person, rungs in told.items():
        with override(person.language):
            names = ", ".join(dict.fromkeys(rung_name(rung) for rung in rungs))
            subject = _("Test of the ladder: %(what)s") % {"what": test.ladder.name}
            body = _("This is a test, nothing is wrong. In earnest you would have been told as %(rung)s.") % {"rung": names}
        delivery.notify(people=[person], subject=subject, body=body, dedupe_key=f"drill:{test.id.hex}", now=now, link=reverse("steps"))
