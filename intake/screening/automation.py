"""Machines that write by themselves (RFC 3834). "Auto-Submitted: no" is a person.

An answering machine's words are not a request. A report of a copier, an alarm or a newsletter makes a quiet ticket. Mail
through a group (List-Id, Precedence: list) is written by people: it is answered like any other.
"""

from delivery.quiet import NOTICE
from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, out, quiet


def screen(arrival: Arrival) -> Verdict | None:
    if arrival.automation == "replied":
        return out("auto-reply", final=_answers_a_notice(arrival))
    return quiet(f"automatic: {arrival.automation}") if arrival.automation else None


def _answers_a_notice(arrival: Arrival) -> bool:
    """A counselor's "I am away; in a crisis call …" would raise an alarm, whose notice it answers again."""
    return any(one.startswith(f"{NOTICE}.") for one in arrival.thread.ancestors)
