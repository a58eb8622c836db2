"""The status page: open to everybody, without a cookie, kept by caches for a moment. It knows no name of staff."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts import contacts
from districts.limits import remote_of, within
from districts.links import absolute
from districts.models import District, Site
from incidents import queries, subscribing
from incidents.models import Subscriber
from incidents.queries import Public

SECONDS = 20  # that a cache may show an older page
View = Callable[..., HttpResponse]


def cacheable(view: View) -> View:
    """For everybody the same; for somebody signed in it carries their menu, so it is theirs alone."""

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            patch_cache_control(response, private=True, no_cache=True)
        elif response.status_code == 200:
            patch_cache_control(response, public=True, max_age=SECONDS)
        return response

    return kept


@cacheable
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Now, and the last 90 days; ?school=CODE: only what concerns it."""
    return render(request, "incidents/status.html", _context(request))


def _context(request: HttpRequest) -> dict[str, Any]:
    now, site = timezone.now(), _school(request.GET.get("school", ""))
    shown = queries.public(now=now, site=site.id if site else None)
    systems = queries.system_states(shown)
    return {
        "running": [one for one in shown if one.running], "past": [one for one in shown if not one.running],
        "troubled": [state for state in systems if state.incident], "fine": [state for state in systems if not state.incident],
        "schools": Site.objects.filter(is_school=True).order_by("name"), "site": site,
        "now": now,
    }  # fmt: skip


def _school(code: str) -> Site | None:
    return Site.objects.filter(code=code[:16]).first() if code and "\0" not in code else None


@cacheable
@require_safe
def one(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    return render(request, "incidents/status_one.html", {"one": queries.public_one(incident_id), "now": timezone.now()})


@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Whatever was typed, what is said next tells nothing of who is on the list."""
    given = " ".join(request.POST.get("contact", "").replace("\0", "").split())[:254]
    contact = contacts.either(given)
    if contact is None:
        problem = _("We could not read this as an email address or a phone number. For example: name@example.com or 555 010 4477.")
        return render(request, "incidents/status.html", {**_context(request), "problem": problem, "contact": given}, status=422)
    if within("status-ask-from", remote_of(request), most=20, seconds=3600):
        site = _school(request.POST.get("school", ""))
        subscribing.ask(contact, language=get_language() or "en", site=site, now=timezone.now())
    return render(request, "incidents/asked.html", {"contact": given})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A button: programs that look through mail follow links, and must not confirm anything."""
    row = _row(token)
    if request.method == "POST":
        subscribing.confirm(row, now=timezone.now())
    return render(request, "incidents/confirm.html", {"row": row, "done": request.method == "POST"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    row = _row(token)
    if request.method == "POST":
        subscribing.leave(row, now=timezone.now())
    return render(request, "incidents/leave.html", {"row": row, "done": request.method == "POST"})


def _row(token: str) -> Subscriber:
    if not token.isascii():
        raise Http404
    return subscribing.by_token(token)


@cacheable
@require_safe
def atom(request: HttpRequest) -> HttpResponse:
    return _feed(request, Atom1Feed, "status_atom")


@cacheable
@require_safe
def rss(request: HttpRequest) -> HttpResponse:
    return _feed(request, Rss201rev2Feed, "status_rss")


def _feed(request: HttpRequest, kind: type[Rss201rev2Feed] | type[Atom1Feed], name: str) -> HttpResponse:
    """Each update is an entry; of the same school as the page."""
    district: District = request.district  # type: ignore[attr-defined]
    site = _school(request.GET.get("school", ""))
    feed = kind(
        title=_("Outages at %(name)s") % {"name": district.name}, link=absolute(district, reverse("status")), language=get_language(),
        description=_("What does not work just now, and when it is expected to."), feed_url=absolute(district, reverse(name)),
    )  # fmt: skip
    for shown in queries.public(now=timezone.now(), site=site.id if site else None):
        _entries(feed, shown, district)
    return HttpResponse(feed.writeString("utf-8"), content_type=kind.content_type)


def _entries(feed: SyndicationFeed, shown: Public, district: District) -> None:
    link = absolute(district, reverse("status_incident", args=[shown.id]))
    told: list[tuple[datetime, str, str]] = [(update.at, update.label, update.text) for update in shown.updates]
    for at, label, text in told or [(shown.began_at, shown.label, shown.seen)]:
        feed.add_item(
            title=f"{label}: {shown.title}", link=link, description=text, pubdate=at, updateddate=at,
            unique_id=f"{link}#{at:%Y%m%dT%H%M%S%f}",
        )  # fmt: skip
