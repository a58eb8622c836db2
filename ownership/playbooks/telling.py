"""What owners of steps are told: all of theirs in one notice, each in their language."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from districts.links import absolute
from districts.models import District, Person
from ownership.ladders.notices import Letter, Post, clock
from ownership.models import PlaybookRun, RunStep
from tickets import actions as tickets
from tickets.models import ChannelKind


def title(run: PlaybookRun) -> str:
    """What a run is about. The words of a sensitive ticket stay inside the ticket."""
    return f"{run.playbook.name}: #{run.ticket.number}" if run.ticket and run.ticket.sensitive else run.title


@dataclass(frozen=True)
class Told:
    """Tells people about one run. Needs its playbook and ticket at hand."""

    run: PlaybookRun
    post: Post

    def opened(self, steps: Sequence[RunStep]) -> None:
        """They may begin now."""
        mine: dict[UUID, list[RunStep]] = defaultdict(list)
        for step in steps:
            if step.owner:
                mine[step.owner.id].append(step)
        with self.post.together():
            for theirs in mine.values():
                self._send(theirs[0].owner, _opened(self.run, theirs), f"open{theirs[0].order}")

    def given(self, step: RunStep, *, by: Person) -> None:
        def letter() -> tuple[str, list[str]]:
            given = _("%(name)s gave you this step.") % {"name": by.name}
            return _("Yours now: %(step)s") % {"step": step.title}, [title(self.run), given, _listed([step])]

        self._send(step.owner, letter, f"given{step.order}-{self.post.now:%d%H%M%S}")

    def late(self, step: RunStep, people: Sequence[Person]) -> None:
        """Its owner and their lead, once."""

        def letter() -> tuple[str, list[str]]:
            words = {"step": step.title, "time": clock(step.due_at), "name": step.owner.name if step.owner else _("Nobody")}
            fact = _("“%(step)s” was due by %(time)s. %(name)s has it.") % words
            return _("Late: %(what)s") % {"what": title(self.run)}, [fact, _("Do it, give it to somebody else, or say why not.")]

        for person in people:
            self._send(person, letter, f"late{step.order}")

    def to_sign(self, person: Person | None) -> None:
        """Every step of a gated playbook is done."""

        def letter() -> tuple[str, list[str]]:
            return _("To be signed: %(what)s") % {"what": title(self.run)}, [_("Every step is done. It ends with a signature.")]

        self._send(person, letter, "sign")

    def _send(self, person: Person | None, letter: Letter, key: str) -> None:
        if person is not None:
            path = reverse("playbook_run", args=[self.run.id])
            self.post.send([person], letter, key=f"playbook:{self.run.id}:{key}", path=path, about=self.run.ticket_id)


def _opened(run: PlaybookRun, steps: Sequence[RunStep]) -> Letter:
    def letter() -> tuple[str, list[str]]:
        subject = ngettext("%(n)d step for you: %(what)s", "%(n)d steps for you: %(what)s", len(steps))
        head = ngettext("This is yours to do now:", "These are yours to do now:", len(steps))
        return subject % {"n": len(steps), "what": title(run)}, [head, _listed(steps)]

    return letter


def _listed(steps: Sequence[RunStep]) -> str:
    return "\n".join(_by_when(step) for step in steps)


def _by_when(step: RunStep) -> str:
    if step.due_at is None:
        return f"- {step.title}"
    return _("- %(step)s (by %(time)s)") % {"step": step.title, "time": clock(step.due_at)}


def on_ticket(run: PlaybookRun, district: District, *, by: Person | None, now: datetime) -> None:
    """Whoever works on its ticket reads there that it runs, and where; or that it is over."""
    if run.ticket is None:
        return
    words = {"name": run.playbook.name, "address": absolute(district, reverse("playbook_run", args=[run.id]))}
    with override(str((district.languages or ["en"])[0])):
        said = _("Playbook “%(name)s” is over.") if run.ended_at else _("Playbook “%(name)s” was begun: %(address)s")
        tickets.note(run.ticket, by=by, words=tickets.Words(text=said % words), now=now, channel=ChannelKind.API)
