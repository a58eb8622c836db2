"""One step of an outage: where its notice leads."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import actions, forms, gate, queries
from incidents.actions import Refused
from incidents.models import Incident
from incidents.views.doors import actor_of, staff_only


@staff_only
def task(request: HttpRequest, incident_id: UUID, task_id: UUID) -> HttpResponse:
    """Where a notice leads: one step, and one button. The link itself changes nothing, since mail programs follow links."""
    incident = queries.get_incident(incident_id)
    found = queries.get_task(incident, task_id)
    actor = actor_of(request)
    may_do, asks_who = queries.may_do(actor, found), gate.asks_who(actor, found)
    form = forms.EvidenceForm(request.POST or None, asks_who=asks_who)
    if request.method == "POST" and form.is_valid():
        return _done(request, incident, found.id, **form.cleaned_data)
    context = {"incident": incident, "task": found, "form": form, "now": timezone.now(), "may_do": may_do, "asks_who": asks_who}
    return render(request, "incidents/task.html", context, status=422 if request.method == "POST" else 200)


def _done(request: HttpRequest, incident: Incident, task_id: UUID, **given: str) -> HttpResponse:
    person = actor_of(request).person
    try:
        first = person is not None and actions.complete(task_id, by=person, now=timezone.now(), **given)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        said = _("Done. It stands in the timeline with your name.") if first else _("Somebody was quicker: this step was done already.")
        messages.success(request, said)
    return redirect("incident", incident.id)
