"""What is typed about vendors, their cut-offs and the data dictionary, and the files that they bring."""

from datetime import datetime
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from districts.editing import EditForm, Lines, OneLine, name_once
from districts.queries import calendar_of, this_district
from ownership.forms import one_day
from ownership.models import CutOff, DataField, Feed, OwnerRole, Process, System, Vendor
from ownership.vendors import cutoffs, words
from ownership.vendors.checking import LONGEST_REPORT
from ownership.vendors.fields import KINDS
from sla.setup.reading import TermsField

LONGEST_ACK = 24 * 60  # minutes
STATES = (Vendor.State.PROSPECT, Vendor.State.ONBOARDING, Vendor.State.ENDED)


class VendorForm(EditForm):
    """All but being live: that is what its gate is for."""

    name = OneLine(label=gettext_lazy("Name"), max_length=200)
    systems = forms.MultipleChoiceField(
        label=gettext_lazy("What it supplies"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Systems of the matrix."),
    )  # fmt: skip
    owner = forms.ChoiceField(
        label=gettext_lazy("Who answers for it here"), required=False, help_text=gettext_lazy("A role of the matrix.")
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"), help_text=gettext_lazy("It goes live on its own page, when its onboarding was signed.")
    )
    contact = OneLine(label=gettext_lazy("Whom to call there"), max_length=200, required=False)
    email = forms.EmailField(
        label=gettext_lazy("Email"), required=False, help_text=gettext_lazy("Cut-offs are sent here, unless they name another address.")
    )
    phone = OneLine(label=gettext_lazy("Phone"), max_length=40, required=False)
    contract_until = forms.DateField(label=gettext_lazy("Contract runs until"), required=False, widget=one_day())
    notes = forms.CharField(
        label=gettext_lazy("Notes"), required=False, max_length=5_000, widget=forms.Textarea(attrs={"rows": 4})
    )  # fmt: skip

    def __init__(self, data: Any = None, *, vendor: Vendor | None) -> None:
        self.vendor = vendor
        names = ("name", "systems", "state", "contact", "email", "phone", "contract_until", "notes")
        shown = {name: getattr(vendor, name) for name in names} if vendor else {"state": Vendor.State.PROSPECT}
        super().__init__(data, shown=shown | {"owner": str(vendor.owner_id or "") if vendor else ""}, new=vendor is None)
        self.roles = {str(role.id): role for role in OwnerRole.objects.order_by("name")}
        roles = [(key, role.name) for key, role in self.roles.items()]
        self.fields["owner"].choices = [("", _("Nobody yet")), *roles]  # type: ignore[attr-defined]
        self.fields["systems"].choices = list(System.objects.order_by("name").values_list("slug", "name"))  # type: ignore[attr-defined]
        kept = [vendor.state] if vendor and vendor.state not in STATES else []
        states = [(state, Vendor.State(state).label) for state in (*STATES, *kept)]
        self.fields["state"].choices = states  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        others = Vendor.objects.exclude(id=self.vendor.id) if self.vendor else Vendor.objects.all()
        return name_once(self.cleaned_data["name"], others)

    def values(self) -> dict[str, Any]:
        return {**self.cleaned_data, "owner": self.roles.get(self.cleaned_data["owner"])}


class CutOffForm(EditForm):
    name = OneLine(label=gettext_lazy("What must reach them"), max_length=200, help_text=gettext_lazy("“Route changes for tomorrow”."))
    terms = TermsField(label=gettext_lazy("By when: “by 2 PM for next-day service”, “daily by 4 PM”"))
    process = forms.ChoiceField(
        label=gettext_lazy("Process"), required=False,
        help_text=gettext_lazy("Its last run is told to the vendor; its ladder begins if nobody acknowledges."),
    )  # fmt: skip
    feed = forms.ChoiceField(
        label=gettext_lazy("Acknowledged, it counts as a run of"), required=False,
        help_text=gettext_lazy("A feed of its own that says “the vendor has it”: the click is its evidence, and silence past its time "
                               "an alert. Not the feed that sends: a click does not say that it ran."),
    )  # fmt: skip
    ack_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes to acknowledge"), min_value=5, max_value=LONGEST_ACK, initial=120,
        help_text=gettext_lazy("How long after the cut-off they have for one click."),
    )  # fmt: skip
    email = forms.EmailField(label=gettext_lazy("Who acknowledges"), required=False)
    active = forms.BooleanField(label=gettext_lazy("They are asked to acknowledge it"), required=False)

    def __init__(self, data: Any = None, *, vendor: Vendor, cutoff: CutOff | None, now: datetime) -> None:
        self.vendor, self.cutoff, self.now = vendor, cutoff, now
        names = ("name", "terms", "ack_minutes", "email", "active")
        shown = {name: getattr(cutoff, name) for name in names} if cutoff else {"ack_minutes": 120, "active": True}
        named = {name: str(getattr(cutoff, f"{name}_id", None) or "") for name in ("process", "feed")}
        super().__init__(data, shown=shown | named, new=cutoff is None)
        self._offer_feeds()
        self.processes = {str(row.id): row for row in Process.objects.order_by("name")}
        processes = [(key, row.name) for key, row in self.processes.items()]
        self.fields["process"].choices = [("", _("None of the matrix")), *processes]  # type: ignore[attr-defined]
        own = vendor.email or _("the vendor's own, which is not written down yet")
        self.fields["email"].help_text = _("Empty: %(email)s") % {"email": own}

    def _offer_feeds(self) -> None:
        """Of each process its own; a check of ours is signed by people of ours."""
        rows = Feed.objects.filter(kind=Feed.Kind.MACHINE).select_related("process").order_by("process__name", "name")
        self.feeds = {str(row.id): row for row in rows}
        offered = [(process, list(found)) for process, found in groupby(rows, key=lambda row: row.process.name)]
        groups = [(process, [(str(row.id), row.name) for row in found]) for process, found in offered]
        self.fields["feed"].choices = [("", _("No feed")), *groups]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        others = CutOff.objects.filter(vendor=self.vendor)
        return name_once(self.cleaned_data["name"], others.exclude(id=self.cutoff.id) if self.cutoff else others)

    def clean_terms(self) -> str:
        """They must name a time of day, and one that comes."""
        text: str = self.cleaned_data["terms"]
        try:
            cutoffs.read_terms(text)
        except cutoffs.NoTime as error:
            raise ValidationError(str(error)) from error
        calendar = calendar_of(this_district(), now=self.now)
        if cutoffs.next_time(text, calendar, after=self.now) is None:
            raise ValidationError(_("Say a time of day: “by 2 PM for next-day service”, “daily by 4 PM”."))
        return text

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("active") and not data.get("email") and not self.vendor.email:
            self.add_error("email", _("Whom should we ask? Neither the vendor nor this cut-off has an address."))
        feed = self.feeds.get(data.get("feed", ""))
        if feed and data.get("process") and data["process"] != str(feed.process_id):
            self.add_error("feed", _("It is a feed of another process: %(name)s.") % {"name": feed.process.name})
        return data

    def values(self) -> dict[str, Any]:
        """Where a feed is named and no process, it is about the feed's."""
        feed = self.feeds.get(self.cleaned_data["feed"])
        process = self.processes.get(self.cleaned_data["process"]) or (feed.process if feed else None)
        return {**self.cleaned_data, "process": process, "feed": feed}


class FieldForm(EditForm):
    """A line of the data dictionary."""

    name = OneLine(label=gettext_lazy("Name"), max_length=120)
    record = forms.ChoiceField(label=gettext_lazy("Of which record"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    required = forms.BooleanField(label=gettext_lazy("Every record has it"), required=False)
    sensitive = forms.BooleanField(label=gettext_lazy("Few may know it"), required=False)
    longest = forms.IntegerField(label=gettext_lazy("Longest, in characters"), required=False, min_value=1, max_value=100_000)
    codes = Lines(
        label=gettext_lazy("Values it may have"), most=200, longest=80, rows=3, help_text=gettext_lazy("One a line; empty: any.")
    )
    also = Lines(
        label=gettext_lazy("Other names for it"),
        most=40,
        longest=80,
        rows=4,
        help_text=gettext_lazy("As other systems call it, one a line."),
    )

    def __init__(self, data: Any = None, *, row: DataField | None) -> None:
        names = ("name", "record", "kind", "required", "sensitive", "longest", "codes", "also")
        super().__init__(data, shown={name: getattr(row, name) for name in names} if row else {}, new=row is None)
        self.row = row
        self.fields["record"].choices = list(words.RECORDS.items())  # type: ignore[attr-defined]
        self.fields["kind"].choices = [(kind, words.KINDS[kind]) for kind in KINDS]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        others = DataField.objects.exclude(id=self.row.id) if self.row else DataField.objects.all()
        if others.filter(name__iexact=data.get("name", ""), record=data.get("record", "")).exists():
            self.add_error("name", _("There is one of this name already."))
        return data


class SpecForm(EditForm):
    file = forms.FileField(
        label=gettext_lazy("Their specification"),
        help_text=gettext_lazy(
            "CSV with its first line, JSON Schema, XSD, or OpenAPI 3 as JSON or YAML. Up to 2 MB. No real records, please."
        ),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.json,.yaml,.yml,.xsd,.xml"}),
    )  # fmt: skip


class ReturnForm(EditForm):
    file = forms.FileField(
        label=gettext_lazy("What came back"),
        help_text=gettext_lazy("CSV, with the columns as they were sent or as the vendor names them."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )  # fmt: skip
    report = forms.CharField(
        label=gettext_lazy("What the vendor said of the records it refused"), required=False, max_length=LONGEST_REPORT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Paste the mail or the log: each of the five broken records should be in it, by id or name."),
    )  # fmt: skip
