"""Vendors: the register, the page of one, its onboarding, its quarter."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.access import Actor, Can, may, require
from districts.editing import actor_of, for_administrators
from districts.models import District, Person
from ownership.duty.roles import Found, Roster
from ownership.models import CutOff, CutOffNotice, PlaybookRun, SamplePack, SpecCheck, System, Vendor
from ownership.playbooks.running import NotNow
from ownership.vendors import onboarding, packs, registering, verdicts, words
from ownership.vendors.forms import VendorForm
from ownership.vendors.onboarding import NotReady

SHOWN = 10
ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])


def reader(request: HttpRequest, can: Can = Can.READ) -> Actor:
    """Raises PermissionDenied for somebody signed in who may not."""
    actor = actor_of(request)
    require(actor, can)
    return actor


def lead(request: HttpRequest) -> Person:
    """Raises PermissionDenied."""
    person = reader(request, Can.LEAD).person
    assert person is not None  # a key of a machine opens no page
    return person


def get_vendor(request: HttpRequest, slug: str) -> Vendor:
    """Held until the end of the request when it is about to change. Raises Http404."""
    rows = Vendor.objects.select_related("owner__holder", "owner__deputy")
    held = rows.select_for_update(of=("self",), no_key=True) if request.method == "POST" else rows
    found: Vendor | None = held.filter(slug=slug).first()
    if found is None:
        raise Http404
    return found


def _district(request: HttpRequest) -> District:
    found: District = request.district  # type: ignore[attr-defined]
    return found


@login_required
@require_safe
def vendors(request: HttpRequest) -> HttpResponse:
    actor = reader(request)
    now = timezone.now()
    rows = registering.rows(now=now, district=_district(request))
    return render(request, "ownership/vendors/list.html", {"rows": rows, "now": now, "may_set_up": actor.is_admin})


@login_required
@require_safe
def vendor(request: HttpRequest, slug: str) -> HttpResponse:
    actor = reader(request)
    return _page(request, get_vendor(request, slug), actor)


def _page(request: HttpRequest, row: Vendor, actor: Actor, *, missing: list[str] | None = None, status: int = 200) -> HttpResponse:
    now, district = timezone.now(), _district(request)
    run = onboarding.run_of(row)
    parts = onboarding.lines(row, run, now=now, district=district)
    every = [line for _part, lines in parts for line in lines]
    names = dict(System.objects.filter(slug__in=row.systems).values_list("slug", "name"))
    specs = SpecCheck.objects.filter(vendor=row).select_related("by").order_by("-at")[:SHOWN]
    packs_made = list(SamplePack.objects.filter(vendor=row).select_related("by").order_by("-at")[:SHOWN])
    context: dict[str, Any] = {
        "vendor": row, "found": Roster(now, district).find(row.owner) if row.owner else Found(), "run": run, "parts": parts,
        "done": sum(1 for line in every if line.step and line.step.done_at), "total": len(every),
        "doubtful": [line for line in every if line.doubtful], "systems": [names.get(slug, slug) for slug in row.systems],
        "specs": [(check, verdicts.verdict(check)) for check in specs],
        "packs": [(pack, words.in_short(pack.findings)) for pack in packs_made], "cutoffs": _cutoffs(row),
        "processes": onboarding.processes_of(row), "missing": missing or [], "now": now, "may_lead": may(actor, Can.LEAD),
        "may_set_up": actor.is_admin, "quarter": packs.quarter_of(now.astimezone(district.zone).date()),
        "ready": row.state != Vendor.State.LIVE and not onboarding.missing(row), "again": _again(row, run),
        "today": now.astimezone(district.zone).date(),
    }  # fmt: skip
    return render(request, "ownership/vendors/vendor.html", context, status=status)


def _again(row: Vendor, run: PlaybookRun | None) -> bool:
    """An onboarding that is over, and on which it does not run: another one may begin."""
    return bool(run and run.ended_at and row.state != Vendor.State.LIVE and onboarding.missing(row))


def _cutoffs(row: Vendor) -> list[tuple[CutOff, CutOffNotice | None]]:
    """With the notice that went out last."""
    rows = CutOff.objects.filter(vendor=row).select_related("process", "feed").order_by("-active", "name")
    notices = CutOffNotice.objects.filter(cutoff__vendor=row).order_by("cutoff_id", "-cut_at").distinct("cutoff_id")
    last = {notice.cutoff_id: notice for notice in notices}
    return [(cutoff, last.get(cutoff.id)) for cutoff in rows]


@for_administrators
@ONE_FORM
def edit(request: HttpRequest, slug: str = "") -> HttpResponse:
    row = get_vendor(request, slug) if slug else None
    form = VendorForm(request.POST if request.method == "POST" else None, vendor=row)
    if form.is_valid():
        saved = registering.save_vendor(row, form.values(), now=timezone.now())
        messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
        return redirect("vendor", saved.slug)
    return render(request, "ownership/vendors/edit.html", {"form": form, "vendor": row}, status=422 if form.errors else 200)


@login_required
@require_POST
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    person = lead(request)
    row = get_vendor(request, slug)
    try:
        run = onboarding.begin(row, by=person, now=timezone.now())
    except NotNow as error:
        messages.error(request, str(error))
        return redirect("vendor", slug)
    messages.success(request, _("The onboarding of %(name)s has begun.") % {"name": row.name})
    return redirect("playbook_run", run.id)


@for_administrators
@require_POST
def make_live(request: HttpRequest, slug: str) -> HttpResponse:
    row = get_vendor(request, slug)
    actor = actor_of(request)
    assert actor.person is not None  # a key of a machine opens no page
    try:
        if registering.make_live(row.id, by=actor.person, now=timezone.now()):
            messages.success(request, _("%(name)s is live. Its cut-offs are watched from now on.") % {"name": row.name})
        else:
            messages.info(request, _("%(name)s is live already.") % {"name": row.name})
    except NotReady as error:
        return _page(request, row, actor, missing=error.missing, status=422)
    return redirect("vendor", slug)


@login_required
@require_safe
def pack(request: HttpRequest, slug: str) -> HttpResponse:
    """A quarter on paper; `?as=csv` as a table. Raises Http404 for what is no quarter."""
    reader(request)
    row, now, district = get_vendor(request, slug), timezone.now(), _district(request)
    today = now.astimezone(district.zone).date()
    quarter = packs.read(request.GET.get("quarter", ""), today=today)
    if quarter is None:
        raise Http404
    found = packs.pack(row, quarter, district=district, now=now)
    if request.GET.get("as") == "csv":
        return csv_answer(packs.as_csv(found), f"{row.slug}-{quarter.slug}.csv")
    ends = {"latest": quarter >= packs.quarter_of(today), "earliest": quarter <= packs.FIRST}
    context = {"pack": found, "vendor": row, "now": now, **ends}
    return render(request, "ownership/vendors/pack.html", context)


def csv_answer(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
