"""A field of a record as a specification describes it, and what every reader of specifications keeps to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

BIGGEST = 2 * 1024 * 1024  # bytes of a file
DEEPEST = 12  # records within one another
MOST_FIELDS = 1_000
MOST_CODES = 200
LONGEST_NAME = 200
UNKNOWN, TEXT, INTEGER, NUMBER, DATE, BOOLEAN, CODE = "", "text", "integer", "number", "date", "boolean", "code"
KINDS = (TEXT, INTEGER, NUMBER, DATE, BOOLEAN, CODE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


class BadSpec(ValueError):
    """The file is not read; the text says in a sentence why, and what to do."""


@dataclass(frozen=True)
class Field:
    """`path`: "students[].name.family". `required`: None where the file does not say. `kind`: empty where it does not say.
    `guessed`: its kind was learned from examples, which may be other tomorrow.
    """

    path: str
    kind: str = UNKNOWN
    required: bool | None = None
    longest: int | None = None
    codes: tuple[str, ...] = ()
    format: str = ""
    guessed: bool = False

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2].removesuffix("[]").removeprefix("@")


class Fields:
    """What was found so far: each path once, and never more than can be looked at."""

    def __init__(self) -> None:
        self.found: dict[str, Field] = {}

    def add(self, field: Field) -> None:
        """Raises BadSpec."""
        field = replace(field, path=clean(field.path), codes=codes_of(field.codes), format=clean(field.format))
        if not field.name or field.path in self.found:
            return
        if len(self.found) >= MOST_FIELDS:
            raise BadSpec(
                _("The file describes more than %(most)d fields. Give us the part that is about our records.") % {"most": MOST_FIELDS}
            )
        self.found[field.path] = field


def clean(text: str) -> str:
    """What a database takes: no control characters, no halves of pairs."""
    return _CONTROL.sub(" ", text.encode(errors="replace").decode()).strip()[:LONGEST_NAME]


def codes_of(values: Iterable[object]) -> tuple[str, ...]:
    """Each once, in order, as texts."""
    return tuple(dict.fromkeys(clean(str(value)) for value in values))[:MOST_CODES]


def too_deep() -> BadSpec:
    return BadSpec(_("Records lie within records more than %(most)d deep. Give us a flatter file.") % {"most": DEEPEST})
