"""The API for systems that watch others: an alert begins an outage, or joins the one that runs; the same alert again is nothing."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from districts.access import Actor
from districts.fields import KEY, WORDS, Pattern
from districts.limits import within
from districts.links import absolute
from districts.models import ApiKey, District, Site
from districts.problems import told
from districts.told import cleaned
from incidents import starting
from incidents.models import Incident
from incidents.starting import FAR, LONG_AGO, New
from ownership.models import System

A_MINUTE = 60
Source = Incident.Source
SLUG = r"^[-a-zA-Z0-9_]+$"


class NewOutage(serializers.Serializer[Any]):
    """What a system that watches others knows."""

    title = Pattern(WORDS, max_length=160, help_text="What does not work, in a few words: staff and families read it.")
    key = Pattern(KEY, max_length=100, help_text="The alert's own id. The same key again gives the same outage.")
    systems = serializers.ListField(
        child=Pattern(SLUG, max_length=80),
        required=False,
        max_length=20,
        help_text="Short names of systems. One not known here is told to people.",
    )
    schools = serializers.ListField(
        child=Pattern(WORDS, max_length=16),
        required=False,
        max_length=100,
        help_text="Codes of schools; none: the whole district.",
    )
    severity = serializers.ChoiceField(choices=Incident.Severity.values, required=False, default=Incident.Severity.MAJOR)
    began_at = serializers.DateTimeField(required=False, help_text="When it began for people; without it: now.")
    expected_at = serializers.DateTimeField(required=False, help_text="When it is expected to work again.")


class OutageView(serializers.Serializer[Any]):
    """An outage, as whoever reported it sees it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.CharField()
    level = serializers.IntegerField()
    url = serializers.URLField(help_text="Its page at the desk.")


class Outages(APIView):
    @extend_schema(
        operation_id="declareOutage", summary="Declare an outage", tags=["outages"], request=NewOutage,
        description="Begins the outage plan: those who have a step are told at once. Where one runs for the same systems and "
        "schools already, the report joins it.",
        responses={
            201: OpenApiResponse(OutageView, description="It is declared."),
            200: OpenApiResponse(OutageView, description="It was known: by its key, or because it runs already."),
            **told("invalid", "malformed", "too-large", "unsupported-media-type"),
        },
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        caller = _caller(request)
        form = NewOutage(data=request.data)
        form.is_valid(raise_exception=True)
        now = timezone.now()
        started = starting.start(_new(form.validated_data, caller, now), by=_actor(request).person, now=now)
        code = status.HTTP_201_CREATED if started.new else status.HTTP_200_OK
        return Response(_shown(started.incident, request._request), status=code)


def _actor(request: Request) -> Actor:
    actor: Actor = request._request.actor  # type: ignore[attr-defined]
    return actor


def _caller(request: Request) -> str:
    """Whose keys of alerts these are. At most some a minute: a watcher that flaps must not wake a district every second."""
    actor = _actor(request)
    if not actor.is_staff:
        raise PermissionDenied
    key = request.auth.prefix if isinstance(request.auth, ApiKey) else str(actor.person.id if actor.person else "")
    district: District = request._request.district  # type: ignore[attr-defined]
    if not within("api-outages", f"{district.id} {key}", most=30, seconds=A_MINUTE):
        raise Throttled(wait=A_MINUTE)
    return key


def _new(given: dict[str, Any], caller: str, now: datetime) -> New:
    """An alert is never refused for a name that this district does not have, nor for the watcher's clock."""
    sites = list(Site.objects.filter(code__in=given.get("schools", ())))
    systems = list(System.objects.filter(slug__in=given.get("systems", ())))
    few = Incident.Scope.SCHOOL if len(sites) == 1 else Incident.Scope.SEVERAL
    all_known = len(sites) == len(set(given.get("schools", ())))
    began, eta = _near(given.get("began_at"), now - LONG_AGO, now), _near(given.get("expected_at"), now - LONG_AGO, now + FAR)
    return New(
        title=given["title"], began_at=began or now, severity=given["severity"], systems=systems, sites=sites,
        scope=few if sites and all_known else Incident.Scope.DISTRICT, source=Source.ALERT, key=f"{caller} {given['key']}",
        eta=eta, unknown=_unknown(given, {row.code for row in sites} | {row.slug for row in systems}),
    )  # fmt: skip


def _near(at: datetime | None, first: datetime, last: datetime) -> datetime | None:
    """None: the watcher's clock is not to be believed."""
    return at if at and first <= at <= last else None


def _unknown(given: dict[str, Any], known: set[str]) -> list[str]:
    named = [*given.get("systems", ()), *given.get("schools", ())]
    return [cleaned(one) for one in dict.fromkeys(named) if one not in known]


def _shown(incident: Incident, request: HttpRequest) -> dict[str, Any]:
    district: District = request.district  # type: ignore[attr-defined]
    url = absolute(district, reverse("incident", args=[incident.id]))
    return dict(
        OutageView({"id": incident.id, "title": incident.title, "state": incident.state, "level": incident.level, "url": url}).data
    )
