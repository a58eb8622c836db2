"""A CSV file as a table: its letters, its separator and its first row are found out. Pure."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ownership.feeds.tables import delimited

BIGGEST = 20 * 1024 * 1024  # bytes
MOST_ROWS = 200_000
MOST_CELLS = 8_000_000
MOST_COLUMNS = 200
LONGEST_CELL = 10_000
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


class BadSheet(ValueError):
    """It cannot be read, with a sentence for the person."""


@dataclass(frozen=True)
class Sheet:
    """Rows have as many cells as there are columns; cells are as they stand there."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def column(self, at: int) -> list[str]:
        return [row[at] for row in self.rows]


def read_sheet(name: str, data: bytes) -> Sheet:
    """Raises BadSheet."""
    text = _decoded(data)
    try:
        lines = _lines(text)
    except csv.Error as error:
        raise BadSheet(_("This cannot be read as CSV: a quote may be open.")) from error
    if not lines:
        raise BadSheet(_("The file is empty."))
    columns = _columns(lines[0])
    if len(lines) - 1 > MOST_ROWS:
        raise BadSheet(_("There are more than %(most)s rows in it.") % {"most": f"{MOST_ROWS:,}"})
    width = len(columns)
    if (len(lines) - 1) * width > MOST_CELLS:
        raise BadSheet(_("There are too many rows and columns in it. Leave out the columns that are not compared."))
    return Sheet(name, columns, [tuple((line + [""] * width)[:width]) for line in lines[1:]])


def _decoded(data: bytes) -> str:
    if len(data) > BIGGEST:
        raise BadSheet(_("The file is too big: %(most)d MB can be read.") % {"most": BIGGEST // 1024**2})
    if data.startswith(_WORKBOOKS):
        raise BadSheet(_("This is a workbook. Save it as “CSV UTF-8” in your spreadsheet, and give us that file."))
    for encoding in ("utf-16",) if data.startswith(_UTF16) else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise BadSheet(_("The letters of this file cannot be read. Save it as “CSV UTF-8”, or as UTF-8."))


def _lines(text: str) -> list[list[str]]:
    """Those with something in them. Raises csv.Error."""
    text, separator = delimited(text)
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_CELL))
    found = csv.reader(io.StringIO(text, newline=""), delimiter=separator or ",", strict=True)
    return [line for line in found if any(cell.strip() for cell in line)]


def _columns(head: Sequence[str]) -> tuple[str, ...]:
    """Each with a name of its own."""
    if len(head) > MOST_COLUMNS:
        raise BadSheet(_("There are more than %(most)d columns in it.") % {"most": MOST_COLUMNS})
    seen, named = dict[str, int](), list[str]()
    for at, cell in enumerate(head, 1):
        name = " ".join(cell.split())[:100] or _("column %(n)d") % {"n": at}
        seen[name] = seen.get(name, 0) + 1
        named.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(named)
