"""What the benchmark's web server runs: the product, and beside it, on one host name, a trivial Django view.

The view stands behind the middleware of a new project and touches no database: its cost is one hello.
"""

from collections.abc import Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from config.wsgi import application as product

HELLO_HOST = "hello.localhost"
STOCK_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


def hello(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("hello")


urlpatterns = [path("", hello)]

with override_settings(MIDDLEWARE=STOCK_MIDDLEWARE):
    trivial = WSGIHandler()


class HelloRoutes:
    """Sends requests of the hello host to this module's own routes."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        request.urlconf = "config.bench.server"  # type: ignore[attr-defined]
        return self.get_response(request)


with override_settings(MIDDLEWARE=["config.bench.server.HelloRoutes", *STOCK_MIDDLEWARE]):
    trivial.load_middleware()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if environ.get("HTTP_HOST", "").startswith(HELLO_HOST):
        return trivial(environ, start_response)
    return product(environ, start_response)
