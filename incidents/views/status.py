"""The status page: open to everybody, without a cookie, kept by caches for a moment. It knows no name of staff.

Its forms carry no token against forgery, which would be a cookie and a page of one's own for each visitor. There is nothing to forge:
to subscribe asks an address to confirm, and what ends a subscription is the secret in its link.
"""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts import contacts
from districts.limits import remote_of, within
from districts.links import absolute
from districts.models import District, Site
from districts.told import cleaned, is_text
from incidents import queries, subscribing
from incidents.models import Subscriber
from incidents.queries import Public
from incidents.views.kept import asked_language, cacheable

NEVER = datetime(2000, 1, 1, tzinfo=UTC)  # of a feed in a district where nothing happened yet
ENTRIES = 100  # of a feed, the newest
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")  # what XML 1.0 has no place for, and what it warns of


@cacheable()
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
        "now": now, "lang": asked_language(request), "query": _asked(request),
    }  # fmt: skip


def _asked(request: HttpRequest) -> str:
    """The part of the address that feeds have in common with the page."""
    return urlencode({key: request.GET[key] for key in ("school", "language") if request.GET.get(key)})


def _school(code: str) -> Site | None:
    return Site.objects.filter(code=code[:16]).first() if code and is_text(code) else None


@cacheable()
@require_safe
def one(request: HttpRequest, incident_id: UUID) -> HttpResponse:
    return render(
        request,
        "incidents/status_one.html",
        {"now": timezone.now(), "lang": asked_language(request), "one": queries.public_one(incident_id)},
    )


@csrf_exempt
@require_POST
def subscribe(request: HttpRequest) -> HttpResponse:
    """Whatever was typed, what is said next tells nothing of who is on the list."""
    with override(asked_language(request) or get_language() or "en"):
        return _subscribe(request)


def _subscribe(request: HttpRequest) -> HttpResponse:
    given = " ".join(cleaned(request.POST.get("contact", "")).split())[:254]
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
    row, site, language = _row(token), _school(request.GET.get("school", "")), asked_language(request)
    if request.method == "POST":
        subscribing.confirm(row, language=language, site=site, now=timezone.now())
    with override(language or get_language() or "en"):
        return render(request, "incidents/confirm.html", {"row": row, "site": site, "done": request.method == "POST"})


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """By the button of the page, or by a mail program's own, which posts without asking (RFC 8058)."""
    row = _row(token)
    if request.method == "POST":
        subscribing.leave(row, now=timezone.now())
    return render(request, "incidents/leave.html", {"row": row, "done": request.method == "POST"})


def _row(token: str) -> Subscriber:
    if not token.isascii():
        raise Http404
    return subscribing.by_token(token)


@cacheable(dated=True)
@require_safe
def atom(request: HttpRequest) -> HttpResponse:
    return _feed(request, Atom, "status_atom")


@cacheable(dated=True)
@require_safe
def rss(request: HttpRequest) -> HttpResponse:
    return _feed(request, Rss, "status_rss")


class _Dated:
    """It changed when something was said, not when somebody looked."""

    feed: dict[str, Any]
    items: list[dict[str, Any]]

    def latest_post_date(self) -> datetime:
        found: datetime = max((item["updateddate"] for item in self.items), default=self.feed["changed"])
        return found


class Rss(_Dated, Rss201rev2Feed):
    """RSS 2.0."""


class Atom(_Dated, Atom1Feed):
    """RFC 4287."""


def _feed(request: HttpRequest, kind: type[Rss] | type[Atom], name: str) -> HttpResponse:
    """Each update is an entry; of the same school, and in the same language, as the page."""
    district: District = request.district  # type: ignore[attr-defined]
    site = _school(request.GET.get("school", ""))
    asked, home, own = _asked(request), reverse("status"), reverse(name)
    feed = kind(
        title=_("Outages at %(name)s") % {"name": district.name}, link=absolute(district, home), language=get_language(),
        description=_("What does not work just now, and when it is expected to."), author_name=district.name,
        feed_url=absolute(district, f"{own}?{asked}" if asked else own), changed=queries.public_version()[1] or NEVER,
    )  # fmt: skip
    entries = [
        entry for shown in queries.public(now=timezone.now(), site=site.id if site else None) for entry in _entries(shown, district)
    ]
    for entry in sorted(entries, key=lambda entry: entry["pubdate"], reverse=True)[:ENTRIES]:
        feed.add_item(**entry)
    return HttpResponse(feed.writeString("utf-8"), content_type=kind.content_type)


def _entries(shown: Public, district: District) -> list[dict[str, Any]]:
    """What is said is plain text; readers take it for HTML."""
    link = absolute(district, reverse("status_incident", args=[shown.id]))
    told = [(update.id, update.at, update.label, update.text) for update in shown.updates]
    return [
        {
            "title": _NO_XML.sub("", f"{label}: {shown.title}"), "link": link, "pubdate": at, "updateddate": at,
            "description": _NO_XML.sub("", linebreaksbr(text)), "unique_id": f"urn:uuid:{key}", "unique_id_is_permalink": False,
        }
        for key, at, label, text in told or [(shown.id, shown.began_at, shown.label, shown.seen)]
    ]  # fmt: skip
