"""Kinds of work, and phrases that people use for them (`kinds.txt`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LANGUAGES = ("en", "es")
FILE = Path(__file__).with_name("kinds.txt")
TOLD = Path(__file__).with_name("told.txt")


@dataclass(frozen=True)
class Kind:
    name: str
    belongs: str
    phrases: tuple[tuple[str, str], ...]  # language, phrase
    pressing: tuple[tuple[str, str, str], ...] = ()  # language, degree, phrase

    @property
    def told(self) -> str:
        return f"{self.name}. {self.belongs}"

    def said_in(self, language: str) -> list[str]:
        return [phrase for its, phrase in self.phrases if its == language]

    @property
    def examples(self) -> list[str]:
        """Every phrase of it, in any language."""
        return [*(phrase for _language, phrase in self.phrases), *(phrase for _language, _degree, phrase in self.pressing)]

    @property
    def at_leisure(self) -> list[str]:
        """What is not urgent of it: of what is, some is danger too."""
        told = [phrase for _language, degree, phrase in self.pressing if degree != "urgent"]
        return [*(phrase for _language, phrase in self.phrases), *told]


@lru_cache(maxsize=1)
def kinds() -> tuple[Kind, ...]:
    pressing = {lines[0].strip(" |"): _pressing(lines[1:]) for lines in _groups(TOLD)}
    return tuple(_kind(lines, pressing) for lines in _groups(FILE))


def _groups(file: Path) -> Iterator[list[str]]:
    """Lines from one head ("name | what belongs to it") to the next."""
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
    heads = [at for at, line in enumerate(lines) if " |" in line]
    for start, end in zip(heads, [*heads[1:], len(lines)], strict=True):
        yield lines[start:end]


def _kind(lines: list[str], pressing: Mapping[str, tuple[tuple[str, str, str], ...]]) -> Kind:
    name, belongs = lines[0].split(" | ")
    said = [(line[:2], phrase.strip()) for line in lines[1:] for phrase in line[3:].split(";")]
    return Kind(name, belongs, tuple((language, phrase) for language, phrase in said if phrase), pressing.get(name, ()))


def _pressing(lines: list[str]) -> tuple[tuple[str, str, str], ...]:
    return tuple(_said(line.split(" ", 2), phrase) for line in lines for phrase in line.split(" ", 2)[2].split(";"))


def _said(line: list[str], phrase: str) -> tuple[str, str, str]:
    return line[0], line[1], phrase.strip()
