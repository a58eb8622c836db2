"""Set-up: the mail addresses people write to, and the number they text."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from delivery import provider_login
from delivery.provider_login import EVENTS, INBOUND
from districts.editing import EditForm, OneLine, actor_of, choices_of, for_administrators, row_or_404
from districts.links import mail_address
from districts.models import District, Team
from districts.queries import teams
from intake import contacts, doors
from intake.models import Channel, Mailbox
from intake.queries import is_private
from tickets.models import ChannelKind

LOCAL_PART = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
HOP = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
PROVIDERS = (  # of mail, and where each posts it
    ("Postmark", "postmark/inbound/"), ("Mailgun", "mailgun/inbound_mime/"), ("SendGrid", "sendgrid/inbound/"),
    ("Amazon SES", "amazon_ses/inbound/"),
)  # fmt: skip
TELLERS = (  # of what became of mail that we sent
    ("Postmark", "postmark/tracking/"), ("Mailgun", "mailgun/tracking/"), ("SendGrid", "sendgrid/tracking/"),
    ("Amazon SES", "amazon_ses/tracking/"),
)  # fmt: skip
LONGEST_LOCAL_PART = 64  # RFC 5321 4.5.3.1.1


class AddressForm(EditForm):
    local = OneLine(
        label=gettext_lazy("Address"), max_length=254, widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"})
    )
    name = OneLine(
        label=gettext_lazy("Name"), max_length=120, help_text=gettext_lazy("As staff see it beside what came in by it: “Bus office”.")
    )
    team = forms.ChoiceField(
        label=gettext_lazy("Goes to"), required=False,
        help_text=gettext_lazy("A team's own address: what comes in by it goes to that team."),
    )  # fmt: skip
    private = forms.BooleanField(
        label=gettext_lazy("Private"), required=False,
        help_text=gettext_lazy(
            "For what is told in confidence: only the team, and people named in a request, see what comes in by it."
            " Every read is recorded."
        ),
    )  # fmt: skip
    trusted_hop = OneLine(
        label=gettext_lazy("Sender checks of"), max_length=253, required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "Your own mail server's name: the first word after “Authentication-Results:” in a mail that it passed on to us, as in"
            " mx.school.example; of a provider: mailgun, sendgrid or amazonses. Only what it found of a sender is believed;"
            " without it no mail is taken to be from staff."
        ),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, channel: Channel | None, district: District) -> None:
        super().__init__(data, shown=_shown(channel, district) if channel else {}, new=channel is None)
        self.channel, self.district = channel, district
        self.teams: dict[str, Team] = {str(team.id): team for team in teams()}
        self.fields["team"].choices = choices_of(self.teams.values(), none=_("The whole district: triage decides"))  # type: ignore[attr-defined]
        self.elsewhere = bool(channel and not channel.address.endswith(f"@{district.host}"))
        self.fields["local"].help_text = _("An address elsewhere whose mail is forwarded to us: the whole of it.")
        if channel:
            self.fields["local"].disabled = True
            self.fields["local"].help_text = _("People know it. For another one add an address and switch this one off.")

    def clean_local(self) -> str:
        """The whole address. Without an @ it is the district's; with another host it is one that is forwarded here."""
        if self.channel:
            return self.channel.address
        local, _at, host = str(self.cleaned_data["local"]).lower().partition("@")
        if not LOCAL_PART.fullmatch(local) or len(local) > LONGEST_LOCAL_PART or ".." in local:
            raise ValidationError(_("Letters, digits, dots, hyphens and underscores, as in “bus-office”."))
        address = f"{local}@{host}" if host else mail_address(self.district, local)
        if host not in ("", self.district.host) and District.objects.filter(host=host).exists():
            raise ValidationError(_("Mail to @%(host)s comes in at another district.") % {"host": host})
        if contacts.email(address) is None:
            raise ValidationError(_("No mail could be sent to this address."))
        if Channel.objects.filter(kind=ChannelKind.EMAIL, address=address).exists():
            raise ValidationError(_("The district has this address already."))
        return address

    def clean_trusted_hop(self) -> str:
        name = str(self.cleaned_data["trusted_hop"]).lower().rstrip(".;")
        if name and not HOP.fullmatch(name):
            raise ValidationError(_("One word, as in mx.school.example."))
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("private") and not data.get("team"):
            self.add_error("team", _("Choose the team that may read what comes in by a private address."))
        return data

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "address": data["local"], "name": data["name"], "team": self.teams.get(data["team"]),
            "trusted_hop": data["trusted_hop"], "private": data["private"],
        }  # fmt: skip


def _shown(channel: Channel, district: District) -> dict[str, Any]:
    return {
        "local": channel.address.removesuffix(f"@{district.host}"), "name": channel.name, "team": str(channel.team_id or ""),
        "trusted_hop": channel.trusted_hop, "private": is_private(channel),
    }  # fmt: skip


@for_administrators
@require_safe
def addresses(request: HttpRequest) -> HttpResponse:
    elsewhere = Mailbox.objects.select_related("source", "source__team").order_by("-active", "source__address")
    mail = Channel.objects.filter(kind=ChannelKind.EMAIL).exclude(id__in=elsewhere.values("source")).select_related("team")
    shown = {"addresses": mail.order_by("-active", "address"), "mailboxes": elsewhere}
    district = request.district  # type: ignore[attr-defined]
    told = {"hooks": _hooks(district, PROVIDERS, INBOUND), "event_hooks": _hooks(district, TELLERS, EVENTS)}
    return render(request, "setup/addresses.html", {**shown, **told})


def _hooks(district: District, known: Iterable[tuple[str, str]], what: str) -> list[tuple[str, str]]:
    """[(provider, address to paste there)]; none while the server lets no provider in."""
    return [(name, provider_login.address(district, path, what)) for name, path in known] if provider_login.server_secret() else []


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest, channel_id: UUID | None = None) -> HttpResponse:
    row = row_or_404(_mailboxes(), channel_id, request)
    district = request.district  # type: ignore[attr-defined]
    form = AddressForm(request.POST if request.method == "POST" else None, channel=row, district=district)
    if form.is_valid():
        try:
            saved = doors.save_address(row, **form.values(), by=actor_of(request).person)
        except doors.AddressTaken:
            form.add_error("local", _("The district has this address already."))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved.address})
            return redirect("setup_addresses")
    return render(request, "setup/address.html", {"form": form, "address": row}, status=422 if form.errors else 200)


@for_administrators
@require_POST
def address_switch(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    row, on = get_object_or_404(_mailboxes(), id=channel_id), request.POST.get("to") == "on"  # `switch` locks it with the others
    try:
        doors.switch(row, active=on, by=actor_of(request).person)
    except doors.LastAddress:
        messages.error(request, _("This is the last address: answers to your letters come in by it. Add another first."))
    else:
        said = _("Mail to %(address)s comes in again.") if on else _("Mail to %(address)s is refused from now on; senders are told.")
        messages.success(request, said % {"address": row.address})
    return redirect("setup_addresses")


def _mailboxes() -> Any:
    return Channel.objects.filter(kind=ChannelKind.EMAIL)
