"""A ticket's story as the desk reads it: what was written, and between it what was done, in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from delivery.models import Delivery
from districts.models import Person, Priority
from ownership.models import Escalation
from routing.senders import Check, check_of, not_shown
from routing.times import Moment, Times
from sla.models import ClockKind
from tickets.family import merged_here, merged_ids
from tickets.letters import letter_key
from tickets.models import Attachment, ChannelKind, Event, Message, Ticket
from tickets.queries import is_passed_on

LOST = (Delivery.State.FAILED, Delivery.State.DEAD, Delivery.State.SUPPRESSED)
WHOLE = 2_000  # characters of a message that are shown at once
LINES = 40  # and lines
SHOWN = 40  # newest messages on the page; the first and these, until the reader asks for all
EVENTS = 200
Kind = Event.Kind

# Events that a message on the same page tells already, and reads, which stand in the context pane.
UNTOLD = (Kind.REQUESTER_WROTE, Kind.REPLIED, Kind.NOTED, Kind.READ)

SENTENCES = {
    Kind.OPENED: gettext_lazy("%(by)s opened it: %(channel)s"),
    Kind.PLACED: gettext_lazy("Placed with %(team)s"),
    Kind.HANDED_OFF: gettext_lazy("%(by)s handed it off to %(team)s"),
    Kind.ASSIGNED: gettext_lazy("%(by)s assigned it to %(to)s"),
    Kind.WAITING: gettext_lazy("%(by)s waits for somebody else"),
    Kind.RESUMED: gettext_lazy("%(by)s took it up again"),
    Kind.SERVICE: gettext_lazy("%(by)s set the service: %(new)s"),
    Kind.PRIORITY: gettext_lazy("%(by)s changed the priority from %(old)s to %(new)s"),
    Kind.RESOLVED: gettext_lazy("%(by)s resolved it"),
    Kind.REOPENED: gettext_lazy("%(by)s reopened it"),
    Kind.CLOSED: gettext_lazy("%(by)s closed it"),
    Kind.MERGED: gettext_lazy("%(by)s merged it into #%(number)s"),
    Kind.UNMERGED: gettext_lazy("%(by)s took it out of #%(number)s again"),
    Kind.LATE: gettext_lazy("A promise broke: %(clock)s"),
    Kind.ESCALATED: gettext_lazy("Escalated to rung %(level)s%(promise)s"),
    Kind.DANGER: gettext_lazy("Danger to a person: %(team)s has it now, and it is urgent"),
    Kind.PROMISED: gettext_lazy("The requester was told a new time: %(when)s"),
    Kind.REREAD: gettext_lazy("A message was read again after a correction: it stands here as it is read now"),
}
ESCALATIONS = {  # what ownership.ladders records
    "climbed": gettext_lazy("Escalated to rung %(level)s%(promise)s: told %(people)s"),
    "skipped": gettext_lazy("Rung %(level)s%(promise)s: nobody could be found, so it climbed at once"),
    "acknowledged": gettext_lazy("%(by)s acknowledged the escalation%(promise)s"),
    "done": gettext_lazy("%(by)s did a step of the escalation%(promise)s: %(why)s"),
    "broken": gettext_lazy("Acknowledged, and not done in time%(promise)s: told %(people)s again"),
    "ended": gettext_lazy("The escalation is over%(promise)s: %(why)s"),
    "snoozed": gettext_lazy("%(by)s put the escalation off%(promise)s: %(why)s"),
    "awake": gettext_lazy("The escalation was put off, and that time is over%(promise)s: told %(people)s again"),
    "raised": gettext_lazy("%(by)s sent for the next rung at once%(promise)s. %(why)s"),
    "passed": gettext_lazy("%(by)s left out rung %(level)s of the escalation%(promise)s: %(why)s"),
    "given": gettext_lazy("%(by)s gave a step of the escalation to %(people)s%(promise)s: %(why)s"),
}
SURVIVES = {
    Kind.MERGED: gettext_lazy("%(by)s merged #%(number)s into it"),
    Kind.UNMERGED: gettext_lazy("%(by)s took #%(number)s out of it again"),
}
FOR_REQUESTER = gettext_lazy("%(by)s waits for the requester")
TAKEN = gettext_lazy("%(by)s took it")
PUT_BACK = gettext_lazy("%(by)s put it back: nobody has it now")
UNTOLD_TIME = gettext_lazy("The promise moved to %(when)s, and the requester could not be told")
CAME_LATER = gettext_lazy("A file of a message arrived")
CONFIDED = gettext_lazy("It went to %(team)s, to whose private address the same mail came")
CORRECTED = gettext_lazy("%(by)s put it right: it belongs to %(team)s")

ICONS = {
    Kind.OPENED: "door-enter", Kind.PLACED: "route", Kind.HANDED_OFF: "arrows-exchange", Kind.ASSIGNED: "user-check",
    Kind.WAITING: "player-pause", Kind.RESUMED: "player-play", Kind.PRIORITY: "flag", Kind.SERVICE: "tag",
    Kind.RESOLVED: "circle-check",
    Kind.REOPENED: "arrow-back-up", Kind.CLOSED: "lock", Kind.MERGED: "arrow-merge", Kind.UNMERGED: "git-branch",
    Kind.LATE: "clock-exclamation",
    Kind.ESCALATED: "trending-up", Kind.DANGER: "urgent", Kind.PROMISED: "clock", Kind.REREAD: "refresh",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One thing on the page: a message, or an event in words."""

    at: datetime
    when: Moment
    message: Message | None = None
    who: str = ""
    mine: bool = False
    channel: str = ""
    files: tuple[Attachment, ...] = ()
    delivery: "Sending | None" = None
    check: Check | None = None  # of a mail, who it is proven to be from
    rank: int = 1  # among what happened at the same time: opened, said, done
    words: str = ""
    rest: str = ""  # of a long message
    because: tuple[str, ...] = ()
    icon: str = ""
    of: Ticket | None = None  # of what was merged into this ticket: its own
    apart: UUID | None = None  # a merge that can be undone: of which ticket


@dataclass(frozen=True)
class Sending:
    """What became of a reply on its way to the requester."""

    words: str
    failed: bool


@dataclass(frozen=True)
class Story:
    entries: list[Entry]
    hidden: int  # messages left out,
    gap: UUID | None  # behind this one
    moved: bool  # from team to team
    others: list[str]  # who else asked, in a ticket that was merged into this one
    last: UUID  # the newest message, or nothing but zeros where there is none: what a form has seen


def story(ticket: Ticket, *, reader: Person | None, reasons: Iterable[str], everything: bool, now: datetime) -> Story:
    """The conversation with notes; long ones without their middle, unless `everything` is asked for.

    `reasons`: why triage placed it where it did, told beside the placing.
    """
    events = _events(ticket)
    family = _family(ticket, events)
    messages, hidden = _messages([ticket.id, *family], everything)
    sendings = _sendings([ticket.id, *family], messages)
    times = Times(now)
    told = [_message(m, reader=reader, sending=sendings.get(m.id), times=times, of=family.get(m.ticket_id)) for m in messages]
    told = [replace(one, check=not_shown()) if one.message and is_passed_on(one.message, one.of or ticket) else one for one in told]
    promises = _promises(ticket, events)
    told += [_event(event, ticket, tuple(reasons), promises, times, family) for event in events]
    told.sort(key=lambda entry: (entry.at, entry.rank))
    return Story(
        entries=_without_gap(told, messages if hidden else []), hidden=hidden, gap=messages[0].id if hidden else None,
        moved=any(event.kind == Kind.HANDED_OFF for event in events), others=_others(ticket, family.values()),
        last=messages[-1].id if messages else UUID(int=0),
    )  # fmt: skip


def _family(ticket: Ticket, events: Sequence[Event]) -> dict[UUID, Ticket]:
    """What was merged into it, by id; not asked for where its events, all of them, tell of no merge."""
    told = len(events) == EVENTS or any(event.kind == Kind.MERGED for event in events)
    return {one.id: one for one in merged_here(ticket)} if told else {}


def _others(ticket: Ticket, family: Iterable[Ticket]) -> list[str]:
    names = {one.requester_id: str(one.requester) for one in family if one.requester_id != ticket.requester_id}
    return list(names.values())


def newer(ticket: Ticket, last: UUID) -> list[Message]:
    """Messages written since `last` was the newest (their ids are in the order of time)."""
    ids = [ticket.id, *merged_ids(ticket)]
    return list(Message.objects.filter(ticket_id__in=ids, id__gt=last).select_related("author").order_by("id")[:20])


def _messages(ids: Sequence[UUID], everything: bool) -> tuple[Sequence[Message], int]:
    """The messages of these tickets to show, oldest first, and how many are left out."""
    rows = Message.objects.filter(ticket_id__in=ids)
    whole = rows.select_related("author").prefetch_related("attachments").order_by("at", "id")
    if everything:
        return list(whole), 0
    first, newest = rows.order_by("at", "id").values("id")[:1], rows.order_by("-at", "-id").values("id")[:SHOWN]
    total = rows.order_by().values("district").annotate(n=Count("id")).values("n")
    shown = list(whole.filter(Q(id__in=first) | Q(id__in=newest)).annotate(total=Subquery(total)))
    return shown, shown[0].total - len(shown) if shown else 0


def _events(ticket: Ticket) -> list[Event]:
    """The newest that are told as such."""
    rows = Event.objects.filter(ticket=ticket).exclude(kind__in=UNTOLD).select_related("by").order_by("-at", "-id")[:EVENTS]
    return list(rows)[::-1]


def _without_gap(told: list[Entry], messages: Sequence[Message]) -> list[Entry]:
    """Where the middle is left out, its events are too."""
    if not messages:
        return told
    first, resumed = messages[0].at, messages[1].at
    return [entry for entry in told if entry.at <= first or entry.at >= resumed]


def _message(message: Message, *, reader: Person | None, sending: Sending | None, times: Times, of: Ticket | None) -> Entry:
    nobody = _("The system") if message.kind == Message.Kind.NOTE else _("Unknown sender")
    author = str(message.author) if message.author_id else nobody
    words, rest = fold(message.text)
    return Entry(
        at=message.at, when=_ago(message.at, times), message=message, words=words, rest=rest, who=author,
        files=tuple(message.attachments.all()),
        mine=bool(reader and message.author_id == reader.id), delivery=sending, of=of, check=check_of(message.sender_check),
        channel=str(ChannelKind(message.channel).label) if message.channel in ChannelKind else message.channel,
    )  # fmt: skip


def _promises(ticket: Ticket, events: Sequence[Event]) -> dict[str, str]:
    """Which promise each escalation is for, by its id."""
    if not any(event.kind == Kind.ESCALATED for event in events):
        return {}
    rows = Escalation.objects.filter(ticket=ticket, breach__isnull=False).values_list("id", "breach__kind")
    return {str(escalation): kind for escalation, kind in rows}


def fold(text: str) -> tuple[str, str]:
    """What is shown at once, and the rest where that is worth a fold: cut between lines, else between words."""
    head = "\n".join(text.split("\n", LINES)[:LINES])[:WHOLE]
    if len(text) - len(head) < WHOLE // 4 and text.count("\n", len(head)) < LINES // 4:
        return text, ""
    if text[len(head)] != "\n":
        gap = next((gap for between in ("\n", " ") if (gap := head.rfind(between, WHOLE // 2)) > 0), len(head))
        head = head[:gap]
    return head.rstrip(), text[len(head) :].lstrip("\n ")


def _event(
    event: Event, ticket: Ticket, reasons: tuple[str, ...], promises: dict[str, str], times: Times, family: Mapping[UUID, Ticket]
) -> Entry:
    because = tuple(event.data.get("reasons") or (reasons if event.kind == Kind.PLACED else ()))
    because = because or ((event.data["why"],) if event.kind == Kind.MERGED and event.data.get("why") else ())
    because = tuple(reason.rstrip(". ") for reason in because)  # sentences, here in one line
    return Entry(
        at=event.at, when=_ago(event.at, times), words=in_words(event, ticket, promises).rstrip(". "),
        icon=ICONS.get(Kind(event.kind), "circle-dot"), because=because, rank=0 if event.kind == Kind.OPENED else 2,
        apart=_apart(event, ticket, family),
    )  # fmt: skip


def _apart(event: Event, ticket: Ticket, family: Mapping[UUID, Ticket]) -> UUID | None:
    """The ticket that this merge put together with another, where it still stands."""
    if event.kind != Kind.MERGED:
        return None
    if "from" not in event.data:
        return ticket.id if event.data.get("into") == str(ticket.merged_into_id) else None
    other = next((one for one in family.values() if str(one.id) == event.data["from"]), None)
    return other.id if other and other.merged_into_id == ticket.id else None


def _ago(at: datetime, times: Times) -> Moment:
    moment = times.since(at)
    return moment._replace(words=_("%(time)s ago") % {"time": moment.words})


def in_words(event: Event, ticket: Ticket, promises: dict[str, str]) -> str:
    """One sentence: who did what. `promises`: what each escalation is for."""
    data: dict[str, Any] = event.data
    sentence = SENTENCES.get(Kind(event.kind), gettext_lazy("%(kind)s"))
    if event.kind == Kind.ASSIGNED and not data.get("to"):
        sentence = PUT_BACK
    elif event.kind in SURVIVES and "from" in data:
        sentence = SURVIVES[Kind(event.kind)]
    elif event.kind == Kind.ASSIGNED and event.by_id and str(event.by_id) == data["to"]:
        sentence = TAKEN
    elif event.kind == Kind.HANDED_OFF and data.get("correction"):
        sentence = CORRECTED
    elif event.kind == Kind.HANDED_OFF and data.get("private"):
        sentence = CONFIDED
    elif event.kind == Kind.REREAD and data.get("late"):
        sentence = CAME_LATER
    elif event.kind == Kind.WAITING and data.get("on") == Ticket.Status.WAITING_REQUESTER:
        sentence = FOR_REQUESTER
    elif event.kind == Kind.ESCALATED:
        sentence = ESCALATIONS.get(data.get("act", ""), sentence)
    elif event.kind == Kind.PROMISED and not data.get("reached"):
        sentence = UNTOLD_TIME
    return str(sentence) % {
        "by": str(event.by) if event.by_id else _("The system"),
        "channel": _label(ChannelKind, data.get("channel", ticket.channel)),
        "team": data.get("team_name") or data.get("to_name") or "",
        "to": data.get("name", ""),
        "number": data.get("number", ""),
        "old": _label(Priority, data.get("from")),
        "new": _label(Priority, data.get("to")),
        "clock": _label(ClockKind, data.get("kind") or data.get("clock")),
        "promise": _in_brackets(promises.get(data.get("escalation", ""))),
        "level": data.get("level", ""),
        "people": ", ".join(data.get("people", [])),
        "why": data.get("why", ""),
        "when": _in_full(data.get("due_at"), event.at) if event.kind == Kind.PROMISED else "",
        "kind": Kind(event.kind).label,
    }


def _in_brackets(kind: str | None) -> str:
    return f" ({_label(ClockKind, kind)})" if kind else ""


def _in_full(iso: str | None, now: datetime) -> str:
    return Times(now).full(datetime.fromisoformat(iso)) if iso else "?"


def _label(choices: Any, value: Any) -> str:
    """The choice's word, or the value as it is where it is none of them."""
    return str(dict(choices.choices).get(value, "" if value is None else value))


def _sendings(ids: Sequence[UUID], messages: Sequence[Message]) -> dict[UUID, Sending]:
    """Of each reply: what became of its letter to the requester, and of those to the others who asked."""
    keys = {letter_key(message.id, ticket): message.id for message in messages if message.kind == Message.Kind.REPLY for ticket in ids}
    if not keys:
        return {}
    rows = Delivery.objects.filter(about__in=ids, purpose="reply").select_related("person").defer("body", "references").order_by("id")
    found: dict[UUID, list[Delivery]] = {}
    for row in rows:
        if row.dedupe_key in keys:
            found.setdefault(keys[row.dedupe_key], []).append(row)
    return {message: _sending(rows) for message, rows in found.items()}


def _sending(rows: Sequence[Delivery]) -> Sending:
    several = len(rows) > 1
    told = [f"{row.person}: {_state(row)}" if several else _state(row) for row in rows]
    return Sending(" · ".join(told), any(row.state in LOST for row in rows))


def _state(row: Delivery) -> str:
    words = f"{Delivery.Channel(row.channel).label}: {Delivery.State(row.state).label}"
    if row.segments:
        parts = ngettext("%(n)d part", "%(n)d parts", row.segments) % {"n": row.segments}
        words = f"{words}, {parts}"
    return f"{words} ({row.error})" if row.state in LOST and row.error else words


def readers(ticket: Ticket) -> list[tuple[str, datetime]]:
    """Who read a sensitive ticket, the latest first, and when last."""
    rows = Event.objects.filter(Q(by__isnull=False), ticket=ticket, kind=Kind.READ).order_by("-at")[:200]
    last: dict[str, datetime] = {}
    for name, at in rows.values_list("by__name", "at"):
        last.setdefault(name, at)
    return list(last.items())
