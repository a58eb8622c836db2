"""A file that a feed brought: counted, hashed, and compared with the one before. Pure.

Of a table nothing is kept but digests of its records under a key that only this product has: enough to tell what came, went and
changed, and nothing that could be read. What is no table is hashed and measured.
"""

import codecs
import csv
import hashlib
import hmac
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ownership.feeds.records import Records

MOST_BYTES = 20 * 1024 * 1024
MOST_COMPARED = 300_000  # rows; more are counted
MOST_COLUMNS = 1_000
LOOKED_AT = 64 * 1024  # characters by which it is told whether this is a table, and what stands between its cells
TRIED = 50  # rows
DELIMITERS = ",;\t|"
TABLES = frozenset({"csv", "tsv", "tab"})
_SEPARATOR = re.compile(r'\A"?sep=([,;\t|])"?\r?\n', re.IGNORECASE)  # Excel's own way to say it
_CONTROL = re.compile(r"[\x01-\x08\x0b\x0e-\x1f\x7f]")
_OTHERS = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"%PDF", b"-----BEGIN", b"Rar!", b"7z\xbc\xaf", b"\x89PNG")
_BLANK = b"\xef\xbb\xbf\xff\xfe\0 \r\n\t"
_UNCLOSED = ("unexpected end of data", "field larger than field limit")


class TooBig(ValueError):
    """More than MOST_BYTES."""


@dataclass(frozen=True)
class Table:
    """`rows`: all that hold something, under the line of names. `bad_rows`: those of another width, or that cannot be read.
    `broken`: the line at which a quotation mark is never closed; 0: none. `records`: None where it is not to be compared."""

    columns: tuple[str, ...] = ()
    rows: int = 0
    bad_rows: int = 0
    duplicates: int = 0
    without_key: int = 0
    broken: int = 0
    keyed: bool = False  # the column that names a record was there
    records: Records | None = None


@dataclass(frozen=True)
class File:
    """`table`: None where it is none."""

    size: int
    sha256: str
    table: Table | None


def read(name: str, data: bytes, *, secret: bytes, key_column: str = "") -> File:
    """Raises TooBig, and nothing else. `secret`: under which records are digested."""
    if len(data) > MOST_BYTES:
        raise TooBig(f"over {MOST_BYTES // 1024**2} MB")
    return File(len(data), hashlib.sha256(data).hexdigest(), _table(name, data, secret, key_column))


def _table(name: str, data: bytes, secret: bytes, key_column: str) -> Table | None:
    text = "" if data.startswith(_OTHERS) else decoded(data)
    if not text.strip():
        return None if data.strip(_BLANK) else Table()
    text, delimiter = delimited(text)
    if not delimiter:
        if not _ending(name) & TABLES:
            return None
        delimiter = ","
    return _Counter(secret, key_column).counted(text, delimiter)


def _ending(name: str) -> frozenset[str]:
    return frozenset({name.rpartition(".")[2].strip().lower()})


def decoded(data: bytes) -> str:
    """Empty where these bytes are no text."""
    for encoding in _encodings(data[:400]):
        try:
            text = data.decode(encoding).lstrip("\ufeff")
        except UnicodeDecodeError:
            continue
        looked = text[:LOOKED_AT]
        odd = len(_CONTROL.findall(looked)) + (looked.count("\0") if encoding == "latin-1" else 0)
        return "" if odd * 20 > len(looked) else text
    return ""


def _encodings(start: bytes) -> tuple[str, ...]:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    for encoding, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if len(zeros) > 3 and zeros.count(0) * 2 > len(zeros):
            return (encoding,)
    return ("utf-8-sig", "cp1252", "latin-1")


def delimited(text: str) -> tuple[str, str]:
    """The text below what says it, and what stands between cells; empty where nothing does."""
    if said := _SEPARATOR.match(text):
        return text[said.end() :], said[1]
    if text.lstrip()[:1] in ("{", "[", "<"):
        return text, ""
    best = max(DELIMITERS, key=lambda one: _fit(text, one))
    return text, best if _fit(text, best) > (0, 0) else ""


def _fit(text: str, delimiter: str) -> tuple[float, int]:
    """How many of the first rows are as wide as the first, and how wide that is."""
    widths: list[int] = []
    rows = csv.reader(io.StringIO(text[:LOOKED_AT], newline=""), delimiter=delimiter)
    try:
        widths.extend(len(row) for row, _n in zip((row for row in rows if any(row)), range(TRIED), strict=False))
    except csv.Error:
        pass  # what was seen until there
    if not widths or widths[0] < 2:
        return 0, 0
    return widths.count(widths[0]) / len(widths), widths[0]


@dataclass
class _Counter:
    secret: bytes
    key_column: str
    heads: list[str] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    at: int = -1  # of the key
    rows: int = 0
    bad: int = 0
    broken: int = 0
    without_key: int = 0

    def counted(self, text: str, delimiter: str) -> Table:
        lines = self._lines(text, delimiter)
        first = next(lines, None)
        if first is None:
            return Table(broken=self.broken)
        self._begin(first)
        records = Records(self._name_of_key())
        for cells in lines:
            self._count(cells, records)
        return Table(
            columns=tuple(self.heads), rows=self.rows, bad_rows=self.bad, duplicates=records.duplicates, broken=self.broken,
            without_key=self.without_key, keyed=self.at >= 0, records=records if self._comparable(records) else None,
        )  # fmt: skip

    def _comparable(self, records: Records) -> bool:
        return self.rows <= MOST_COMPARED and not self.broken and (self.at >= 0 or not self.key_column)

    def _begin(self, heads: Sequence[str]) -> None:
        self.heads = [head.strip().replace("\0", "")[:200] for head in heads[:MOST_COLUMNS]]
        self.order = sorted(range(len(self.heads)), key=lambda at: self.heads[at])
        wanted = self.key_column.strip().casefold()
        self.at = next((at for at, head in enumerate(self.heads) if wanted and head.casefold() == wanted), -1)

    def _name_of_key(self) -> bytes:
        return self._digest("c", self.key_column.strip().casefold())

    def _count(self, cells: Sequence[str], records: Records) -> None:
        self.rows += 1
        wide = len(self.heads)
        if len(cells) < wide or any(cells[wide:]) or any("\0" in cell for cell in cells):
            self.bad += 1
        if self.rows > MOST_COMPARED:
            return
        row = self._digest("r", self._words(cells))
        if self.at < 0:
            records.add(row)
            return
        key = cells[self.at].strip() if self.at < len(cells) else ""
        if key:
            records.add(self._digest("k", key), row)
        else:
            self.without_key += 1

    def _words(self, cells: Sequence[str]) -> str:
        """By the names of the columns: in another order it is the same record, and so it is with an empty cell more."""
        told = ((self.heads[at], cells[at].strip()) for at in self.order if at < len(cells))
        return "\x1f".join(f"{head}\x1e{value}" for head, value in told if value)

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.digest(self.secret, f"{kind}{text}".encode("utf-8", "surrogatepass"), "sha256")[:8]

    def _lines(self, text: str, delimiter: str) -> Iterator[list[str]]:
        """Those that hold something. One that cannot be read is counted, and the next is read."""
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        while True:
            began = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self.rows, self.bad = self.rows + 1, self.bad + 1
                self.broken = self.broken or (began if str(error).startswith(_UNCLOSED) else 0)
                continue
            if any(cell.strip() for cell in cells):
                yield cells
