"""Two files between their upload and the mapping of their columns: on the disk, named by chance, and gone when they were compared.

What nobody comes back for is taken away with all other files that no row refers to, a day later (`intake.receiving.reaping`).
"""

import secrets
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core import signing

from districts.scope import require_district_id

LIVES = 4 * 3600  # seconds, in which the mapping is chosen


class Gone(Exception):
    """They are not there any more, or never were this person's."""


@dataclass(frozen=True)
class Parked:
    name: str
    data: bytes


def park(files: tuple[Parked, Parked], *, by: UUID) -> str:
    """A handle that opens them for this person, in this district."""
    tickets = list[tuple[str, str]]()
    for file in files:
        token = secrets.token_hex(32)
        path = _path(token)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        path.write_bytes(file.data)
        tickets.append((file.name, token))
    return signing.dumps(tickets, salt=_salt(by))


def fetch(handle: str, *, by: UUID) -> tuple[Parked, Parked]:
    """Raises Gone."""
    try:
        left, right = (Parked(name, _path(token).read_bytes()) for name, token in _tickets(handle, by))
    except (FileNotFoundError, ValueError) as error:
        raise Gone from error
    return left, right


def leave(handle: str, *, by: UUID) -> None:
    """They are taken away."""
    for _name, token in _tickets(handle, by):
        _path(token).unlink(missing_ok=True)


def _tickets(handle: str, by: UUID) -> list[tuple[str, str]]:
    try:
        return [(name, token) for name, token in signing.loads(handle, salt=_salt(by), max_age=LIVES)]
    except signing.BadSignature as error:
        raise Gone from error


def _path(token: str) -> Path:
    return Path(settings.MEDIA_ROOT) / str(require_district_id()) / token[:2] / token


def _salt(by: UUID) -> str:
    return f"lists:{require_district_id()}:{by}"
