"""What an agent needs beside the conversation: the person, the promises, why it is here, and what else is known."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from districts.access import Actor, Can, may
from districts.models import ContactPoint, Person, Service, Team
from districts.queries import services, team_members
from routing import timeline
from routing.models import Decision, Handoff
from routing.queries import handoffs_of
from routing.queue import Desk
from routing.times import Moment, Times
from sla.models import Clock
from sla.queries import ClockView, clocks_of
from tickets.models import Follower, Link, Ticket
from tickets.queries import open_of


@dataclass(frozen=True)
class Alternative:
    """Where it might belong as well, and how likely."""

    service: Service
    percent: int


@dataclass(frozen=True)
class Suggested:
    """Where triage would have sent it, had it been sure enough, or been let."""

    team: Team
    service: Service | None
    percent: int
    shadow: bool


@dataclass(frozen=True)
class Related:
    ticket: Ticket
    how: str


@dataclass(frozen=True)
class Context:
    points: list[ContactPoint]
    others: list[Ticket]
    clocks: list[tuple[ClockView, Moment | None]]  # and until when it runs
    decision: Decision | None
    percent: int
    suggested: Suggested | None
    alternatives: list[Alternative]
    related: list[Related]
    handoffs: list[tuple[Handoff, Moment]]
    members: list[Person]
    followers: list[Person]
    services: list[Service]
    readers: list[tuple[str, Moment]]

    def follows(self, person: Person | None) -> bool:
        return person is not None and any(follower.id == person.id for follower in self.followers)


def context_of(ticket: Ticket, desk: Desk, *, decision: Decision | None, all_services: bool, moved: bool) -> Context:
    """`all_services`: for the form that puts triage right. `moved`: the ticket has been handed from team to team."""
    times, promised = Times(desk.now), clocks_of(ticket, now=desk.now)
    return Context(
        points=list(ContactPoint.objects.filter(person=ticket.requester_id).order_by("kind", "value")),
        others=_others(ticket, desk.actor),
        clocks=[(clock, times.due(clock.due_at) if clock.due_at and _runs(clock) else None) for clock in promised],
        decision=decision,
        percent=round(100 * decision.confidence) if decision else 0,
        suggested=_suggested(decision, ticket, desk.actor) if decision else None,
        alternatives=list(_alternatives(decision, ticket, desk.actor)) if decision else [],
        related=_related(ticket, desk.actor),
        handoffs=_handoffs(ticket, times) if moved else [],
        members=team_members(ticket.team_id),
        followers=[row.person for row in Follower.objects.filter(ticket=ticket).select_related("person").order_by("since")],
        services=list(services()) if all_services else [],
        readers=[(name, times.since(at)) for name, at in timeline.readers(ticket)] if ticket.sensitive else [],
    )


def _runs(clock: ClockView) -> bool:
    return clock.state == Clock.State.RUNNING


def _others(ticket: Ticket, actor: Actor) -> list[Ticket]:
    """The requester's other open tickets, with any team, that the reader may see."""
    return [other for other in open_of(ticket.requester, besides=ticket.id) if may(actor, Can.READ, other)]


def _suggested(decision: Decision, ticket: Ticket, actor: Actor) -> Suggested | None:
    """While the ticket is where triage left it."""
    team, service = decision.suggested_team, decision.suggested_service
    moved = decision.corrected_at is not None or ticket.team_id != decision.team_id or not ticket.is_live
    if team is None or moved or team.id == ticket.team_id or not _may_hear(actor, ticket, team, service):
        return None
    return Suggested(team, service if service and service.active else None, round(100 * decision.confidence), decision.shadow)


def _may_hear(actor: Actor, ticket: Ticket, team: Team, service: Service | None) -> bool:
    """That a text reads like a sensitive matter is for those alone who may read such a ticket, and for who has this one."""
    return service is None or not service.sensitive or actor.in_team(ticket.team_id) or actor.in_team(team.id)


def _alternatives(decision: Decision, ticket: Ticket, actor: Actor) -> Iterator[Alternative]:
    """Triage's other guesses, by slug, that are still services."""
    likely = {guess["service"]: round(100 * guess["confidence"]) for guess in decision.alternatives[:4] if guess.get("service")}
    if any(likely.values()):
        known = {service.slug: service for service in services().filter(slug__in=likely)}
        for slug, percent in likely.items():
            heard = slug in known and _may_hear(actor, ticket, known[slug].team, known[slug])
            if heard and percent and known[slug].id not in (ticket.service_id, decision.suggested_service_id):
                yield Alternative(known[slug], percent)


def _related(ticket: Ticket, actor: Actor) -> list[Related]:
    rows = Link.objects.filter(Q(ticket=ticket) | Q(other=ticket)).select_related("ticket__team", "other__team").order_by("at")[:20]
    found = [Related(row.other if row.ticket_id == ticket.id else row.ticket, str(Link.Kind(row.kind).label)) for row in rows]
    return [each for each in found if may(actor, Can.READ, each.ticket)]


def _handoffs(ticket: Ticket, times: Times) -> list[tuple[Handoff, Moment]]:
    """The newest first."""
    return [(row, times.since(row.at)) for row in reversed(handoffs_of(ticket))]


def other_teams(ticket: Ticket, desk: Desk) -> list[Team]:
    return [team for team in desk.teams.values() if team.id != ticket.team_id]


def neighbours(ids: list[UUID], ticket: Ticket) -> tuple[UUID | None, UUID | None]:
    """The tickets before and after this one in the queue's page; of one that is not in it: none, and the first."""
    if ticket.id not in ids:
        return None, ids[0] if ids else None
    at = ids.index(ticket.id)
    return ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None
