"""Set-up: a promise put together from choices, and the time that teams give themselves."""

from collections.abc import Iterator

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from districts.editing import actor_of, for_administrators
from districts.models import Priority
from districts.queries import teams
from sla import catalog
from sla.catalog import Key
from sla.models import ClockKind
from sla.setup.building import KINDS, Builder
from sla.setup.forms import KINDS_OF_PROMISE, TeamsForm
from sla.setup.reading import answers, read, worked

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])


@for_administrators
@ONE_FORM
def teams_own(request: HttpRequest) -> HttpResponse:
    form = TeamsForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        if catalog.promise(form.promises(), by=actor_of(request).person, now=timezone.now()):
            messages.success(request, _("Saved. It counts from now for what is open, and from when a ticket lands for the rest."))
        else:
            messages.info(request, _("Nothing was different."))
        return redirect("setup_promises_teams")
    return render(request, "setup/promises_teams.html", {"form": form}, status=422 if form.errors else 200)


@for_administrators
@ONE_FORM
def build(request: HttpRequest) -> HttpResponse:
    """GET shows the choices of a kind and what they mean; POST promises it."""
    if request.method == "POST":
        return _promise(request)
    kind = request.GET.get("kind", "within")
    if kind not in KINDS:
        raise Http404
    form = Builder(kind, request.GET)
    terms = form.terms if form.is_valid() else None
    reading = worked(terms, now=timezone.now()) if terms else None
    targets = [(value, label) for value, label, _key in _targets()] if terms and answers(terms) else []
    values = {
        "kinds": KINDS.items(), "kind": kind, "form": form, "reading": reading, "targets": targets, "back": _back(request),
    }  # fmt: skip
    return render(request, "setup/build.html", values, status=422 if form.errors else 200)


def _back(request: HttpRequest) -> str:
    """The page of Set-up that asked for words, and gets them back; empty: none did."""
    asked = request.GET.get("back", "")
    return asked if asked.startswith("/setup/") and url_has_allowed_host_and_scheme(asked, None) else ""


def _promise(request: HttpRequest) -> HttpResponse:
    reading = read(request.POST.get("terms", "")[:400])
    key = next((key for value, _label, key in _targets() if value == request.POST.get("for")), None)
    if reading.terms is None or key is None:
        raise Http404
    catalog.promise({key: str(reading.terms)}, by=actor_of(request).person, now=timezone.now())
    messages.success(request, _("Promised from now on: %(sentence)s") % {"sentence": reading.sentence})
    return redirect("setup_promises_teams" if key[0] == ClockKind.TEAM else "setup_promises")


def _targets() -> Iterator[tuple[str, str, Key]]:
    """(value, label, what is promised by it); a service's own promise is on its page."""
    for priority in Priority:
        for kind in KINDS_OF_PROMISE:
            label = _("%(kind)s, priority %(priority)s") % {"kind": kind.label, "priority": str(priority.label).lower()}
            yield f"{kind}-{int(priority)}", label, (kind, None, int(priority), None)
    yield "team-any", _("Any team’s own time"), (ClockKind.TEAM, None, None, None)
    for team in teams():
        yield f"team-{team.id}", _("Own time of %(team)s") % {"team": team.name}, (ClockKind.TEAM, None, None, team)
