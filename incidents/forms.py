"""What people type in an outage."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from districts.models import District, Person, Site
from districts.queries import sites, staff
from incidents.models import Incident, PaperKind, Update
from incidents.saying import Typed
from incidents.starting import FAR, LONG_AGO
from ownership.models import OwnerRole, Process, System

TEXT = 4_000
CLOCKS = timedelta(days=1)  # taken for now: a clock of another zone, or one that goes wrong
TIME = {"type": "datetime-local"}


class Moment(forms.DateTimeField):
    """A local time, as a browser's own field gives it."""

    def __init__(self, **more: Any) -> None:
        widget = forms.DateTimeInput(attrs=TIME, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **more)


class Since(Moment):
    """When it began: not before a year ago, and not in the future, a clock of another zone excepted."""

    def clean(self, value: Any) -> Any:
        at = super().clean(value)
        now = timezone.now()
        if at and at > now + CLOCKS:
            raise forms.ValidationError(_("This is in the future. Since when does it not work?"))
        if at and at < now - LONG_AGO:
            raise forms.ValidationError(_("This is more than a year ago. Look at the date once more."))
        return at


class Until(Moment):
    """When something is to be: within a year, either way."""

    def clean(self, value: Any) -> Any:
        at = super().clean(value)
        now = timezone.now()
        if at and not now - LONG_AGO < at < now + FAR:
            raise forms.ValidationError(_("This is more than a year from now. Look at the date once more."))
        return at


def area(rows: int = 3) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class Spoken(forms.Form):
    """A text in the district's first language, and in each of its others where somebody gives it."""

    spoken: dict[str, int] = {"text": 3}  # name → rows

    def __init__(self, *args: Any, district: District, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.others = list(district.languages or ["en"])[1:4]
        for name, rows in self.spoken.items():
            for code in self.others:
                label = f"{self.fields[name].label} – {get_language_info(code)['name_local']}"
                field = forms.CharField(label=label, required=False, max_length=TEXT)
                if rows > 1:
                    field.widget = area(rows)
                field.widget.attrs["lang"] = code
                self.fields[f"{name}_{code}"] = field

    def versions(self, name: str = "text") -> dict[str, str]:
        said = {code: self.cleaned_data.get(f"{name}_{code}", "").strip() for code in self.others}
        return {code: text for code, text in said.items() if text}

    def wording(self) -> dict[str, dict[str, str]]:
        """Several texts by language: {"es": {"title": …, "seen": …}}."""
        out: dict[str, dict[str, str]] = {}
        for name in self.spoken:
            for code, text in self.versions(name).items():
                out.setdefault(code, {})[name] = text
        return out

    def other_fields(self, name: str = "text") -> list[Any]:
        return [self[f"{name}_{code}"] for code in self.others]


class Once(Spoken):
    """Words that go out: the form carries a key of its own, and how many such words had been said when it was shown."""

    key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    seen = forms.IntegerField(required=False, min_value=0, max_value=1_000_000, widget=forms.HiddenInput)

    def typed(self) -> Typed:
        return Typed(self.cleaned_data.get("key"), self.cleaned_data.get("seen") or 0)


class DeclareForm(forms.Form):
    title = forms.CharField(
        label=_("What does not work?"), max_length=160,
        error_messages={"required": _("Say in a few words what does not work.")},
    )  # fmt: skip
    systems: "forms.ModelMultipleChoiceField[System]" = forms.ModelMultipleChoiceField(
        label=_("Which systems"), queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )
    scope = forms.ChoiceField(label=_("Where"), choices=Incident.Scope, initial=Incident.Scope.DISTRICT, widget=forms.RadioSelect)
    sites: "forms.ModelMultipleChoiceField[Site]" = forms.ModelMultipleChoiceField(
        label=_("Which schools"), queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )
    severity = forms.ChoiceField(label=_("How bad"), choices=Incident.Severity, initial=Incident.Severity.MAJOR)
    began_at = Since(label=_("Since when"))
    seen = forms.CharField(
        label=_("What people notice, and what they can do meanwhile"), required=False, max_length=600, widget=area(2),
        help_text=_("Everybody can read it once the status page shows the outage."),
    )  # fmt: skip
    shown = forms.BooleanField(label=_("Show it on the status page now"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["systems"].queryset = System.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["sites"].queryset = sites()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("scope") in (Incident.Scope.SCHOOL, Incident.Scope.SEVERAL) and not given.get("sites"):
            self.add_error("sites", _("Tick the schools that are affected."))
        return given


class ScopeForm(forms.Form):
    scope = forms.ChoiceField(label=_("Where"), choices=Incident.Scope, widget=forms.RadioSelect)
    sites: "forms.ModelMultipleChoiceField[Site]" = forms.ModelMultipleChoiceField(
        label=_("Which schools"), queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )
    systems: "forms.ModelMultipleChoiceField[System]" = forms.ModelMultipleChoiceField(
        label=_("Which systems"), queryset=None, required=False, widget=forms.CheckboxSelectMultiple
    )
    processes: "forms.ModelMultipleChoiceField[Process]" = forms.ModelMultipleChoiceField(
        label=_("Which connections between systems"), queryset=None, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    reason = forms.CharField(
        label=_("Why schools are taken out"), required=False, max_length=600,
        help_text=_("Only where you untick one that was affected: it stands in the log of decisions."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sites"].queryset = sites()  # type: ignore[attr-defined]
        self.fields["systems"].queryset = System.objects.order_by("name")  # type: ignore[attr-defined]
        self.fields["processes"].queryset = Process.objects.order_by("name")  # type: ignore[attr-defined]


class UpdateForm(Once):
    audience = forms.ChoiceField(
        label=_("Who reads it"), choices=[c for c in Update.Audience.choices if c[0] != Update.Audience.ASKERS],
        initial=Update.Audience.PUBLIC, widget=forms.RadioSelect,
    )  # fmt: skip
    text = forms.CharField(
        label=_("What is known"), max_length=TEXT, widget=area(), error_messages={"required": _("Say what is known, in a sentence.")}
    )
    state = forms.ChoiceField(label=_("State"))
    eta = Until(label=_("Expected to work again"), required=False)

    def __init__(self, *args: Any, confirmed: bool = False, **kwargs: Any) -> None:
        """What was confirmed is no false alarm any more, so it is not offered."""
        super().__init__(*args, **kwargs)
        offered = [c for c in Incident.State.choices if c[0] != Incident.State.RESOLVED]
        if confirmed:
            offered = [c for c in offered if c[0] != Incident.State.FALSE_ALARM]
        self.fields["state"].choices = offered  # type: ignore[attr-defined]


class WordsForm(Spoken):
    spoken = {"title": 1, "seen": 2}
    title = forms.CharField(label=_("What does not work?"), max_length=160)
    seen = forms.CharField(
        label=_("What people notice, and what they can do meanwhile"), required=False, max_length=600, widget=area(2)
    )
    severity = forms.ChoiceField(label=_("How bad"), choices=Incident.Severity)
    began_at = Since(label=_("Since when"))
    cause = forms.CharField(label=_("The cause (staff only)"), required=False, max_length=600, widget=area(2))


class EvidenceForm(forms.Form):
    evidence = forms.CharField(
        label=_("What was done, and how can one tell?"), max_length=TEXT, widget=area(2),
        error_messages={"required": _("Say in a few words what was done, so that others can rely on it.")},
    )  # fmt: skip
    said_by = forms.CharField(
        label=_("Who at the school said so?"), max_length=120, required=False,
        error_messages={"required": _("Write the name of whoever at the school said so.")},
    )  # fmt: skip

    def __init__(self, *args: Any, asks_who: bool = False, **kwargs: Any) -> None:
        """`asks_who`: it is of a school, and whoever confirms it is not."""
        super().__init__(*args, **kwargs)
        self.fields["said_by"].required = asks_who


class DecisionForm(forms.Form):
    question = forms.CharField(label=_("What had to be decided?"), max_length=300)
    answer = forms.CharField(label=_("What was decided, and why?"), max_length=TEXT, widget=area(2))


class AnswerForm(Once):
    text = forms.CharField(label=_("To everybody who asked about it"), max_length=TEXT, widget=area(4))
    solves = forms.BooleanField(label=_("This solves it: resolve their tickets"), required=False)


class ResolveForm(Spoken):
    spoken = {"text": 2, "to_askers": 3}
    text = forms.CharField(label=_("The last word on the status page"), required=False, max_length=TEXT, widget=area(2))
    to_askers = forms.CharField(
        label=_("To everybody whose ticket is linked"), required=False, max_length=TEXT, widget=area(),
        help_text=_("Their tickets are resolved with it. Empty: they are left as they are."),
    )  # fmt: skip
    override = forms.CharField(label=_("Close it all the same, because"), required=False, max_length=600, widget=area(2))


class PaperForm(forms.Form):
    kind: "forms.ModelChoiceField[PaperKind]" = forms.ModelChoiceField(label=_("Which form"), queryset=None, empty_label=None)
    site: "forms.ModelChoiceField[Site]" = forms.ModelChoiceField(label=_("For which school"), queryset=None, empty_label=None)
    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=500, initial=20)

    def __init__(self, *args: Any, schools: list[Site], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].queryset = PaperKind.objects.order_by("order")  # type: ignore[attr-defined]
        chosen = Site.objects.filter(id__in=[school.id for school in schools])
        self.fields["site"].queryset = chosen.order_by("name")  # type: ignore[attr-defined]


class SettleForm(forms.Form):
    kind: "forms.ModelChoiceField[PaperKind]" = forms.ModelChoiceField(queryset=None)
    site: "forms.ModelChoiceField[Site]" = forms.ModelChoiceField(queryset=None)
    numbers = forms.CharField(label=_("Numbers"), max_length=400)
    state = forms.ChoiceField(choices=[("entered", ""), ("void", ""), ("issued", "")])
    reason = forms.CharField(label=_("Why void"), required=False, max_length=300)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].queryset = PaperKind.objects.all()  # type: ignore[attr-defined]
        self.fields["site"].queryset = Site.objects.all()  # type: ignore[attr-defined]


class FindingForm(forms.Form):
    text = forms.CharField(label=_("What is to be done better"), max_length=300)
    owner: "forms.ModelChoiceField[Person]" = forms.ModelChoiceField(
        label=_("Who sees to it"), queryset=None, required=False, empty_label=_("nobody yet")
    )
    due_at = Until(label=_("By when"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = staff()  # type: ignore[attr-defined]


class LevelForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=200)
    after_minutes = forms.IntegerField(
        label=_("Begins after (minutes)"), required=False, min_value=0, max_value=10_000, help_text=_("Empty: once it works again.")
    )
    step_minutes = forms.IntegerField(label=_("Time for its steps (minutes)"), min_value=1, max_value=10_000)
    role: "forms.ModelChoiceField[OwnerRole]" = forms.ModelChoiceField(
        label=_("Whose it is"),
        queryset=None,
        required=False,
        empty_label=_("the district's administrators"),
    )
    wakes = forms.BooleanField(label=_("Wakes people at night, by text too"), required=False)
    actions = forms.CharField(
        label=_("Steps, a line each"), widget=area(6), required=False,
        help_text=_("Begin a line with “?” for a decision, “!” for a check before it counts as over, “@team:” for a"
                    " department's backup, “*” for each school's confirmation."),
    )  # fmt: skip

    reason = forms.CharField(
        label=_("Why the recovery gate of what runs does without a step"), required=False, max_length=600, widget=area(2),
        help_text=_("Only while an outage runs: it stands in the log of its decisions."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = OwnerRole.objects.order_by("name")  # type: ignore[attr-defined]
