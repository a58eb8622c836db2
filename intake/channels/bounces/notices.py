"""Notices of providers in JSON that come by mail: Amazon SES through SNS."""

import json
from collections.abc import Sequence
from typing import Any

from intake.channels.arrival import Bounce, Failure
from intake.channels.bounces import codes
from intake.channels.bounces.reasons import is_gone
from intake.channels.bounces.returned import first_text
from intake.channels.headers import Headers
from intake.channels.parts import Part


def read(headers: Headers, parts: Sequence[Part]) -> Bounce | None:
    if "x-amz-sns-message-id" not in headers:
        return None
    text = first_text(parts)
    start = text.find("{")
    try:
        told, _end = json.JSONDecoder(strict=False).raw_decode(text[max(start, 0) :].replace("\n", ""))
        return _notice(told)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _notice(told: dict[str, Any]) -> Bounce | None:
    kind = str(told.get("notificationType") or told.get("eventType"))
    ids = (str(told["mail"].get("messageId", "")),) if isinstance(told.get("mail"), dict) else ()
    if kind == "Bounce":
        return Bounce("failed", tuple(_failure(one, told["bounce"]) for one in told["bounce"]["bouncedRecipients"]), ids)
    if kind == "Complaint":
        return Bounce(
            "complaint", tuple(Failure(one["emailAddress"].lower()) for one in told["complaint"]["complainedRecipients"]), ids
        )
    if kind == "Delivery":
        return Bounce("delivered", tuple(Failure(str(one).lower()) for one in told["delivery"]["recipients"]), ids)
    return None


def _failure(one: dict[str, str], bounce: dict[str, Any]) -> Failure:
    diagnostic = one.get("diagnosticCode", "")
    statuses = codes.best([*codes.statuses(diagnostic), *codes.statuses(one.get("status", ""))])
    permanent = bounce.get("bounceType") == "Permanent"
    return Failure(one["emailAddress"].lower(), tuple(statuses), permanent and is_gone(diagnostic, statuses))
