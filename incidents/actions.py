"""What people do in an outage: say what is known, set its scope, do a step and prove it, decide, restore, close."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from django.utils.translation import gettext as _

from districts.access import actor_for
from districts.jobs import nudge
from districts.models import Person, Site
from incidents import answering, gate
from incidents.happening import What, record
from incidents.levels import Mover, affected, held
from incidents.models import Decision, Incident, IncidentProcess, IncidentSite, IncidentSystem, Kind, Letter, Level, Task, Update
from incidents.saying import PRESSED, Typed, said_before
from incidents.tasks import sweep_district
from ownership.models import Process, System

State = Incident.State
LONGEST = 5_000
WHO = 120  # letters of a name
FEW = 5  # names said in one line
FINDINGS = 900  # the level under which what was learned stands
log = structlog.get_logger(__name__)


class NotYet(Exception):
    """It cannot be closed: the text says what is missing, `missing` who has it."""

    def __init__(self, missing: Sequence[gate.Missing]) -> None:
        super().__init__(_("It cannot be closed yet."))
        self.missing = missing


class Refused(ValueError):
    """The act does not fit; the text says what to do instead."""


def post(
    incident: Incident, *, audience: str, text: str, by: Person | None, now: datetime, versions: dict[str, str] | None = None,
    state: str = "", eta: datetime | None = None, keep_eta: bool = True, send: bool = True, typed: Typed | None = None,
) -> Update:  # fmt: skip
    """Say what is known. A public one is on the status page at once and goes to subscribers, once each; it may set state and time.

    `typed`: the form it comes from. Raises Meanwhile.
    """
    incident = held(incident.id)
    if same := said_before(incident, audience, typed):
        return same
    _change(incident, state=state, eta=incident.eta if keep_eta else eta, by=by, now=now)
    public = audience == Update.Audience.PUBLIC
    if public and incident.shown_at is None:
        incident.shown_at = now
        incident.save(update_fields=["shown_at"])
    key = typed.key if typed else None
    return _write(incident, audience=audience, text=text, versions=versions or {}, by=by, now=now, to_send=public and send, key=key)


def _write(incident: Incident, *, audience: str, text: str, versions: dict[str, str], by: Person | None, now: datetime, to_send: bool,
           solves: bool = False, key: UUID | None = None) -> Update:  # fmt: skip
    update: Update = Update.objects.create(
        incident=incident, audience=audience, state=incident.state, text=text[:LONGEST], versions=versions, eta=incident.eta,
        by=by, at=now, to_send=to_send, solves=solves, key=key,
    )  # fmt: skip
    record(incident, What.UPDATE, now=now, by=by, audience=audience, text=text[:300])
    if to_send:
        nudge(sweep_district)
    return update


def move_to(
    incident: Incident, *, state: str, by: Person | None, now: datetime, eta: datetime | None = None, keep_eta: bool = True
) -> Incident:
    """Another state, without words for anybody. To resolve is another act."""
    incident = held(incident.id)
    _change(incident, state=state, eta=incident.eta if keep_eta else eta, by=by, now=now)
    return incident


def _change(incident: Incident, *, state: str, eta: datetime | None, by: Person | None, now: datetime) -> None:
    state = state or incident.state
    if not incident.is_running:
        if state != incident.state:
            raise Refused(_("It is over. Declare another one if it happens again."))
        return
    if state == State.RESOLVED:
        raise Refused(_("Close it at the recovery gate, where everything is proved."))
    if eta != incident.eta:
        incident.eta = eta
        record(incident, What.ETA, now=now, by=by, eta=eta.isoformat() if eta else None)
    if state != incident.state:
        _enter(incident, state, by=by, now=now)
    incident.save()
    Mover(now).move(incident)


def _enter(incident: Incident, state: str, *, by: Person | None, now: datetime) -> None:
    if state == State.FALSE_ALARM and (stops := gate.no_false_alarm(incident)):
        raise Refused(stops)
    record(incident, What.STATE, now=now, by=by, state=state, before=incident.state)
    incident.state = state
    if state == State.FALSE_ALARM:
        incident.resolved_at, incident.check_at = now, None
        _close_steps(incident, _("It was a false alarm."), now=now)
    elif incident.confirmed_at is None and state != State.SUSPECTED:
        incident.confirmed_at = now
    if state == State.VALIDATING:
        _restored(incident, now=now)
    elif state != State.FALSE_ALARM:
        incident.restored_at = None


def _restored(incident: Incident, *, now: datetime) -> None:
    """What was proved before it broke once more is proved anew."""
    _close_steps(incident, _("It works again: not needed any more."), now=now, only=(Kind.DO, Kind.BACKUP))
    if incident.restored_at is None:
        incident.restored_at = now
        mover = Mover(now)
        mover.ask_again(incident)
        mover.ask_added(incident)


def _close_steps(incident: Incident, why: str, *, now: datetime, only: Sequence[str] = ()) -> None:
    """What nobody needs to do any more is closed with the reason, and with nobody's name. What proves the recovery stays."""
    after = Level.objects.filter(after_minutes__isnull=True).values_list("number", flat=True)
    rows = Task.objects.filter(incident=incident, done_at__isnull=True).exclude(kind=Kind.FINDING)
    rows = rows.filter(kind__in=only).exclude(level__in=list(after)) if only else rows
    rows.update(done_at=now, evidence=why, climb_at=None)


def set_scope(incident: Incident, *, scope: str, sites: Sequence[Site], by: Person | None, now: datetime, reason: str = "") -> None:
    """One school, several, or all. A school that is added once it works again is asked to confirm as the others are.

    To take a school out is a decision: it needs a reason, which stands in the log. What was asked of it before stays asked.
    """
    if scope != Incident.Scope.DISTRICT and not sites:
        raise Refused(_("Tick the schools that are affected."))
    if scope == Incident.Scope.SCHOOL and len(sites) > 1:
        scope = Incident.Scope.SEVERAL
    incident = held(incident.id)
    if not incident.is_running:
        raise Refused(_("It is over: its scope stands."))
    sites = () if scope == Incident.Scope.DISTRICT else sites
    _take_out(incident, [one.name for one in affected(incident) if sites and one not in sites], reason=reason, by=by, now=now)
    IncidentSite.objects.filter(incident=incident).exclude(site__in=list(sites)).delete()
    IncidentSite.objects.bulk_create([IncidentSite(incident=incident, site=site) for site in sites], ignore_conflicts=True)
    incident.scope = scope
    incident.save(update_fields=["scope"])
    record(incident, What.SCOPE, now=now, by=by, scope=scope, sites=[site.name for site in sites])
    if incident.restored_at:
        Mover(now).ask_added(incident)


def _take_out(incident: Incident, names: Sequence[str], *, reason: str, by: Person | None, now: datetime) -> None:
    if not names:
        return
    shown = ", ".join(names) if len(names) <= FEW else f"{', '.join(names[:FEW])} … ({len(names)})"
    if not reason.strip():
        raise Refused(_("Say why they are taken out: %(schools)s.") % {"schools": shown})
    _log(incident, _("Taken out of the outage: %(schools)s") % {"schools": shown}, reason.strip(), by=by, now=now)


def set_systems(
    incident: Incident, *, systems: Sequence[System], processes: Sequence[Process], by: Person | None, now: datetime
) -> None:
    """What is down, of the matrix."""
    incident = held(incident.id)
    IncidentSystem.objects.filter(incident=incident).exclude(system__in=list(systems)).delete()
    IncidentSystem.objects.bulk_create([IncidentSystem(incident=incident, system=one) for one in systems], ignore_conflicts=True)
    IncidentProcess.objects.filter(incident=incident).exclude(process__in=list(processes)).delete()
    rows = [IncidentProcess(incident=incident, process=one) for one in processes]
    IncidentProcess.objects.bulk_create(rows, ignore_conflicts=True)
    names = [system.name for system in systems] + [process.name for process in processes]
    record(incident, What.SCOPE, now=now, by=by, systems=names)


def describe(
    incident: Incident, *, title: str, seen: str, severity: str, cause: str, began_at: datetime, versions: dict[str, dict[str, str]],
    by: Person | None, now: datetime,
) -> None:  # fmt: skip
    """Its words, as people are to read them, and what staff know of the cause."""
    record(incident, What.WORDS, now=now, by=by, title=title[:160], before=incident.title)
    Incident.objects.filter(id=incident.id).update(
        title=title[:160], seen=seen[:600], severity=severity, cause=cause[:600], versions=versions,
        began_at=min(began_at, incident.detected_at),
    )  # fmt: skip


def take_command(incident: Incident, *, by: Person, now: datetime) -> None:
    incident = held(incident.id)
    incident.commander = by
    incident.save(update_fields=["commander"])
    record(incident, What.COMMANDER, now=now, by=by, name=by.name)


def complete(task_id: UUID, *, by: Person, evidence: str, now: datetime, said_by: str = "") -> bool:
    """Done, and this is how one can tell; of a decision, what was decided. False: it was done before. Raises Refused.

    `said_by`: who at the school said so, where somebody from elsewhere confirms for it.
    """
    evidence = evidence.replace("\0", "").strip()[:LONGEST]
    if not evidence:
        raise Refused(_("Say in a few words what was done, so that others can rely on it."))
    task = Task.objects.select_related("after", "site").get(id=task_id)
    said_by = _for_school(task, by, said_by.replace("\0", "").strip()[:WHO])
    incident = held(task.incident_id)
    if task.after and task.after.done_at is None:
        raise Refused(_("First: %(step)s") % {"step": task.after.title})
    if not Task.objects.filter(id=task.id, done_at__isnull=True).update(
        done_at=now, done_by=by, evidence=evidence, said_by=said_by, climb_at=None
    ):
        return False
    if task.kind == Kind.DECIDE:
        _log(incident, task.title, evidence, by=by, now=now, task=task)
    else:
        record(incident, What.DONE, now=now, by=by, title=task.title, evidence=evidence[:300], said_by=said_by)
    Mover(now).move(incident)
    return True


def _for_school(task: Task, by: Person, said_by: str) -> str:
    """Who at the school said so; empty where whoever confirms is of the school, or no school is asked. Raises Refused."""
    actor = actor_for(by)
    if not gate.may_confirm(actor, task):
        raise Refused(_("Somebody of %(school)s confirms this, or whoever leads here, for them.") % {"school": task.site})
    if not gate.asks_who(actor, task):
        return ""
    if not said_by:
        raise Refused(_("Write who at %(school)s said so.") % {"school": task.site})
    return said_by


def decide(incident: Incident, *, question: str, answer: str, by: Person, now: datetime) -> Decision:
    """One more decision for the log, that no step asked for; pressed twice, it is one."""
    incident = held(incident.id)
    lately = Decision.objects.filter(incident=incident, task__isnull=True, by=by, at__gt=now - PRESSED)
    same: Decision | None = lately.filter(question=question[:300], answer=answer[:LONGEST]).first()
    return same or _log(incident, question, answer, by=by, now=now)


def _log(incident: Incident, question: str, answer: str, *, by: Person | None, now: datetime, task: Task | None = None) -> Decision:
    row: Decision = Decision.objects.create(
        incident=incident, task=task, question=question[:300], answer=answer[:LONGEST], by=by, at=now
    )
    record(incident, What.DECIDED, now=now, by=by, question=question[:300], answer=answer[:300])
    return row


def resolve(
    incident: Incident, *, by: Person, now: datetime, override: str = "", text: str = "", versions: dict[str, str] | None = None,
    to_askers: str = "", asker_versions: dict[str, str] | None = None,
) -> Incident:  # fmt: skip
    """Over: only when nothing is missing. `override`: a leader's reason to close it all the same, which stands for everybody to read.

    `text`: the last words on the status page; `to_askers`: the answer to every linked ticket, which resolves it. Raises NotYet.
    """
    incident = held(incident.id)
    if not incident.is_running:
        return incident
    lacking = gate.missing(incident)
    if lacking and not override.strip():
        raise NotYet(lacking)
    if lacking:
        incident.override_reason, incident.override_by = override.strip()[:600], by
        record(incident, What.OVERRIDDEN, now=now, by=by, reason=incident.override_reason, missing=[one.what for one in lacking])
        _close_steps(incident, _("Closed before it was proved: %(why)s") % {"why": incident.override_reason}, now=now)
    record(incident, What.STATE, now=now, by=by, state=State.RESOLVED, before=incident.state)
    incident.state, incident.resolved_at, incident.check_at = State.RESOLVED, now, None
    incident.restored_at = incident.restored_at or now
    incident.save()
    Task.objects.filter(incident=incident, done_at__isnull=True).exclude(kind=Kind.FINDING).update(climb_at=None)
    if incident.shown_at:
        said = text.strip() or _("This is over.")
        _write(incident, audience=Update.Audience.PUBLIC, text=said, versions=versions or {}, by=by, now=now, to_send=True)
    if to_askers.strip():
        answer(incident, text=to_askers, versions=asker_versions or {}, by=by, now=now, solves=True)
    return incident


def answer(
    incident: Incident, *, text: str, by: Person | None, now: datetime, versions: dict[str, str] | None = None, solves: bool = False,
    typed: Typed | None = None,
) -> int:  # fmt: skip
    """One message to everybody who asked about it, each in their language where it is given, each once; returns how many wait.

    `typed`: the form it comes from. Raises Meanwhile.
    """
    incident = held(incident.id)
    if same := said_before(incident, Update.Audience.ASKERS, typed):
        return int(Letter.objects.filter(update=same, kept_back="").count())
    update = _write(
        incident, audience=Update.Audience.ASKERS, text=text, versions=versions or {}, by=by, now=now, to_send=False, solves=solves,
        key=typed.key if typed else None,
    )  # fmt: skip
    count = answering.queue_letters(update, now=now)
    record(incident, What.ANSWERED, now=now, by=by, count=count, solves=solves)
    nudge(sweep_district)
    return count


def plan_changed(
    level: Level, *, taken: Sequence[str], reason: str, running: Sequence[Incident], by: Person | None, now: datetime
) -> None:
    """It stands in what runs; what was taken from the recovery gate is a decision with its reason. Raises Refused."""
    if taken and running and not reason.strip():
        raise Refused(_("An outage runs. Say why its recovery gate is to do without: %(steps)s") % {"steps": "; ".join(taken)})
    for incident in running:
        record(incident, What.PLAN, now=now, by=by, level=level.number, name=level.name)
        if taken:
            asked = _("Taken out of the recovery gate: %(steps)s") % {"steps": "; ".join(taken)}
            _log(incident, asked, reason.strip(), by=by, now=now)


def add_finding(incident: Incident, *, text: str, owner: Person | None, due_at: datetime | None, by: Person, now: datetime) -> Task:
    """What was learned becomes a step that somebody has."""
    incident = held(incident.id)
    order = Task.objects.filter(incident=incident, level=FINDINGS).count()
    row: Task = Task.objects.create(
        incident=incident, kind=Kind.FINDING, level=FINDINGS, order=order, title=text[:300], owner=owner, due_at=due_at, made_at=now,
        told=[str(owner.id)] if owner else [],
    )  # fmt: skip
    if owner and owner.id != by.id:
        Mover(now).post.asked(incident, row, key="finding", wakes=False)
    return row


def edit_finding(task: Task, *, text: str, owner: Person | None, due_at: datetime | None) -> None:
    Task.objects.filter(id=task.id, kind=Kind.FINDING, done_at__isnull=True).update(title=text[:300], owner=owner, due_at=due_at)
