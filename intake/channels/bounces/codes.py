"""The numbers that mail servers give: replies of three digits (RFC 5321) and statuses of three numbers (RFC 3463)."""

import re

_ADDRESS_OF_HOST = re.compile(r"\d{1,3}(?:\.\d{1,3}){3,}")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d\d?\.\d{1,3})(?![\d.]*\d)")
_AFTER_REPLY = re.compile(r"(?<![\d.])[245]\d\d[ -]{1,2}[(#]{0,2}([245]\.\d\d?\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\w.#:/-])([45][0-5]\d)(?=[ -]{1,3}[^\d\s]|[ -]{1,3}\d\.\d|\s*$)", re.MULTILINE)
VAGUE = ".0.0"


def statuses(text: str) -> list[str]:
    """Statuses in a text, each once: those that stand behind a reply first, then as they come."""
    if "." not in text:
        return []
    plain = _ADDRESS_OF_HOST.sub(" ", text)
    return list(dict.fromkeys([*_AFTER_REPLY.findall(plain), *_STATUS.findall(plain)]))


def reply(text: str) -> str:
    """The first reply that refuses, one for good before one for now; empty where there is none."""
    found = sorted(_REPLY.findall(text), key=lambda code: code[0], reverse=True)
    return found[0] if found else ""


def best(told: list[str]) -> list[str]:
    """The same, the one that says most first: of several that say as much, the one met first."""
    return sorted(dict.fromkeys(told), key=_vagueness)


def are_vague(told: list[str]) -> bool:
    """They tell at most whether it failed for good (RFC 3463: X.0.0)."""
    return all(status.endswith(VAGUE) for status in told)


def _vagueness(status: str) -> int:
    return 2 if status.endswith(VAGUE) else 1 if status.endswith(".0") else 0
