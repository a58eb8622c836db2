"""Files of an arrival, stored before its ticket is written. One that is refused never takes the message with it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from intake.channels.arrival import Arrival, SentFile
from tickets import files
from tickets.actions import NewFile

TINY = 400  # bytes of an inline picture: spacers and trackers


@dataclass(frozen=True)
class Kept:
    files: Sequence[NewFile] = ()
    note: str = ""  # what the reader of the message must know


def keep(arrival: Arrival, *, district_id: UUID) -> Kept:
    """Touches the disk only, so that no transaction is open while a photo is worked on."""
    stored = list(arrival.kept_files)
    refused: list[str] = []
    for sent in arrival.sent_files:
        if sent.inline and len(sent.data) < TINY:
            continue
        with override(arrival.language or "en"):  # the reason is read beside the words it came with
            try:
                stored.append(files.store(sent.name, sent.data, district_id=district_id))
            except files.Refused as refusal:
                refused.append(_line(sent, refusal))
    return Kept(tuple(stored), "\n".join(refused))


def still_there(file: NewFile) -> bool:
    """And as new as one that came just now; False where it was reaped."""
    try:
        os.utime(Path(settings.MEDIA_ROOT) / file.path)
    except FileNotFoundError:
        return False
    return True


def _line(sent: SentFile, refusal: files.Refused) -> str:
    return _("[File not kept: %(name)s. %(why)s]") % {"name": sent.name, "why": str(refusal)}
