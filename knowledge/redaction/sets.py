"""Labelled texts to judge redaction by, and to learn from: requests of a district, and sentences in the format of presidio-research."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Place = tuple[int, int]


@dataclass(frozen=True)
class Labelled:
    """`names` and `others`: where names are, and whatever else the set calls personal (places and companies among it).

    `group`: texts made from one pattern; they are on one side when a set is halved.
    """

    group: str
    text: str
    names: Sequence[Place]
    others: Sequence[tuple[int, int, str]]

    @property
    def half(self) -> int:
        return int(hashlib.sha256(self.group.encode()).hexdigest(), 16) % 2


def read(file: Path) -> list[Labelled]:
    """Raises OSError, ValueError, KeyError."""
    text = file.read_text("utf-8")
    if text.lstrip().startswith("["):
        return [_sentence(row) for row in json.loads(text)]
    return [_request(json.loads(line)) for line in text.splitlines() if line.strip()]


def _sentence(row: dict[str, Any]) -> Labelled:
    spans = [(span["start_position"], span["end_position"], span["entity_type"]) for span in row["spans"]]
    names = [(start, end) for start, end, kind in spans if kind == "PERSON"]
    return Labelled(f"pattern {row['template_id']}", row["full_text"], names, [span for span in spans if span[2] != "PERSON"])


def _request(row: dict[str, Any]) -> Labelled:
    text = "\n".join(part for part in (row.get("subject"), row["body"]) if part)
    names = row["labels"]["people_mentioned"]
    return Labelled(row["id"], text, sorted({place for name in names for place in _places(name, text)}), [])


def _places(name: str, text: str) -> Iterator[Place]:
    return (found.span() for found in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text))
