"""What administrators type about ladders, rotations and telephone calls, checked."""

import re
from collections.abc import Iterable
from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from delivery import calls
from delivery.models import Delivery
from districts.editing import EditForm, Lines, OneLine, name_once
from districts.models import Person, Team
from ownership.duty import turns
from ownership.duty.duties import staff
from ownership.models import Action, Ladder, OwnerRole, Proof, Rotation, Rung

LONGEST = 14 * 24 * 60  # minutes: two weeks
FILE = re.compile(r"\s*\((?:file|archivo)\)\s*$", re.IGNORECASE)
ORDER = (Delivery.Channel.INAPP, Delivery.Channel.EMAIL, Delivery.Channel.SMS, Delivery.Channel.VOICE)
LEAD = "lead"
FIRST_DAY = date(2000, 1, 1)


class LadderForm(EditForm):
    name = OneLine(label=gettext_lazy("Name"), max_length=200)

    def __init__(self, data: Any = None, *, ladder: Ladder | None = None) -> None:
        super().__init__(data, shown={"name": ladder.name} if ladder else {}, new=ladder is None)
        self.ladder = ladder

    def clean_name(self) -> str:
        others = Ladder.objects.exclude(id=self.ladder.id) if self.ladder else Ladder.objects.all()
        return name_once(self.cleaned_data["name"], others)


class RungForm(EditForm):
    after_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes after it began"), min_value=0, max_value=LONGEST,
        help_text=gettext_lazy("0 is at once. Rungs stand in the order of their times."),
    )  # fmt: skip
    whom = forms.ChoiceField(label=gettext_lazy("Whom"), error_messages={"required": gettext_lazy("Choose who is sent for.")})
    name = OneLine(
        label=gettext_lazy("What this rung is called"), max_length=200, required=False,
        help_text=gettext_lazy("“Executive notification”. Left empty, it is called by whom it sends for."),
    )  # fmt: skip
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("By"), choices=[(channel, channel.label) for channel in ORDER], widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose one at least: nobody would be told.")},
    )  # fmt: skip
    actions = Lines(
        label=gettext_lazy("What they do"), most=20, longest=290, rows=5,
        help_text=gettext_lazy("One a line; each is a step with an owner, done with a word on how one can tell. End a line with (file) "
                               "where a file is needed: a photo, a list."),
    )  # fmt: skip
    step_minutes = forms.IntegerField(label=gettext_lazy("Minutes for these steps"), min_value=1, max_value=LONGEST)
    wakes = forms.BooleanField(label=gettext_lazy("Wakes people: mail, texts and calls do not wait for the morning"), required=False)

    def __init__(self, data: Any = None, *, rung: Rung | None) -> None:
        super().__init__(data, shown=_shown(rung), new=rung is None)
        self.rows = _whom()
        self.fields["whom"].choices = [("", _("Choose…")), *_grouped(self.rows)]  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """For `building.save_rung`."""
        chosen = self.rows.get(self.cleaned_data["whom"])
        kept = {name: self.cleaned_data[name] for name in ("after_minutes", "name", "step_minutes", "wakes")}
        return kept | {
            "role": chosen if isinstance(chosen, OwnerRole) else None, "team": chosen if isinstance(chosen, Team) else None,
            "channels": [str(channel) for channel in ORDER if channel in self.cleaned_data["channels"]],
            "actions": [_action(line).kept() for line in self.cleaned_data["actions"]],
        }  # fmt: skip


def _shown(rung: Rung | None) -> dict[str, Any]:
    if rung is None:
        return {"channels": ["inapp", "email"], "step_minutes": 60}
    whom = f"role:{rung.role_id}" if rung.role_id else f"team:{rung.team_id}" if rung.team_id else LEAD
    lines = [f"{action.title} (file)" if action.proof == Proof.FILE else action.title for action in rung.todo]
    names = ("after_minutes", "name", "channels", "step_minutes", "wakes")
    return {name: getattr(rung, name) for name in names} | {"whom": whom, "actions": lines}


def _action(line: str) -> Action:
    return Action(FILE.sub("", line), Proof.FILE) if FILE.search(line) and FILE.sub("", line) else Action(line)


def _whom() -> dict[str, OwnerRole | Team]:
    roles = {f"role:{role.id}": role for role in OwnerRole.objects.order_by("name")}
    return roles | {f"team:{team.id}": team for team in Team.objects.order_by("name")}


def _grouped(rows: dict[str, OwnerRole | Team]) -> list[tuple[str, Any]]:
    roles = [(key, row.name) for key, row in rows.items() if isinstance(row, OwnerRole)]
    teams = [(key, row.name) for key, row in rows.items() if isinstance(row, Team)]
    lead = (LEAD, _("Lead of the ticket's team, or owner of the process"))
    return [lead, (_("Whoever holds the role"), roles), (_("Whoever is on call for the team"), teams)]


class RotationForm(EditForm):
    """With a choice for each place in the order, and three more."""

    name = OneLine(label=gettext_lazy("Name"), max_length=200)
    serves = forms.ChoiceField(
        label=gettext_lazy("For"), required=False,
        help_text=gettext_lazy("Whoever is on call holds this role, or is called for this team."),
    )  # fmt: skip
    turn = forms.ChoiceField(label=gettext_lazy("Turns"), choices=Rotation.Turn)
    starts_on = forms.DateField(
        label=gettext_lazy("First day of the first turn"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=gettext_lazy("Weekly turns change on this weekday."),
    )  # fmt: skip
    hands_over = forms.TimeField(
        label=gettext_lazy("Handed over at"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=gettext_lazy("On the district's clock."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, rotation: Rotation | None) -> None:
        self.rotation = rotation
        self.staff = {str(person.id): person for person in staff()}
        places = [str(place.person_id) for place in rotation.places.order_by("order")] if rotation else []
        super().__init__(data, shown=_rotation_shown(rotation, places), new=rotation is None)
        self.rows = _whom()
        self.fields["serves"].choices = [("", _("Nobody yet")), *_grouped(self.rows)[1:]]  # type: ignore[attr-defined]
        given = sum(1 for name in self.data if str(name).startswith("place_"))
        self._add_places(max(len(places), given) + (0 if given else 3))

    def _add_places(self, count: int) -> None:
        choices = [("", "–"), *((key, person.name) for key, person in self.staff.items())]
        for n in range(1, min(count, 60) + 1):
            field = forms.ChoiceField(choices=choices, required=False, label=_("%(n)d.") % {"n": n})
            field.widget.attrs["class"] = "form-select"
            self.fields[f"place_{n}"] = field

    @property
    def places(self) -> list[Any]:
        return [self[name] for name in self.fields if name.startswith("place_")]

    def clean_serves(self) -> Any:
        chosen = self.rows.get(self.cleaned_data["serves"])
        key = {"role": chosen} if isinstance(chosen, OwnerRole) else {"team": chosen}
        others = Rotation.objects.exclude(id=self.rotation.id) if self.rotation else Rotation.objects.all()
        if chosen and (other := others.filter(**key).first()):
            raise ValidationError(_("%(name)s takes these turns already.") % {"name": other.name})
        return chosen

    def clean_starts_on(self) -> date:
        day: date = self.cleaned_data["starts_on"]
        if not FIRST_DAY <= day <= timezone.localdate() + turns.AHEAD:
            raise ValidationError(_("A day of this century, and within a year from today."))
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not any(data.get(name) for name in self.fields if name.startswith("place_")):
            self.add_error("place_1", _("Choose one person at least."))
        return data

    def values(self) -> dict[str, Any]:
        """For `turns.save_rotation`."""
        chosen, at = self.cleaned_data["serves"], self.cleaned_data["hands_over"]
        return {
            "name": self.cleaned_data["name"], "turn": self.cleaned_data["turn"], "starts_on": self.cleaned_data["starts_on"],
            "hands_over": at.hour * 60 + at.minute, "role": chosen if isinstance(chosen, OwnerRole) else None,
            "team": chosen if isinstance(chosen, Team) else None,
        }  # fmt: skip

    def people(self) -> list[Person]:
        chosen: Iterable[str] = (self.cleaned_data[name] for name in self.fields if name.startswith("place_"))
        return [self.staff[key] for key in chosen if key]


def _rotation_shown(rotation: Rotation | None, places: list[str]) -> dict[str, Any]:
    if rotation is None:
        return {"turn": Rotation.Turn.WEEK, "hands_over": time(8)}
    serves = f"role:{rotation.role_id}" if rotation.role_id else f"team:{rotation.team_id}" if rotation.team_id else ""
    return {
        "name": rotation.name, "serves": serves, "turn": rotation.turn, "starts_on": rotation.starts_on,
        "hands_over": time(rotation.hands_over // 60, rotation.hands_over % 60),
        **{f"place_{n}": person for n, person in enumerate(places, 1)},
    }  # fmt: skip


class CallsForm(EditForm):
    url = forms.CharField(
        label=gettext_lazy("Address"), max_length=500, required=False, validators=[URLValidator(schemes=["https"])],
        help_text=gettext_lazy("https only. Left empty, nobody is called."),
        widget=forms.URLInput(attrs={"placeholder": "https://…", "autocomplete": "off"}),
    )  # fmt: skip
    unknown = ""  # what to say of a name that nobody knows yet
    renew = forms.BooleanField(label=gettext_lazy("Make a new key: the old one is worth nothing from then on"), required=False)

    def __init__(self, data: Any = None, *, url: str) -> None:
        super().__init__(data, shown={"url": url})

    def clean_url(self) -> str:
        """Nothing that no call would go to. A name that nobody knows may be known tomorrow: it is kept, and `unknown` says so."""
        url: str = self.cleaned_data["url"]
        try:
            if url:
                calls.addresses(url)
        except calls.UnknownName as error:
            self.unknown = str(error)
        except calls.WrongAddress as error:
            raise ValidationError(str(error)) from error
        return url
