"""Versions of a district's classifier: which is in use, whether it can be read, and which are kept to go back to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BinaryField
from django.db.models.functions import Length, Substr
from django.utils.translation import gettext as _

from routing import classifier
from routing.models import TrainedModel

State = TrainedModel.State
NEWEST = 2  # besides the one in use
DAYS = 7  # of each of the last days, its last version
SHOWN = 60


@dataclass(frozen=True)
class Version:
    row: TrainedModel
    kept: bool  # its arrays are there
    problem: str  # of the one in use, why it decides nothing

    @property
    def can_return(self) -> bool:
        return self.kept and self.row.state in (State.RETIRED, State.UNDONE)


def shown() -> list[Version]:
    """The newest first."""
    rows = TrainedModel.objects.defer("blob", "held_out").select_related("returned_by").annotate(size=Length("blob"))
    active = in_use()
    return [
        Version(row, row.size > classifier.HEADER, problem() if active and row.id == active.id else "")  # type: ignore[attr-defined]
        for row in rows.order_by("-version")[:SHOWN]
    ]


def in_use() -> TrainedModel | None:
    return TrainedModel.objects.defer("blob", "held_out").filter(state=State.ACTIVE).order_by("-version").first()


def problem() -> str:
    """Why nothing is read by the classifier, in a sentence; empty where all is well."""
    try:
        found = classifier.active()
    except classifier.Refused as refused:
        return _("The stored model cannot be used (%(why)s). People decide until the next training, within the hour.") % {
            "why": refused
        }
    if found is None:
        return _("Nothing has been learned yet: people decide until the first training, within the hour.")
    return ""


def kept(rows: Iterable[tuple[int, str, datetime]]) -> list[int]:
    """[(version, state, trained at)] → whose arrays stay, besides the one in use: the newest, and the last of each of DAYS days."""
    used = sorted((row for row in rows if row[1] in (State.RETIRED, State.UNDONE)), reverse=True)
    days: dict[object, int] = {}
    for version, _state, at in used:
        days.setdefault(at.date(), version)
    return sorted({version for version, _state, _at in used[:NEWEST]} | set(list(days.values())[:DAYS]), reverse=True)


def forget_old() -> None:
    """The arrays of versions that nobody goes back to any more, and what they were judged on."""
    rows = TrainedModel.objects.exclude(state=State.REJECTED).values_list("version", "state", "trained_at")
    stay: Sequence[int] = kept(rows)
    gone = TrainedModel.objects.filter(state__in=(State.RETIRED, State.UNDONE)).exclude(version__in=stay).exclude(blob=b"")
    gone.update(blob=b"", held_out=[])


def head() -> Any:
    """The first bytes of the arrays: what they were trained on."""
    return Substr("blob", 1, classifier.HEADER, output_field=BinaryField())


def recent(*, now: datetime, within: timedelta) -> list[TrainedModel]:
    """Kept versions that were in use lately, the newest first; without their arrays."""
    rows = TrainedModel.objects.defer("blob", "held_out").filter(state=State.RETIRED, trained_at__gte=now - within)
    return list(rows.exclude(blob=b"").order_by("-version"))
