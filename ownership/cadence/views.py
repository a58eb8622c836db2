"""The checkpoint of a week, those before, and simulations."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from delivery.models import Delivery
from districts.access import Can, may, require
from districts.editing import actor_of
from districts.models import Person
from ownership.cadence import checkpoints, found, simulating
from ownership.cadence.figures import Body
from ownership.cadence.forms import MeetingForm, NotesForm, SimulationForm
from ownership.cadence.gathering import gather
from ownership.models import Checkpoint, Simulation
from ownership.playbooks.findings import begin_findings

SHOWN = 26  # half a year
WEEK = timedelta(days=7)


def _reader(request: HttpRequest, can: Can = Can.READ) -> Person | None:
    """Raises PermissionDenied."""
    actor = actor_of(request)
    require(actor, can)
    return actor.person


@login_required
@require_safe
def now(request: HttpRequest) -> HttpResponse:
    """The next one as it would be written at this moment, and those before."""
    _reader(request)
    at = timezone.now()
    last = Checkpoint.objects.filter(written_at__isnull=False).order_by("-meets_at").first()
    body = gather(since=(last.written_at or last.meets_at) if last else at - WEEK, now=at)
    earlier = Checkpoint.objects.filter(written_at__isnull=False).order_by("-meets_at")[:SHOWN]
    context = {"row": None, "body": body, "meets_at": checkpoints.upcoming(at), "earlier": earlier, "last": last}
    return _page(request, context, at)


@login_required
@require_safe
def checkpoint(request: HttpRequest, checkpoint_id: UUID) -> HttpResponse:
    """One as it was written."""
    _reader(request)
    row = _row(checkpoint_id)
    before = Checkpoint.objects.filter(meets_at__lt=row.meets_at, written_at__isnull=False).order_by("-meets_at").first()
    context = {"row": row, "body": Body.read(row.body), "meets_at": row.meets_at, "last": before, "earlier": []}
    return _page(request, context, timezone.now())


def _page(request: HttpRequest, context: dict[str, Any], at: datetime) -> HttpResponse:
    body: Body = context["body"]
    context |= {
        "headline": checkpoints.headline(body), "now": at, "since": datetime.fromisoformat(body.since) if body.since else None,
        "may_lead": may(actor_of(request), Can.LEAD),
    }  # fmt: skip
    return render(request, "ownership/cadence/checkpoint.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def when(request: HttpRequest) -> HttpResponse:
    """Leads choose day and time of the week."""
    _reader(request, Can.LEAD)
    form = MeetingForm(request.POST if request.method == "POST" else None, meeting=checkpoints.chosen())
    if form.is_valid():
        changed = checkpoints.choose(form.meeting(), now=timezone.now())
        messages.success(request, _("Saved.")) if changed else messages.info(request, _("Nothing was different."))
        return redirect("checkpoint_now")
    return render(request, "ownership/cadence/when.html", {"form": form}, status=422 if form.errors else 200)


@login_required
@require_POST
def note(request: HttpRequest, checkpoint_id: UUID) -> HttpResponse:
    """What was agreed: leads write it down."""
    me = _reader(request, Can.LEAD)
    row, form = _row(checkpoint_id), NotesForm(request.POST)
    if me and form.is_valid():
        changed = checkpoints.note(row.id, words=form.cleaned_data["notes"], by=me, now=timezone.now())
        messages.success(request, _("Saved.")) if changed else messages.info(request, _("Nothing was different."))
    return redirect("checkpoint", row.id)


def _row(checkpoint_id: UUID) -> Checkpoint:
    """Raises Http404, also for one that is not written yet."""
    row: Checkpoint | None = Checkpoint.objects.filter(id=checkpoint_id, written_at__isnull=False).select_related("noted_by").first()
    if row is None:
        raise Http404
    return row


# --- simulations --------------------------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def simulations(request: HttpRequest) -> HttpResponse:
    """Leads let something go wrong on a clock of its own; nobody is told."""
    me = _reader(request, Can.LEAD)
    at = timezone.now()
    form = SimulationForm(request.POST if request.method == "POST" else None, starts_at=_soon(request, at))
    if me and form.is_valid():
        data = form.cleaned_data
        try:
            row = simulating.simulate(
                form.injected(), name=data["name"], starts_at=data["starts_at"], hours=data["hours"], by=me, now=at
            )
        except simulating.NothingToTry as error:
            form.add_error("feeds", str(error))
        else:
            return redirect("simulation", row.id)
    rows = Simulation.objects.select_related("by").order_by("-at")[:SHOWN]
    context = {"form": form, "rows": rows, "now": at}
    return render(request, "ownership/cadence/simulations.html", context, status=422 if form.errors else 200)


def _soon(request: HttpRequest, at: datetime) -> datetime:
    """Tomorrow at noon, on the district's clock."""
    zone = request.district.zone  # type: ignore[attr-defined]
    return (at.astimezone(zone) + timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)


@login_required
@require_safe
def simulation(request: HttpRequest, simulation_id: UUID) -> HttpResponse:
    _reader(request, Can.LEAD)
    row = _simulation(simulation_id)
    labels = dict(Delivery.Channel.choices)
    told = [
        {**line, "at": datetime.fromisoformat(line["at"]), "by": [str(labels.get(way, way)) for way in line["by"]]} for line in row.told
    ]
    context = {
        "row": row, "told": told, "findings": [(found.words(one), found.mend(one), one) for one in row.findings], "now": timezone.now(),
    }  # fmt: skip
    return render(request, "ownership/cadence/simulation.html", context)


@login_required
@require_POST
def findings_to_steps(request: HttpRequest, simulation_id: UUID) -> HttpResponse:
    """What was found becomes owned steps."""
    me = _reader(request, Can.LEAD)
    row = _simulation(simulation_id, held=True)
    if me and row.findings and row.run_id is None:
        named = [(found.mend(one), found.words(one), str(one["process"])) for one in row.findings]
        row.run = begin_findings(_("Found by “%(name)s”") % {"name": row.name}, named, by=me, now=timezone.now())
        row.save(update_fields=["run"])
        messages.success(request, _("Each finding is somebody's step now."))
    return redirect("simulation", row.id)


def _simulation(simulation_id: UUID, *, held: bool = False) -> Simulation:
    """Raises Http404."""
    rows = Simulation.objects.select_for_update(of=("self",), no_key=True) if held else Simulation.objects.all()
    row: Simulation | None = rows.select_related("by").filter(id=simulation_id).first()
    if row is None:
        raise Http404
    return row
