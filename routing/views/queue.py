"""The queue's pages: a view of it, more of it, and what changed meanwhile."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from districts import contacts
from incidents.hunches import deciding
from routing import queue
from routing.lines import lines
from routing.queue import COUNTED, FOUND, Desk, Page, View
from routing.views.doors import staff_only
from tickets import words

HUNCHES = 3  # lines above the queue


@dataclass(frozen=True)
class Tab:
    """One view in the navigation, with its count."""

    slug: str
    label: str
    count: str
    here: bool
    alarm: bool


def tabs(desk: Desk, here: str) -> list[Tab]:
    counted = queue.counts(desk)
    return [
        Tab(view.slug, _label(view, desk), shown(counted[view.slug]), view.slug == here, view.slug == "late" and counted["late"] > 0)
        for view in queue.views_of(desk)
    ]


def shown(count: int) -> str:
    """ "37", or "1,000+" where the count stopped."""
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}"


def address(view: View, desk: Desk) -> str:
    """The query string that leads to what is shown."""
    return f"?view={view.slug}" + (f"&team={desk.only.slug}" if desk.only else "")


def _heading(view: View, desk: Desk) -> str:
    return f"{_label(view, desk)} · {desk.only}" if desk.only else _label(view, desk)


def _label(view: View, desk: Desk) -> str:
    several = len(desk.actor.teams) > 1
    return _("My teams") if view.slug == "team" and several else str(view.label)


def seen(page: Page) -> str:
    """The numbers on the first page, as `pulse` gets them back."""
    return ".".join(str(row.number) for row in page.rows)


@staff_only
def desk(request: HttpRequest) -> HttpResponse:
    """A view of the queue, or what a search found."""
    at = Desk(request.actor, timezone.now(), request.GET.get("team", ""))  # type: ignore[attr-defined]
    asked = request.GET.get("q", "").strip()
    if asked:
        return _found(request, at, asked)
    view = queue.view_named(request.GET.get("view", ""), at)
    after = queue.Cursor.read(request.GET.get("after", ""))
    page = queue.page(view, at, after)
    target = request.htmx.target  # type: ignore[attr-defined]
    context = {
        "view": view, "label": _heading(view, at), "lines": lines(page.rows, at, view=view.slug, fresh=target == "more"),
        "more": f"{address(view, at)}&after={page.more}" if page.more else "", "later": after is not None, "seen": seen(page),
        "here_query": address(view, at),
        "here": f"{reverse('desk')}{address(view, at)}",
    }  # fmt: skip
    if target in ("more", "queue"):
        return render(request, f"routing/desk.html#{'rows' if target == 'more' else 'queue'}", context)
    hunches = [] if after else deciding.open_hunches(at.now, teams=at.actor.teams)[:HUNCHES]
    return render(request, "routing/desk.html", context | {"tabs": tabs(at, view.slug), "hunches": hunches})


@staff_only
def pulse(request: HttpRequest) -> HttpResponse:
    """Every 20 seconds: new counts, and how many tickets came to the page or left it. Nothing on it is moved."""
    at = Desk(request.actor, timezone.now(), request.GET.get("team", ""))  # type: ignore[attr-defined]
    view = queue.view_named(request.GET.get("view", ""), at)
    before = set(request.GET.get("seen", "").split("."))
    page = queue.page(view, at)
    after = {str(row.number) for row in page.rows}
    went = 0 if page.more else len(before - after - {""})  # from a full page rows are also pushed out by others
    news = _news(len(after - before), went)
    context: dict[str, Any] = {
        "tabs": tabs(at, view.slug), "here": f"{reverse('desk')}{address(view, at)}",
        "news": news, "told": request.GET.get("told", "") == news,
    }  # fmt: skip
    return render(request, "routing/desk.html#pulse", context)


def _news(came: int, went: int) -> str:
    told = [
        ngettext("%(n)d new here", "%(n)d new here", came) % {"n": came} if came else "",
        ngettext("%(n)d gone from here", "%(n)d gone from here", went) % {"n": went} if went else "",
    ]
    return ", ".join(filter(None, told))


def _found(request: HttpRequest, at: Desk, asked: str) -> HttpResponse:
    digits = asked.removeprefix("#").strip()
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None
    exact = queue.search(at, number=number, contact=contacts.either(asked), asset=asked[:40].replace("\0", ""))
    if len(exact) == 1 and exact[0].number == number:
        return redirect("desk_ticket", exact[0].id)
    found = queue.newest_first([*exact, *queue.search_words(at, words.query(asked))])
    rows = found[:FOUND]
    context = {"asked": asked, "lines": lines(rows, at, view=""), "tabs": tabs(at, ""), "found": len(rows), "cut": len(found) > FOUND}
    return render(request, "routing/desk.html", context)
