"""Whose a step is, now: its role's, else its team's lead, else whoever answers for what the run is about, else the front office."""

from districts.models import Person
from districts.queries import front_office
from ownership.duty.roles import Found, Roster, Via
from ownership.models import OwnerRole, PlaybookRun, RunStep

NOT_THEIRS = (Via.ADMIN, Via.NOBODY)  # nobody of the role's or the team's own was found


def owner_of(step: RunStep, run: PlaybookRun, roster: Roster) -> Person | None:
    found = _of_step(step, run, roster)
    if found.owner and found.via not in NOT_THEIRS:
        return found.owner
    began: Person | None = run.began_by
    if not step.role and not step.team and began and not roster.has_left(began):
        return began
    return roster.find(None, team_id=front_office().id).owner


def _of_step(step: RunStep, run: PlaybookRun, roster: Roster) -> Found:
    if step.role or step.team_id:
        return roster.find(step.role, team_id=step.team_id)
    for role in _answering(run):
        found = roster.find(role)
        if found.owner and found.via not in NOT_THEIRS:
            return found
    return Found()


def _answering(run: PlaybookRun) -> list[OwnerRole]:
    """Who answers for the process or the vendor of a run, the first in line first."""
    roles = [run.process.primary, run.process.secondary] if run.process else []
    return [role for role in [*roles, run.vendor.owner if run.vendor else None] if role]


def lead_of(step: RunStep, roster: Roster) -> Person | None:
    """Of the team whose step it is, else of a team of its owner's."""
    team_id = step.team_id or (step.role.team_id if step.role else None)
    if team_id is None and step.owner_id:
        rows = roster.staff.memberships
        team_id = next((row.team_id for row in rows if row.person_id == step.owner_id and row.team_id), None)
    found = roster.find(None, team_id=team_id) if team_id else Found()
    return found.owner if found.via in (Via.LEAD, Via.COVER) else None


def signer_of(run: PlaybookRun, roster: Roster) -> Person | None:
    """Whoever began it, while they are here; else who answers for what it is about, else the front office."""
    began: Person | None = run.began_by
    if began and not roster.has_left(began):
        return began
    found = (roster.find(role).owner for role in _answering(run))
    return next((one for one in found if one), None) or roster.find(None, team_id=front_office().id).owner
