"""How long changes of a process take to each target, and the list of what is missing there."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from districts.links import absolute
from districts.models import Person
from ownership import queries
from ownership.changes import lags, listing, recording
from ownership.changes.recording import NotNow
from ownership.changes.spreadsheets import as_csv
from ownership.models import Change, Process
from ownership.views import actor_of

EACH = 50  # a page
MOST_IN_FILE = 20_000


@login_required
@never_cache
@require_safe
def changes(request: HttpRequest, slug: str) -> HttpResponse:
    """Everybody who works here sees how long it takes and how many are missing; names are for those who may see them."""
    actor, now = actor_of(request), timezone.now()
    process = queries.get_process(slug)
    pairs = lags.pairs(process, now=now)
    target = _target(request, pairs)
    names = listing.sees_names(actor, process, now=now)
    page = Paginator(listing.missing(process, target), EACH).get_page(request.GET.get("page"))
    slowest = max((pair for pair in pairs if pair.arrived), key=lambda pair: pair.nine_of_ten, default=None)
    context: dict[str, Any] = {
        "process": process, "pairs": pairs, "slowest": slowest, "promised": recording.promised_by(process) is not None,
        "enough": lags.ENOUGH, "days": lags.DAYS, "target": target, "names": names, "page": page, "now": now,
        "rows": listing.rows_of(page.object_list, now=now) if names else [], "missing": page.paginator.count,
        "late": sum(pair.overdue for pair in pairs), "addresses": _addresses(request, process) if names else [],
    }  # fmt: skip
    return render(request, "ownership/changes.html", context)


def _target(request: HttpRequest, pairs: list[lags.Pair]) -> str:
    """A filter that names none of the systems shows everything."""
    given = request.GET.get("target", "")
    return given if given in {pair.slug for pair in pairs} else ""


def _addresses(request: HttpRequest, process: Process) -> list[str]:
    """Where machines tell: that it left, and that a target has it."""
    district = request.district  # type: ignore[attr-defined]
    paths = [reverse("changes_left", args=[process.slug])]
    paths += [reverse("changes_arrived", args=[process.slug, target]) for target in process.targets]
    return [absolute(district, path) for path in paths]


@login_required
@never_cache
@require_safe
def missing_file(request: HttpRequest, slug: str) -> HttpResponse:
    """The list as a table for spreadsheets."""
    process, now = _mine(request, slug)[0], timezone.now()
    found = listing.missing(process, _target(request, lags.pairs(process, now=now)))[:MOST_IN_FILE]
    head = [_("Name"), _("Record"), _("What changed"), _("Left"), _("Due"), _("Missing in"), _("Key")]
    rows = (
        [
            row.change.name, row.change.record, row.change.what, _local(row.change.left_at), _local(row.change.due_at),
            ", ".join(name for _slug, name in row.lacking), row.change.key,
        ]
        for row in listing.rows_of(found, now=now)
    )  # fmt: skip
    return as_csv(f"missing-{process.slug}", head, rows)


def _local(at: Any) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""


@login_required
@require_POST
def by_hand(request: HttpRequest, slug: str, change_id: UUID) -> HttpResponse:
    process, person = _mine(request, slug)
    target = request.POST.get("target", "")
    said = _("Written down: it was typed in by hand.")
    return _acted(
        request, process, change_id, lambda: recording.confirm_by_hand(change_id, target, by=person, now=timezone.now()), said
    )  # fmt: skip


@login_required
@require_POST
def waive(request: HttpRequest, slug: str, change_id: UUID) -> HttpResponse:
    process, person = _mine(request, slug)
    why = request.POST.get("why", "")
    said = _("It need not arrive: nobody looks for it any more.")
    return _acted(
        request, process, change_id, lambda: recording.waive(change_id, by=person, why=why, now=timezone.now()), said
    )  # fmt: skip


def _mine(request: HttpRequest, slug: str) -> tuple[Process, Person]:
    """Raises Http404, and PermissionDenied for those who see counts only."""
    actor = actor_of(request)
    process = queries.get_process(slug)
    if actor.person is None or not listing.sees_names(actor, process, now=timezone.now()):
        raise PermissionDenied
    return process, actor.person


def _acted(request: HttpRequest, process: Process, change_id: UUID, act: Callable[[], bool], said: str) -> HttpResponse:
    if not Change.objects.filter(process=process, id=change_id).exists():
        raise Http404
    try:
        if act():
            messages.success(request, said)
        else:
            messages.info(request, _("Nothing is to be done: it has arrived, or somebody was quicker."))
    except NotNow as error:
        messages.error(request, str(error))
    shown = {name: request.POST[name] for name in ("in", "page") if request.POST.get(name)}
    query = urlencode({"target" if name == "in" else name: value for name, value in shown.items()})
    return redirect(f"{reverse('changes', args=[process.slug])}{'?' if query else ''}{query}#missing")
