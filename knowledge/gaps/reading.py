"""The worker reads what nobody could answer: takes out what tells who asked, and puts it beside others that ask for the same.

The row is the queue: a gap without `read_at` has not been read, an answer that was not enough without `gathered_at` is no gap yet. What
is near a sensitive service, or stands in a ticket told in confidence, loses its words. Computing, which takes seconds, is done outside
of any transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
from django.db.models import Count, Max, Min

from districts.jobs import one_by_one, shuffled
from districts.models import District
from districts.scope import district_scope
from knowledge.gaps import private
from knowledge.gaps.clusters import lead, to_merge
from knowledge.gaps.drafting import with_blanks, without_blanks
from knowledge.gaps.likeness import Floats, Measure, measure_for, rows
from knowledge.gaps.offered import Offered, offered
from knowledge.models import Answer, Gap, GapGroup
from knowledge.redaction.engine import redact
from knowledge.redaction.people import district_roster
from knowledge.redaction.roster import Roster

BATCH = 200  # gaps read at once
BATCHES = 10  # of a district, one after the other; the rest is read by the next sweep
KNOWN = 6000  # groups of a language that a gap is compared with, the latest
MERGE = 0.02  # more than what a question needs, for two groups to become one
KEPT = timedelta(days=365)  # a question is kept
BLANK = 0.3  # as much less near to the middle counts a question in which something was taken out
SHORT = 300  # characters of the question that stands for a group
State = GapGroup.State


def read_all(*, now: datetime) -> int:
    """Every active district; one in which nobody asked in vain costs two short reads."""
    ids = shuffled(District.objects.filter(active=True).values_list("id", flat=True))
    return one_by_one(ids, lambda district_id: read_district(district_id, now=now), failed="gaps_failed")


def read_district(district_id: UUID, *, now: datetime) -> int:
    """Returns how many gaps were read."""
    done = 0
    for _batch in range(BATCHES):
        with district_scope(district_id):
            gather(now=now)
            waiting = _waiting()
            roster, services = (district_roster(), offered()) if waiting else (None, None)
            hushed = private.hushed(now=now) if waiting else []
        if roster is None or services is None:
            break
        done += _read(district_id, waiting, roster, services, hushed, now)
        if len(waiting) < BATCH:
            break
    return done


def gather(*, now: datetime) -> int:
    """Answers that were not enough are gaps too."""
    rows_ = Answer.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        outcome=Answer.Outcome.NOT_ENOUGH, gathered_at__isnull=True
    )
    short = list(rows_.order_by("at")[:BATCH])
    Gap.objects.bulk_create(Gap(question=one.question, language=one.language, answer=one, at=one.at) for one in short)
    Answer.objects.filter(id__in=[one.id for one in short]).update(gathered_at=now)
    return len(short)


def _waiting() -> list[Gap]:
    return list(Gap.objects.filter(read_at__isnull=True).order_by("at", "id")[:BATCH])


def _read(
    district_id: UUID, waiting: Sequence[Gap], roster: Roster, services: Offered, hushed: Sequence[str], now: datetime
) -> int:  # fmt: skip
    told = {gap.id: with_blanks(redact(gap.question, roster), {}) for gap in waiting}
    hidden = {gap.id for gap in waiting if private.is_hushed(told[gap.id], hushed) or private.is_hushed(gap.question, hushed)}
    done = 0
    for language in {gap.language for gap in waiting}:
        gaps = [gap for gap in waiting if gap.language == language]
        measure = measure_for(language)
        with district_scope(district_id):  # stems are the database's
            found = rows([without_blanks(told[gap.id]) for gap in gaps], language, measure)
            known = services.rows(language, measure)
        private_too = services.sensitive(found, known, measure)
        hidden |= {gap.id for gap, so in zip(gaps, private_too, strict=True) if so}
        with district_scope(district_id):
            done += _settle(gaps, told, found, hidden, language, measure, services, known, now)
    return done


def _settle(
    gaps: Sequence[Gap], told: dict[UUID, str], found: Floats, hidden: set[UUID], language: str, measure: Measure, services: Offered,
    known: Floats, now: datetime,
) -> int:  # fmt: skip
    """In one transaction: each gap once, whoever else reads at the same time."""
    ids = [gap.id for gap in gaps]
    mine = set(
        Gap.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(id__in=ids, read_at__isnull=True)
        .values_list("id", flat=True)
    )
    kept = [at for at, gap in enumerate(gaps) if gap.id in mine and gap.id not in hidden and found[at].any()]
    groups = _grouped([gaps[at] for at in kept], [told[gaps[at].id] for at in kept], found[kept], language, measure, services, known)
    joined = {gaps[at].id: group for at, group in zip(kept, groups, strict=True)}
    for gap in gaps:
        if gap.id in mine:
            gap.question = "" if gap.id in hidden else told[gap.id]
            gap.read_at, gap.group = now, joined.get(gap.id)
    Gap.objects.bulk_update([gap for gap in gaps if gap.id in mine], ["question", "read_at", "group"])
    return len(mine)


def _grouped(
    gaps: Sequence[Gap], texts: Sequence[str], found: Floats, language: str, measure: Measure, services: Offered, known: Floats
) -> list[GapGroup]:  # fmt: skip
    """The group of each, made where there is none."""
    if not gaps:
        return []
    there = _known(language, measure)
    sums = np.array([np.frombuffer(group.centre, np.float32) for group in there], np.float32).reshape(-1, measure.size)
    joined, sums = lead(found, sums, measure.alike)
    numbers = sorted(set(joined))
    groups: dict[int, GapGroup] = {}
    for number in numbers:
        members = [at for at, group in enumerate(joined) if group == number]
        old = there[number] if number < len(there) else None
        groups[number] = _with(old, [gaps[at] for at in members], sums[number], language, measure)
        _stand_for(groups[number], [texts[at] for at in members], found[members], sums[number], language, measure)
        groups[number].services = services.nearest(sums[number], known, measure)
        groups[number].save()
    merged = _merged(numbers, groups, there, sums, measure)
    return [merged.get(groups[number].id, groups[number]) for number in joined]


def _known(language: str, measure: Measure) -> list[GapGroup]:
    """Held until the end, so that no two add to the same group at once."""
    found = GapGroup.objects.select_for_update(no_key=True, of=("self",)).filter(language=language, measure=measure.name)
    return list(found.order_by("-last_at", "id")[:KNOWN])


def _with(group: GapGroup | None, gaps: Sequence[Gap], total: Floats, language: str, measure: Measure) -> GapGroup:
    first, last = min(gap.at for gap in gaps), max(gap.at for gap in gaps)
    if group is None:
        group = GapGroup(language=language, measure=measure.name, first_at=first, last_at=last)
    group.size += len(gaps)
    group.first_at, group.last_at = min(group.first_at, first), max(group.last_at, last)
    group.centre = total.tobytes()
    return group


def _stand_for(group: GapGroup, texts: Sequence[str], found: Floats, total: Floats, language: str, measure: Measure) -> None:
    """The question in the middle; a short one before a long one, a whole one before one with something taken out."""
    said, figures = list(texts), found
    if group.question:
        said, figures = [group.question, *said], np.vstack([rows([without_blanks(group.question)], language, measure), found])
    near = figures @ (total / max(float(np.linalg.norm(total)), 1e-9)) - [len(text) / 2000 + BLANK * text.count("[") for text in said]
    group.question = said[int(np.argmax(near))][:SHORT]


def _merged(
    numbers: list[int], groups: dict[int, GapGroup], there: Sequence[GapGroup], sums: Floats, measure: Measure
) -> dict[UUID, GapGroup]:  # fmt: skip
    """Groups that have grown together: {what is gone: where its questions are}."""
    gone: dict[UUID, GapGroup] = {}
    for one, other in to_merge(numbers, sums, measure.alike + MERGE):
        small, large = (groups.get(at) or there[at] for at in (one, other))
        if small.id in gone or large.id in gone or small.state != State.OPEN or small in gone.values():
            continue
        Gap.objects.filter(group=small).update(group=large)
        large.size += small.size
        large.first_at, large.last_at = min(small.first_at, large.first_at), max(small.last_at, large.last_at)
        large.centre = (sums[one] + sums[other]).tobytes()
        sums[other] += sums[one]
        large.save()
        gone[small.id] = large
        GapGroup.objects.filter(id=small.id).delete()
    return gone


# --- what is forgotten ------------------------------------------------------------------------------------------------


def hush(*, now: datetime) -> int:
    """Questions that turned out to be the words of a ticket told in confidence lose theirs; returns how many."""
    hushed = private.hushed(now=now)
    late = Gap.objects.filter(at__gte=now - private.LOOKED_BACK, read_at__isnull=False).exclude(question="") if hushed else ()
    found = [gap for gap in late if private.is_hushed(gap.question, hushed)]
    return _without_words([gap.id for gap in found], {gap.group_id for gap in found if gap.group_id})


def forget(*, now: datetime) -> int:
    """Questions of more than a year ago."""
    old = Gap.objects.filter(at__lt=now - KEPT)
    groups = {group for group in old.values_list("group_id", flat=True).distinct() if group}
    count = old.delete()[0]
    _recounted(groups)
    return count


def _without_words(gap_ids: Sequence[UUID], group_ids: set[UUID]) -> int:
    changed = Gap.objects.filter(id__in=gap_ids).update(question="", group=None)
    _recounted(group_ids)
    return changed


def _recounted(group_ids: set[UUID]) -> None:
    """What is left of a group stands for it; an open one of which nothing is left goes."""
    for group in GapGroup.objects.filter(id__in=group_ids):
        left = Gap.objects.filter(group=group).aggregate(n=Count("id"), first=Min("at"), last=Max("at"))
        if not left["n"] and group.state == State.OPEN:
            group.delete()
            continue
        words = Gap.objects.filter(group=group).exclude(question="").order_by("-at").values_list("question", flat=True)
        if words and group.question not in {text[:SHORT] for text in words[:500]}:
            group.question = words[0][:SHORT]
        elif not words:
            group.question = ""
        group.size = left["n"]
        group.first_at, group.last_at = left["first"] or group.first_at, left["last"] or group.last_at
        group.save()
