"""Administrators keep playbooks: take one of ours, write one, change its steps."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from districts.editing import for_administrators, row_or_404
from ownership.models import Playbook, PlaybookStep
from ownership.playbooks import keeping, reading, usual
from ownership.playbooks.forms import PlaybookForm, StepForm

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])
FOLDER = "ownership/playbooks"


@for_administrators
@require_POST
def use(request: HttpRequest, slug: str) -> HttpResponse:
    """A playbook of ours becomes the district's own."""
    if slug not in usual.BY_SLUG:
        raise Http404
    made = usual.make(usual.BY_SLUG[slug])
    messages.success(request, _("%(name)s is yours now. Look through its steps.") % {"name": made.name})
    return redirect("playbook_edit", made.slug)


@for_administrators
@ONE_FORM
def new(request: HttpRequest) -> HttpResponse:
    form = PlaybookForm(request.POST if request.method == "POST" else None, playbook=None)
    if form.is_valid():
        made = keeping.save_playbook(None, form.values(), now=timezone.now())
        messages.success(request, _("%(name)s is made. Add its first step.") % {"name": made.name})
        return redirect("playbook_kept_step_new", made.slug)
    return render(request, f"{FOLDER}/edit.html", {"form": form, "playbook": None}, status=422 if form.errors else 200)


@for_administrators
@ONE_FORM
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    playbook = reading.get_playbook(slug, lock=request.method == "POST")
    form = PlaybookForm(request.POST if request.method == "POST" else None, playbook=playbook)
    if form.is_valid():
        now, processes = timezone.now(), form.chosen()
        if form.has_changed():
            keeping.save_playbook(playbook, form.values(), now=now)
        if processes is not None:
            keeping.begins_for(playbook, processes)
        messages.success(request, _("Saved.")) if form.has_changed() else messages.info(request, _("Nothing was different."))
        return redirect("playbook_edit", slug)
    steps = playbook.steps.select_related("role", "team").order_by("order")
    return render(
        request, f"{FOLDER}/edit.html", {"form": form, "playbook": playbook, "steps": steps}, status=422 if form.errors else 200
    )  # fmt: skip


@for_administrators
@ONE_FORM
def step(request: HttpRequest, slug: str, step_id: UUID | None = None) -> HttpResponse:
    playbook = reading.get_playbook(slug, lock=request.method == "POST")
    rows = PlaybookStep.objects.filter(playbook=playbook).select_related("role", "team")
    row = row_or_404(rows, step_id, request)
    others = [other for other in rows.order_by("order") if row is None or other.id != row.id]
    form = StepForm(request.POST if request.method == "POST" else None, step=row, others=others)
    if form.is_valid():
        try:
            keeping.save_step(playbook, row, form.values(), now=timezone.now())
            messages.success(request, _("Saved. What runs already keeps its steps."))
            return redirect("playbook_edit", slug)
        except keeping.Circle as error:
            orders = " → ".join(str(order) for order in error.orders)
            form.add_error("after", _("These would wait for one another, and nobody could begin: %(steps)s") % {"steps": orders})
    context = {"form": form, "playbook": playbook, "step": row}
    return render(request, f"{FOLDER}/edit_step.html", context, status=422 if form.errors else 200)


def _held(request: HttpRequest, slug: str, step_id: UUID) -> tuple[Playbook, PlaybookStep]:
    """Both rows, until the end of the request. Raises Http404."""
    playbook = reading.get_playbook(slug, lock=True)
    row = row_or_404(PlaybookStep.objects.filter(playbook=playbook), step_id, request)
    assert row is not None  # an id was given
    return playbook, row


@for_administrators
@require_POST
def step_move(request: HttpRequest, slug: str, step_id: UUID) -> HttpResponse:
    playbook, row = _held(request, slug, step_id)
    if not keeping.move_step(playbook, row.id, up=request.POST.get("to") == "up", now=timezone.now()):
        messages.info(request, _("Nothing was different."))
    return redirect("playbook_edit", slug)


@for_administrators
@require_POST
def step_remove(request: HttpRequest, slug: str, step_id: UUID) -> HttpResponse:
    playbook, row = _held(request, slug, step_id)
    keeping.remove_step(playbook, row.id, now=timezone.now())
    messages.success(request, _("The step is taken away. What runs already keeps it."))
    return redirect("playbook_edit", slug)
