"""Pictures: known by their bytes, made anew without the place they were taken at.

Small ones are made anew where they are; large ones, and those of phones (HEIC), by a program of their own (see `darkroom`), one at a
time for each process of ours.
"""

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image

from tickets import darkroom
from tickets.refusal import Refused

FORMS = {
    "image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP", "image/heic": "HEIF", "image/avif": "AVIF",
}  # fmt: skip
HEIC = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
HEAD = 16  # bytes that `kind_of` looks at
WAIT = 30  # seconds for the program; its own limit is of processor time
_one_at_a_time = threading.Lock()


def kind_of(head: bytes) -> str:
    """Content type, or an empty string."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "image/avif" if head[8:12] in (b"avif", b"avis") else "image/heic" if head[8:12] in HEIC else ""
    return ""


def made_anew(data: IO[bytes], kind: str) -> tuple[str, bytes]:
    """(content type, the picture alone): no EXIF, no comments, turned as it was held. What a desk's browser does not show is a JPEG.

    Raises Refused for one that is broken or too large.
    """
    form = FORMS[kind]
    made = f"image/{darkroom.OUTPUT[form].lower()}"
    try:
        return made, darkroom.develop(data, form, here=True)
    except darkroom.Elsewhere:
        return made, _by_program(data, form)
    except (darkroom.TooManyPixels, Image.DecompressionBombError):
        raise _too_many() from None
    except Exception as error:  # decoders raise many kinds on hostile bytes; no picture may take its message with it
        raise _damaged() from error


def _by_program(data: IO[bytes], form: str) -> bytes:
    command = [sys.executable, "-m", "tickets.darkroom", form, str(settings.MAX_FILE_BYTES)]
    data.seek(0)
    with _one_at_a_time, _as_file(data) as given:
        try:
            done = subprocess.run(  # noqa: S603  no word of the sender is in it
                command, cwd=settings.ROOT, stdin=given, capture_output=True, timeout=WAIT, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise _damaged() from error
    if done.returncode == 0 and done.stdout:
        return bytes(done.stdout)
    if done.returncode == darkroom.TOO_MANY:
        raise _too_many()
    if done.returncode == darkroom.TOO_LARGE:
        raise Refused(_("It is larger than %(size)s MB.") % {"size": settings.MAX_FILE_BYTES // (1024 * 1024)})
    raise _damaged()


@contextmanager
def _as_file(data: IO[bytes]) -> Iterator[IO[bytes]]:
    """One that another process can read from."""
    try:
        data.fileno()
    except OSError:  # bytes in memory
        with tempfile.TemporaryFile() as file:
            shutil.copyfileobj(data, file)
            file.seek(0)
            yield file
    else:
        yield data


def _too_many() -> Refused:
    return Refused(_("This picture has too many pixels. Send a smaller one."))


def _damaged() -> Refused:
    return Refused(_("This picture is damaged and cannot be opened."))
