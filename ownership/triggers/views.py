"""Triggers: what is released when something happens, how its calls went, and who keeps them."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.access import Actor, Can, may
from districts.editing import for_administrators, row_or_404
from districts.links import absolute
from districts.models import Person
from ownership.models import Trigger, TriggerCall
from ownership.triggers import calling, firing, keeping, keys
from ownership.triggers.forms import TriggerForm
from ownership.triggers.keeping import TriggerRow
from ownership.views import actor_of

LONGEST_ONCE = 64


@login_required
@require_safe
def triggers(request: HttpRequest) -> HttpResponse:
    """Everybody who works here sees them; administrators keep them."""
    actor = actor_of(request)
    rows, now = keeping.listed(), timezone.now()
    return render(request, "ownership/triggers/list.html", {"rows": rows, "now": now, "may_keep": actor.is_admin})


@login_required
@never_cache
@require_safe
def trigger(request: HttpRequest, trigger_id: UUID) -> HttpResponse:
    actor, found, now = actor_of(request), _trigger(trigger_id), timezone.now()
    row = TriggerRow(found, keeping.calls_of(found))
    context: dict[str, Any] = {
        "row": row, "trigger": found, "now": now, "may_keep": actor.is_admin, "may_release": may(actor, Can.LEAD), "once": uuid4().hex,
        "may_try": _may_try(actor, found, now),
    }  # fmt: skip
    context["signs"] = bool(keys.keys_of(found, now=now))
    if actor.is_admin:
        context["overlap"] = keys.overlap_until(found, now=now)
    if not row.ours:
        context["address"] = absolute(request.district, reverse("api_event", args=[row.trigger.event]))  # type: ignore[attr-defined]
    return render(request, "ownership/triggers/trigger.html", context)


@for_administrators
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, trigger_id: UUID | None = None) -> HttpResponse:
    """Of a new one, the answer is the page with its key: it is nowhere else, and not in a session either."""
    row = row_or_404(keeping.triggers(), trigger_id, request)
    form = TriggerForm(request.POST if request.method == "POST" else None, trigger=row)
    if form.is_valid():
        return _saved(request, row, form)
    return render(request, "ownership/triggers/edit.html", {"form": form, "trigger": row}, status=422 if form.errors else 200)


def _saved(request: HttpRequest, row: Trigger | None, form: TriggerForm) -> HttpResponse:
    values, key = form.values(), ""
    if row is None:
        row, key = keeping.add(values, now=timezone.now())
    else:
        keeping.save(row, values=values)
        messages.success(request, _("%(name)s is saved. Send a test to see that it is taken.") % {"name": row.name})
    if form.unknown:
        messages.warning(request, _("%(problem)s Until somebody does, nothing is released.") % {"problem": form.unknown})
    return _key_page(request, row, key) if key else redirect("trigger", row.id)


@for_administrators
@never_cache
@require_POST
def new_key(request: HttpRequest, trigger_id: UUID) -> HttpResponse:
    """The answer is the page with the key: it is nowhere else."""
    row, now = _trigger(trigger_id), timezone.now()
    key = keeping.rotate(row, seen=request.POST.get("seen", ""), now=now)
    if not key:
        messages.info(request, _("A new key was made meanwhile, and it stays. Whoever made it has it."))
        return redirect("trigger", trigger_id)
    row = _trigger(trigger_id)
    return _key_page(request, row, key, overlap=keys.overlap_until(row, now=now))


def _key_page(request: HttpRequest, row: Trigger, key: str, *, overlap: datetime | None = None) -> HttpResponse:
    context = {"trigger": row, "key": key, "overlap": overlap, "now": timezone.now()}
    return render(request, "ownership/triggers/key.html", context)


@for_administrators
@require_POST
def pause(request: HttpRequest, trigger_id: UUID) -> HttpResponse:
    row, active = _trigger(trigger_id), request.POST.get("to") == "on"
    keeping.pause(row, active=active)
    messages.success(request, _("It listens again.") if active else _("It is paused: what happens meanwhile is not told later."))
    return redirect("trigger", trigger_id)


@for_administrators
@require_POST
def remove(request: HttpRequest, trigger_id: UUID) -> HttpResponse:
    row = _trigger(trigger_id)
    keeping.remove(row)
    messages.success(request, _("%(name)s is removed.") % {"name": row.name})
    return redirect("triggers")


@for_administrators
@require_POST
def test(request: HttpRequest, trigger_id: UUID) -> HttpResponse:
    firing.send_test(_trigger(trigger_id), by=_me(request).name, now=timezone.now())
    messages.success(request, _("The test is on its way. Look at the page again in some seconds to see what was answered."))
    return redirect("trigger", trigger_id)


@login_required
@require_POST
def release(request: HttpRequest, trigger_id: UUID) -> HttpResponse:
    """A lead says that the district's own event has happened."""
    me, row = _lead(request), _trigger(trigger_id)
    if firing.is_ours(row.event):
        raise PermissionDenied
    once = request.POST.get("once", "")[:LONGEST_ONCE] or uuid4().hex
    n = keeping.release(row, by=me, once=once, words=request.POST.get("words", ""), now=timezone.now())
    if n:
        said = ngettext("Released: %(n)d call is on its way.", "Released: %(n)d calls are on their way.", n)
        messages.success(request, said % {"n": n})
    else:
        messages.info(request, _("Nothing was released: it is paused, or this was told already."))
    return redirect("trigger", trigger_id)


@login_required
@require_POST
def again(request: HttpRequest, call_id: UUID) -> HttpResponse:
    """Leads, and those who were told that it was given up."""
    actor, now = actor_of(request), timezone.now()
    call = TriggerCall.objects.filter(id=call_id).first()
    if call is None:
        raise Http404
    if not _may_try(actor, _trigger(call.trigger_id), now):
        raise PermissionDenied
    if calling.again(call, now=now):
        messages.success(request, _("It is told again, under the same id."))
    else:
        messages.info(request, _("It is not given up: nothing to try again."))
    return redirect("trigger", call.trigger_id)


def _trigger(trigger_id: UUID) -> Trigger:
    found: Trigger | None = keeping.triggers().filter(id=trigger_id).first()
    if found is None:
        raise Http404
    return found


def _may_try(actor: Actor, row: Trigger, now: datetime) -> bool:
    return may(actor, Can.LEAD) or actor.person in calling.answer_for(row, now=now)


def _lead(request: HttpRequest) -> Person:
    person = actor_of(request, Can.LEAD).person
    assert person is not None  # a machine has no session
    return person


def _me(request: HttpRequest) -> Person:
    person = actor_of(request, Can.ADMIN).person
    assert person is not None
    return person
