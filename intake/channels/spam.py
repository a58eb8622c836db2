"""What filters before us wrote about a mail: SpamAssassin, Rspamd, Amazon SES, Mailgun, Exchange, Barracuda and their like.

Only "spam" is believed: a sender who writes such a field himself harms nobody else, and "no spam" is what a spammer would write.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intake.channels.headers import Headers

SCL_SPAM = 5  # Microsoft's spam confidence level, of 9, from which its own filter moves mail away
_NUMBER = re.compile(r"-?\d{1,6}(?:\.\d{1,6})?")
_SCORE = re.compile(r"\b(?:score|hits)\s*=\s*(-?\d{1,6}(?:\.\d{1,6})?)", re.IGNORECASE)
_RSPAMD = re.compile(r"\b(true|false);?\s*\[(-?\d{1,6}(?:\.\d{1,6})?)\s*/", re.IGNORECASE)
_SCL = re.compile(r"\bSCL:(-?\d)\b")
_YES = ("yes", "true", "spam", "fail", "1")
_FLAGS = (
    "x-spam-flag", "x-spam-status", "x-spam", "x-ses-spam-verdict", "x-mailgun-sflag", "x-gm-spam", "x-barracuda-spam-status",
    "x-bogosity", "x-spam-verdict", "x-amavis-spam",
)  # fmt: skip
_SCORES = ("x-spam-score", "x-mailgun-sscore", "x-barracuda-spam-score", "x-rspamd-score")


@dataclass(frozen=True)
class Spam:
    flagged: bool = False  # a filter called it spam
    score: float | None = None  # as that filter counts; SpamAssassin and Rspamd: 5 and 15 are common limits

    def __bool__(self) -> bool:
        return self.flagged or self.score is not None


def read(headers: Headers) -> Spam:
    level = _level(headers)
    rspamd = _RSPAMD.search(headers.raw("x-spamd-result"))
    flagged = any(name in headers and _first_word(headers.raw(name)) in _YES for name in _FLAGS)
    return Spam(flagged or level >= SCL_SPAM or (rspamd is not None and rspamd[1].lower() == "true"), _score(headers, rspamd))


def of_provider(marks: Mapping[str, Any], found: Spam) -> Spam:
    """`marks` came over a provider's signed webhook: "flagged", "score". What the mail itself bears counts, too."""
    score = marks.get("score")
    told = float(score) if isinstance(score, int | float) else found.score
    return Spam(found.flagged or marks.get("flagged") is True, told)


def _first_word(value: str) -> str:
    return re.split(r"[\s,;(]", value.strip().lower(), maxsplit=1)[0]


def _level(headers: Headers) -> int:
    found = _SCL.search(headers.raw("x-forefront-antispam-report"))
    said = found[1] if found else headers.raw("x-ms-exchange-organization-scl").strip()
    return int(said) if re.fullmatch(r"-?\d", said) else -1


def _score(headers: Headers, rspamd: re.Match[str] | None) -> float | None:
    told = _SCORE.search(headers.raw("x-spam-status"))
    if told:
        return float(told[1])
    if rspamd:
        return float(rspamd[2])
    number = next((found for name in _SCORES if name in headers and (found := _NUMBER.match(headers.raw(name).strip()))), None)
    if number:
        return float(number[0])
    stars = re.match(r"[*+xs]{1,99}(?=\s|$)", headers.raw("x-spam-level").strip())
    return float(len(stars[0])) if stars else None
