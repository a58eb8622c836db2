"""Put tickets where triage says they belong: each once, and each in the end, whatever fails."""

import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.models import Priority
from districts.queries import front_office
from districts.scope import district_scope, require_district_id
from routing import acknowledgement, duplicates, elsewhere, history, merging, notices, triage
from routing.duplicates import Twin
from routing.elsewhere import Answered, Asking, Patience
from routing.governing.holding import within_leave
from routing.models import Decision
from routing.queries import staff_language
from routing.surroundings import Surroundings
from routing.triage import Choice, Question
from routing.words import whole_text
from sla import actions as sla
from tickets import actions as tickets
from tickets import answers
from tickets.merging import obstacle
from tickets.models import Link, Message, Ticket

BATCH = 100
BATCHES = 20
OTHERS = 3  # tickets in a row that another worker has
log = structlog.get_logger(__name__)


def drain(district_id: UUID) -> int:
    """Place what waits in one district, oldest first; returns how many. Any number may drain at once.

    Bounded, so that a backlog of one district does not keep a worker for itself: the sweep comes back in seconds.
    """
    done, failed, patience = 0, set[UUID](), Patience()
    for _batch in range(BATCHES):
        ids = _waiting(district_id, besides=failed)
        if not ids:
            break
        around, in_a_row = Surroundings(), 0
        for ticket_id in _spread(ids):
            if _place_alone(district_id, ticket_id, patience, around):
                done, in_a_row = done + 1, 0
                continue
            failed.add(ticket_id)
            in_a_row += 1
            if in_a_row == OTHERS and len(ids) == BATCH:  # another worker was here
                break
        if len(ids) < BATCH:  # what came after that has a nudge of its own
            break
    return done


def _spread(ids: list[UUID]) -> list[UUID]:
    """Of a backlog each worker begins elsewhere: those that share it would else try each ticket that another has in hand."""
    start = secrets.randbelow(BATCH) if len(ids) == BATCH else 0
    return ids[start:] + ids[:start]


def _waiting(district_id: UUID, *, besides: set[UUID]) -> list[UUID]:
    with district_scope(district_id):
        rows = Ticket.objects.filter(placed_at__isnull=True).exclude(id__in=besides).order_by("opened_at", "id")
        return list(rows.values_list("id", flat=True)[:BATCH])


def _place_alone(district_id: UUID, ticket_id: UUID, patience: Patience, around: Surroundings) -> bool:
    """One transaction; two where a model elsewhere is asked between them, which holds nothing meanwhile. A ticket that cannot be placed
    now does not stop the others; the sweep comes back to it.
    """
    try:
        with district_scope(district_id):
            found = _is_free(ticket_id) and _place(ticket_id, now=timezone.now(), around=around, patience=patience)
        if not isinstance(found, Asking):
            return found
        turn = elsewhere.claim(found)
        if turn is None:
            return False
        answered = patience.ask(district_id, found, now=timezone.now()) if turn else Answered()
        with district_scope(district_id):
            return _is_free(ticket_id) and _place(ticket_id, now=timezone.now(), around=around, answered=answered) is True
    except Exception:
        log.exception("placing_failed", ticket=str(ticket_id))
        return False


def _is_free(ticket_id: UUID) -> bool:
    """It waits, and no other worker is at it until this transaction ends. Two that drain one district share the work: deciding costs
    the most of it, and only one decision can stand. Whoever works at the desk is not kept waiting by this.
    """
    statement = (
        f"SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0)) FROM {Ticket._meta.db_table}"
        " WHERE district_id = %s AND id = %s AND placed_at IS NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [f"place {ticket_id}", require_district_id(), ticket_id])
        row = cursor.fetchone()
    return bool(row and row[0])


def place(ticket_id: UUID, *, now: datetime) -> bool:
    """Decide and place one ticket, in the caller's transaction. False: it has its place, or somebody was quicker.

    Deciding only reads; the claim locks the ticket's row and sees what was done to it meanwhile.
    """
    return _place(ticket_id, now=now, around=Surroundings()) is True


def _place(
    ticket_id: UUID, *, now: datetime, around: Surroundings, patience: Patience | None = None, answered: Answered | None = None
) -> bool | Asking:
    """With `patience`: where nobody here is sure, what a model elsewhere is to be asked first; nothing is done yet."""
    ticket = Ticket.objects.select_related("team", "service__team", "requester", "site").get(id=ticket_id)
    if ticket.placed_at is not None:
        return False
    with override(staff_language()):
        choice = _choose(ticket, now=now, around=around, patience=patience, answered=answered)
        if isinstance(choice, Asking):
            return choice
        twin = _twin(ticket, choice, now=now)
        if twin and twin.sure:
            tickets.hold(ticket, twin.ticket)
        if not _claim(ticket, choice, now=now):
            return False
        remember(ticket, choice, now=now)
        _whatever_happens("clocks", partial(sla.derive, ticket, now=now))
        if twin and ticket.is_live:
            _whatever_happens("same need", partial(_say_again, ticket, twin, now=now))
        if ticket.is_live:
            _whatever_happens("notice", partial(notices.placed, ticket, now=now))
        if ticket.is_live or ticket.merged_into_id:
            _whatever_happens("acknowledgement", partial(acknowledgement.reword, ticket, now=now))
    return True


def _twin(ticket: Ticket, choice: Choice, *, now: datetime) -> Twin | None:
    """Never raises: a ticket that nobody compared is placed by itself."""
    try:
        with transaction.atomic():
            if not ticket.is_live:
                return None
            return duplicates.twin_of(ticket, site=choice.site, service=choice.service, crisis=choice.crisis, now=now)
    except Exception:
        log.exception("not_compared", ticket=str(ticket.id))
        return None


class _Later(Exception):
    """The survivor's promise is due later than this one's was."""


def _say_again(ticket: Ticket, twin: Twin, *, now: datetime) -> None:
    """The same person says the same again: one ticket where that is sure, else a link for whoever works on it."""
    if not twin.sure or obstacle(ticket, twin.ticket, now=now) or not _joined(ticket, twin, now=now):
        tickets.link(ticket, other=twin.ticket, kind=Link.Kind.MAY_BELONG, now=now)


def _joined(ticket: Ticket, twin: Twin, *, now: datetime) -> bool:
    """Who asks again more urgently makes the survivor as urgent. False, and nothing is done: it would still be answered later."""
    promised = ticket.due_at
    try:
        with transaction.atomic():
            into = merging.merge(ticket, into=twin.ticket, by=None, why=twin.why, now=now)
            due = Ticket.objects.values_list("due_at", flat=True).get(id=into.id)
            if promised and due and due > promised:
                raise _Later
    except _Later:
        ticket.refresh_from_db()
        twin.ticket.refresh_from_db()
        return False
    return True


def _choose(
    ticket: Ticket, *, now: datetime, around: Surroundings, patience: Patience | None, answered: Answered | None
) -> Choice | Asking:
    """Triage's choice; where triage fails, the front office, with the failure as the reason. Never raises."""
    if not ticket.is_live:
        return _as_it_is(ticket)
    rows = Message.objects.filter(ticket=ticket, kind=Message.Kind.REQUEST).order_by("at", "id").values_list("id", "text", "quoted")
    try:
        with transaction.atomic():  # a failed read must not spoil the placing
            said, told = list(rows), answers.as_text(answers.of(ticket))
            texts = [text for _id, text, _quoted in said] + ([told] if told else [])
            quoted = history.unread(ticket, [(message, quoted) for message, _text, quoted in said if quoted])
            question = Question(ticket, whole_text(ticket.subject, texts, channel=ticket.channel), quoted=quoted, around=around)
            choice = triage.answer(question)
            if answered:
                choice = elsewhere.joined(question, choice, answered, now=now)
            elif patience and (asking := patience.asking(question, choice)):
                return asking
            return within_leave(question, choice)
    except Exception as error:
        log.exception("triage_failed", ticket=str(ticket.id))
        reason = _("Triage failed (%(error)s), so people decide.") % {"error": type(error).__name__}
        return Choice("front_office", front_office(), priority=Priority.NORMAL, reasons=[reason])


def _as_it_is(ticket: Ticket) -> Choice:
    """It was resolved or merged before triage saw it: it stays where it is."""
    return Choice("person", ticket.team, ticket.service, ticket.priority, 1.0, [_("It was settled before triage saw it.")])


def _claim(ticket: Ticket, choice: Choice, *, now: datetime) -> bool:
    service = choice.service.name if choice.service else ""
    data = {"engine": choice.engine, "confidence": choice.confidence, "service": service, "reasons": choice.reasons}
    return tickets.place(
        ticket, team=choice.team, service=choice.service, priority=choice.priority, now=now, data=data,
        site=choice.site, room=choice.room, asset_tag=choice.asset_tag, crisis=choice.crisis, closed=choice.closed,
    )  # fmt: skip


def remember(ticket: Ticket, choice: Choice, *, now: datetime) -> None:
    """What was chosen, and why, as a Decision."""
    alternatives = [
        {"service": guess.service.slug if guess.service else None, "team": guess.team.slug, "confidence": guess.confidence}
        for guess in choice.alternatives
    ]
    meant = choice.suggestion
    Decision.objects.create(
        ticket=ticket, engine=choice.engine, service=choice.service, team=choice.team, confidence=choice.confidence,
        automatic=choice.engine not in ("front_office", "person"), reasons=choice.reasons, alternatives=alternatives,
        model_version=choice.model_version, tier=choice.tier, shadow=choice.shadow, suggested_team=meant.team if meant else None,
        suggested_service=meant.service if meant else None, suggested_by=choice.suggested_by, at=now,
    )  # fmt: skip


def _whatever_happens(what: str, act: Callable[[], Any]) -> None:
    """A courtesy that fails must not unplace the ticket; its own savepoint keeps the rest. Clocks are found by the sweep."""
    try:
        with transaction.atomic():
            act()
    except Exception:
        log.exception("placing_step_failed", step=what)
