"""Who is on call, swaps and leave; what a ladder would do at a given time; and what a test of it found."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from districts.access import Actor, Can, may
from districts.links import absolute
from districts.models import Person
from districts.scope import require_district_id
from ownership import forms, queries
from ownership.duty import duties, turns
from ownership.duty.preview import preview
from ownership.duty.roles import Roster, works_here
from ownership.ladders import building, rehearsal
from ownership.models import Escalation, LadderTest, Leave, Rotation, Swap
from ownership.views import actor_of
from tickets.models import Ticket
from tickets.queries import visible

FAR = timedelta(days=366)  # how far ahead a preview looks


@login_required
@require_safe
def on_call(request: HttpRequest) -> HttpResponse:
    """Now and next, and who is away."""
    return _on_call(request, actor_of(request))


def _on_call(
    request: HttpRequest, actor: Actor, *, swapping: tuple[Rotation, forms.SwapForm] | None = None,
    leaving: forms.LeaveForm | None = None,
) -> HttpResponse:  # fmt: skip
    now = timezone.now()
    rows = [(row, _swap_form(row.plan.rotation, actor, swapping)) for row in duties.on_call(now)]
    only = None if may(actor, Can.LEAD) else actor.person
    me = actor.person
    context: dict[str, Any] = {
        "rows": rows, "now": now, "leaves": [(leave, duties.may_change_leave(actor, leave.person)) for leave in duties.leaves(now)],
        "leave_form": leaving or forms.LeaveForm(only=only), "wrong": swapping[0].id if swapping else None,
        "mine": duties.own_shifts(me, now=now)[:8] if me else [], "file": _file_address(request, me) if me else "",
    }  # fmt: skip
    return render(request, "ownership/on_call.html", context, status=422 if swapping or leaving else 200)


def _swap_form(rotation: Rotation, actor: Actor, wrong: tuple[Rotation, forms.SwapForm] | None) -> forms.SwapForm | None:
    if not duties.may_swap(actor, rotation):
        return None
    return wrong[1] if wrong and wrong[0].id == rotation.id else forms.SwapForm(prefix=f"r{rotation.id.hex[-8:]}")


@login_required
@require_POST
def swap(request: HttpRequest, rotation_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    rotation = Rotation.objects.filter(id=rotation_id).first()
    if rotation is None:
        raise Http404
    if not duties.may_swap(actor, rotation) or actor.person is None:
        raise PermissionDenied
    form = forms.SwapForm(request.POST, prefix=f"r{rotation.id.hex[-8:]}")
    if form.is_valid():
        try:
            made = turns.swap(rotation, **form.cleaned_data, by=actor.person, now=timezone.now())
            messages.success(request, _("%(name)s is on call then.") % {"name": made.person.name})
            return redirect("on_call")
        except turns.NotPossible as error:
            form.add_error("ends_at", str(error))
    return _on_call(request, actor, swapping=(rotation, form))


@login_required
@require_POST
def undo_swap(request: HttpRequest, swap_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = Swap.objects.select_related("rotation").filter(id=swap_id).first()
    if found is None:
        raise Http404
    if not duties.may_swap(actor, found.rotation):
        raise PermissionDenied
    turns.undo_swap(found.id)
    messages.success(request, _("The turn is as it was."))
    return redirect("on_call")


@login_required
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    form, now = forms.LeaveForm(request.POST, only=None if may(actor, Can.LEAD) else actor.person), timezone.now()
    if form.is_valid() and actor.person:
        try:
            district = request.district  # type: ignore[attr-defined]
            made = turns.go_on_leave(**form.cleaned_data, by=actor.person, today=district.today(now), now=now)
            messages.success(request, _("Entered. On these days nobody sends for %(name)s.") % {"name": made.person.name})
            return redirect("on_call")
        except turns.NotPossible as error:
            form.add_error("last", str(error))
    return _on_call(request, actor, leaving=form)


@login_required
@require_POST
def end_leave(request: HttpRequest, leave_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    found = Leave.objects.select_related("person").filter(id=leave_id).first()
    if found is None:
        raise Http404
    if not duties.may_change_leave(actor, found.person):
        raise PermissionDenied
    turns.come_back(found.id)
    messages.success(request, _("%(name)s is there again.") % {"name": found.person.name})
    return redirect("on_call")


# --- a calendar file, for programs that cannot sign in ----------------------------------------------------------------


def _salt() -> str:
    return f"shifts:{require_district_id()}"


def _file_address(request: HttpRequest, person: Person) -> str:
    token = signing.Signer(salt=_salt()).sign(person.id.hex)
    return absolute(request.district, reverse("shifts", args=[token]))  # type: ignore[attr-defined]


@never_cache
@require_safe
def shifts(request: HttpRequest, token: str) -> HttpResponse:
    """One's own shifts. The address is all it needs, for as long as its person works here."""
    try:
        person_id = UUID(hex=signing.Signer(salt=_salt()).unsign(token))
    except (signing.BadSignature, ValueError):
        raise Http404 from None
    person = Person.objects.filter(id=person_id).first()
    if person is None or not works_here(person):
        raise Http404
    return HttpResponse(duties.shifts_file(person, now=timezone.now()), content_type="text/calendar; charset=utf-8")


# --- a ladder: preview and test ---------------------------------------------------------------------------------------


@login_required
@require_safe
def ladder(request: HttpRequest, slug: str) -> HttpResponse:
    """If this breaks then, who is told when? `at`: on the district's clock; `process` or `ticket`: what it would be for."""
    actor, now = actor_of(request), timezone.now()
    about, rungs, wrong = _about(request, actor, slug)
    at, wrong_time = _moment(request.GET.get("at", ""), now)
    lines = preview(rungs, about=about, at=at, roster=Roster(min(at, now), request.district).at(at))  # type: ignore[attr-defined]
    tests = LadderTest.objects.filter(ladder__slug=slug).select_related("by").order_by("-at", "-id")[:5]
    processes = queries.processes_on(slug)
    context = {
        "ladder": about.ladder, "about": about, "lines": lines, "at": at, "now": now, "tests": tests, "may_lead": may(actor, Can.LEAD),
        "wrong": wrong or wrong_time, "processes": processes, "for_tickets": not processes and about.process is None,
        "asked_ticket": request.GET.get("ticket", "")[:20],
    }  # fmt: skip
    return render(request, "ownership/ladder.html", context)


def _about(request: HttpRequest, actor: Actor, slug: str) -> tuple[Escalation, list[Any], str]:
    """What the ladder would be climbed for, its rungs, and what is wrong with what was asked."""
    row, rungs = duties.get_ladder(slug)
    about, wrong = Escalation(ladder=row), ""
    if asked := request.GET.get("process", ""):
        about.process = queries.get_process(asked[:100])
    elif number := request.GET.get("ticket", "").strip().lstrip("#"):
        known = Ticket.objects.filter(visible(actor)).select_related("team", "requester")
        about.ticket = known.filter(number=int(number)).first() if number.isdecimal() and len(number) < 10 else None
        wrong = "" if about.ticket else _("There is no request of that number.")
    return about, rungs, wrong


def _moment(text: str, now: datetime) -> tuple[datetime, str]:
    """On the clock that is active; now where nothing was asked, or what was asked makes no sense."""
    if not text:
        return now, ""
    try:
        local = parse_datetime(text)
    except ValueError:
        local = None
    if local is None:
        return now, _("That is no date with a time.")
    at = timezone.make_aware(local.replace(tzinfo=None))
    return (at, "") if abs(at - now) <= FAR else (now, _("A year ahead at most."))


@login_required
@require_POST
def rehearse(request: HttpRequest, slug: str) -> HttpResponse:
    """Leads test a ladder without waking anybody."""
    actor = actor_of(request, Can.LEAD)
    assert actor.person is not None  # machines have no session
    duties.get_ladder(slug)
    row = building.to_change(slug)
    test = rehearsal.rehearse(row, by=actor.person, loud=request.POST.get("loud") == "yes", now=timezone.now())
    return redirect("ladder_test", slug, test.id)


@login_required
@require_safe
def ladder_test(request: HttpRequest, slug: str, test_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    test = LadderTest.objects.select_related("ladder", "by").filter(ladder__slug=slug, id=test_id).first()
    if test is None:
        raise Http404
    context = {
        "test": test,
        "ladder": test.ladder,
        "now": timezone.now(),
        "may_set_up": actor.is_admin,
        "may_lead": may(actor, Can.LEAD),
    }
    return render(request, "ownership/ladder_test.html", context)
