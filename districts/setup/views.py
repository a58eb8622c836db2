"""Set-up: schools and buildings, and the teams that do the work."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts import actions
from districts.editing import actor_of, for_administrators, row_or_404
from districts.models import Membership, Service, Site, Team
from districts.queries import sites as all_sites
from districts.queries import teams as all_teams
from districts.setup.forms import SITE_KINDS, SiteForm, TeamForm

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])


@for_administrators
@require_safe
def sites(request: HttpRequest) -> HttpResponse:
    return render(request, "setup/sites.html", {"sites": all_sites()})


@for_administrators
@ONE_FORM
def site(request: HttpRequest, site_id: UUID | None = None) -> HttpResponse:
    row = row_or_404(Site.objects.all(), site_id, request)
    form = SiteForm(request.POST if request.method == "POST" else None, site=row)
    if form.is_valid():
        try:
            saved = actions.save_site(row, **form.cleaned_data, by=actor_of(request).person)
        except actions.Taken:
            form.add_error("code", _("Another place has this code already."))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
            return redirect("setup_sites")
    values = {"form": form, "site": row, "kinds": SITE_KINDS}
    return render(request, "setup/site.html", values, status=422 if form.errors else 200)


@for_administrators
@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    people = dict(Membership.objects.filter(team__isnull=False).values_list("team").annotate(n=Count("person", distinct=True)))
    services = dict(Service.objects.filter(active=True).values_list("team").annotate(n=Count("id")))
    rows = [(team, people.get(team.id, 0), services.get(team.id, 0)) for team in all_teams().select_related("department")]
    return render(request, "setup/teams.html", {"rows": rows})


@for_administrators
@ONE_FORM
def team(request: HttpRequest, team_id: UUID | None = None) -> HttpResponse:
    row = row_or_404(Team.objects.all(), team_id, request)
    form = TeamForm(request.POST if request.method == "POST" else None, team=row)
    if form.is_valid():
        try:
            saved = actions.save_team(row, **form.values(), by=actor_of(request).person)
        except actions.Taken:
            form.add_error("slug", _("Another team has this short name already."))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
            return redirect("setup_teams")
    return render(request, "setup/team.html", {"form": form, **_of_team(row)}, status=422 if form.errors else 200)


def _of_team(team: Team | None) -> dict[str, Any]:
    if team is None:
        return {"team": None}
    members = Membership.objects.filter(team=team).select_related("person").order_by("person__name")
    return {"team": team, "members": members, "services": Service.objects.filter(team=team).order_by("-active", "name")}


@for_administrators
@require_POST
def team_remove(request: HttpRequest, team_id: UUID) -> HttpResponse:
    row = row_or_404(Team.objects.all(), team_id, request)
    if row is None:
        return redirect("setup_teams")
    try:
        actions.remove_team(row, by=actor_of(request).person)
    except actions.FrontOfficeNeeded:
        messages.error(request, _("A district always has one front office. Make another team the front office first."))
    except actions.TeamInUse as held:
        values = {"team": row.name, "what": ", ".join(_held(held.counts))}
        messages.error(request, _("%(team)s is still needed and was not deleted. It has %(what)s.") % values)
    else:
        messages.success(request, _("%(name)s is deleted.") % {"name": row.name})
        return redirect("setup_teams")
    return redirect("setup_team", team_id)


def _held(counts: dict[str, int]) -> list[str]:
    """In the order in which somebody would put it right."""
    left = dict(counts)
    people, services = left.pop("districts.Membership", 0), left.pop("districts.Service", 0)
    tickets, addresses = left.pop("tickets.Ticket", 0), left.pop("intake.Channel", 0)
    said = [
        (people, ngettext("%(n)d role of a person", "%(n)d roles of people", people)),
        (services, ngettext("%(n)d service", "%(n)d services", services)),
        (addresses, ngettext("%(n)d mail address", "%(n)d mail addresses", addresses)),
        (tickets, ngettext("%(n)d ticket, solved ones counted", "%(n)d tickets, solved ones counted", tickets)),
    ]
    words = [text % {"n": count} for count, text in said if count]
    return words or [_("a place in rules, ladders or the record of what was done")]
