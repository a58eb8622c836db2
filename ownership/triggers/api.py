"""The API for a district's own systems: something happened, and what waits for it is released."""

import json
from typing import Any

from django.core.validators import slug_re
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotAuthenticated, NotFound, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from districts.fields import KEY, Pattern
from districts.limits import within
from districts.models import ApiKey, District
from districts.problems import told
from ownership.triggers.firing import fire

A_MINUTE = 60
MOST_A_MINUTE = 300
MOST_BYTES = 64_000


class Happened(serializers.Serializer[Any]):
    key = Pattern(KEY, max_length=100, help_text="Of this very thing that happened. The same key again releases nothing.")
    payload = serializers.DictField(required=False, default=dict, help_text="Carried along as it is; at most 64,000 bytes of JSON.")

    def validate_payload(self, payload: dict[str, Any]) -> dict[str, Any]:
        try:
            size = len(json.dumps(payload, allow_nan=False))
        except ValueError:
            raise serializers.ValidationError("A number that JSON does not have.") from None
        if size > MOST_BYTES:
            raise serializers.ValidationError(f"At most {MOST_BYTES} bytes.")
        return payload


class Released(serializers.Serializer[Any]):
    released = serializers.IntegerField(help_text="How many triggers were released by it.")


class Events(APIView):
    @extend_schema(
        operation_id="tellEvent", summary="Tell that something happened", tags=["triggers"], request=Happened,
        description="“Attendance is final”, “grades are final”: every trigger that listens to this name is released at once.",
        parameters=[OpenApiParameter("name", {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}, OpenApiParameter.PATH)],
        responses={
            202: OpenApiResponse(Released, description="It is written down; the calls leave at once."),
            **told("invalid", "malformed", "not-found", "too-large", "unsupported-media-type"),
        },
    )  # fmt: skip
    def post(self, request: Request, name: str) -> Response:
        key = request.auth
        if not isinstance(key, ApiKey):  # somebody signed in in a browser has a button
            raise NotAuthenticated
        district: District = request._request.district  # type: ignore[attr-defined]
        if not within("api-events", f"{district.id} {key.prefix}", most=MOST_A_MINUTE, seconds=A_MINUTE):
            raise Throttled(wait=A_MINUTE)
        if not slug_re.match(name):
            raise NotFound
        form = Happened(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        released = fire(name.lower(), payload=given["payload"], key=f"{key.prefix}:{given['key']}", now=timezone.now())
        return Response(Released({"released": released}).data, status=status.HTTP_202_ACCEPTED)
