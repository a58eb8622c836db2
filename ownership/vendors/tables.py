"""The fields of a table: its first line names them; what stands under them says what they are."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice

from django.utils.translation import gettext as _

from ownership.feeds.tables import delimited
from ownership.vendors.fields import BOOLEAN, DATE, INTEGER, MOST_FIELDS, NUMBER, TEXT, BadSpec, Field, Fields, clean

MOST_ROWS = 1_000  # looked at, to learn what the columns are
DATES = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%Y%m%d", "%m-%d-%Y")
FEW_ROWS = 3  # with fewer, only the names tell whether it is a table
LONG_NAME = 8  # words: more than a column is called by
YES_NO = frozenset({"true", "false", "yes", "no", "y", "n", "t", "f"})
LONGEST_CELL = 131_072  # what the csv module allows
_ENDING = re.compile(r"\.(csv|tsv|txt)$", re.IGNORECASE)
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_SENTENCE_ENDS = (".", "!", "?", "…", ":")
_NUMBER = re.compile(r"-?\d{1,17}\.\d+")


def read(name: str, text: str) -> list[Field]:
    """Columns of `students.csv` are "students.…": of which record they are helps to know them. Raises BadSpec."""
    lines = rows(text)
    first = next(lines, [])
    heads = [clean(cell) for cell in first]
    if not any(heads):
        raise BadSpec(_("The first line must name the columns."))
    if len(heads) > MOST_FIELDS:
        raise BadSpec(_("The first line names more than %(most)d columns.") % {"most": MOST_FIELDS})
    body = list(islice(lines, MOST_ROWS))
    _refuse_prose(first, body)
    record, found = record_of(name), Fields()
    for place, head in enumerate(heads):
        if head:
            cells = [row[place].strip() for row in body if place < len(row)]
            found.add(_field(f"{record}.{head.replace('.', '_')}", cells))
    return list(found.found.values())


def _refuse_prose(heads: Sequence[str], body: Sequence[Sequence[str]]) -> None:
    """A letter has commas, too. Raises BadSpec where lines are no rows, or what should be names are sentences."""
    named = [head.strip() for head in heads if head.strip()]
    if len(named) < 2:
        raise BadSpec(_("Only one column is named in the first line. A table names all of them there, with commas or tabs between."))
    odd = sum(1 for row in body if len(row) < 2 or any(cell.strip() for cell in row[len(heads) :]))
    if 2 * odd > len(body) or (len(body) < FEW_ROWS and _are_sentences(heads)):
        raise BadSpec(
            _("This reads like a letter and not like a table. We read CSV with named columns, JSON Schema, XSD and OpenAPI 3.")
        )


def _are_sentences(heads: Sequence[str]) -> bool:
    """Half of them, or one that goes on behind a comma and a space as nobody writes a column."""
    named = [head.strip() for head in heads if head.strip()]
    goes_on = any(head[:1] == " " and head.lstrip()[:1].islower() and len(head.split()) > LONG_NAME // 2 for head in heads)
    return goes_on or 2 * sum(map(_is_sentence, named)) >= len(named)


def _is_sentence(head: str) -> bool:
    words = len(head.split())
    return words >= LONG_NAME or (words >= LONG_NAME // 2 and (head.endswith(_SENTENCE_ENDS) or ". " in head))


def record_of(name: str) -> str:
    """The file's name without its ending; dots would part the path."""
    return _ENDING.sub("", clean(name.replace("\\", "/").rpartition("/")[2])).replace(".", "_") or "file"


def rows(text: str) -> Iterator[list[str]]:
    """Lines that are not empty, the first included. Raises BadSpec."""
    text, delimiter = delimited(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter or ",", strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield cells
    except csv.Error as error:
        words = {"line": reader.line_num, "error": error}
        raise BadSpec(_("Line %(line)d cannot be read as CSV: is a quotation mark alone? (%(error)s)") % words) from error


def _field(path: str, cells: Sequence[str]) -> Field:
    """Without rows, only its name is known."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return Field(path)
    kind, form = _kind(filled)
    return Field(path, kind, format=form, guessed=True)


def _kind(cells: Sequence[str]) -> tuple[str, str]:
    """What all of them are, and the form of dates."""
    for form in DATES:
        if all(_is_date(cell, form) for cell in cells):
            return DATE, form
    if all(cell.lower() in YES_NO for cell in cells):
        return BOOLEAN, ""
    if all(_INTEGER.fullmatch(cell) for cell in cells):
        return INTEGER, ""
    if all(_INTEGER.fullmatch(cell) or _NUMBER.fullmatch(cell) for cell in cells):
        return NUMBER, ""
    return TEXT, ""


def _is_date(cell: str, form: str) -> bool:
    with suppress(ValueError):
        return len(cell) <= 10 and datetime.strptime(cell, form).year >= 1900
    return False
