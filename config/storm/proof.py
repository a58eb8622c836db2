"""Did everything that was accepted become what it had to, once? Told from the senders' log, the log of what we sent, and our tables.

    accepted = tickets + messages + screened + parked

"Parked" are those of which nothing can be read, by intention: they are kept, and administrators are told.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from config.storm.journal import read
from config.storm.letterbox import ACKNOWLEDGEMENT
from config.storm.plan import DOMAIN, Fate
from config.storm.running import Running
from config.storm.senders import ACCEPTED, BROKE, REFUSED

MARK = re.compile(r"zq[0-9a-f]{10}n\d+z")
STATES = {Fate.TICKET: "done", Fate.REPLY: "done", Fate.SCREENED: "screened", Fate.PARKED: "dead"}
MOST_REPEATED = 0.01  # of the acknowledgements, that may go out again under the same Message-ID


@dataclass
class Sent:
    """One event, as its sender's log has it."""

    n: int
    kind: str
    fate: Fate
    mark: str
    units: int
    id: str
    sender: str
    parent: str
    files: int = 0
    tries: int = 0
    end: str = "never ended"

    @property
    def accepted(self) -> bool:
        return self.end == ACCEPTED


@dataclass
class Found:
    """What the product holds of one event."""

    tickets: list[Any] = field(default_factory=list)  # those that it opened
    messages: list[Any] = field(default_factory=list)  # the tickets of the messages that carry its mark


@dataclass
class Verdict:
    sent: int = 0
    tries: int = 0
    accepted: int = 0  # in units: a mail to two districts is two
    refused: int = 0
    never_answered: int = 0
    left_out: int = 0
    tickets: int = 0
    messages: int = 0
    screened: int = 0
    parked: int = 0
    files: int = 0  # that hang at their messages
    lost: int = 0
    double: int = 0
    acknowledged: int = 0
    repeated: int = 0  # again, with the same Message-ID
    unsure: int = 0  # text messages that may have been sent: never sent again
    complaints: list[str] = field(default_factory=list)
    by_kind: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    @property
    def adds_up(self) -> bool:
        return self.accepted == self.tickets + self.messages + self.screened + self.parked

    @property
    def holds(self) -> bool:
        few = self.repeated <= max(1, MOST_REPEATED * self.acknowledged)
        return self.adds_up and few and not (self.lost or self.double or self.complaints)


def events_of(journal: Path) -> list[Sent]:
    sent: dict[int, Sent] = {}
    for line in read(journal):
        if line["what"] == "event":
            named = {name: line[name] for name in ("n", "kind", "mark", "units", "id", "sender", "parent")}
            sent[line["n"]] = Sent(**named, files=line.get("files", 0), fate=Fate(line["fate"]))
        elif line["what"] == "try":
            sent[line["n"]].tries += 1
        elif line["what"] == "end" and line["n"] in sent:
            sent[line["n"]].end = line["end"]
    return list(sent.values())


@dataclass
class Proof:
    """Of one storm, which began at `since`."""

    product: Running
    sent_log: Path
    received_log: Path
    since: datetime

    def verdict(self) -> Verdict:
        self.events = events_of(self.sent_log)
        self.result = Verdict()
        self.found = self._found()
        self.envelopes = self.product.rows(
            "SELECT external_id, channel, state, count(*) AS n FROM intake_envelope WHERE received_at >= %s AND NOT meta ? 'late'"
            " GROUP BY 1, 2, 3", self.since,
        )  # fmt: skip
        for event in self.events:
            self._count(event)
        self._check_envelopes()
        self._check_files()
        self._check_strangers()
        self._check_mail()
        self._check_texts()
        self.result.left_out = sum(1 for line in read(self.sent_log) if line["what"] == "end" and line["end"] == "left out")
        return self.result

    def _complain(self, words: str, *, lost: int = 0, double: int = 0) -> None:
        self.result.lost += lost
        self.result.double += double
        self.result.complaints.append(words)

    def _found(self) -> dict[str, Found]:
        """By mark: a message carries its own before any that it quotes."""
        rows = self.product.rows(
            "SELECT m.ticket_id, m.text, m.id = (SELECT f.id FROM tickets_message f WHERE f.district_id = m.district_id"
            " AND f.ticket_id = m.ticket_id AND f.kind = 'request' ORDER BY f.at, f.id LIMIT 1) AS first"
            " FROM tickets_message m WHERE m.kind = 'request' AND m.at >= %s", self.since,
        )  # fmt: skip
        found: dict[str, Found] = defaultdict(Found)
        self.unmarked = 0
        for row in rows:
            mark = MARK.search(row["text"])
            self.unmarked += mark is None
            of = found[mark[0] if mark else ""]
            of.messages.append(row["ticket_id"])
            if row["first"]:
                of.tickets.append(row["ticket_id"])
        return found

    def _count(self, event: Sent) -> None:
        result, found = self.result, self.found[event.mark]
        result.sent, result.tries = result.sent + 1, result.tries + event.tries
        row = result.by_kind[event.kind]
        row["sent"] += 1
        row["tries"] += event.tries
        if event.accepted:
            result.accepted += event.units
            row["accepted"] += event.units
        elif event.end == REFUSED:
            result.refused += 1
            row["refused"] += 1
        else:
            result.never_answered += 1
        self._judge(event, found, row)

    def _judge(self, event: Sent, found: Found, row: Counter[str]) -> None:
        """Lost: fewer than were accepted. Double: more than were sent."""
        wanted = event.units if event.accepted and event.fate in (Fate.TICKET, Fate.REPLY) else 0
        most = wanted if event.accepted or event.end == REFUSED else event.units
        have = len(found.messages)
        if have < wanted:
            self._complain(f"{event.kind} {event.mark}: accepted, and {have} of {wanted} is there", lost=wanted - have)
        if have > most:
            self._complain(f"{event.kind} {event.mark}: {have} messages of {most}", double=have - most)
        wrong = event.end == (ACCEPTED if event.fate is Fate.REFUSED else REFUSED)
        if wrong or event.end.startswith(BROKE):
            self._complain(f"{event.kind} {event.mark}: {event.end}, and should be the other")
        if event.fate is Fate.REPLY and not set(found.messages) <= set(self.found[event.parent].messages):
            self._complain(f"{event.kind} {event.mark}: not in the ticket it belongs to", double=1)
        if event.fate is Fate.TICKET and have and self._opened(event) != have:
            self._complain(f"{event.kind} {event.mark}: joined another's ticket", lost=1)
        if event.accepted:
            what = "tickets" if event.fate is Fate.TICKET else "messages"
            row[what] += have
            setattr(self.result, what, getattr(self.result, what) + have)

    def _opened(self, event: Sent) -> int:
        """Tickets of its conversation: a worker that is killed may let a later text pass the first one."""
        replies = [one.mark for one in self.events if one.parent == event.mark and one.fate is Fate.REPLY]
        return sum(len(self.found[mark].tickets) for mark in (event.mark, *replies))

    def _check_envelopes(self) -> None:
        """One for each that was accepted, in the state that it has to come to; none that nobody sent."""
        have: dict[tuple[str, str], int] = Counter()
        for envelope in self.envelopes:
            have[envelope["external_id"], envelope["state"]] += envelope["n"]
        wanted: dict[tuple[str, str], int] = Counter()
        maybe: set[str] = set()
        for event in self.events:
            if event.accepted and event.fate in STATES:
                wanted[event.id, STATES[event.fate]] += event.units
            elif event.end != REFUSED:
                maybe.add(event.id)
        for (known_as, state), count in wanted.items():
            there = have.pop((known_as, state), 0)
            if state in ("screened", "dead"):
                name = "screened" if state == "screened" else "parked"
                setattr(self.result, name, getattr(self.result, name) + min(there, count))
            if there < count:
                self._complain(f"{known_as}: {count} accepted, {there} envelopes are {state}", lost=count - there)
            elif there > count and known_as not in maybe:
                self._complain(f"{known_as}: {there} envelopes of {count}", double=there - count)
        for (known_as, state), count in have.items():
            if known_as not in maybe:
                self._complain(f"{known_as}: {count} envelopes are {state}, of which the senders know nothing", double=count)

    def _check_files(self) -> None:
        """Each file that was sent hangs at its message, once, however late it came. A broken mail may keep what is left of one."""
        rows = self.product.rows(
            "SELECT m.text FROM tickets_attachment a JOIN tickets_message m ON m.district_id = a.district_id AND m.id = a.message_id"
            " WHERE m.at >= %s", self.since,
        )  # fmt: skip
        have = Counter(mark[0] for row in rows if (mark := MARK.search(row["text"])))
        for event in (one for one in self.events if one.files):
            wanted, there = event.files * event.units, have[event.mark]
            if event.accepted and there < wanted:
                self._complain(f"{event.kind} {event.mark}: {there} files of {wanted}", lost=wanted - there)
            elif there > wanted:
                self._complain(f"{event.kind} {event.mark}: {there} files of {wanted}", double=there - wanted)
            self.result.files += min(there, wanted)

    def _check_strangers(self) -> None:
        tickets = self.product.value("SELECT count(*) FROM tickets_ticket WHERE opened_at >= %s", self.since)
        known = {event.mark for event in self.events}
        strange = sum(len(found.messages) for mark, found in self.found.items() if mark not in known)
        ours = sum(len(found.tickets) for mark, found in self.found.items() if mark in known)
        if strange or tickets != ours:
            self._complain(f"{strange} messages and {tickets - ours} tickets that nobody sent", double=max(strange, tickets - ours))

    def _check_mail(self) -> None:
        """One letter to each who opened a ticket and left a mail address, or that letter again."""
        letters: dict[str, Counter[str]] = defaultdict(Counter)
        for line in read(self.received_log):
            if line["what"] == "mail" and line["auto"] == ACKNOWLEDGEMENT:
                letters[line["to"]][line["id"]] += 1
        for address, wanted in _opened(self.events, by_number=False).items():
            got = letters.pop(address, Counter())
            self.result.acknowledged += min(len(got), wanted)
            self.result.repeated += got.total() - len(got)
            if len(got) != wanted:
                self._complain(
                    f"{len(got)} acknowledgements to {address} for {wanted}", lost=wanted > len(got), double=len(got) > wanted
                )
        for address in letters:
            if address.endswith(DOMAIN) and address not in {event.sender for event in self.events if not event.accepted}:
                self._complain(f"an acknowledgement to {address}, who opened nothing", double=1)

    def _check_texts(self) -> None:
        """At most one; where it is missing, its row says that nobody knows whether it was sent."""
        got = Counter(line["to"] for line in read(self.received_log) if line["what"] == "text")
        rows = self.product.rows(
            "SELECT address FROM delivery_delivery WHERE channel = 'sms' AND state = 'uncertain' AND created_at >= %s", self.since
        )
        uncertain = Counter(row["address"] for row in rows)
        for number, wanted in _opened(self.events, by_number=True).items():
            sent, unsure = got[number], uncertain[number]
            self.result.acknowledged += min(sent, wanted)
            self.result.unsure += unsure if sent < wanted else 0
            if sent > wanted or sent + unsure < wanted:
                self._complain(f"{sent} texts to {number} for {wanted}", double=max(0, sent - wanted), lost=sent + unsure < wanted)


def _opened(events: Iterable[Sent], *, by_number: bool) -> dict[str, int]:
    """By sender: how many tickets of theirs have to be acknowledged."""
    wanted: dict[str, int] = Counter()
    for event in events:
        if event.accepted and event.fate is Fate.TICKET and event.sender.startswith("+") == by_number:
            wanted[event.sender] += event.units
    return wanted
