"""A requester's own page: the link is the key, so it is kept from search engines, caches and other sites."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import trigger_client_event

from districts.arriving import before_scope
from districts.refused import shown_again
from districts.scope import district_scope
from intake.actions import NoText
from intake.form import questionnaire
from intake.form.sent import photos_of, store_photos
from intake.queries import link_sent_by
from intake.requester import tracking as acts
from intake.requester.progress import Progress, progress_of
from intake.requester.reading import BY_LETTER, reading_of
from intake.views.files import by_link
from intake.views.keeping import in_any_language, other_language, sent_from
from intake.wording import MAX_TEXT, clean
from ownership.queries import lines_of
from tickets import letters, queries
from tickets.actions import NotPossible, can_reopen, survivor
from tickets.models import Ticket

View = Callable[..., HttpResponse]
SHOWN = 40  # messages; the earlier ones by a link
KNOWN, KNOWN_FOR = "known", 90 * 24 * 3600  # the cookie of a page: how its name begins, and its seconds


def private(view: View) -> View:
    """`same-origin`, not `no-referrer`: with that, browsers say "Origin: null" on our own forms and are taken for strangers.

    A form that was not taken is shown again and may be kept by the browser, for Back: what was typed is in it.
    """

    @wraps(view)
    def guarded(request: HttpRequest, token: str, **more: Any) -> HttpResponse:
        response = view(request, token, **more)
        response["Referrer-Policy"] = "same-origin"
        response["Cache-Control"] = "private, no-cache" if request.method == "POST" else "private, no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return guarded


@private
@require_safe
def tracking(request: HttpRequest, token: str) -> HttpResponse:
    ticket = queries.by_token(token)
    if "k" in request.GET:
        return _let_in(request, ticket)
    now_at = survivor(ticket)
    if now_at.id != ticket.id and now_at.requester_id == ticket.requester_id and is_proven(request, ticket):
        return HttpResponseRedirect(f"/r/{now_at.token}?k={letters.proof(now_at)}")
    if request.GET.get("part") == "live":
        return _live(request, ticket, now_at)
    return _page(request, ticket, now_at)


def _let_in(request: HttpRequest, ticket: Ticket) -> HttpResponse:
    """By a link from a letter to the requester's own address: remembered in this browser, for this page alone."""
    response = HttpResponseRedirect(_address(ticket.token))
    if constant_time_compare(request.GET["k"], letters.proof(ticket)):
        response.set_cookie(
            f"{KNOWN}{ticket.number}", letters.proof(ticket), max_age=KNOWN_FOR, path=_address(ticket.token),
            secure=request.is_secure(), httponly=True, samesite="Lax",
        )  # fmt: skip
    return response


def is_proven(request: HttpRequest, ticket: Ticket) -> bool:
    """Whoever is here is the ticket's requester, not only somebody who has its link."""
    actor = request.actor  # type: ignore[attr-defined]
    signed_in = actor.person is not None and actor.person.id == ticket.requester_id
    kept = request.COOKIES.get(f"{KNOWN}{ticket.number}", "")
    return signed_in or ticket.channel in BY_LETTER or constant_time_compare(kept, letters.proof(ticket))


def _address(token: str) -> str:
    return f"/r/{token}"


@private
def _again(request: HttpRequest, token: str) -> HttpResponse:
    """Refused before it came here: the page with what was typed."""
    ticket = queries.by_token(token)
    return _page(request, ticket, survivor(ticket), status=403, text=_text(request), photos=photos_of(request), refused=True)


def _store(request: HttpRequest, token: str) -> None:
    """Nothing of whoever has no link."""
    with suppress(Http404):
        with district_scope(request.district.id):  # type: ignore[attr-defined]
            queries.by_token(token)
        store_photos(request)


@before_scope(_store)
@shown_again(_again)
@private
@sent_from(_address)
@in_any_language
def reply(request: HttpRequest, token: str) -> HttpResponse:
    """Errors: the page again, with what was typed."""
    ticket = queries.by_token(token)
    text, photos = _text(request), photos_of(request)
    if other_language(request):
        if not (text or photos.kept):
            return HttpResponseRedirect(_address(token), status=303)
        return _page(request, ticket, survivor(ticket), text=text, photos=photos)
    error = photos.summary
    if not error:
        try:
            wrote = acts.write(ticket, form_id=_form_id(request), text=text, files=photos.kept, now=timezone.now())
        except (NoText, NotPossible) as mistake:
            error = _sentence(mistake)
    if error:
        return _page(request, ticket, survivor(ticket), status=422, text=text, error=error, photos=photos)
    if wrote.anew:
        return HttpResponseRedirect(f"/r/{wrote.ticket.token}?new=1", status=303)
    return HttpResponseRedirect(f"/r/{token}?said=reply#conversation", status=303)


@shown_again(_again)
@private
@sent_from(_address)
def solved(request: HttpRequest, token: str) -> HttpResponse:
    ticket = queries.by_token(token)
    ended = acts.solved(ticket, proven=is_proven(request, ticket), now=timezone.now())
    return HttpResponseRedirect(f"/r/{token}?said={'solved' if ended else 'reply'}", status=303)


@shown_again(_again)
@private
@sent_from(_address)
def reopen(request: HttpRequest, token: str) -> HttpResponse:
    ticket = queries.by_token(token)
    try:
        acts.reopen(ticket, now=timezone.now())
    except NotPossible as mistake:
        return _page(request, ticket, survivor(ticket), status=422, error=_sentence(mistake))
    return HttpResponseRedirect(f"/r/{token}?said=reopened", status=303)


@shown_again(_again)
@private
@sent_from(_address)
def apart(request: HttpRequest, token: str) -> HttpResponse:
    """One that was joined to it is about something else."""
    ticket = queries.by_token(token)
    number, now = request.POST.get("number", ""), timezone.now()
    done = acts.apart(ticket, number=number, proven=is_proven(request, ticket), now=now)
    return HttpResponseRedirect(f"/r/{token}?said=apart" if done else _address(token), status=303)


@shown_again(_again)
@private
@sent_from(_address)
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The link by which all of it is read, to the address it belongs to; what is said here tells nothing of whether it went."""
    acts.send_link(queries.by_token(token), now=timezone.now())
    return HttpResponseRedirect(f"/r/{token}?said=link", status=303)


@private
@require_http_methods(["GET", "HEAD"])
def file(request: HttpRequest, token: str, attachment_id: uuid.UUID) -> HttpResponse:
    """To a link of its own, which ends soon: this address is known to whoever knows the request's."""
    ticket = queries.by_token(token)
    shown = reading_of(ticket, proven=is_proven(request, ticket)).messages
    attachment = next((one for message in shown for one in message.attachments.all() if one.id == attachment_id), None)
    if attachment is None:
        raise Http404
    return by_link(attachment)


def _live(request: HttpRequest, ticket: Ticket, now_at: Ticket) -> HttpResponse:
    """What has changed since `seen`; 204 where nothing has."""
    if request.GET.get("seen") == _seen(now_at):
        return HttpResponse(status=204)
    response = render(request, "intake/tracking.html#live", _context(request, ticket, now_at))
    trigger_client_event(response, "say", {"value": _("Your request has news.")})
    return response


def _page(request: HttpRequest, ticket: Ticket, now_at: Ticket, status: int = 200, **more: Any) -> HttpResponse:
    sent_by = link_sent_by(ticket, now=timezone.now())
    context = {
        **_context(request, ticket, now_at),
        "is_new": "new" in request.GET,
        "said": request.GET.get("said", ""),
        "form_id": uuid.uuid4(),
        "sent_by": sent_by,
        "only_called": not sent_by and letters.can_only_be_called(ticket),
        "link": letters.tracking_link(ticket, request.district),  # type: ignore[attr-defined]
        **more,
    }
    return render(request, "intake/tracking.html", context, status=status)


def _context(request: HttpRequest, ticket: Ticket, now_at: Ticket) -> dict[str, Any]:
    now = timezone.now()
    proven = is_proven(request, ticket)
    reading = reading_of(ticket, proven=proven)
    progress: Progress = progress_of(now_at, now=now, since=reading.since)
    messages = reading.messages
    earlier = 0 if "all" in request.GET else max(0, len(messages) - SHOWN)
    return {
        "ticket": ticket,
        "progress": progress,
        "messages_of": messages[earlier:],
        "earlier": earlier,
        "answers": questionnaire.told(ticket, district=request.district, language=get_language() or ""),  # type: ignore[attr-defined]
        "merged": now_at.id != ticket.id,
        "reading": reading,
        "lines": lines_of(ticket, now=now) if proven else [],
        "can_write": can_reopen(now_at, now=now),
        "seen": _seen(now_at),
    }


def _seen(ticket: Ticket) -> str:
    """Changes with every fact, and once triage has placed it."""
    return f"{ticket.facts_at.timestamp():.6f}-{int(ticket.placed_at is not None)}"


def _text(request: HttpRequest) -> str:
    return clean(request.POST.get("text", "")[: MAX_TEXT * 2])


def _form_id(request: HttpRequest) -> uuid.UUID:
    try:
        return uuid.UUID(request.POST.get("form_id", ""))
    except ValueError:
        return uuid.uuid4()


def _sentence(mistake: Exception) -> str:
    if isinstance(mistake, NotPossible):
        return _("It was solved more than 14 days ago. Please send a new request, and name this number in it.")
    return str(mistake)
