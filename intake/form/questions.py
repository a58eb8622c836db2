"""What a form asks besides the words: which questions, in whose language, and whether an answer will do. Pure, no database.

A question is asked of some kinds of people, and some only after a certain answer to another. An answer to a question that is not
asked (any more) is dropped: nobody meant to send what they no longer see.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import formats
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import override

from intake.wording import clean, one_line
from tickets.actions import NewAnswer

TEXT, LONG, CHOICE, YES_NO, DATE, NUMBER = "text", "long", "choice", "yes_no", "date", "number"
LONGEST = {TEXT: 200, LONG: 1000, DATE: 40, NUMBER: 40}  # characters of an answer; Answer.value holds 1000
MOST = 60  # answers read of one form; no service has so many questions
YES, NO = "yes", "no"
STAFF = "staff"
SAME_KIND = {"parent": "family", "guardian": "family", "teacher": STAFF, "public": ""}
RADIOS = 7  # choices up to which all of them are shown; more are a list to open
EXAMPLE = date(2026, 11, 25)
_FIELD = re.compile(r"q\.[-\w]{1,60}")
_WRITTEN_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_THOUSANDS = re.compile(r"(?<=\d)[,.'’ ](?=\d{3}(?:\D|$))")


class Wrong(ValueError):
    """An answer that will not do; the text is for the person."""


@dataclass(frozen=True)
class Choice:
    value: str
    label: Mapping[str, str]


@dataclass(frozen=True)
class Question:
    """One question of a service, labels by language. `after`: the key of the question it depends on."""

    key: str
    kind: str
    label: Mapping[str, str]
    help: Mapping[str, str]
    choices: Sequence[Choice] = ()
    audience: Sequence[str] = ()
    required: bool = False
    after: str = ""
    after_values: Sequence[str] = ()


@dataclass(frozen=True)
class Tongue:
    """The language a page is in, and the district's first, in which every label is written."""

    language: str
    first: str

    def of(self, words: Mapping[str, str]) -> str:
        return words.get(self.language) or words.get(self.first) or next((said for said in words.values() if said), "")


@dataclass(frozen=True)
class Shown:
    """A question as a form shows it. `open`: it is asked now; else only after `after` is answered by one of `after_values`."""

    question: Question
    label: str
    help: str
    choices: Sequence[tuple[str, str]]  # (value, words)
    value: str
    error: str
    open: bool

    @property
    def name(self) -> str:
        return f"q.{self.question.key}"

    @property
    def id(self) -> str:
        return f"q-{self.question.key}"

    @property
    def awaited(self) -> str:
        """The answers it waits for, as a script reads them; "[]": any."""
        return json.dumps(list(self.question.after_values))

    @property
    def in_a_list(self) -> bool:
        return len(self.choices) > RADIOS


def for_whom(questions: Iterable[Question], kind: str) -> list[Question]:
    """Those that this kind of person may be asked. Of a visitor no more is known than that they do not work here."""
    kind = SAME_KIND.get(kind, kind)
    return [one for one in questions if not one.audience or _meant(one.audience, kind)]


def _meant(audience: Sequence[str], kind: str) -> bool:
    groups = {SAME_KIND.get(group, group) for group in audience}
    return kind in groups if kind else groups != {STAFF}


def now_asked(questions: Sequence[Question], given: Mapping[str, str]) -> list[Question]:
    """Those whose condition holds, all the way up. One that waits for itself, or for a question nobody is asked, never is."""
    by_key = {one.key: one for one in questions}
    return [one for one in questions if _holds(one, by_key, given)]


def _holds(one: Question, by_key: Mapping[str, Question], given: Mapping[str, str]) -> bool:
    passed = {one.key}
    while one.after:
        parent = by_key.get(one.after)
        if parent is None or parent.key in passed or not _answered(parent, one.after_values, given):
            return False
        passed.add(parent.key)
        one = parent
    return True


def _answered(parent: Question, wanted: Sequence[str], given: Mapping[str, str]) -> bool:
    said = given.get(parent.key, "").strip()
    return bool(said) and (not wanted or said in wanted)


def read_given(sent: Mapping[str, str]) -> dict[str, str]:
    """Answers by key out of a form's fields (`q.bus-number`), as they were typed."""
    found = ((name[2:], value) for name, value in sent.items() if _FIELD.fullmatch(name))
    return {key: clean(value[: LONGEST[LONG] * 2])[: LONGEST[LONG]] for (key, value), _at in zip(found, range(MOST), strict=False)}


def check(questions: Sequence[Question], given: Mapping[str, str], tongue: Tongue) -> tuple[list[NewAnswer], dict[str, str]]:
    """(answers, what is wrong by key). Not answered and not required: no answer.

    What is wrong is said in the language of the page. Answers are written in the district's first, in which they are worked on; `again`
    shows them in another.
    """
    answers, wrong, kept = [], {}, Tongue(tongue.first, tongue.first)
    for one in now_asked(questions, given):
        said = given.get(one.key, "").strip()
        try:
            value = _read(one, said, tongue) if said else ""
            if not value and one.required:
                raise Wrong(_missing(one))
        except Wrong as mistake:
            wrong[one.key] = str(mistake)
            continue
        if value:
            with override(kept.language):
                answers.append(NewAnswer(one.key, kept.of(one.label)[:200], _read(one, said, kept)))
    return answers, wrong


def again(one: Question | None, label: str, value: str, tongue: Tongue) -> tuple[str, str]:
    """(label, value) of a kept answer in the language of `tongue`, as far as the question is still there and has these words."""
    if one is None:
        return label, value
    with override(tongue.first):
        kept = {words: code for code, words in _offered(one, Tongue(tongue.first, tongue.first))}
    return tongue.of(one.label), dict(_offered(one, tongue)).get(kept.get(value, ""), value)


def show(questions: Sequence[Question], given: Mapping[str, str], wrong: Mapping[str, str], tongue: Tongue) -> list[Shown]:
    """All that may come to be asked, in order: what is not asked yet waits in the page for its answer."""
    asked = {one.key for one in now_asked(questions, given)}
    return [
        Shown(
            one, tongue.of(one.label), tongue.of(one.help), _offered(one, tongue), given.get(one.key, ""), wrong.get(one.key, ""),
            one.key in asked,
        )
        for one in questions
    ]  # fmt: skip


def unseen(questions: Sequence[Question], given: Mapping[str, str], seen: Iterable[str]) -> list[Question]:
    """Asked because of these answers, yet not on the page they were given on: a page without scripts shows them on the next."""
    before = set(seen)
    return [one for one in now_asked(questions, given) if one.key not in before]


def _offered(one: Question, tongue: Tongue) -> list[tuple[str, str]]:
    if one.kind == YES_NO:
        return [(YES, _("Yes")), (NO, _("No"))]
    return [(choice.value, tongue.of(choice.label)) for choice in one.choices] if one.kind == CHOICE else []


def _missing(one: Question) -> str:
    if one.kind in (CHOICE, YES_NO):
        return _("Please choose one.")
    return _("Please give a date.") if one.kind == DATE else _("Please answer this.")


def _read(one: Question, said: str, tongue: Tongue) -> str:
    """The answer in words. Raises Wrong."""
    if one.kind in (CHOICE, YES_NO):
        words = dict(_offered(one, tongue)).get(said)
        if words is None:
            raise Wrong(_("This is none of the answers any more. Please choose again."))
        return words
    if one.kind == DATE:
        day = _date(said)
        return f"{formats.date_format(day, 'l')}, {formats.date_format(day, 'DATE_FORMAT')}"
    if one.kind == NUMBER:
        return _number(said)
    return said[: LONGEST[LONG]] if one.kind == LONG else one_line(said, LONGEST[TEXT])


def _date(said: str) -> date:
    """As a browser's calendar sends it (ISO 8601), or as one writes it: month first, unless that is no date."""
    written = _WRITTEN_DATE.fullmatch(said)
    found = _first_of(written, "%m/%d/%Y", "%d/%m/%Y") if written else _iso(said)
    if found is None or not 1900 <= found.year <= 2199:
        raise Wrong(_("This is no date we can read. For example: %(date)s.") % {"date": formats.date_format(EXAMPLE, "m/d/Y")})
    return found


def _first_of(written: re.Match[str], *orders: str) -> date | None:
    for order in orders:
        with suppress(ValueError):
            return datetime.strptime("/".join(written.groups()), order).date()
    return None


def _iso(said: str) -> date | None:
    try:
        return parse_date(said)
    except ValueError:
        return None


def _number(said: str) -> str:
    """Plain, with a point: "1,200" and "1 200" are 1200, "2,5" is 2.5."""
    plain = _THOUSANDS.sub("", said.strip().replace("\u00a0", " "))
    try:
        value = Decimal(plain.replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= Decimal(10) ** 15:
        raise Wrong(_("Please write a number, such as 3."))
    return f"{value.normalize():f}" if value else "0"


def of_row(row: Any, after: str) -> Question:
    """Out of a row of `intake.models.Question`; `after`: the key of the row it depends on."""
    choices = tuple(Choice(str(one["value"]), one["label"]) for one in row.choices)
    return Question(
        row.key, row.kind, row.label, row.help, choices, tuple(row.audience), row.required, after, tuple(map(str, row.after_values))
    )
