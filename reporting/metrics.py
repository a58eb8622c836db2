"""One definition per metric, shown beside every figure of that name."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True)
class Metric:
    name: str
    label: str | Promise
    definition: str | Promise


OPEN = Metric("open", pgettext_lazy("tickets", "Open"), _("Tickets that are new, open or waiting at this moment."))
LATE = Metric("late", _("Late"), _("Open tickets whose next promise (first answer or solution) was due before this moment."))
UNASSIGNED = Metric("unassigned", _("Nobody's yet"), _("Open tickets that have a team but no person."))
OPENED = Metric("opened", _("Opened today"), _("Tickets opened since midnight in the district's time zone, over all channels."))
RESOLVED = Metric("resolved", _("Resolved today"), _("Tickets resolved since midnight and still resolved."))
KEPT = Metric(
    "kept",
    _("Promises kept"),
    _("Of the first-answer and solution promises that ended in the last 7 days or are late now, the share that ended in time."),
)
ANSWERED = Metric(
    "answered",
    _("First answers kept"),
    _("Of the first-answer promises that ended in the last 7 days or are late now, the share that ended in time."),
)
ALONE = Metric(
    "alone",
    _("Answered without a person"),
    _("Of the answers from articles that were shown in the last 7 days, those whose asker said that they solved it."),
)
CHANNEL = Metric("channel", _("By channel"), _("Tickets opened in the last 7 days by the channel they first came by."))
FLOW = Metric("flow", _("Arrivals and completions"), _("Tickets opened and tickets resolved on each of the last 14 days."))
FEEDS = Metric("feeds", _("Feeds"), _("Connections between systems by what was last heard of them."))

ALL = (OPEN, LATE, UNASSIGNED, OPENED, RESOLVED, KEPT, ANSWERED, ALONE, CHANNEL, FLOW, FEEDS)
