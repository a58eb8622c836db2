"""What is not somebody asking for something: small named filters, the first that speaks decides.

OUT keeps the envelope and makes no ticket. QUIET makes a ticket (a copier, a vendor's alarm or a newsletter may matter to
somebody) and answers nothing, so that two machines never talk to each other. The reason is written on the envelope.
"""

from collections.abc import Callable

from districts.models import District
from intake.channels.arrival import Arrival
from intake.screening import abroad, automation, crowds, floods, keywords, no_reply, ours, reports
from intake.screening.verdict import Course, Verdict

__all__ = ["Course", "Verdict", "screen", "screen_sender"]

FILTERS: tuple[Callable[[Arrival, District], Verdict | None], ...] = (
    reports.screen,
    ours.screen,
    keywords.screen,
    automation.screen,
    no_reply.screen,
    abroad.screen,
    crowds.screen,
)


def screen(arrival: Arrival, district: District) -> Verdict | None:
    """By what the mail itself says. None: somebody asks for something."""
    return next((verdict for one in FILTERS if (verdict := one(arrival, district))), None)


def screen_sender(arrival: Arrival, lately: int) -> Verdict | None:
    """By how many tickets this sender opened within `floods.WINDOW`."""
    return floods.screen(arrival, lately)
