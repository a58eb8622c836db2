"""A district's written-down promises (ownership.json) in the grammar of promises: for processes, and for the feeds that prove them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import structlog

from sla import terms
from sla.promise import WEEKDAYS, clock_text

AT = re.compile(r"(?:before|by|at)?\s*\b(\d{1,2})(?::(\d{2}))?\s*(AM|PM)?$", re.IGNORECASE)  # "06:00", "before 7 AM", "by 16:00"
BEFORE = re.compile(r"(\d+)\s*h before (\w+)$")  # "24 h before release"
AFTER = re.compile(r"(?:at )?(\d+) minutes$")  # "at 30 minutes"
END_OF_DAY = 16 * 60  # where a check names no time: the offices close soon after
DEFAULT_CHECK = f"daily by {clock_text(END_OF_DAY)}"
Structured = Mapping[str, Any]
log = structlog.get_logger(__name__)


def promise(short: str, structured: Structured) -> str:
    """Terms of a process, canonical; from what is structured, else from the short words, else empty (the text still says it)."""
    for text in (*_promise(structured), short):
        try:
            return str(terms.parse(text))
        except terms.NotUnderstood as error:
            log.info("promise_not_understood", text=text, stopped_at=error.words)
    return ""


def _promise(structured: Structured) -> Iterator[str]:
    """What could be meant, the best first."""
    kind = structured.get("kind")
    if kind == "elapsed":
        yield _elapsed(structured)
    elif kind == "daily_deadline":
        deadline = clock_text(minute_of(structured["deadline"]))
        applies_to = str(structured.get("applies_to", ""))
        following = re.match(r"next_(day|morning)_(\w+)", applies_to)
        if following:
            yield f"by {deadline} for next-{following[1]} {following[2]}"
        elif applies_to:
            yield "same-day"  # of an event ("last_work_day"): nothing is due on other days
        yield f"daily by {deadline}"
    elif kind == "notice_before":
        yield f"{amount(structured['minutes_before'])} notice"
    elif kind == "freeze_before_release":
        yield f"{amount(structured['freeze_minutes'])} freeze before distribution"
    elif kind == "same_day":
        yield "same-day"
    elif kind == "before_next":
        yield f"within {amount(structured['max_within_minutes'], 'business')}"


def _elapsed(structured: Structured) -> str:
    parts = [f"within {_counted(structured)}"]
    if structured.get("display") == "real-time":
        parts = ["real time"]
    if structured.get("break_within_minutes"):
        on_breaks = amount(structured["break_within_minutes"], structured.get("break_clock", ""))
        parts = [f"{parts[0]} on school days", f"within {on_breaks} during breaks"]
    if structured.get("hard_deadline") == "before dismissal":
        parts.append("before dismissal")
    if structured.get("check_times"):
        parts.append(f"checks at {' and '.join(clock_text(minute_of(time)) for time in structured['check_times'])}")
    return ", ".join(parts)


def _counted(structured: Structured) -> str:
    if structured.get("within_business_days"):
        return f"{structured['within_business_days']} business days"
    return amount(structured["within_minutes"], structured.get("clock", ""))


def amount(minutes: int, clock: str = "") -> str:
    """240, "business" → "4 business hours"."""
    counts = "business " if clock.startswith("business") else ""
    return f"{minutes // 60} {counts}hours" if minutes % 60 == 0 else f"{minutes} {counts}minutes"


def minute_of(text: str) -> int:
    """ "16:00" → 960."""
    hour, _colon, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


def feeds(checks: list[str], structured: Structured, *, every_day: bool) -> dict[str, str]:
    """Name → terms of the feeds behind these checks; two checks of one name ("log 10:00", "log 15:00") are one feed."""
    out: dict[str, str] = {}
    times: dict[str, list[int]] = {}
    for check in checks:
        name, at = _named(check)
        if at is None:
            out[name] = _untimed(check, structured)
        else:
            times.setdefault(name, []).append(at)
    for name, at_times in times.items():
        listed = " and ".join(clock_text(at) for at in sorted(at_times))
        out[name] = f"checks at {listed}" if len(at_times) > 1 else f"{'every day' if every_day else 'daily'} by {listed}"
    return {name: _canonical(text, DEFAULT_CHECK) for name, text in out.items()}


def _canonical(text: str, otherwise: str) -> str:
    try:
        return str(terms.parse(text))
    except terms.NotUnderstood as error:
        log.warning("check_not_understood", text=text, stopped_at=error.words)
        return otherwise


def _named(check: str) -> tuple[str, int | None]:
    """The check without its time of day, and that time in minutes."""
    at = AT.search(check)
    if not at or AFTER.search(check) or not (at[2] or at[3]):
        return check, None
    hour = int(at[1]) % 12 + 12 * (at[3].lower() == "pm") if at[3] else int(at[1])
    return check[: at.start()].strip(), hour * 60 + int(at[2] or 0)


def _untimed(check: str, structured: Structured) -> str:
    """Terms of a check that names no time of day."""
    before, after = BEFORE.search(check), AFTER.search(check)
    if before:
        return f"{before[1]}-hour notice before {before[2]}"
    if after:
        return f"within {after[1]} minutes"
    weekday = next((day for day in WEEKDAYS if day.lower() in check.lower()), "Friday" if "weekly" in check.lower() else "")
    if weekday:
        return f"every {weekday} by {clock_text(END_OF_DAY)}"
    if "hourly" in check.lower():
        return "every 60 minutes"
    if structured.get("recurrence") == "monthly":
        return "every 35 days"  # first Tuesday to first Tuesday: four weeks or five
    if "acknowledgment" in check.lower() and structured.get("vendor_ack_within_minutes"):
        return f"within {amount(structured['vendor_ack_within_minutes'])}"
    return DEFAULT_CHECK
