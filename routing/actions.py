"""What may be done to where a ticket is: ask for its place, hand it on, put triage right. In the caller's transaction."""

from datetime import datetime

from django.utils.translation import gettext as _

from districts.jobs import nudge
from districts.models import Person, Service, Team
from routing.acknowledgement import acknowledge
from routing.doorway import place_pending
from routing.models import Decision, Handoff
from routing.placing import place
from sla import actions as sla
from tickets import actions as tickets
from tickets.actions import NotPossible, Words
from tickets.models import Ticket

__all__ = ["acknowledge", "ask_to_place", "correct", "hand_off", "place"]


def ask_to_place() -> None:
    """After commit, wake a worker to place what waits in the district in scope. The sweep finds it anyway."""
    nudge(place_pending)


def hand_off(ticket: Ticket, *, to_team: Team, by: Person | None, known: str, asked: str, now: datetime) -> Handoff:
    """To another team, with what is known and what is asked of it. Raises NotPossible with words for the person."""
    known, asked = known.strip(), asked.strip()
    if not known or not asked:
        raise NotPossible(_("Say what is known and what is asked of the next team."))
    if to_team.id == ticket.team_id:
        raise NotPossible(_("%(team)s has it already.") % {"team": to_team.name})
    handoff: Handoff = Handoff.objects.create(
        ticket=ticket, from_team=ticket.team, to_team=to_team, by=by, known=known, asked=asked, at=now
    )
    tickets.move(ticket, team=to_team, by=by, now=now, data={"handoff": str(handoff.id)})
    tickets.note(ticket, by=by, words=Words(text=f"{known}\n\n{asked}"), now=now)
    sla.derive(ticket, now=now)
    return handoff


def correct(ticket: Ticket, *, service: Service | None, team: Team | None, by: Person | None, now: datetime) -> Decision:
    """A person puts triage right: `service` and its team, or a `team` alone. It is what the classifier learns from."""
    wanted = team or (service.team if service else None)
    if wanted is None:
        raise NotPossible(_("Choose a service or a team."))
    decision = Decision.objects.filter(ticket=ticket).order_by("-at", "-id").first()
    if decision is None:
        decision = Decision(ticket=ticket, engine="person", team=wanted, service=service, automatic=False, at=now)
    decision.corrected_service, decision.corrected_team = service, wanted
    decision.corrected_by, decision.corrected_at = by, now
    decision.save()
    tickets.move(ticket, team=wanted, by=by, now=now, data={"correction": True}, service=service)
    sla.derive(ticket, now=now)
    return decision
