"""Set-up: how far triage may go, how well it does, what people corrected, and which version is in use."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.editing import actor_of, for_administrators, row_or_404
from districts.models import Service
from districts.queries import this_district
from routing.governing import accuracy, corrections, curve, drawing, outcomes, versions
from routing.governing.actions import NEVER, NotThere, go_back, set_mistake, set_policy, threshold_for
from routing.governing.curve import CHOICES, Curve, Point
from routing.governing.tiers import policies
from routing.models import Decision, Tier, TriagePolicy
from routing.setup.forms import OTHER, OWN, TierForm

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])
PERIODS = (30, 90, 365)  # days


@dataclass(frozen=True)
class Option:
    """One wanted precision, and what it would do. `point` None: it was never reached, and people would decide all of it."""

    value: str
    label: str
    point: Point | None
    chosen: bool


# --- how far it goes ----------------------------------------------------------------------------------------------------


@for_administrators
@ONE_FORM
def triage(request: HttpRequest) -> HttpResponse:
    """The whole district."""
    now, row = timezone.now(), TriagePolicy.objects.filter(service=None).first()
    form = TierForm(request.POST if request.method == "POST" else None, service=None, policy=row, everywhere=row)
    if form.is_valid():
        saved = set_policy(None, wish=form.wish(), by=actor_of(request).person, now=now)
        messages.success(request, _said(saved, curve.of_district(now=now)))
        return redirect("setup_triage")
    known = curve.of_district(now=now)
    active = versions.in_use()
    measured = active.threshold if active else 1.0
    context = _chooser(known, form, row, measured) | {
        "form": form, "active": active, "problem": versions.problem(), "shadow": bool(row and row.shadow),
        "suggests": bool(row and row.tier == Tier.SUGGEST),
    }  # fmt: skip
    return render(request, "routing/setup/triage.html", context, status=422 if form.errors else 200)


def _said(saved: TriagePolicy, known: Curve) -> str:
    if saved.shadow:
        return _("Saved. Triage is only watched: people place everything.")
    if saved.threshold is None or not known.pairs:
        return _("Saved. It holds for what comes in from now on.")
    return _("Saved. %(effect)s") % {"effect": known.at(saved.threshold).words}


def _chooser(known: Curve, form: TierForm, row: TriagePolicy | None, measured: float) -> dict[str, Any]:
    """The curve, the threshold in use on it, and what each wanted precision would do."""
    threshold = row.threshold if row and row.threshold is not None else measured
    point = known.at(threshold) if known.pairs else None
    chosen = str(form["wanted"].value() or OWN)
    options = [Option(OWN, _("What the model needs by itself"), known.at(measured) if known.pairs else None, chosen == OWN)]
    options += [_option(f"{each:.2f}", f"{each * 100:.0f} %", known, each, chosen) for each in CHOICES]
    if chosen == OTHER and row and row.wanted:
        other = _option(OTHER, "", known, row.wanted, chosen)
    else:
        other = Option(OTHER, "", None, chosen == OTHER)
    return {
        "curve": known, "chart": drawing.of_curve(known, point) if known.pairs else None, "now": point, "options": options,
        "other": other, "threshold": threshold, "never": threshold >= NEVER,
    }  # fmt: skip


def _option(value: str, label: str, known: Curve, wanted: float, chosen: str) -> Option:
    found = threshold_for(known, wanted=wanted)
    return Option(value, label, known.at(found) if found is not None and found < NEVER else None, chosen == value)


@for_administrators
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    now, rules = timezone.now(), policies()
    found: dict[UUID, list[bool]] = {}
    for one in outcomes.judged(since=now - outcomes.BACK):
        if one.service_id:
            found.setdefault(one.service_id, []).append(one.outcome.right)
    rows = [
        {
            "service": service, "leave": rules.leave(service), "tier": Tier(rules.leave(service).tier).label,
            "own": rules.of(service.id), "n": len(found.get(service.id, [])), "right": sum(found.get(service.id, [])),
        }
        for service in Service.objects.filter(active=True).select_related("team").order_by("team__name", "name")
    ]  # fmt: skip
    return render(request, "routing/setup/triage_services.html", {"rows": rows})


@for_administrators
@ONE_FORM
def service(request: HttpRequest, service_id: UUID) -> HttpResponse:
    now = timezone.now()
    found = row_or_404(Service.objects.select_related("team"), service_id, request)
    if found is None:
        raise Http404
    rules = policies()
    row, everywhere = rules.of(found.id), rules.rows.get(None)
    form = TierForm(request.POST if request.method == "POST" else None, service=found, policy=row, everywhere=everywhere)
    known = curve.of_service(found, now=now)
    if form.is_valid():
        saved = set_policy(found, wish=form.wish(), by=actor_of(request).person, now=now)
        messages.success(request, _said(saved, known))
        return redirect("setup_triage_services")
    active = versions.in_use()
    measured = rules.threshold(None, active.threshold if active else 1.0)
    context = _chooser(known, form, row, measured) | {"form": form, "service": found, "leave": rules.leave(found)}
    return render(request, "routing/setup/triage_service.html", context, status=422 if form.errors else 200)


# --- how well it does ---------------------------------------------------------------------------------------------------


@for_administrators
@require_safe
def well(request: HttpRequest) -> HttpResponse:
    """Of tickets on which people have had the last word."""
    days = int(request.GET["days"]) if request.GET.get("days", "") in {str(each) for each in PERIODS} else PERIODS[1]
    found = outcomes.judged(since=timezone.now() - timedelta(days=days))
    seen = accuracy.of(found, zone=this_district().zone)
    context = {
        "seen": seen, "days": days, "periods": PERIODS, "few": accuracy.FEW,
        "reliability": drawing.of_reliability(seen.bins) if seen.n else None,
        "time": drawing.of_weeks(seen.weeks) if len(seen.weeks) > 1 else None,
    }  # fmt: skip
    return render(request, "routing/setup/triage_accuracy.html", context)


@for_administrators
@require_safe
def corrected(request: HttpRequest) -> HttpResponse:
    """What people changed, and on request also what they confirmed."""
    page = corrections.page(request.GET.get("page", ""), everything="all" in request.GET)
    return render(request, "routing/setup/triage_corrections.html", {"page": page, "everything": "all" in request.GET})


@for_administrators
@require_POST
def mistake(request: HttpRequest, decision_id: UUID) -> HttpResponse:
    row = row_or_404(Decision.objects.filter(corrected_at__isnull=False), decision_id, request)
    if row is None:
        raise Http404
    mistaken = request.POST.get("to") != "counts"
    set_mistake(row, mistaken=mistaken, by=actor_of(request).person, now=timezone.now())
    if mistaken:
        messages.success(
            request,
            _("Nothing is learned from it any more, from the next training on (within the hour). The ticket stays where it is."),
        )
    else:
        messages.success(request, _("It is learned from again, from the next training on (within the hour)."))
    return redirect(f"{request.POST.get('back', '')}" if _is_ours(request.POST.get("back", "")) else "setup_triage_corrections")


def _is_ours(back: str) -> bool:
    return back.startswith("/setup/triage/corrections/") and "//" not in back and "\\" not in back


# --- versions -----------------------------------------------------------------------------------------------------------


@for_administrators
@require_safe
def all_versions(request: HttpRequest) -> HttpResponse:
    return render(request, "routing/setup/triage_versions.html", {"rows": versions.shown(), "problem": versions.problem()})


@for_administrators
@require_POST
def version_return(request: HttpRequest, version: int) -> HttpResponse:
    person = actor_of(request).person
    try:
        why = _("By %(name)s.") % {"name": person}
        go_back(version, by=person, why=why, now=timezone.now())
    except NotThere as gone:
        messages.error(request, str(gone))
    else:
        messages.success(request, _("Version %(version)d is in use again, from the next request on.") % {"version": version})
    return redirect("setup_triage_versions")
