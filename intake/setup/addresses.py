"""Set-up: the mail addresses people write to, and the number they text."""

import re
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.editing import EditForm, OneLine, actor_of, choices_of, for_administrators, row_or_404
from districts.links import absolute, mail_address
from districts.models import District, Team
from districts.queries import teams
from intake import contacts, doors
from intake.models import Channel, Mailbox
from tickets.models import ChannelKind

LOCAL_PART = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
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

    def __init__(self, data: Any = None, *, channel: Channel | None, district: District) -> None:
        shown = {"local": channel.address.split("@")[0], "name": channel.name, "team": str(channel.team_id or "")} if channel else {}
        super().__init__(data, shown=shown, new=channel is None)
        self.channel, self.district = channel, district
        self.teams: dict[str, Team] = {str(team.id): team for team in teams()}
        self.fields["team"].choices = choices_of(self.teams.values(), none=_("The whole district: triage decides"))  # type: ignore[attr-defined]
        if channel:
            self.fields["local"].disabled = True
            self.fields["local"].help_text = _("People know it. For another one add an address and switch this one off.")

    def clean_local(self) -> str:
        """The whole address. What stands behind the @ is the district's; whoever types it too is not corrected."""
        if self.channel:
            return self.channel.address
        local, _at, host = str(self.cleaned_data["local"]).lower().partition("@")
        if host not in ("", self.district.host):
            raise ValidationError(_("Mail comes in at addresses that end in @%(host)s.") % {"host": self.district.host})
        if not LOCAL_PART.fullmatch(local) or len(local) > LONGEST_LOCAL_PART or ".." in local:
            raise ValidationError(_("Letters, digits, dots, hyphens and underscores, as in “bus-office”."))
        address = mail_address(self.district, local)
        if contacts.email(address) is None:
            raise ValidationError(_("No mail could be sent to this address."))
        if Channel.objects.filter(kind=ChannelKind.EMAIL, address=address).exists():
            raise ValidationError(_("The district has this address already."))
        return address

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"address": data["local"], "name": data["name"], "team": self.teams.get(data["team"])}


@for_administrators
@require_safe
def addresses(request: HttpRequest) -> HttpResponse:
    district = request.district  # type: ignore[attr-defined]
    elsewhere = Mailbox.objects.select_related("source", "source__team").order_by("-active", "source__address")
    mail = Channel.objects.filter(kind=ChannelKind.EMAIL).exclude(id__in=elsewhere.values("source")).select_related("team")
    return render(
        request, "setup/addresses.html", {"addresses": mail.order_by("-active", "address"), "mailboxes": elsewhere}
    )


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
