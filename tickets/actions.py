"""Every change of a ticket: one function an act, in the caller's transaction. Nobody else saves a Ticket.

Each records an Event and moves `facts_at`, which is all it takes for the promises to be derived again (sla.actions).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from districts import prepared
from districts.models import Membership, Person, Priority, Service, Site, Team, uuid7
from districts.scope import require_district_id
from districts.together import insert
from tickets import answers as form_answers
from tickets import copies, letters
from tickets.answers import NewAnswer as NewAnswer
from tickets.facts import NotPossible as NotPossible
from tickets.facts import changed, lock
from tickets.facts import record as record
from tickets.facts import survivor as survivor
from tickets.merging import hold as hold
from tickets.merging import merge as merge
from tickets.merging import take as take
from tickets.merging import unmerge as unmerge
from tickets.models import Attachment, Event, Follower, Link, Message, ThreadId, Ticket, TicketCounter, TicketWords
from tickets.states import CLOSE_AFTER as CLOSE_AFTER
from tickets.states import REOPEN_WITHIN as REOPEN_WITHIN
from tickets.states import can_reopen as can_reopen
from tickets.states import close as close
from tickets.states import close_resolved as close_resolved
from tickets.states import reopen as reopen
from tickets.states import resolve as resolve
from tickets.states import resume as resume
from tickets.states import wait_for as wait_for
from tickets.words import vector

Kind = Event.Kind
Status = Ticket.Status
CONFIDED = "confided"  # in an event's data: it was told in confidence, which no change of its service lifts


@dataclass(frozen=True)
class NewFile:
    """A file already stored below MEDIA_ROOT (see tickets.files.store)."""

    name: str
    content_type: str
    size: int
    sha256: str
    path: str


@dataclass(frozen=True)
class Words:
    """What somebody wrote, however it came."""

    text: str
    subject: str = ""  # of a later mail, where it says something new: words of danger are heard in it
    quoted: str = ""
    html: str = ""
    language: str = ""
    envelope_ref: UUID | None = None
    sender_check: str = ""  # what our own mail server found of a mail's sender: "spf=pass dkim=pass dmarc=pass"
    message_id: str = ""
    thread_ids: Sequence[str] = ()
    files: Sequence[NewFile] = field(default_factory=tuple)


def next_number() -> int:
    """The district's next ticket number; the counter's row is held until commit, so numbers have no gaps."""
    statement = (
        f"INSERT INTO {TicketCounter._meta.db_table} AS c (id, district_id, last) VALUES (%s, %s, 1001)"
        " ON CONFLICT (district_id) DO UPDATE SET last = c.last + 1 RETURNING last"
    )
    row = prepared.run(statement, [uuid7(), require_district_id()]).fetchone()
    if row is None:
        raise RuntimeError("no ticket number")
    return int(row[0])


def open_ticket(
    *,
    requester: Person,
    channel: str,
    subject: str,
    words: Words,
    team: Team,
    now: datetime,
    by: Person | None = None,
    author: Person | None = None,
    service: Service | None = None,
    site: Site | None = None,
    room: str = "",
    asset_tag: str = "",
    language: str = "en",
    ticket_id: UUID | None = None,
    answers: Sequence[NewAnswer] = (),
    sensitive: bool = False,
) -> tuple[Ticket, Message]:
    """A new need. `team` holds it until triage has placed it (the front office); it is never without one.

    `by`: who opens it for the requester; `author`: whose words it has, where they are not theirs. `ticket_id`: where the caller has
    chosen it already. `sensitive`: told in confidence, whatever its service is.
    """
    ticket = Ticket(
        id=ticket_id or uuid7(),
        number=next_number(), subject=subject[:200], channel=channel, requester=requester, team=team, service=service,
        site=site, room=room[:40], asset_tag=asset_tag[:40], language=language, opened_at=now, facts_at=now,
        derived_at=now - timedelta(microseconds=1),
        opened_by=by if by and by.id != requester.id else None, sensitive=sensitive or bool(service and service.sensitive),
        priority=service.priority if service else Priority.NORMAL,
    )  # fmt: skip
    told = (one.value for one in answers)
    insert(ticket, TicketWords(id=ticket.id, words=vector(ticket.subject, requester.name, words.text, *told)))
    form_answers.write(ticket, answers)
    message = _write(ticket, kind=Message.Kind.REQUEST, channel=channel, author=author or requester, words=words, now=now)
    record(ticket, Kind.OPENED, by=by or requester, now=now, data={"channel": channel, **({CONFIDED: True} if sensitive else {})})
    return ticket, message


def requester_wrote(ticket: Ticket, *, author: Person, channel: str, words: Words, now: datetime) -> Message:
    """The requester, or somebody who follows, wrote again. Wakes a waiting ticket and reopens a resolved one.

    Raises NotPossible when it was resolved more than 14 days ago: open a new one and link it.
    """
    ticket = survivor(ticket)
    if not can_reopen(ticket, now=now):
        raise NotPossible(_("It was resolved too long ago: open a new ticket that follows up on it."))
    message = _write(ticket, kind=Message.Kind.REQUEST, channel=channel, author=author, words=words, now=now)
    record(ticket, Kind.REQUESTER_WROTE, by=author, now=now, data={"message": str(message.id), "channel": channel})
    if not ticket.is_live:
        reopen(ticket, by=author, now=now)
    elif ticket.status == Status.WAITING_REQUESTER:
        resume(ticket, by=author, now=now)
    else:
        changed(ticket, now=now)
    return message


def reply(
    ticket: Ticket, *, by: Person | None, words: Words, now: datetime, channel: str = "web", wait: bool = False, solved: bool = False
) -> Message:
    """An agent answers: the words go to the requester by their own channel. `wait`: the ball is theirs now. `solved`: that was it."""
    if ticket.status == Status.MERGED:
        raise NotPossible(_("It was merged into another ticket: work on that one."))
    message = _write(ticket, kind=Message.Kind.REPLY, channel=channel, author=by, words=words, now=now)
    record(ticket, Kind.REPLIED, by=by, now=now, data={"message": str(message.id)})
    if ticket.status in (Status.NEW, Status.WAITING_OTHER):
        ticket.status = Status.OPEN
    letters.reply(ticket, message, by=by, now=now, solved=solved and ticket.is_live)
    copies.send(ticket, message, by=by, now=now)
    changed(ticket, "status", now=now)
    if wait:
        wait_for(ticket, on=Status.WAITING_REQUESTER, by=by, now=now)
    if solved:
        resolve(ticket, by=by, now=now)
    return message


def note(ticket: Ticket, *, by: Person | None, words: Words, now: datetime, channel: str = "web") -> Message:
    """An internal note: never leaves the house."""
    message = _write(ticket, kind=Message.Kind.NOTE, channel=channel, author=by, words=words, now=now)
    record(ticket, Kind.NOTED, by=by, now=now, data={"message": str(message.id)})
    return message


def assign(ticket: Ticket, *, to: Person | None, by: Person | None, now: datetime) -> None:
    """To a member of the holding team (the caller checks), or to nobody."""
    if ticket.assignee_id == (to.id if to else None):
        return
    ticket.assignee = to
    record(ticket, Kind.ASSIGNED, by=by, now=now, data={"to": str(to.id) if to else None, "name": to.name if to else ""})
    changed(ticket, "assignee", now=now)


def place(
    ticket: Ticket,
    *,
    team: Team,
    service: Service | None,
    priority: int,
    now: datetime,
    data: dict[str, Any],
    site: Site | None = None,
    room: str = "",
    asset_tag: str = "",
    crisis: bool = False,
    closed: bool = False,
) -> bool:
    """Triage has decided: takes the row as it is by now and claims `placed_at`, so that it happens once. False: somebody was quicker.

    A priority that a person has set since it was opened stands, but for danger to a person. Whoever had it in another team has it
    no more. `closed`: only its team and named people see it, whatever its service, as where it reads like a sensitive matter.
    """
    _take(ticket)
    if ticket.placed_at is not None:
        return False
    if crisis or not _priority_is_a_persons(ticket):
        ticket.priority = priority
    _belongs(ticket, team=team, service=service)
    if closed:
        _close_to_others(ticket)
    ticket.placed_at, ticket.crisis = now, crisis or ticket.crisis
    ticket.site, ticket.room = ticket.site or site, ticket.room or room[:40]
    ticket.asset_tag = ticket.asset_tag or asset_tag[:40]
    record(ticket, Kind.PLACED, by=None, now=now, data={**data, "team": str(team.id), "team_name": team.name})
    changed(ticket, *_PLACE, "site", "room", "asset_tag", now=now)
    return True


_PLACE = ("placed_at", "team", "service", "assignee", "priority", "sensitive", "crisis")


def endanger(ticket: Ticket, *, team: Team, service: Service | None, now: datetime, data: dict[str, Any]) -> Event:
    """Words of danger to a person came later: to `team`, urgent, whatever was decided before. `data["reasons"]`: sentences for staff.

    The caller holds the ticket's row.
    """
    data = {**data, "from": str(ticket.team_id), "to": str(team.id), "to_name": team.name}
    _belongs(ticket, team=team, service=service)
    ticket.priority, ticket.crisis, ticket.placed_at = Priority.URGENT, True, ticket.placed_at or now
    event = record(ticket, Kind.DANGER, by=None, now=now, data=data)
    changed(ticket, *_PLACE, now=now)
    return event


def _take(ticket: Ticket) -> None:
    """Lock the row and see it as it is now."""
    lock(ticket.id)
    rows = Ticket.objects.select_related("team", "service", "assignee", "requester", "site")
    ticket.refresh_from_db(from_queryset=rows)


def _priority_is_a_persons(ticket: Ticket) -> bool:
    """Asked only where something happened since it was opened."""
    if ticket.facts_at <= ticket.opened_at:
        return False
    return Event.objects.filter(ticket=ticket, kind=Kind.PRIORITY, by__isnull=False).exists()


def _belongs(ticket: Ticket, *, team: Team, service: Service | None) -> None:
    """Only a member of the holding team may have it, and nobody keeps it into another."""
    if ticket.team_id != team.id:
        ticket.team, ticket.assignee = team, None
    ticket.service = service
    if service and service.sensitive:
        _close_to_others(ticket)


def confide(ticket: Ticket, *, words: Words, now: datetime, team: Team | None = None) -> bool:
    """It turns out to be told in confidence; `words` say to staff by what. False: it was already. The caller holds the ticket's row.

    `team`: in whose confidence. What triage has not placed yet is theirs at once, as if it had come to them.
    """
    if _is_confided(ticket):
        return False
    message = _write(ticket, kind=Message.Kind.NOTE, channel=ticket.channel, author=None, words=words, now=now)
    record(ticket, Kind.NOTED, by=None, now=now, data={"message": str(message.id), CONFIDED: True})
    _close_to_others(ticket)
    if team and ticket.placed_at is None:
        ticket.team = team
    changed(ticket, "sensitive", "team", now=now)
    return True


def _is_confided(ticket: Ticket) -> bool:
    return Event.objects.filter(ticket=ticket, data__contains={CONFIDED: True}).exists()


def _close_to_others(ticket: Ticket) -> None:
    """Sensitive from now on. Who works here and followed what anybody could read was not named for what only some may; whoever opened
    it knows it."""
    if not ticket.sensitive and not ticket._state.adding:
        follows = Follower.objects.filter(ticket=ticket).exclude(person=ticket.opened_by_id)
        follows.filter(person__in=Membership.objects.values("person")).delete()
    ticket.sensitive = True


def move(ticket: Ticket, *, team: Team, by: Person | None, now: datetime, data: dict[str, Any]) -> Event:
    """To another team; the assignee is cleared in the same act, so that nobody thinks another has it."""
    data = {**data, "from": str(ticket.team_id), "to": str(team.id), "to_name": team.name}
    ticket.team, ticket.assignee = team, None
    if ticket.placed_at is None:
        ticket.placed_at = now
    event = record(ticket, Kind.HANDED_OFF, by=by, now=now, data=data)
    changed(ticket, "team", "assignee", "placed_at", now=now)
    return event


def set_service(ticket: Ticket, *, service: Service | None, by: Person | None, now: datetime) -> None:
    """What is asked for turned out to be another thing, or nothing on the list; whoever has it keeps it."""
    if ticket.service_id == (service.id if service else None):
        return
    data = {"from": ticket.service.name if ticket.service else "", "to": service.name if service else "–"}
    record(ticket, Kind.SERVICE, by=by, now=now, data=data)
    ticket.service = service
    if service and service.sensitive:
        _close_to_others(ticket)
    elif service and not _is_confided(ticket):
        ticket.sensitive = False
    if ticket.placed_at is None:
        ticket.placed_at = now
    changed(ticket, "service", "sensitive", "placed_at", now=now)


def set_priority(ticket: Ticket, *, priority: int, by: Person | None, now: datetime) -> None:
    if ticket.priority == priority:
        return
    record(ticket, Kind.PRIORITY, by=by, now=now, data={"from": ticket.priority, "to": priority})
    ticket.priority = priority
    changed(ticket, "priority", now=now)


def follow(ticket: Ticket, *, person: Person, now: datetime) -> None:
    if person.id != ticket.requester_id:
        Follower.objects.bulk_create([Follower(ticket=ticket, person=person, since=now)], ignore_conflicts=True)


def unfollow(ticket: Ticket, *, person: Person) -> None:
    """Twice is once."""
    Follower.objects.filter(ticket=ticket, person=person).delete()


def link(ticket: Ticket, *, other: Ticket, kind: str, now: datetime) -> None:
    Link.objects.bulk_create([Link(ticket=ticket, other=other, kind=kind, at=now)], ignore_conflicts=True)


def unplace(ticket: Ticket, *, now: datetime) -> None:
    """Triage is to look once more; until then it stays where it is. The caller knows that no person has touched it."""
    ticket.placed_at = None
    changed(ticket, "placed_at", now=now)


def derived(ticket: Ticket, *, due_at: datetime | None, facts_at: datetime) -> None:
    """The clocks agree with the facts up to `facts_at`; the next promise is due at `due_at` (called by sla)."""
    ticket.due_at, ticket.derived_at = due_at, facts_at
    if ticket._state.adding:  # it is written with these values a moment from now
        return
    Ticket.objects.filter(id=ticket.id).update(due_at=due_at, derived_at=facts_at)


def touch_live(*, now: datetime) -> int:
    """Every live ticket's promises are to be derived again, e.g. after a change of the calendar."""
    return Ticket.objects.filter(status__in=Ticket.LIVE).update(facts_at=now)


def touch_acted_on(*, since: datetime, until: datetime, now: datetime) -> int:
    """The same for those with which something was done after `since`, up to `until`, that no sweep waits for already."""
    acted = Ticket.objects.filter(status__in=Ticket.LIVE, facts_at__gt=since, facts_at__lte=until, derived_at__gte=F("facts_at"))
    return acted.update(facts_at=now)


def remember_thread(ticket: Ticket, message_ids: Iterable[str]) -> None:
    """So that any later mail that names one of these ids finds this ticket."""
    insert(*(ThreadId(ticket=ticket, message_id=i[:250]) for i in dict.fromkeys(message_ids) if i), once=True)


def _write(ticket: Ticket, *, kind: str, channel: str, author: Person | None, words: Words, now: datetime) -> Message:
    message = Message(
        ticket=ticket, kind=kind, channel=channel, author=author, text=words.text.replace("\0", ""),
        quoted=words.quoted.replace("\0", ""), html=words.html.replace("\0", ""), language=words.language,
        envelope_ref=words.envelope_ref, sender_check=words.sender_check[:60], at=now,
    )  # fmt: skip
    insert(message)
    insert(
        *(
            Attachment(message=message, name=f.name[:200], content_type=f.content_type, size=f.size, sha256=f.sha256, path=f.path)
            for f in words.files
        )
    )
    remember_thread(ticket, [words.message_id, *words.thread_ids])
    return message
