"""What a quarter was like with a vendor, from what was written down: cut-offs, feeds, open steps, tickets."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from districts.models import District
from ownership.changes.spreadsheets import harmless
from ownership.feeds import counting
from ownership.models import CutOffNotice, Feed, FeedRun, RunStep, SamplePack, SpecCheck, Vendor
from ownership.vendors import onboarding, verdicts
from ownership.vendors.registering import Acknowledged, counted
from tickets.models import Ticket

_QUARTER = re.compile(r"(20[0-9]{2})-([1-4])")
BYTE_ORDER = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, order=True)
class Quarter:
    year: int
    number: int

    @property
    def slug(self) -> str:
        return f"{self.year}-{self.number}"

    @property
    def first(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def after(self) -> "Quarter":
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def before(self) -> "Quarter":
        return Quarter(self.year - (self.number == 1), (self.number - 2) % 4 + 1)

    @property
    def last(self) -> date:
        return self.after.first - timedelta(days=1)


FIRST = Quarter(2000, 1)  # that can be asked for


def quarter_of(day: date) -> Quarter:
    return Quarter(day.year, (day.month + 2) // 3)


def read(text: str, *, today: date) -> Quarter | None:
    """ "2026-4"; nothing is the quarter of today. None: no quarter, or one that has not begun."""
    current = quarter_of(today)
    if not text.strip():
        return current
    found = _QUARTER.fullmatch(text.strip())
    named = Quarter(int(found[1]), int(found[2])) if found else None
    return named if named and named <= current else None


@dataclass(frozen=True)
class FeedFigures:
    """Of one feed. `expected`: promised times; `on_time`: those met as promised, or within the feed's grace; `late`, `missed`: others.
    `failed`, in part too, and `held`: runs."""

    feed: Feed
    expected: int
    on_time: int
    late: int
    failed: int
    missed: int
    held: int

    @property
    def percent(self) -> int | None:
        return round(100 * self.on_time / self.expected) if self.expected else None


@dataclass(frozen=True)
class QuarterPack:
    vendor: Vendor
    quarter: Quarter
    until: datetime
    acknowledged: Acknowledged
    notices: Sequence[CutOffNotice]
    feeds: Sequence[FeedFigures]
    open_steps: Sequence[RunStep]
    spec: SpecCheck | None
    sample: SamplePack | None
    tickets: int
    services: Sequence[str]

    @property
    def spec_verdict(self) -> str:
        return verdicts.verdict(self.spec) if self.spec else ""

    @property
    def troubled(self) -> list[CutOffNotice]:
        """Acknowledged late, or not at all."""
        return [one for one in self.notices if (one.acknowledged_at or self.until) > one.due_at]

    @property
    def summary(self) -> list[tuple[str, str]]:
        """What a leader reads first: label and figure."""
        said = self.acknowledged
        total = sum(one.expected for one in self.feeds)
        on_time = sum(one.on_time for one in self.feeds)
        return [
            (_("Cut-offs acknowledged in time"), _share(said.in_time, said.sent)), (_("Acknowledged late"), str(said.late)),
            (_("Never acknowledged"), str(said.never)), (_("Runs on time"), _share(on_time, total)),
            (_("Onboarding steps open"), str(len(self.open_steps))), (_("Requests about what it supplies"), str(self.tickets)),
        ]  # fmt: skip


def _share(part: int, whole: int) -> str:
    if not whole:
        return "–"
    words = {"part": part, "whole": whole, "percent": round(100 * part / whole)}
    return _("%(part)d of %(whole)d (%(percent)d%%)") % words


def pack(vendor: Vendor, quarter: Quarter, *, district: District, now: datetime) -> QuarterPack:
    """In the district's own days; of a quarter that is not over, what there is."""
    begin = datetime(quarter.first.year, quarter.first.month, 1, tzinfo=district.zone)
    end = min(datetime(quarter.after.first.year, quarter.after.first.month, 1, tzinfo=district.zone), now)
    notices = CutOffNotice.objects.filter(cutoff__vendor=vendor, cut_at__gte=begin, cut_at__lt=end)
    processes = onboarding.processes_of(vendor)
    services = sorted({slug for process in processes for slug in process.services})
    tickets = Ticket.objects.filter(service__slug__in=services, opened_at__gte=begin, opened_at__lt=end)
    run = onboarding.run_of(vendor)
    undone = (
        RunStep.objects.filter(run=run, done_at__isnull=True).select_related("owner").order_by("order")
        if run and not run.ended_at
        else []
    )
    return QuarterPack(
        vendor, quarter, until=now, acknowledged=counted(notices.filter(due_at__lte=now)).get(vendor.id, Acknowledged()),
        notices=list(notices.select_related("cutoff").order_by("cut_at")),
        feeds=_feeds([process.id for process in processes], begin, end), open_steps=list(undone) if run else [],
        spec=verdicts.last_of(vendor),
        sample=SamplePack.objects.filter(vendor=vendor).order_by("-at").first(),
        tickets=tickets.count() if services else 0, services=services,
    )  # fmt: skip


def _feeds(process_ids: Sequence[Any], begin: datetime, end: datetime) -> list[FeedFigures]:
    feeds = Feed.objects.filter(process_id__in=process_ids).select_related("process").order_by("process__name", "name")
    told = counting.by_feed(begin, until=end)
    return [_figures(feed, told[feed.id]) for feed in feeds]


def _figures(feed: Feed, told: Counter[str]) -> FeedFigures:
    failed = told[FeedRun.Outcome.FAILED] + told[FeedRun.Outcome.PARTIAL]
    return FeedFigures(
        feed, told["expected"], told["ok"], told["late"], failed=failed, missed=told["missed"], held=told[FeedRun.Outcome.HELD]
    )


def as_csv(found: QuarterPack) -> str:
    """Three tables under one another, as one prints them."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow([harmless(found.vendor.name), found.quarter.first.isoformat(), found.quarter.last.isoformat()])
    table.writerows(found.summary)
    table.writerow([])
    table.writerow([_("Process"), _("Feed"), _("On time"), _("Late"), _("Failed"), _("Did not run"), _("Held"), _("On time, %")])
    for one in found.feeds:
        names = [harmless(one.feed.process.name), harmless(one.feed.name)]
        table.writerow([*names, one.on_time, one.late, one.failed, one.missed, one.held, "" if one.percent is None else one.percent])
    table.writerow([])
    table.writerow([_("Cut-off"), _("At"), _("Due"), _("Acknowledged"), _("By")])
    for notice in found.notices:
        said = _local(notice.acknowledged_at)
        row = [
            harmless(notice.cutoff.name),
            _local(notice.cut_at),
            _local(notice.due_at),
            said,
            harmless(notice.acknowledged_by),
        ]
        table.writerow(row)
    return f"{BYTE_ORDER}{out.getvalue()}"


def _local(at: datetime | None) -> str:
    """On the district's clock, as the page has it."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""
