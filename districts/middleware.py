"""Host name → district → one short transaction; session or API key → actor.

The transaction begins once the request is here as a whole (see `districts.arriving`): a slow sender holds no connection.
"""

import time
from collections.abc import Callable

import structlog
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, UnreadablePostError
from django.shortcuts import render
from django.utils import timezone, translation
from psycopg_pool import PoolTimeout

from districts import arriving, pages, second_step
from districts.access import VISITOR, Actor, actor_for
from districts.models import District, Person
from districts.scope import district_scope

GetResponse = Callable[[HttpRequest], HttpResponse]
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)
HOST_CACHE_SECONDS = 15
_hosts: dict[str, tuple[float, District | None]] = {}


def district_of_host(host: str) -> District | None:
    """The district of a host name, from a short-lived cache of this process."""
    known = _hosts.get(host)
    if known and known[0] > time.monotonic():
        return known[1]
    with transaction.atomic():  # whose BEGIN finds out whether the server is still there
        district = District.objects.filter(host=host, active=True).first()
    if len(_hosts) > 20_000:  # made-up host names must not fill the memory
        _hosts.clear()
    _hosts[host] = (time.monotonic() + HOST_CACHE_SECONDS, district)
    return district


def forget_hosts() -> None:
    _hosts.clear()


class DistrictMiddleware:
    """Every request of a district runs in one transaction of that district; a failed one is rolled back."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        host = request.META.get("HTTP_HOST", "").lower().split(":")[0].rstrip(".")
        if host in settings.OPERATOR_HOSTS:
            request.urlconf = settings.OPERATOR_URLCONF  # type: ignore[attr-defined]
            request.district = None  # type: ignore[attr-defined]
            return self._with_body(request, self._operators)
        try:
            district = district_of_host(host)
        except DATABASE_AWAY:
            return away(request)
        if district is None:
            return render(request, "districts/unknown_host.html", {"host": host}, status=404)
        request.district = district  # type: ignore[attr-defined]
        return self._with_body(request, self._in_district)

    def _with_body(self, request: HttpRequest, go_on: GetResponse) -> HttpResponse:
        try:
            with arriving.body_of(request):
                return go_on(request)
        except arriving.TooLarge:
            return HttpResponse("too large\n", status=413, content_type="text/plain")
        except arriving.TurnedAway as turned:
            return turned.answer
        except arriving.TOO_MUCH as error:
            return too_much(request, error)
        except UnreadablePostError:  # the sender went away: nobody reads this
            return HttpResponse(status=400)
        except DATABASE_AWAY:
            return away(request)

    def _operators(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            return self.get_response(request)

    def _in_district(self, request: HttpRequest) -> HttpResponse:
        district: District = request.district  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(district=district.slug)
        try:
            with timezone.override(district.zone):
                arriving.prepare(request)
                return self._in_scope(request, district)
        finally:
            structlog.contextvars.clear_contextvars()

    def _in_scope(self, request: HttpRequest, district: District) -> HttpResponse:
        with district_scope(district.id):
            response = self.get_response(request)
            if response.streaming:
                raise RuntimeError("a streaming response would run after its transaction: open a district_scope inside")
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return away(request) if isinstance(exception, DATABASE_AWAY) else None


class ActorMiddleware:
    """`request.actor`: who asks, in this district. Staff work in the language they chose; so do families.

    Where REQUIRE_STAFF_MFA says so, people with a role are led to the second step of their sign-in before anything else.
    """

    WITHOUT_SECOND_STEP = ("/account/", "/language/")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        actor = request.actor = self._actor(request)  # type: ignore[attr-defined]
        if settings.REQUIRE_STAFF_MFA and actor.is_staff and not self._may_pass(request):
            return second_step.ask_for_it(request, back=request.get_full_path() if request.method == "GET" else "/")
        response = self.get_response(request)
        return not_a_page(request, response) if isinstance(response, HttpResponseNotAllowed) else response

    def _may_pass(self, request: HttpRequest) -> bool:
        return request.path.startswith(self.WITHOUT_SECOND_STEP) or second_step.passed(request)

    def _actor(self, request: HttpRequest) -> Actor:
        if getattr(request, "district", None) is None or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return VISITOR
        if isinstance(request.user, AnonymousUser):
            return VISITOR
        person = Person.objects.filter(account_ref=request.user.pk).first()
        return actor_for(person) if person else VISITOR


def too_much(request: HttpRequest, error: Exception) -> HttpResponse:
    """413: more words, or more files, than one form carries. Somebody sent a long text; nothing is broken."""
    log = structlog.get_logger(__name__)
    log.warning("form_too_large", error=type(error).__name__, length=request.META.get("CONTENT_LENGTH", ""))
    if "text/html" not in request.headers.get("Accept", "text/html") and "HX-Request" not in request.headers:
        return HttpResponse("too large\n", status=413, content_type="text/plain")  # to a program
    return render(request, "413.html", status=413)


def not_a_page(request: HttpRequest, refused: HttpResponseNotAllowed) -> HttpResponse:
    """405: for people with a way back; as it is for machines."""
    if refused.content or "text/html" not in request.headers.get("Accept", ""):
        return refused
    response = render(request, "405.html", {"back": pages.page_of_form(request)}, status=405)
    response["Allow"] = refused["Allow"]
    return response


def away(request: HttpRequest) -> HttpResponse:
    """503: what we cannot write down we do not accept; the sender is told to come again."""
    structlog.get_logger(__name__).warning("database_away")
    with translation.override(translation.get_language() or "en"):
        response = render(request, "503.html", status=503)
    response["Retry-After"] = "10"
    return response
