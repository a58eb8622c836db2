"""What administrators type about processes, feeds and roles, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.editing import EditForm, Lines, OneLine, name_once
from districts.models import Person, Service, Team
from ownership.duty.duties import staff
from ownership.keeping.described import GRACE, ITEM, LONGEST_GRACE, MOST, TEXT, Described, Leg
from ownership.keeping.feed_lines import SENDER, TEXTS
from ownership.ladders.building import DEFAULTS
from ownership.models import Feed, Ladder, OwnerRole, Path, Process, System
from sla import terms
from sla.setup.reading import TermsField

BETWEEN = "|"


def _area(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class ProcessForm(EditForm):
    """All of a process but its feeds, which have a page each."""

    name = OneLine(
        label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("As people call it: “New enrollment to bus routes”.")
    )
    source = OneLine(
        label=gettext_lazy("It leaves"), max_length=200, required=False,
        help_text=gettext_lazy("The system where it begins. A name nobody has used before is a new system."),
    )  # fmt: skip
    targets = Lines(
        label=gettext_lazy("It must arrive in"),
        most=MOST["targets"],
        longest=ITEM,
        rows=3,
        help_text=gettext_lazy("Systems, one a line."),
    )
    trigger = OneLine(
        label=gettext_lazy("When"), max_length=300, required=False,
        help_text=gettext_lazy("What sets it going: “an enrollment is saved”, “every night at 2”."),
    )  # fmt: skip
    primary = forms.ChoiceField(
        label=gettext_lazy("Primary owner"), required=False, help_text=gettext_lazy("The role that answers for it.")
    )
    secondary = forms.ChoiceField(
        label=gettext_lazy("Secondary owner"),
        required=False,
        help_text=gettext_lazy("Told with the first, and whenever that one is away."),
    )
    promise = OneLine(label=gettext_lazy("Promise, in short"), max_length=120, required=False, help_text=gettext_lazy("“4-hour sync”."))
    promise_text = forms.CharField(
        label=gettext_lazy("Promise, in full"), max_length=TEXT, required=False, widget=_area(3),
        help_text=gettext_lazy("What those who wait for it may rely on."),
    )  # fmt: skip
    terms = TermsField(label=gettext_lazy("Promise, as the clock reads it"))
    path = forms.ChoiceField(label=gettext_lazy("What suffers first when it fails"), required=False)
    ladder = forms.ChoiceField(label=gettext_lazy("Ladder"), required=False)
    fallback = forms.CharField(
        label=gettext_lazy("By hand meanwhile"), max_length=TEXT, required=False, widget=_area(3),
        help_text=gettext_lazy("What people do while it does not work, so that nobody has to invent it in the rain."),
    )  # fmt: skip
    baseline = OneLine(
        label=gettext_lazy("Measured before"), max_length=200, required=False,
        help_text=gettext_lazy("How long it took before anything was promised: “2 to 5 days, by asking ten families”."),
    )  # fmt: skip
    stages = Lines(
        label=gettext_lazy("Stages"), most=MOST["stages"], longest=3 * ITEM + 6, rows=4,
        help_text=gettext_lazy("One a line, in order: what happens | whose role | in which system."),
    )  # fmt: skip
    services = Lines(
        label=gettext_lazy("Services people ask for when it fails"), most=MOST["services"], longest=ITEM, rows=3,
        help_text=gettext_lazy("Names of services, one a line."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, process: Process | None, told: Described) -> None:
        self.process, self.told = process, told
        self.roles = {str(role.id): role.name for role in OwnerRole.objects.order_by("name")}
        self.known = dict(Service.objects.order_by("name").values_list("slug", "name"))
        super().__init__(data, shown=self._shown(), new=process is None)
        none = [("", _("Nobody yet"))]
        for name in ("primary", "secondary"):
            self.fields[name].choices = [*none, *self.roles.items()]  # type: ignore[attr-defined]
        self.fields["path"].choices = [("", _("Nobody said")), *Path.choices]  # type: ignore[attr-defined]
        ladders = Ladder.objects.exclude(slug__in=DEFAULTS).order_by("name").values_list("slug", "name")
        self.fields["ladder"].choices = [("", _("The district's common one")), *ladders]  # type: ignore[attr-defined]
        self.fields["source"].widget.attrs["list"] = "systems"
        self.systems = list(System.objects.order_by("name").values_list("name", flat=True))

    def _shown(self) -> dict[str, Any]:
        told, ids = self.told, {name: key for key, name in self.roles.items()}
        plain = ("name", "source", "trigger", "promise", "promise_text", "terms", "path", "ladder", "fallback", "baseline")
        return {name: getattr(told, name) for name in plain} | {
            "targets": list(told.targets), "primary": ids.get(told.primary, ""), "secondary": ids.get(told.secondary, ""),
            "stages": [_leg_line(leg) for leg in told.stages], "services": [self.known.get(slug, slug) for slug in told.services],
        }  # fmt: skip

    def clean_name(self) -> str:
        others = Process.objects.exclude(id=self.process.id) if self.process else Process.objects.all()
        return name_once(self.cleaned_data["name"], others)

    def clean_services(self) -> tuple[str, ...]:
        """Slugs."""
        by_name = {name.lower(): slug for slug, name in self.known.items()} | {slug: slug for slug in self.known}
        unknown = [line for line in self.cleaned_data["services"] if line.lower() not in by_name and line not in self.told.services]
        if unknown:
            raise ValidationError(_("No service is called “%(name)s”.") % {"name": unknown[0]})
        return tuple(by_name.get(line.lower(), line) for line in self.cleaned_data["services"])

    def clean_stages(self) -> tuple[Leg, ...]:
        return tuple(self._leg(line) for line in self.cleaned_data["stages"])

    def _leg(self, line: str) -> Leg:
        parts = [part.strip() for part in line.split(BETWEEN)]
        if len(parts) > 3 or not parts[0] or max(len(part) for part in parts) > ITEM:
            raise ValidationError(
                _("A stage is: what happens | whose role | in which system. Not understood: “%(line)s”") % {"line": line[:80]}
            )
        name, role, system = (*parts, "", "")[:3]
        roles = {known.lower(): known for known in self.roles.values()}
        if role and role.lower() not in roles:
            raise ValidationError(_("No role is called “%(name)s”. Add it under Roles first.") % {"name": role})
        return Leg(name, roles.get(role.lower(), ""), system)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("primary") and data.get("primary") == data.get("secondary"):
            self.add_error("secondary", _("Another role than the first: when that one is away, nobody would be told."))
        source = str(data.get("source") or "").lower()
        if source and source in {name.lower() for name in data.get("targets") or ()}:
            self.add_error("targets", _("It cannot arrive where it leaves."))
        return data

    def described(self) -> Described:
        """With the feeds it had."""
        data = self.cleaned_data
        plain = ("name", "source", "trigger", "promise", "promise_text", "terms", "path", "ladder", "fallback", "baseline")
        return replace(
            self.told, targets=tuple(data["targets"]), primary=self.roles.get(data["primary"], ""),
            secondary=self.roles.get(data["secondary"], ""), stages=data["stages"], services=data["services"],
            **{name: data[name] for name in plain},
        )  # fmt: skip


def _leg_line(leg: Leg) -> str:
    return f" {BETWEEN} ".join((leg.name, leg.role, leg.system)).rstrip(f" {BETWEEN}")


class FeedForm(EditForm):
    """What most feeds need stands first; the groups below are for those that need more."""

    name = OneLine(label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("What runs: “Export at 3 PM”, “Sync log”."))
    kind = forms.ChoiceField(
        label=gettext_lazy("How one can tell"), widget=forms.RadioSelect,
        choices=[
            (Feed.Kind.MACHINE, gettext_lazy("A system tells: it calls an address, sends a mail or leaves a file each time it ran")),
            (Feed.Kind.CHECK, gettext_lazy("A person looks and signs: “log checked at 10 AM”; its owner is asked at each time")),
        ],
    )  # fmt: skip
    terms = TermsField(label=gettext_lazy("When it is expected"))
    grace_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes of grace"), min_value=0, max_value=LONGEST_GRACE,
        help_text=gettext_lazy("How long after that time its silence becomes an alert."),
    )  # fmt: skip
    active = forms.BooleanField(label=gettext_lazy("It is watched"), required=False)
    longest_minutes = forms.IntegerField(
        label=gettext_lazy("Longest run, in minutes"), required=False, min_value=1, max_value=LONGEST_GRACE,
        help_text=gettext_lazy("A run that said it started and has not ended by then is late. Empty: as long as it likes."),
    )  # fmt: skip
    all_year = forms.BooleanField(
        label=gettext_lazy("All year"), required=False, help_text=gettext_lazy("Expected in summer, on holidays and in breaks too."),
    )  # fmt: skip
    mail_from = OneLine(
        label=gettext_lazy("Mail counts only from"), required=False, max_length=TEXTS["mail_from"],
        help_text=gettext_lazy("“reports@vendor.example”, or all of “@vendor.example”. Other mail is written down, and says nothing."),
    )  # fmt: skip
    mail_ok = OneLine(
        label=gettext_lazy("It ran, if it says"), required=False, max_length=TEXTS["mail_ok"],
        help_text=gettext_lazy("“completed, 0 errors”: words or phrases, commas between. No words at all: any mail says that it ran."),
    )  # fmt: skip
    mail_failed = OneLine(
        label=gettext_lazy("It failed, if it says"), required=False, max_length=TEXTS["mail_failed"],
        help_text=gettext_lazy("“error, failed, could not”. Failure wins; “0 errors” and “no errors” are none."),
    )  # fmt: skip
    key_column = OneLine(
        label=gettext_lazy("Column that names a record"), required=False, max_length=TEXTS["key_column"],
        help_text=gettext_lazy("“student_id”. By it a file is compared with the one before. Empty: by whole rows."),
    )  # fmt: skip
    groups = (
        ("time", gettext_lazy("Time"), gettext_lazy("a longest run, all year"), ("longest_minutes", "all_year")),
        ("mail", gettext_lazy("Mail"), gettext_lazy("which words say that it ran or failed"), ("mail_from", "mail_ok", "mail_failed")),
        ("files", gettext_lazy("Files"), gettext_lazy("what came, went and changed"), ("key_column",)),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, process: Process, feed: Feed | None) -> None:
        shown = {name: getattr(feed, name) for name in self.base_fields} if feed else _NEW_FEED
        super().__init__(data, shown=shown, new=feed is None)
        self.fields["kind"].required = bool(data is None or "kind" in data)  # a page that was open before it asked for it
        self.process, self.feed = process, feed

    def first(self) -> list[forms.BoundField]:
        """What is always shown."""
        later = {name for _group, _label, _hint, names in self.groups for name in names}
        return [field for field in self if field.name not in later]

    def more(self) -> list[tuple[str, Any, Any, list[forms.BoundField], bool]]:
        """Groups: name, label, hint, fields, and whether anything stands in them."""
        found = []
        for name, label, hint, names in self.groups:
            bound = [self[one] for one in names]
            found.append((name, label, hint, bound, any(field.value() or field.errors for field in bound)))
        return found

    def clean_name(self) -> str:
        others = Feed.objects.filter(process=self.process)
        return name_once(self.cleaned_data["name"], others.exclude(id=self.feed.id) if self.feed else others)

    def clean_kind(self) -> str:
        return str(self.cleaned_data["kind"] or (self.feed.kind if self.feed else Feed.Kind.MACHINE))

    def clean_terms(self) -> str:
        if not self.cleaned_data["terms"]:
            raise ValidationError(_("Say when it is expected: “daily by 4 PM”, “checks at 10 AM and 3 PM”, “every 60 minutes”."))
        return str(self.cleaned_data["terms"])

    def clean_mail_from(self) -> str:
        given = str(self.cleaned_data["mail_from"]).lower()
        if given and not SENDER.fullmatch(given):
            raise ValidationError(_("An address, or a domain after an @: “@vendor.example”."))
        return given

    def silent(self) -> bool:
        """These terms name no time: its silence never becomes an alert."""
        return not terms.parse(self.cleaned_data["terms"]).recurring

    def values(self) -> dict[str, Any]:
        return dict(self.cleaned_data)


_NEW_FEED: dict[str, Any] = {"kind": Feed.Kind.MACHINE, "grace_minutes": GRACE, "active": True}


class RoleForm(EditForm):
    """A job in the district, and who does it."""

    name = OneLine(label=gettext_lazy("Name"), max_length=200, help_text=gettext_lazy("A job, not a person: “Registrar”."))
    team = forms.ChoiceField(
        label=gettext_lazy("Team"), required=False, help_text=gettext_lazy("Its lead stands in where nobody holds the role.")
    )
    holder = forms.ChoiceField(label=gettext_lazy("Held by"), required=False)
    deputy = forms.ChoiceField(
        label=gettext_lazy("Deputy"), required=False, help_text=gettext_lazy("Stands in when the holder is away.")
    )

    def __init__(self, data: Any = None, *, role: OwnerRole | None) -> None:
        self.role = role
        self.people: Mapping[str, Person] = {str(person.id): person for person in _with(staff(), role)}
        self.teams: Mapping[str, Team] = {str(team.id): team for team in Team.objects.order_by("name")}
        ids = {name: str(getattr(role, f"{name}_id") or "") for name in ("team", "holder", "deputy")} if role else {}
        super().__init__(data, shown=ids | ({"name": role.name} if role else {}), new=role is None)
        people = [("", _("Nobody yet")), *((key, person.name) for key, person in self.people.items())]
        for name in ("holder", "deputy"):
            self.fields[name].choices = people  # type: ignore[attr-defined]
        self.fields["team"].choices = [("", _("No team")), *((key, team.name) for key, team in self.teams.items())]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        others = OwnerRole.objects.exclude(id=self.role.id) if self.role else OwnerRole.objects.all()
        return name_once(self.cleaned_data["name"], others)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("deputy") and data.get("deputy") == data.get("holder"):
            self.add_error("deputy", _("Somebody else than the holder: one person cannot stand in for themselves."))
        return data

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "name": data["name"], "team": self.teams.get(data["team"]), "holder": self.people.get(data["holder"]),
            "deputy": self.people.get(data["deputy"]),
        }  # fmt: skip


def _with(people: Any, role: OwnerRole | None) -> Sequence[Person]:
    """Those who work here, and whoever stands there now, even where they have left."""
    standing = [person for person in (role.holder, role.deputy) if person] if role else []
    found = list(people)
    known = {person.id for person in found}
    return [*found, *(person for person in standing if person.id not in known)]
