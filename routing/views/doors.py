"""Who may come in: people who work in the district."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_vary_headers
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
        if request.htmx and not request.user.is_authenticated:  # type: ignore[attr-defined]
            return _signed_out(request)
        return _not_kept(behind_sign_in(request, *args, **kwargs))

    return entered


def _not_kept(response: HttpResponse) -> HttpResponse:
    """No browser keeps pages about students; nor does it take a fragment for the page of the same address."""
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    if "Cache-Control" not in response:
        response["Cache-Control"] = "private, no-store"
    return response


def _signed_out(request: HttpRequest) -> HttpResponse:
    """In the middle of the work: a page goes to the sign-in; a form stays as it is, so that nothing typed is lost."""
    if request.method != "GET":
        return HttpResponse(status=401)
    here = request.htmx.current_url_abs_path or reverse("desk")  # type: ignore[attr-defined]
    return HttpResponseClientRedirect(f"{reverse('account_login')}?{urlencode({'next': here})}")
