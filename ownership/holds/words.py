"""Rules, and what they found, as sentences in the language that is active."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from ownership.changes.tolerance import Standing
from ownership.holds.rules import BadRule, Kind, Reason, Rule
from sla.words import time_words

SPOKEN = 6  # counts named in one sentence


def sentence(rule: Rule) -> str:
    """What the rule asks for."""
    words = {
        "count": rule.count, "of": rule.of, "percent": number(rule.percent), "limit": number(rule.limit),
        "hours": number(rule.hours), "when": ", ".join(moment(one) for one in rule.on),
    }  # fmt: skip
    said = {
        Kind.SHARE: _("Held when “%(count)s” is more than %(percent)s %% of “%(of)s”."),
        Kind.USUAL: _("Held when “%(count)s” is more than %(percent)s %% off what is usual on that weekday."),
        Kind.SOURCE: _("Held when “%(count)s” and “%(of)s” differ by more than %(percent)s %%."),
        Kind.ABOVE: _("Held when “%(count)s” is more than %(limit)s."),
        Kind.BELOW: _("Held when “%(count)s” is less than %(limit)s."),
        Kind.FREEZE: _("Nothing may change in the %(hours)s hours before %(when)s."),
    }
    return said[rule.kind] % words


def reason(found: Reason) -> str:
    """What the rule found."""
    rule = found.rule
    if found.missing:
        return _("“%(count)s” was not told, so that it could not be judged.") % {"count": "”, “".join(found.missing)}
    words = {
        "count": rule.count, "of": rule.of, "value": number(found.value), "limit": number(found.limit), "usual": number(found.usual),
        "told": number(found.seen.get(rule.count)), "whole": number(found.seen.get(rule.of)), "when": moment(found.until),
    }  # fmt: skip
    said = {
        Kind.SHARE: _("%(value)s %%: “%(count)s” is %(told)s of %(whole)s “%(of)s”, and may be %(limit)s %% at most."),
        Kind.USUAL: _("%(value)s %% off: “%(count)s” is %(told)s, usual on this weekday is %(usual)s; %(limit)s %% are allowed."),
        Kind.SOURCE: _("%(value)s %% apart: “%(count)s” is %(told)s, “%(of)s” is %(whole)s; %(limit)s %% are allowed."),
        Kind.ABOVE: _("“%(count)s” is %(told)s, and may be %(limit)s at most."),
        Kind.BELOW: _("“%(count)s” is %(told)s, and must be %(limit)s at least."),
        Kind.FREEZE: _("It is frozen: nothing may change in the %(limit)s hours before %(when)s."),
    }
    return said[rule.kind] % words


def reasons(kept: list[Mapping[str, Any]]) -> list[str]:
    """Of a hold's row; what cannot be read any more is left out."""
    said = []
    for one in kept:
        try:
            said.append(reason(Reason.read(one)))
        except (BadRule, KeyError, TypeError):
            continue
    return said


def compared(found: Standing, zone: ZoneInfo) -> str:
    """What two whole lists said when they were last laid side by side."""
    words = {
        "day": date_format(found.row.at.astimezone(zone), "DATE_FORMAT"), "system": found.system, "found": number(found.found),
        "left": number(found.left),
    }  # fmt: skip
    if not found.system:
        return _("Two lists, compared on %(day)s: %(found)s %% of the records were different, %(left)s %% are left to see to.") % words
    return _("%(system)s, compared on %(day)s: %(found)s %% of the records were different, %(left)s %% are left to see to.") % words


def counted(counts: Mapping[str, float]) -> str:
    """A few counts in one line: "rows 412, absent 40"."""
    return ", ".join(f"{name} {number(value)}" for name, value in list(counts.items())[:SPOKEN])


def number(value: float | None) -> str:
    if value is None:
        return "–"
    whole = float(value).is_integer()
    return str(number_format(int(value) if whole else round(value, 2), use_l10n=True, force_grouping=True))


def moment(local: str) -> str:
    """A local moment, as a rule keeps it."""
    if not local:
        return ""
    at = datetime.fromisoformat(local)
    return f"{date_format(at, 'D')}, {date_format(at, 'MONTH_DAY_FORMAT')}, {time_words(at)}"
