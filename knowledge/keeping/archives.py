"""An archive (.zip) somebody sends us → the Markdown files in it. Nothing is written to the disk, no more is unpacked than is read."""

import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO
from zipfile import BadZipFile, ZipFile, ZipInfo

from django.utils.translation import gettext as _

from knowledge.folder import LARGEST

MOST_PACKED = 10 * 1024 * 1024  # bytes of the archive
MOST_FILES = 500  # Markdown files in it
MOST_ENTRIES = 5000  # of whatever kind
MOST_UNPACKED = 40 * 1024 * 1024  # bytes of all of them together


class NotAnArchive(ValueError):
    """The text says what is wrong with it."""


def files_in(archive: IO[bytes]) -> list[tuple[str, bytes]]:
    """(name, bytes) of each, by name; of a larger file as much as tells that it is too large. Raises NotAnArchive."""
    if archive.seek(0, 2) > MOST_PACKED:
        raise NotAnArchive(_("The file is larger than %(most)d MB.") % {"most": MOST_PACKED // 1024**2})
    try:
        with ZipFile(archive) as opened:
            return list(_read(opened))
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeError, OSError, ValueError) as error:
        if isinstance(error, NotAnArchive):
            raise
        raise NotAnArchive(_("This is no .zip file that can be read.")) from error


def _read(opened: ZipFile) -> Iterator[tuple[str, bytes]]:
    entries = opened.infolist()
    wanted = sorted((entry for entry in entries if _is_article(entry)), key=lambda entry: entry.filename)
    if len(entries) > MOST_ENTRIES or len(wanted) > MOST_FILES:
        raise NotAnArchive(_("At most %(most)d articles at once.") % {"most": MOST_FILES})
    if not wanted:
        raise NotAnArchive(_("There is no Markdown file (.md) in it."))
    left = MOST_UNPACKED
    for entry in wanted:
        if entry.flag_bits & 0x1:
            raise NotAnArchive(_("It is locked with a password."))
        with opened.open(entry) as file:
            found = file.read(min(LARGEST + 1, left + 1))
        left -= len(found)
        if left < 0:
            raise NotAnArchive(_("Unpacked it is larger than %(most)d MB.") % {"most": MOST_UNPACKED // 1024**2})
        yield _path(entry).name, found


def _path(entry: ZipInfo) -> PurePosixPath:
    return PurePosixPath(entry.filename.replace("\\", "/"))


def _is_article(entry: ZipInfo) -> bool:
    """The name is only told, never gone to: a path that leads out of the archive leads nowhere."""
    path = _path(entry)
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts if part != "..")
    return not entry.is_dir() and path.suffix.lower() == ".md" and path.stem.upper() != "README" and not hidden
