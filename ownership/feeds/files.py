"""A file tells that a feed ran: what is in it is counted and compared with the file before, and nothing of it is kept but digests.

Only of the newest file that was accepted the digests stay (and of one that is held since, until somebody has decided).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hmac import digest
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from districts.models import District, Person
from districts.queries import this_district
from ownership.feeds import tables
from ownership.feeds.pings import CONTENT, Told, hear
from ownership.feeds.records import Difference, OtherKind, Records
from ownership.feeds.tables import File, Table
from ownership.ladders import notices
from ownership.ladders.climbing import Climber
from ownership.models import Feed, FeedFile, FeedRun, Hold

Outcome = FeedRun.Outcome
ACCEPTED = Q(run__outcome__in=[Outcome.OK, Outcome.PARTIAL]) | Q(run__holds__state=Hold.State.RELEASED)
LONGEST_NAME = 200
LONGEST_NOTE = 900
NAMED = 5  # columns, in a sentence


@dataclass(frozen=True)
class Brought:
    """`file`: as `tables.read` read it. `counts`, `note` and `key`: what was told beside it."""

    name: str
    file: File
    way: str = FeedRun.Way.UPLOAD
    key: str = ""
    by: Person | None = None
    counts: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


def read(feed: Feed, name: str, data: bytes) -> File:
    """With no transaction open: it may take seconds. Raises tables.TooBig."""
    return tables.read(name, data, secret=secret_of(feed.district_id), key_column=feed.key_column)


def secret_of(district_id: UUID) -> bytes:
    """Of each district its own, so that nobody can tell by digests that two hold the same record."""
    return digest(settings.SECRET_KEY.encode(), f"records of the files of {district_id}".encode(), "sha256")


def plain_name(name: str) -> str:
    """As it can stand in a sentence: without its folders, and whatever cannot be printed."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    printable = "".join(letter for letter in last if letter.isprintable())
    return " ".join(printable.split())[:LONGEST_NAME] or "file"


def take(feed: Feed, brought: Brought, *, now: datetime, district: District | None = None) -> FeedRun:
    """The run that it told of (held, where a rule of the feed stops it); of one that was told before, the run of that time."""
    feed = Feed.objects.select_for_update(no_key=True).get(id=feed.id)
    last = FeedFile.objects.filter(feed=feed).defer("digests").order_by("-at", "-id").first()
    found = _Found(feed, brought, last, *_compared(feed, brought.file.table))
    with Climber(now).words():
        told = found.told()
        run = hear(feed, told, now=now, district=district or this_district())
    if not FeedFile.objects.filter(run=run).exists():
        _keep(feed, run, brought, now=now)
    return run


def refuse(
    feed: Feed, name: str, *, size: int, way: str, key: str, now: datetime, district: District | None = None
) -> FeedRun:  # fmt: skip
    """A file came that is too big, or that nobody may read: the feed has failed."""
    feed = Feed.objects.select_for_update(no_key=True).get(id=feed.id)
    with Climber(now).words():
        words = {"file": name, "most": tables.MOST_BYTES // 1024**2}
        too_big = size > tables.MOST_BYTES
        note = _("%(file)s is over %(most)d MB, more than can be read.") if too_big else _("%(file)s cannot be read.")
        told = Told(outcome=Outcome.FAILED, note=note % words, way=way, key=key, evidence={"file": name, "size": size})
        return hear(feed, told, now=now, district=district or this_district())


def _compared(feed: Feed, table: Table | None) -> tuple[Difference | None, FeedFile | None, bool]:
    """With what differs, the file before; True: there is one, and these two cannot be compared."""
    before = FeedFile.objects.filter(ACCEPTED, feed=feed, digests__isnull=False).order_by("-at", "-id").first()
    if before is None or table is None or (table.records is None and not table.rows):
        return None, before, False
    try:
        if table.records is None:
            return None, before, True
        return table.records.since(Records.unpack(bytes(before.digests or b""))), before, False
    except OtherKind:
        return None, before, True


def _keep(feed: Feed, run: FeedRun, brought: Brought, *, now: datetime) -> None:
    """Its digests too, where it may be what the next one is compared with; then those before it go."""
    table, usable = brought.file.table, run.outcome in (Outcome.OK, Outcome.PARTIAL, Outcome.HELD)
    records = table.records if table and table.rows and usable else None
    FeedFile(
        feed=feed, run=run, name=brought.name[:LONGEST_NAME], size=brought.file.size, sha256=brought.file.sha256, at=now,
        rows=table.rows if table else 0, columns=list(table.columns) if table else [], digests=records.pack() if records else None,
    ).save(force_insert=True)  # fmt: skip
    if records and run.outcome != Outcome.HELD:
        FeedFile.objects.filter(feed=feed, digests__isnull=False).exclude(run=run).update(digests=None)


@dataclass(frozen=True)
class _Found:
    """Words and figures about a file, in the active language."""

    feed: Feed
    brought: Brought
    last: FeedFile | None
    differs: Difference | None
    before: FeedFile | None
    beyond_compare: bool

    def told(self) -> Told:
        file, troubles = self.brought.file, list(self._troubles())
        outcome = Outcome.FAILED if self._is_empty() else Outcome.PARTIAL if troubles else Outcome.OK
        sentences = [self.brought.note, self._head(), *troubles, *self._remarks()]
        return Told(
            outcome=outcome, counts={**self.brought.counts, **self._counts()}, note=" ".join(filter(None, sentences))[:LONGEST_NOTE],
            way=self.brought.way, key=self.brought.key, by=self.brought.by,
            evidence={"file": self.brought.name[:LONGEST_NAME], "size": file.size, CONTENT: file.sha256},
        )  # fmt: skip

    def _is_empty(self) -> bool:
        table = self.brought.file.table
        return table is not None and not table.columns and not table.rows

    def _counts(self) -> dict[str, float]:
        table, differs = self.brought.file.table, self.differs
        if table is None:
            return {"bytes": self.brought.file.size}
        found: dict[str, float] = {
            "rows": table.rows, "columns": len(table.columns), "duplicates": table.duplicates, "bad_rows": table.bad_rows,
        }  # fmt: skip
        if table.without_key:
            found["without_key"] = table.without_key
        if differs:
            found |= {"before": differs.before, "added": differs.added, "removed": differs.removed}
        elif self.before is None and table.records is not None:  # the first that can be compared: nothing is gone
            found |= {"before": 0, "added": table.rows, "removed": 0}
        return found | ({"changed": differs.changed} if differs and differs.changed is not None else {})

    def _head(self) -> str:
        table, name = self.brought.file.table, self.brought.name
        if table is None:
            return _("%(file)s: no table, so nothing in it was counted.") % {"file": name}
        if self._is_empty():
            return _("%(file)s is empty.") % {"file": name}
        rows = ngettext("%(n)d row", "%(n)d rows", table.rows) % {"n": table.rows}
        if self.differs is None:
            return f"{name}: {rows}."
        return f"{name}: {rows}; {self._what_differs(self.differs)}."

    def _what_differs(self, differs: Difference) -> str:
        words = {"added": differs.added, "removed": differs.removed, "changed": differs.changed}
        if differs.changed is None:
            return _("%(added)d came, %(removed)d went") % words
        return _("%(added)d came, %(removed)d went, %(changed)d changed") % words

    def _troubles(self) -> Iterator[str]:
        """Why it counts in part only."""
        table = self.brought.file.table
        if table is None or self._is_empty():
            return
        if not table.rows:
            yield _("There are names of columns in it, and nothing below them.")
        if table.broken:
            yield _("A quotation mark in line %(line)d is never closed: what follows it could not be counted.") % {"line": table.broken}
        if self.feed.key_column and not table.keyed:
            yield _("The column “%(name)s”, which names a record, is not in it.") % {"name": self.feed.key_column}
        if table.rows and table.bad_rows == table.rows:
            yield _("No row of it is as wide as its first line.")

    def _remarks(self) -> Iterator[str]:
        table = self.brought.file.table
        if self.last and self.last.sha256 == self.brought.file.sha256:
            yield _("It is the same file as on %(time)s.") % {"time": notices.clock(self.last.at)}
        if table is None or self._is_empty():
            return
        if 0 < table.bad_rows < table.rows:
            yield ngettext("%(n)d row is of another width.", "%(n)d rows are of another width.", table.bad_rows) % {"n": table.bad_rows}
        if table.without_key:
            names = {"n": table.without_key, "name": self.feed.key_column}
            yield ngettext("%(n)d row has no %(name)s.", "%(n)d rows have no %(name)s.", table.without_key) % names
        if self.beyond_compare:
            yield self._why_not(table)
        yield from self._columns(table)

    def _why_not(self, table: Table) -> str:
        if table.rows > tables.MOST_COMPARED:
            return _("It has too many rows to be compared.")
        return _("It cannot be compared with the file before.")

    def _columns(self, table: Table) -> Iterator[str]:
        known = list(self.before.columns) if self.before else []
        gone = [name for name in known if name not in table.columns]
        new = [name for name in table.columns if name not in known] if known else []
        if gone:
            yield _("Columns that are gone: %(names)s.") % {"names": _few(gone)}
        if new:
            yield _("Columns that are new: %(names)s.") % {"names": _few(new)}


def _few(names: list[str]) -> str:
    more = "…" if len(names) > NAMED else ""
    return ", ".join(name[:40] or "–" for name in names[:NAMED]) + more
