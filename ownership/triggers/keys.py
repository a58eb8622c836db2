"""Keys that calls are signed with: sealed in the database, told once, and replaced with a day in which the one before signs along.

A key is as libraries of Standard Webhooks take it: "whsec_" and 32 random bytes, base64. While two hold, `webhook-signature` carries
a signature of each, and a receiver is content with one that it knows: it changes its key at any time of that day, and misses nothing.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from districts.sealing import Unsealable, seal, unseal
from ownership.models import Trigger

PREFIX = "whsec_"
LENGTH = 32
OVERLAP = timedelta(hours=24)


def new_key(trigger: Trigger, *, now: datetime) -> str:
    """Set, without saving, a key that is told here and never again. The one before, if it can be opened, signs along for a day."""
    key = f"{PREFIX}{base64.b64encode(secrets.token_bytes(LENGTH)).decode()}"
    trigger.secret, trigger.keyed_at = seal({"key": key, "before": _opened(trigger).get("key", "")}), now
    return key


def keys_of(trigger: Trigger, *, now: datetime) -> list[str]:
    """Those that sign now, the newest first; none where they were sealed under a secret that is gone. In its district."""
    known = _opened(trigger)
    names = ("key", "before") if now < trigger.keyed_at + OVERLAP else ("key",)
    return [known[name] for name in names if known.get(name)]


def overlap_until(trigger: Trigger, *, now: datetime) -> datetime | None:
    """Until when the key before signs along; None: it does not."""
    return trigger.keyed_at + OVERLAP if len(keys_of(trigger, now=now)) > 1 else None


def signatures(keys: Sequence[str], *, id: str, seconds: int, body: bytes) -> str:
    """The header: a signature of each key, with a blank between."""
    return " ".join(_signature(key, f"{id}.{seconds}.".encode() + body) for key in keys)


def _signature(key: str, signed: bytes) -> str:
    mac = hmac.new(base64.b64decode(key.removeprefix(PREFIX)), signed, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def _opened(trigger: Trigger) -> dict[str, str]:
    try:
        return unseal(trigger.secret)
    except Unsealable:
        return {}
