"""What leaders and callers type."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alerts import climbing, promised
from alerts.audience import KINDS, Audience
from alerts.models import Alert, AlertPolicy, AlertTemplate, Channel, Kind, PhoneCall
from alerts.policies import channels_here, rings
from districts.editing import OneLine, choices_of, dress
from districts.models import Team
from districts.queries import calendar_of, sites, teams, this_district
from ownership.models import OwnerRole, Process
from sla.setup.reading import TermsField

SENT_BY = [(channel.value, channel.label) for channel in (Channel.SMS, Channel.EMAIL, Channel.VOICE)]
LONGEST_TEXT, LONGEST_MAIL = 600, 10_000
PARTS = ("subject", "text", "mail")
REAL = (Kind.EMERGENCY, Kind.ORDINARY)
_GROUPED = re.compile(r"[\s.,’'\u00a0\u202f]")  # as a number is written: 10,000 · 10.000 · 10 000


def ways_here() -> list[tuple[str, Any]]:
    """Calls by a machine only where there is one."""
    return [way for way in SENT_BY if way[0] != Channel.VOICE or rings()]


class AudienceForm(forms.Form):
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("People"), required=False, widget=forms.CheckboxSelectMultiple,
        choices=[(kind, name) for kind, (name, _kinds) in KINDS.items()],
    )  # fmt: skip
    sites = forms.MultipleChoiceField(
        label=gettext_lazy("Only at these schools"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None chosen: everywhere, also people of whom no school is known."),
    )  # fmt: skip
    teams = forms.MultipleChoiceField(
        label=gettext_lazy("And the people of these teams"), required=False, widget=forms.CheckboxSelectMultiple
    )
    channels = forms.MultipleChoiceField(label=gettext_lazy("By"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["channels"].choices = ways_here()  # type: ignore[attr-defined]
        self.fields["sites"].choices = choices_of(sites())  # type: ignore[attr-defined]
        self.fields["teams"].choices = choices_of(Team.objects.filter(id__in=teams().values("id")).order_by("name"))  # type: ignore[attr-defined]
        for field in self.fields.values():
            dress(field)

    def audience(self) -> Audience:
        given = self.cleaned_data
        return Audience(kinds=given["kinds"], sites=given["sites"], teams=given["teams"], channels=given["channels"])


class WordsForm(forms.Form):
    """A subject, a text and a mail in each language of the district; one language is enough."""

    def __init__(self, data: Any = None, *, words: Mapping[str, Mapping[str, str]], spoken: list[str], **more: Any) -> None:
        super().__init__(data, **more)
        self.codes = spoken
        for code in spoken:
            for part, made in self._parts(words.get(code, {})):
                self.fields[f"{code}_{part}"] = made
                dress(made)

    def _parts(self, said: Mapping[str, str]) -> Iterator[tuple[str, forms.Field]]:
        yield "subject", OneLine(label=_("Subject of the mail"), max_length=150, required=False, initial=said.get("subject", ""))
        area = forms.Textarea(attrs={"rows": 3})
        yield (
            "text",
            forms.CharField(
                label=_("Text message"), max_length=LONGEST_TEXT, required=False, widget=area, initial=said.get("text", "")
            ),
        )
        mail = forms.Textarea(attrs={"rows": 6})
        yield (
            "mail",
            forms.CharField(label=_("Mail"), max_length=LONGEST_MAIL, required=False, widget=mail, initial=said.get("mail", "")),
        )

    @property
    def languages(self) -> list[tuple[str, str, list[Any]]]:
        """(code, name, fields) for the page."""
        names = dict(settings.LANGUAGES)
        return [(code, str(names.get(code, code)), [self[f"{code}_{part}"] for part in PARTS]) for code in self.codes]

    def words(self) -> dict[str, dict[str, str]]:
        said = {code: {part: self._typed(code, part) for part in PARTS} for code in self.codes}
        return {code: parts for code, parts in said.items() if any(parts.values())}

    def _typed(self, code: str, part: str) -> str:
        return str(self.cleaned_data.get(f"{code}_{part}", "")).replace("\r\n", "\n").strip()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for code in self.codes:
            if data.get(f"{code}_mail", "").strip() and not data.get(f"{code}_text", "").strip():
                self.add_error(f"{code}_text", _("The text message is missing: without it nobody is written to in this language."))
        if not any(data.get(f"{code}_text", "").strip() for code in self.codes):
            self.add_error(f"{self.codes[0]}_text", _("Write at least one text message."))
        return data


class AlertForm(WordsForm):
    title = OneLine(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("For the list of alerts; families do not see it.")
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, kinds: Sequence[str], **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["kind"].choices = [(kind, Kind(kind).label) for kind in kinds]  # type: ignore[attr-defined]
        dress(self.fields["title"])
        dress(self.fields["kind"])


def kinds_of(template: AlertTemplate | None, alert: Alert | None) -> Sequence[str]:
    """The monthly test's words make tests only; a draft stays what it is, a test or something real."""
    if alert is not None:
        return [Kind.TEST] if alert.is_test else REAL
    return [Kind.TEST] if template and template.kind == Kind.TEST else list(Kind)


def shown_of(alert: Alert) -> dict[str, Any]:
    return {name: getattr(alert, name) for name in ("title", "kind", "kinds", "sites", "teams", "channels")}


def shown_of_template(template: AlertTemplate | None) -> dict[str, Any]:
    kind = template.kind if template else Kind.EMERGENCY
    return {"title": template.name if template else "", "kind": kind, "kinds": ["family"], "channels": channels_here()}


class ConfirmForm(forms.Form):
    """What is typed before anything leaves: of something real how many people it is for, so that nobody sends it to all by mistake."""

    word = forms.CharField(max_length=20, required=False)
    seen = forms.CharField(max_length=16, required=False)

    def __init__(self, data: Any = None, *, people: int, test: bool) -> None:
        super().__init__(data)
        self.people, self.test = people, test

    def clean_word(self) -> str:
        typed = str(self.cleaned_data["word"]).strip().strip("“”\"'")
        if self.test:
            if typed.casefold() != _("TEST").casefold():
                raise forms.ValidationError(_("Type the word %(word)s to send it.") % {"word": _("TEST")})
        elif _GROUPED.sub("", typed) != str(self.people):
            raise forms.ValidationError(_("Type how many people it is for. Just now these are %(n)s.") % {"n": self.people})
        return typed


class NoteForm(forms.Form):
    note = forms.CharField(
        label=gettext_lazy("What you found"), max_length=2000, min_length=3, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        dress(self.fields["note"])


class CallForm(forms.Form):
    outcome = forms.ChoiceField(choices=[one for one in PhoneCall.Outcome.choices if one[0] != PhoneCall.Outcome.OPEN])


class MendForm(forms.Form):
    what = forms.ChoiceField(choices=[("mend", ""), ("right", ""), ("nobody", "")])
    address = OneLine(max_length=254, required=False)


class TemplateForm(WordsForm):
    title = OneLine(label=gettext_lazy("Name"), max_length=120)
    active = forms.BooleanField(label=gettext_lazy("Offered on the alerts page"), required=False)

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        dress(self.fields["title"])
        dress(self.fields["active"])


def _field(field: "models.Field[Any, Any]", **told: Any) -> forms.Field | None:
    """Rows to choose from are those of the district in scope: none is when this module is read, so each form sets its own."""
    if not isinstance(field, models.ForeignKey):
        plain: forms.Field | None = field.formfield(**told)
        return plain
    return forms.ModelChoiceField(queryset=None, required=not field.blank, label=told.get("label"), help_text=told.get("help_text", ""))


class ReachField(TermsField):
    """A promise of alerts in the district's words, read as every other promise is."""

    def to_python(self, value: Any) -> str:
        terms = super().to_python(value)
        if not terms:
            raise ValidationError(_("Say how many are reached by when."), code="required")
        now = timezone.now()
        try:
            promised.check(terms, calendar_of(this_district(), now=now), now=now)
        except promised.NoReach as error:
            raise ValidationError(_("No promise of an alert: %(missing)s"), code="no_reach", params={"missing": error}) from error
        return terms


class PolicyForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = AlertPolicy
        formfield_callback = _field
        fields = (
            "terms", "channels", "process", "owner_role", "caller_role", "contacts_role", "second_person", "test_on", "test_day",
            "test_time",
        )  # fmt: skip
        labels = {
            "process": gettext_lazy("Row of the matrix"),
            "owner_role": gettext_lazy("Signs the delivery report"),
            "caller_role": gettext_lazy("Calls where a school has nobody who works here"),
            "contacts_role": gettext_lazy("Mends addresses"),
            "second_person": gettext_lazy("A second leader must approve every alert but tests"),
            "test_on": gettext_lazy("Send a test every month"),
            "test_day": gettext_lazy("On day of the month"),
            "test_time": gettext_lazy("At"),
        }
        help_texts = {
            "process": gettext_lazy("Its ladder begins when too few are reached, or the report is late. None: a row of its own."),
            "owner_role": gettext_lazy("They may also send alerts. None: the leaders."),
            "caller_role": gettext_lazy("None: whoever signs the report."),
            "contacts_role": gettext_lazy("None: the leaders."),
            "test_day": gettext_lazy("1 to 28; where it is no school day, the next one."),
            "test_time": gettext_lazy("On the district's clock."),
        }
        widgets = {"test_time": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        self.fields["terms"] = ReachField(label=_("How many are reached by when"))
        self.fields["channels"] = forms.MultipleChoiceField(
            label=_("Goes out by"), choices=ways_here(), widget=forms.CheckboxSelectMultiple,
            help_text=_("Where nobody says otherwise, and every test. Voice calls need an address under Set-up, Ladders, Phone calls."),
        )  # fmt: skip
        day = self.fields["test_day"]
        self.fields["test_day"] = forms.IntegerField(label=day.label, min_value=1, max_value=28, help_text=day.help_text)
        for name in ("owner_role", "caller_role", "contacts_role"):
            self.fields[name].queryset = OwnerRole.objects.order_by("name")  # type: ignore[attr-defined]
            self.fields[name].empty_label = "—"  # type: ignore[attr-defined]
        self.fields["process"].queryset = Process.objects.exclude(slug=climbing.OWN).order_by("name")  # type: ignore[attr-defined]
        self.fields["process"].empty_label = "—"  # type: ignore[attr-defined]
        for field in self.fields.values():
            dress(field)
