"""What administrators do to the questions of a service: add, change, order, take away. In the caller's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from django.utils.text import slugify

from districts.models import Person, Service
from intake.models import Question

MOST = 30  # of one service; a form of more is not filled in by anybody
LONGEST_KEY = 60
log = structlog.get_logger(__name__)


class StillNeeded(Exception):
    """Others wait for an answer to it: `others`."""

    def __init__(self, others: Sequence[Question]) -> None:
        self.others = others
        super().__init__(", ".join(map(str, others)))


class OutOfOrder(Exception):
    """A question would stand above the one it waits for."""


def of_service(service: Service, *, lock: bool = False) -> list[Question]:
    """All of them in order, those that are switched off too."""
    rows = Question.objects.filter(service=service).order_by("position", "id")
    return list(rows.select_for_update() if lock else rows)


def below(question: Question, rows: Sequence[Question]) -> set[Any]:
    """Ids of those that wait for it, however far down, and its own."""
    found = {question.id}
    while more := {row.id for row in rows if row.after_id in found} - found:
        found |= more
    return found


def save_question(question: Question | None, *, service: Service, values: Mapping[str, Any], by: Person | None) -> Question:
    """A new one comes last, or behind the question it waits for; its key is made from its first label and never changes."""
    list(Service.objects.select_for_update(no_key=True).filter(id=service.id))  # two who add at once take turns
    rows = of_service(service)
    added = question is None
    question = question or Question(service=service, key=_free_key(values["label"], rows))
    for name, value in values.items():
        setattr(question, name, value)
    question.save()
    _number(_in_place(question, rows))
    log.info("question_added" if added else "question_changed", row=str(question.id), by=by and str(by.id))
    return question


def move(question: Question, *, up: bool, by: Person | None) -> None:
    """One place up or down. Raises OutOfOrder."""
    rows = of_service(question.service, lock=True)
    at = next(n for n, row in enumerate(rows) if row.id == question.id)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(rows):
        return
    rows[at], rows[to] = rows[to], rows[at]
    places = {row.id: n for n, row in enumerate(rows)}
    if any(row.after_id and places[row.after_id] > places[row.id] for row in rows):
        raise OutOfOrder
    _number(rows)
    log.info("question_moved", row=str(question.id), by=by and str(by.id))


def remove(question: Question, *, by: Person | None) -> None:
    """What was answered to it stays with its tickets. Raises StillNeeded."""
    others = list(Question.objects.filter(after=question).order_by("position"))
    if others:
        raise StillNeeded(others)
    log.info("question_removed", row=str(question.id), by=by and str(by.id))
    question.delete()


def choices_of(lines: Mapping[str, Sequence[str]], first: str, had: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Choices out of one line each by language. A choice that was there keeps its value, also one that is only worded anew: others may
    wait for it.
    """
    before = {str(one["label"].get(first, "")): str(one["value"]) for one in had}
    told = lines[first]
    kept = {label: before[label] for label in told if label in before}
    same_length = len(told) == len(had)
    taken = set(kept.values())
    found = []
    for at, label in enumerate(told):
        value = kept.get(label) or (str(had[at]["value"]) if same_length and str(had[at]["value"]) not in taken else "")
        value = value or _free(slugify(label)[:LONGEST_KEY] or "answer", taken)
        taken.add(value)
        labels = {code: of[at] for code, of in lines.items() if at < len(of) and of[at]}
        found.append({"value": value, "label": labels})
    return found


def _in_place(question: Question, rows: Sequence[Question]) -> list[Question]:
    others = [row for row in rows if row.id != question.id]
    had = next((n for n, row in enumerate(rows) if row.id == question.id), len(others))
    behind = [n for n, row in enumerate(others) if row.id == question.after_id or row.after_id == question.after_id]
    after = next((n for n, row in enumerate(others) if row.id == question.after_id), -1)
    new = len(rows) == len(others)
    at = behind[-1] + 1 if question.after_id and behind and (new or had <= after) else had
    return [*others[:at], question, *others[at:]]


def _number(rows: Sequence[Question]) -> None:
    for position, row in enumerate(rows):
        if row.position != position:
            row.position = position
            Question.objects.filter(id=row.id).update(position=position)


def _free_key(label: Mapping[str, str], rows: Sequence[Question]) -> str:
    words = next((slugify(said) for said in label.values() if slugify(said)), "question")
    return _free(words[: LONGEST_KEY - 4].strip("-"), {row.key for row in rows})


def _free(wanted: str, taken: set[str]) -> str:
    return next(name for name in (wanted, *(f"{wanted}-{n}" for n in range(2, 1000))) if name not in taken)
