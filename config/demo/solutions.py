"""What solved it, in the demonstration: the last thing that was written to the requester, by service and language."""

import json
from functools import lru_cache

from config.demo.catalog import DATA


@lru_cache(maxsize=1)
def _told() -> dict[str, dict[str, list[str]]]:
    told: dict[str, dict[str, list[str]]] = json.loads((DATA / "solutions.json").read_text())
    return told


def solution(service: str, language: str, number: int) -> str:
    """Empty where nothing is told of it."""
    told = _told().get(service, {}).get(language, [])
    return told[number % len(told)] if told else ""
