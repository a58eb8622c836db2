"""Who may come in: people who work in the district."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

View = Callable[..., HttpResponse]


def staff_only(view: View) -> View:
    """Visitors sign in first; somebody signed in who has no role here gets a page that says so (403)."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.actor.is_staff:  # type: ignore[attr-defined]
            raise PermissionDenied("no role in this district")
        return view(request, *args, **kwargs)

    behind_sign_in = login_required(guarded)

    @wraps(view)
    def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated and (request.htmx or request.method == "POST"):  # type: ignore[attr-defined]
            return _not_kept(_signed_out(request, kwargs.get("ticket_id")))
        return _not_kept(behind_sign_in(request, *args, **kwargs))

    return entered


def _not_kept(response: HttpResponse) -> HttpResponse:
    """No browser keeps pages about students; nor does it take a fragment for the page of the same address."""
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    if "Cache-Control" not in response:
        response["Cache-Control"] = "private, no-store"
    return response


def _signed_out(request: HttpRequest, ticket_id: UUID | None) -> HttpResponse:
    """In the middle of the work. What somebody may have typed stays where it is: on their page, or without scripts on this one."""
    htmx = request.htmx  # type: ignore[attr-defined]
    here = reverse("desk_ticket", args=[ticket_id]) if ticket_id else (htmx and htmx.current_url_abs_path) or request.path
    sign_in = f"{reverse('account_login')}?{urlencode({'next': here})}"
    if not htmx:
        return render(request, "routing/signed_out.html", {"words": _typed(request), "sign_in": sign_in}, status=401)
    if request.method == "GET" and urlsplit(here).path == reverse("desk"):  # the queue: nothing is typed there
        return HttpResponseClientRedirect(sign_in)
    said = _("You are signed out. What you typed is still here: sign in in a new tab, come back, and send it again.")
    return JsonResponse({"say": said, "link": sign_in, "do": _("Sign in in a new tab")}, status=401)


def _typed(request: HttpRequest) -> list[tuple[str, str, str]]:
    """(name, label, words) of what was typed into a form of the desk."""
    labels = {
        "text": _("What you wrote"), "known": _("What is known"), "asked": _("What is asked of them"), "what": _("What is it about?"),
        "contact": _("Phone or mail"), "name": _("Name"),
    }  # fmt: skip
    return [(name, label, words) for name, label in labels.items() if (words := request.POST.get(name, "").strip())]
