"""Is it Twilio that calls? One answer for every door it calls at."""

from typing import cast

from django.http import HttpRequest
from twilio.request_validator import RequestValidator

from districts.links import absolute
from districts.models import District

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def signed(request: HttpRequest, *, secret: str) -> bool:
    """Signed with `secret`, over the form and the address as Twilio called it: our public one, whatever a proxy made of it, or
    the very one of this call (an operator may have typed it with another scheme or port). A body that is no form is signed by its
    hash, which is in the address (bodySHA256); without that nothing proves whose it is.

    `secret` is the auth token of the account that calls: for a status callback the one we send with, for a text coming in the
    one its number belongs to. An empty one opens nothing, since an empty key signs for everybody.
    """
    if not secret:
        return False
    district = cast(District, request.district)  # type: ignore[attr-defined]
    given = request.headers.get("X-Twilio-Signature", "")
    called = (absolute(district, request.get_full_path()), request.build_absolute_uri())
    validator = RequestValidator(secret)
    said = request.POST if request.content_type in FORMS else _hashed(request)
    return said is not None and any(validator.validate(address, said, given) for address in dict.fromkeys(called))


def _hashed(request: HttpRequest) -> str | None:
    return request.body.decode("utf-8", "replace") if "bodySHA256" in request.GET else None
