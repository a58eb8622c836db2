"""Tables that leave as CSV: a cell that a spreadsheet would run as a formula is made text."""

import csv
import re
from collections.abc import Iterable

from django.http import HttpResponse
from django.utils.http import content_disposition_header

_FORMULA = re.compile(r"\A\s*[=+\-@\t\r＝＋－＠]")  # OWASP: CSV injection
BYTE_ORDER = "\ufeff"  # without it spreadsheets take UTF-8 for something else


def harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if _FORMULA.match(text) else text


def as_csv(name: str, head: Iterable[object], rows: Iterable[Iterable[object]]) -> HttpResponse:
    """A download called `name`.csv."""
    response = HttpResponse(BYTE_ORDER, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.csv") or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    written = csv.writer(response)
    written.writerow([harmless(cell) for cell in head])
    written.writerows([harmless(cell) for cell in row] for row in rows)
    return response
