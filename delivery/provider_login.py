"""The login by which a provider of mail calls one district's hooks: "mail:<40 hex digits>", part of the address it is given.

It follows from the server's ANYMAIL_WEBHOOK_SECRET, the district and what it tells (HMAC): who administers one district knows nothing
of another's, who takes mail in tells nothing of mail that we sent, and nothing is stored. A new secret of the server makes new logins
for all.
"""

import hashlib
import hmac
from uuid import UUID

from anymail.utils import get_request_basic_auth
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from districts.links import absolute
from districts.models import District

INBOUND, EVENTS = "mail hook", "mail events"
PATHS = {INBOUND: "/hooks/mail/", EVENTS: "/notices/hooks/mail/"}


def login_of(district: District, what: str = INBOUND) -> str:
    """Empty while the server has no secret: then nobody is let in."""
    secret = server_secret()
    return derived(secret, district.id, what) if secret else ""


def server_secret() -> str:
    return str(settings.ANYMAIL.get("WEBHOOK_SECRET") or "")


def derived(secret: str, district_id: UUID | str, what: str = INBOUND) -> str:
    """160 bits."""
    told = hmac.new(secret.encode(), f"{what} {district_id}".encode(), hashlib.sha256)
    return f"mail:{told.hexdigest()[:40]}"


def is_known(request: HttpRequest, login: str) -> bool:
    return bool(login) and constant_time_compare(get_request_basic_auth(request) or "", login)


def address(district: District, path: str, what: str = INBOUND) -> str:
    """To paste at the provider; `path`: "postmark/inbound/"."""
    scheme, _slashes, rest = absolute(district, f"{PATHS[what]}{path}").partition("://")
    return f"{scheme}://{login_of(district, what)}@{rest}"


def turned_away(request: HttpRequest, *logins: str) -> HttpResponse | None:
    """The answer to whoever calls with none of these; None: it is the provider."""
    if not any(logins):
        return said(404, "set ANYMAIL_WEBHOOK_SECRET")
    if any(is_known(request, login) for login in logins):
        return None
    answer = said(401, "not the login of this district's address")
    answer["WWW-Authenticate"] = 'Basic realm="mail"'  # Amazon SNS sends none before it is asked
    return answer


def said(status: int, why: str) -> HttpResponse:
    return HttpResponse(f"{why}\n", status=status, content_type="text/plain")
