"""The login by which a provider of mail calls one district's hook: "mail:<40 hex digits>", part of the address it is given.

It follows from the server's ANYMAIL_WEBHOOK_SECRET and the district (HMAC): who administers one district knows nothing of another's,
and nothing is stored. A new secret of the server makes new logins for all.
"""

import hashlib
import hmac
from uuid import UUID

from anymail.utils import get_request_basic_auth
from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from districts.links import absolute
from districts.models import District


def login_of(district: District) -> str:
    """Empty while the server has no secret: then nobody is let in."""
    secret = str(settings.ANYMAIL.get("WEBHOOK_SECRET") or "")
    return derived(secret, district.id) if secret else ""


def derived(secret: str, district_id: UUID | str) -> str:
    """160 bits."""
    told = hmac.new(secret.encode(), f"mail hook {district_id}".encode(), hashlib.sha256)
    return f"mail:{told.hexdigest()[:40]}"


def is_known(request: HttpRequest, login: str) -> bool:
    return bool(login) and constant_time_compare(get_request_basic_auth(request) or "", login)


def address(district: District, path: str) -> str:
    """To paste at the provider; `path`: "postmark/inbound/"."""
    scheme, _slashes, rest = absolute(district, f"/hooks/mail/{path}").partition("://")
    return f"{scheme}://{login_of(district)}@{rest}"
