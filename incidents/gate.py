"""What still stands between an outage and its end, and who has it: nothing is over because somebody says so."""

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from districts.access import Actor, Can, may
from incidents.levels import PROVES
from incidents.models import Incident, Kind, PaperForm, Task
from incidents.models import Level as LevelRow


@dataclass(frozen=True)
class Missing:
    """One thing, in words; `who` has it; `where`: "restored", "paper", or the task's id."""

    what: str
    who: str
    where: str


def missing(incident: Incident) -> list[Missing]:
    """Empty: it may be resolved. Three queries."""
    found = []
    if incident.restored_at is None:
        who = incident.commander.name if incident.commander else ""
        return [Missing(_("Nobody has said yet that it works again."), who, "restored"), *_paper(incident)]
    found += _paper(incident)
    proofs = [task for task in _after(incident) if task.done_at is None]
    return found + [Missing(task.title, _who(task), str(task.id)) for task in proofs]


def steps_of(level: LevelRow) -> list[str]:
    """What of a level of the plan proves the recovery: all of one that begins then, and every check and confirmation of a school."""
    rows = level.actions.order_by("order")
    return [one.title for one in rows if level.after_minutes is None or one.kind in PROVES]


def may_confirm(actor: Actor, task: Task) -> bool:
    """A school confirms for itself, by anybody who works there; for it those who lead, and whoever the plan sent for, by `asks_who`."""
    if task.kind != Kind.SCHOOL or task.site_id is None:
        return actor.person is not None
    return actor.person is not None and (not asks_who(actor, task) or may(actor, Can.LEAD) or str(actor.person.id) in task.told)


def asks_who(actor: Actor, task: Task) -> bool:
    """Whoever confirms for a school that is not theirs writes down who there said so."""
    elsewhere = actor.person is None or actor.person.site_id != task.site_id
    return task.kind == Kind.SCHOOL and task.site_id is not None and elsewhere


def no_false_alarm(incident: Incident) -> str:
    """Why it cannot be called one any more, and what to do instead; empty while it can: nothing was done yet that has to be proved."""
    if incident.confirmed_at:
        return _("It was confirmed, so it was no false alarm: say that it works again, and close it at the recovery gate.")
    if PaperForm.objects.filter(incident=incident, state=PaperForm.State.ISSUED).exists():
        return _("Paper forms are out: enter them, or make them void with a reason, first.")
    return ""


def _after(incident: Incident) -> list[Task]:
    """Everything of the levels that begin once it works again, and every check and confirmation of a school."""
    after = set(LevelRow.objects.filter(after_minutes__isnull=True).values_list("number", flat=True))
    tasks = Task.objects.filter(incident=incident).exclude(kind=Kind.FINDING).select_related("owner", "role")
    return [task for task in tasks.order_by("level", "order") if task.level in after or task.kind in PROVES]


def _paper(incident: Incident) -> list[Missing]:
    """Forms that are neither entered nor void, by school."""
    rows = PaperForm.objects.filter(incident=incident, state=PaperForm.State.ISSUED).select_related("site")
    counted = Counter(form.site.name for form in rows)
    return [Missing(_forms(n) % {"n": n, "site": name}, "", "paper") for name, n in sorted(counted.items())]


def _forms(count: int) -> str:
    return ngettext(
        "%(site)s: %(n)d paper form is neither entered nor void.", "%(site)s: %(n)d paper forms are neither entered nor void.", count
    )


def _who(task: Task) -> str:
    return task.owner.name if task.owner else ""
