"""The API for machines: open a ticket, read one."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.utils import timezone
from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from districts.access import Actor, Can
from districts.models import ApiKey, District, Service, Site
from intake.actions import Asking, BadContact, KeyReused, NoText, Received, receive_api
from intake.wording import MAX_TEXT
from tickets.letters import tracking_link
from tickets.models import Ticket
from tickets.queries import get_ticket

MAX_KEY = 200


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # found by drf-spectacular
    target_class = "districts.api.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "fd_<prefix>_<secret>, a key of this host's district."}


class SignedIn(SessionScheme):  # type: ignore[no-untyped-call]
    target_class = "districts.api.SessionActor"


class OtherContent(APIException):
    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "This Idempotency-Key was used for another request. Use a new key for a new request."


class NewTicket(serializers.Serializer[Any]):
    """What somebody needs, and how they are answered."""

    text = serializers.CharField(max_length=MAX_TEXT)
    contact = serializers.CharField(max_length=300, help_text="An email address or a phone number.")
    name = serializers.CharField(max_length=200, required=False, default="")
    language = serializers.CharField(max_length=8, required=False, default="", help_text="Code of a language the district speaks.")
    service = serializers.SlugField(max_length=80, required=False, allow_null=True, default=None, help_text="Slug of a service.")
    site = serializers.CharField(max_length=16, required=False, allow_null=True, default=None, help_text="Code of a site.")
    room = serializers.CharField(max_length=40, required=False, default="")
    asset_tag = serializers.CharField(max_length=40, required=False, default="")

    def validate_service(self, slug: str | None) -> Service | None:
        return _known(Service.objects.filter(slug=slug, active=True).first(), slug)

    def validate_site(self, code: str | None) -> Site | None:
        return _known(Site.objects.filter(code=code).first(), code)


class TicketView(serializers.Serializer[Any]):
    """A ticket as machines read it; times carry their offset."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Ticket.Status.choices)
    subject = serializers.CharField()
    channel = serializers.CharField()
    language = serializers.CharField()
    team = serializers.SlugField(source="team.slug")
    service = serializers.SlugField(source="service.slug", allow_null=True)
    site = serializers.CharField(source="site.code", allow_null=True)
    opened_at = serializers.DateTimeField()
    placed_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    resolved_at = serializers.DateTimeField(allow_null=True)
    tracking_url = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    def get_tracking_url(self, ticket: Ticket) -> str:
        return tracking_link(ticket, self.context["district"])

    def get_url(self, ticket: Ticket) -> str:
        return f"/api/v1/tickets/{ticket.id}"


class Waiting(serializers.Serializer[Any]):
    """Kept, and not yet a ticket: send the same request again to learn its number."""

    envelope = serializers.UUIDField()


KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key again gives the first ticket. Without it: the same content.",
)


class Tickets(APIView):
    @extend_schema(
        request=NewTicket,
        parameters=[KEY],
        responses={201: TicketView, 200: OpenApiResponse(TicketView, description="It was here before."), 202: Waiting},
    )
    def post(self, request: Request) -> Response:
        form = NewTicket(data=request.data)
        form.is_valid(raise_exception=True)
        received = _receive(_key(request), form.validated_data, _caller(request), now=timezone.now())
        if received.ticket is None:
            return Response(Waiting({"envelope": received.envelope.id}).data, status=status.HTTP_202_ACCEPTED)
        code = status.HTTP_200_OK if received.duplicate else status.HTTP_201_CREATED
        return Response(_shown(received.ticket, request), status=code, headers={"Location": f"/api/v1/tickets/{received.ticket.id}"})


class OneTicket(APIView):
    @extend_schema(responses=TicketView)
    def get(self, request: Request, ticket_id: UUID) -> Response:
        return Response(_shown(get_ticket(_actor(request), ticket_id, to=Can.READ, now=timezone.now()), request))


def _receive(key: str, data: dict[str, Any], caller: str, *, now: datetime) -> Received:
    try:
        return receive_api(Asking(**data), key=key, by=caller, now=now)
    except (BadContact, NoText) as error:
        raise serializers.ValidationError({error.field: [str(error)]}) from None
    except KeyReused:
        raise OtherContent from None


def _caller(request: Request) -> str:
    """Whose Idempotency-Keys these are."""
    if isinstance(request.auth, ApiKey):
        return f"key {request.auth.prefix}"
    person = _actor(request).person
    return f"person {person.id}" if person else ""


def _key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > MAX_KEY or not key.isprintable():
        raise serializers.ValidationError({"Idempotency-Key": [f"At most {MAX_KEY} printable characters."]})
    return key


def _known[T](found: T | None, given: str | None) -> T | None:
    if given and found is None:
        raise serializers.ValidationError("This district has none of that name.")
    return found


def _shown(ticket: Ticket, request: Request) -> Any:
    return TicketView(ticket, context={"district": cast(District, request._request.district)}).data  # type: ignore[attr-defined]


def _actor(request: Request) -> Actor:
    return cast(Actor, request._request.actor)  # type: ignore[attr-defined]
