"""Between alerts: addresses to be mended, results of the tests, and how a district sets its alerts up."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alerts import climbing, forms, mending, monthly, policies, queries
from alerts.models import AlertTemplate, BadContact
from alerts.templates import templates_here
from alerts.views import for_senders, me, spoken
from districts.access import Can, require
from districts.editing import actor_of, for_administrators

ONE_FORM = require_http_methods(["GET", "HEAD", "POST"])
MOST = 50  # of a page


@never_cache
@login_required
@require_safe
def contacts(request: HttpRequest) -> HttpResponse:
    require(actor_of(request), Can.READ)
    return _contacts(request)


def _contacts(request: HttpRequest, *, wrong: BadContact | None = None, problem: str = "", typed: str = "") -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    everybody = (request.POST.get("whose") or request.GET.get("whose")) == "all"
    site = _site(request.POST.get("site") or request.GET.get("site", "")) if everybody else ""
    rows = queries.bad_contacts(actor, mine=not everybody, site=site)
    total, overdue = rows.count(), rows.filter(due_at__lt=now).count()
    values: dict[str, Any] = {
        "waiting": queries.told_of(list(rows[:MOST]), now=now), "total": total, "overdue": overdue, "everybody": everybody,
        "done": queries.mended(now=now), "wrong": wrong, "problem": problem, "typed": typed, "now": now,
        "may_send": queries.may_send(actor, now=now), "site": site,
        "schools": queries.waiting_by_school(now=now) if everybody else [],
    }  # fmt: skip
    return render(request, "alerts/contacts.html", values, status=422 if problem else 200)


@never_cache
@login_required
@require_POST
def mend(request: HttpRequest, bad_id: UUID) -> HttpResponse:
    bad, form = queries.get_bad(actor_of(request), bad_id), forms.MendForm(request.POST)
    if form.is_valid():
        what, typed = form.cleaned_data["what"], form.cleaned_data["address"]
        try:
            done = _mended(bad, what=what, typed=typed, request=request)
        except mending.NotMended as error:
            return _contacts(request, wrong=bad, problem=str(error), typed=typed)
        if done:
            messages.success(request, _("Done: %(name)s.") % {"name": bad.person})
        else:
            messages.info(request, _("Somebody was quicker: it is done already."))
    whose, site = request.POST.get("whose") == "all", _site(request.POST.get("site", ""))
    back = {**({"whose": "all"} if whose else {}), **({"site": site} if site else {})}
    return redirect(reverse("alert_contacts", query=back))


def _site(given: str) -> str:
    """A school's id, or "none"; empty where it is neither."""
    try:
        return given if given == "none" else str(UUID(given))
    except ValueError:
        return ""


def _mended(bad: BadContact, *, what: str, typed: str, request: HttpRequest) -> bool:
    by, now = me(request), timezone.now()
    if what == "mend":
        return mending.mend(bad, by=by, address=typed, now=now)
    return mending.is_right(bad, by=by, now=now) if what == "right" else mending.nobody(bad, by=by, now=now)


@for_senders
@require_safe
def tests(request: HttpRequest) -> HttpResponse:
    policy = policies.policy_here()
    overdue = monthly.overdue_since(policy, now=timezone.now())
    return render(request, "alerts/tests.html", {"results": queries.results(), "policy": policy, "overdue": overdue, "may_send": True})


@for_administrators
@ONE_FORM
def setup(request: HttpRequest) -> HttpResponse:
    policy = policies.policy_here()
    data, built = request.POST if request.method == "POST" else None, request.GET.get("terms", "")[:300]
    form = forms.PolicyForm(data, instance=policy, initial={"terms": built} if built else {})
    if form.is_valid():
        saved, given = form.save(), form.cleaned_data
        monthly.plan(saved, on=given["test_on"], day=given["test_day"], at=given["test_time"], now=timezone.now())
        messages.success(request, _("Saved. %(promise)s") % {"promise": policies.sentence(saved)})
        return redirect("setup_alerts")
    shown = policies.policy_here() if form.errors else policy
    values = {
        "form": form, "built": built, "policy": shown, "promise": policies.sentence(shown), "ladder": climbing.ladder(shown),
        "templates": templates_here(), "put_away": AlertTemplate.objects.filter(active=False).order_by("name"),
    }  # fmt: skip
    return render(request, "alerts/setup.html", values, status=422 if form.errors else 200)


@for_administrators
@ONE_FORM
def words(request: HttpRequest, slug: str) -> HttpResponse:
    """One of the district's own templates."""
    templates_here()
    template = AlertTemplate.objects.filter(slug=slug).first()
    if template is None:
        raise Http404
    shown = {"title": template.name, "active": template.active}
    data = request.POST if request.method == "POST" else None
    form = forms.TemplateForm(data, words=template.words, spoken=spoken(request), initial=shown)
    if form.is_valid():
        template.name, template.words, template.active = form.cleaned_data["title"], form.words(), form.cleaned_data["active"]
        template.save(update_fields=["name", "words", "active"])
        messages.success(request, _("%(name)s is saved.") % {"name": template.name})
        return redirect("setup_alerts")
    return render(request, "alerts/words.html", {"form": form, "template": template}, status=422 if form.errors else 200)
