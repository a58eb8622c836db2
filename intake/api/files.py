"""Files for tickets and messages: sent first, by themselves; then named by a handle that only this district can have made."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import IO, cast
from uuid import UUID

from django.core import signing
from django.core.files.uploadedfile import UploadedFile

from districts.scope import require_district_id
from intake.receiving import attaching
from tickets import files
from tickets.actions import NewFile

LIVES = timedelta(days=1)  # as long as a file that nobody refers to is kept (`intake.receiving.reaping`)


def stored(sent: UploadedFile, *, district_id: UUID) -> NewFile:
    """Raises tickets.files.Refused."""
    return files.store(sent.name or "", cast(IO[bytes], sent.file), district_id=district_id)


def packed(file: NewFile) -> str:
    return signing.dumps(asdict(file), salt=_salt())


def unpacked(handle: str) -> NewFile | None:
    """None for what is none of this district's, or is gone."""
    try:
        file = NewFile(**signing.loads(handle, salt=_salt(), max_age=LIVES))
    except (signing.BadSignature, TypeError, ValueError):
        return None
    return file if attaching.still_there(file) else None


def until(now: datetime) -> datetime:
    return now + LIVES


def _salt() -> str:
    return f"api-file:{require_district_id()}"
