"""An alert from its first word to its report. For leaders, and whoever answers for alerts."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alerts import actions, audience, drafts, forms, monthly, policies, queries, watching, wording
from alerts.models import Alert, AlertTemplate
from alerts.templates import templates_here
from districts.access import Actor
from districts.editing import actor_of, fingerprint
from districts.models import Person, new_token

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])
Door = Callable[..., HttpResponse]


def for_senders(view: Door) -> Door:
    """Visitors are led to the sign-in; who works here and may send no alerts gets 403."""

    @never_cache
    @login_required
    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        queries.require_sender(actor_of(request), now=timezone.now())
        return view(request, *args, **kwargs)

    return door


def me(request: HttpRequest) -> Person:
    """Whoever may send is a person, never a machine's key."""
    person = actor_of(request).person
    if person is None:
        raise Http404
    return person


def spoken(request: HttpRequest) -> list[str]:
    return list(request.district.languages or ["en"])  # type: ignore[attr-defined]


@for_senders
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    found, policy = queries.recent(), policies.policy_here()
    return render(
        request, "alerts/alerts.html",
        {
            "templates": templates_here(), "alerts": found, "live": [queries.live(alert) for alert in found if alert.is_live][:5],
            "promise": policies.sentence(policy), "may_send": True, "overdue": monthly.overdue_since(policy, now=timezone.now()),
        },
    )  # fmt: skip


# --- writing it ---------------------------------------------------------------------------------------------------------


@for_senders
@ONE_FORM
def compose(request: HttpRequest, slug: str = "") -> HttpResponse:
    template = next((row for row in templates_here() if row.slug == slug), None)
    if slug and template is None:
        raise Http404
    shown = forms.shown_of_template(template)
    return _write(request, shown=shown, words=template.words if template else {}, template=template)


@for_senders
@ONE_FORM
def edit(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    alert = queries.get_alert(actor_of(request), alert_id, now=timezone.now(), held=request.method == "POST")
    if not alert.is_draft:
        messages.info(request, _("It has left: its words cannot be changed any more."))
        return redirect("alert", alert.id)
    return _write(request, shown=forms.shown_of(alert), words=alert.words, alert=alert)


def _write(
    request: HttpRequest,
    *,
    shown: dict[str, Any],
    words: dict[str, Any],
    template: AlertTemplate | None = None,
    alert: Alert | None = None,
) -> HttpResponse:
    data, now = request.POST if request.method == "POST" else None, timezone.now()
    kinds, key = forms.kinds_of(template, alert), request.POST.get("draft", "")[:40]
    form = forms.AlertForm(data, words=words, spoken=spoken(request), initial=shown, kinds=kinds)
    to = forms.AudienceForm(data, initial=shown)
    if form.is_valid() and to.is_valid():
        said = {"title": form.cleaned_data["title"], "words": form.words(), "audience": to.audience(), "by": me(request), "now": now}
        if alert is None:
            alert = actions.draft(template, kind=form.cleaned_data["kind"], key=key, **said)
        else:
            actions.change(alert, kind=form.cleaned_data["kind"], **said)
        return redirect("alert", alert.id)
    chosen = to.audience() if data and to.is_valid() else audience.Audience(**{name: shown.get(name, ()) for name in _AUDIENCE})
    counted = audience.count(chosen, kind=str(form["kind"].value() or ""), now=now)
    values = {
        "form": form, "to": to, "alert": alert, "template": template, "counted": counted,
        "some_sites": bool(to["sites"].value()), "some_teams": bool(to["teams"].value()), "may_send": True, "section": "alerts",
        "draft": key or new_token(),
    }  # fmt: skip
    return render(request, "alerts/compose.html", values, status=422 if form.errors or to.errors else 200)


_AUDIENCE = ("kinds", "sites", "teams", "channels")


@for_senders
@require_safe
def count(request: HttpRequest) -> HttpResponse:
    """How many people and addresses a choice means; asked for while somebody chooses."""
    to = forms.AudienceForm(request.GET)
    chosen = to.audience() if to.is_valid() else audience.Audience(kinds=())
    counted = audience.count(chosen, kind=request.GET.get("kind", ""), now=timezone.now())
    return render(request, "alerts/compose.html#count", {"counted": counted})


# --- sending it ---------------------------------------------------------------------------------------------------------


@never_cache
@login_required
@require_safe
def alert(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    found = queries.get_alert(actor_of(request), alert_id, now=timezone.now())
    return _preview(request, found) if found.is_draft else _live(request, found)


def _seen(alert: Alert) -> str:
    return fingerprint({"words": alert.words, **forms.shown_of(alert)})


def _preview(request: HttpRequest, found: Alert, *, form: forms.ConfirmForm | None = None, problem: str = "") -> HttpResponse:
    now, actor = timezone.now(), actor_of(request)
    written = wording.all_written(found.words, spoken(request), kind=found.kind)
    values = {
        "alert": found, "written": written, "besides": queries.named_besides(found), "blanks": wording.blanks(found.words),
        "form": form, "problem": problem,
        "counted": audience.count(audience.audience_of(found), kind=found.kind, now=now), "seen": _seen(found),
        "audience_words": queries.audience_words(found), "waits": _waits_for_another(found, actor),
        "may_send": queries.may_send(actor, now=now), "promise": policies.sentence(found), "section": "alerts",
    }  # fmt: skip
    return render(request, "alerts/preview.html", values, status=422 if form or problem else 200)


def _waits_for_another(found: Alert, actor: Actor) -> bool:
    return drafts.needs_second(found) and actor.person is not None and actor.person.id == found.made_by_id


@for_senders
@require_POST
def send(request: HttpRequest, alert_id: UUID, *, test: bool = False) -> HttpResponse:
    """The button of something real sends no test, and the other way round: each has an address of its own."""
    now = timezone.now()
    found = queries.get_alert(actor_of(request), alert_id, now=now, held=True)
    if not found.is_draft:
        return redirect("alert", found.id)
    if found.is_test != test:
        said = (
            _("This is a test: only the button of a test sends it.")
            if found.is_test
            else _("This is real: the button of a test does not send it.")
        )
        return _preview(request, found, problem=said)
    people = audience.people(audience.audience_of(found)).count()
    form = forms.ConfirmForm(request.POST, people=people, test=test)
    if not form.is_valid():
        return _preview(request, found, form=form)
    if form.cleaned_data["seen"] != _seen(found):
        return _preview(request, found, problem=_("Somebody changed it while you were reading. This is how it is now: look again."))
    try:
        actions.start(found, by=me(request), now=timezone.now())
    except actions.NotReady as error:
        return _preview(request, found, problem=str(error))
    except actions.NeedsSecond:
        return _preview(request, found, problem=_("Your district wants a second leader to send it."))
    return redirect("alert", found.id)


def _wrong_button(found: Alert) -> str:
    if found.is_test:
        return _("This is a test: only the button of a test sends it.")
    return _("This is real: the button of a test does not send it.")


@for_senders
@require_POST
def ask(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    found = queries.get_alert(actor_of(request), alert_id, now=timezone.now(), held=True)
    try:
        asked = actions.ask_second(found, by=me(request), now=timezone.now())
    except actions.NotReady as error:
        return _preview(request, found, problem=str(error))
    if asked:
        said = ngettext("%(n)d leader is asked to send it.", "%(n)d leaders are asked to send it.", asked)
        messages.success(request, said % {"n": asked})
    else:
        messages.info(request, _("Nobody new was asked: it has been asked before, or there is no other leader."))
    return redirect("alert", found.id)


@for_senders
@require_POST
def discard(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    found = queries.get_alert(actor_of(request), alert_id, now=timezone.now(), held=True)
    if actions.discard(found, by=me(request), now=timezone.now()):
        messages.success(request, _("It is put away; nothing was sent."))
        return redirect("alerts")
    return redirect("alert", found.id)


# --- while and after it is sent -----------------------------------------------------------------------------------------


def _live(request: HttpRequest, found: Alert, *, form: forms.NoteForm | None = None) -> HttpResponse:
    now, actor = timezone.now(), actor_of(request)
    values: dict[str, Any] = {
        "alert": found,
        "live": queries.live(found) if found.started_at else None,
        "climbs": queries.climbs(found, actor),
        "now": now,
        **_times(found, now),
    }
    values |= {"may_send": queries.may_send(actor, now=now), "section": "alerts"}
    if request.GET.get("part") == "live" and request.htmx:  # type: ignore[attr-defined]
        return render(request, "alerts/alert.html#live", values)
    values |= {
        "form": form or forms.NoteForm(), "acts": queries.acts(found), "unreached": queries.unreached(found),
        "left_out": queries.left_out(found), "audience_words": queries.audience_words(found), "promise": policies.sentence(found),
        "written": wording.all_written(found.words, spoken(request), kind=found.kind),
    }  # fmt: skip
    return render(request, "alerts/alert.html", values, status=422 if form else 200)


def _times(found: Alert, now: datetime) -> dict[str, Any]:
    if found.started_at is None:
        return {}
    reach_due, report_due = watching.reach_due(found), watching.report_due(found)
    followed = now < found.started_at + watching.FOLLOWED and found.state != Alert.State.ENDED
    return {
        "reach_due": reach_due,
        "report_due": report_due,
        "time_up": now >= reach_due,
        "late": report_due is not None and now >= report_due,
        "followed": followed,
    }


@for_senders
@require_POST
def sign(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    found = queries.get_alert(actor_of(request), alert_id, now=timezone.now(), held=True)
    form = forms.NoteForm(request.POST)
    if not form.is_valid():
        return _live(request, found, form=form)
    if actions.validate(found, by=me(request), note=form.cleaned_data["note"], now=timezone.now()):
        messages.success(request, _("The report is signed."))
    else:
        messages.info(request, _("It is signed already, or not all of it has left."))
    return redirect("alert", found.id)


@for_senders
@require_POST
def end(request: HttpRequest, alert_id: UUID) -> HttpResponse:
    found = queries.get_alert(actor_of(request), alert_id, now=timezone.now(), held=True)
    if actions.end(found, by=me(request), now=timezone.now()):
        messages.success(request, _("It is over: nobody is called for it any more."))
    return redirect("alert", found.id)
