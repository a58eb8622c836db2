"""What the people of an outage are told, in each one's own language: what is wrong, what is theirs, and by when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.models import District, Person
from incidents.models import Incident, Kind, Level, Task
from ownership.ladders.notices import clock

Letter = Callable[[], tuple[str, list[str]]]  # subject and paragraphs, in the language that is active
ALL = (Delivery.Channel.INAPP, Delivery.Channel.EMAIL, Delivery.Channel.SMS)


@dataclass(frozen=True)
class Post:
    district: District
    now: datetime

    def level(self, incident: Incident, level: Level, tasks: Sequence[Task], *, wakes: bool) -> None:
        """A level has begun: each owner hears of it once, with what is theirs."""
        for owner in {task.owner_id: task.owner for task in tasks if task.owner}.values():
            mine = [task for task in tasks if task.owner_id == owner.id]
            self._tell([owner], _level_letter(incident, level, mine), f"level{level.number}", incident, wakes)

    def asked(self, incident: Incident, task: Task, *, key: str, wakes: bool = True) -> None:
        """One step, to one person: it is theirs, or theirs now."""
        if task.owner is None:
            return
        path = reverse("incident_task", args=[incident.id, task.id])

        def letter() -> tuple[str, list[str]]:
            subject = {Kind.BACKUP: _("Confirm your backup: %(what)s"), Kind.SCHOOL: _("Confirm your entries: %(what)s")}
            said = subject.get(Kind(task.kind), _("Now with you: %(what)s"))
            return said % {"what": incident.title}, [_state(incident), *_todo([task]), _("One tap, when you are signed in:")]

        self._tell([task.owner], letter, f"task:{task.id}:{key}", incident, wakes, path=path)

    def asked_all(self, incident: Incident, tasks: Sequence[Task], *, wakes: bool = True, key: str = "asked") -> None:
        """A letter with one button where somebody has one of them; where somebody has several, one letter for all."""
        for mine in _by_owner(tasks):
            if len(mine) == 1:
                self.asked(incident, mine[0], key=key, wakes=wakes)
            else:
                self._several(incident, mine, key, wakes)

    def handed_on(self, incident: Incident, tasks: Sequence[Task]) -> None:
        """Those before did not do it in time."""
        if len(tasks) == 1:
            self.asked(incident, tasks[0], key=f"climb{len(tasks[0].told)}")
        else:
            self._several(incident, tasks, f"climb{len(tasks[0].told)}", wakes=True)

    def _several(self, incident: Incident, tasks: Sequence[Task], key: str, wakes: bool) -> None:
        def letter() -> tuple[str, list[str]]:
            return _("Now with you: %(what)s") % {"what": incident.title}, [_state(incident), *_todo(tasks)]

        owners = [task.owner for task in tasks if task.owner][:1]
        self._tell(owners, letter, f"task:{tasks[0].id}:{key}", incident, wakes)

    def offered(self, people: Sequence[Person], title: str, happened: Callable[[], str], *, key: str) -> None:
        """`happened`: what is wrong, a sentence in the language that is active."""

        def letter() -> tuple[str, list[str]]:
            said = _("If people are affected, declare an outage: the steps and the status page start from it.")
            return _("Is this an outage? %(what)s") % {"what": title}, [happened(), said]

        self._send(people, letter, key=key, path=reverse("incidents"), wakes=False)

    def noticed(self, people: Sequence[Person], title: str, count: int, *, key: str) -> None:
        """Several people may write of one cause; nobody has said so."""

        def letter() -> tuple[str, list[str]]:
            said = _("%(count)d people may write of one cause. Look at it: declare an outage, or say why it is none.")
            return _("Is this an outage? %(what)s") % {"what": title}, [said % {"count": count}]

        self._send(people, letter, key=key, path=reverse("incidents"), wakes=False)

    def said(self, incident: Incident, people: Sequence[Person], subject: str, text: str, *, key: str) -> None:
        """Words that are there already, to people of the house."""
        self._tell(people, lambda: (subject % {"what": incident.title}, [text]), key, incident, wakes=False)

    def _tell(self, people: Sequence[Person], letter: Letter, key: str, incident: Incident, wakes: bool, *, path: str = "") -> None:
        path = path or reverse("incident", args=[incident.id])
        self._send(people, letter, key=f"outage:{incident.id}:{key}", path=path, wakes=wakes)

    def _send(self, people: Sequence[Person], letter: Letter, *, key: str, path: str, wakes: bool) -> None:
        for language, group in groupby(sorted(people, key=_language), key=_language):
            with override(language), timezone.override(self.district.zone):
                subject, paragraphs = letter()
                body = "\n\n".join(filter(None, paragraphs))
            delivery.notify(
                people=list(group), subject=subject, body=body, dedupe_key=key, now=self.now, link=path, wakes=wakes,
                channels=ALL if wakes else ALL[:2],
            )  # fmt: skip


def _level_letter(incident: Incident, level: Level, mine: Sequence[Task]) -> Letter:
    def letter() -> tuple[str, list[str]]:
        subject = _("Outage, level %(level)d: %(what)s") % {"level": level.number, "what": incident.title}
        return subject, [_state(incident), *_todo(mine)]

    return letter


def _state(incident: Incident) -> str:
    since = _("%(what)s. Since %(time)s.") % {"what": incident.title, "time": clock(incident.began_at)}
    eta = _("Expected to work again: %(time)s.") % {"time": clock(incident.eta)} if incident.eta else ""
    return f"{since} {eta}".strip()


def _todo(tasks: Sequence[Task]) -> list[str]:
    due = max((task.due_at for task in tasks if task.due_at), default=None)
    head = _("To do by %(time)s, with a word on what was done:") % {"time": clock(due)} if due else _("To do:")
    return ["\n".join([head, *(f"- {task.title}" for task in tasks)])]


def _by_owner(tasks: Sequence[Task]) -> list[list[Task]]:
    groups: dict[object, list[Task]] = {}
    for task in tasks:
        if task.owner_id:
            groups.setdefault(task.owner_id, []).append(task)
    return list(groups.values())


def _language(person: Person) -> str:
    return str(person.language)
