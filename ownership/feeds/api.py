"""The API for a district's own systems: a run of a feed by its name, with a key instead of its token, and what it told lately."""

from typing import Any

from django.core.validators import slug_re
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotAuthenticated, NotFound, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from districts.access import Can, require
from districts.fields import KEY, Pattern
from districts.limits import within
from districts.models import ApiKey, District
from districts.problems import told
from ownership.feeds.answers import stopped
from ownership.feeds.pings import Told, hear
from ownership.feeds.saying import LONGEST_NOTE, MOST_COUNTS, OUTCOMES, BadPing, checked_counts, plain_note
from ownership.models import Feed, FeedRun

A_MINUTE = 60
MOST_A_MINUTE = 1_000
SHOWN = 50
SLUG = OpenApiParameter("slug", {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"}, OpenApiParameter.PATH)


class Run(serializers.Serializer[Any]):
    """What a system tells of a run."""

    outcome = serializers.ChoiceField([str(one) for one in OUTCOMES], default="ok")
    run = Pattern(KEY, max_length=100, required=False, help_text="What you call this run: the same outcome told twice counts once.")
    counts = serializers.DictField(required=False, default=dict, help_text=f"At most {MOST_COUNTS} numbers by name.")
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=LONGEST_NOTE)

    def validate_counts(self, counts: dict[str, Any]) -> dict[str, float]:
        try:
            return checked_counts(counts)
        except BadPing as error:
            raise serializers.ValidationError(str(error)) from None


class Kept(serializers.Serializer[Any]):
    """A run as it was written down."""

    id = serializers.UUIDField()
    outcome = serializers.CharField(help_text="ok, failed, partial, missed, held, started or unknown.")
    run = serializers.CharField(source="key")
    at = serializers.DateTimeField()
    expected_at = serializers.DateTimeField(allow_null=True)
    late_seconds = serializers.IntegerField(allow_null=True)
    counts = serializers.DictField()
    note = serializers.CharField()


class Runs(APIView):
    @extend_schema(
        operation_id="tellRun", summary="Tell of a run", tags=["feeds"], request=Run, parameters=[SLUG],
        responses={
            201: OpenApiResponse(Kept, description="It is written down."),
            409: OpenApiResponse(Kept, description="A run of this name was rejected: tell what is mended under another name."),
            423: OpenApiResponse(Kept, description="A rule of the feed stopped it: do not go on. Somebody is asked."),
            **told("invalid", "malformed", "not-found", "unsupported-media-type"),
        },
    )  # fmt: skip
    def post(self, request: Request, slug: str) -> Response:
        form = Run(data=request.data)
        district, feed = self._feed(request, slug, hold=form.is_valid())
        form.is_valid(raise_exception=True)
        said = form.validated_data
        what = Told(said["outcome"], said["counts"], plain_note(said["note"]), FeedRun.Way.API, said.get("run", ""))
        run = hear(feed, what, now=timezone.now(), district=district)
        said = stopped(run)
        return Response(Kept(run).data, status=said[1] if said else status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="listRuns", summary="What a feed told lately", tags=["feeds"], parameters=[SLUG],
        responses={200: Kept(many=True), **told("not-found")},
    )  # fmt: skip
    def get(self, request: Request, slug: str) -> Response:
        _district, feed = self._feed(request, slug)
        rows = FeedRun.objects.filter(feed=feed).order_by("-at", "-id")[:SHOWN]
        return Response(Kept(rows, many=True).data)

    def _feed(self, request: Request, slug: str, *, hold: bool = False) -> tuple[District, Feed]:
        """`hold`: nobody else writes to it until the transaction ends."""
        key, district = request.auth, request._request.district  # type: ignore[attr-defined]
        if not isinstance(key, ApiKey):
            raise NotAuthenticated
        require(request._request.actor, Can.READ)  # type: ignore[attr-defined]
        if not within("api-feeds", f"{district.id} {key.prefix}", most=MOST_A_MINUTE, seconds=A_MINUTE):
            raise Throttled(wait=A_MINUTE)
        rows = Feed.objects.select_related("process__primary", "process__secondary")
        rows = rows.select_for_update(of=("self",), no_key=True) if hold else rows
        feed = rows.filter(slug=slug).first() if slug_re.match(slug) else None
        if feed is None:
            raise NotFound
        return district, feed
