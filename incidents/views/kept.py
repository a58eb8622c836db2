"""Pages for everybody: rendered once for all who ask in the same moments, and sent again only where something changed.

In an outage thousands open the status page at once. Each process keeps what it rendered for `SECONDS`, as long as nothing happened in
any outage of the district: whether it did is one look into a small index. Whoever has the page already is told so (RFC 9110 13.1).
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csp import get_nonce
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import http_date

from districts.models import District
from incidents import queries

SECONDS = 20  # that a page may be older than what it tells
WITHOUT_US = 600  # seconds a cache may go on showing it while we do not answer (RFC 5861)
MOST = 2_000  # pages a process keeps
View = Callable[..., HttpResponse]
Kept = Callable[..., HttpResponseBase]
_pages: dict[tuple[str, ...], "Page"] = {}


@dataclass(frozen=True)
class Page:
    """As it was rendered; `pieces`: its body, apart at the nonce that each answer has its own of."""

    version: str
    until: float
    pieces: tuple[bytes, ...]
    etag: str
    content_type: str

    def body(self, request: HttpRequest) -> bytes:
        return str(get_nonce(request)).encode().join(self.pieces) if len(self.pieces) > 1 else self.pieces[0]


def cacheable(*, dated: bool = False) -> Callable[[View], Kept]:
    """`dated`: nothing in it counts minutes, so that the last happening says when it changed.

    For everybody the same; for somebody signed in it carries their menu, so it is theirs alone. `?language=es` is in that language, for
    a link or a feed reader that names none.
    """

    def decorate(view: View) -> Kept:
        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            with translation.override(asked_language(request) or translation.get_language() or "en"):
                if settings.SESSION_COOKIE_NAME in request.COOKIES:
                    response: HttpResponseBase = view(request, *args, **kwargs)
                    patch_cache_control(response, private=True, no_cache=True)
                else:
                    response = _for_all(request, view, dated, *args, **kwargs)
                response.headers["Content-Language"] = translation.get_language() or "en"
                return response

        return answered

    return decorate


def asked_language(request: HttpRequest) -> str:
    """By the address, or by a form of the page; empty where it is none of the district's."""
    district: District = request.district  # type: ignore[attr-defined]
    wanted = request.POST.get("language") or request.GET.get("language") or ""
    return wanted if wanted in (district.languages or ()) else ""


def _for_all(request: HttpRequest, view: View, dated: bool, *args: Any, **kwargs: Any) -> HttpResponseBase:
    district: District = request.district  # type: ignore[attr-defined]
    version, changed = queries.public_version()
    asked = (asked_language(request), request.GET.get("school", "")[:16])
    key = (str(district.id), request.path, translation.get_language() or "", *asked)
    page = _pages.get(key)
    if page is None or page.version != version or page.until < time.monotonic():
        response = view(request, *args, **kwargs)
        if response.status_code != 200:
            return response
        page = _keep(key, request, response, version)
    return _told(request, page, changed if dated else None)


def _keep(key: tuple[str, ...], request: HttpRequest, response: HttpResponse, version: str) -> Page:
    nonce = get_nonce(request)
    pieces = tuple(response.content.split(str(nonce).encode())) if nonce else (response.content,)
    etag = f'W/"{hashlib.sha256(b"".join(pieces)).hexdigest()[:32]}"'
    page = Page(version, time.monotonic() + SECONDS, pieces, etag, response.headers["Content-Type"])
    if len(_pages) >= MOST:
        _pages.clear()
    _pages[key] = page
    return page


def _told(request: HttpRequest, page: Page, changed: datetime | None) -> HttpResponseBase:
    moment = int(changed.timestamp()) if changed else None
    headers = {"ETag": page.etag, **({"Last-Modified": http_date(moment)} if moment else {})}
    response = get_conditional_response(request, page.etag, moment, HttpResponse(headers=headers)) or HttpResponse(headers=headers)
    if response.status_code == 200:
        response = HttpResponse(page.body(request), content_type=page.content_type, headers=headers)
    else:
        setattr(response, "_csp_config", {})  # noqa: B010  the policy of the answer they have goes with its nonce
    patch_cache_control(response, public=True, max_age=SECONDS, stale_while_revalidate=SECONDS, stale_if_error=WITHOUT_US)
    return response
