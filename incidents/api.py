"""The API for systems that watch others: an alert begins an outage, or joins the one that runs; the same alert again is nothing."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied, Throttled
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from districts.access import Actor
from districts.limits import within
from districts.links import absolute
from districts.models import ApiKey, District, Site
from incidents import starting
from incidents.models import Incident
from incidents.starting import New
from ownership.models import System

A_MINUTE = 60
MEDIA = "application/problem+json"
AHEAD = timedelta(minutes=5)  # a watcher's clock may be so far off
Source = Incident.Source


class NewOutage(serializers.Serializer[Any]):
    """What a system that watches others knows."""

    title = serializers.CharField(max_length=160, help_text="What does not work, in a few words: staff and families read it.")
    key = serializers.CharField(max_length=100, help_text="The alert's own id. The same key again gives the same outage, for ever.")
    systems = serializers.ListField(
        child=serializers.SlugField(max_length=80), required=False, max_length=20, help_text="Short names of systems of the matrix."
    )
    schools = serializers.ListField(
        child=serializers.CharField(max_length=16),
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


class Problem(serializers.Serializer[Any]):
    """What is wrong with what was sent (RFC 9457)."""

    type = serializers.CharField(required=False)
    title = serializers.CharField(required=False)
    status = serializers.IntegerField(required=False)
    detail = serializers.CharField(required=False)


WRONG = {
    400: "Something is missing, or not as it should be.", 401: "No key of this district.", 403: "This may not be done with this key.",
    415: "Send JSON.", 429: "Too many in a minute.",
}  # fmt: skip


class Outages(APIView):
    parser_classes = [JSONParser]

    @extend_schema(
        operation_id="declareOutage", summary="Declare an outage", tags=["outages"], request=NewOutage,
        description="Begins the outage plan: those who have a step are told at once. Where one runs for the same systems and "
        "schools already, the report joins it.",
        responses={
            201: OpenApiResponse(OutageView, description="It is declared."),
            200: OpenApiResponse(OutageView, description="It was known: by its key, or because it runs already."),
            **{(code, MEDIA): OpenApiResponse(Problem, description=what) for code, what in WRONG.items()},
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
    sites = list(Site.objects.filter(code__in=given.get("schools", ())))
    systems = list(System.objects.filter(slug__in=given.get("systems", ())))
    _all_known(given.get("schools", ()), {site.code for site in sites}, "schools")
    _all_known(given.get("systems", ()), {system.slug for system in systems}, "systems")
    began = given.get("began_at") or now
    if began > now + AHEAD:
        raise serializers.ValidationError({"began_at": ["This lies in the future."]})
    few = Incident.Scope.SCHOOL if len(sites) == 1 else Incident.Scope.SEVERAL
    return New(
        title=given["title"], began_at=began, severity=given["severity"], systems=systems, sites=sites,
        scope=few if sites else Incident.Scope.DISTRICT, source=Source.ALERT, key=f"{caller} {given['key']}",
        eta=given.get("expected_at"),
    )  # fmt: skip


def _all_known(given: Any, known: set[str], field: str) -> None:
    if unknown := [one for one in given if one not in known]:
        raise serializers.ValidationError({field: [f"Not known to this district: {', '.join(unknown)}"]})


def _shown(incident: Incident, request: HttpRequest) -> dict[str, Any]:
    district: District = request.district  # type: ignore[attr-defined]
    url = absolute(district, reverse("incident", args=[incident.id]))
    return dict(
        OutageView({"id": incident.id, "title": incident.title, "state": incident.state, "level": incident.level, "url": url}).data
    )
