"""What waits for a word, one hold with its evidence, and the rules that hold a run."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from districts.access import Actor, Can, require
from districts.editing import actor_of, for_administrators
from districts.models import Person
from ownership.holds import deciding, judging, keeping, queries, words
from ownership.holds.forms import AskForm, RuleForm, SayForm
from ownership.holds.rules import rules_of
from ownership.models import Hold

BACKTEST_SHOWN = 20


@login_required
@require_safe
def holds(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    require(actor, Can.READ)
    waiting = queries.waiting()
    context = {
        "waiting": [(hold, words.reasons(hold.reasons), queries.may_decide(actor, hold)) for hold in waiting],
        "decided": [(hold, words.reasons(hold.reasons)) for hold in queries.decided()], "now": timezone.now(),
        "guarded": queries.guarded_feeds(),
    }  # fmt: skip
    return render(request, "ownership/holds/list.html", context)


@login_required
@require_safe
def hold(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    require(actor, Can.READ)
    return _page(request, queries.get_hold(hold_id), actor)


def _page(
    request: HttpRequest, row: Hold, actor: Actor, *, wrong: str = "", typed: str = "", ask: AskForm | None = None, status: int = 200
) -> HttpResponse:  # fmt: skip
    zone = request.district.zone  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "view": queries.view_of(row, actor, zone=zone), "hold": row, "ask": ask or AskForm(), "now": timezone.now(), "wrong": wrong,
        "typed": typed,
    }  # fmt: skip
    return render(request, "ownership/holds/hold.html", context, status=status)


@login_required
@require_POST
def release(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    return _decided(request, hold_id, deciding.release, _("Released. Whoever waits for it downstream is told."))


@login_required
@require_POST
def reject(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    return _decided(request, hold_id, deciding.reject, _("Rejected. Whoever waits for it downstream is told."))


@login_required
@require_POST
def ask(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    row, actor, person = _may_decide(request, hold_id)
    form, now = AskForm(request.POST), timezone.now()
    if not form.is_valid():
        said = str(next(iter(form.errors.values()))[0])
        return _page(request, row, actor, wrong=said, ask=form, status=422)
    of = form.cleaned_data["of"]
    return _acted(
        request, row,
        lambda: deciding.ask(row.id, of=of, by=person, question=form.cleaned_data["why"], now=now),
        _("%(name)s is asked, and answers on this page.") % {"name": of.name},
    )  # fmt: skip


@login_required
@require_POST
def answer(request: HttpRequest, hold_id: UUID) -> HttpResponse:
    actor = actor_of(request)
    require(actor, Can.READ)
    row = queries.get_hold(hold_id)
    view = queries.view_of(row, actor, zone=request.district.zone)  # type: ignore[attr-defined]
    if not view.may_answer or actor.person is None:
        raise PermissionDenied
    person, now = actor.person, timezone.now()
    said = request.POST.get("why", "")
    return _acted(request, row, lambda: deciding.answer(row.id, by=person, words=said, now=now), _("Said to whoever waits for it."))


def _decided(request: HttpRequest, hold_id: UUID, act: Callable[..., bool], done: str) -> HttpResponse:
    row, actor, person = _may_decide(request, hold_id)
    form, now = SayForm(request.POST), timezone.now()
    if not form.is_valid():
        said = _("Say why in a few words: whoever looks at it later wants to know.")
        return _page(request, row, actor, wrong=said, typed=request.POST.get("why", ""), status=422)
    return _acted(request, row, lambda: act(row.id, by=person, why=form.cleaned_data["why"], now=now), done)


def _may_decide(request: HttpRequest, hold_id: UUID) -> tuple[Hold, Actor, Person]:
    """Raises Http404 or PermissionDenied."""
    actor = actor_of(request)
    require(actor, Can.READ)
    row = queries.get_hold(hold_id)
    if not queries.may_decide(actor, row) or actor.person is None:
        raise PermissionDenied
    return row, actor, actor.person


def _acted(request: HttpRequest, row: Hold, act: Callable[[], bool], done: str) -> HttpResponse:
    try:
        if act():
            messages.success(request, done)
        else:
            messages.info(request, _("Somebody was quicker: it is decided."))
    except deciding.WordMissing as error:
        return _page(request, row, actor_of(request), wrong=str(error), status=422)
    return redirect("hold", row.id)


# --- rules --------------------------------------------------------------------------------------------------------------


@for_administrators
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """The rules of a feed, each as a sentence, and what they would have held in the last quarter."""
    feed, now = queries.watched_feed(slug), timezone.now()
    form = RuleForm(request.POST if request.method == "POST" else None, names=queries.names_told(feed))
    status = 200
    if form.is_bound and form.is_valid():
        try:
            added = keeping.add(feed, form.rule(), by=_me(request), now=now)
        except keeping.TooMany as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved.")) if added else messages.info(request, _("It stands there already."))
            return redirect("hold_rules", slug)
    if form.errors:
        status = 422
    found = judging.backtest(feed, rules_of(feed.rules), now=now, zone=request.district.zone)  # type: ignore[attr-defined]
    context = {
        "feed": feed, "form": form, "rules": queries.rules_in_words(feed), "now": now, "found": len(found),
        "shown": [(run, [words.reason(one) for one in reasons]) for run, reasons in found[:BACKTEST_SHOWN]],
    }  # fmt: skip
    return render(request, "ownership/holds/rules.html", context, status=status)


@for_administrators
@require_POST
def remove_rule(request: HttpRequest, slug: str, place: int) -> HttpResponse:
    feed = queries.watched_feed(slug)
    if keeping.remove(feed, place, seen=request.POST.get("rule", ""), by=_me(request), now=timezone.now()):
        messages.success(request, _("Taken away."))
    else:
        messages.info(request, _("It is not there any more."))
    return redirect("hold_rules", slug)


def _me(request: HttpRequest) -> Person:
    """An administrator is a person: a key of a machine opens no page."""
    person = actor_of(request).person
    assert person is not None
    return person
