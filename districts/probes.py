"""/healthz (the process answers), /readyz (the database answers, work is not piling up) and /metrics (Prometheus)."""

import hmac
import time
from collections.abc import Callable

from django.conf import settings
from django.db import Error, connection, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from psycopg_pool import PoolTimeout

REQUESTS = Counter("frontdoor_requests_total", "Requests answered", ["method", "status"])
SECONDS = Histogram("frontdoor_request_seconds", "Time to answer", buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5))
OLDEST = Gauge("frontdoor_oldest_pending_seconds", "Age of the oldest row that waits, over all districts", ["queue"])
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})  # anybody can make up others, without end


def oldest_pending() -> dict[str, float]:
    """Seconds the oldest due row of each queue has waited (0: none waits)."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT queue, seconds FROM districts_oldest_work()")
        return {queue: float(seconds) for queue, seconds in cursor.fetchall()}


class ProbeMiddleware:
    """First in line, so that probes need no host name, and every answer is counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}.get(request.path)
        if probe:
            return probe(request)
        began = time.perf_counter()
        response = self.get_response(request)
        SECONDS.observe(time.perf_counter() - began)
        REQUESTS.labels(request.method if request.method in METHODS else "other", response.status_code).inc()
        return response


def healthz(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


def readyz(_request: HttpRequest) -> HttpResponse:
    try:
        waiting = oldest_pending()
    except (Error, PoolTimeout):
        return JsonResponse({"status": "database away"}, status=503)
    return JsonResponse({"status": "ok", "oldest_pending_seconds": waiting})


def metrics(request: HttpRequest) -> HttpResponse:
    """Open where METRICS_TOKEN is empty; else `Authorization: Bearer <token>`."""
    given = request.headers.get("Authorization", "")
    if settings.METRICS_TOKEN and not hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse("metrics ask for their bearer token\n", status=401, content_type="text/plain")
    try:
        for queue, seconds in oldest_pending().items():
            OLDEST.labels(queue).set(seconds)
    except (Error, PoolTimeout):
        OLDEST.clear()
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
