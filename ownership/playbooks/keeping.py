"""Administrators write playbooks: their steps stand in an order, and wait for others of the same playbook."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from districts.queries import free_slug
from ownership.models import Playbook, PlaybookStep, Process
from ownership.playbooks.ordering import circle, known

OUT_OF_THE_WAY = 10_000  # orders that no step has, while they change places


class Circle(ValueError):
    """Steps would wait for one another; `orders` says which."""

    def __init__(self, orders: Sequence[int]) -> None:
        super().__init__(orders)
        self.orders = orders


def save_playbook(row: Playbook | None, values: Mapping[str, Any], *, now: datetime) -> Playbook:
    row = row or Playbook(slug=free_slug(Playbook.objects.all(), values["name"], most=100))
    for name, value in values.items():
        setattr(row, name, value)
    row.edited_at = now
    row.save()
    return row


def begins_for(playbook: Playbook, processes: Iterable[Process]) -> None:
    """A failed run of just these begins it."""
    chosen = [process.id for process in processes]
    Process.objects.filter(failing=playbook.slug).exclude(id__in=chosen).update(failing="")
    Process.objects.filter(id__in=chosen).update(failing=playbook.slug)


def save_step(playbook: Playbook, row: PlaybookStep | None, values: Mapping[str, Any], *, now: datetime) -> PlaybookStep:
    """A new one stands last. The caller holds the playbook's row. Raises Circle."""
    steps = list(playbook.steps.order_by("order"))
    row = row or PlaybookStep(playbook=playbook, order=max((step.order for step in steps), default=0) + 1)
    after = {step.order: step.after for step in steps} | {row.order: values["after"]}
    if orders := circle(after):
        raise Circle(orders)
    for name, value in values.items():
        setattr(row, name, value)
    row.after = known(after)[row.order]
    row.save()
    _edited(playbook, now=now)
    return row


def move_step(playbook: Playbook, step_id: UUID, *, up: bool, now: datetime) -> bool:
    """Change places with the one before, or after it. False: there is none."""
    steps = list(playbook.steps.order_by("order"))
    at = next(n for n, step in enumerate(steps) if step.id == step_id)
    other = at - 1 if up else at + 1
    if not 0 <= other < len(steps):
        return False
    steps[at], steps[other] = steps[other], steps[at]
    _number(playbook, steps, now=now)
    return True


def remove_step(playbook: Playbook, step_id: UUID, *, now: datetime) -> None:
    """What waited for it does so no more."""
    playbook.steps.filter(id=step_id).delete()
    _number(playbook, list(playbook.steps.order_by("order")), now=now)


def _number(playbook: Playbook, steps: Sequence[PlaybookStep], *, now: datetime) -> None:
    """From 1, as they stand now; what they wait for keeps its meaning."""
    place = {step.order: n for n, step in enumerate(steps, 1)}
    for step in steps:
        step.after = sorted(place[order] for order in step.after if order in place)
        step.order = place[step.order] + OUT_OF_THE_WAY
    PlaybookStep.objects.bulk_update(steps, ["order", "after"])
    playbook.steps.update(order=F("order") - OUT_OF_THE_WAY)
    _edited(playbook, now=now)


def _edited(playbook: Playbook, *, now: datetime) -> None:
    playbook.edited_at = now
    playbook.save(update_fields=["edited_at"])
