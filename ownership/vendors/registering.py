"""Vendors are written down, and go live when their gate was signed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q

from districts.models import District, Person
from districts.queries import free_slug
from ownership.duty.roles import Found, Roster
from ownership.models import CutOffNotice, DataField, PlaybookRun, RunStep, Vendor
from ownership.vendors import cutoffs, onboarding
from ownership.vendors.onboarding import NotReady, missing

LOOKED_BACK = timedelta(days=90)
ENDS_SOON = timedelta(days=90)
TAKEN = ("new", "fields", "ack")  # addresses of ours that no vendor's page may have


def save_vendor(vendor: Vendor | None, values: Mapping[str, Any], *, now: datetime) -> Vendor:
    """A new one, or this one changed. Whoever is not live is not watched."""
    row = vendor or Vendor(slug=_slug(values["name"]))
    for name, value in values.items():
        setattr(row, name, value)
    row.save(force_insert=vendor is None)
    cutoffs.watch_all(row, now=now)
    return row


def _slug(name: str) -> str:
    slug = free_slug(Vendor.objects.all(), name, most=80)
    return free_slug(Vendor.objects.all(), f"vendor {name}", most=80) if slug in TAKEN else slug


def make_live(vendor_id: UUID, *, by: Person, now: datetime) -> bool:
    """False: it is live already. Raises NotReady with what is missing: only a signed gate lets it through."""
    vendor = Vendor.objects.select_for_update(no_key=True).get(id=vendor_id)
    if vendor.state == Vendor.State.LIVE:
        return False
    if left := missing(vendor):
        raise NotReady(left)
    vendor.state, vendor.live_since = Vendor.State.LIVE, now
    vendor.save(update_fields=["state", "live_since"])
    cutoffs.watch_all(vendor, now=now)
    return True


def save_field(row: DataField | None, values: Mapping[str, Any]) -> DataField:
    """A line of the data dictionary: new, or changed."""
    found = row or DataField(slug=free_slug(DataField.objects.all(), f"{values['record']} {values['name']}", most=80))
    for name, value in values.items():
        setattr(found, name, value)
    found.save(force_insert=row is None)
    return found


# --- the list ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Acknowledged:
    """Of the last 90 days, or of a quarter: cut-offs that the vendor was told of."""

    sent: int = 0
    in_time: int = 0
    late: int = 0

    @property
    def never(self) -> int:
        return self.sent - self.in_time - self.late

    @property
    def percent(self) -> int | None:
        return round(100 * self.in_time / self.sent) if self.sent else None


@dataclass(frozen=True)
class Row:
    vendor: Vendor
    found: Found
    left: int | None  # steps of its onboarding that are not done; None: none is under way
    run: PlaybookRun | None
    acknowledged: Acknowledged = field(default_factory=Acknowledged)
    ends_soon: bool = False
    ended: bool = False


def rows(*, now: datetime, district: District) -> list[Row]:
    """Those that live first, then by name."""
    order = {state: place for place, state in enumerate((Vendor.State.LIVE, Vendor.State.ONBOARDING, Vendor.State.PROSPECT))}
    vendors = list(Vendor.objects.select_related("owner__holder", "owner__deputy").order_by("name"))
    vendors.sort(key=lambda vendor: order.get(Vendor.State(vendor.state), 9))
    roster, runs, said = Roster(now, district), _runs(), _acknowledged(now=now)
    left = _left(runs.values())
    today = now.astimezone(district.zone).date()
    return [_row(vendor, roster, runs.get(vendor.id), left, said.get(vendor.id, Acknowledged()), today) for vendor in vendors]


def _left(runs: Iterable[PlaybookRun]) -> dict[UUID, int]:
    """Steps that are still to be done, of the onboardings that are under way."""
    under_way = [run.id for run in runs if run.ended_at is None]
    counted: Any = RunStep.objects.filter(run__in=under_way, done_at__isnull=True).values("run_id").annotate(n=Count("id")).order_by()
    return dict.fromkeys(under_way, 0) | {row["run_id"]: row["n"] for row in counted}


def _row(
    vendor: Vendor, roster: Roster, run: PlaybookRun | None, left: Mapping[UUID, int], said: Acknowledged, today: date
) -> Row:  # fmt: skip
    """`left`: by run."""
    until = vendor.contract_until
    return Row(
        vendor, roster.find(vendor.owner) if vendor.owner else Found(), left.get(run.id) if run else None, run, said,
        ends_soon=bool(until and today <= until <= today + ENDS_SOON), ended=bool(until and until < today),
    )  # fmt: skip


def _runs() -> dict[UUID, PlaybookRun]:
    """The onboarding of each vendor that was begun last."""
    rows = PlaybookRun.objects.filter(vendor__isnull=False, playbook__slug=onboarding.SLUG, stopped="").order_by("began_at", "id")
    return {run.vendor_id: run for run in rows if run.vendor_id}


def _acknowledged(*, now: datetime) -> dict[UUID, Acknowledged]:
    return counted(CutOffNotice.objects.filter(cut_at__gte=now - LOOKED_BACK, due_at__lte=now))


def counted(notices: Any) -> dict[UUID, Acknowledged]:
    """By vendor."""
    in_time = Q(acknowledged_at__isnull=False, acknowledged_at__lte=F("due_at"))
    late = Q(acknowledged_at__isnull=False, acknowledged_at__gt=F("due_at"))
    found: Sequence[Mapping[str, Any]] = notices.values("cutoff__vendor").annotate(
        sent=Count("id"), in_time=Count("id", filter=in_time), late=Count("id", filter=late)
    )  # fmt: skip
    return {one["cutoff__vendor"]: Acknowledged(one["sent"], one["in_time"], one["late"]) for one in found}
