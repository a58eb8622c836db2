"""What went wrong, told to a machine: RFC 9457, `application/problem+json`. The types are stable, and explained at /api/."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema_serializer
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from districts.told import cleaned

MEDIA = "application/problem+json"


@dataclass(frozen=True)
class Problem:
    """`what`: to be done about it, for whoever writes the program."""

    slug: str
    status: int
    title: str
    what: str

    @property
    def type(self) -> str:
        return f"/api/#{self.slug}"


_ALL = (
    Problem("invalid", 400, "A field is missing or not understood", "Mend what `errors` name; nothing was written down."),
    Problem("malformed", 400, "The body cannot be read", "Send JSON in UTF-8; nothing was written down."),
    Problem("unknown-key", 401, "No key, or none of this district", "Send `Authorization: Bearer <key>` to the host it is a key of."),
    Problem("forbidden", 403, "You may not do this", "Use a key, or a sign-in, with a role that may."),
    Problem("not-found", 404, "Not there, or not for you", "Check the address. A sensitive ticket is not there for any key."),
    Problem("method-not-allowed", 405, "This address does not take that method", "`Allow` names those it takes."),
    Problem("not-acceptable", 406, "We answer in JSON", "Send `Accept: application/json`, or no such header."),
    Problem("key-reused", 409, "This Idempotency-Key came with another request", "Use a new key for a new request."),
    Problem("too-large", 413, "Too large", "See the limits of this address; nothing was written down."),
    Problem("unsupported-media-type", 415, "This address does not take that kind of body", "Send the Content-Type that is described."),
    Problem("not-possible", 422, "It does not fit the ticket's state", "`detail` says what to do instead."),
    Problem("file-refused", 422, "The file is not taken", "`detail` says why; send it as another kind, or leave it out."),
    Problem("too-many-requests", 429, "Too many requests in a short time", "Wait as many seconds as `Retry-After` says."),
)  # fmt: skip
PROBLEMS = {problem.slug: problem for problem in _ALL}
_BY_STATUS = {problem.status: problem for problem in reversed(_ALL)}


class Refused(exceptions.APIException):
    """An act that is not done, as one of PROBLEMS."""

    def __init__(self, slug: str, detail: str = "") -> None:
        self.problem = PROBLEMS[slug]
        self.status_code = self.problem.status
        super().__init__(detail or self.problem.title)


class FieldProblem(serializers.Serializer[Any]):
    pointer = serializers.CharField(help_text="JSON pointer of the field (RFC 6901), or the name of a header.")
    detail = serializers.CharField()


@extend_schema_serializer(component_name="Problem")
class ProblemShape(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField(help_text="Stable; each is explained at /api/.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="A sentence about this request.")
    errors = FieldProblem(many=True, required=False, help_text="Of a field each; only of what is invalid.")  # type: ignore[assignment]


def told(*slugs: str) -> dict[tuple[int, str], Any]:
    """Responses of an address, for its description: these, and those that every address may give."""
    wanted: dict[int, list[Problem]] = {}
    for slug in ("unknown-key", "forbidden", "not-acceptable", "too-many-requests", *slugs):
        wanted.setdefault(PROBLEMS[slug].status, []).append(PROBLEMS[slug])
    return {
        (code, MEDIA): OpenApiResponse(ProblemShape, description=". ".join(one.title for one in same) + ".")
        for code, same in sorted(wanted.items())
    }


def answer(error: Exception, _context: dict[str, Any]) -> Response | None:
    """DRF's hook. None: none of ours; the request fails as any other does."""
    known = _known(error)
    if known is None:
        return None
    problem = getattr(known, "problem", None) or _of(known)
    detail = known.detail
    told = {"type": problem.type, "title": problem.title, "status": known.status_code}
    if isinstance(detail, (list, dict)):
        errors = list(_errors(detail, ""))
        told |= {"detail": "; ".join(one["detail"] for one in errors) or problem.title, "errors": errors}
    else:
        told["detail"] = str(detail)
    return Response(cleaned(told), status=known.status_code, headers=_headers(known), content_type=MEDIA)


def _known(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return Refused("too-large", f"A body has at most {settings.DATA_UPLOAD_MAX_MEMORY_SIZE / (1024 * 1024):g} MB.")
    return None


def _of(error: exceptions.APIException) -> Problem:
    if isinstance(error, exceptions.ParseError):
        return PROBLEMS["malformed"]
    return _BY_STATUS[error.status_code]


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if auth := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(max(1, round(wait)))
    return headers


def _errors(detail: Any, pointer: str) -> Any:
    """Each sentence with the field it is about."""
    if isinstance(detail, dict):
        for name, inside in detail.items():
            yield from _errors(inside, pointer if name == "non_field_errors" else f"{pointer}/{name}")
    elif isinstance(detail, list):
        for at, inside in enumerate(detail):
            yield from _errors(inside, f"{pointer}/{at}" if isinstance(inside, (dict, list)) else pointer)
    else:
        yield {"pointer": pointer, "detail": str(detail)}
