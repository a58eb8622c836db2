"""Who was told of an outage, who will be, and who could not be and is to be called: read from the deliveries, kept nowhere else."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext as _

from delivery import optouts
from delivery.models import Delivery, OptOut
from delivery.queries import NOT_ARRIVED
from delivery.queries import why as why_barred
from districts.access import Actor, Can, may
from districts.models import ContactPoint, Person
from incidents import answering
from incidents.models import Incident, Letter, Update
from tickets import letters
from tickets.models import Ticket

State, Channel = Delivery.State, Delivery.Channel
TOLD = (State.SENT, State.KEPT)
LOST = (*NOT_ARRIVED, State.SUPPRESSED)
NOWHERE = ""  # the channel of those who left no address that anything can be sent to
SHOWN = 50
ORDER = (Channel.EMAIL, Channel.SMS, NOWHERE)


@dataclass(frozen=True)
class Way:
    """How one channel fared."""

    label: str
    told: int
    waiting: int
    lost: int


@dataclass(frozen=True)
class ToCall:
    """Somebody whom no letter reached. `phone` empty: none is known."""

    name: str
    label: str
    address: str
    why: str
    phone: str = ""
    ticket: Ticket | None = None


@dataclass(frozen=True)
class Reached:
    """Of one kind of reader: those who asked, or subscribers."""

    ways: Sequence[Way] = ()
    to_call: Sequence[ToCall] = ()
    lost: int = 0
    wished: int = 0  # asked for no more of these: nobody calls them
    at: datetime | None = None

    @property
    def told(self) -> int:
        return sum(way.told for way in self.ways)

    @property
    def waiting(self) -> int:
        return sum(way.waiting for way in self.ways)

    @property
    def more(self) -> int:
        return self.lost - len(self.to_call)


# --- those who asked -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sent:
    """One letter to one person: `row` empty: none could be made."""

    ticket: Ticket
    row: Delivery | None = None
    waits: bool = False
    failed: bool = False

    @property
    def channel(self) -> str:
        return str(self.row.channel) if self.row else NOWHERE

    @property
    def outcome(self) -> str:
        if self.waits or (self.row and self.row.state == State.PENDING):
            return "waiting"
        return "told" if self.row and self.row.state in TOLD else "lost"


def askers(incident: Incident, actor: Actor, *, now: datetime) -> Reached:
    """By the newest answer to each of its tickets. Some eight queries. Of what the reader may not see, no name."""
    rows = Letter.objects.filter(update__incident=incident).order_by("ticket_id", "-at", "-id").distinct("ticket_id")
    rows = rows.select_related("ticket__requester", "ticket__site")
    newest = [row for row in rows if row.kept_back in ("", answering.FAILED)]
    sent = [*_not_written(newest), *_written([row for row in newest if row.message_id])]
    lost = [one for one in sent if one.outcome == "lost"]
    seen = [one for one in lost if may(actor, Can.READ, one.ticket)][:SHOWN]
    return Reached(
        ways=_ways(Counter((one.channel, one.outcome) for one in sent)), to_call=_calls(seen, now=now), lost=len(lost),
        at=max((row.at for row in newest), default=None),
    )  # fmt: skip


def _not_written(rows: Iterable[Letter]) -> list[_Sent]:
    return [_Sent(row.ticket, waits=row.sent_at is None, failed=bool(row.sent_at)) for row in rows if not row.message_id]


def _written(rows: Sequence[Letter]) -> list[_Sent]:
    """With the letters to those whose tickets were merged into the one that was answered: each person of it once."""
    talks = {row.message_id: row.ticket for row in rows}
    inside: dict[UUID, list[Ticket]] = {}
    for merged, talk in answering.merged_into(talks.values()).items():
        inside.setdefault(talk.id, []).append(merged)
    asked = {letters.letter_key(m, one.id): one for m, talk in talks.items() if m for one in (talk, *inside.get(talk.id, []))}
    found = {row.dedupe_key: row for row in Delivery.objects.filter(dedupe_key__in=list(asked)).defer("body", "references")}
    own = {letters.letter_key(m, talk.id) for m, talk in talks.items() if m}
    return [_Sent(one, found.get(key)) for key, one in asked.items() if key in found or key in own]


def _calls(lost: Sequence[_Sent], *, now: datetime) -> list[ToCall]:
    barred = optouts.barred_among([one.row.address for one in lost if one.row], now=now)
    phones = _phones({one.ticket.requester_id for one in lost})
    return [
        ToCall(
            name=one.ticket.requester.name, label=_label(one.channel), address=one.row.address if one.row else "",
            why=_why(one, barred), phone=phones.get(one.ticket.requester_id, ""), ticket=one.ticket,
        )
        for one in lost
    ]  # fmt: skip


def _why(one: _Sent, barred: dict[tuple[str, str], OptOut]) -> str:
    if one.failed:
        return _("The answer could not be written: see its ticket.")
    return why(one.row, barred) if one.row else _("No address is known that anything can be sent to.")


def why(row: Delivery, barred: dict[tuple[str, str], OptOut]) -> str:
    """For people."""
    stop = barred.get((row.channel, row.address))
    if row.state == State.SUPPRESSED and stop:
        return why_barred(stop)
    label = str(State(row.state).label)
    return f"{label}: {row.error}" if row.error else label


# --- subscribers ---------------------------------------------------------------------------------------------------------


def subscribers(incident: Incident, *, now: datetime) -> Reached:
    """By the newest update that was sent to them: an address that fails, fails at each. Six queries."""
    sent = Update.objects.filter(incident=incident, audience=Update.Audience.PUBLIC, sent_at__isnull=False)
    update = sent.order_by("-at", "-id").first()
    if update is None:
        return Reached()
    rows = Delivery.objects.filter(about=update.id)
    failed = list(rows.filter(state__in=LOST).defer("body", "references").order_by("channel", "id"))
    barred = optouts.barred_among([row.address for row in failed], now=now)
    lost = [row for row in failed if not _wished(row, barred)]
    counts = Counter((row.channel, "lost") for row in lost)
    for channel, state, n in rows.exclude(state__in=LOST).values_list("channel", "state").annotate(n=Count("id")).order_by():
        counts[channel, "told" if state in TOLD else "waiting"] += n
    return Reached(
        ways=_ways(counts), to_call=_to_call(lost[:SHOWN], barred), lost=len(lost), wished=len(failed) - len(lost), at=update.at
    )  # fmt: skip


def _wished(row: Delivery, barred: dict[tuple[str, str], OptOut]) -> bool:
    stop = barred.get((row.channel, row.address)) if row.state == State.SUPPRESSED else None
    return stop is not None and not stop.is_bounce


def _to_call(lost: Sequence[Delivery], barred: dict[tuple[str, str], OptOut]) -> list[ToCall]:
    """Whoever the address is known to belong to; of a text, the number itself may be called."""
    points = ContactPoint.objects.filter(value__in=[row.address for row in lost]).select_related("person")
    known: dict[str, Person] = {point.value: point.person for point in points}
    phones = _phones({person.id for person in known.values()})
    return [
        ToCall(
            name=known[row.address].name if row.address in known else "", label=_label(row.channel), address=row.address,
            why=why(row, barred), phone=row.address if row.channel == Channel.SMS else _phone_of(known.get(row.address), phones),
        )
        for row in lost
    ]  # fmt: skip


def _phone_of(person: Person | None, phones: dict[UUID, str]) -> str:
    return phones.get(person.id, "") if person else ""


# --- both ----------------------------------------------------------------------------------------------------------------


def _ways(counts: Counter[tuple[str, str]]) -> list[Way]:
    found = {channel for channel, _outcome in counts}
    return [
        Way(_label(one), counts[one, "told"], counts[one, "waiting"], counts[one, "lost"])
        for one in sorted(found, key=lambda one: ORDER.index(one) if one in ORDER else len(ORDER))
    ]


def _label(channel: str) -> str:
    return str(Channel(channel).label) if channel else _("No way to write")


def _phones(people: Iterable[UUID]) -> dict[UUID, str]:
    """The first number of each."""
    points = ContactPoint.objects.filter(person__in=list(people), kind=ContactPoint.Kind.PHONE).order_by("-id")
    return {point.person_id: point.value for point in points}
