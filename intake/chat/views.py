"""The chat: a page of its own, the same in a frame on a school's page, and what is sent from both.

No cookie is used, since a frame on another site gets none: the chat's token is in the page that has it, and comes with each request,
in a header or in the form. So no page of another site can send anything in a visitor's name, and the check of Django's own token,
which needs a cookie, is left out.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from districts.limits import remote_of
from intake.actions import BadContact, NoText
from intake.chat import actions, limits, queries
from intake.chat.actions import OtherWords, Where
from intake.chat.door import door
from intake.chat.limits import TooLong, TooMuch
from intake.models import Chat
from intake.screening import crowds
from routing.danger import crisis

View = Callable[..., HttpResponse]
TOKEN = "X-Chat-Token"  # noqa: S105  a header's name


def private(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        response = view(request, *args, **more)
        response["Referrer-Policy"] = "same-origin"
        response["Cache-Control"] = "private, no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return guarded


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """A new chat. The id in it is one visitor's alone: who goes back to it is led to the chat that it began."""
    if not door().open:
        raise Http404
    response = _page(request)
    response["Cache-Control"] = "private, no-cache"
    return response


@private
@require_safe
def chat(request: HttpRequest, token: str) -> HttpResponse:
    """Works without scripts: loaded again, it shows what was said since."""
    return _page(request, queries.by_token(token))


@xframe_options_exempt
@require_safe
def panel(request: HttpRequest) -> HttpResponse:
    """In the widget's frame, on the sites that administrators have named and nowhere else."""
    entrance = door()
    if not entrance.open:
        raise Http404
    _speak(request, request.GET.get("lang", ""))
    context = {"greeting": entrance.greeting, "said_id": uuid4(), "most": limits.MOST_TEXT, "page": request.GET.get("page", "")[:500]}
    response = render(request, "intake/chat_panel.html", context)
    response._csp_config = {**settings.SECURE_CSP, "frame-ancestors": ["'self'", *entrance.sites]}  # type: ignore[attr-defined]
    response["Referrer-Policy"] = "same-origin"
    patch_vary_headers(response, ["Accept-Language"])
    return response


def answered(act: Callable[[HttpRequest, Chat | None], Chat]) -> View:
    """A form of the chat, sent by its script (answered in JSON) or by the page itself (led back to it)."""

    @csrf_exempt
    @private
    @require_POST
    @wraps(act)
    def view(request: HttpRequest) -> HttpResponse:
        token = _token(request)
        known = queries.by_token(token) if token else None
        _speak(request, known.language if known else request.POST.get("language", ""))
        try:
            return _back(request, act(request, known))
        except TooMuch as stop:
            return _refused(request, known, _("Too many messages in a short time. Please wait a minute."), 429, retry=stop.seconds)
        except (NoText, TooLong, BadContact) as mistake:
            return _refused(request, known, str(mistake), 422)
        except OtherWords as before:
            return _refused(request, before.chat, _("This is not sent yet. Press “Send” to add it to your conversation."), 409)

    return view


@answered
def say(request: HttpRequest, known: Chat | None) -> Chat:
    return _said(request, known, request.POST.get("text", ""))


@answered
def person(request: HttpRequest, known: Chat | None) -> Chat:
    """Asked for by a button: with words where nothing was said yet."""
    text, contact = request.POST.get("text", "").strip(), request.POST.get("contact", "")
    actions.way_of(contact)  # what is wrong with it is said before anything is done
    if text or known is None:
        known = _said(request, known, text, answered=False)
    else:
        limits.say(remote_of(request), str(known.id))
    with crowds.sent_from(remote_of(request)):
        actions.call_a_person(known, contact=contact, name=request.POST.get("name", ""), now=timezone.now())
    return known


@answered
def helped(request: HttpRequest, known: Chat | None) -> Chat:
    if known is None or not actions.judge(
        known, answer=_uuid(request.POST.get("answer", "")), helped=request.POST.get("helped") == "yes", now=timezone.now()
    ):
        raise Http404
    return known


@private
@require_safe
def news(request: HttpRequest) -> HttpResponse:
    """What was said since `seen`; 204: nothing was."""
    known = queries.by_token(_token(request))
    try:
        limits.ask_for_news(remote_of(request), str(known.id))
    except TooMuch as stop:
        return _json({"error": ""}, 429, retry=stop.seconds)
    if request.GET.get("seen") == queries.seen_of(known):
        return HttpResponse(status=204)
    _speak(request, known.language)
    return _talk(request, known)


def _said(request: HttpRequest, known: Chat | None, text: str, *, answered: bool = True) -> Chat:
    """Words of danger are heard as long as they can be."""
    remote, said_id, now = remote_of(request), _uuid(request.POST.get("said_id", "")), timezone.now()
    try:
        limits.say(remote, str(known.id)) if known else limits.begin(remote)
    except TooMuch:
        if crisis.screen(text[: limits.MOST_TEXT * 2]) is None:
            raise
        limits.in_danger(remote)
    if known is not None:
        actions.say(known, said_id=said_id, text=text, now=now, answered=answered)
        return known
    if not door().open:
        raise Http404
    where = Where(language=get_language() or "en", page=request.POST.get("page", ""), remote=remote)
    return actions.begin(said_id=said_id, text=text, where=where, now=now, answered=answered)


def _back(request: HttpRequest, known: Chat) -> HttpResponse:
    known = queries.by_token(known.token)
    _speak(request, known.language)
    if not _by_script(request):
        return HttpResponseRedirect(f"{reverse('chat', args=[known.token])}#end", status=303)
    return _talk(request, known)


def _talk(request: HttpRequest, known: Chat) -> HttpResponse:
    talk = queries.talk(known, now=timezone.now())
    context = _context(talk)
    shown = {part: render_to_string(f"intake/chat.html#{part}", context, request) for part in ("talk", "writing")}
    return _json({"token": known.token, "seen": talk.seen, "state": talk.state, **shown}, 200)


def _page(request: HttpRequest, known: Chat | None = None, *, status: int = 200, **more: Any) -> HttpResponse:
    if known:
        _speak(request, known.language)
    talk = queries.talk(known, now=timezone.now()) if known else None
    return render(request, "intake/chat.html", {**_context(talk), "greeting": door().greeting, **more}, status=status)


def _context(talk: queries.Talk | None) -> dict[str, Any]:
    return {"talk": talk, "said_id": uuid4(), "most": limits.MOST_TEXT}


def _refused(request: HttpRequest, known: Chat | None, sentence: str, status: int, *, retry: int = 0) -> HttpResponse:
    """Whatever was typed is shown again; whoever is in danger is not left without the crisis line."""
    text = request.POST.get("text", "")
    danger = crisis.screen(text[: limits.MOST_TEXT * 2]) is not None
    if _by_script(request):
        shown = render_to_string("intake/chat.html#danger", {}, request) if danger else ""
        return _json({"error": sentence, "danger": shown}, status, retry=retry)
    typed = {name: request.POST.get(name, "") for name in ("text", "contact", "name")}
    response = _page(request, known, status=status, error=sentence, typed=typed, danger=danger)
    return _wait(response, retry)


def _json(told: dict[str, Any], status: int, *, retry: int = 0) -> HttpResponse:
    return _wait(JsonResponse(told, status=status), retry)


def _wait(response: HttpResponse, seconds: int) -> HttpResponse:
    if seconds:
        response["Retry-After"] = str(seconds)
    return response


def _by_script(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def _token(request: HttpRequest) -> str:
    return request.headers.get(TOKEN, "") or request.POST.get("token", "")


def _speak(request: HttpRequest, language: str) -> None:
    """In the language of the school's page, or of the chat, where it is one of ours."""
    code = language.lower().split("-")[0]
    if code in request.district.languages and translation.check_for_language(code):  # type: ignore[attr-defined]
        translation.activate(code)
        request.LANGUAGE_CODE = code


def _uuid(given: str) -> UUID:
    """A line without an id of its own is another one each time."""
    try:
        return UUID(given)
    except ValueError:
        return uuid4()
