"""The four lists of a vendor's onboarding, as a playbook that ends with a signature; and what the product can see of them by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from districts.models import District, Person, Team
from districts.queries import this_district
from ownership.duty.roles import Roster
from ownership.models import (
    CutOff,
    Ladder,
    OwnerRole,
    Playbook,
    PlaybookRun,
    PlaybookStep,
    Process,
    RunStep,
    SamplePack,
    Vendor,
)
from ownership.playbooks import running
from ownership.vendors import verdicts, words
from ownership.vendors.lists import APART, CLEAN, CUTOFF, ITEMS, LADDER, LOADED, OWNER, PARTS, REFUSED, SPEC, Item

SLUG = "vendor-onboarding"


class NotReady(ValueError):
    """The vendor cannot be live yet. `missing`: sentences."""

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(" ".join(missing))
        self.missing = list(missing)


def playbook() -> Playbook:
    """The district's own copy, made in its first language where there is none yet."""
    with override(str((this_district().languages or ["en"])[0])):
        made: tuple[Playbook, bool] = Playbook.objects.get_or_create(slug=SLUG, defaults={
            "name": _("Vendor onboarding"), "kind": Playbook.Kind.VENDOR, "gated": True,
            "description": _("Four lists, one after the other. A vendor goes live when all of it is done and somebody signs for it."),
        })  # fmt: skip
        if made[1]:
            PlaybookStep.objects.bulk_create(_steps(made[0]))
    return made[0]


def _steps(book: Playbook) -> list[PlaybookStep]:
    """A list begins when the one before it is done."""
    roles = {role.slug: role for role in OwnerRole.objects.all()}
    teams = {team.slug: team for team in Team.objects.all()}
    steps, before = list[PlaybookStep](), list[int]()
    for part, items in PARTS:
        orders = list(range(len(steps) + 1, len(steps) + 1 + len(items)))
        steps += [
            PlaybookStep(
                playbook=book, order=order, part=str(part), title=str(item.title), detail=str(item.detail), role=roles.get(item.role),
                team=teams.get(item.team), terms=item.terms, after=before, proof=item.proof,
            )
            for order, item in zip(orders, items, strict=True)
        ]  # fmt: skip
        before = orders
    return steps


def run_of(vendor: Vendor) -> PlaybookRun | None:
    """The onboarding that was begun last, whether it is over or not; one that was stopped is none."""
    rows = PlaybookRun.objects.filter(vendor=vendor, playbook__slug=SLUG, stopped="").select_related("playbook", "signed_by")
    found: PlaybookRun | None = rows.order_by("-began_at", "-id").first()
    return found


def begin(vendor: Vendor, *, by: Person, now: datetime) -> PlaybookRun:
    """The one that is under way where there is one. Raises `running.NotNow`: somebody took all steps out of the playbook."""
    Vendor.objects.select_for_update(no_key=True).get(id=vendor.id)
    earlier = run_of(vendor)
    if earlier and earlier.ended_at is None:
        return earlier
    title = _("Onboarding: %(vendor)s") % {"vendor": vendor.name}
    run = running.begin(playbook(), title=title, by=by, now=now, vendor=vendor)
    if vendor.state in (Vendor.State.PROSPECT, Vendor.State.ENDED):
        vendor.state = Vendor.State.ONBOARDING
        vendor.save(update_fields=["state"])
    return run


def missing(vendor: Vendor) -> list[str]:
    """Why it cannot be live, in sentences; none: its gate was signed."""
    run = run_of(vendor)
    if run is None:
        return [_("The onboarding was not begun.")]
    if run.signed_at and vendor.live_since and run.signed_at <= vendor.live_since and vendor.state != Vendor.State.LIVE:
        return [_("It was live on that signature already, and ended: onboard it again.")]
    if run.signed_at:
        return []
    undone = RunStep.objects.filter(run=run, done_at__isnull=True).order_by("order")
    left = [_("Not done: %(step)s") % {"step": step.title} for step in undone]
    return left or [_("Every step is done, and nobody has signed for it yet.")]


# --- what the product sees --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """`good`: True, False, or None where there is nothing to see yet."""

    good: bool | None
    words: str


def seen(vendor: Vendor, *, now: datetime, district: District) -> dict[str, Seen]:
    """By the title of the item, in the district's first language: steps may have been moved since."""
    pack = SamplePack.objects.filter(vendor=vendor, returned_at__isnull=False).order_by("-at").first()
    told = {
        SPEC: _spec(vendor),
        OWNER: _owner(vendor, Roster(now, district)),
        CUTOFF: _cutoff(vendor),
        LADDER: _ladder(vendor),
        **_packed(pack),
    }
    with override(str((district.languages or ["en"])[0])):
        return {str(item.title): told[item.sees] for item in ITEMS if item.sees}


@dataclass(frozen=True)
class Line:
    """An item of the four lists as it stands. `step`: None before the onboarding was begun."""

    title: str
    detail: str
    step: RunStep | None = None
    seen: Seen | None = None

    @property
    def doubtful(self) -> bool:
        """Ticked off, and what the product sees says otherwise."""
        return bool(self.step and self.step.done_at and not self.step.skipped and self.seen and self.seen.good is False)


def lines(vendor: Vendor, run: PlaybookRun | None, *, now: datetime, district: District) -> list[tuple[str, list[Line]]]:
    """By part, in order."""
    told = seen(vendor, now=now, district=district)
    if run is None:
        with override(str((district.languages or ["en"])[0])):
            return [(str(part), [_asked(item, told) for item in items]) for part, items in PARTS]
    found: dict[str, list[Line]] = {}
    for step in RunStep.objects.filter(run=run).select_related("owner", "done_by").order_by("order"):
        found.setdefault(step.part, []).append(Line(step.title, step.detail, step, told.get(step.title)))
    return list(found.items())


def _asked(item: Item, told: Mapping[str, Seen]) -> Line:
    return Line(str(item.title), str(item.detail), seen=told.get(str(item.title)))


def _spec(vendor: Vendor) -> Seen:
    last = verdicts.last_of(vendor)
    if last is None:
        return Seen(None, _("No specification was checked yet."))
    found = verdicts.verdict(last)
    said = {
        verdicts.FITS: _("“%(name)s” fits our dictionary."),
        verdicts.SETTLE: _("“%(name)s”: something must be settled first."),
        verdicts.STRANGE: _("“%(name)s” does not count: none of its fields is one of ours."),
    }[found]
    return Seen(found == verdicts.FITS, said % {"name": last.name})


def _packed(pack: SamplePack | None) -> Mapping[str, Seen]:
    if pack is None:
        return dict.fromkeys((LOADED, CLEAN, REFUSED, APART), Seen(None, _("No sample pack came back yet.")))
    found: list[Mapping[str, Any]] = pack.findings
    apart, broken = ("merged", "doubled"), ("accepted", "unreported")

    def of(kinds: Sequence[str], good: str) -> Seen:
        left = [one for one in found if one["kind"] in kinds]
        return Seen(not left, words.in_short(left) if left else good)

    others = [kind for kind in words.HEADS if kind not in (*apart, *broken)]
    return {
        LOADED: Seen(True, _("It came back: %(name)s.") % {"name": pack.returned_name}), CLEAN: of(others, _("Nothing was different.")),
        REFUSED: of(broken, _("All five were refused and reported.")), APART: of(apart, _("Nobody was merged, nobody doubled.")),
    }  # fmt: skip


def _owner(vendor: Vendor, roster: Roster) -> Seen:
    role = vendor.owner
    if role is None:
        return Seen(False, _("Nobody answers for it."))
    owner = roster.find(role).owner
    words_of = {"role": role.name, "name": owner.name if owner else _("nobody")}
    if role.deputy_id is None:
        return Seen(False, _("%(role)s: %(name)s, and no deputy.") % words_of)
    return Seen(owner is not None, _("%(role)s: %(name)s, with a deputy.") % words_of)


def _cutoff(vendor: Vendor) -> Seen:
    names = [cut.name for cut in CutOff.objects.filter(vendor=vendor, active=True).order_by("name")]
    return Seen(True, ", ".join(names)) if names else Seen(False, _("No cut-off is written down."))


def _ladder(vendor: Vendor) -> Seen:
    """Of the processes that have cut-offs with it, or lead to its systems."""
    ladders = Ladder.objects.filter(id__in=[process.ladder_id for process in processes_of(vendor) if process.ladder_id])
    if not ladders:
        return Seen(None, _("None of its processes has a ladder of its own."))
    untested = [ladder.name for ladder in ladders if ladder.tested_at is None]
    return Seen(False, _("Never tested: %(names)s") % {"names": ", ".join(untested)}) if untested else Seen(True, _("Tested."))


def processes_of(vendor: Vendor) -> list[Process]:
    """Those that leave or must reach one of its systems, and those of its cut-offs."""
    own, cut = set(vendor.systems), {cut.process_id for cut in CutOff.objects.filter(vendor=vendor)}
    rows = Process.objects.select_related("source").order_by("name")
    return [row for row in rows if row.id in cut or own & {*row.targets, row.source.slug if row.source else ""}]
