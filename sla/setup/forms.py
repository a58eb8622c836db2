"""What administrators type about services and promises, checked."""

from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.editing import KINDS, EditForm, Lines, OneLine, choices_of, name_once
from districts.models import Priority, Service, Team
from districts.queries import teams
from sla.catalog import Key
from sla.models import ClockKind, Policy
from sla.policies import USUAL
from sla.setup.reading import TermsBound, TermsField

FIRST, NEXT, RESOLVE = ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE, ClockKind.RESOLUTION
KINDS_OF_PROMISE = (FIRST, NEXT, RESOLVE)
PROMISED = [(kind, priority) for priority in Priority for kind in KINDS_OF_PROMISE]
TEAM_WIDE = Q(kind=ClockKind.TEAM, priority__isnull=True, service__isnull=True)


class ServiceForm(EditForm):
    name = OneLine(label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("As people would ask for it: “Bus stop change”."))
    team = forms.ChoiceField(label=gettext_lazy("Team"), error_messages={"required": gettext_lazy("Choose the team that does it.")})
    description = forms.CharField(
        label=gettext_lazy("What it is"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    example_phrases = Lines(
        label=gettext_lazy("What people write when they need it"), most=100, longest=300, rows=6,
        help_text=gettext_lazy("One a line, in their words: “the bus did not come”. Triage learns from them; five are a good start."),
    )  # fmt: skip
    audience = forms.MultipleChoiceField(label=gettext_lazy("For whom"), required=False, widget=forms.CheckboxSelectMultiple)
    priority = forms.TypedChoiceField(label=gettext_lazy("Priority"), choices=Priority, coerce=int, initial=Priority.NORMAL)
    sensitive = forms.BooleanField(
        label=gettext_lazy("Sensitive: only its team and named people see it; every read is recorded"), required=False
    )
    active = forms.BooleanField(label=gettext_lazy("Offered: people can ask for it"), required=False, initial=True)
    first = TermsField(label=ClockKind.FIRST_RESPONSE.label)
    resolve = TermsField(label=ClockKind.RESOLUTION.label)

    def __init__(self, data: Any = None, *, service: Service | None, usual: dict[str, str]) -> None:
        super().__init__(data, shown=_shown(service), new=service is None)
        self.service = service
        self._fill_choices(service)
        for kind in (FIRST, RESOLVE):
            self.fields[NAME_OF[kind]].widget.attrs["placeholder"] = usual[kind]

    def _fill_choices(self, service: Service | None) -> None:
        self.teams = {str(team.id): team for team in teams()}
        self.fields["team"].choices = choices_of(self.teams.values(), none=_("Choose a team"))  # type: ignore[attr-defined]
        known = dict(KINDS)
        own = [(kind, kind) for kind in (service.audience if service else []) if kind not in known]
        self.fields["audience"].choices = [*KINDS, *own]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        others = Service.objects.exclude(id=self.service.id) if self.service else Service.objects.all()
        return name_once(self.cleaned_data["name"], others)

    def clean_team(self) -> Team:
        return self.teams[self.cleaned_data["team"]]

    def values(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in NAME_OF.values()}

    def promises(self) -> dict[str, str]:
        return {kind: self.cleaned_data[name] for kind, name in NAME_OF.items()}


NAME_OF = {str(FIRST): "first", str(RESOLVE): "resolve"}


def _shown(service: Service | None) -> dict[str, Any]:
    if service is None:
        return {"active": True, "priority": int(Priority.NORMAL)}
    names = ("name", "description", "example_phrases", "audience", "priority", "sensitive", "active")
    own = dict(Policy.objects.filter(service=service, priority__isnull=True).values_list("kind", "terms"))
    promises = {name: own.get(kind, "") for kind, name in NAME_OF.items()}
    return {name: getattr(service, name) for name in names} | {"team": str(service.team_id)} | promises


class PromisesForm(EditForm):
    """What the district promises by priority, where a service has no promise of its own. Empty: the usual, shown in grey."""

    def __init__(self, data: Any = None) -> None:
        own = {
            (kind, priority): terms
            for kind, priority, terms in Policy.objects.filter(service__isnull=True).values_list("kind", "priority", "terms")
        }
        super().__init__(data, shown={_field(kind, priority): own.get((kind, priority), "") for kind, priority in PROMISED})
        for kind, priority in PROMISED:
            field = TermsField(label=ClockKind(kind).label)
            first = own.get((FIRST, priority)) or own.get((FIRST, None)) or USUAL[FIRST, priority]
            usual = own.get((kind, None)) or USUAL.get((kind, priority)) or first
            field.widget.attrs |= {"placeholder": usual, "class": "form-control"}
            self.fields[_field(kind, priority)] = field

    def rows(self) -> list[tuple[str, list[TermsBound]]]:
        """(priority, its fields: first response, next response, resolution)."""
        return [(str(p.label), [self[_field(kind, p)] for kind in KINDS_OF_PROMISE]) for p in Priority]  # type: ignore[misc]

    def promises(self) -> dict[Key, str]:
        return {(kind, None, int(priority), None): self.cleaned_data[_field(kind, priority)] for kind, priority in PROMISED}


class TeamsForm(EditForm):
    """The time that teams give themselves for a ticket that lands on them. Empty: none of their own."""

    def __init__(self, data: Any = None) -> None:
        own: dict[UUID | None, str] = dict(Policy.objects.filter(TEAM_WIDE).values_list("team_id", "terms"))
        self.teams: dict[str, Team | None] = {"any": None} | {f"team_{team.id}": team for team in teams()}
        shown = {name: own.get(team.id if team else None, "") for name, team in self.teams.items()}
        super().__init__(data, shown=shown)
        for name, team in self.teams.items():
            field = TermsField(label=team.name if team else _("Any team"))
            field.widget.attrs |= {"placeholder": own.get(None, "") if team else "", "class": "form-control"}
            self.fields[name] = field

    def promises(self) -> dict[Key, str]:
        return {(ClockKind.TEAM, None, None, team): self.cleaned_data[name] for name, team in self.teams.items()}


def _field(kind: str, priority: int) -> str:
    return f"{kind}_{int(priority)}"
