"""A machine's key, as it is sent: `Authorization: Bearer fd_<prefix>_<secret>`."""

import hashlib
import hmac

from districts.models import ApiKey

SCHEME = "bearer"


def sent_as(authorization: str) -> str | None:
    """What stands where a key would; None: no key was sent."""
    scheme, _, given = authorization.partition(" ")
    return given if scheme.lower() == SCHEME else None


def key_of(given: str) -> ApiKey | None:
    """The key of the district in scope; None: it has none like it that is valid."""
    _, prefix, secret = [*given.split("_", 2), "", "", ""][:3]
    key: ApiKey | None = ApiKey.objects.filter(prefix=prefix[:12], revoked_at__isnull=True).first() if "\0" not in prefix else None
    digest = hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
    return key if key is not None and hmac.compare_digest(key.digest, digest) else None
