"""What is missing downstream about which somebody was called, counted and in words; names are for the page alone.

A change for which somebody was called has a time by which it had to arrive, and no time left at which to look again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ownership.models import Change, Confirmation, Process, System

MISSING = Q(done_at__isnull=True, waived_at__isnull=True)
CALLED = MISSING & Q(due_at__isnull=False, check_at__isnull=True)


@dataclass(frozen=True)
class Missing:
    """Changes, and by slug of the system that lacks them: one may be missing in several."""

    total: int = 0
    by_target: Mapping[str, int] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """ "12 changes are missing downstream: RouteWise 9, MealTrack 3."; nothing where none is."""
        if not self.total:
            return ""
        said = ngettext("%(n)d change is missing downstream", "%(n)d changes are missing downstream", self.total) % {"n": self.total}
        names = dict(System.objects.filter(slug__in=self.by_target).values_list("slug", "name"))
        worst = sorted(self.by_target.items(), key=lambda one: (-one[1], one[0]))
        told = ", ".join(f"{names.get(slug, slug)} {n}" for slug, n in worst)
        return _("%(said)s: %(told)s.") % {"said": said, "told": told} if told else f"{said}."


def called_for(process: Process) -> Missing:
    """Missing now, beyond its time, and somebody was called for it. One query."""
    statement = (
        f"SELECT t.target, count(DISTINCT c.id) FROM {Change._meta.db_table} c, jsonb_array_elements_text(c.targets) t(target)"
        " WHERE c.district_id = %s AND c.process_id = %s AND c.done_at IS NULL AND c.waived_at IS NULL"
        " AND c.due_at IS NOT NULL AND c.check_at IS NULL"
        f" AND NOT EXISTS (SELECT FROM {Confirmation._meta.db_table} f"
        " WHERE f.district_id = c.district_id AND f.change_id = c.id AND f.target = t.target)"
        " GROUP BY GROUPING SETS ((t.target), ())"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [process.district_id, process.id])
        rows = dict(cursor.fetchall())
    return Missing(rows.pop(None, 0), rows)
