"""What the views of public forms do so that nobody loses what they typed: by Back, by another language, by an address reloaded."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.utils import translation
from django.utils.cache import patch_cache_control

View = Callable[..., HttpResponse]


def kept_for_back(view: View) -> View:
    """Asked for anew at each visit, yet there for the browser's Back: of an answer to a form that is `no-store` it has no copy,
    and every word in it is gone."""

    @wraps(view)
    def kept(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        response = view(request, *args, **more)
        patch_cache_control(response, private=True, no_cache=True)
        return response

    return kept


def sent_from(page: Callable[..., str]) -> Callable[[View], View]:
    """Decorator of a view that only takes a form. Whoever comes by its address is led to the page the form is on."""

    def only_sent(view: View) -> View:
        @wraps(view)
        def sent(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
            if request.method == "POST":
                return view(request, *args, **more)
            if request.method in ("GET", "HEAD"):
                return HttpResponseRedirect(page(*args, **more))
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])

        return sent

    return only_sent


def in_any_language(view: View) -> View:
    """The button of another language sends the form it stands by: the page comes again in that language (`other_language`)."""

    @wraps(view)
    def spoken(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
        code = request.POST.get("language", "") if request.method == "POST" else ""
        if code not in request.district.languages or not translation.check_for_language(code):  # type: ignore[attr-defined]
            return view(request, *args, **more)
        translation.activate(code)
        request.LANGUAGE_CODE = code
        request.other_language = True  # type: ignore[attr-defined]
        response = view(request, *args, **more)
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, code, max_age=settings.LANGUAGE_COOKIE_AGE, path=settings.LANGUAGE_COOKIE_PATH,
            domain=settings.LANGUAGE_COOKIE_DOMAIN, secure=settings.LANGUAGE_COOKIE_SECURE, httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite=settings.LANGUAGE_COOKIE_SAMESITE,
        )  # fmt: skip
        return response

    return spoken


def other_language(request: HttpRequest) -> bool:
    """The page is only asked for in another language: nothing is to be done with the form."""
    return getattr(request, "other_language", False)
