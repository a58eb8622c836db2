"""Set-up: people who work here, how they sign in, and what they may do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from districts import actions as districts
from districts.editing import EditForm, OneLine, actor_of, for_administrators, row_or_404
from districts.models import Account, ContactPoint, Membership, Person, Role, Team
from districts.queries import address_of, one_person, people_like, person_by_contact, roles_of, staff, teams
from districts.queries import everybody as everyone
from intake import contacts, staffing

PAGE = 50
KINDS = (
    ("staff", gettext_lazy("Staff")), ("parent", gettext_lazy("Parent or guardian")), ("family", gettext_lazy("Family")),
    ("student", gettext_lazy("Student")), ("community", gettext_lazy("Community")), ("public", gettext_lazy("Public")),
    ("vendor", gettext_lazy("Vendor")),
)  # fmt: skip
IN_TEAM = (("", gettext_lazy("No")), (Role.AGENT, gettext_lazy("Agent")), (Role.LEAD, gettext_lazy("Team lead")))
RELEASE = (
    ("release", gettext_lazy("Give them back to their teams, assigned to nobody")),
    ("leave", gettext_lazy("Leave them as they are")),
)


# --- the list -----------------------------------------------------------------------------------------------------------


@dataclass
class Listed:
    person: Person
    addresses: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)


@for_administrators
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("q", "").replace("\0", "").strip()[:100]
    everybody = request.GET.get("who") == "all"
    page = Paginator(_found(asked, everybody), PAGE).get_page(request.GET.get("page"))
    values = {"page": page, "rows": _listed(page), "asked": asked, "everybody": everybody}
    return render(request, "setup/people.html", values)


def _found(asked: str, everybody: bool) -> QuerySet[Person]:
    if everybody:
        return people_like(asked) if asked else everyone()
    return people_like(asked).filter(id__in=Membership.objects.values("person_id")) if asked else staff()


def _listed(persons: Iterable[Person]) -> list[Listed]:
    rows = {person.id: Listed(person) for person in persons}
    for point in ContactPoint.objects.filter(person_id__in=rows).order_by("kind", "id"):
        rows[point.person_id].addresses.append(point.value)
    for member in Membership.objects.filter(person_id__in=rows).select_related("team").order_by("team__name"):
        rows[member.person_id].roles.append(_role(member.role, member.team))
    return list(rows.values())


def _role(role: str, team: Team | None) -> str:
    return f"{Role(role).label}, {team.name}" if team else str(Role(role).label)


# --- one person ---------------------------------------------------------------------------------------------------------


class PersonForm(EditForm):
    """`taken_by`: who has the address that was typed."""

    name = OneLine(label=gettext_lazy("Name"), max_length=200)
    email = OneLine(
        label=gettext_lazy("Email"), max_length=254, required=False,
        help_text=gettext_lazy("Whoever has a role signs in by a code mailed to this address. There is no password to hand over."),
    )  # fmt: skip
    phone = OneLine(label=gettext_lazy("Phone"), max_length=40, required=False, help_text=gettext_lazy("With area code."))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=KINDS)
    roster_id = OneLine(
        label=gettext_lazy("Roster id"), max_length=64, required=False,
        help_text=gettext_lazy("Their id in your student or staff system, where you bring people in from it."),
    )  # fmt: skip
    admin = forms.BooleanField(label=gettext_lazy("Administrator: sets the district up, and everything below"), required=False)
    leader = forms.BooleanField(label=gettext_lazy("Leader: sees leaders' pages and every team's work"), required=False)
    tickets = forms.ChoiceField(choices=RELEASE, required=False, widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, person: Person | None) -> None:
        self.teams = {f"team_{team.id.hex}": team for team in teams()}
        super().__init__(data, shown=self._shown(person), new=person is None)
        self.person = person
        self.taken_by: Person | None = None
        for name, team in self.teams.items():
            self.fields[name] = forms.ChoiceField(label=team.name, choices=IN_TEAM, required=False)
            self.fields[name].widget.attrs["class"] = "form-select"
        if person and person.kind not in dict(KINDS):
            self.fields["kind"].choices = [*KINDS, (person.kind, person.kind)]  # type: ignore[attr-defined]

    def _shown(self, person: Person | None) -> dict[str, Any]:
        if person is None:
            return {"kind": "staff"}
        roles = roles_of(person)
        in_team = {name: _in_team(roles, team.id) for name, team in self.teams.items()}
        return {
            "name": person.name, "kind": person.kind, "roster_id": person.roster_id,
            "email": address_of(person, "email"), "phone": address_of(person, "phone"),
            "admin": (Role.ADMIN, None) in roles, "leader": (Role.LEADER, None) in roles, **in_team,
        }  # fmt: skip

    def in_teams(self) -> list[Any]:
        return [self[name] for name in self.teams]

    def roles(self) -> staffing.Roles:
        wide: list[tuple[str, UUID | None]] = [(role, None) for role in (Role.ADMIN, Role.LEADER) if self.cleaned_data[role.value]]
        chosen = [(self.cleaned_data[name], team) for name, team in self.teams.items()]
        held: list[tuple[str, UUID | None]] = [(role, team.id) for role, team in chosen if role]
        return frozenset(wide + held)

    def clean_email(self) -> str:
        return self._address(
            ContactPoint.Kind.EMAIL, contacts.email, _("This is no complete email address. For example: name@example.org.")
        )

    def clean_phone(self) -> str:
        return self._address(
            ContactPoint.Kind.PHONE, contacts.phone, _("This is no complete phone number. Type it with its area code.")
        )

    def clean_roster_id(self) -> str:
        given = str(self.cleaned_data["roster_id"])
        holder = Person.objects.filter(roster_id=given).first() if given else None
        if holder and holder != self.person:
            self.taken_by = holder
            raise ValidationError(_("%(name)s has this already.") % {"name": holder})
        return given

    def _address(self, kind: str, read: Any, wrong: str) -> str:
        given = str(self.cleaned_data[kind])
        if not given:
            return ""
        found = read(given)
        if found is None:
            raise ValidationError(wrong)
        holder = person_by_contact(kind, found.value)
        if holder and holder != self.person:
            self.taken_by = holder
            raise ValidationError(_("%(name)s has this already.") % {"name": holder})
        return str(found.value)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and self.roles() and not data["email"]:
            self.add_error("email", _("Whoever has a role needs an address to sign in with."))
        return data


def _in_team(roles: staffing.Roles, team_id: UUID) -> str:
    return next((role for role in (Role.LEAD, Role.AGENT) if (role, team_id) in roles), "")


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, person_id: UUID | None = None) -> HttpResponse:
    row = row_or_404(Person.objects.all(), person_id, request)
    if row and row.merged_into_id:
        return redirect("setup_person", one_person(row).id)
    form = PersonForm(request.POST if request.method == "POST" else None, person=row)
    if not form.is_valid():
        return _page(request, form, row, status=422 if form.errors else 200)
    held = staffing.left_behind(row, form.roles()) if row else []
    if held and not form.cleaned_data["tickets"]:
        return _page(request, form, row, status=422, held=len(held))
    try:
        saved = _save(request, form, row, held if form.cleaned_data["tickets"] == "release" else [])
    except districts.LastAdministrator:
        form.add_error("admin", _("This is the last administrator who can sign in. Make somebody else an administrator first."))
    except districts.Taken:
        form.add_error("email", _("Somebody else has this address already."))
    else:
        return _saved(request, saved)
    return _page(request, form, row, status=422)


def _save(request: HttpRequest, form: PersonForm, row: Person | None, release: list[Any]) -> Person:
    data = form.cleaned_data
    return staffing.save_person(
        row, name=data["name"], kind=data["kind"], email=data["email"], phone=data["phone"], roles=form.roles(), release=release,
        by=actor_of(request).person, now=timezone.now(), roster_id=data["roster_id"],
    )  # fmt: skip


def _saved(request: HttpRequest, saved: Person) -> HttpResponse:
    messages.success(request, _("%(name)s is saved.") % {"name": saved.name})
    still_admin = Membership.objects.filter(person=actor_of(request).person, role=Role.ADMIN).exists()
    return redirect("setup_people" if still_admin else "desk")


def _page(request: HttpRequest, form: PersonForm, row: Person | None, *, status: int, held: int = 0) -> HttpResponse:
    values = {"form": form, "person": row, "held": held, "held_words": _held_words(row, held), **_known(row)}
    return render(request, "setup/person.html", values, status=status)


def _held_words(row: Person | None, held: int) -> str:
    text = ngettext(
        "%(name)s holds %(n)d open ticket of a team they leave.", "%(name)s holds %(n)d open tickets of teams they leave.", held
    )
    return text % {"name": row, "n": held}


def _known(row: Person | None) -> dict[str, Any]:
    """How they sign in, and by which other addresses they are known."""
    if row is None:
        return {}
    account = Account.objects.filter(id=row.account_ref).first() if row.account_ref else None
    first = {address_of(row, "email"), address_of(row, "phone")}
    others = ContactPoint.objects.filter(person=row).exclude(value__in=first).values_list("value", flat=True)
    return {"account": account, "others": list(others)}
