"""Kinds of work, and phrases that people use for them (`kinds.txt`)."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en", "es")
FILE = Path(__file__).with_name("kinds.txt")


@dataclass(frozen=True)
class Kind:
    name: str
    belongs: str
    phrases: tuple[tuple[str, str], ...]  # language, phrase

    @property
    def told(self) -> str:
        return f"{self.name}. {self.belongs}"

    def said_in(self, language: str) -> list[str]:
        return [phrase for its, phrase in self.phrases if its == language]


@lru_cache(maxsize=1)
def kinds() -> tuple[Kind, ...]:
    lines = [line.strip() for line in FILE.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
    heads = [at for at, line in enumerate(lines) if " | " in line]
    return tuple(_kind(lines[start:end]) for start, end in zip(heads, [*heads[1:], len(lines)], strict=True))


def _kind(lines: list[str]) -> Kind:
    name, belongs = lines[0].split(" | ")
    said = [(line[:2], phrase.strip()) for line in lines[1:] for phrase in line[3:].split(";")]
    return Kind(name, belongs, tuple((language, phrase) for language, phrase in said if phrase))
