"""What becomes of a group of questions nobody has written the answer to: a draft, an article that answers it, or "not for us"."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from districts.models import Person, Service
from knowledge.gaps import queries
from knowledge.gaps.drafting import body_of, title_of, without_blanks
from knowledge.gaps.solved import Solved, solved_near, without_people
from knowledge.keeping import actions as keeping
from knowledge.keeping.written import Content, summary_of, with_services
from knowledge.models import Article, ArticleVersion, GapGroup

State = GapGroup.State
A_YEAR = timedelta(days=365)
log = structlog.get_logger(__name__)


class NothingSolved(Exception):
    """No ticket near it was solved by a reply that says anything for everybody: somebody has to write it."""


@transaction.atomic
def draft_from_solved(group: GapGroup, *, by: Person | None, now: datetime) -> ArticleVersion:
    """A draft of what people here have answered, for its owner to put right. Raises NothingSolved, keeping.NotPossible."""
    _still(group, State.OPEN)
    found = solved_near(group, now=now)
    body = body_of(without_people(found), group.question)
    if not body:
        raise NothingSolved
    services = _services(group, found)
    owner = Counter(one.ticket.team_id for one in found).most_common(1)[0][0]
    content = Content(
        title=title_of(without_blanks(group.question)), body=body, summary=summary_of(body), language=group.language,
        audience=queries.audience_of(services),
        services=tuple(one.slug for one in services), keywords=with_services(queries.keywords_of(group), services), team=owner,
        review_by=now.date() + A_YEAR,
    )  # fmt: skip
    note = _("From the replies to %(n)d solved tickets") % {"n": len(found)}
    version = keeping.save(
        None, content=content, seen=None, by=by, now=now, note=note, made_from=[one.ticket.id for one in found]
    )  # fmt: skip
    _judge(group, State.DRAFTED, by=by, now=now, article=version.article)
    return version


def _services(group: GapGroup, found: Sequence[Solved]) -> list[Service]:
    """Those most of the tickets were for; where none was for any, the nearest one."""
    counted = Counter(one.ticket.service.slug for one in found if one.ticket.service and one.ticket.service.active)
    slugs = [slug for slug, n in counted.most_common(2) if n > 1 or len(counted) == 1] or group.services[:1]
    return list(Service.objects.filter(slug__in=slugs, active=True, sensitive=False))


def written_for(group_id: UUID, *, article: Article, by: Person | None, now: datetime) -> None:
    """Somebody writes an article for it."""
    group = GapGroup.objects.select_for_update(no_key=True).filter(id=group_id, state=State.OPEN).first()
    if group is not None:
        state = State.ANSWERED if article.published_at else State.DRAFTED
        _judge(group, state, by=by, now=now, article=article)


@transaction.atomic
def answered_by(group: GapGroup, *, article: Article, by: Person | None, now: datetime) -> None:
    """There is an article: it was not found, or has what was asked by now. Raises keeping.NotPossible."""
    _still(group, State.OPEN, State.DRAFTED)
    if article.published_at is None:
        raise keeping.NotPossible(_("That article is not published."))
    _judge(group, State.ANSWERED, by=by, now=now, article=article)


@transaction.atomic
def dismiss(group: GapGroup, *, reason: str, by: Person | None, now: datetime) -> None:
    """Nothing will be written; who asks the same is counted and not shown again. Raises keeping.NotPossible."""
    _still(group, State.OPEN)
    _judge(group, State.DISMISSED, by=by, now=now, reason=reason)


@transaction.atomic
def open_again(group: GapGroup, *, by: Person | None, now: datetime) -> None:
    """It is still asked for. Raises keeping.NotPossible."""
    _still(group, State.ANSWERED, State.DISMISSED, State.DRAFTED)
    _judge(group, State.OPEN, by=by, now=now)


def _still(group: GapGroup, *states: str) -> None:
    """Hold the row; two who decide at once decide one after the other."""
    now = GapGroup.objects.select_for_update(no_key=True).filter(id=group.id).first()
    if now is None or now.state not in states:
        raise keeping.NotPossible(_("Somebody has decided about these questions meanwhile."))
    group.size, group.state = now.size, now.state


def _judge(group: GapGroup, state: str, *, by: Person | None, now: datetime, article: Article | None = None, reason: str = "") -> None:
    group.state, group.article, group.reason = state, article, reason[:300]
    group.judged_by, group.judged_at, group.judged_size = by, now, group.size
    group.save(update_fields=["state", "article", "reason", "judged_by", "judged_at", "judged_size"])
    log.info("gap_judged", row=str(group.id), state=state, by=str(by.id) if by else "")
