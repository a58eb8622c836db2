"""A ladder that is climbed because a vendor did not acknowledge a cut-off: what it says of that."""

from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext as _

from ownership.models import CutOffNotice, Escalation


def said(escalation: Escalation, clock: Callable[[datetime], str]) -> tuple[str, str] | None:
    """Subject and facts; None where it is about something else. `clock`: how a moment is said."""
    rows = CutOffNotice.objects.filter(escalation=escalation).select_related("cutoff__vendor")
    notice = escalation.waits_for or rows.first()
    if notice is None:
        return None
    words = {"vendor": notice.cutoff.vendor.name, "name": notice.cutoff.name, "due": clock(notice.due_at)}
    subject = _("Not acknowledged: %(name)s (%(vendor)s)") % words
    return subject, _("%(vendor)s was to acknowledge “%(name)s” by %(due)s, and has not.") % words
