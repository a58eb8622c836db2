"""What people on a ladder are told: in each one's own language, in the district's time, with what to do and where."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.links import absolute
from districts.models import District, Person
from ownership.changes import missing
from ownership.duty.roles import Found
from ownership.ladders import parcels
from ownership.ladders.parcels import Notice
from ownership.models import Escalation, Feed, FeedRun, Rung, Step, usual_channels
from ownership.vendors import silence
from sla.models import ClockKind
from sla.words import time_words
from tickets.letters import desk_path

Letter = Callable[[], tuple[str, list[str]]]  # subject and paragraphs, in the language that is active


@dataclass
class Post:
    """Tells people of one district, at one moment: at once, or, inside `together`, when that ends."""

    district: District
    now: datetime
    held: list[Notice] | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is told in here leaves at its end: a person who is told of many things gets one mail. Within another, at its end."""
        if self.held is not None:
            yield
            return
        self.held = []
        try:
            yield
            parcels.send(self.held, district=self.district, now=self.now)
        finally:
            self.held = None

    @contextmanager
    def unless_it_fails(self) -> Iterator[None]:
        """What is told in here is told only if nothing goes wrong in here."""
        before = len(self.held or ())
        try:
            yield
        except BaseException:
            del (self.held or [])[before:]
            raise

    def climbed(
        self, escalation: Escalation, rung: Rung, found: Found, people: Sequence[Person], steps: Sequence[Step], skipped: Sequence[Rung]
    ) -> None:
        """The first notice, or the next: what is wrong, whose it is now, what must be done by when."""

        def letter() -> tuple[str, list[str]]:
            subject, facts = self._what(escalation)
            nobody = [_("Nobody could be found for %(rung)s.") % {"rung": rung_name(passed)} for passed in skipped]
            return subject, [facts, " ".join([*nobody, _whose(rung, found)]), _to_do(steps)]

        self._tell(people, letter, escalation, key=f"rung{rung.id.hex[-8:]}", rung=rung)

    def awake(self, escalation: Escalation, rung: Rung | None, people: Sequence[Person], *, key: str) -> None:
        """It was put off for a time that is over."""

        def letter() -> tuple[str, list[str]]:
            _subject, facts = self._what(escalation)
            return _("Back again: %(what)s") % {"what": title(escalation)}, [facts, _("It was put off, and that time is over.")]

        self._tell(people, letter, escalation, key=key, rung=rung)

    def reassigned(self, step: Step, escalation: Escalation, *, by: Person) -> None:
        """Somebody gave you a step."""

        def letter() -> tuple[str, list[str]]:
            _subject, facts = self._what(escalation)
            given = _("%(name)s gave you this step.") % {"name": by.name}
            return _("Yours now: %(step)s") % {"step": title(escalation)}, [facts, given, _to_do([step])]

        if step.owner:
            self._tell([step.owner], letter, escalation, key=f"given{step.id.hex[-8:]}{self.now:%d%H%M%S}", asks=False)

    def broken(self, escalation: Escalation, rung: Rung, people: Sequence[Person], *, key: str) -> None:
        """Acknowledged at the top of the ladder, and still not done."""

        def letter() -> tuple[str, list[str]]:
            _subject, facts = self._what(escalation)
            return _("Still open: %(what)s") % {"what": title(escalation)}, [facts, _("It was acknowledged, and its time has passed.")]

        self._tell(people, letter, escalation, key=f"broken{key}", rung=rung)

    def over(self, escalation: Escalation, people: Sequence[Person]) -> None:
        """All clear for a feed, to those who were told."""

        def letter() -> tuple[str, list[str]]:
            ran = _("It has run again, at %(time)s.") % {"time": clock(self.now)}
            return _("Over: %(what)s") % {"what": title(escalation)}, [ran, _("Nothing more is to be done on this ladder.")]

        self._tell(people, letter, escalation, key="over", asks=False)

    def recovered(self, run: FeedRun, people: Sequence[Person]) -> None:
        """It failed or was late, and ran before anybody had to be sent for: the owners are told, nobody has to act."""
        feed = run.feed

        def letter() -> tuple[str, list[str]]:
            ran = _("It has run since, at %(time)s. Nothing is to be done.") % {"time": clock(feed.last_ping_at)}
            return _("Late, and back: %(feed)s") % {"feed": feed.name}, [trouble(run), ran]

        self.send(people, letter, key=f"recovered:{run.id}", path=reverse("process", args=[feed.process.slug]))

    def _what(self, escalation: Escalation) -> tuple[str, str]:
        """Subject and facts."""
        what = {"what": title(escalation)}
        if escalation.feed_run:
            return _heads(escalation.feed_run) % what, _feed_trouble(escalation, escalation.feed_run)
        ticket, breach = escalation.ticket, escalation.breach
        if ticket is None or breach is None:
            silent = silence.said(escalation, clock)
            return silent or (self._missing(escalation) if escalation.process else (what["what"], ""))
        facts = _("%(promise)s of #%(number)d was promised by %(time)s. The ticket is with %(team)s.") % {
            "promise": ClockKind(breach.kind).label, "number": ticket.number, "time": clock(breach.due_at), "team": ticket.team.name,
        }  # fmt: skip
        link = absolute(self.district, desk_path(ticket))
        return _("Late: %(what)s") % what, f"{facts}\n{link}"

    def _missing(self, escalation: Escalation) -> tuple[str, str]:
        """Of a process alone: changes of it are missing downstream. Whose they are stands on the page, not in a letter."""
        process, what = escalation.process, {"what": title(escalation)}
        facts = missing.called_for(process).words
        if not facts:
            return what["what"], ""
        by_hand = _("By hand meanwhile: %(how)s") % {"how": process.fallback} if process.fallback else ""
        link = absolute(self.district, reverse("changes", args=[process.slug]))
        return _("Missing downstream: %(what)s") % what, "\n".join(filter(None, [facts, by_hand, link]))

    def _tell(
        self, people: Sequence[Person], letter: Letter, escalation: Escalation, *, key: str, rung: Rung | None = None,
        asks: bool = True,
    ) -> None:  # fmt: skip
        """Over the channels of the rung; without one, in the app and by mail. `asks`: they may say that they have it."""
        path = f"{reverse('steps')}#e-{escalation.id}"
        channels = rung.channels if rung else usual_channels()
        self.send(
            people, letter, key=f"ladder:{escalation.id}:{key}", path=path, about=escalation.ticket_id, channels=channels,
            wakes=bool(rung and rung.wakes), asks=escalation.id if asks else None,
        )  # fmt: skip

    def send(
        self, people: Sequence[Person], letter: Letter, *, key: str, path: str, about: UUID | None = None, wakes: bool = False,
        channels: Sequence[str] = ("inapp", "email"), asks: UUID | None = None,
    ) -> None:  # fmt: skip
        """The letter in each one's language. `key`: once for each of them. `path`: of the page it is about, on our host."""
        notices: list[Notice] = []
        for language, group in groupby(sorted(people, key=_language), key=_language):
            with override(language), timezone.override(self.district.zone):
                subject, paragraphs = letter()
                body = "\n\n".join(filter(None, paragraphs))
            notices += [Notice(person, tuple(channels), subject, body, key, path, about, wakes, asks) for person in group]
        if self.held is None:
            parcels.send(notices, district=self.district, now=self.now)
        else:
            self.held += notices


def line(act: str, *, level: int, rung: Rung | None, people: Sequence[str], by: Person | None, why: str) -> str:
    """One line of a feed run's note."""
    texts = {
        "climbed": _("%(rung)s: told %(names)s."),
        "skipped": _("%(rung)s: nobody could be found, so it climbed at once."),
        "acknowledged": _("%(by)s acknowledged rung %(level)d."),
        "done": _("%(by)s did: %(why)s"),
        "broken": _("Acknowledged, and not done in time: told %(names)s again."),
        "again": _("It happened again."),
        "ended": _("Over. %(why)s"),
        "snoozed": _("%(by)s put it off: %(why)s"),
        "awake": _("It was put off, and that time is over: told %(names)s again."),
        "raised": _("%(by)s sent for the next rung at once. %(why)s"),
        "passed": _("%(by)s left out %(rung)s: %(why)s"),
        "given": _("%(by)s gave a step to %(names)s: %(why)s"),
    }
    names, who = ", ".join(people), by.name if by else ""
    words = {"rung": rung_name(rung) if rung else "", "names": names, "by": who, "level": level, "why": why}
    said = texts[act] % words
    return f"{said} {why}" if act == "acknowledged" and why else said


def rung_name(rung: Rung) -> str:
    what = rung.name or (rung.role.name if rung.role else rung.team.name if rung.team else "")
    number = _("rung %(level)d") % {"level": rung.level}
    return f"{number} ({what})" if what else number


def clock(at: datetime | None) -> str:
    """A moment in the zone and the language that are active: "Tue, November 3, 10:15 AM"."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return f"{date_format(local, 'D')}, {date_format(local, 'MONTH_DAY_FORMAT')}, {time_words(local)}"


def title(escalation: Escalation) -> str:
    """What an escalation is about. The words of a sensitive ticket stay inside the ticket."""
    ticket = escalation.ticket
    if ticket:
        return f"#{ticket.number}" if ticket.sensitive else f"#{ticket.number} {ticket.subject}"
    about = escalation.process or escalation.ladder
    return str(about.name)


def trouble(run: FeedRun) -> str:
    """What is wrong with a feed, in one sentence."""
    name, said = run.feed.name, run.note.split("\n")[0].strip()
    signed = run.feed.kind == Feed.Kind.CHECK
    failed = _("Whoever looked at “%(feed)s” at %(time)s says that something is wrong.") if signed else ""
    told = {
        FeedRun.Outcome.FAILED: failed or _("“%(feed)s” said at %(time)s that it failed."),
        FeedRun.Outcome.PARTIAL: _("“%(feed)s” said at %(time)s that it ran in part only."),
        FeedRun.Outcome.HELD: _("“%(feed)s” was held at %(time)s, and nobody has decided about it."),
    }.get(FeedRun.Outcome(run.outcome))
    if told:
        return f"{told % {'feed': name, 'time': clock(run.at)}} {said}".strip()
    if said:
        return f"“{name}”: {said}"
    unsigned = _("“%(feed)s” was to be signed by %(time)s, and nobody has signed it.") if signed else ""
    silent = unsigned or _("“%(feed)s” was expected by %(time)s and has not been heard of.")
    return silent % {"feed": name, "time": clock(run.expected_at)}


def _heads(run: FeedRun) -> str:
    heads = {
        FeedRun.Outcome.FAILED: _("Failed: %(what)s"), FeedRun.Outcome.PARTIAL: _("In part: %(what)s"),
        FeedRun.Outcome.HELD: _("Held: %(what)s"),
    }  # fmt: skip
    return heads.get(FeedRun.Outcome(run.outcome)) or _("Late: %(what)s")


def _feed_trouble(escalation: Escalation, run: FeedRun) -> str:
    process = escalation.process
    by_hand = _("By hand meanwhile: %(how)s") % {"how": process.fallback} if process and process.fallback else ""
    return f"{trouble(run)}\n{by_hand}".strip()


def _whose(rung: Rung, found: Found) -> str:
    named = rung.role and not found.stands_in
    words = {"name": found.owner.name if found.owner else "", "via": rung.role.name if rung.role and named else found.via.label}
    return _("It is with %(name)s now (%(via)s).") % words


def _to_do(steps: Sequence[Step]) -> str:
    if not steps:
        return ""
    head = _("To do by %(time)s, with a word on what was done:") % {"time": clock(max(step.due_at for step in steps if step.due_at))}
    return "\n".join([head, *(f"- {step.title}" for step in steps)])


def _language(person: Person) -> str:
    return person.language
