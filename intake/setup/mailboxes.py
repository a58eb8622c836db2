"""Set-up: mailboxes elsewhere, read by IMAP: which provider, how to sign in, whether it is read."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from districts.editing import EditForm, OneLine, actor_of, choices_of, for_administrators, row_or_404
from districts.links import absolute
from districts.models import Team
from districts.queries import teams
from intake import contacts, doors
from intake.imap import consent
from intake.imap.keeping import Settings, brought_back, save_mailbox, switch_mailbox, unseal_or_nothing
from intake.models import Channel, Mailbox
from intake.queries import is_private
from tickets.models import ChannelKind

PLAIN = forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"})
MICROSOFT = "https://login.microsoftonline.com/"
PROVIDERS = {
    "google": gettext_lazy("Google Workspace"),
    "microsoft": gettext_lazy("Microsoft 365"),
    "other": gettext_lazy("Another server, with a password"),
}
ASKED = {  # beside the address, its name, team and hop
    "google": ("client_id", "client_secret"),
    "microsoft": ("tenant", "client_id", "client_secret"),
    "other": ("host", "port", "security", "username", "password"),
}
HOPS = {
    "google": "mx.google.com",
    "microsoft": "protection.outlook.com",
    "other": "",
}  # under which name the provider signs what it found of a sender
CONSENT = "mailbox_consent"  # in the session: what comes back is held against it


def _secret(label: Any, help_text: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, help_text=help_text, max_length=2000, widget=widget, strip=False)


class MailboxForm(EditForm):
    address = OneLine(
        label=gettext_lazy("Address"),
        max_length=254,
        widget=PLAIN,
        help_text=gettext_lazy("The one people write to: help@school.example."),
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
    host = OneLine(label=gettext_lazy("Server"), max_length=253, widget=PLAIN, help_text=gettext_lazy("As in imap.school.example."))
    port = forms.IntegerField(label=gettext_lazy("Port"), min_value=1, max_value=65535, initial=993)
    security = forms.ChoiceField(
        label=gettext_lazy("Encryption"),
        choices=[("tls", gettext_lazy("TLS from the start (993)")), ("starttls", gettext_lazy("STARTTLS (143)"))],
    )
    username = OneLine(
        label=gettext_lazy("User name"), max_length=254, required=False, widget=PLAIN, help_text=gettext_lazy("Empty: the address.")
    )
    tenant = OneLine(
        label=gettext_lazy("Directory (tenant) ID"), max_length=80, widget=PLAIN,
        help_text=gettext_lazy("Of the app registration in Microsoft Entra."),
    )  # fmt: skip
    client_id = OneLine(label=gettext_lazy("Client ID"), max_length=200, widget=PLAIN)
    client_secret = _secret(gettext_lazy("Client secret"), gettext_lazy("Kept sealed; nobody can read it here."))
    password = _secret(gettext_lazy("Password"), gettext_lazy("Best one made for this alone (an app password). Kept sealed."))
    folder = OneLine(label=gettext_lazy("Folder"), max_length=200, required=False, initial="INBOX", widget=PLAIN)
    trusted_hop = OneLine(
        label=gettext_lazy("Sender checks of"), max_length=253, required=False, widget=PLAIN,
        help_text=gettext_lazy(
            "The first word after “Authentication-Results:” in a mail that came to this mailbox. Only what that server found of"
            " a sender is believed; without it no mail is taken to be from staff."
        ),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, mailbox: Mailbox | None, provider: str) -> None:
        shown = _shown(mailbox) if mailbox else {"folder": "INBOX", "port": 993, "security": "tls", "trusted_hop": HOPS[provider]}
        super().__init__(data, shown=shown, new=mailbox is None)
        self.mailbox, self.provider = mailbox, provider
        for name in {name for asked in ASKED.values() for name in asked} - set(ASKED[provider]):
            del self.fields[name]
        self.teams: dict[str, Team] = {str(team.id): team for team in teams()}
        self.fields["team"].choices = choices_of(self.teams.values(), none=_("The whole district: triage decides"))  # type: ignore[attr-defined]
        if mailbox:
            self.fields["address"].disabled = True
            for name in {"client_secret", "password"} & set(self.fields):
                if mailbox.secret:
                    self.fields[name].required = False
                    self.fields[name].help_text = _("One is kept, sealed. Empty: that one stays.")

    def clean_address(self) -> str:
        if self.mailbox:
            return str(self.mailbox.source.address)
        known = contacts.email(self.cleaned_data["address"])
        if known is None:
            raise ValidationError(_("No mail could be sent to this address."))
        if Channel.objects.filter(kind=ChannelKind.EMAIL, address=known.value).exists():
            raise ValidationError(_("The district has this address already."))
        return str(known.value)

    def clean_tenant(self) -> str:
        tenant = str(self.cleaned_data["tenant"])
        if not tenant.replace("-", "").replace(".", "").isalnum():
            raise ValidationError(_("Letters, digits, dots and hyphens, as Microsoft shows it."))
        return tenant

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("private") and not data.get("team"):
            self.add_error("team", _("Choose the team that may read what comes in by a private address."))
        return data

    def settings(self) -> Settings:
        data = self.cleaned_data
        secret = {name: data[name] for name in ("client_secret", "password") if data.get(name)}
        return Settings(
            address=data["address"], name=data["name"], team=self.teams.get(data["team"]), private=data["private"],
            trusted_hop=data["trusted_hop"].lower(),
            way=self._way(data), secret=secret,
        )  # fmt: skip

    def _way(self, data: dict[str, Any]) -> dict[str, Any]:
        way = {"username": data.get("username") or data["address"], "folder": data["folder"] or "INBOX", "port": 993, "tls": True}
        if self.provider == "other":
            return way | {"host": data["host"], "port": data["port"], "tls": data["security"] == "tls", "auth": Mailbox.Auth.PASSWORD}
        preset = consent.PRESETS[self.provider]
        return way | {
            "host": preset.host, "auth": Mailbox.Auth.OAUTH, "auth_url": preset.auth_url, "scope": preset.scope, "grant": preset.grant,
            "token_url": preset.token_url.format(tenant=data.get("tenant", "")), "client_id": data["client_id"],
        }  # fmt: skip


def _shown(mailbox: Mailbox) -> dict[str, Any]:
    source = mailbox.source
    return {
        "address": source.address, "name": source.name, "team": str(source.team_id or ""), "trusted_hop": source.trusted_hop,
        "private": is_private(source),
        "host": mailbox.host, "port": mailbox.port, "security": "tls" if mailbox.tls else "starttls", "username": mailbox.username,
        "folder": mailbox.folder, "client_id": mailbox.client_id,
        "tenant": mailbox.token_url.removeprefix(MICROSOFT).split("/")[0] if mailbox.token_url.startswith(MICROSOFT) else "",
    }  # fmt: skip


def provider_of(mailbox: Mailbox) -> str:
    if mailbox.auth == Mailbox.Auth.PASSWORD:
        return "other"
    return "microsoft" if mailbox.token_url.startswith(MICROSOFT) else "google"


@for_administrators
@require_http_methods(["GET", "HEAD", "POST"])
def mailbox(request: HttpRequest, mailbox_id: UUID | None = None) -> HttpResponse:
    """One mailbox; a new one after its provider was chosen."""
    row = row_or_404(_mailboxes(), mailbox_id, request)
    provider = provider_of(row) if row else request.GET.get("provider", "")
    if provider not in PROVIDERS:
        return render(request, "setup/mailbox_new.html", {"providers": PROVIDERS})
    form = MailboxForm(request.POST if request.method == "POST" else None, mailbox=row, provider=provider)
    if form.is_valid():
        try:
            saved = save_mailbox(row, form.settings(), by=actor_of(request).person)
        except doors.AddressTaken:
            form.add_error("address", _("The district has this address already."))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": saved.source.address})
            return redirect("setup_mailbox", saved.id)
    context = {"form": form, "mailbox": row, "provider": provider, "provider_name": PROVIDERS[provider], **_consent(request, row)}
    return render(request, "setup/mailbox.html", context, status=422 if form.errors else 200)


def _consent(request: HttpRequest, row: Mailbox | None) -> dict[str, Any]:
    """Whether an owner has to consent, has consented, and the address a provider must know us by."""
    back_to = absolute(request.district, reverse("setup_mailbox_consented"))  # type: ignore[attr-defined]
    if row is None or row.grant != consent.REFRESH:
        return {"back_to": back_to}
    kept = unseal_or_nothing(row)
    return {"back_to": back_to, "may_consent": True, "consented": "refresh_token" in kept or "code" in kept}


@for_administrators
@require_safe
def mailbox_state(request: HttpRequest, mailbox_id: UUID) -> HttpResponse:
    """The fragment that tells whether it is read; asked again while it is not known."""
    return render(request, "setup/_mailbox_state.html", {"mailbox": get_object_or_404(_mailboxes(), id=mailbox_id)})


@for_administrators
@require_POST
def mailbox_switch(request: HttpRequest, mailbox_id: UUID) -> HttpResponse:
    row = get_object_or_404(_mailboxes().select_for_update(of=("self",)), id=mailbox_id)
    on = request.POST.get("to") == "on"
    switch_mailbox(row, active=on, by=actor_of(request).person)
    said = _("%(address)s is read again.") if on else _("%(address)s is not read from now on. Mail to it waits there.")
    messages.success(request, said % {"address": row.source.address})
    return redirect("setup_mailbox", row.id)


@for_administrators
@require_safe
def mailbox_consent(request: HttpRequest, mailbox_id: UUID) -> HttpResponse:
    """Off to the provider, where whoever owns the mailbox says yes."""
    row = get_object_or_404(_mailboxes().filter(grant=consent.REFRESH), id=mailbox_id)
    url, state, verifier = consent.invitation(row, back_to=absolute(request.district, reverse("setup_mailbox_consented")))  # type: ignore[attr-defined]
    request.session[CONSENT] = {"mailbox": str(row.id), "state": state, "verifier": verifier}
    return redirect(url)


@for_administrators
@require_safe
def mailbox_consented(request: HttpRequest) -> HttpResponse:
    """Back from the provider."""
    begun = request.session.pop(CONSENT, None)
    if begun is None or not constant_time_compare(request.GET.get("state", ""), begun["state"]):
        raise Http404
    row = get_object_or_404(_mailboxes().select_for_update(of=("self",)), id=begun["mailbox"])
    code = request.GET.get("code", "")
    if not code:
        messages.error(request, _("The provider said no: %(reason)s") % {"reason": request.GET.get("error", "")[:200] or "?"})
        return redirect("setup_mailbox", row.id)
    back_to = absolute(request.district, reverse("setup_mailbox_consented"))  # type: ignore[attr-defined]
    brought_back(row, code=code, verifier=begun["verifier"], back_to=back_to, by=actor_of(request).person)
    messages.success(request, _("Consent is given. The mailbox is opened now."))
    return redirect("setup_mailbox", row.id)


def _mailboxes() -> Any:
    return Mailbox.objects.select_related("source", "source__team")
