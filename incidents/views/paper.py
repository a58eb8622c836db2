"""Paper mode: hand out numbered forms, print them, and account for each number."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from districts.models import Site
from incidents import forms, paper, queries
from incidents.levels import affected
from incidents.models import Incident, PaperForm, PaperKind
from incidents.views.doors import actor_of, staff_only

MOST_PRINTED = 500


@staff_only
def papers(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    return _page(request, queries.get_incident(incident_id), where=request.GET.get("at", ""))


def _page(
    request: HttpRequest, incident: Incident, *, form: forms.PaperForm | None = None, problem: str = "", where: str = ""
) -> HttpResponse:
    """`where`: the sheet that was worked on, so that it stays open; `problem`: what is wrong with the numbers typed for it."""
    sheets = paper.sheets(incident)
    context = {
        "incident": incident, "sheets": sheets, "problem": problem, "where": where,
        "form": form or forms.PaperForm(schools=affected(incident)), "kinds": PaperKind.objects.order_by("order"),
        "forms": sum(len(sheet.forms) for sheet in sheets), "open": sum(len(sheet.open) for sheet in sheets), "typed": request.POST,
    }  # fmt: skip
    return render(request, "incidents/paper.html", context, status=422 if problem or form else 200)


@staff_only
@require_POST
def issue(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    incident = queries.get_incident(incident_id)
    form = forms.PaperForm(request.POST, schools=affected(incident))
    if not form.is_valid():
        return _page(request, incident, form=form)
    given = form.cleaned_data
    try:
        made = paper.issue(
            incident, kind=given["kind"], site=given["site"], count=given["count"], by=actor_of(request).person, now=timezone.now()
        )  # fmt: skip
    except paper.BadNumbers as bad:
        form.add_error(None, str(bad))
        return _page(request, incident, form=form)
    said = _("%(first)s to %(last)s are for %(site)s: print them now.")
    messages.success(request, said % {"first": made[0].code, "last": made[-1].code, "site": given["site"]})
    return _back(incident, f"{given['site'].id}{given['kind'].id}")


@staff_only
@require_POST
def settle(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    incident = queries.get_incident(incident_id)
    form = forms.SettleForm(request.POST)
    if not form.is_valid():
        return _page(request, incident, problem=_("Type the numbers, for example: 12-18, 21"), where=_where(request))
    given = form.cleaned_data
    try:
        changed = paper.settle(
            incident, kind=given["kind"], site=given["site"], numbers=_typed(given), state=given["state"],
            reason=given["reason"], by=actor_of(request).person, now=timezone.now(),
        )  # fmt: skip
    except paper.BadNumbers as bad:
        return _page(request, incident, problem=str(bad), where=_where(request))
    said = ngettext("%(n)d form is written down.", "%(n)d forms are written down.", changed) % {"n": changed}
    messages.success(request, said)
    return _back(incident, _where(request))


def _typed(given: dict[str, Any]) -> list[int]:
    return paper.read_numbers(given["numbers"], letter=given["kind"].letter)


def _back(incident: Incident, where: str) -> HttpResponse:
    """To the sheet that was worked on."""
    return redirect(f"{reverse('incident_paper', args=[incident.id])}?at={where}#p-{where}")


def _where(request: HttpRequest) -> str:
    return f"{request.POST.get('site', '')}{request.POST.get('kind', '')}"


@staff_only
def printed(request: HttpRequest, incident_id: UUID, site_id: UUID, slug: str) -> HttpResponse:
    """A sheet of paper for each number, as a browser prints it."""
    incident = queries.get_incident(incident_id)
    kind, site = get_object_or_404(PaperKind, slug=slug), get_object_or_404(Site, id=site_id)
    found = PaperForm.objects.filter(incident=incident, kind=kind, site=site).select_related("kind", "site").order_by("number")
    made = list(found.exclude(state=PaperForm.State.VOID)[:MOST_PRINTED])
    if not made:
        raise Http404
    context = {"incident": incident, "kind": kind, "site": site, "made": made, "rows": range(kind.rows), "today": timezone.localdate()}
    return render(request, "incidents/printed.html", context)
