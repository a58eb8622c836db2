"""Reads: the holds that wait, and one with its evidence in view."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from districts.access import Actor, Can, may
from ownership.changes import tolerance
from ownership.holds import judging, words
from ownership.holds.rules import Kind, Rule, rules_of
from ownership.models import Feed, Hold, HoldEntry, Process

DECIDED_SHOWN = 50
SHOWN = {  # of a run's evidence
    "file": _("File"), "size": _("Size in bytes"), "from": _("From"), "subject": _("Subject"), "word": _("Word that was found"),
}  # fmt: skip


@dataclass(frozen=True)
class Count:
    """One count of a run beside what was usual. `bars`: earlier figures, the oldest first, as parts of the greatest."""

    name: str
    value: float
    usual: float | None
    earlier: Sequence[float]
    accused: bool  # a rule speaks of it

    @property
    def told(self) -> str:
        return words.number(self.value)

    @property
    def usual_told(self) -> str:
        return words.number(self.usual)

    @property
    def earlier_told(self) -> str:
        return ", ".join(words.number(value) for value in self.earlier)

    @property
    def off(self) -> str:
        """In percent of what is usual, with its sign."""
        if self.usual is None or not self.usual:
            return ""
        return f"{(self.value - self.usual) / abs(self.usual) * 100:+.0f} %"

    @property
    def bars(self) -> list[int]:
        """Heights from 1 to 20, this run's last."""
        every = [*self.earlier, self.value]
        most = max((abs(value) for value in every), default=0) or 1
        return [max(1, round(abs(value) / most * 20)) for value in every]


@dataclass(frozen=True)
class View:
    hold: Hold
    reasons: Sequence[str]
    counts: Sequence[Count]
    entries: Sequence[HoldEntry]
    earlier: Sequence[Hold]
    may_decide: bool
    may_answer: bool
    compared: Sequence[str] = ()  # a sentence for each pair of lists that was laid side by side last

    @property
    def waits(self) -> bool:
        return self.hold.state == Hold.State.WAITING

    @property
    def overtaken(self) -> bool:
        return self.hold.state == Hold.State.REJECTED and self.hold.decided_by_id is None

    @property
    def only_frozen(self) -> bool:
        return all(reason.get("rule", {}).get("kind") == Kind.FREEZE for reason in self.hold.reasons)

    @property
    def file(self) -> Mapping[Any, object]:
        """What is known of the file or the mail that told of it, by what it is called."""
        evidence = self.hold.run.evidence
        return {label: evidence[name] for name, label in SHOWN.items() if evidence.get(name) not in (None, "")}


def holds() -> QuerySet[Hold]:
    sides = [f"feed__process__{side}__{who}" for side in ("primary", "secondary") for who in ("holder", "deputy")]
    return Hold.objects.select_related("run", "feed", *sides, "role__holder", "role__deputy", "person", "decided_by")


def waiting() -> list[Hold]:
    """The longest waiting first."""
    return list(holds().filter(state=Hold.State.WAITING).order_by("at"))


def decided() -> list[Hold]:
    return list(holds().exclude(state=Hold.State.WAITING).order_by("-decided_at")[:DECIDED_SHOWN])


def waiting_of(process: Process) -> list[Hold]:
    return list(holds().filter(state=Hold.State.WAITING, feed__process=process).order_by("at"))


def for_me(actor: Actor) -> int:
    """Holds that wait for a word of theirs."""
    return sum(may_decide(actor, hold) for hold in waiting())


def get_hold(hold_id: UUID) -> Hold:
    """Raises Http404."""
    row: Hold | None = holds().filter(id=hold_id).first()
    if row is None:
        raise Http404
    return row


def view_of(hold: Hold, actor: Actor, *, zone: ZoneInfo) -> View:
    entries = list(HoldEntry.objects.filter(hold=hold).select_related("by").order_by("at", "id"))
    decides = may_decide(actor, hold)
    asked = actor.person is not None and actor.person.id in {entry.of_id for entry in entries}
    others = Hold.objects.filter(feed=hold.feed).exclude(id=hold.id).select_related("decided_by").order_by("-at")[:5]
    return View(
        hold, words.reasons(hold.reasons), counts_of(hold, zone=zone), entries, list(others), decides,
        may_answer=bool(actor.person) and (asked or decides), compared=_compared(hold, zone),
    )  # fmt: skip


def _compared(hold: Hold, zone: ZoneInfo) -> list[str]:
    """What the whole lists said, beside what the run counts of itself."""
    process_id = hold.feed.process_id
    return [words.compared(one, zone) for one in tolerance.standing([process_id]).get(process_id, ())]


def counts_of(hold: Hold, *, zone: ZoneInfo) -> list[Count]:
    """Those that a rule speaks of first."""
    before = list(reversed(judging.usual_runs(hold.feed, at=hold.run.at, zone=zone)))
    accused = {name for reason in hold.reasons for name in reason.get("seen", {})}
    rows = [_count(name, value, before, name in accused) for name, value in hold.run.counts.items()]
    return sorted(rows, key=lambda row: not row.accused)


def _count(name: str, value: float, before: Sequence[Mapping[str, float]], accused: bool) -> Count:
    earlier = [counts[name] for counts in before if name in counts]
    return Count(name, value, float(statistics.median(earlier)) if earlier else None, earlier, accused)


def may_decide(actor: Actor, hold: Hold) -> bool:
    """Whoever was named, who holds the role or answers for the process, and leads."""
    if actor.person is None or not actor.is_staff:
        return False
    process = hold.feed.process
    roles = [role for role in (hold.role, process.primary, process.secondary) if role]
    named = {hold.person_id, *(who for role in roles for who in (role.holder_id, role.deputy_id))}
    return actor.person.id in named or may(actor, Can.LEAD)


def watched_feed(slug: str) -> Feed:
    """Raises Http404."""
    row: Feed | None = Feed.objects.select_related("process").filter(slug=slug).first()
    if row is None:
        raise Http404
    return row


def rules_in_words(feed: Feed) -> list[tuple[int, Rule, str]]:
    """(place, rule, sentence)."""
    return [(n, rule, words.sentence(rule)) for n, rule in enumerate(rules_of(feed.rules))]


def names_told(feed: Feed) -> list[str]:
    """Names of counts that this feed told lately, to choose from."""
    seen: dict[str, None] = {}
    for counts in feed.runs.order_by("-at").values_list("counts", flat=True)[:30]:
        seen.update(dict.fromkeys(counts))
    return list(seen)


def guarded_feeds() -> list[tuple[Feed, list[str]]]:
    """Feeds whose runs are judged, with the sentences of their rules."""
    rows = Feed.objects.select_related("process").filter(active=True).exclude(rules=[]).order_by("process__name", "name")
    return [(feed, [words.sentence(rule) for rule in rules_of(feed.rules)]) for feed in rows]
