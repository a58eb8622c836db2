"""The API's description in OpenAPI, and in it the ways to sign in (drf-spectacular finds them by their classes)."""

from typing import Any

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView

described = SpectacularAPIView.as_view()


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "districts.api.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "fd_<prefix>_<secret>, a key of this host's district."}


class SignedIn(SessionScheme):  # type: ignore[no-untyped-call]
    target_class = "districts.api.SessionActor"
