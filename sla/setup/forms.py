"""What administrators type about services, promises and the calendar, checked."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.editing import KINDS, EditForm, Lines, OneLine, choices_of, name_once
from districts.models import CalendarDay, Priority, Service, Site, Team
from districts.queries import sites, teams
from sla.catalog import MOST_DAYS, Key
from sla.models import ClockKind, Policy
from sla.policies import USUAL
from sla.setup.reading import TermsBound, TermsField

FIRST, RESOLVE = ClockKind.FIRST_RESPONSE, ClockKind.RESOLUTION
BACK = timedelta(days=31)  # a closure is sometimes entered when all are back
AHEAD = timedelta(days=731)


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
        super().__init__(data, shown={_field(kind, priority): own.get((kind, priority), "") for kind, priority in USUAL})
        for kind, priority in USUAL:
            field = TermsField(label=ClockKind(kind).label)
            field.widget.attrs |= {"placeholder": own.get((kind, None)) or USUAL[kind, priority], "class": "form-control"}
            self.fields[_field(kind, priority)] = field

    def rows(self) -> list[tuple[str, list[TermsBound]]]:
        """(priority, its fields: first response, resolution)."""
        return [(str(p.label), [self[_field(kind, p)] for kind in (FIRST, RESOLVE)]) for p in Priority]  # type: ignore[misc]

    def promises(self) -> dict[Key, str]:
        return {(kind, None, int(priority)): self.cleaned_data[_field(kind, priority)] for kind, priority in USUAL}


def _field(kind: str, priority: int) -> str:
    return f"{kind}_{int(priority)}"


class DaysForm(EditForm):
    kind = forms.ChoiceField(label=gettext_lazy("What it is"), choices=CalendarDay.Kind, initial=CalendarDay.Kind.CLOSURE)
    name = OneLine(
        label=gettext_lazy("Name"), max_length=200, required=False, help_text=gettext_lazy("As families know it: “Winter break”.")
    )
    first = forms.DateField(label=gettext_lazy("First day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    last = forms.DateField(
        label=gettext_lazy("Last day"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: one day."),
    )  # fmt: skip
    site = forms.ChoiceField(label=gettext_lazy("Where"), required=False)
    opens = forms.TimeField(
        label=gettext_lazy("Open from"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )
    closes = forms.TimeField(
        label=gettext_lazy("until"), required=False, widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    )

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(data, shown={"kind": CalendarDay.Kind.CLOSURE, "first": today}, new=True)
        self.today = today
        self.sites: dict[str, Site] = {str(site.id): site for site in sites()}
        self.fields["site"].choices = choices_of(self.sites.values(), none=_("The whole district"))  # type: ignore[attr-defined]

    def clean_first(self) -> date:
        return self._near(self.cleaned_data["first"])

    def clean_last(self) -> date | None:
        last = self.cleaned_data["last"]
        return self._near(last) if last else None

    def _near(self, day: date) -> date:
        if not self.today - BACK <= day <= self.today + AHEAD:
            raise ValidationError(_("From a month ago to two years ahead. Is the year right?"))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        first, last, opens, closes = (data.get(name) for name in ("first", "last", "opens", "closes"))
        if first and last and last < first:
            self.add_error("last", _("This is before the first day."))
        elif first and last and (last - first).days >= MOST_DAYS:
            self.add_error("last", _("More than %(most)d days. Is the year right?") % {"most": MOST_DAYS})
        if bool(opens) != bool(closes):
            self.add_error("closes" if opens else "opens", _("Give both times, or neither."))
        elif opens and opens >= closes:
            self.add_error("closes", _("This is before it opens."))
        if data.get("kind") == CalendarDay.Kind.EARLY and not closes and not self.errors:
            self.add_error("opens", _("Say from when until when the offices are open on this day."))
        return data

    def values(self) -> dict[str, Any]:
        """For `catalog.enter_days`."""
        data = self.cleaned_data
        hours = [[f"{data['opens']:%H:%M}", f"{data['closes']:%H:%M}"]] if data["opens"] else None
        return {
            "first": data["first"], "last": data["last"] or data["first"], "kind": data["kind"], "name": data["name"],
            "site": self.sites.get(data["site"]), "windows": hours,
        }  # fmt: skip
