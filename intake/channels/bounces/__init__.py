"""Mail about mail: reports of mail servers (RFC 3464, 5965, 8098), also of those that follow no standard.

`reports` reads what is written for machines, `words` what is written for people, `codes` and `reasons` what both of them mean.
"""

from dataclasses import replace

from intake.channels.arrival import Bounce
from intake.channels.bounces import notices, reports, servers, words
from intake.channels.bounces.returned import answers_to, own_parts, returned_to
from intake.channels.headers import Headers
from intake.channels.parts import LETTERS, Part

__all__ = ["bounce_of"]


def bounce_of(message: Part, headers: Headers) -> Bounce | None:
    """None where it is no report."""
    parts = list(own_parts(message))
    if message.kind not in reports.KINDS and not servers.may_write(headers):
        return None
    found = reports.read(message, headers, parts) or notices.read(headers, parts) or words.read(message, headers, parts)
    if found is None or found.addresses:
        return replace(found, answers_to=answers_to(parts), returned_to=returned_to(parts)) if found else None
    inside = (child for part in parts if part.kind in LETTERS for child in part.children)
    return next((deeper for child in inside if (deeper := bounce_of(child, Headers(child)))), found)  # a gateway wrapped it once more
