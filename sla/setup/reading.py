"""Terms as an administrator typed them: the sentence they make, or the words at which they stopped making one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from districts.queries import calendar_of, this_district
from sla.promise import Acknowledge, Notice, OnTheDay, Terms, Tolerance
from sla.setup.examples import Example, examples, is_ahead
from sla.terms import LONGEST_TEXT, NotUnderstood, parse


@dataclass(frozen=True)
class Reading:
    terms: Terms | None = None
    sentence: str = ""
    before: str = ""  # what was understood until it stopped
    stopped: str = ""  # the words from there on; empty where something is missing at the end
    hint: str = ""  # what would have been understood there
    examples: Sequence[Example] = ()
    ahead: bool = False  # the examples are counted back from what it is about


NO_ANSWER = (Notice, OnTheDay, Tolerance, Acknowledge)


def answers(terms: Terms) -> bool:
    """Whether it says by when somebody who asks is answered."""
    return not any(isinstance(clause.term, NO_ANSWER) or clause.condition for clause in terms.clauses)


def worked(terms: Terms, *, now: datetime) -> Reading:
    """With examples on the calendar of the district in scope."""
    calendar = calendar_of(this_district(), now=now)
    return Reading(terms=terms, sentence=terms.sentence(), examples=examples(terms, calendar, now=now), ahead=is_ahead(terms))


def read(text: str, *, now: datetime | None = None) -> Reading:
    """Of what is promised to somebody who asks; a notice or a freeze is told before something, so it is none.

    `now`: with examples on the calendar of the district in scope.
    """
    text = " ".join(text.replace("\0", "").split())
    if not text:
        return Reading()
    try:
        terms = parse(text)
    except NotUnderstood as error:
        at = text.rfind(error.words)
        at = len(text) if at < 0 else at
        return Reading(before=text[:at], stopped=text[at:], hint=error.hint)
    if not answers(terms):
        return Reading(stopped=text, hint=_("a time by which somebody answers; a notice or a freeze comes before something"))
    return worked(terms, now=now) if now else Reading(terms=terms, sentence=terms.sentence())


class TermsField(forms.CharField):
    """Terms in the district's words; cleaned to their canonical text, or to nothing."""

    def __init__(self, **more: Any) -> None:
        super().__init__(required=False, max_length=LONGEST_TEXT, widget=forms.TextInput(attrs={"autocomplete": "off"}), **more)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        found = read(text)
        if text.strip() and found.terms is None:
            said = (
                _("Not understood from “%(words)s” on: %(hint)s") if found.stopped else _("Something is missing at the end: %(hint)s")
            )
            raise ValidationError(said, code="not_understood", params={"words": found.stopped, "hint": found.hint})
        return str(found.terms) if found.terms else ""

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        return TermsBound(form, self, field_name)


class TermsBound(BoundField):
    """With `reading`; while one types, the page asks how it is read (`setup_terms`) and shows that below."""

    def build_widget_attrs(self, attrs: Any, widget: Any = None) -> Any:
        asks = {"hx-get": reverse("setup_terms"), "hx-trigger": "input changed delay:400ms", "hx-target": f"#{self.auto_id}_reading"}
        return super().build_widget_attrs({**asks, **attrs}, widget)

    @cached_property
    def reading(self) -> Reading:
        return read(str(cast(Any, self.value()) or ""))
