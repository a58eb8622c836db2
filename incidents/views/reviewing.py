"""The review after an outage, and what was learned: each finding becomes a step that somebody has."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from incidents import actions, forms, queries
from incidents.models import Incident
from incidents.review import review_of
from incidents.views.doors import actor_of, staff_only
from incidents.views.given import an_id


@staff_only
def review(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    incident = queries.get_incident(incident_id)
    form = forms.FindingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _keep(request, incident, form)
    context = {"review": review_of(incident), "incident": incident, "form": form, "now": timezone.now()}
    return render(request, "incidents/review.html", context, status=422 if request.method == "POST" else 200)


def _keep(request: HttpRequest, incident: Incident, form: forms.FindingForm) -> HttpResponse:
    person, given = actor_of(request).person, form.cleaned_data
    if finding := request.POST.get("finding"):
        actions.edit_finding(queries.get_task(incident, an_id(finding)), **given)
        messages.success(request, _("Changed."))
    elif person is not None:
        actions.add_finding(incident, **given, by=person, now=timezone.now())
        messages.success(request, _("Kept as a step."))
    return redirect("incident_review", incident.id)
