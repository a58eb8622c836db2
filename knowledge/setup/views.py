"""Set-up: the switch, the budget, a test, and the log with what was sent and what came back, word for word."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.editing import actor_of, for_administrators
from districts.scope import require_district_id
from knowledge.model import breaker, budget
from knowledge.model.changing import change
from knowledge.model.endpoint import endpoint
from knowledge.model.trying import try_out
from knowledge.models import ModelCall, Purpose
from knowledge.setup.forms import ModelForm

LATEST = 5  # calls on the first page
A_PAGE = 25
Outcome = ModelCall.Outcome
GOOD, BAD = (Outcome.ANSWERED, Outcome.CACHED), (Outcome.TIMEOUT, Outcome.ERROR, Outcome.NONSENSE)


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def models(request: HttpRequest) -> HttpResponse:
    row, now = budget.settings_row(), timezone.now()
    form = ModelForm(request.POST if request.method == "POST" else None, row=row)
    if form.is_valid():
        change(**form.cleaned_data, by=actor_of(request).person, now=now)
        messages.success(request, _("Saved."))
        return redirect("setup_models")
    place, calls = endpoint(), ModelCall.objects.order_by("-at", "-id")
    context = {
        "form": form,
        "place": place,
        "free": place is not None and not (place.price_in or place.price_out),
        "resting": place is not None and breaker.is_open(place.fingerprint),
        "money": _money(row.budget, budget.spent(now)),
        "tested": calls.filter(purpose=Purpose.TEST).first(),
        "calls": calls[:LATEST],
        "row": row,
        "good": GOOD,
        "bad": BAD,
    }
    return render(request, "knowledge/setup/models.html", context, status=422 if form.errors else 200)


def _money(most: Decimal, spent: Decimal) -> dict[str, Any]:
    share = min(100, int(100 * spent / most)) if most else 100 * bool(spent)
    return {"spent": spent, "budget": most, "share": share, "left": max(Decimal(0), most - spent)}


@for_administrators
@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """Asked once this request's transaction is over, and before its answer leaves: the page that follows has it in the log."""
    if endpoint() is None:
        messages.error(request, _("No model is plugged in."))
        return redirect("setup_models")
    district_id, now = require_district_id(), timezone.now()
    transaction.on_commit(lambda: _tried(district_id, now), robust=True)
    return redirect("setup_models")


def _tried(district_id: UUID, now: datetime) -> None:
    try_out(district_id, now=now)


@for_administrators
@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    purpose, outcome = _chosen(request, "purpose", Purpose.values), _chosen(request, "outcome", Outcome.values)
    rows = ModelCall.objects.order_by("-at", "-id").defer("sent", "returned")
    rows = rows.filter(**{name: value for name, value in (("purpose", purpose), ("outcome", outcome)) if value})
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page, "purpose": purpose, "outcome": outcome, "purposes": Purpose.choices, "outcomes": Outcome.choices,
        "good": GOOD, "bad": BAD, "any": bool(page.object_list) or ModelCall.objects.exists(),
    }  # fmt: skip
    return render(request, "knowledge/setup/calls.html", context)


def _chosen(request: HttpRequest, name: str, known: list[str]) -> str:
    value = request.GET.get(name, "")
    return value if value in known else ""


@for_administrators
@require_safe
def call(request: HttpRequest, call_id: UUID) -> HttpResponse:
    row = get_object_or_404(ModelCall, id=call_id)
    return render(request, "knowledge/setup/call.html", {"call": row, "good": GOOD, "bad": BAD})
