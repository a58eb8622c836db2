"""What people type about playbooks and their runs, checked."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.access import Actor
from districts.editing import EditForm, Lines, OneLine, dress, name_once
from districts.models import ContactPoint, Person, Service, Team
from districts.queries import address_of, people_named, services
from ownership.models import OwnerRole, Playbook, PlaybookStep, Process, Proof
from ownership.playbooks import opening, timing
from ownership.playbooks.usual import BY_SLUG, FAILED
from sla import terms
from sla.setup.reading import TermsField
from tickets.models import Ticket
from tickets.queries import visible

LONGEST_FACT = 300
MOST_FACTS = 30


class PlaybookForm(EditForm):
    name = OneLine(label=gettext_lazy("Name"), max_length=200)
    kind = forms.ChoiceField(label=gettext_lazy("For"), choices=Playbook.Kind)
    description = forms.CharField(
        label=gettext_lazy("What it is for"), max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    line = OneLine(
        label=gettext_lazy("What the person it is about reads"), max_length=200, required=False,
        help_text=gettext_lazy("What it is, in a few words: “The move to the new school”. They see it with how far it is, and nothing "
                               "else, and get a mail at the beginning and one at the end. Left empty, nobody outside sees anything."),
    )  # fmt: skip
    service = forms.ChoiceField(
        label=gettext_lazy("The ticket that it opens for them is about"), required=False,
        help_text=gettext_lazy("Whoever begins it may have a ticket opened for the person. It goes to the team of this service, with "
                               "what is promised for it."),
    )  # fmt: skip
    gated = forms.BooleanField(label=gettext_lazy("It ends with a signature, taken only when every step is done"), required=False)
    active = forms.BooleanField(label=gettext_lazy("It may be begun"), required=False)
    processes = forms.MultipleChoiceField(
        label=gettext_lazy("Begins by itself when one of these fails"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: Any = None, *, playbook: Playbook | None) -> None:
        self.playbook = playbook
        names = ("name", "kind", "description", "line", "gated", "active")
        shown = {name: getattr(playbook, name) for name in names} if playbook else {"active": True}
        self.rows = {str(row.id): row for row in Process.objects.order_by("name")}
        mine = [key for key, row in self.rows.items() if playbook and row.failing == playbook.slug]
        service = str(playbook.service_id or "") if playbook else ""
        super().__init__(data, shown={**shown, "service": service, "processes": mine}, new=playbook is None)
        self._offer_services(playbook)
        self.fields["processes"].choices = [(key, row.name) for key, row in self.rows.items()]  # type: ignore[attr-defined]
        asked = playbook and playbook.kind == Playbook.Kind.FEED and playbook.slug != FAILED.slug  # which begins for all that name none
        if not asked or not self.rows:
            del self.fields["processes"]

    def _offer_services(self, playbook: Playbook | None) -> None:
        """Of a life event; the one that was chosen, even where nobody can ask for it any more."""
        if playbook is None or playbook.kind != Playbook.Kind.LIFE:
            self.services: dict[str, Service] = {}
            del self.fields["service"]
            return
        chosen = [playbook.service] if playbook.service else []
        self.services = {str(row.id): row for row in [*services(), *chosen]}
        offered = [(key, f"{row.name} ({row.team.name})") for key, row in self.services.items()]
        self.fields["service"].choices = [("", _("None: the front office has it")), *offered]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        others = Playbook.objects.exclude(id=self.playbook.id) if self.playbook else Playbook.objects.all()
        return name_once(self.cleaned_data["name"], others)

    def values(self) -> dict[str, Any]:
        kept = {name: value for name, value in self.cleaned_data.items() if name not in ("processes", "service")}
        return kept | ({"service": self.services.get(self.cleaned_data["service"])} if "service" in self.fields else {})

    def chosen(self) -> list[Process] | None:
        """Processes for which it begins by itself. None: they were not asked for."""
        return [self.rows[key] for key in self.cleaned_data["processes"]] if "processes" in self.cleaned_data else None


class StepForm(EditForm):
    part = OneLine(
        label=gettext_lazy("List or department"), max_length=120, required=False,
        help_text=gettext_lazy("Steps of the same one stand together."),
    )  # fmt: skip
    title = OneLine(label=gettext_lazy("What is to be done"), max_length=300)
    detail = forms.CharField(
        label=gettext_lazy("How"), max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )  # fmt: skip
    whom = forms.ChoiceField(label=gettext_lazy("Whose it is"), required=False)
    terms = TermsField(
        label=gettext_lazy("By when"), help_text=gettext_lazy("Counted from when it may begin: “within 4 business hours”.")
    )
    after = forms.TypedMultipleChoiceField(
        label=gettext_lazy("It waits for"), required=False, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    proof = forms.ChoiceField(label=gettext_lazy("How one can tell that it was done"), choices=Proof)

    def __init__(self, data: Any = None, *, step: PlaybookStep | None, others: Sequence[PlaybookStep]) -> None:
        super().__init__(data, shown=_shown(step), new=step is None)
        roles = {f"role:{role.id}": role for role in OwnerRole.objects.order_by("name")}
        teams = {f"team:{team.id}": team for team in Team.objects.order_by("name")}
        self.rows: Mapping[str, OwnerRole | Team] = {**roles, **teams}
        self.fields["whom"].choices = [  # type: ignore[attr-defined]
            ("", _("Whoever answers for what it is about, or began it")),
            (_("Whoever holds the role"), [(key, row.name) for key, row in roles.items()]),
            (_("The lead of the team"), [(key, row.name) for key, row in teams.items()]),
        ]
        self.fields["after"].choices = [(one.order, f"{one.order}. {one.title}") for one in others]  # type: ignore[attr-defined]
        if not others:
            del self.fields["after"]

    def clean_terms(self) -> str:
        written: str = self.cleaned_data["terms"]
        if written and not timing.counts(terms.parse(written)):
            raise ValidationError(_("It is counted from when the step may begin: “within 2 business days”, “by 2 PM”."))
        return written

    def values(self) -> dict[str, Any]:
        """For `keeping.save_step`."""
        chosen = self.rows.get(self.cleaned_data["whom"])
        kept = {name: self.cleaned_data[name] for name in ("part", "title", "detail", "terms", "proof")}
        return kept | {
            "role": chosen if isinstance(chosen, OwnerRole) else None, "team": chosen if isinstance(chosen, Team) else None,
            "after": self.cleaned_data.get("after", []),
        }  # fmt: skip


def _shown(step: PlaybookStep | None) -> dict[str, Any]:
    if step is None:
        return {"proof": Proof.TEXT}
    whom = f"role:{step.role_id}" if step.role_id else f"team:{step.team_id}" if step.team_id else ""
    return {name: getattr(step, name) for name in ("part", "title", "detail", "terms", "after", "proof")} | {"whom": whom}


class StartForm(forms.Form):
    """With a field for each thing that a playbook of ours asks for."""

    title = OneLine(label=gettext_lazy("What it is about"), max_length=300)
    person = OneLine(
        label=gettext_lazy("The person it is about"), max_length=254, required=False,
        help_text=gettext_lazy("By mail address or whole name, of somebody who is known here: the family, or the new colleague."),
    )  # fmt: skip
    opens = forms.BooleanField(label=gettext_lazy("Open a ticket for them"), required=False)
    ticket = OneLine(label=gettext_lazy("Number of a ticket it belongs to"), max_length=12, required=False)
    more = Lines(
        label=gettext_lazy("What else those who do it need to know"), most=MOST_FACTS, longest=LONGEST_FACT, rows=3,
        help_text=gettext_lazy("One a line, with its name before a colon. “Bus card: ends on Friday.”"),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, playbook: Playbook, actor: Actor, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.actor = actor
        usual = BY_SLUG.get(playbook.slug)
        self.asked = {f"fact_{n}": str(name) for n, name in enumerate(usual.facts if usual else (), 1)}
        for key, name in self.asked.items():
            self.fields[key] = OneLine(label=name, max_length=LONGEST_FACT, required=False)
        self.order_fields(["title", *self.asked, "person", "opens", "ticket", "more"])
        if not playbook.line:
            del self.fields["person"]
        if opening.may_open(playbook):
            self.fields["opens"].help_text = _whose_ticket(playbook)
        else:
            del self.fields["opens"]
        for field in self.fields.values():
            dress(field)

    def clean_person(self) -> Person | None:
        words: str = self.cleaned_data["person"]
        found = list(people_named(words)[:20]) if words else []
        if words and not found:
            raise ValidationError(_("Nobody of that name or address is known here. Left empty, nobody is told."))
        if len(found) > 1:
            raise ValidationError(_("%(n)d people are found by that: type the whole address.") % {"n": len(found)})
        return found[0] if found else None

    def clean_ticket(self) -> Ticket | None:
        written = self.cleaned_data["ticket"].lstrip("#").strip()
        if not written:
            return None
        number = int(written) if written.isascii() and written.isdecimal() else 0
        found = Ticket.objects.filter(visible(self.actor), number=number).select_related("team").first()
        if found is None:
            raise ValidationError(_("There is no such ticket, or it is not yours to see."))
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("opens") and "person" in data and data["person"] is None:
            self.add_error("person", _("Whom is the ticket for? Name them, or open none."))
        elif data.get("opens") and data.get("person") and not address_of(data["person"], ContactPoint.Kind.EMAIL):
            self.add_error("person", _("No mail address of theirs is known: they would not hear of the ticket."))
        if data.get("opens") and data.get("ticket"):
            self.add_error("ticket", _("Either a ticket that is there, or one that is opened now."))
        return data

    def facts(self) -> dict[str, str]:
        given = {name: self.cleaned_data[key] for key, name in self.asked.items() if self.cleaned_data.get(key)}
        for line in self.cleaned_data["more"]:
            name, colon, value = line.partition(":")
            given |= {name.strip(): value.strip()} if colon and value.strip() else {line: ""}
        return given


def _whose_ticket(playbook: Playbook) -> str:
    page = _("They get its page by mail: it says how far it is, and they can write back there.")
    if playbook.service is None or not playbook.service.active:
        return " ".join([page, _("The front office has it.")])
    whose = _("%(team)s has it, as “%(service)s”.") % {"team": playbook.service.team.name, "service": playbook.service.name}
    return " ".join([page, whose])


class WordForm(forms.Form):
    """Why, or a name: one line that may not be empty."""

    words = OneLine(max_length=300)
