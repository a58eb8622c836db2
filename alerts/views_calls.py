"""The phone tree as its callers see it: whom to call, a tap to call, a tap for what came of it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from alerts import forms, queries, tree
from alerts.models import PhoneCall
from alerts.views import for_senders, me
from districts.access import Can, require
from districts.editing import actor_of

MOST = 100  # of a page


@never_cache
@login_required
@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    require(actor, Can.READ)
    everybody = request.GET.get("whose") == "all"
    waiting = queries.open_calls()
    mine = waiting.filter(caller=actor.person)
    shown = waiting if everybody else mine
    values: dict[str, Any] = {
        "calls": list(shown[:MOST]), "total": shown.count(), "everybody": everybody, "all_open": waiting.count(), "mine": mine.count(),
        "may_send": queries.may_send(actor, now=timezone.now()),
    }  # fmt: skip
    return render(request, "alerts/calls.html", values)


@never_cache
@login_required
@require_POST
def called(request: HttpRequest, call_id: UUID) -> HttpResponse:
    call, form = queries.get_call(actor_of(request), call_id), forms.CallForm(request.POST)
    if form.is_valid():
        outcome = form.cleaned_data["outcome"]
        if tree.called(call, by=me(request), outcome=outcome, now=timezone.now()):
            said = {"name": call.recipient.person, "outcome": PhoneCall.Outcome(outcome).label}
            messages.success(request, _("%(name)s: %(outcome)s.") % said)
        else:
            messages.info(request, _("Somebody was quicker: this call is made."))
    return _back(request)


@never_cache
@login_required
@require_POST
def take(request: HttpRequest, call_id: UUID) -> HttpResponse:
    call = queries.get_call(actor_of(request), call_id)
    if tree.take_over(call, by=me(request), now=timezone.now()):
        messages.success(request, _("The call to %(name)s is yours.") % {"name": call.recipient.person})
    return _back(request)


@for_senders
@require_POST
def begin(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    """By hand: before its time is up, or for a test."""
    alert = queries.get_alert(actor_of(request), alert_id, now=timezone.now(), held=True)
    if alert.is_live or alert.state == alert.State.VALIDATED:
        tree.begin(alert, by=me(request), now=timezone.now())
    return redirect("alert", alert.id)


def _back(request: HttpRequest) -> HttpResponse:
    everybody = request.POST.get("whose") == "all"
    return redirect(reverse("alert_calls") + ("?whose=all" if everybody else ""))
