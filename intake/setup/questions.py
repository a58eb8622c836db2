"""Set-up: what the form asks about a service, as a school's secretary would write it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms.boundfield import BoundField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language_info, gettext_lazy, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.editing import KINDS, EditForm, Lines, OneLine, actor_of, for_administrators, row_or_404
from districts.models import District, Service
from intake.form import questions as pure
from intake.form import setting_questions as setting
from intake.form.questionnaire import first_language, of_service
from intake.form.questions import Tongue
from intake.models import Question

VISITOR = "public"


class QuestionForm(EditForm):
    """Every text once for each language of the district; only the first is needed."""

    kind = forms.ChoiceField(label=gettext_lazy("How it is answered"), choices=Question.Kind)
    required = forms.BooleanField(label=gettext_lazy("Must be answered"), required=False)
    active = forms.BooleanField(label=gettext_lazy("On the form (without the tick it is kept, but not asked)"), required=False)
    audience = forms.MultipleChoiceField(
        label=gettext_lazy("Who is asked"), required=False, choices=KINDS, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("No tick: everybody. Whoever is not signed in counts as anybody but staff."),
    )  # fmt: skip
    after = forms.ChoiceField(label=gettext_lazy("When it is asked"), required=False)

    def __init__(self, data: Any = None, *, question: Question | None, rows: Sequence[Question], district: District) -> None:
        self.question, self.district, self.first = question, district, first_language(district)
        self.languages = list(district.languages or ["en"])
        super().__init__(data, shown=self._shown(question), new=question is None)
        shut = setting.below(question, rows) if question else set()
        self.parents = {str(row.id): row for row in rows if row.id not in shut}
        tongue = Tongue(self.first, self.first)
        options = [
            (row_id, _("Only after an answer to: %(label)s") % {"label": tongue.of(row.label)}) for row_id, row in self.parents.items()
        ]
        self.fields["after"].choices = [("", _("Always")), *options]  # type: ignore[attr-defined]
        self._add_texts()
        self._add_values(tongue)
        for name in self.fields:
            self._dress(name)

    def _add_texts(self) -> None:
        for code in self.languages:
            said = {"language": get_language_info(code)["name_local"].capitalize()} if len(self.languages) > 1 else {"language": ""}
            first = code == self.first
            self.fields[f"label_{code}"] = OneLine(label=_words(_("Question"), said), max_length=200, required=first)
            self.fields[f"help_{code}"] = OneLine(label=_words(_("A hint below it"), said), max_length=300, required=False)
            self.fields[f"choices_{code}"] = Lines(
                label=_words(_("Answers to choose from, one a line"), said), most=40, longest=100, rows=5
            )

    def _add_values(self, tongue: Tongue) -> None:
        for row_id, row in self.parents.items():
            options = _offered(row, tongue)
            if options:
                self.fields[f"values_{row_id}"] = forms.MultipleChoiceField(
                    label=_("Only if the answer is"), choices=options, required=False, widget=forms.CheckboxSelectMultiple,
                    help_text=_("No tick: whatever the answer is."),
                )  # fmt: skip

    def _dress(self, name: str) -> None:
        widget = self.fields[name].widget
        if name.startswith("values_") or name == "audience":
            widget.attrs.setdefault("class", "form-check-input")
        elif name.startswith(("label_", "help_", "choices_")):
            widget.attrs |= {"class": "form-control", "lang": name.rpartition("_")[2]}

    def _shown(self, question: Question | None) -> dict[str, Any]:
        if question is None:
            return {"active": True, "kind": Question.Kind.TEXT}
        texts: dict[str, Any] = {}
        for code in self.languages:
            texts[f"label_{code}"] = question.label.get(code, "")
            texts[f"help_{code}"] = question.help.get(code, "")
            texts[f"choices_{code}"] = [one["label"].get(code, "") for one in question.choices]
        names = ("kind", "required", "active", "audience")
        after = str(question.after_id or "")
        values = {f"values_{after}": question.after_values} if after else {}
        return {name: getattr(question, name) for name in names} | texts | values | {"after": after}

    def texts(self) -> Iterator[tuple[BoundField, BoundField, BoundField]]:
        """(question, hint, answers) for each language."""
        for code in self.languages:
            yield self[f"label_{code}"], self[f"help_{code}"], self[f"choices_{code}"]

    def values_of(self) -> Iterator[tuple[str, BoundField]]:
        """(id of a question, which of its answers)."""
        for name in self.fields:
            if name.startswith("values_"):
                yield name.removeprefix("values_"), self[name]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("kind") == Question.Kind.CHOICE:
            self._clean_choices(data)
        return data

    def _clean_choices(self, data: dict[str, Any]) -> None:
        first = data.get(f"choices_{self.first}") or []
        if len(first) < 2:
            self.add_error(f"choices_{self.first}", _("Write at least two, one a line."))
        for code in self.languages:
            lines = data.get(f"choices_{code}") or []
            if lines and len(lines) != len(first):
                said = _("%(given)d lines here, %(wanted)d in the first language: one for each, in the same order.")
                self.add_error(f"choices_{code}", ValidationError(said % {"given": len(lines), "wanted": len(first)}))

    def values(self) -> dict[str, Any]:
        """For `setting_questions.save_question`."""
        data = self.cleaned_data
        choices = {code: data[f"choices_{code}"] for code in self.languages}
        is_choice = data["kind"] == Question.Kind.CHOICE
        had = self.question.choices if self.question else []
        return {
            "kind": data["kind"], "required": data["required"], "active": data["active"], "audience": data["audience"],
            "label": self._by_language("label"), "help": self._by_language("help"),
            "choices": setting.choices_of(choices, self.first, had) if is_choice else [],
            "after": self.parents.get(data["after"]), "after_values": data.get(f"values_{data['after']}") or [],
        }  # fmt: skip

    def _by_language(self, what: str) -> dict[str, str]:
        said = {code: self.cleaned_data[f"{what}_{code}"] for code in self.languages}
        return {code: words for code, words in said.items() if words}


def _words(what: str, said: dict[str, str]) -> str:
    return f"{what} ({said['language']})" if said["language"] else what


def _offered(row: Question, tongue: Tongue) -> list[tuple[str, str]]:
    if row.kind == Question.Kind.YES_NO:
        return [(pure.YES, _("Yes")), (pure.NO, _("No"))]
    return [(str(one["value"]), tongue.of(one["label"])) for one in row.choices] if row.kind == Question.Kind.CHOICE else []


# --- the list -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listed:
    row: Question
    label: str
    when: str  # empty: always
    whom: str
    missing: list[str]  # languages it is not written in
    never: bool  # it waits for an answer that nobody can give


@for_administrators
@require_safe
def questions(request: HttpRequest, service_id: UUID) -> HttpResponse:
    service = get_object_or_404(Service.objects.select_related("team"), id=service_id)
    district: District = request.district  # type: ignore[attr-defined]
    rows = setting.of_service(service)
    values = {
        "service": service,
        "rows": _listed(rows, district),
        "full": len(rows) >= setting.MOST,
        **_preview(request, service, district),
    }
    return render(request, "setup/questions.html", values)


def _listed(rows: Sequence[Question], district: District) -> list[Listed]:
    first = first_language(district)
    tongue, by_id, kinds = Tongue(first, first), {row.id: row for row in rows}, dict(KINDS)
    return [
        Listed(
            row, tongue.of(row.label), _when(row, _parent(row, by_id), tongue),
            ", ".join(str(kinds.get(kind, kind)) for kind in row.audience),
            [get_language_info(code)["name_local"] for code in district.languages if not row.label.get(code)],
            _never(row, _parent(row, by_id), tongue),
        )
        for row in rows
    ]  # fmt: skip


def _parent(row: Question, rows: Mapping[UUID, Question]) -> Question | None:
    return rows.get(row.after_id) if row.after_id else None


def _when(row: Question, parent: Question | None, tongue: Tongue) -> str:
    if parent is None:
        return ""
    offered = dict(_offered(parent, tongue))
    answers = ", ".join(offered.get(value, value) for value in row.after_values)
    label = tongue.of(parent.label)
    if answers:
        return _("after “%(label)s”: %(answers)s") % {"label": label, "answers": answers}
    return _("after any answer to “%(label)s”") % {"label": label}


def _never(row: Question, parent: Question | None, tongue: Tongue) -> bool:
    if parent is None:
        return False
    possible = {value for value, _words in _offered(parent, tongue)}
    return not parent.active or bool(row.after_values and possible and not possible & set(row.after_values))


def _preview(request: HttpRequest, service: Service, district: District) -> dict[str, Any]:
    """The form's own questions, as somebody of one kind sees them in one language."""
    kinds = [(VISITOR, _("not signed in")), *KINDS]
    kind = request.GET.get("as", VISITOR)
    kind = kind if kind in dict(kinds) else VISITOR
    language = request.GET.get("in", "")
    language = language if language in district.languages else first_language(district)
    with override(language):
        asked = pure.for_whom(of_service(service.id), kind)
        shown = render(
            request, "intake/_questions.html", {"questions": pure.show(asked, {}, {}, Tongue(language, first_language(district)))}
        )
    names = [(code, get_language_info(code)["name_local"]) for code in district.languages]
    return {"preview": shown.content.decode() if asked else "", "kinds": kinds, "kind": kind, "languages": names, "language": language}


# --- one question -------------------------------------------------------------------------------------------------------


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, service_id: UUID, question_id: UUID | None = None) -> HttpResponse:
    service = get_object_or_404(Service.objects.all(), id=service_id)
    row = row_or_404(Question.objects.filter(service=service), question_id, request)
    rows = setting.of_service(service)
    if row is None and len(rows) >= setting.MOST:
        raise Http404
    district: District = request.district  # type: ignore[attr-defined]
    form = QuestionForm(request.POST if request.method == "POST" else None, question=row, rows=rows, district=district)
    if form.is_valid():
        setting.save_question(row, service=service, values=form.values(), by=actor_of(request).person)
        messages.success(request, _("Saved. Below is how the form looks now."))
        return redirect("setup_questions", service.id)
    return render(
        request, "setup/question.html", {"form": form, "service": service, "question": row}, status=422 if form.errors else 200
    )


@for_administrators
@require_POST
def question_move(request: HttpRequest, service_id: UUID, question_id: UUID) -> HttpResponse:
    row = get_object_or_404(Question.objects.select_related("service"), id=question_id, service=service_id)
    try:
        with transaction.atomic():
            setting.move(row, up=request.POST.get("to") == "up", by=actor_of(request).person)
    except setting.OutOfOrder:
        messages.error(request, _("It stays below the question it waits for."))
    return redirect("setup_questions", service_id)


@for_administrators
@require_POST
def question_remove(request: HttpRequest, service_id: UUID, question_id: UUID) -> HttpResponse:
    row = get_object_or_404(Question.objects.all(), id=question_id, service=service_id)
    first = first_language(request.district)  # type: ignore[attr-defined]
    try:
        setting.remove(row, by=actor_of(request).person)
    except setting.StillNeeded as needed:
        label = Tongue(first, first).of(needed.others[0].label)
        messages.error(
            request, _("“%(label)s” waits for an answer to it. Change that one first, or let this one rest.") % {"label": label}
        )
        return redirect("setup_question", service_id, question_id)
    messages.success(request, _("The question is gone. What was answered to it stays with its requests."))
    return redirect("setup_questions", service_id)
