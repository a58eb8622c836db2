"""The matrix, its processes, the steps that wait, and the address that feeds ping."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from districts.access import Actor, Can, may, require
from districts.links import absolute
from districts.models import Person
from ownership import actions, forms, queries
from ownership.feeds.checks import may_sign, to_sign
from ownership.holds import queries as holds
from ownership.ladders import rehearsal
from ownership.ladders.climbing import ladder_of
from ownership.ladders.notices import clock
from ownership.models import Escalation, Step, StepFile
from ownership.playbooks import reading
from tickets import files
from tickets.models import Attachment

A_PAGE, LADDERS_A_PAGE = 50, 20


def actor_of(request: HttpRequest, can: Can = Can.READ) -> Actor:
    """Raises PermissionDenied for somebody signed in who does not work here."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    require(actor, can)
    return actor


@login_required
def matrix(request: HttpRequest) -> HttpResponse:
    """Who holds what, and whether it works; of one state, where the address names it."""
    actor_of(request)
    now = timezone.now()
    found = queries.matrix(now=now, zone=request.district.zone)  # type: ignore[attr-defined]
    state = request.GET.get("state", "")
    page = Paginator(found.in_state(state), A_PAGE).get_page(request.GET.get("page"))
    return render(request, "ownership/matrix.html", {"matrix": found, "page": page, "state": state, "now": now})


@login_required
def process(request: HttpRequest, slug: str) -> HttpResponse:
    """One row of the matrix, with all that stands behind it."""
    actor = actor_of(request)
    now = timezone.now()
    district = request.district  # type: ignore[attr-defined]
    view = queries.process_view(slug, actor, now=now, zone=district.zone)
    addresses = {}
    if actor.is_admin:
        addresses = {feed.id: absolute(district, reverse("ping", args=[feed.token])) for feed in view.row.feeds}
    signs = may(actor, Can.LEAD) or may_sign(actor.person, view.row.process)
    return render(
        request, "ownership/process.html",
        {"view": view, "process": view.row.process, "addresses": addresses, "now": now, "may_lead": may(actor, Can.LEAD),
         "pauses": forms.PAUSES, "services": queries.service_names(view.row.process), "holds": holds.waiting_of(view.row.process),
         "to_sign": to_sign(view.row.feeds, now=now) if signs else set()},
    )  # fmt: skip


@login_required
@require_POST
def drill(request: HttpRequest, slug: str) -> HttpResponse:
    """Leads test the ladder of a process."""
    actor = actor_of(request, Can.LEAD)
    row = queries.get_process(slug)
    assert actor.person is not None  # machines have no session
    loud = request.POST.get("loud") == "yes"
    test = rehearsal.rehearse(ladder_of(row), process=row, by=actor.person, loud=loud, now=timezone.now())
    return redirect("ladder_test", test.ladder.slug, test.id)


@login_required
def steps(request: HttpRequest) -> HttpResponse:
    """What waits for me; for leads also what waits for everybody."""
    return _steps(request, actor_of(request))


def _steps(request: HttpRequest, actor: Actor, *, wrong: Step | None = None, form: forms.EvidenceForm | None = None) -> HttpResponse:
    may_lead = may(actor, Can.LEAD)
    everybody = may_lead and request.GET.get("whose") == "all"
    listed = queries.all_waiting if everybody else queries.waiting_for
    waiting = queries.waiting_on(actor, wrong) if wrong else listed(actor)
    owed = [] if wrong else reading.owed(actor, now=timezone.now(), everybody=everybody)
    every: list[queries.Open | reading.RunView] = [*waiting, *owed]
    # A notice leads to one of their own by its place on the page: those are never on a second one.
    page = Paginator(every, LADDERS_A_PAGE if everybody else max(len(every), 1)).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "waiting": [one for one in page if isinstance(one, queries.Open)], "count": len(waiting), "page": page,
        "owed": [one for one in page if isinstance(one, reading.RunView)], "everybody": everybody, "may_lead": may_lead,
        "now": timezone.now(), "wrong": wrong, "form": form, "pauses": forms.PAUSES,
        "back": _came_from(request).partition("#")[0] if wrong else "",
    }  # fmt: skip
    return render(request, "ownership/steps.html", context, status=422 if wrong else 200)


@login_required
@require_POST
def step_done(request: HttpRequest, step_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    step = queries.get_step(actor, step_id)
    form = forms.EvidenceForm(request.POST, request.FILES, proof=step.proof)
    done = form.is_valid() and actor.person and _complete(step, form, actor.person)
    if not form.is_valid():
        return _steps(request, actor, wrong=step, form=form)
    if done:
        messages.success(request, _("Done: %(step)s") % {"step": step.title})
    else:
        messages.info(request, _("Somebody was quicker: this step was done already."))
    return _back(request)


def _complete(step: Step, form: forms.EvidenceForm, person: Person) -> bool:
    """False: it was done before, or the form says now what is wrong."""
    try:
        kept = [files.store(file.name, file) for file in form.cleaned_data["proofs"]]
        return actions.complete(step.id, by=person, evidence=form.cleaned_data["evidence"], files=kept, now=timezone.now())
    except files.Refused as error:
        form.add_error("proofs", str(error))
    except actions.EvidenceMissing as error:
        form.add_error("evidence", str(error))
    return False


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step_give(request: HttpRequest, step_id: UUID) -> HttpResponse:
    """Somebody else shall do it."""
    actor = actor_of(request)
    step = queries.get_step(actor, step_id)
    form = forms.GiveForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and actor.person:
        to = form.cleaned_data["to"]
        if actions.reassign(step.id, to=to, by=actor.person, now=timezone.now()):
            messages.success(request, _("%(name)s has it now, and is told.") % {"name": to.name})
        else:
            messages.info(request, _("Nothing was different."))
        return _back(request)
    context = {"step": step, "form": form, "now": timezone.now(), "back": _came_from(request)}
    return render(request, "ownership/give.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
def step_file(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """What somebody gave as proof: to those who may act on its ladder, to be saved."""
    actor = actor_of(request)
    found = StepFile.objects.select_related("step").filter(id=file_id).first()
    if found is None:
        raise Http404
    queries.get_escalation(actor, found.step.escalation_id)
    try:
        data = files.read(Attachment(path=found.path))
    except (FileNotFoundError, ValueError):
        raise Http404 from None
    response = HttpResponse(data, content_type=found.content_type)
    response["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


@login_required
@require_POST
def acknowledge(request: HttpRequest, escalation_id: UUID) -> HttpResponse:
    person, escalation = _in_hand(request, escalation_id)
    if person and actions.acknowledge(escalation.id, by=person, now=timezone.now()):
        messages.success(request, _("You have it. Nobody else is called until the first step is due."))
    else:
        messages.info(request, _("Nothing to acknowledge: somebody has it, or it is over."))
    return _back(request)


@login_required
@require_POST
def snooze(request: HttpRequest, escalation_id: UUID) -> HttpResponse:
    person, escalation = _in_hand(request, escalation_id)
    form, now = forms.SnoozeForm(request.POST), timezone.now()
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return _back(request)
    until = now + timedelta(minutes=form.cleaned_data["minutes"])
    said = _("Put off until %(time)s. It comes back by itself.") % {"time": clock(until)}
    return _acted(request, lambda: actions.snooze(escalation.id, by=person, until=until, why=form.cleaned_data["why"], now=now), said)


@login_required
@require_POST
def raise_now(request: HttpRequest, escalation_id: UUID) -> HttpResponse:
    person, escalation = _in_hand(request, escalation_id)
    why, now = request.POST.get("why", ""), timezone.now()
    return _acted(request, lambda: actions.raise_now(escalation.id, by=person, why=why, now=now), _("The next rung was sent for."))


@login_required
@require_POST
def skip(request: HttpRequest, escalation_id: UUID) -> HttpResponse:
    person, escalation = _in_hand(request, escalation_id)
    why, now = request.POST.get("why", ""), timezone.now()
    return _acted(request, lambda: actions.skip(escalation.id, by=person, why=why, now=now), _("The next rung is left out."))


def _in_hand(request: HttpRequest, escalation_id: UUID) -> tuple[Person, Escalation]:
    """Raises Http404 or PermissionDenied."""
    actor = actor_of(request)
    escalation = queries.get_escalation(actor, escalation_id)
    assert actor.person is not None  # whoever may act on a ladder is a person
    return actor.person, escalation


def _acted(request: HttpRequest, act: Callable[[], bool], said: str) -> HttpResponse:
    try:
        if act():
            messages.success(request, said)
        else:
            messages.info(request, _("It is over: nothing is to be done."))
    except actions.NotNow as error:
        messages.error(request, str(error))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To the page the form was on."""
    return redirect(_came_from(request) or reverse("steps"))


def _came_from(request: HttpRequest) -> str:
    """A path of this host, or empty."""
    to = request.POST.get("next") or request.GET.get("next", "")
    return to if url_has_allowed_host_and_scheme(to, allowed_hosts=None) and to.startswith("/") else ""
