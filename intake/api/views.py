"""The addresses of the API: door, shape, act, and what came of it."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from districts import contacts, fields
from districts.access import Actor, Can, actor_for
from districts.arriving import before_scope
from districts.machine_keys import key_of, sent_as
from districts.models import ApiKey, ContactPoint, District, Person, Service
from districts.problems import Refused, told
from districts.queries import person_by_contact
from districts.scope import district_scope
from intake import machines
from intake.actions import Asking, BadContact, KeyReused, NoText, Received, receive_api
from intake.api import files as handles
from intake.api import shapes
from intake.api.limits import PerCaller
from intake.form import questionnaire
from intake.form.questionnaire import Questionnaire
from intake.form.questions import Tongue
from intake.machines import Entry
from intake.queries import door_at
from intake.wording import clean
from tickets import files
from tickets.actions import NewAnswer, NewFile, NotPossible
from tickets.models import Message, Ticket
from tickets.queries import get_ticket

PAGE = 100
MOST_MB = settings.MAX_FILE_BYTES // (1024 * 1024)
A_KEY: dict[str, Any] = {"type": "string", "maxLength": shapes.MAX_KEY, "pattern": fields.KEY.replace(r"\Z", "$")}
KEY = OpenApiParameter(
    "Idempotency-Key", A_KEY, OpenApiParameter.HEADER,
    description="The same key again, with the same content, gives what it gave first. Without it: the same content within a day.",
)  # fmt: skip
AN_ID, MOMENT = {"type": "string", "format": "uuid"}, {"type": "string", "format": "date-time"}
TICKET_ID = OpenApiParameter("ticket_id", AN_ID, OpenApiParameter.PATH)
LIMIT = OpenApiParameter(
    "limit", {"type": "integer", "minimum": 1, "maximum": PAGE, "default": 50}, OpenApiParameter.QUERY, description="At most so many."
)


def at(name: str, what: str, schema: dict[str, Any]) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY, description=what)


class Door(APIView):
    """What every address has in common."""

    throttle_classes = [PerCaller]


class Tickets(Door):
    @extend_schema(
        operation_id="openTicket", summary="Open a ticket", tags=["tickets"],
        description="For whoever needs something: they are acknowledged, and answered, at their contact.",
        request=shapes.NewTicket, parameters=[KEY],
        responses={
            201: OpenApiResponse(shapes.TicketView, description="It is opened."),
            200: OpenApiResponse(shapes.TicketView, description="It was here before."),
            202: OpenApiResponse(shapes.Waiting, description="Kept, and not yet a ticket."),
            **told("invalid", "malformed", "key-reused", "too-large", "unsupported-media-type"),
        },
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        form = shapes.NewTicket(data=_object(request))
        form.is_valid(raise_exception=True)
        received = _receive(request, form.validated_data, now=timezone.now())
        if received.ticket is None:
            return Response(shapes.Waiting({"envelope": received.envelope.id}).data, status=status.HTTP_202_ACCEPTED)
        code = status.HTTP_200_OK if received.duplicate else status.HTTP_201_CREATED
        return Response(_shown(received.ticket, request), status=code, headers={"Location": _address(received.ticket.id)})

    @extend_schema(
        operation_id="listTickets", summary="List what you have opened", tags=["tickets"],
        description="Tickets that this key has opened, the newest first; sensitive ones are left out.",
        parameters=[
            at("since", "Opened since then; 30 days ago, where nothing is said, and 90 at most.", MOMENT),
            at("before", "As the address in “next” of the page before has it.", AN_ID),
            at("idempotency_key", "The one that was opened by this key.", A_KEY),
            LIMIT,
        ],
        responses={200: shapes.TicketPage, **told("invalid")},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        asked = shapes.Listing(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given, now = asked.validated_data, timezone.now()
        if key := given.get("idempotency_key"):
            found = machines.by_key(_caller(request), key)
            return Response({"results": [_shown(found, request)] if found else [], "next": None})
        since = max(given.get("since") or now - machines.LOOK_BACK, now - machines.LONGEST_LOOK)
        rows = list(machines.opened_by(_caller(request), since=since, before=given.get("before"), most=given["limit"] + 1))
        return Response(_page(request, rows, given["limit"], [_shown(row, request) for row in rows], "before", since=since.isoformat()))


class OneTicket(Door):
    @extend_schema(
        operation_id="readTicket", summary="Read a ticket", tags=["tickets"],
        description="Any that is not sensitive, whoever opened it.", parameters=[TICKET_ID],
        responses={200: shapes.TicketView, **told("not-found")},
    )  # fmt: skip
    def get(self, request: Request, ticket_id: str) -> Response:
        return Response(_shown(_ticket(request, ticket_id, to=Can.READ), request))


class Messages(Door):
    @extend_schema(
        operation_id="writeMessage", summary="Write in a ticket", tags=["messages"],
        description="In the conversation as it lives now: of a merged ticket that is the one it was merged into.",
        request=shapes.NewMessage, parameters=[TICKET_ID, KEY],
        responses={
            201: OpenApiResponse(shapes.MessageView, description="It is written."),
            200: OpenApiResponse(shapes.MessageView, description="It was here before."),
            **told("invalid", "malformed", "not-found", "key-reused", "too-large", "unsupported-media-type", "not-possible"),
        },
    )  # fmt: skip
    def post(self, request: Request, ticket_id: str) -> Response:
        form = shapes.NewMessage(data=_object(request))
        form.is_valid(raise_exception=True)
        ticket, entry = _ticket(request, ticket_id, to=Can.WORK), Entry(**form.validated_data)
        try:
            written = machines.write(
                ticket, entry, key=_key(request), by=_caller(request), person=_actor(request).person, now=timezone.now()
            )
        except NoText:
            raise serializers.ValidationError({"text": ["Say something."]}) from None
        except KeyReused:
            raise Refused("key-reused") from None
        except NotPossible as stop:
            raise Refused("not-possible", str(stop)) from None
        code = status.HTTP_200_OK if written.duplicate else status.HTTP_201_CREATED
        return Response(shapes.MessageView(written.message).data, status=code)

    @extend_schema(
        operation_id="listMessages", summary="Read a conversation", tags=["messages"],
        description="Messages of the ticket, notes included, the oldest first.",
        parameters=[TICKET_ID, at("after", "As the address in “next” of the page before has it.", AN_ID), LIMIT],
        responses={200: shapes.MessagePage, **told("invalid", "not-found")},
    )  # fmt: skip
    def get(self, request: Request, ticket_id: str) -> Response:
        asked = shapes.Following(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        given, ticket = asked.validated_data, _ticket(request, ticket_id, to=Can.READ)
        rows = Message.objects.filter(ticket=ticket).select_related("author").prefetch_related("attachments").order_by("id")
        rows = rows.filter(id__gt=given["after"]) if given.get("after") else rows
        found = list(rows[: given["limit"] + 1])
        return Response(_page(request, found, given["limit"], shapes.MessageView(found, many=True).data, "after"))


def _store(request: HttpRequest) -> None:
    """Before the request's transaction, a picture takes long: for a key of this district, and nobody else. A signed-in person's is
    stored later, with the transaction open."""
    with district_scope(request.district.id):  # type: ignore[attr-defined]
        known = key_of(sent_as(request.headers.get("Authorization", "")) or "")
    if known:
        request.stored = _keep(request)  # type: ignore[attr-defined]


class Files(Door):
    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="storeFile", summary="Store a file", tags=["files"],
        request={"multipart/form-data": shapes.NewFileForm},
        description=f"For a ticket or message that is sent within a day. One file of {MOST_MB} MB at most: pictures, recordings, PDF,"
        " Office and OpenDocument without macros, text, calendars, mail. What it is, its bytes tell.",
        responses={201: shapes.StoredFile, **told("invalid", "malformed", "too-large", "unsupported-media-type", "file-refused")},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        if "file" not in request.FILES:
            raise serializers.ValidationError({"file": ["Send one file, in a field of this name."]})
        stored = getattr(request._request, "stored", None) or _keep(request._request)
        if isinstance(stored, str):
            raise Refused("file-refused", stored)
        shown = {
            "file": handles.packed(stored), "name": stored.name, "content_type": stored.content_type, "size": stored.size,
            "expires_at": handles.until(timezone.now()),
        }  # fmt: skip
        return Response(shapes.StoredFile(shown).data, status=status.HTTP_201_CREATED)


store_file = before_scope(_store)(Files.as_view())


class Nowhere(Door):
    """An address that the API does not have, told as a problem."""

    schema = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        self.http_method_names = [str(request.method).lower()]
        setattr(self, self.http_method_names[0], self._nothing)
        return super().dispatch(request, *args, **kwargs)

    def _nothing(self, _request: Request, **_path: str) -> Response:
        raise Http404


def _keep(request: HttpRequest) -> NewFile | str:
    """Or a sentence why it is refused."""
    sent = request.FILES.get("file")
    if sent is None:
        return "Send one file, in a field of this name."
    try:
        return handles.stored(sent, district_id=request.district.id)  # type: ignore[attr-defined]
    except files.Refused as refusal:
        return str(refusal)


def _receive(request: Request, data: dict[str, Any], *, now: datetime) -> Received:
    _must_not_be_ours(data["contact"], _district(request))
    given, by = data.pop("answers"), _by(request, data.pop("asked_by"), data["contact"])
    answers = _answers(data["service"], given, language=data["language"], request=request) if given else []
    try:
        return receive_api(Asking(**data, answers=answers, by=by), key=_key(request), by=_caller(request), now=now)
    except (BadContact, NoText) as error:
        raise serializers.ValidationError({error.field: [str(error)]}) from None
    except KeyReused:
        raise Refused("key-reused") from None


def _must_not_be_ours(contact: str, district: District) -> None:
    """What comes from an address of ours is screened out later, when nobody can be told any more."""
    known = contacts.either(contact)
    if known and known.kind == ContactPoint.Kind.EMAIL and door_at(known.value, district):
        raise serializers.ValidationError({"contact": ["This is an address of the district itself. Give the one of whoever asks."]})


def _by(request: Request, asked_by: str, contact: str) -> Person | None:
    """Who asks for somebody else: whoever is signed in, if it is not about themselves; a machine names them, if its role may."""
    actor = _actor(request)
    if not asked_by or actor.person is not None:
        known = contacts.either(contact)
        owner = person_by_contact(known.kind, known.value) if known else None
        return actor.person if actor.person and owner != actor.person else None
    if not actor.is_leader:
        raise PermissionDenied
    known = contacts.email(asked_by)
    owner = person_by_contact(known.kind, known.value) if known else None
    if owner is None or not actor_for(owner).is_staff:
        raise serializers.ValidationError({"asked_by": ["Nobody who works here has this address."]})
    return owner


def _answers(service: Service | None, given: dict[str, str], *, language: str, request: Request) -> list[NewAnswer]:
    """Of whoever the questions are for: a machine asks for all kinds of people. What it does not know is not asked of it, and what no
    question asks for is kept under the name it has there."""
    first = questionnaire.first_language(_district(request))
    asked = Questionnaire(Tongue(language or first, first), questionnaire.of_service(service.id) if service else [])
    answers, wrong = asked.check(given)
    if mistakes := {key: [said] for key, said in wrong.items() if given.get(key)}:
        raise serializers.ValidationError({"answers": mistakes})
    known = {one.key for one in asked.questions}
    others = ((key, clean(value)) for key, value in given.items() if key not in known)
    return [*answers, *(NewAnswer(key=key, label=key, value=value) for key, value in others if value)]


def _page(request: Request, rows: list[Any], most: int, shown: Any, cursor: str, **more: str) -> dict[str, Any]:
    """So many, and where the others are."""
    following = None
    if len(rows) > most:
        query: dict[str, str] = {**more, "limit": str(most), cursor: str(rows[most - 1].id)}
        following = f"{request.path}?{urlencode(query)}"
    return {"results": list(shown)[:most], "next": following}


def _object(request: Request) -> dict[str, Any]:
    if not isinstance(request.data, dict):
        raise serializers.ValidationError({"": ["Send a JSON object."]})
    return request.data


def _ticket(request: Request, ticket_id: str, *, to: Can) -> Ticket:
    try:
        found = get_ticket(_actor(request), UUID(ticket_id), to=to, now=timezone.now())
    except ValueError:
        raise Http404 from None
    return found


def _caller(request: Request) -> str:
    """Whose Idempotency-Keys these are."""
    if isinstance(request.auth, ApiKey):
        return f"key {request.auth.prefix}"
    person = _actor(request).person
    return f"person {person.id}" if person else ""


def _key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not key.strip() or len(key) > shapes.MAX_KEY or not (key.isascii() and key.isprintable()):
        raise serializers.ValidationError({"Idempotency-Key": [f"1 to {shapes.MAX_KEY} printable characters of ASCII."]})
    return key


def _address(ticket_id: UUID) -> str:
    return reverse("api_ticket", args=[ticket_id])


def _shown(ticket: Ticket, request: Request) -> Any:
    return shapes.TicketView(ticket, context={"district": _district(request)}).data


def _district(request: Request) -> District:
    return cast(District, request._request.district)  # type: ignore[attr-defined]


def _actor(request: Request) -> Actor:
    return cast(Actor, request._request.actor)  # type: ignore[attr-defined]
