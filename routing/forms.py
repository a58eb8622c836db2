"""What is typed at the desk, checked. Each act has its own small form."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from districts import contacts
from districts.contacts import Contact
from districts.models import Person, Priority, Service, Site, Team
from districts.queries import team_members
from routing.queue import Desk
from routing.suggested.wording import blanks_in
from tickets.models import Ticket

WORDS = 20_000  # characters of one message
EMPTY = {"required": gettext_lazy("Nothing was typed yet.")}


class ActForm(forms.Form):
    """A form about one ticket, filled in by one person."""

    def __init__(self, data: Any = None, *, ticket: Ticket, desk: Desk) -> None:
        super().__init__(data)
        self.ticket, self.desk = ticket, desk


class WordsForm(ActForm):
    """`last`: the newest message the writer had on screen."""

    text = forms.CharField(max_length=WORDS, error_messages=EMPTY)
    last = forms.UUIDField()

    def clean_text(self) -> str:
        return str(self.cleaned_data["text"]).replace("\r\n", "\n")


class ReplyForm(WordsForm):
    THEN = (("", ""), ("wait", ""), ("resolve", ""))
    then = forms.ChoiceField(choices=THEN, required=False)

    def clean_text(self) -> str:
        """What a suggestion left to be filled in does not go out."""
        text = super().clean_text()
        if blanks := blanks_in(text, self.ticket.language, get_language() or "en"):
            raise ValidationError(_("Not sent yet. Fill in, or take out: %(blanks)s") % {"blanks": ", ".join(blanks)})
        return text


class NoteForm(WordsForm):
    pass


class AssignForm(ActForm):
    """To a member of the holding team; empty: to nobody."""

    person = forms.UUIDField(required=False)

    def clean_person(self) -> Person | None:
        wanted = self.cleaned_data["person"]
        if wanted is None:
            return None
        found = next((member for member in team_members(self.ticket.team_id) if member.id == wanted), None)
        if found is None:
            words = _("Only members of %(team)s can have it. Hand it off to another team first.")
            raise ValidationError(words % {"team": self.ticket.team.name})
        return found


class HandOffForm(ActForm):
    team = forms.UUIDField(error_messages={"required": gettext_lazy("Choose the team it goes to.")})
    known = forms.CharField(max_length=WORDS, error_messages={"required": gettext_lazy("Say what is known.")})
    asked = forms.CharField(max_length=WORDS, error_messages={"required": gettext_lazy("Say what is asked of them.")})

    def clean_team(self) -> Team:
        return _team(self.desk, self.cleaned_data["team"])


class WaitForm(ActForm):
    on = forms.ChoiceField(choices=[(Ticket.Status.WAITING_OTHER, ""), (Ticket.Status.WAITING_REQUESTER, "")])


class PriorityForm(ActForm):
    priority = forms.TypedChoiceField(choices=Priority, coerce=int)


class CorrectForm(ActForm):
    """The service it is about, or a team where no service fits."""

    service = forms.UUIDField(required=False)
    team = forms.UUIDField(required=False)

    def clean_service(self) -> Service | None:
        wanted = self.cleaned_data["service"]
        return _service(wanted) if wanted else None

    def clean_team(self) -> Team | None:
        wanted = self.cleaned_data["team"]
        return _team(self.desk, wanted) if wanted else None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not data["service"] and not data["team"]:
            raise ValidationError(_("Choose a service or a team."))
        return data


class LogForm(forms.Form):
    """A call, a walk-in, a word in the hallway, written down. `once` tells two clicks from two calls."""

    what = forms.CharField(max_length=WORDS, error_messages={"required": gettext_lazy("Say in a few words what it was about.")})
    contact = forms.CharField(max_length=254, required=False)
    name = forms.CharField(max_length=200, required=False)
    service = forms.UUIDField(required=False)
    site = forms.UUIDField(required=False)
    team = forms.UUIDField(required=False)
    solved = forms.BooleanField(required=False)
    add_to = forms.UUIDField(required=False)
    once = forms.UUIDField()

    def __init__(self, data: Any = None, *, desk: Desk, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        self.desk = desk

    def clean_what(self) -> str:
        return str(self.cleaned_data["what"]).replace("\r\n", "\n")

    def clean_contact(self) -> Contact | None:
        given = self.cleaned_data["contact"]
        found = contacts.either(given) if given else None
        if given and found is None:
            raise ValidationError(_("Neither a mail address nor a phone number with its area code. Leave it empty if there is none."))
        return found

    def clean_service(self) -> Service | None:
        wanted = self.cleaned_data["service"]
        return _service(wanted) if wanted else None

    def clean_site(self) -> Site | None:
        wanted = self.cleaned_data["site"]
        return Site.objects.filter(id=wanted).first() if wanted else None

    def clean_team(self) -> Team | None:
        """One of one's own teams; empty: triage says where it belongs."""
        wanted = self.cleaned_data["team"]
        if wanted and not self.desk.actor.in_team(wanted):
            raise ValidationError(_("Choose one of your own teams, or let triage place it."))
        return _team(self.desk, wanted) if wanted else None


def _team(desk: Desk, wanted: UUID) -> Team:
    if wanted not in desk.teams:
        raise ValidationError(_("This team is not there any more. Choose another."))
    return desk.teams[wanted]


def _service(wanted: UUID) -> Service:
    found: Service | None = Service.objects.filter(id=wanted, active=True).select_related("team").first()
    if found is None:
        raise ValidationError(_("This service is not offered any more. Choose another."))
    return found
