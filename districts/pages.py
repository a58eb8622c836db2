"""Addresses that a browser can open: many only take what a form sends, and lead nowhere when they are opened."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

METHODS = "request_method_list"  # as `require_http_methods` calls it


def opens(address: str, request: HttpRequest) -> bool:
    """Does this path of this host answer GET? One that is not there does: with the page that says so."""
    view = _view(address, request)
    methods = _methods(view) if view else None
    return methods is None or "GET" in methods


def near(address: str, request: HttpRequest) -> str:
    """The path itself where it opens, else the nearest above it that does."""
    if opens(address, request):
        return address
    return next(path for path in _above(urlsplit(address).path) if path == "/" or _is_page(path, request))


def page_of_form(request: HttpRequest) -> str:
    """The page from which a form was sent: the address it was sent to may have none."""
    came_from = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()}):
        parts = urlsplit(came_from)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path or "/"
        if opens(path, request):
            return path
    return near(request.path, request)


def page_shown(request: HttpRequest) -> str:
    """Where what is shown now can be opened again."""
    return near(request.get_full_path(), request) if request.method in {"GET", "HEAD"} else page_of_form(request)


def _is_page(path: str, request: HttpRequest) -> bool:
    return _view(path, request) is not None and opens(path, request)


def _above(path: str) -> Iterator[str]:
    parts = [part for part in path.split("/") if part]
    for n in range(len(parts) - 1, 0, -1):
        yield f"/{'/'.join(parts[:n])}/"
        yield f"/{'/'.join(parts[:n])}"
    yield "/"


def _view(address: str, request: HttpRequest) -> Any:
    try:
        return resolve(urlsplit(address).path, getattr(request, "urlconf", None)).func
    except Resolver404:
        return None


def _methods(view: Any) -> Sequence[str] | None:
    """Those that the view, or any decorator of it, takes. None: it does not say."""
    while view is not None:
        names = getattr(getattr(view, "__code__", None), "co_freevars", ())
        if METHODS in names:
            found: Sequence[str] = view.__closure__[names.index(METHODS)].cell_contents
            return found
        view = getattr(view, "__wrapped__", None)
    return None
