"""Folders in which files are left, by SFTP say: <FEED_FOLDERS>/<district>/<feed>/, both as addresses call them.

A file that nobody has changed for QUIET is read, tells its feed, and is moved to `done/` (one that cannot be read to `failed/`),
in this order: after a death in between it is found again, and by its key its feed hears of it once. No link is followed.
"""

import contextlib
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from psycopg_pool import PoolTimeout

from districts.models import District
from districts.scope import district_scope
from ownership.feeds import files, tables
from ownership.feeds.files import Brought
from ownership.models import Feed, FeedRun

QUIET = 30  # seconds
WHILE = 20  # seconds after which one sweep begins no other file: the next one goes on
MOST = 500  # files that one sweep looks at in a folder
DONE, FAILED = "done", "failed"
HALF = (".part", ".tmp", ".filepart", ".crdownload")  # names of what is still on its way
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
LONGEST = 200  # bytes of a name
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Taken:
    """`outcome`: of the run; empty where the file could not be taken, and lies where it lay."""

    district: str
    feed: str
    name: str
    outcome: str


@dataclass(frozen=True)
class _Place:
    """A feed's folder, open as `fd`."""

    district: District
    feed: Feed
    fd: int


@dataclass(frozen=True)
class _Read:
    """`data`: None where it is too big, or cannot be read."""

    name: str
    key: str
    data: bytes | None
    size: int


def sweep_all(*, now: datetime) -> list[Taken]:
    """In every district that has a folder; those of feeds that nobody knows are left alone."""
    if not settings.FEED_FOLDERS:
        return []
    until, found = time.monotonic() + WHILE, []
    with _opened(settings.FEED_FOLDERS, os.O_RDONLY | os.O_DIRECTORY) as root:
        if root is None:
            log.warning("feed_folders_away")
            return []
        for district in _districts(os.listdir(root)):
            found += _sweep(district, root, until=until, now=now)
    return found


def _districts(names: list[str]) -> list[District]:
    with transaction.atomic():
        return list(District.objects.filter(active=True, slug__in=names).order_by("slug"))


def _sweep(district: District, root: int, *, until: float, now: datetime) -> list[Taken]:
    found: list[Taken] = []
    with _opened(district.slug, FOLDER, root) as here:
        if here is None:
            return found
        with district_scope(district.id):
            feeds = list(Feed.objects.filter(slug__in=os.listdir(here)).order_by("slug"))
        for feed in feeds:
            with _opened(feed.slug, FOLDER, here) as fd:
                if fd is not None:
                    found += _take_all(_Place(district, feed, fd), until=until, now=now)
    return found


def _take_all(place: _Place, *, until: float, now: datetime) -> Iterator[Taken]:
    for name in _ripe(place.fd, now=now):
        if time.monotonic() > until:
            return
        outcome: str | None = ""
        try:
            outcome = _take(place, name, now=now)
        except (SoftTimeLimitExceeded, PoolTimeout):  # this sweep's time is up; no connection to be had
            raise
        except Exception:  # one file must not stop the others; it lies where it lay
            log.exception("feed_file_not_taken", feed=str(place.feed.id))
        if outcome is not None:
            yield Taken(place.district.slug, place.feed.slug, files.plain_name(name), outcome)


def _ripe(fd: int, *, now: datetime) -> list[str]:
    """Files that nobody is writing any more, the oldest first."""
    names = [name for name in os.listdir(fd) if not name.startswith(".") and not name.lower().endswith(HALF)]
    found = []
    for name in names:
        with contextlib.suppress(OSError):  # gone meanwhile
            told = os.stat(name, dir_fd=fd, follow_symlinks=False)
            if stat.S_ISREG(told.st_mode) and now.timestamp() - told.st_ctime >= QUIET:
                found.append((told.st_mtime_ns, name))
    return [name for _at, name in sorted(found)[:MOST]]


def _take(place: _Place, name: str, *, now: datetime) -> str | None:
    """None: somebody else took it, or is writing it again."""
    read = _read(place.fd, name)
    if read is None:
        return None
    run, good = _tell(place, read, now=now)
    _move(place.fd, name, DONE if good else FAILED, now=now)
    return run.outcome


def _tell(place: _Place, read: _Read, *, now: datetime) -> tuple[FeedRun, bool]:
    """Committed when this returns."""
    name, way, district = files.plain_name(read.name), FeedRun.Way.FOLDER, place.district
    if read.data is not None:
        file = files.read(place.feed, name, read.data)
        with district_scope(district.id):
            return files.take(place.feed, Brought(name, file, way=way, key=read.key), now=now, district=district), True
    with district_scope(district.id):
        return files.refuse(place.feed, name, size=read.size, way=way, key=read.key, now=now, district=district), False


def _read(fd: int, name: str) -> _Read | None:
    """None: it went, or changed while it was read."""
    try:
        with _opened_file(fd, name) as file:
            before = os.fstat(file)
            data = _whole(file) if stat.S_ISREG(before.st_mode) and before.st_size <= tables.MOST_BYTES else None
            after = os.fstat(file)
    except FileNotFoundError:
        return None
    except OSError:
        before = after = os.stat(name, dir_fd=fd, follow_symlinks=False)
        data = None
    if (before.st_size, before.st_ctime_ns) != (after.st_size, after.st_ctime_ns) or (data is not None and len(data) != after.st_size):
        return None
    return _Read(name, _key(name, after.st_ctime_ns, data), data, after.st_size)


def _key(name: str, changed: int, data: bytes | None) -> str:
    """Of this file as it lies there: the same until it is moved, another once it is left there again."""
    content = hashlib.sha256(data).hexdigest() if data is not None else ""
    return "folder:" + hashlib.sha256(f"{changed} {content} ".encode() + os.fsencode(name)).hexdigest()


def _whole(file: int) -> bytes:
    pieces, left = [], tables.MOST_BYTES + 1
    while left and (piece := os.read(file, min(left, 1024 * 1024))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _move(fd: int, name: str, where: str, *, now: datetime) -> None:
    """Under a name that tells when it was read. Raises OSError: it lies where it lay, and was told of."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(where, mode=0o770, dir_fd=fd)
    into = os.open(where, FOLDER, dir_fd=fd)
    try:
        with contextlib.suppress(FileNotFoundError):  # somebody else was quicker
            os.rename(name, _free(into, name, now=now), src_dir_fd=fd, dst_dir_fd=into)
    finally:
        os.close(into)


def _free(into: int, name: str, *, now: datetime) -> str:
    at, kept = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}", os.fsdecode(os.fsencode(name)[-LONGEST:])
    taken = set(os.listdir(into))
    tries = (f"{at}-{n}-{kept}" if n else f"{at}-{kept}" for n in range(len(taken) + 1))
    return next(one for one in tries if one not in taken)


@contextlib.contextmanager
def _opened(path: str, flags: int, within: int | None = None) -> Iterator[int | None]:
    """None where there is no such folder, or none that may be entered."""
    try:
        fd = os.open(path, flags, dir_fd=within)
    except OSError:
        yield None
        return
    try:
        yield fd
    finally:
        os.close(fd)


@contextlib.contextmanager
def _opened_file(within: int, name: str) -> Iterator[int]:
    """Raises OSError."""
    fd = os.open(name, PLAIN, dir_fd=within)
    try:
        yield fd
    finally:
        os.close(fd)
