"""Labelled texts from elsewhere, in whatever shape: lists of pairs, comma-separated rows, an object of lists, an object a line."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEXTS, LABELS = ("text", "utterance", "q", "query", "body"), ("label", "category", "intent")
TRAIN = "train"


class NoSet(Exception):
    """The file cannot be read, or holds no texts in a shape that is known."""


@dataclass(frozen=True)
class Labelled:
    """`id` as the file has it, or the number of the text in it, from 1; `label` is empty where none is told."""

    id: str | int
    text: str
    label: str = ""


def to_learn(path: Path) -> list[tuple[str, str]]:
    """Of an object of lists only "train". Raises NoSet."""
    found = [(one.text, one.label) for one in _read(path, training=True) if one.label]
    if not found:
        raise NoSet(f"{path}: no labelled text")
    return found


def to_read(path: Path) -> list[Labelled]:
    """Of an object of lists all besides "train", if there is anything else. Raises NoSet."""
    return _read(path, training=False)


def _read(path: Path, *, training: bool) -> list[Labelled]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise NoSet(f"{path}: {error}") from error
    return [_numbered(number, *one) for number, one in enumerate(_rows(path, text, training), start=1)]


def _numbered(number: int, text: Any, label: Any, own: Any) -> Labelled:
    return Labelled(number if own is None else own, "" if text is None else str(text), "" if label is None else str(label))


def _rows(path: Path, text: str, training: bool) -> Iterator[tuple[Any, Any, Any]]:
    """(text, label, id)."""
    try:
        whole = json.loads(text)
    except ValueError:
        whole = None
    if isinstance(whole, dict) and not _is_one(whole):
        parts = _parts(whole, training)
        yield from (_row(path, row) for part in parts for row in part)
    elif isinstance(whole, list):
        yield from (_row(path, row) for row in whole)
    elif text.lstrip().startswith("{"):
        yield from (_row(path, row) for row in _lines(path, text))
    else:
        yield from _table(path, text)


def _parts(whole: dict[str, Any], training: bool) -> list[list[Any]]:
    lists = {name: part for name, part in whole.items() if isinstance(part, list)}
    if training:
        return [lists[TRAIN]] if TRAIN in lists else list(lists.values())
    return [part for name, part in lists.items() if not name.endswith(TRAIN)] or list(lists.values())


def _lines(path: Path, text: str) -> Iterator[Any]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise NoSet(f"{path}, line {number}: {error}") from error


def _table(path: Path, text: str) -> Iterator[tuple[Any, Any, Any]]:
    rows = csv.DictReader(io.StringIO(text))
    names = rows.fieldnames or []
    if not set(names) & set(TEXTS):
        raise NoSet(f"{path}: no column named {' or '.join(TEXTS)}")
    yield from (_row(path, row) for row in rows)


def _row(path: Path, row: Any) -> tuple[Any, Any, Any]:
    if isinstance(row, str):
        return row, None, None
    if isinstance(row, list) and row and isinstance(row[0], str):
        return row[0], row[1] if len(row) > 1 else None, None
    if isinstance(row, dict) and _is_one(row):
        return _first(row, TEXTS), _first(row, LABELS), row.get("id")
    raise NoSet(f"{path}: {str(row)[:80]} is neither [text, label] nor an object with “text” and “label”")


def _is_one(row: dict[str, Any]) -> bool:
    return any(isinstance(row.get(name), str) for name in TEXTS)


def _first(row: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)
