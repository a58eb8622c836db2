"""What administrators type about places and teams, checked."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, validate_slug
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts import actions
from districts.editing import EditForm, Lines, OneLine, name_once
from districts.models import Department, Site, Team
from districts.queries import free_slug

CODE = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z", gettext_lazy("Letters, digits, hyphens and underscores only: it is part of an address.")
)
SITE_KINDS = ("elementary", "middle", "high", "k8", "early learning", "alternative", "office", "support")


class SiteForm(EditForm):
    name = OneLine(label=gettext_lazy("Name"), max_length=200)
    code = OneLine(
        label=gettext_lazy("Code"), max_length=16, validators=[CODE],
        help_text=gettext_lazy("Short, as your other systems have it. It is part of the address on posters: /at/CODE/."),
    )  # fmt: skip
    is_school = forms.BooleanField(label=gettext_lazy("A school: students come here"), required=False)
    kind = OneLine(label=gettext_lazy("Kind"), max_length=32, required=False)
    aliases = Lines(
        label=gettext_lazy("What people call it"), most=40, longest=100,
        help_text=gettext_lazy("One a line. Triage finds the place in a message by its name and by these."),
    )  # fmt: skip
    address = OneLine(label=gettext_lazy("Address"), max_length=300, required=False)
    phone = OneLine(label=gettext_lazy("Phone"), max_length=32, required=False)

    def __init__(self, data: Any = None, *, site: Site | None) -> None:
        names = ("name", "code", "kind", "is_school", "aliases", "address", "phone")
        super().__init__(data, shown={n: getattr(site, n) for n in names} if site else {"is_school": True}, new=site is None)
        self.site = site
        self.fields["kind"].widget.attrs["list"] = "site-kinds"

    def clean_name(self) -> str:
        others = Site.objects.exclude(id=self.site.id) if self.site else Site.objects.all()
        return name_once(self.cleaned_data["name"], others)

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        others = Site.objects.exclude(id=self.site.id) if self.site else Site.objects.all()
        if other := others.filter(code=code).first():
            raise ValidationError(_("%(name)s has this code already.") % {"name": other.name})
        return code


class TeamForm(EditForm):
    """Marks that one team has (front office, safety) are taken, not given up: the other team's goes with it."""

    name = OneLine(label=gettext_lazy("Name"), max_length=200)
    slug = forms.CharField(
        label=gettext_lazy("Short name"), max_length=50, required=False, validators=[validate_slug],
        help_text=gettext_lazy("For links and lists. Left empty it is made from the name."),
    )  # fmt: skip
    description = forms.CharField(
        label=gettext_lazy("What it does"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("In plain words. Triage learns from it."),
    )  # fmt: skip
    email = forms.EmailField(
        label=gettext_lazy("Email"), max_length=254, required=False, help_text=gettext_lazy("Where the team itself is reached.")
    )
    department = OneLine(
        label=gettext_lazy("Department"), max_length=200, required=False,
        help_text=gettext_lazy("Choose one there is, or type a new one."),
    )  # fmt: skip
    is_front_office = forms.BooleanField(label=gettext_lazy("Front office: takes what triage is not sure of"), required=False)
    is_safety = forms.BooleanField(label=gettext_lazy("Safety: words of danger go here at once"), required=False)

    def __init__(self, data: Any = None, *, team: Team | None) -> None:
        names = ("name", "slug", "description", "email", "is_front_office", "is_safety")
        shown = {n: getattr(team, n) for n in names} | {"department": str(team.department or "")} if team else {}
        super().__init__(data, shown=shown, new=team is None)
        self.team = team
        self.fields["department"].widget.attrs["list"] = "departments"
        self.departments = list(Department.objects.order_by("name"))
        self._explain_marks()

    def _explain_marks(self) -> None:
        office, safety = self.fields["is_front_office"], self.fields["is_safety"]
        if self.team and self.team.is_front_office:
            office.disabled = True
            office.help_text = _("A district always has one. To move it, mark another team.")
        elif now := Team.objects.filter(is_front_office=True).first():
            office.help_text = _("It is %(team)s now. Ticked here, it moves.") % {"team": now}
        if (now := Team.objects.filter(is_safety=True).order_by("name").first()) and now != self.team:
            safety.help_text = _("It is %(team)s now. Ticked here, it moves.") % {"team": now}

    def clean_name(self) -> str:
        others = Team.objects.exclude(id=self.team.id) if self.team else Team.objects.all()
        return name_once(self.cleaned_data["name"], others)

    def clean_slug(self) -> str:
        given = str(self.cleaned_data["slug"]).lower()
        others = Team.objects.exclude(id=self.team.id) if self.team else Team.objects.all()
        if not given:
            return free_slug(others, str(self.cleaned_data.get("name", "")))
        if other := others.filter(slug=given).first():
            raise ValidationError(_("%(name)s has this short name already.") % {"name": other.name})
        return given

    def values(self) -> dict[str, Any]:
        """For `actions.save_team`."""
        named = self.cleaned_data["department"]
        wanted = {n: v for n, v in self.cleaned_data.items() if n != "department"}
        return wanted | {"department": actions.department(named) if named else None}
