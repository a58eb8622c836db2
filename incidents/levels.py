"""The outage run moves by itself: levels begin by the clock, steps climb to who is next, and nobody is sent for twice.

Everything here has the incident's row held, and writes down what it did. `check_at` is derived again each time.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db.models import Min, Q
from django.utils.translation import gettext as _

from districts.models import District, Membership, Person, Site
from districts.queries import this_district
from incidents import playbook
from incidents.happening import What, record
from incidents.models import Action, Incident, Kind, Level, PaperForm, Task
from incidents.notices import Post
from ownership.duty.roles import LEADERS, Roster, once
from ownership.models import OwnerRole

CLIMB = timedelta(minutes=15)  # the next in line has so long before another is sent for
QUICKEST = timedelta(minutes=5)
BACKUP_MINUTES = 30
SCHOOLS_AT = 100  # the order of the schools' confirmations within their level
DOUBTS_AT = 10_000  # and of what is checked because it was reported again
PROVES = (Kind.CHECK, Kind.SCHOOL)
log = structlog.get_logger(__name__)


def held(incident_id: UUID) -> Incident:
    """The row, held until commit. Raises Incident.DoesNotExist."""
    found: Incident = Incident.objects.select_for_update(of=("self",)).select_related("commander").get(id=incident_id)
    return found


@dataclass
class Mover:
    """What one move knows: the time, and who is here today."""

    now: datetime
    district: District = field(default_factory=this_district)

    def __post_init__(self) -> None:
        self.roster = Roster(self.now)
        self.post = Post(self.district, self.now)

    def move(self, incident: Incident) -> None:
        """Whatever is due by now; then when to look again."""
        if incident.is_running:
            for level in self._due(incident):
                self.begin(incident, level)
            if self._is_long(incident):
                self.begin_long(incident)
            self.climb(incident)
        incident.check_at = self.next_check(incident)
        incident.save(update_fields=["check_at", "level", "long_at"])

    # --- levels

    def _due(self, incident: Incident) -> list[Level]:
        """By the clock while it does not work; those without minutes once it works again."""
        levels = Level.objects.select_related("role__holder", "role__deputy").order_by("number")
        begun = set(Task.objects.filter(incident=incident).values_list("level", flat=True)) | self._marked(incident)
        left = [level for level in levels if level.number not in begun]
        if incident.restored_at:
            return [level for level in left if level.after_minutes is None]
        past = (self.now - incident.detected_at).total_seconds() / 60
        return [level for level in left if level.after_minutes is not None and level.after_minutes <= past]

    def _marked(self, incident: Incident) -> set[int]:
        """Levels that began without a step of their own."""
        return set(incident.happenings.filter(what=What.LEVEL).values_list("data__level", flat=True))

    def begin(self, incident: Incident, level: Level) -> list[Task]:
        incident.level = max(incident.level, level.number)
        record(incident, What.LEVEL, now=self.now, level=level.number, name=level.name)
        actions = list(level.actions.select_related("role__holder", "role__deputy", "team").order_by("order"))
        tasks = self._tasks(incident, level, [action for action in actions if action.kind not in (Kind.BACKUP, Kind.SCHOOL)])
        for action in actions:
            if action.kind == Kind.SCHOOL:
                tasks += self.ask_schools(incident, level, action)
        self._sent_for(incident, tasks)
        self.post.level(incident, level, [task for task in tasks if task.kind != Kind.SCHOOL], wakes=level.wakes)
        if incident.long_at:
            self._ask_departments(incident, level)
        return tasks

    def _tasks(self, incident: Incident, level: Level, actions: list[Action]) -> list[Task]:
        tasks: list[Task] = []
        for action in actions:
            task = self._task(incident, level, action)
            if action.waits and tasks:
                task.after = tasks[-1]
            tasks.append(task)
        Task.objects.bulk_create(tasks)
        return tasks

    def _task(self, incident: Incident, level: Level, action: Action, *, minutes: int = 0, **more: object) -> Task:
        task = Task(
            incident=incident, kind=action.kind, level=level.number, order=action.order, title=action.title, made_at=self.now,
            role=action.role or (None if action.team_id else level.role), team=action.team,
            due_at=self.now + timedelta(minutes=minutes or level.step_minutes),
        )  # fmt: skip
        for name, value in more.items():
            setattr(task, name, value)
        self._hand(task)
        return task

    # --- departments and schools

    def _is_long(self, incident: Incident) -> bool:
        """The expected time, or the time that has passed, is beyond the district's own figure; while it does not work."""
        if incident.long_at or incident.restored_at:
            return False
        until = max(filter(None, (incident.eta, self.now)))
        return until - incident.detected_at > timedelta(minutes=playbook.long_minutes())

    def begin_long(self, incident: Incident) -> None:
        """Contingency: each department's lead is asked to confirm that its backup is active."""
        incident.long_at = self.now
        record(incident, What.LONG, now=self.now, minutes=playbook.long_minutes(), eta=incident.eta and incident.eta.isoformat())
        for level in Level.objects.filter(actions__kind=Kind.BACKUP).distinct().select_related("role__holder", "role__deputy"):
            self._ask_departments(incident, level)

    def _ask_departments(self, incident: Incident, level: Level) -> None:
        there = set(Task.objects.filter(incident=incident, level=level.number).values_list("order", flat=True))
        actions = level.actions.filter(kind=Kind.BACKUP).select_related("role__holder", "role__deputy", "team").order_by("order")
        tasks = [self._task(incident, level, one, minutes=BACKUP_MINUTES) for one in actions if one.order not in there]
        Task.objects.bulk_create(tasks)
        self._sent_for(incident, tasks)
        self.post.asked_all(incident, tasks)

    def ask_schools(self, incident: Incident, level: Level, action: Action) -> list[Task]:
        """One confirmation from each affected school: its own people first, else whoever has the level's role."""
        asked = set(Task.objects.filter(incident=incident, kind=Kind.SCHOOL).values_list("site_id", "title"))
        titles = {site: f"{site.name}: {action.title}"[:300] for site in to_confirm(incident)}
        sites = [site for site, title in titles.items() if (site.id, title) not in asked]
        tasks = [
            self._task(incident, level, action, site=site, order=SCHOOLS_AT + len(asked) + n, title=titles[site])
            for n, site in enumerate(sites)
        ]  # fmt: skip
        Task.objects.bulk_create(tasks)
        self.post.asked_all(incident, tasks, wakes=False)
        return tasks

    def ask_added(self, incident: Incident) -> None:
        """The schools that it has come to concern since the others were asked."""
        begun = self._marked(incident)
        levels = Level.objects.filter(number__in=begun, actions__kind=Kind.SCHOOL).distinct()
        for level in levels.select_related("role__holder", "role__deputy").order_by("number"):
            for action in (
                level.actions.filter(kind=Kind.SCHOOL).select_related("role__holder", "role__deputy", "team").order_by("order")
            ):
                self.ask_schools(incident, level, action)

    # --- proved anew

    def ask_again(self, incident: Incident) -> None:
        """It broke once more since: who proved something then is asked once more. What they said stands in the timeline."""
        minutes = dict(Level.objects.values_list("number", "step_minutes"))
        after = Level.objects.filter(after_minutes__isnull=True).values_list("number", flat=True)
        rows = Task.objects.filter(incident=incident, done_at__isnull=False).exclude(kind=Kind.FINDING)
        rows = rows.filter(Q(level__in=list(after)) | Q(kind__in=PROVES)).select_related("role__holder", "role__deputy", "team", "site")
        tasks = list(rows.order_by("level", "order"))
        for task in tasks:
            task.done_at, task.done_by, task.evidence, task.said_by, task.told = None, None, "", "", []
            task.due_at = self.now + timedelta(minutes=minutes.get(task.level, BACKUP_MINUTES))
            self._hand(task)
        Task.objects.bulk_update(tasks, ["done_at", "done_by", "evidence", "said_by", "told", "due_at", "owner", "climb_at"])
        if tasks:
            record(incident, What.AGAIN, now=self.now, titles=[task.title for task in tasks])
            self.post.asked_all(incident, tasks, wakes=False, key=f"again{self.now:%m%d%H%M%S}")

    def doubt(self, incident: Incident, title: str) -> None:
        """It is reported while it is being checked: one check more, before it counts as over."""
        level = Level.objects.select_related("role__holder", "role__deputy").order_by("number").last()
        if level is None:
            return
        said = _("Reported again: %(title)s. Check that it really works.") % {"title": title}
        order = DOUBTS_AT + Task.objects.filter(incident=incident, level=level.number, order__gte=DOUBTS_AT).count()
        task = self._task(incident, level, Action(kind=Kind.CHECK, title=said[:300], order=order))
        task.save(force_insert=True)
        self.post.asked(incident, task, key="asked")

    # --- who

    def in_line(self, task: Task) -> list[Person]:
        """Whom to send for, in order: who has the role now, holder, deputy, the team's leads, leaders; nobody who is away."""
        role = task.role
        people: list[Person | None] = list(self._of_site(task.site)) if task.site else []
        people += self.roster.find(role, team_id=task.team_id).people
        if role:
            people += [person for person in (role.holder, role.deputy) if person and self.roster.is_here(person)]
            people += self.roster.find(None, team_id=role.team_id).people
        people += self.roster.find(OwnerRole(slug=LEADERS)).people
        return once(people)

    def _of_site(self, site: Site) -> list[Person]:
        """People with a role here who work at this school."""
        at = Membership.objects.filter(person__site=site).select_related("person").order_by("person__name")
        return [row.person for row in at if self.roster.is_here(row.person)]

    def _hand(self, task: Task) -> bool:
        """To the next in line who has not been sent for. False: there is nobody left."""
        line = [person for person in self.in_line(task) if str(person.id) not in task.told]
        if not line:
            task.climb_at = None
            return False
        task.owner, task.told = line[0], [*task.told, str(line[0].id)]
        wait = max(QUICKEST, (task.due_at or self.now) - self.now) if len(task.told) == 1 else CLIMB
        task.climb_at = self.now + wait if line[1:] else None
        return True

    def _sent_for(self, incident: Incident, tasks: list[Task]) -> None:
        names = sorted({task.owner.name for task in tasks if task.owner})
        if names:
            record(incident, What.TOLD, now=self.now, people=names)
        for task in tasks:
            if task.owner is None:
                record(incident, What.NOBODY, now=self.now, title=task.title)
                log.error("incident_has_nobody", incident=str(incident.id), task=task.title)

    def _to_climb(self, incident: Incident) -> list[Task]:
        """Late, and not kept from being done by another step that is open."""
        rows = Task.objects.filter(incident=incident, done_at__isnull=True, climb_at__lte=self.now)
        related = ("owner", "role__holder", "role__deputy", "team", "site", "after")
        return list(rows.select_related(*related).order_by("climb_at", "id"))

    def climb(self, incident: Incident) -> None:
        """Each late step to the next in line; whoever gets several at once hears of them in one letter."""
        given: dict[tuple[str, UUID], list[Task]] = {}
        for task in self._to_climb(incident):
            before = task.owner.name if task.owner else ""
            if task.after and task.after.done_at is None:
                task.climb_at = self.now + CLIMB
            elif self._hand(task) and task.owner:
                given.setdefault((before, task.owner.id), []).append(task)
            task.save(update_fields=["owner", "told", "climb_at"])
        for (before, _owner), tasks in given.items():
            to = tasks[0].owner.name if tasks[0].owner else ""
            record(incident, What.CLIMBED, now=self.now, titles=[task.title for task in tasks], to=to, late=before)
            self.post.handed_on(incident, tasks)

    # --- when to look again

    def next_check(self, incident: Incident) -> datetime | None:
        if not incident.is_running:
            return None
        climbs = Task.objects.filter(incident=incident, done_at__isnull=True).aggregate(first=Min("climb_at"))["first"]
        moments = [climbs]
        if not incident.restored_at:
            begun = self._marked(incident)
            minutes = (
                Level.objects.exclude(number__in=begun).filter(after_minutes__isnull=False).values_list("after_minutes", flat=True)
            )
            moments += [incident.detected_at + timedelta(minutes=m) for m in minutes if m is not None]
            if not incident.long_at:
                moments.append(incident.detected_at + timedelta(minutes=playbook.long_minutes(), seconds=1))
        return min((at for at in moments if at), default=None)


def to_confirm(incident: Incident) -> list[Site]:
    """The schools it concerns, and those that were handed paper, though they were taken out since."""
    held = PaperForm.objects.filter(incident=incident).values("site_id")
    here = affected(incident)
    return here + list(Site.objects.filter(id__in=held).exclude(id__in=[site.id for site in here]).order_by("name"))


def affected(incident: Incident) -> list[Site]:
    """The schools it concerns: those named, or all of them."""
    if incident.scope == Incident.Scope.DISTRICT:
        return list(Site.objects.filter(is_school=True).order_by("name"))
    return list(Site.objects.filter(id__in=incident.sites.values("site_id")).order_by("name"))
