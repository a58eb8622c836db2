"""What people and machines send."""

import json
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ownership.actions import LONGEST_EVIDENCE
from ownership.models import FeedRun

MOST_BYTES = 10_000  # of a ping's body
MOST_COUNTS = 50
LONGEST_NOTE = 500


class EvidenceForm(forms.Form):
    evidence = forms.CharField(
        label=_("What was done"), max_length=LONGEST_EVIDENCE, strip=True, widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Say in a few words what was done, so that others can rely on it.")},
    )  # fmt: skip


class BadPing(ValueError):
    """The body of a ping says nothing that can be written down; the text says why, in English, for a machine's log."""


@dataclass(frozen=True)
class Said:
    """What a ping says of the run: all of it optional."""

    outcome: str = FeedRun.Outcome.OK
    counts: dict[str, float] = field(default_factory=dict)
    note: str = ""


def said(body: bytes) -> Said:
    """JSON {"outcome": "ok" | "failed", "counts": {name: number}, "note": text}; any other text is a note. Raises BadPing."""
    if not body.strip():
        return Said()
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadPing("the body is not UTF-8") from None
    if not text.lstrip().startswith("{"):
        return Said(note=_note(text))
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadPing(f"the body is not JSON: {error}") from None
    outcome = data.get("outcome", FeedRun.Outcome.OK)
    if outcome not in (FeedRun.Outcome.OK, FeedRun.Outcome.FAILED):
        raise BadPing('outcome is "ok" or "failed"')
    return Said(outcome=outcome, counts=_counts(data.get("counts")), note=_note(data.get("note")))


def _counts(given: Any) -> dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, dict) or len(given) > MOST_COUNTS:
        raise BadPing(f"counts is an object of at most {MOST_COUNTS} numbers")
    for name, value in given.items():
        number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15  # false for NaN, too
        if not number or not 0 < len(name) <= 60 or not name.isprintable():
            raise BadPing(f"counts: {name[:60]!r} is not a number below 10^15")
    return dict(given)


def _note(given: Any) -> str:
    if given is None:
        return ""
    if not isinstance(given, str):
        raise BadPing("note is a text")
    return " ".join(given.encode(errors="ignore").decode().replace("\0", "").split())[:LONGEST_NOTE]
