"""Set-up: telephone numbers, for texts and for calls, and what to paste at Twilio."""

from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from delivery import lines
from districts import contacts
from districts.editing import EditForm, OneLine, actor_of, choices_of, for_administrators, row_or_404
from districts.links import absolute
from districts.models import District, Team
from districts.queries import teams, this_district
from intake.models import Channel
from intake.phone import numbers
from tickets.models import ChannelKind

BOTH = "both"
DOES = (
    (ChannelKind.SMS, gettext_lazy("Text messages")),
    (ChannelKind.PHONE, gettext_lazy("Calls: voicemail")),
    (BOTH, gettext_lazy("Both")),
)
WEBHOOKS = {ChannelKind.SMS: "sms_webhook", ChannelKind.PHONE: "voice_webhook"}
NEEDED = gettext_lazy("Without it nobody can prove to be Twilio, and everything is refused. It stands on Twilio's first page.")
NO_SID = gettext_lazy("An Account SID begins with AC, and 32 letters and digits follow. It stands on Twilio's first page.")
NOT_GIVEN = gettext_lazy("Whoever runs the product has not given this number to your district. Ask there, or give its own account.")
ELSEWHERE = gettext_lazy("Another district has this number. If it is yours, tell whoever runs the product.")
TOKEN = 120  # characters that are kept; Twilio's have 32


class NumberForm(EditForm):
    address = OneLine(
        label=gettext_lazy("Number"), max_length=40, widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=gettext_lazy("With its area code, as it is at Twilio: (916) 555-0144."),
    )  # fmt: skip
    does = forms.ChoiceField(label=gettext_lazy("What comes in by it"), choices=DOES, widget=forms.RadioSelect)
    name = OneLine(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("As staff see it beside what came in by it: “Bus office”.")
    )
    team = forms.ChoiceField(
        label=gettext_lazy("Goes to"), required=False,
        help_text=gettext_lazy("A team's own number: what comes in by it goes to that team."),
    )  # fmt: skip
    first = forms.BooleanField(
        label=gettext_lazy("First texts leave from this number"), required=False,
        help_text=gettext_lazy("An answer leaves from the number that was texted, everything else from this one."),
    )  # fmt: skip
    house = forms.BooleanField(
        label=gettext_lazy("The number belongs to the Twilio account of whoever runs the product"), required=False
    )
    account = OneLine(
        label=gettext_lazy("Account SID of its Twilio account"), max_length=64, required=False, error_messages={"required": NO_SID},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Begins with AC; on Twilio's first page, beside the auth token."),
    )  # fmt: skip
    token = forms.CharField(
        label=gettext_lazy("Auth token of its Twilio account"), max_length=TOKEN, required=False, error_messages={"required": NEEDED},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, channel: Channel | None) -> None:
        shown = _shown(channel) if channel else {"does": BOTH}
        super().__init__(data, shown=shown, new=channel is None)
        self.channel = channel
        self.teams: dict[str, Team] = {str(team.id): team for team in teams()}
        self.fields["team"].choices = choices_of(self.teams.values(), none=_("The whole district: triage decides"))  # type: ignore[attr-defined]
        self.fields["token"].help_text = _(
            "It proves that a call is Twilio's, and is not shown again. Needed once: your other numbers of that account have it too."
        )
        self.given = lines.given(this_district()) if settings.TWILIO_AUTH_TOKEN else frozenset()
        if channel and channel.address not in self.given:
            self.given = frozenset()
        if not self.given:
            del self.fields["house"]
            self.fields["account"].required = True
            self.fields["token"].required = channel is None and not numbers.has_token()
        if channel and channel.kind == ChannelKind.PHONE:
            del self.fields["first"]
        if channel:
            self.fields["address"].disabled = self.fields["does"].disabled = True
            self.fields["address"].help_text = _("People know it. For another one add a number and switch this one off.")
            if self._kept():
                self.fields["token"].help_text = _("One is kept, and stays as long as you leave this empty.")

    def clean_address(self) -> str:
        """E.164."""
        if self.channel:
            return self.channel.address
        found = contacts.phone(self.cleaned_data["address"], strict=True)
        if found is None:
            raise ValidationError(_("There is no such number. Type it with its area code, for example (916) 555-0144."))
        return found.value

    def _kept(self) -> bool:
        """Has the number a token of its own?"""
        line = numbers.line_of(self.channel) if self.channel else None
        return bool(line and line.secret)

    def clean_account(self) -> str:
        sid = str(self.cleaned_data["account"]).strip()
        if sid and not lines.SID.fullmatch(sid):
            raise ValidationError(NO_SID)
        return sid

    def clean_token(self) -> str:
        return str(self.cleaned_data["token"]).strip()

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("house"):
            if "address" in data and data["address"] not in self.given:
                self.add_error("house", NOT_GIVEN)
            return data
        sid = data.get("account", "")
        if not sid and "account" not in self.errors:
            self.add_error("account", NO_SID)
        if "token" not in self.errors and not (data.get("token") or (sid and numbers.has_token(sid)) or self._keeps_token(sid)):
            self.add_error("token", NEEDED)
        return data

    def _keeps_token(self, sid: str) -> bool:
        """The token that is there is that of this account, as far as anybody knows."""
        line = numbers.line_of(self.channel) if self.channel else None
        return bool(line and line.secret and line.account in ("", sid))

    def kinds(self) -> list[str]:
        wanted = self.cleaned_data["does"]
        return [str(kind) for kind in numbers.KINDS if wanted in (kind, BOTH)]

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "address": data["address"], "name": data["name"], "team": self.teams.get(data["team"]), "first": bool(data.get("first")),
            "account": None if data.get("house") else lines.Account(data["account"], data["token"]),
        }  # fmt: skip


def _shown(channel: Channel) -> dict[str, Any]:
    line = numbers.line_of(channel)
    return {
        "address": channel.address, "does": channel.kind, "name": channel.name, "team": str(channel.team_id or ""),
        "house": numbers.is_ours(channel), "account": line.account if line else "", "first": bool(line and line.first),
    }  # fmt: skip


@for_administrators
@require_safe
def all_numbers(request: HttpRequest) -> HttpResponse:
    district: District = request.district  # type: ignore[attr-defined]
    rows = _rows().select_related("team").order_by("-active", "address", "kind")
    first = lines.first(district)
    values = {
        "lines": [_told(row, district, first.number) for row in rows],
        "texted": any(row.kind == ChannelKind.SMS and row.active for row in rows),
        "first": first.number,
        "answered": any(row.kind == ChannelKind.SMS and row.active and row.address == first.number for row in rows),
        "kept": settings.DELIVERY_KEEP,
    }
    return render(request, "setup/numbers.html", values)


def _told(row: Channel, district: District, first: str) -> dict[str, Any]:
    """One door, as the list shows it."""
    return {
        "door": row,
        "hook": absolute(district, reverse(WEBHOOKS[ChannelKind(row.kind)], args=[row.id])),
        "proven": bool(numbers.token(row)),
        "ours": numbers.is_ours(row),
        "account": numbers.account(row).sid[-4:],
        "one_way": numbers.is_one_way(row),
        "first": row.kind == ChannelKind.SMS and row.active and row.address == first,
    }


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def number(request: HttpRequest, channel_id: UUID | None = None) -> HttpResponse:
    row = row_or_404(_rows(), channel_id, request)
    form = NumberForm(request.POST if request.method == "POST" else None, channel=row)
    if form.is_valid():
        try:
            with transaction.atomic():  # both doors or none
                for kind in form.kinds():
                    saved = numbers.save(row, kind=kind, **form.values(), by=actor_of(request).person)
        except numbers.NumberElsewhere:
            form.add_error("address", ELSEWHERE)
        except numbers.NumberTaken:
            form.add_error("address", _("The district has this number already."))
        else:
            messages.success(
                request, _("%(name)s is saved. Now tell Twilio where to send what comes in: see below.") % {"name": saved.address}
            )
            return redirect("setup_numbers")
    return render(request, "setup/number.html", {"form": form, "number": row}, status=422 if form.errors else 200)


@for_administrators
@require_POST
def number_switch(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    row, on = get_object_or_404(_rows().select_for_update(no_key=True), id=channel_id), request.POST.get("to") == "on"
    try:
        numbers.switch(row, active=on, by=actor_of(request).person)
    except numbers.NumberElsewhere:
        messages.error(request, ELSEWHERE)
        return redirect("setup_numbers")
    said = (
        _("%(number)s takes in again.")
        if on
        else _("%(number)s takes nothing in from now on. Twilio tells nobody: change it there too.")
    )
    messages.success(request, said % {"number": row.address})
    return redirect("setup_numbers")


def _rows() -> Any:
    """A door without a number is that of what is written down by hand."""
    return Channel.objects.filter(kind__in=numbers.KINDS).exclude(address="")
