"""Playbooks that are kept, their runs, and what is done on a run."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.access import Actor, Can, may, require
from districts.editing import actor_of
from districts.links import absolute
from districts.models import Person
from ownership.forms import EvidenceForm, GiveForm
from ownership.models import Playbook, PlaybookRun, RunStep
from ownership.playbooks import line, opening, reading, running, usual
from ownership.playbooks.forms import StartForm
from ownership.playbooks.reading import RunView
from tickets import files
from tickets.models import Attachment

FOLDER = "ownership/playbooks"


def _staff(request: HttpRequest, can: Can = Can.READ) -> Actor:
    """Raises PermissionDenied for somebody signed in who does not work here."""
    actor = actor_of(request)
    require(actor, can)
    return actor


def _person(actor: Actor) -> Person:
    """Machines open no page."""
    if actor.person is None:
        raise PermissionDenied
    return actor.person


@login_required
@require_safe
def playbooks(request: HttpRequest) -> HttpResponse:
    """What runs, and what is kept."""
    actor, now = _staff(request), timezone.now()
    kept = list(reading.kept())
    there = {playbook.slug for playbook in kept}
    context = {
        "running": reading.running(actor, now=now), "over": reading.over(actor, now=now), "kept": kept, "now": now,
        "usual": [one for one in usual.ALL if one.slug not in there], "may_lead": may(actor, Can.LEAD),
        "may_edit": may(actor, Can.ADMIN),
    }  # fmt: skip
    return render(request, f"{FOLDER}/list.html", context)


@login_required
@require_safe
def kept(request: HttpRequest, slug: str) -> HttpResponse:
    actor = _staff(request)
    playbook = reading.get_playbook(slug)
    steps = playbook.steps.select_related("role", "team").order_by("order")
    context = {"playbook": playbook, "steps": steps, "may_lead": may(actor, Can.LEAD), "may_edit": may(actor, Can.ADMIN)}
    return render(request, f"{FOLDER}/kept.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, slug: str) -> HttpResponse:
    """Leads begin a playbook."""
    actor = _staff(request, Can.LEAD)
    playbook = reading.get_playbook(slug, lock=request.method == "POST")
    if not playbook.active:
        raise Http404
    given = {"ticket": request.GET.get("ticket", "")[:12]}
    form = StartForm(request.POST if request.method == "POST" else None, playbook=playbook, actor=actor, initial=given)
    if form.is_valid():
        told = form.cleaned_data
        if again := reading.just_begun(playbook, told["title"], by=_person(actor), now=timezone.now()):
            messages.info(request, _("It runs already."))
            return redirect("playbook_run", again.id)
        try:
            begun = _begin(playbook, form, by=_person(actor))
            messages.success(request, _("It runs. Owners of the first steps are told."))
            return redirect("playbook_run", begun.id)
        except running.NotNow as error:
            form.add_error(None, str(error))
    return render(request, f"{FOLDER}/start.html", {"playbook": playbook, "form": form}, status=422 if form.errors else 200)


def _begin(playbook: Playbook, form: StartForm, *, by: Person) -> PlaybookRun:
    """Raises running.NotNow."""
    told, now = form.cleaned_data, timezone.now()
    if told.get("opens"):
        return opening.begin(playbook, title=told["title"], person=told["person"], by=by, facts=form.facts(), now=now)
    return running.begin(
        playbook, title=told["title"], by=by, person=told.get("person"), ticket=told["ticket"], facts=form.facts(), now=now
    )


# --- a run ------------------------------------------------------------------------------------------------------------


@login_required
@require_safe
@never_cache
def run(request: HttpRequest, run_id: UUID) -> HttpResponse:
    actor = _staff(request)
    return _run(request, actor, reading.get_run(actor, run_id, now=timezone.now()))


def _run(request: HttpRequest, actor: Actor, view: RunView, **more: Any) -> HttpResponse:
    district = request.district  # type: ignore[attr-defined]
    address = absolute(district, line.path(view.run)) if view.run.playbook.line and view.may_act else ""
    context = {
        "view": view, "run": view.run, "now": view.now, "history": reading.history(view), "may_lead": may(actor, Can.LEAD),
        "address": address, **more,
    }  # fmt: skip
    return render(request, f"{FOLDER}/run.html", context, status=422 if more else 200)


@login_required
@require_POST
def step_done(request: HttpRequest, step_id: UUID) -> HttpResponse:
    actor = _staff(request)
    view, step = reading.get_step(actor, step_id, now=timezone.now())
    form = EvidenceForm(request.POST, request.FILES, proof=step.proof)
    done = form.is_valid() and _complete(step, form, _person(actor))
    if not form.is_valid():
        return _run(request, actor, view, wrong=step, form=form)
    if done:
        messages.success(request, _("Done: %(step)s") % {"step": step.title})
    else:
        messages.info(request, _("Somebody was quicker: this step was done already."))
    return _back(request, view)


def _complete(step: RunStep, form: EvidenceForm, person: Person) -> bool:
    """False: it was done before, or the form says now what is wrong."""
    try:
        kept_files = [files.store(file.name, file) for file in form.cleaned_data["proofs"]]
        said = form.cleaned_data["evidence"]
        return running.complete(step.id, by=person, evidence=said, files=kept_files, now=timezone.now())
    except files.Refused as error:
        form.add_error("proofs", str(error))
    except (running.EvidenceMissing, running.NotNow) as error:
        form.add_error("evidence", str(error))
    return False


@login_required
@require_POST
def step_skip(request: HttpRequest, step_id: UUID) -> HttpResponse:
    actor = _staff(request)
    view, step = reading.get_step(actor, step_id, now=timezone.now())
    why, person = request.POST.get("why", ""), _person(actor)
    return _acted(
        request, view, lambda: running.skip(step.id, by=person, why=why, now=timezone.now()), _("Left out, and it is written why.")
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step_give(request: HttpRequest, step_id: UUID) -> HttpResponse:
    """Somebody else shall do it."""
    actor = _staff(request)
    view, step = reading.get_step(actor, step_id, now=timezone.now())
    form = GiveForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        to = form.cleaned_data["to"]
        if running.give(step.id, to=to, by=_person(actor), now=timezone.now()):
            messages.success(request, _("%(name)s has it now, and is told.") % {"name": to.name})
        else:
            messages.info(request, _("Nothing was different."))
        return _back(request, view)
    context = {"step": step, "run": view.run, "form": form, "now": timezone.now(), "back": _came_from(request)}
    return render(request, f"{FOLDER}/give.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def sign(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Leads sign what is gated."""
    actor = _staff(request, Can.LEAD)
    view = reading.get_run(actor, run_id, now=timezone.now(), act=True)
    written, person = request.POST.get("written", ""), _person(actor)
    return _acted(
        request, view, lambda: running.sign(view.run.id, by=person, written=written, now=timezone.now()), _("Signed. It is over.")
    )


@login_required
@require_POST
def stop(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Leads end it before every step is done."""
    actor = _staff(request, Can.LEAD)
    view = reading.get_run(actor, run_id, now=timezone.now(), act=True)
    why, person = request.POST.get("why", ""), _person(actor)
    return _acted(request, view, lambda: running.stop(view.run.id, by=person, why=why, now=timezone.now()), _("It is ended."))


@login_required
@require_safe
@never_cache
def step_file(request: HttpRequest, file_id: UUID) -> HttpResponse:
    """What somebody gave as proof: to those who may act on its run, to be saved."""
    found = reading.get_file(_staff(request), file_id, now=timezone.now())
    try:
        data = files.read(Attachment(path=found.path))
    except (FileNotFoundError, ValueError):
        raise Http404 from None
    response = HttpResponse(data, content_type=found.content_type)
    response["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _acted(request: HttpRequest, view: RunView, act: Callable[[], bool], said: str) -> HttpResponse:
    try:
        if act():
            messages.success(request, said)
        else:
            messages.info(request, _("Nothing was different: somebody was quicker, or it is over."))
    except running.NotNow as error:
        messages.error(request, str(error))
    return _back(request, view)


def _back(request: HttpRequest, view: RunView) -> HttpResponse:
    """To the page the form was on."""
    return redirect(_came_from(request) or reverse("playbook_run", args=[view.run.id]))


def _came_from(request: HttpRequest) -> str:
    """A path of this host, or empty."""
    to = request.POST.get("next") or request.GET.get("next", "")
    return to if url_has_allowed_host_and_scheme(to, allowed_hosts=None) and to.startswith("/") else ""
