"""The matrix, its processes, the steps that wait, and the address that feeds ping."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from districts.access import Actor, Can, may, require
from districts.links import absolute
from ownership import actions, forms, queries
from ownership.models import Step
from ownership.notices import rung_name


def actor_of(request: HttpRequest, can: Can = Can.READ) -> Actor:
    """Raises PermissionDenied for somebody signed in who does not work here."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    require(actor, can)
    return actor


@login_required
def matrix(request: HttpRequest) -> HttpResponse:
    """Who holds what, and whether it works."""
    actor_of(request)
    now = timezone.now()
    found = queries.matrix(now=now, zone=request.district.zone)  # type: ignore[attr-defined]
    return render(request, "ownership/matrix.html", {"matrix": found, "now": now})


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
    return render(
        request, "ownership/process.html",
        {"view": view, "process": view.row.process, "addresses": addresses, "now": now, "may_lead": may(actor, Can.LEAD)},
    )  # fmt: skip


@login_required
@require_POST
def drill(request: HttpRequest, slug: str) -> HttpResponse:
    """Leads test a ladder: everybody on it is told that this is a test."""
    actor = actor_of(request, Can.LEAD)
    row = queries.get_process(slug)
    empty = actions.drill(row, by=actor.person, now=timezone.now())
    if empty:
        names = ", ".join(rung_name(rung) for rung in empty)
        messages.error(request, _("The test did not pass. Nobody can be found for: %(rungs)s.") % {"rungs": names})
    else:
        messages.success(request, _("The ladder was tested: everybody on it was told that this was a test."))
    return redirect("process", slug)


@login_required
def steps(request: HttpRequest) -> HttpResponse:
    """What waits for me; for leads also what waits for everybody."""
    return _steps(request, actor_of(request))


def _steps(request: HttpRequest, actor: Actor, *, wrong: Step | None = None, form: forms.EvidenceForm | None = None) -> HttpResponse:
    may_lead = may(actor, Can.LEAD)
    everybody = may_lead and request.GET.get("whose") == "all"
    listed = queries.all_waiting if everybody else queries.waiting_for
    context: dict[str, Any] = {
        "waiting": queries.waiting_on(actor, wrong) if wrong else listed(actor), "everybody": everybody, "may_lead": may_lead,
        "now": timezone.now(), "wrong": wrong, "form": form,
    }  # fmt: skip
    return render(request, "ownership/steps.html", context, status=422 if wrong else 200)


@login_required
@require_POST
def step_done(request: HttpRequest, step_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    step = queries.get_step(actor, step_id)
    form = forms.EvidenceForm(request.POST)
    if not form.is_valid():
        return _steps(request, actor, wrong=step, form=form)
    if actor.person and not actions.complete(step.id, by=actor.person, evidence=form.cleaned_data["evidence"], now=timezone.now()):
        messages.info(request, _("Somebody was quicker: this step was done already."))
    else:
        messages.success(request, _("Done: %(step)s") % {"step": step.title})
    return _back(request)


@login_required
@require_POST
def acknowledge(request: HttpRequest, escalation_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    escalation = queries.get_escalation(actor, escalation_id)
    if actor.person and actions.acknowledge(escalation.id, by=actor.person, now=timezone.now()):
        messages.success(request, _("You have it. Nobody else is called until the first step is due."))
    else:
        messages.info(request, _("Nothing to acknowledge: somebody has it, or it is over."))
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To the page the form was on."""
    to = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(to, allowed_hosts=None) and to.startswith("/")
    return redirect(to if safe else reverse("steps"))


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ping(request: HttpRequest, token: str) -> HttpResponse:
    """A feed says that it ran. The token is all it needs; a token of another district is not known here."""
    if not token.isascii() or not token.isalnum():
        raise Http404
    feed = queries.feed_by_token(token[:33])
    body = b"" if request.method != "POST" else request.read(forms.MOST_BYTES + 1)
    if len(body) > forms.MOST_BYTES:
        return _plain(f"at most {forms.MOST_BYTES} bytes; nothing was written down", 413)
    try:
        said = forms.said(body)
    except forms.BadPing as error:
        return _plain(f"{error}; nothing was written down", 400)
    district = request.district  # type: ignore[attr-defined]
    actions.ping(feed, outcome=said.outcome, counts=said.counts, note=said.note, now=timezone.now(), district=district)
    return _plain("OK")


def _plain(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
