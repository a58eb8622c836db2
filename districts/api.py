"""How an API request is known: a key of this host's district, or the session of someone signed in."""

from typing import TYPE_CHECKING, Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from districts.access import Actor
from districts.machine_keys import key_of, sent_as
from districts.told import Unreadable, readable, shallow

if TYPE_CHECKING:  # its module reads the settings that name this one
    from rest_framework.views import APIView


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer fd_<prefix>_<secret>`; looked up only in the district of the host name."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        given = sent_as(request.headers.get("Authorization", ""))
        if given is None:
            return None
        key = key_of(given)
        if key is None:
            raise AuthenticationFailed("This key is not known to this district.")
        request._request.actor = Actor(name=key.name, roles=frozenset({key.role}), machine=True)  # type: ignore[attr-defined]
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SessionActor(SessionAuthentication):
    """Someone signed in at the desk, with CSRF checked."""


class KnownActor(BasePermission):
    """Staff of this district, or a machine with its key."""

    message = "Sign in, or send this district's API key."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        actor: Actor = request._request.actor  # type: ignore[attr-defined]
        return actor.is_staff


class PlainJSONParser(JSONParser):
    """JSON as deep as somebody could mean it; anything else cannot be read, and is told so."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            with readable():
                return shallow(super().parse(stream, media_type, parser_context))
        except Unreadable as error:
            raise ParseError(f"JSON parse error - {error}") from error
