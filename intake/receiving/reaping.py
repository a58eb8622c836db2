"""Stored files that nobody refers to: of forms that were not sent in the end, of mails that were refused.

A file is written before the row that names it, so only what has lain untouched for a day is taken away; what is stored again
counts as new (`tickets.files.store`). Words still waiting in an envelope refer to their files too.
"""

import json
import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from psycopg_pool import PoolTimeout

from districts.jobs import shuffled
from districts.models import District
from districts.scope import district_scope
from intake.models import Envelope
from ownership.models import RunStepFile, StepFile
from tickets.models import Attachment, ChannelKind

AGE = 24 * 3600  # seconds: as long as a form carries its files on
STORED = re.compile(r"[0-9a-f]{64}")
HALF = ".new-"  # what a process that died was writing
log = structlog.get_logger(__name__)


@dataclass
class Reaped:
    files: int = 0
    size: int = 0  # bytes


def reap_all(*, dry_run: bool = False) -> Reaped:
    """In every district, closed ones too; a folder of none is left alone."""
    with transaction.atomic():
        ids = list(District.objects.values_list("id", flat=True))
    total = Reaped()
    for district_id in shuffled(ids):
        try:
            reaped = reap(district_id, dry_run=dry_run)
        except (SoftTimeLimitExceeded, PoolTimeout):  # this run's time is up; no connection to be had
            raise
        except Exception:  # a folder nobody may read, say: the other districts' files go all the same
            log.exception("reaping_failed", district=str(district_id))
            continue
        total.files, total.size = total.files + reaped.files, total.size + reaped.size
    return total


def reap(district_id: UUID, *, dry_run: bool = False) -> Reaped:
    """The disk is listed before the rows are read: a row that was committed meanwhile is seen."""
    left = set(_old(Path(settings.MEDIA_ROOT) / str(district_id)))
    reaped = Reaped()
    if not left:
        return reaped
    with district_scope(district_id):
        left.difference_update(_referred_to())
    for name in left:
        size = _take_away(Path(settings.MEDIA_ROOT) / name, dry_run=dry_run)
        if size is not None:
            reaped.files, reaped.size = reaped.files + 1, reaped.size + size
    if reaped.files and not dry_run:
        log.info("files_reaped", district=str(district_id), files=reaped.files, bytes=reaped.size)
    return reaped


def _old(folder: Path) -> Iterator[str]:
    """Names as rows name them, "<district>/<ab>/<hash>"; what does not look like ours is left alone."""
    if not folder.is_dir():
        return
    for shelf in folder.iterdir():
        if not re.fullmatch("[0-9a-f]{2}", shelf.name) or not shelf.is_dir():
            continue
        with os.scandir(shelf) as entries:
            for entry in entries:
                if (STORED.fullmatch(entry.name) or entry.name.startswith(HALF)) and _lies_long(entry):
                    yield f"{folder.name}/{shelf.name}/{entry.name}"


def _lies_long(entry: "os.DirEntry[str]") -> bool:
    """False where it is there no more: a half file that became a whole one has another name."""
    try:
        return _is_old(entry.stat(follow_symlinks=False))
    except FileNotFoundError:
        return False


def _is_old(found: os.stat_result) -> bool:
    return found.st_mtime < time.time() - AGE


def _referred_to() -> Iterator[str]:
    yield from Attachment.objects.values_list("path", flat=True).iterator(chunk_size=5_000)
    yield from StepFile.objects.values_list("path", flat=True).iterator(chunk_size=5_000)
    yield from RunStepFile.objects.values_list("path", flat=True).iterator(chunk_size=5_000)
    waiting = Envelope.objects.filter(channel__in=(ChannelKind.WEB, ChannelKind.API)).exclude(state=Envelope.State.DONE)
    for raw in waiting.values_list("raw", flat=True).iterator(chunk_size=50):
        yield from _named_in(bytes(raw))


def _named_in(raw: bytes) -> Iterable[str]:
    try:
        return [str(file["path"]) for file in json.loads(raw).get("files", ())]
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()  # no form of ours, so it names no file of ours


def _take_away(path: Path, *, dry_run: bool) -> int | None:
    """Its size in bytes; None where it was stored again, or taken away, a moment ago, or where it cannot be taken away."""
    try:
        found = path.stat()
        if not _is_old(found) or not (dry_run or _unlinked(path)):
            return None
        return found.st_size
    except FileNotFoundError:
        return None
    except OSError:
        log.exception("file_not_reaped", path=str(path))
        return None


def _unlinked(path: Path) -> bool:
    """Put aside first: whoever stores the same file now either touched it before, which is seen, or finds none and writes it."""
    aside = path if path.name.startswith(HALF) else path.with_name(f"{HALF}{path.name}")
    path.rename(aside)
    if _is_old(aside.stat()):
        aside.unlink()
        return True
    aside.rename(path)  # over the same bytes, where somebody wrote them meanwhile
    return False
