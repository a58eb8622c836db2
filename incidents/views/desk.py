"""The outage at the desk: declare one, its page, and what is done from there."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from districts.access import Can, may
from districts.models import District
from incidents import actions, forms, linking, queries, reached, starting, suggesting
from incidents.actions import NotYet, Refused
from incidents.hunches import deciding
from incidents.levels import affected
from incidents.models import Hunch, Incident, Offer, Update
from incidents.saying import Meanwhile
from incidents.starting import New
from incidents.views import hunches
from incidents.views.doors import actor_of, staff_only
from incidents.views.given import a_number, an_id
from ownership.models import Process
from tickets.models import Ticket
from tickets.queries import get_ticket, visible

PAST_A_PAGE = 25
MOST = 99_999_999_999_999  # the number of a ticket
State = Incident.State
Do = Callable[[HttpRequest, Incident, datetime], str]  # does it, and says so; raises Refused


def district_of(request: HttpRequest) -> District:
    district: District = request.district  # type: ignore[attr-defined]
    return district


@staff_only
def outages(request: HttpRequest) -> HttpResponse:
    """What runs, what may be one, what is mine to do, and what was."""
    actor = actor_of(request)
    pages = Paginator(queries.past(), PAST_A_PAGE)
    context = {
        "running": list(starting.running().select_related("commander").order_by("-detected_at")),
        "suggestions": suggesting.suggestions(),
        "hunches": deciding.shown(actor, timezone.now()),
        "mine": queries.mine(actor), "past": pages.get_page(request.GET.get("page")), "now": timezone.now(),
        "may_lead": may(actor, Can.LEAD),
    }  # fmt: skip
    return render(request, "incidents/outages.html", context)


@staff_only
def declare(request: HttpRequest) -> HttpResponse:
    """From the desk's button, a ticket (?ticket=), a feed in trouble (?offer=), or what several people may write of (?hunch=)."""
    now = timezone.now()
    ticket, offer, hunch = _ticket(request, now), _offer(request), hunches.given(request)
    if request.method != "POST":
        known = hunches.initial(hunch) if hunch else _initial(ticket, offer, now)
        return _declare_page(request, forms.DeclareForm(initial=known), ticket, offer, hunch=hunch)
    form = forms.DeclareForm(request.POST)
    if not form.is_valid():
        return _declare_page(request, form, ticket, offer, hunch=hunch, status=422)
    given = _new(form.cleaned_data, ticket, offer, hunch)
    like = None if request.POST.get("anew") else starting.running_like(given)
    if like and not request.POST.get("join"):
        return _declare_page(request, form, ticket, offer, hunch=hunch, like=like)
    started = starting.start(given, by=actor_of(request).person, now=now, anew=bool(request.POST.get("anew")))
    _settle_start(request, started.incident, ticket, offer, now)
    if hunch:
        deciding.accept(hunch, started.incident, actor=actor_of(request), now=now)
    said = _("Declared. Level 1 has begun, and those who have a step are told.") if started.new else _("Added to the outage that runs.")
    messages.success(request, said)
    return redirect("incident", started.incident.id)


def _ticket(request: HttpRequest, now: datetime) -> Ticket | None:
    given = request.POST.get("ticket") or request.GET.get("ticket")
    found = get_ticket(actor_of(request), an_id(given), to=Can.READ, now=now) if given else None
    return None if found and found.sensitive else found  # everybody who works here would read its words


def _offer(request: HttpRequest) -> Offer | None:
    given = request.POST.get("offer") or request.GET.get("offer")
    if not given:
        return None
    return Offer.objects.select_related("escalation__process__source").filter(id=an_id(given), incident__isnull=True).first()


def _initial(ticket: Ticket | None, offer: Offer | None, now: datetime) -> dict[str, Any]:
    """What is known already: nobody types it again."""
    if ticket:
        one = {"scope": Incident.Scope.SCHOOL, "sites": [ticket.site]} if ticket.site and ticket.site.is_school else {}
        return {"title": ticket.subject[:160], "began_at": ticket.opened_at, "systems": starting.named_in(ticket.subject), **one}
    if offer and offer.escalation.process:
        process = offer.escalation.process
        return {"title": process.name[:160], "began_at": offer.escalation.began_at, "systems": starting.systems_of(process)}
    return {"began_at": now}


def _new(given: dict[str, Any], ticket: Ticket | None, offer: Offer | None, hunch: Hunch | None) -> New:
    process = offer.escalation.process if offer else None
    source = Incident.Source.TICKET if ticket or hunch else Incident.Source.FEED if offer else Incident.Source.PERSON
    return New(
        title=given["title"], began_at=given["began_at"], seen=given["seen"], severity=given["severity"], scope=given["scope"],
        sites=list(given["sites"]), systems=list(given["systems"]), processes=[process] if process else [], source=source,
        shown=given["shown"],
    )  # fmt: skip


def _settle_start(request: HttpRequest, incident: Incident, ticket: Ticket | None, offer: Offer | None, now: datetime) -> None:
    if ticket:
        linking.link(incident, chosen=[ticket], by=actor_of(request).person, now=now)
    if offer:
        suggesting.declared(offer, incident)


def _declare_page(
    request: HttpRequest, form: forms.DeclareForm, ticket: Ticket | None, offer: Offer | None, *, hunch: Hunch | None = None,
    like: Incident | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    known = {"ticket": ticket, "offer": offer, "hunch": hunch}
    context = {"form": form, **known, "like": like, "running": starting.running().order_by("-detected_at")[:5]}
    return render(request, "incidents/declare.html", context, status=status)


@staff_only
@require_POST
def decline(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """No outage: the ladder is enough."""
    if not may(actor_of(request), Can.LEAD):
        raise PermissionDenied
    offer = Offer.objects.select_related("escalation").filter(id=offer_id).first()
    if offer:
        suggesting.declined(offer, by=actor_of(request).person, now=timezone.now())
    messages.success(request, _("No outage. The feed's ladder goes on as before."))
    return redirect("incidents")


@staff_only
def beside(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """Of a ticket: the outage it is of, or may be of. Asked for by its page after it is shown; without scripts there is the link."""
    found = get_ticket(actor_of(request), ticket_id, to=Can.WORK, now=timezone.now())
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("desk_ticket", ticket_id)
    context: dict[str, Any] = {"found": linking.incidents_for(found), "ticket": found}
    if hunch := deciding.of_ticket(found, timezone.now()):
        context |= {"hunch": hunch[0], "others": hunch[1]}
    return render(request, "incidents/parts/beside.html", context)


# --- the page of one ---------------------------------------------------------------------------------------------------


@staff_only
def outage(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    return show(request, queries.get_incident(incident_id))


def show(
    request: HttpRequest, incident: Incident, *, wrong: tuple[str, django_forms.Form] | None = None, meanwhile: Update | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    """`wrong`: the form that could not be done, shown again with what was typed; `meanwhile`: what somebody else said just before."""
    actor, district, now = actor_of(request), district_of(request), timezone.now()
    page = queries.page_of(incident, actor)
    told, listed = reached.askers(incident, actor, now=now), reached.subscribers(incident, now=now)
    context = {
        "told_askers": told, "told_subscribers": listed, "lost": told.lost + listed.lost,
        "page": page, "incident": incident, "now": now, "key": uuid4(), "meanwhile": meanwhile,
        "may_lead": queries.may_lead(actor, incident),
        "is_lead": may(actor, Can.LEAD), "me": actor.person, "wrong": wrong[0] if wrong else "", "affected": affected(incident),
        "suggestions": linking.suggestions(incident, actor) if incident.is_running else [],
        "related": starting.related([s.system for s in page.systems], [p.process for p in page.processes]),
        **_forms(incident, page, district), **({wrong[0]: wrong[1]} if wrong else {}),
    }  # fmt: skip
    return render(request, "incidents/outage.html", context, status=status)


def _forms(incident: Incident, page: queries.Page, district: District) -> dict[str, django_forms.Form]:
    words = {"title": incident.title, "seen": incident.seen, "severity": incident.severity, "began_at": incident.began_at}
    other = {f"{name}_{code}": text for code, said in incident.versions.items() for name, text in said.items()}
    scope = {
        "scope": incident.scope, "sites": [row.site_id for row in page.sites], "systems": [row.system_id for row in page.systems],
        "processes": [row.process_id for row in page.processes],
    }  # fmt: skip
    return {
        "update_form": forms.UpdateForm(
            district=district, initial={"state": incident.state, "eta": incident.eta}, confirmed=incident.confirmed_at is not None
        ),
        "wording_form": forms.WordsForm(district=district, initial={**words, "cause": incident.cause, **other}),
        "scope_form": forms.ScopeForm(initial=scope), "decision_form": forms.DecisionForm(),
        "answer_form": forms.AnswerForm(district=district), "resolve_form": forms.ResolveForm(district=district),
    }  # fmt: skip


def act(do: Do) -> Callable[..., HttpResponse]:
    """One act of the page: door, form, act, back to where it was done."""

    @staff_only
    @require_POST
    def view(request: HttpRequest, incident_id: UUID) -> HttpResponse:
        incident = queries.get_incident(incident_id)
        try:
            said = do(request, incident, timezone.now())
        except Wrong as wrong:
            return show(
                request, queries.get_incident(incident_id), wrong=(wrong.name, wrong.form), meanwhile=wrong.meanwhile, status=422
            )
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, said)
        return redirect("incident", incident_id)

    return view


class Wrong(Exception):
    """A form that could not be read."""

    def __init__(self, name: str, form: django_forms.Form, *, meanwhile: Update | None = None) -> None:
        super().__init__(name)
        self.name, self.form, self.meanwhile = name, form, meanwhile


def checked[F: django_forms.Form](name: str, form: F) -> F:
    if not form.is_valid():
        raise Wrong(name, form)
    return form


def lead_of(request: HttpRequest, incident: Incident) -> None:
    if not queries.may_lead(actor_of(request), incident):
        raise PermissionDenied


@act
def update(request: HttpRequest, incident: Incident, now: datetime) -> str:
    """Words, state and expected time at once: they belong together."""
    form = checked("update_form", forms.UpdateForm(request.POST, district=district_of(request)))
    given = form.cleaned_data
    try:
        actions.post(
            incident, audience=given["audience"], text=given["text"], versions=form.versions(), state=given["state"], eta=given["eta"],
            keep_eta=False, by=actor_of(request).person, typed=form.typed(), now=now,
        )  # fmt: skip
    except Meanwhile as other:
        raise Wrong("update_form", form, meanwhile=other.other) from other
    if given["audience"] == "public":
        return _("It is on the status page, and on its way to those who asked for updates.")
    return _("Kept for staff. The status page does not show it.")


@act
def words(request: HttpRequest, incident: Incident, now: datetime) -> str:
    form = checked("wording_form", forms.WordsForm(request.POST, district=district_of(request)))
    given = form.cleaned_data
    actions.describe(
        incident, title=given["title"], seen=given["seen"], severity=given["severity"], cause=given["cause"],
        began_at=given["began_at"], versions=form.wording(), by=actor_of(request).person, now=now,
    )  # fmt: skip
    return _("The words are changed, on the status page too.") if incident.shown_at else _("The words are changed.")


@act
def scope(request: HttpRequest, incident: Incident, now: datetime) -> str:
    form = checked("scope_form", forms.ScopeForm(request.POST))
    given, by = form.cleaned_data, actor_of(request).person
    try:
        actions.set_scope(incident, scope=given["scope"], sites=list(given["sites"]), reason=given["reason"], by=by, now=now)
    except Refused as refused:
        form.add_error("reason", str(refused))
        raise Wrong("scope_form", form) from refused
    actions.set_systems(incident, systems=list(given["systems"]), processes=list(given["processes"]), by=by, now=now)
    return _("The scope is set.")


@act
def add_related(request: HttpRequest, incident: Incident, now: datetime) -> str:
    """What the matrix says hangs together, taken in with one click."""
    systems = [row.system for row in incident.systems.select_related("system")]
    processes = [row.process for row in incident.processes.select_related("process")]
    chosen = starting.get_systems(_ids(request, "system"))
    more = list(Process.objects.filter(id__in=_ids(request, "process")))
    by = actor_of(request).person
    actions.set_systems(incident, systems=[*systems, *chosen], processes=[*processes, *more], by=by, now=now)
    return _("Added.")


def _ids(request: HttpRequest, name: str) -> list[UUID]:
    return [an_id(one) for one in request.POST.getlist(name)]


@act
def command(request: HttpRequest, incident: Incident, now: datetime) -> str:
    person = actor_of(request).person
    if person is not None:
        actions.take_command(incident, by=person, now=now)
    return _("You lead it now.")


@act
def decide(request: HttpRequest, incident: Incident, now: datetime) -> str:
    given = checked("decision_form", forms.DecisionForm(request.POST)).cleaned_data
    person = actor_of(request).person
    if person is not None:
        actions.decide(incident, question=given["question"], answer=given["answer"], by=person, now=now)
    return _("It stands in the log.")


@act
def link(request: HttpRequest, incident: Incident, now: datetime) -> str:
    """Those that were ticked; or one by its number. Only what the reader may work."""
    actor = actor_of(request)
    rows = Ticket.objects.filter(visible(actor), sensitive=False)
    number = a_number(request.POST.get("number", "").strip().lstrip("#"), least=1, most=MOST)
    chosen = list(rows.filter(number=number)) if number else []
    chosen += list(rows.filter(id__in=_ids(request, "ticket")))
    if not chosen:
        raise Refused(_("Tick a ticket, or type the number of one."))
    count = linking.link(incident, chosen=chosen, by=actor.person, now=now)
    if not count:
        return _("Linked already.")
    return ngettext("%(n)d ticket is linked.", "%(n)d tickets are linked.", count) % {"n": count}


@act
def unlink(request: HttpRequest, incident: Incident, now: datetime) -> str:
    ticket = get_object_or_404(Ticket, id__in=_ids(request, "ticket")[:1])
    linking.unlink(incident, ticket, by=actor_of(request).person, now=now)
    return _("It stands by itself again.")


@act
def answer(request: HttpRequest, incident: Incident, now: datetime) -> str:
    lead_of(request, incident)
    form = checked("answer_form", forms.AnswerForm(request.POST, district=district_of(request)))
    given = form.cleaned_data
    try:
        count = actions.answer(
            incident, text=given["text"], versions=form.versions(), solves=given["solves"], by=actor_of(request).person,
            typed=form.typed(), now=now,
        )  # fmt: skip
    except Meanwhile as other:
        raise Wrong("answer_form", form, meanwhile=other.other) from other
    return ngettext("%(n)d answer is on its way.", "%(n)d answers are on their way.", count) % {"n": count}


@staff_only
@require_POST
def resolve(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    """The gate. First a page that says what happens; then it happens, and cannot be undone."""
    incident = queries.get_incident(incident_id)
    lead_of(request, incident)
    form = forms.ResolveForm(request.POST, district=district_of(request))
    if not form.is_valid():
        return show(request, incident, wrong=("resolve_form", form), status=422)
    override = form.cleaned_data["override"]
    if override and not may(actor_of(request), Can.LEAD):
        raise PermissionDenied
    if not request.POST.get("sure"):
        return _ask_if_sure(request, incident, form)
    person = actor_of(request).person
    try:
        if person is not None:
            actions.resolve(
                incident, by=person, override=override, text=form.cleaned_data["text"], versions=form.versions("text"),
                to_askers=form.cleaned_data["to_askers"], asker_versions=form.versions("to_askers"), now=timezone.now(),
            )  # fmt: skip
    except NotYet as stop:
        messages.error(request, str(stop))
        return redirect("incident", incident_id)
    messages.success(request, _("It is over. The review is written from what happened: look through it while you remember."))
    return redirect("incident_review", incident_id)


def _ask_if_sure(request: HttpRequest, incident: Incident, form: forms.ResolveForm) -> HttpResponse:
    page = queries.page_of(incident, actor_of(request))
    if page.missing and not form.cleaned_data["override"]:
        messages.error(request, _("It cannot be closed yet: see what is missing."))
        return redirect("incident", incident.id)
    live = [row for row in page.linked if row.ticket.is_live]
    return render(request, "incidents/sure.html", {"incident": incident, "form": form, "page": page, "live": live})
