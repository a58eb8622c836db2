"""Files that people send: what they are is told by their bytes, where they lie by their hash, and no word of the sender is in a path.

Allowed: pictures, recordings, PDF, Office and OpenDocument without macros, plain text, CSV, calendars, a forwarded mail. Everything
else is refused with a sentence for the person. Served by signed links that end soon (`link_to`): pictures to be seen, the rest to be
saved.
"""

import contextlib
import hashlib
import io
import os
import re
import tempfile
from pathlib import Path
from typing import IO
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from districts.scope import require_district_id
from tickets import documents, pictures, sounds
from tickets.actions import NewFile
from tickets.models import Attachment
from tickets.refusal import Refused

__all__ = ["Refused", "from_link", "link_to", "plain_name", "read", "store"]
MAX_NAME = 120  # characters, with the ending
LINK_LIVES = 600  # seconds
PICTURES = {"image/jpeg": ("jpg", "jpeg", "jpe", "jfif"), "image/png": ("png",), "image/gif": ("gif",), "image/webp": ("webp",)}
IN_PICTURES = frozenset(ending for endings in PICTURES.values() for ending in endings) | {"heic", "heif", "hif", "avif"}
_OPEN = "application/vnd.oasis.opendocument."
_OFFICE = "application/vnd.openxmlformats-officedocument."
ENDINGS = PICTURES | {
    "application/pdf": ("pdf",), "application/msword": ("doc", "dot"), "application/vnd.ms-excel": ("xls", "xlt"),
    "application/vnd.ms-powerpoint": ("ppt", "pps"), f"{_OFFICE}wordprocessingml.document": ("docx", "dotx"),
    f"{_OFFICE}spreadsheetml.sheet": ("xlsx", "xltx"), f"{_OFFICE}presentationml.presentation": ("pptx", "ppsx"),
    "audio/mpeg": ("mp3",), "audio/wav": ("wav",), "audio/mp4": ("m4a", "mp4"), "audio/ogg": ("ogg", "oga", "opus"),
    "audio/amr": ("amr",), f"{_OPEN}text": ("odt",),
    f"{_OPEN}spreadsheet": ("ods",), f"{_OPEN}presentation": ("odp",), "message/rfc822": ("eml",),
}  # fmt: skip
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def store(name: str, data: bytes | IO[bytes], *, district_id: UUID | None = None) -> NewFile:
    """Keep a file of the district in scope (or of `district_id`, outside any transaction); the same bytes lie there once.

    `data`: its bytes, or an open file that can be gone back in, which is never in memory as a whole. Pictures are made anew, without
    the place they were taken at. Raises Refused.
    """
    owner = district_id or require_district_id()
    given = io.BytesIO(data) if isinstance(data, bytes) else data
    _measure(given.seek(0, os.SEEK_END))
    kind, kept = _examine(plain_name(name), given)
    digest, size = _digest(kept)
    path = f"{owner}/{digest[:2]}/{digest}"
    _write(Path(settings.MEDIA_ROOT) / path, kept)
    return NewFile(name=_named(plain_name(name) or _("file"), kind), content_type=kind, size=size, sha256=digest, path=path)


def _measure(size: int) -> None:
    if not size:
        raise Refused(_("It is empty."))
    if size > settings.MAX_FILE_BYTES:
        raise Refused(_("It is larger than %(size)s MB.") % {"size": settings.MAX_FILE_BYTES // (1024 * 1024)})


def read(attachment: Attachment) -> bytes:
    """Raises FileNotFoundError where the disk lost it, and ValueError for a path that leads out of the district's folder."""
    root = Path(settings.MEDIA_ROOT).resolve() / str(attachment.district_id)
    path = (Path(settings.MEDIA_ROOT) / attachment.path).resolve()
    if not path.is_relative_to(root):
        raise ValueError("a path outside the district's folder")
    return path.read_bytes()


def link_to(attachment: Attachment) -> str:
    """Its address for LINK_LIVES. Whoever makes it has looked whether it is theirs to see; whoever has it may open the file."""
    return reverse("file", args=[_signer(attachment.district_id).sign(attachment.id.hex)])


def from_link(signed: str) -> UUID:
    """The attachment's id, of the district in scope. Raises signing.SignatureExpired, and signing.BadSignature for any other."""
    given: str = _signer(require_district_id()).unsign(signed, max_age=LINK_LIVES)
    return UUID(hex=given)


def _signer(district_id: UUID) -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=f"file:{district_id}")


def plain_name(name: str) -> str:
    """No folders, no control or direction characters, no leading dots; the ending stays when it is cut."""
    last = re.split(r"[/\\]", _UNPRINTABLE.sub("", name.encode("utf-8", "ignore").decode()))[-1]
    plain = " ".join(last.replace(":", "_").split()).strip(". '\"")
    if len(plain) <= MAX_NAME:
        return plain
    stem, dot, ending = plain.rpartition(".")
    return f"{stem[: MAX_NAME - 1 - len(ending)]}.{ending}" if dot and len(ending) <= 10 else plain[:MAX_NAME]


def _examine(name: str, data: IO[bytes]) -> tuple[str, IO[bytes]]:
    """(content type, the bytes to keep)."""
    data.seek(0)
    head = data.read(pictures.HEAD)
    picture = pictures.kind_of(head)
    if picture:
        kind, made = pictures.made_anew(data, picture)
        return kind, io.BytesIO(made)
    kind = sounds.kind_of(head) or documents.kind_of(name, data)
    if not kind:
        raise Refused(_("Files of this kind are not taken: send a picture, a PDF, an Office file or plain text."))
    return kind, data


def _named(name: str, kind: str) -> str:
    """What a file is called and what it is are the same: a photo that came as IMG_1.HEIC is a JPEG now, and no PDF is a .exe."""
    endings = ENDINGS.get(kind)
    stem, _dot, ending = name.rpartition(".")
    if not endings or ending.lower() in endings:
        return name
    short = name[: MAX_NAME - 6]
    return (
        f"{stem[: MAX_NAME - 6]}.{endings[0]}"
        if stem and ending.lower() in IN_PICTURES and kind in PICTURES
        else f"{short}.{endings[0]}"
    )


def _digest(data: IO[bytes]) -> tuple[str, int]:
    found, size = hashlib.sha256(), 0
    for chunk in documents.chunks(data):
        found.update(chunk)
        size += len(chunk)
    return found.hexdigest(), size


def _write(path: Path, data: IO[bytes]) -> None:
    """All of it or nothing, and on the disk before its message is committed. What lies there already is as new as if it came now:
    the same file may be about to go, since nobody refers to it yet."""
    with contextlib.suppress(FileNotFoundError):
        os.utime(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in documents.chunks(data):
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        os.replace(half, path)
    except BaseException:  # also the end of its time
        Path(half).unlink(missing_ok=True)
        raise
