"""The matrix as a file: a table for spreadsheets (CSV), or YAML. What is written comes back the same when it is read.

A file may speak of some fields only: the columns it has, or the keys that any of its processes has. The others are left alone.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from functools import partial
from itertools import zip_longest
from typing import Any

from django.utils.translation import gettext as _

from ownership.keeping import feed_lines
from ownership.keeping.described import MOST, Described, Leg, Raw, Tell, Watched, describe, one_line, shown, tidy
from ownership.keeping.trees import Node, NoTree, tree, written

BIGGEST = 1024 * 1024  # bytes
MOST_ROWS = 1_000
MOST_PROBLEMS = 50
BYTE_ORDER = "\ufeff"
HEADS = {
    "name": "Process", "slug": "Short name", "source": "Source", "targets": "Targets", "trigger": "When", "primary": "Primary owner",
    "secondary": "Secondary owner", "promise": "Promise", "promise_text": "Promise in full", "terms": "Terms", "ladder": "Ladder",
    "fallback": "By hand meanwhile", "baseline": "Measured before", "path": "Suffers first", "services": "Services",
    "stages": "Stages", "feeds": "Feeds",
}  # fmt: skip
PARTS = {"stages": ("name", "role", "system"), "feeds": feed_lines.PARTS}
PROCESSES = "processes"
KEYS = {one.name: one.name for one in fields(Described)}  # as YAML calls them
_FIELDS = {head.casefold(): name for name, head in HEADS.items()}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_GUARD = re.compile(r"\A'*[=+\-@\t\r＝＋－＠]")  # OWASP: CSV injection
_GUARDED = re.compile(r"\A\s*'(?='*[=+\-@\t\r＝＋－＠])")
_SEPARATOR = re.compile(r'\A"?sep=([,;\t])"?\r?\n', re.IGNORECASE)  # Excel's own way to say it
_TOKEN = re.compile(r"\\[\\|;]|[^\\|;\n]+|.", re.DOTALL)
_LOOKS_LIKE_YAML = re.compile(r"\s*(?:[\[{#%]|---|- |processes\s*:)")


class BadFile(ValueError):
    """The file is not taken. `problems`: sentences for an administrator, 50 at most."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems[:MOST_PROBLEMS]))
        self.problems = list(problems[:MOST_PROBLEMS])


@dataclass(frozen=True)
class Read:
    """What a file says, in its order; `named`: the fields that it speaks of, whether they are empty or not."""

    rows: list[Described]
    named: frozenset[str]


@dataclass(frozen=True)
class _Given:
    line: int
    raw: Raw
    lines: Mapping[str, int] = field(default_factory=dict)  # of a field, where it is not the line of the process


class _Problems(list[str]):
    def say(self, sentence: str) -> None:
        """Raises BadFile with the last one that is told."""
        self.append(sentence)
        if len(self) >= MOST_PROBLEMS:
            raise BadFile(self)

    def at(self, line: int, column: str, what: str) -> None:
        self.say(_("Line %(line)d, “%(column)s”: %(what)s.") % {"line": line, "column": shown(column), "what": what})

    def stop(self) -> None:
        if self:
            raise BadFile(self)


def read(name: str, data: bytes) -> Read:
    """A file by its name and bytes. Lines are counted as spreadsheets do, in YAML as editors do. Raises BadFile, and nothing else."""
    text = _decoded(data)
    problems = _Problems()
    if _is_yaml(name, text):
        return _from_yaml(text, problems)
    return _from_csv(name, text, problems)


def _is_yaml(name: str, text: str) -> bool:
    ending = name.rpartition(".")[2].strip().lower()
    if ending in {"csv", "tsv"}:
        return False
    return ending in {"yaml", "yml", "json"} or bool(_LOOKS_LIKE_YAML.match(text))


def _decoded(data: bytes) -> str:
    if len(data) > BIGGEST:
        raise BadFile([_("The file is too big: %(most)d MB can be read.") % {"most": BIGGEST // 1024**2}])
    if data.startswith(_WORKBOOKS):
        raise BadFile([_("This is a workbook. Save it as “CSV UTF-8” in your spreadsheet, and give us that file.")])
    for encoding in _encodings(data[:200]):
        try:
            text = data.decode(encoding).lstrip(BYTE_ORDER)
        except UnicodeDecodeError:
            continue
        if not text.strip():
            raise BadFile([_("The file is empty.")])
        return text
    raise BadFile([_("The letters of this file cannot be read. Save it as “CSV UTF-8”, or as UTF-8.")])


def _encodings(start: bytes) -> tuple[str, ...]:
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    for encoding, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if zeros and zeros.count(0) * 2 > len(zeros):
            return (encoding,)
    return ("utf-8-sig", "cp1252")


def _taken(given: Iterable[_Given], columns: Mapping[str, str], named: frozenset[str], problems: _Problems) -> Read:
    """`columns`: what the file calls a field. Raises BadFile."""
    rows, seen = list[Described](), dict[str, int]()
    for one in given:
        if len(rows) == MOST_ROWS:
            problems.say(_("There are more than %(most)d processes in it.") % {"most": MOST_ROWS})
            break
        row = describe(one.raw, _teller(one, columns, problems))
        rows.append(row)
        if row.slug and row.slug in seen:
            _told_twice(one, row, seen[row.slug], columns, problems)
        seen.setdefault(row.slug, one.line)
    problems.stop()
    return Read(rows, named)


def _teller(one: _Given, columns: Mapping[str, str], problems: _Problems) -> Tell:
    return lambda name, what: problems.at(one.lines.get(name, one.line), columns[name], what)


def _told_twice(one: _Given, row: Described, before: int, columns: Mapping[str, str], problems: _Problems) -> None:
    name = "slug" if one_line(one.raw.get("slug", "")) else "name"
    words = {"what": shown(getattr(row, name)), "line": before}
    _teller(one, columns, problems)(name, _("“%(what)s” is that of line %(line)d, too") % words)


# --- CSV: read --------------------------------------------------------------------------------------------------------


def _from_csv(name: str, text: str, problems: _Problems) -> Read:
    text, delimiter = _delimited(name, text)
    lines = _lines(text, delimiter, problems)
    first = next(lines, None)
    if first is None:
        raise BadFile([_("The file is empty.")])
    heads = _heads(*first, problems)
    named = frozenset(filter(None, heads))
    return _taken((_row(line, heads, cells, problems) for line, cells in lines), HEADS, named, problems)


def _delimited(name: str, text: str) -> tuple[str, str]:
    """The text, and the delimiter it says, else the one that finds most columns."""
    if said := _SEPARATOR.match(text):
        return text[said.end() :], said[1]
    order = "\t,;" if name.lower().endswith(".tsv") else ",;\t"
    return text, max(order, key=partial(_known, text))


def _known(text: str, delimiter: str) -> int:
    try:
        return sum(_folded(cell) in _FIELDS for cell in next(filter(_filled, _reader(text, delimiter)), []))
    except csv.Error:
        return 0


def _reader(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)


def _lines(text: str, delimiter: str, problems: _Problems) -> Iterator[tuple[int, list[str]]]:
    """Lines that are not empty, with their numbers. Raises BadFile."""
    line = 0
    try:
        for line, cells in enumerate(_reader(text, delimiter), 1):
            if _filled(cells):
                yield line, cells
    except csv.Error as error:
        problems.say(
            _("Line %(line)d cannot be read as CSV: is a quotation mark alone? (%(error)s)") % {"line": line + 1, "error": error}
        )
        raise BadFile(problems) from error


def _filled(cells: Iterable[str]) -> bool:
    return any(cell.strip() for cell in cells)


def _folded(head: str) -> str:
    return one_line(head).casefold()


def _heads(line: int, cells: Sequence[str], problems: _Problems) -> list[str]:
    """The field of each column; empty where a column has no name."""
    heads = [_FIELDS.get(_folded(cell), "") for cell in cells]
    known = ", ".join(HEADS.values())
    if not any(heads):
        raise BadFile([_("The first line must name the columns. They are: %(known)s.") % {"known": known}])
    for cell in (cell for cell, name in zip(cells, heads, strict=True) if cell.strip() and not name):
        problems.at(line, cell, _("there is no such column. There are: %(known)s") % {"known": known})
    for name in (name for name in HEADS if heads.count(name) > 1):
        problems.at(line, HEADS[name], _("this column is there twice"))
    if "name" not in heads:
        problems.at(line, HEADS["name"], _("this column is missing"))
    problems.stop()
    return heads


def _row(line: int, heads: Sequence[str], cells: Sequence[str], problems: _Problems) -> _Given:
    if _filled(cell for cell, name in zip_longest(cells, heads, fillvalue="") if not name):
        problems.say(_("Line %(line)d has a cell under no column's name.") % {"line": line})
    tell = partial(problems.at, line)
    raw = {name: _cell(name, cell, tell) for name, cell in zip(heads, cells, strict=False) if name}
    return _Given(line, raw)


def _cell(name: str, cell: str, tell: Tell) -> Any:
    text = _GUARDED.sub("", cell.replace("\r\n", "\n").replace("\r", "\n"))
    if name in PARTS:
        return [_parted(name, line, tell) for line in text.split("\n") if line.strip()]
    return _parts(text, ";\n") if name in MOST else text


def _parted(name: str, line: str, tell: Tell) -> dict[str, str]:
    parts = _parts(line, "|")
    if name == "feeds" and (feed := feed_lines.parted(parts)) is not None:
        return feed
    places = feed_lines.PLACES if name == "feeds" else PARTS[name]
    if _filled(parts[len(places) :]):
        words = {"line": shown(line), "form": " | ".join(places)}
        tell(HEADS[name], _("“%(line)s” has too many parts, they are: %(form)s") % words)
    return dict(zip(places, parts, strict=False))


def _parts(text: str, marks: str) -> list[str]:
    r"""Between marks; `\;`, `\|` and `\\` are the characters themselves."""
    parts: list[list[str]] = [[]]
    for token in _TOKEN.findall(text):
        if token in marks:
            parts.append([])
        else:
            parts[-1].append(token[1] if token[0] == "\\" and len(token) == 2 else token)
    return ["".join(part) for part in parts]


# --- CSV: write -------------------------------------------------------------------------------------------------------


def as_csv(rows: Iterable[Described]) -> str:
    """A table for spreadsheets, to be written in UTF-8: it begins with the mark by which Excel knows that."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(HEADS.values())
    table.writerows([_written(getattr(row, name)) for name in HEADS] for row in map(tidy, rows))
    return f"{BYTE_ORDER}{out.getvalue()}"


def _written(value: Any) -> str:
    if isinstance(value, str):
        return _guarded(value)
    if all(isinstance(one, str) for one in value):
        return _guarded("; ".join(_escaped(one, ";") for one in value))
    return _guarded("\n".join(_piped(one) for one in value))


def _piped(one: Leg | Watched) -> str:
    if isinstance(one, Leg):
        given = [one.name, one.role, one.system]
    else:
        given = [one.name, one.terms, str(one.grace), *feed_lines.options_of(one)]
    parts = [_escaped(part, "|") for part in given]
    while not parts[-1]:
        parts.pop()
    return one_line(" | ".join(parts))


def _escaped(text: str, mark: str) -> str:
    return text.replace("\\", "\\\\").replace(mark, f"\\{mark}")


def _guarded(cell: str) -> str:
    """A cell that a spreadsheet would run as a formula is made text."""
    return f"'{cell}" if _GUARD.match(cell) else cell


# --- YAML -------------------------------------------------------------------------------------------------------------


def _from_yaml(text: str, problems: _Problems) -> Read:
    try:
        nodes = _processes(tree(text), problems)
    except NoTree as error:
        raise BadFile([str(error)]) from error
    given = [_mapped(node, problems) for node in _mappings(nodes, PROCESSES, problems)]
    return _taken(given, KEYS, frozenset(name for one in given for name in one.raw), problems)


def _processes(root: Node, problems: _Problems) -> Iterable[Node]:
    if isinstance(root.value, list):
        return root.value
    if not isinstance(root.value, dict) or PROCESSES not in root.value:
        raise BadFile([_("The file must hold a list of processes, under the key “%(key)s”.") % {"key": PROCESSES}])
    for key in (key for key in root.value if key != PROCESSES):
        problems.at(root.line, key, _("there is no such key here, only “%(key)s”") % {"key": PROCESSES})
    return _list(root.value[PROCESSES], partial(problems.at, root.value[PROCESSES].line, PROCESSES))


def _mapped(node: Node, problems: _Problems) -> _Given:
    inside = _known_keys(node, KEYS, problems)
    raw = {name: _value(name, one, problems) for name, one in inside.items()}
    return _Given(node.line, raw, {name: one.line for name, one in inside.items()})


def _value(name: str, node: Node, problems: _Problems) -> Any:
    tell = partial(problems.at, node.line, name)
    if name not in MOST:
        return _word(node, tell)
    items = _list(node, tell)
    if name not in PARTS:
        return [_word(one, partial(problems.at, one.line, name)) for one in items]
    parts = [_known_keys(one, PARTS[name], problems) for one in _mappings(items, name, problems)]
    return [{part: _word(one, partial(problems.at, one.line, part)) for part, one in found.items()} for found in parts]


def _mappings(nodes: Iterable[Node], column: str, problems: _Problems) -> Iterator[Node]:
    """What is no mapping is told."""
    for node in nodes:
        if isinstance(node.value, dict):
            yield node
        else:
            problems.at(node.line, column, _wanted(node, _("keys with their values")))


def _known_keys(node: Node, known: Iterable[str], problems: _Problems) -> dict[str, Node]:
    """Keys that nobody knows are told."""
    given = node.value if isinstance(node.value, dict) else {}
    for key in (key for key in given if key not in known):
        problems.at(given[key].line, key, _("there is no such key. There are: %(known)s") % {"known": ", ".join(known)})
    return {key: one for key, one in given.items() if key in known}


def _list(node: Node, tell: Callable[[str], None]) -> list[Node]:
    if isinstance(node.value, list):
        return node.value
    if node.value != "":
        tell(_wanted(node, _("a list")))
    return []


def _word(node: Node, tell: Callable[[str], None]) -> str:
    if isinstance(node.value, str):
        return node.value
    tell(_wanted(node, _("a text")))
    return ""


def _wanted(node: Node, wanted: str) -> str:
    there = _("a list") if isinstance(node.value, list) else _("keys with their values")
    there = _("the text “%(text)s”") % {"text": shown(node.value)} if isinstance(node.value, str) else there
    return _("%(there)s stands where there must be %(wanted)s") % {"there": there, "wanted": wanted}


def as_yaml(rows: Iterable[Described]) -> str:
    """For people and programs, to be written in UTF-8: fields in their order, those that are empty left out."""
    return written({PROCESSES: [_told(asdict(tidy(row))) for row in rows]})


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
    nested = {name: [_told(one) for one in found[name]] for name in ("stages",) if name in found}
    nested |= {"feeds": [feed_lines.unusual(one) for one in found["feeds"]]} if "feeds" in found else {}
    return {name: value for name, value in (found | nested).items() if value not in ("", [])}
