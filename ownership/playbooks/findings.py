"""What a drill or a review found becomes owned steps: a playbook of its own, begun at once."""

from collections.abc import Sequence
from datetime import datetime

from districts.models import Person
from districts.queries import free_slug
from ownership.models import Playbook, PlaybookRun, PlaybookStep, Process
from ownership.playbooks.running import begin

MOST = 60
IN_TIME = "within 10 business days"


def begin_findings(title: str, found: Sequence[tuple[str, str, str]], *, by: Person, now: datetime) -> PlaybookRun:
    """`found`: what is to be done, why, and the slug of the process whose first owner does it. What is to be done twice is one step."""
    playbook = Playbook(
        slug=free_slug(Playbook.objects.all(), title, most=100), name=title[:200], kind=Playbook.Kind.DRILL, active=False
    )
    playbook.save(force_insert=True)
    processes = {row.slug: row for row in Process.objects.select_related("primary")}
    once = {todo: (why, slug) for todo, why, slug in found[:MOST]}
    PlaybookStep.objects.bulk_create(
        PlaybookStep(
            playbook=playbook, order=order, part=processes[slug].name[:120] if slug in processes else "", title=todo[:300], detail=why,
            role=processes[slug].primary if slug in processes else None, terms=IN_TIME,
        )
        for order, (todo, (why, slug)) in enumerate(once.items(), 1)
    )  # fmt: skip
    return begin(playbook, title=title, by=by, now=now)
