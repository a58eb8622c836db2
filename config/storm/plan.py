"""What is sent in a storm, drawn by lot from a seed: every door, every kind of message, and senders who do not wait for the answer."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """What must become of an event that was accepted."""

    TICKET = "ticket"  # one of its own
    REPLY = "reply"  # one more message in its parent's ticket
    SCREENED = "screened"
    PARKED = "parked"  # nothing can be read of it: kept, and told to administrators
    REFUSED = "refused"  # it must not be accepted


@dataclass(frozen=True)
class Kind:
    door: str
    name: str
    weight: int
    fate: Fate
    parent: str = ""  # it needs an earlier event of this kind
    units: int = 1  # districts it is sent to
    files: int = 0  # that come with it


KINDS = (
    Kind("smtp", "plain", 22, Fate.TICKET),
    Kind("smtp", "html", 5, Fate.TICKET),
    Kind("smtp", "photo", 3, Fate.TICKET, files=1),
    Kind("smtp", "two addresses", 4, Fate.TICKET),  # in one go
    Kind("smtp", "two ways", 4, Fate.TICKET),  # the same mail again by another server, to our other address
    Kind("smtp", "two districts", 2, Fate.TICKET, units=2),
    Kind("smtp", "reused id", 3, Fate.TICKET, parent="smtp plain"),  # another mail with the Message-ID of an earlier one
    Kind("smtp", "broken", 5, Fate.TICKET),
    Kind("smtp", "reply", 9, Fate.REPLY),  # to the address in our acknowledgement, with that quoted below
    Kind("smtp", "auto-reply", 4, Fate.SCREENED),
    Kind("smtp", "bounce", 3, Fate.SCREENED),
    Kind("smtp", "no mailbox", 2, Fate.REFUSED),
    Kind("imap", "mail", 5, Fate.TICKET),  # into a mailbox elsewhere, which is read
    Kind("imap", "two ways", 2, Fate.TICKET),  # the same mail by SMTP too, to our other address
    Kind("web", "form", 11, Fate.TICKET),
    Kind("web", "by phone", 2, Fate.TICKET),
    Kind("sms", "text", 7, Fate.TICKET),
    Kind("sms", "again", 3, Fate.REPLY, parent="sms text"),
    Kind("sms", "picture", 4, Fate.TICKET, files=1),  # which lies at the provider
    Kind("sms", "stop", 1, Fate.SCREENED),
    Kind("sms", "no number", 2, Fate.PARKED),
    Kind("sms", "unsigned", 1, Fate.REFUSED),
    Kind("api", "request", 7, Fate.TICKET),
    Kind("api", "reused key", 1, Fate.REFUSED, parent="api request"),
    Kind("hook", "mail", 5, Fate.TICKET),
    Kind("voice", "words", 3, Fate.TICKET),
    Kind("chat", "person", 4, Fate.TICKET),
)
IMPATIENT = 0.12  # share of sendings whose answer is not waited for, at least once
DOMAIN = "@family.example"  # of all senders by mail
LATE = 0.4  # of the storm is over before the first reply: there must be something to reply to
NEEDS = (
    "The bus did not come to the corner of Fifth", "The projector in my classroom stays dark", "I cannot sign in to the gradebook",
    "The heating in the gym does not work", "My daughter lost her library card", "There is water on the floor of the cafeteria",
    "The printer in the office takes no paper", "Where do I hand in the enrollment form", "El autobús llegó tarde otra vez hoy",
    "No puedo entrar al portal de padres",
)  # fmt: skip
AREAS = (
    "201", "202", "203", "205", "206", "208", "209", "212", "213", "214", "215", "216", "217", "218", "219", "224", "225", "228", "229",
    "231", "234", "239", "240", "248", "251", "252", "253", "254", "256", "260", "262", "267", "269", "270", "276", "281", "301", "302",
    "303", "304", "305", "307", "308", "309", "310", "312", "313", "314", "315", "316", "317", "318", "319", "320", "321", "323", "325",
    "330", "334", "336", "337", "339", "347", "351", "352", "360", "361", "386", "401", "402", "404", "405", "406", "407", "408", "409",
)  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One thing that somebody sends, however often they have to."""

    n: int
    kind: Kind
    mark: str  # stands in its words and nowhere else
    need: str
    impatient: int = 0  # sendings that are not waited for, before the one that is
    parent: "Event | None" = None

    @property
    def what(self) -> str:
        return f"{self.kind.door} {self.kind.name}"

    @property
    def words(self) -> str:
        return f"{self.need}, {self.mark}."

    @property
    def address(self) -> str:
        """Of the sender; who writes again is the same."""
        first = self.parent or self
        return f"{first.mark}{DOMAIN}"

    @property
    def number(self) -> str:
        """A telephone number that nobody has: 555-0100 to 0199 are kept for stories."""
        first = self.parent or self
        return f"+1{AREAS[first.n // 100 % len(AREAS)]}55501{first.n % 100:02}"

    @property
    def remote(self) -> str:
        """The sender's own network address: one that does too much is held back."""
        return f"10.{self.n >> 16 & 255}.{self.n >> 8 & 255}.{self.n & 255}"

    @property
    def own_id(self) -> str:
        """Message-ID, form id, MessageSid or idempotency key; one that is reused is the parent's."""
        first = self.parent if self.parent and self.kind.name.startswith("reused") else self
        return f"{first.mark}.{first.n}"


def plan(seed: int, count: int, kinds: Sequence[Kind] = KINDS) -> list[Event]:
    """The same for the same seed. Every kind is there where `count` allows it."""
    lots = random.Random(seed)
    drawn = list(_kinds(lots, count, kinds))
    events: list[Event] = []
    for n, kind in enumerate(drawn):
        parent = _parent(kind, events, lots)
        if kind.parent and parent is None:  # nothing to follow yet
            kind = KINDS[0]
        impatient = lots.choice((1, 1, 2)) if lots.random() < IMPATIENT else 0
        mark = f"zq{seed % 0xFFFF:04x}{lots.getrandbits(24):06x}n{n}z"
        events.append(Event(n, kind, mark, lots.choice(NEEDS), impatient, parent))
    return events


def _kinds(lots: random.Random, count: int, kinds: Sequence[Kind]) -> Iterator[Kind]:
    """In their order: the later ones need something that came before."""
    drawn = [*kinds, *lots.choices(kinds, [kind.weight for kind in kinds], k=max(0, count - len(kinds)))][:count]
    early = [kind for kind in drawn if kind.name != "reply"]
    replies = [kind for kind in drawn if kind.name == "reply"]
    lots.shuffle(early)
    first = int(len(early) * LATE)
    late = early[first:] + replies
    lots.shuffle(late)
    yield from early[:first]
    yield from late


def _parent(kind: Kind, events: list[Event], lots: random.Random) -> Event | None:
    """One that has no child of this kind yet."""
    taken = {event.parent.n for event in events if event.parent and event.kind == kind}
    free = [event for event in events if kind.parent and event.what == kind.parent and event.n not in taken]
    return lots.choice(free) if free else None
