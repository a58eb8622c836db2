"""Set-up: what can be asked for, and what is promised for it."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from districts.actions import Taken
from districts.editing import actor_of, for_administrators, row_or_404
from districts.models import Priority, Service
from districts.queries import teams
from sla import catalog
from sla.models import Policy
from sla.policies import rules_here
from sla.setup.forms import FIRST, NAME_OF, RESOLVE, PromisesForm, ServiceForm
from sla.setup.reading import read

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])


# --- services -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offered:
    service: Service
    first: str
    resolve: str
    own: bool  # has a promise of its own


@for_administrators
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("q", "").replace("\0", "").strip()
    found = Service.objects.select_related("team").order_by("team__name", "-active", "name")
    if asked:
        found = found.filter(Q(name__icontains=asked) | Q(team__name__icontains=asked))
    own = set(Policy.objects.filter(service__isnull=False).values_list("service_id", flat=True))
    rows = [Offered(s, _promised(FIRST, s), _promised(RESOLVE, s), s.id in own) for s in found]
    return render(request, "setup/services.html", {"rows": rows, "asked": asked, "any_team": teams().exists()})


def _promised(kind: str, service: Service) -> str:
    return rules_here().terms(kind, service_id=service.id, priority=service.priority).sentence()


@for_administrators
@ONE_FORM
def service(request: HttpRequest, service_id: UUID | None = None) -> HttpResponse:
    row = row_or_404(Service.objects.all(), service_id, request)
    form = ServiceForm(request.POST if request.method == "POST" else None, service=row, usual=_usual(row))
    if form.is_valid():
        try:
            saved = catalog.save_service(
                row, values=form.values(), promises=form.promises(), by=actor_of(request).person, now=timezone.now()
            )
        except Taken:
            form.add_error("name", _("There is one of this name already."))
        else:
            said = {"name": saved.name, "first": _promised(FIRST, saved), "resolve": _promised(RESOLVE, saved)}
            messages.success(request, _("%(name)s is saved. First response: %(first)s Resolution: %(resolve)s") % said)
            return redirect("setup_services")
    values = {"form": form, "service": row, "terms": [form[name] for name in NAME_OF.values()]}
    return render(request, "setup/service.html", values, status=422 if form.errors else 200)


def _usual(service: Service | None) -> dict[str, str]:
    """What holds where a service has no promise of its own, by kind of clock."""
    priority = service.priority if service else Priority.NORMAL
    return {kind: str(rules_here().terms(kind, service_id=None, priority=priority)) for kind in (FIRST, RESOLVE)}


# --- promises -----------------------------------------------------------------------------------------------------------


@for_administrators
@ONE_FORM
def promises(request: HttpRequest) -> HttpResponse:
    form = PromisesForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if catalog.promise(form.promises(), by=actor_of(request).person, now=timezone.now()):
            messages.success(request, _("Saved. Requests that are open get their new times within a minute."))
        else:
            messages.info(request, _("Nothing was different."))
        return redirect("setup_promises")
    return render(request, "setup/promises.html", {"form": form}, status=422 if form.errors else 200)


@for_administrators
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """How the words in one field are read; asked for while somebody types."""
    typed = str(next(iter(request.GET.values()), ""))
    return render(request, "setup/service.html#reading", {"reading": read(typed[:400], now=timezone.now())})
