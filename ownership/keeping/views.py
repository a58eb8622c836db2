"""Set-up: the rows of the matrix, their feeds, and the roles that answer for them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef, ProtectedError, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.editing import actor_of, for_administrators, row_or_404
from districts.models import Person
from ownership.feeds.addresses import ways
from ownership.keeping import removing, writing
from ownership.keeping.described import Described
from ownership.keeping.forms import FeedForm, ProcessForm, RoleForm
from ownership.models import Feed, OwnerRole, Process, ProcessChange, System

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])
CHANGES_SHOWN = 30


def _me(request: HttpRequest) -> Person:
    """An administrator is a person: a key of a machine opens no page."""
    person = actor_of(request).person
    assert person is not None
    return person


def _process(request: HttpRequest, slug: str) -> Process:
    """Held until the end of the request when it is about to change."""
    rows = Process.objects.select_related("source", "primary", "secondary", "ladder")
    held = rows.select_for_update(of=("self",), no_key=True) if request.method == "POST" else rows
    found = held.filter(slug=slug).first()
    if found is None:
        raise Http404
    return found


# --- processes ----------------------------------------------------------------------------------------------------------


@for_administrators
@require_safe
def matrix(request: HttpRequest) -> HttpResponse:
    watched = Exists(Feed.objects.filter(process=OuterRef("pk"), active=True))
    rows = Process.objects.select_related("source", "primary").annotate(watched=watched).order_by("name")
    return render(request, "ownership/setup/matrix.html", {"rows": rows, "roles": OwnerRole.objects.exists()})


@for_administrators
@ONE_FORM
def process(request: HttpRequest, slug: str = "") -> HttpResponse:
    row = _process(request, slug) if slug else None
    told = writing.described(row) if row else Described(slug="", name="")
    form = ProcessForm(request.POST if request.method == "POST" else None, process=row, told=told)
    if form.is_valid():
        named = writing.EVERYTHING - {"feeds"}
        saved, differs = writing.save_process(row, form.described(), by=_me(request), now=timezone.now(), named=named)
        if row is None:
            messages.success(request, _("%(name)s is written down. Say now how one can tell that it works.") % {"name": saved.name})
            return redirect("setup_feed_new", saved.slug)
        messages.success(request, _("Saved.")) if differs else messages.info(request, _("Nothing was different."))
        return redirect("setup_process", saved.slug)
    context: dict[str, Any] = {"form": form, "process": row, "now": timezone.now(), "feeds": [], "changes": [], "kept": []}
    if row:
        context["kept"] = removing.in_the_way(row)
        context["feeds"] = row.feeds.order_by("-active", "name")
        context["changes"] = ProcessChange.objects.filter(process=row).select_related("by").order_by("-at", "-id")[:CHANGES_SHOWN]
    return render(request, "ownership/setup/process.html", context, status=422 if form.errors else 200)


@for_administrators
@require_POST
def process_remove(request: HttpRequest, slug: str) -> HttpResponse:
    row = _process(request, slug)
    try:
        writing.remove_process(row)
    except ProtectedError:
        said = _("It cannot be taken off the matrix: %(reasons)s. That is not forgotten. You can stop watching its feeds.")
        messages.error(request, said % {"reasons": ", ".join(removing.in_the_way(row))})
        return redirect("setup_process", slug)
    messages.success(request, _("%(name)s is taken off the matrix.") % {"name": row.name})
    return redirect("setup_matrix")


@for_administrators
@ONE_FORM
def feed(request: HttpRequest, slug: str, feed_id: UUID | None = None) -> HttpResponse:
    parent = _process(request, slug)
    row = row_or_404(Feed.objects.filter(process=parent), feed_id, request)
    form = FeedForm(request.POST if request.method == "POST" else None, process=parent, feed=row)
    if form.is_valid():
        saved, differs = writing.save_feed(parent, row, form.values(), by=_me(request), now=timezone.now())
        messages.success(request, _("Saved.")) if differs else messages.info(request, _("Nothing was different."))
        if form.silent():
            messages.warning(request, _("These words name no time: should it fall silent, nobody is told."))
        return redirect("setup_feed", slug, saved.id)
    told = ways(row, request.district) if row else None  # type: ignore[attr-defined]
    context = {"form": form, "process": parent, "feed": row, "ways": told, "now": timezone.now()}
    return render(request, "ownership/setup/feed.html", context, status=422 if form.errors else 200)


# --- roles --------------------------------------------------------------------------------------------------------------


@for_administrators
@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    rows = OwnerRole.objects.select_related("team", "holder", "deputy").order_by("name")
    return render(request, "ownership/setup/roles.html", {"rows": rows})


@for_administrators
@ONE_FORM
def role(request: HttpRequest, role_id: UUID | None = None) -> HttpResponse:
    row = row_or_404(OwnerRole.objects.select_related("team", "holder", "deputy"), role_id, request)
    form = RoleForm(request.POST if request.method == "POST" else None, role=row)
    if form.is_valid():
        saved = writing.save_role(row, form.values())
        messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
        return redirect("setup_roles")
    context: dict[str, Any] = {"form": form, "role": row, "used": [], "users": []}
    if row:
        context["used"] = Process.objects.filter(Q(primary=row) | Q(secondary=row)).order_by("name")
        context["users"] = removing.users_of(row)
    return render(request, "ownership/setup/role.html", context, status=422 if form.errors else 200)


@for_administrators
@require_POST
def role_remove(request: HttpRequest, role_id: UUID) -> HttpResponse:
    return redirect("setup_roles") if _removed(request, OwnerRole, role_id) else redirect("setup_role", role_id)


# --- systems ------------------------------------------------------------------------------------------------------------


@for_administrators
@require_safe
def systems(request: HttpRequest) -> HttpResponse:
    return render(request, "ownership/setup/systems.html", {"rows": removing.systems()})


@for_administrators
@require_POST
def system_remove(request: HttpRequest, system_id: UUID) -> HttpResponse:
    _removed(request, System, system_id)
    return redirect("setup_systems")


def _removed(request: HttpRequest, kind: type[OwnerRole | System], row_id: UUID) -> bool:
    """False: something uses it, and the page says what. Raises Http404."""
    try:
        name = removing.remove(kind, row_id, by=_me(request))
    except kind.DoesNotExist:
        raise Http404 from None
    except removing.StillUsed as error:
        messages.error(request, _("It stays. It is used by: %(users)s.") % {"users": ", ".join(error.users)})
        return False
    messages.success(request, _("%(name)s is taken away.") % {"name": name})
    return True
