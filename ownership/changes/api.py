"""The doors by which machines tell of changes: what left the source, and what a target has. Described in docs/changes.md."""

from collections.abc import Callable
from typing import IO, Any, cast

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from districts.access import Actor, Can, may
from districts.limits import within
from districts.models import ApiKey, District
from districts.problems import Refused
from districts.told import Unreadable
from ownership import queries
from ownership.changes import recording
from ownership.changes.recording import Taken
from ownership.changes.rows import MOST_BYTES, MOST_ROWS, BadRows, Clock, TooMany, arrived_rows, left_rows
from ownership.models import Process, System

MINUTE = 60
PER_MINUTE = 300  # calls of one caller: 300,000 rows


class Machines(BasePermission):
    """A key of this district, or somebody signed in who leads."""

    message = "Send this district's API key."

    def has_permission(self, request: Request, view: APIView) -> bool:
        actor = cast(Actor, request._request.actor)  # type: ignore[attr-defined]
        return actor.is_staff and (actor.machine or may(actor, Can.LEAD))


class PerCaller(BaseThrottle):
    def allow_request(self, request: Request, view: APIView) -> bool:
        key = request.auth.prefix if isinstance(request.auth, ApiKey) else str(getattr(request.user, "pk", "") or "")
        return within("changes", f"{_district(request).id} {key}", most=min(PER_MINUTE, settings.API_PER_MINUTE), seconds=MINUTE)

    def wait(self) -> float:
        return MINUTE


class _Bytes(BaseParser):
    """The body as it came, up to a limit."""

    def parse(self, stream: IO[bytes], media_type: Any = None, parser_context: Any = None) -> Any:
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise Refused("too-large", f"A body has at most {MOST_BYTES // 1024**2} MB.")
        return body


class JSONBytes(_Bytes):
    media_type = "application/json"


class CSVBytes(_Bytes):
    media_type = "text/csv"


class Door(APIView):
    schema = None
    parser_classes = [JSONBytes, CSVBytes]
    permission_classes = [Machines]
    throttle_classes = [PerCaller]


class LeftDoor(Door):
    def post(self, request: Request, slug: str) -> Response:
        """Changes that left the source of a process."""
        process = queries.get_process(slug)
        if not process.targets:
            raise serializers.ValidationError({"process": ["It has no target: nothing could arrive."]})
        rows = _read(request, left_rows, "changes")
        return _answer(recording.left(process, rows, now=timezone.now()))


class ArrivedDoor(Door):
    def post(self, request: Request, slug: str, target: str) -> Response:
        """A target has them."""
        process = queries.get_process(slug)
        if not _is_target(process, target):
            raise Http404
        rows = _read(request, arrived_rows, "arrived")
        return _answer(recording.confirmed(process, target, rows, now=timezone.now()))


def _is_target(process: Process, target: str) -> bool:
    """One that it has lost since may still confirm what left before."""
    return target in process.targets or System.objects.filter(slug=target).exists()


def _read[Row](request: Request, read: Callable[..., list[Row]], name: str) -> list[Row]:
    body = request.data if isinstance(request.data, bytes) else b""
    is_csv = (request.content_type or "").partition(";")[0].strip().lower() == CSVBytes.media_type
    try:
        return read(body, csv_body=is_csv, clock=Clock(timezone.now(), _district(request).zone))
    except Unreadable as error:
        raise ParseError(str(error)) from error
    except TooMany:
        raise Refused("too-large", f"A call has at most {MOST_ROWS} rows.") from None
    except BadRows as error:
        raise serializers.ValidationError({name: _told(error, is_csv)}) from error


def _told(error: BadRows, is_csv: bool) -> dict[str, dict[str, list[str]]]:
    """Pointers count from 0, as JSON does; of CSV the sentence says which row after the first it was."""
    return {
        str(at): {column: [f"Row {at + 1}: {what}" if is_csv else what] for column, what in fault.items()}
        for at, fault in error.faults.items()
    }


def _answer(taken: Taken) -> Response:
    """202: some are not known yet, and must be told again."""
    told = {"new": taken.new, "before": taken.before, "unknown": list(taken.unknown), "unexpected": list(taken.unexpected)}
    return Response(told, status=status.HTTP_202_ACCEPTED if taken.unknown else status.HTTP_200_OK)


def _district(request: Request) -> District:
    return cast(District, request._request.district)  # type: ignore[attr-defined]
