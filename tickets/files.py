"""Files that people send: what they are is told by their bytes, where they lie by their hash, and no word of the sender is in a path.

Allowed: pictures, PDF, Office and OpenDocument without macros, plain text, CSV, calendars, a forwarded mail. Everything else is
refused with a sentence for the person. Served only as a download (see the views), never inline.
"""

import contextlib
import hashlib
import os
import re
import tempfile
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from districts.scope import require_district_id
from tickets import documents, pictures
from tickets.actions import NewFile
from tickets.models import Attachment
from tickets.refusal import Refused

__all__ = ["Refused", "plain_name", "read", "store"]
MAX_NAME = 120  # characters, with the ending
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def store(name: str, data: bytes, *, district_id: UUID | None = None) -> NewFile:
    """Keep a file of the district in scope (or of `district_id`, outside any transaction); the same bytes lie there once.

    Pictures are written anew, without the place they were taken at. Raises Refused.
    """
    owner = district_id or require_district_id()
    if not data:
        raise Refused(_("It is empty."))
    if len(data) > settings.MAX_FILE_BYTES:
        raise Refused(_("It is larger than %(size)s MB.") % {"size": settings.MAX_FILE_BYTES // (1024 * 1024)})
    kind, kept = _examine(plain_name(name), data)
    digest = hashlib.sha256(kept).hexdigest()
    path = f"{owner}/{digest[:2]}/{digest}"
    _write(Path(settings.MEDIA_ROOT) / path, kept)
    return NewFile(name=plain_name(name) or _("file"), content_type=kind, size=len(kept), sha256=digest, path=path)


def read(attachment: Attachment) -> bytes:
    """Raises FileNotFoundError where the disk lost it, and ValueError for a path that leads out of the district's folder."""
    root = Path(settings.MEDIA_ROOT).resolve() / str(attachment.district_id)
    path = (Path(settings.MEDIA_ROOT) / attachment.path).resolve()
    if not path.is_relative_to(root):
        raise ValueError("a path outside the district's folder")
    return path.read_bytes()


def plain_name(name: str) -> str:
    """No folders, no control or direction characters, no leading dots; the ending stays when it is cut."""
    last = re.split(r"[/\\]", _UNPRINTABLE.sub("", name.encode("utf-8", "ignore").decode()))[-1]
    plain = " ".join(last.replace(":", "_").split()).strip(". '\"")
    if len(plain) <= MAX_NAME:
        return plain
    stem, dot, ending = plain.rpartition(".")
    return f"{stem[: MAX_NAME - 1 - len(ending)]}.{ending}" if dot and len(ending) <= 10 else plain[:MAX_NAME]


def _examine(name: str, data: bytes) -> tuple[str, bytes]:
    """(content type, the bytes to keep)."""
    picture = pictures.kind_of(data)
    if picture:
        return picture, pictures.without_place(data, picture)
    kind = documents.kind_of(name, data)
    if not kind:
        raise Refused(_("Files of this kind are not taken: send a picture, a PDF, an Office file or plain text."))
    return kind, data


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, and on the disk before its message is committed. What lies there already is as new as if it came now:
    the same file may be about to go, since nobody refers to it yet."""
    with contextlib.suppress(FileNotFoundError):
        os.utime(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(half, path)
    except BaseException:  # also the end of its time
        Path(half).unlink(missing_ok=True)
        raise
