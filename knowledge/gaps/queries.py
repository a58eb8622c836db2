"""Reads of what nobody has written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import TruncDate
from django.http import Http404

from districts.models import Service
from knowledge.gaps.drafting import title_of, without_blanks
from knowledge.gaps.solved import questions_of
from knowledge.keeping.written import Content
from knowledge.models import Gap, GapGroup

State = GapGroup.State
WEEKS = 8
ORDERS = ("size", "new")
MOST_QUESTIONS, WORDINGS = 300, 50  # of a group: looked at, shown
MOST_KEYWORDS = 15  # questions that become words people use
LONGEST_KEYWORD = 160  # characters
EVERYBODY = ("family", "student", "staff", "community")


@dataclass(frozen=True)
class Shown:
    group: GapGroup
    weeks: list[tuple[int, int]]  # (questions, height in hundredths) of each week, the oldest first
    services: list[str]  # names

    @property
    def by_weeks(self) -> str:
        """For who cannot see the bars."""
        return ", ".join(str(times) for times, _height in self.weeks)

    @property
    def again(self) -> int:
        """Asked since somebody decided what becomes of it."""
        return max(0, self.group.size - self.group.judged_size) if self.group.state in (State.ANSWERED, State.DISMISSED) else 0


def groups(*, state: str, order: str, language: str = "") -> QuerySet[GapGroup]:
    rows = GapGroup.objects.select_related("article", "judged_by").defer("centre").filter(state=state)
    rows = rows.filter(language=language) if language else rows
    return rows.order_by("-last_at", "id") if order == "new" else rows.order_by("-size", "-last_at", "id")


def get_group(group_id: UUID, *, lock: bool = False) -> GapGroup:
    """Raises Http404."""
    rows = GapGroup.objects.select_related("article", "judged_by")
    found = (rows.select_for_update(no_key=True, of=("self",)) if lock else rows).filter(id=group_id).first()
    if found is None:
        raise Http404
    return found


def counts() -> dict[str, int]:
    """Groups by state."""
    return dict(GapGroup.objects.values_list("state").annotate(n=Count("id")))


def unread() -> int:
    """Questions that the worker has not seen yet."""
    return Gap.objects.filter(read_at__isnull=True).count()


def asked_again() -> int:
    """Groups somebody was done with, and that were asked for again since."""
    return GapGroup.objects.filter(Q(state=State.ANSWERED), size__gt=F("judged_size")).count()


def shown(found: Sequence[GapGroup], *, today: date) -> list[Shown]:
    """With the trend of each: one statement for all of them, one for the names."""
    weeks: dict[UUID, list[int]] = {group.id: [0] * WEEKS for group in found}
    since = today - timedelta(days=7 * WEEKS - 1)
    asked = Gap.objects.filter(group_id__in=weeks, at__date__gte=since).annotate(day=TruncDate("at")).values_list("group_id", "day")
    for group_id, day, times in asked.annotate(n=Count("id")):
        if group_id is not None:
            weeks[group_id][max(0, min(WEEKS - 1, (day - since).days // 7))] += times
    slugs = {slug for group in found for slug in group.services}
    names = dict(Service.objects.filter(slug__in=slugs).values_list("slug", "name"))
    return [
        Shown(group, _bars(weeks[group.id]), [names[slug] for slug in group.services if slug in names]) for group in found
    ]  # fmt: skip


def _bars(weeks: Sequence[int]) -> list[tuple[int, int]]:
    most = max(weeks, default=0)
    return [(times, round(100 * times / most) if most else 0) for times in weeks]


def questions(group: GapGroup) -> list[tuple[Gap, int]]:
    """(the last, how many times) of each wording, as they are kept: without what tells who asked."""
    rows = Gap.objects.filter(group=group).exclude(question="").select_related("answer__article").order_by("-at")[:MOST_QUESTIONS]
    last: dict[str, tuple[Gap, int]] = {}
    for gap in rows:
        said = " ".join(gap.question.lower().split())
        first, times = last.get(said, (gap, 0))
        last[said] = first, times + 1
    return list(last.values())[:WORDINGS]


def keywords_of(group: GapGroup) -> tuple[str, ...]:
    """Its questions, as words people use."""
    whole = [without_blanks(text).replace(" · ", " ")[:LONGEST_KEYWORD] for text in questions_of(group)]
    return tuple(dict.fromkeys(filter(None, whole)))[:MOST_KEYWORDS]


def begun_for(group_id: UUID) -> Content | None:
    """An article that answers it, before anybody has written a word."""
    group = GapGroup.objects.filter(id=group_id).first()
    if group is None:
        return None
    services = list(Service.objects.filter(slug__in=group.services, active=True).select_related("team"))
    services.sort(key=lambda one: group.services.index(one.slug))
    return Content(
        title=title_of(without_blanks(group.question)), body="", language=group.language, audience=audience_of(services[:1]),
        services=tuple(one.slug for one in services[:1]), keywords=keywords_of(group), team=services[0].team_id if services else None,
    )  # fmt: skip


def audience_of(services: Sequence[Service]) -> tuple[str, ...]:
    """Whom the services are for, as articles say it; everybody, where that is not known."""
    said = {"parent": "family", "guardian": "family", "public": "community"}
    kinds = {said.get(kind, kind) for service in services for kind in service.audience}
    return tuple(kind for kind in (*EVERYBODY, "vendor") if kind in kinds) or EVERYBODY
