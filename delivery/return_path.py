"""Where a mail that cannot be delivered is sent back to: `help+b-<26 letters>-<13 letters>@host`, another address for each letter.

It stands on the envelope (RFC 5321 4.4; VERP), which mail servers see and no answer quotes: whoever gets a copy of an answer learns our
letter's Message-ID and reply address from it, never this. The 26 are the delivery's id, the 13 prove it (65 bits). To the mail door it
is an address of `help`, with a tag.
"""

import base64
import re
from uuid import UUID

from django.utils.crypto import constant_time_compare, salted_hmac

from districts.links import mail_address
from districts.models import District

TAG = re.compile(r"help\+b-([a-z2-7]{26})-([a-z2-7]{13})")


def address_of(district: District, delivery_id: UUID) -> str:
    told = base64.b32encode(delivery_id.bytes).decode().lower().rstrip("=")
    return mail_address(district, f"help+b-{told}-{_proof(delivery_id)}")


def delivery_of(address: str, district: District) -> UUID | None:
    """Whose it is; None where it is no such address of this district, or made up."""
    local, _at, host = address.lower().rpartition("@")
    found = TAG.fullmatch(local)
    if found is None or host != district.host:
        return None
    try:
        named = UUID(bytes=base64.b32decode(f"{found[1].upper()}======"))
    except ValueError:
        return None
    return named if constant_time_compare(found[2], _proof(named)) else None


def _proof(delivery_id: UUID) -> str:
    digest = salted_hmac("delivery.return_path", str(delivery_id), algorithm="sha256").digest()
    return base64.b32encode(digest).decode().lower()[:13]
