"""Secrets that must be read again (a mailbox's password), kept sealed in the database.

Fernet (AES-128-CBC with HMAC-SHA-256) under a key that follows from SECRET_KEY; SECRET_KEY_FALLBACKS still open what they sealed. A
copy of the database alone tells nothing. The district is part of the key: a sealed text is worth nothing in another one.
"""

import base64
import json
from functools import lru_cache
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from districts.scope import require_district_id


class Unsealable(ValueError):
    """Sealed in another district or under a key that is gone: it has to be given again."""


def seal(secret: dict[str, str], *, district_id: UUID | None = None) -> str:
    """In the district in scope (a migration names one); empty where there is nothing to keep."""
    told = {name: value for name, value in secret.items() if value}
    return _sealer(district_id or require_district_id()).encrypt(json.dumps(told).encode()).decode() if told else ""


def unseal(sealed: str) -> dict[str, str]:
    """What `seal` was given, in the district in scope. Raises Unsealable."""
    if not sealed:
        return {}
    try:
        found: dict[str, str] = json.loads(_sealer(require_district_id()).decrypt(sealed.encode()))
    except InvalidToken as error:
        raise Unsealable("sealed under another key") from error
    return found


def _sealer(district_id: UUID) -> MultiFernet:
    return MultiFernet([_fernet(key, district_id) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


@lru_cache(maxsize=500)
def _fernet(key: str, district_id: UUID) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=district_id.bytes, info=b"sealed secrets").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
