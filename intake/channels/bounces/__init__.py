"""Mail about mail: reports of mail servers (RFC 3464, 5965, 8098), also of those that follow no standard.

`reports` reads what is written for machines, `words` what is written for people, `codes` and `reasons` what both of them mean.
"""

from collections.abc import Sequence
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
        return _whole(found, message, headers, parts) if found else None
    inside = (child for part in parts if part.kind in LETTERS for child in part.children)
    deeper = next((deeper for child in inside if (deeper := bounce_of(child, Headers(child)))), None)  # a gateway wrapped it once more
    return _whole(deeper or found, message, headers, parts, inner=deeper is not None)


def _whole(found: Bounce, message: Part, headers: Headers, parts: Sequence[Part], *, inner: bool = False) -> Bounce:
    """With what it gives back, and whether its form proves it: no person's program writes such a mail, or one from nobody, and under
    a mail server's own name only a server gives a mail back."""
    if not inner:
        found = replace(found, answers_to=answers_to(parts), returned_to=returned_to(parts))
    gives_back = bool(found.original_ids or found.answers_to or found.returned_to or servers.returns(parts))
    by_form = message.kind in reports.KINDS or "x-amz-sns-message-id" in headers
    return replace(found, proven=by_form or (gives_back and (servers.is_machine(headers) or servers.is_from_nobody(headers))))
