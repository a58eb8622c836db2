"""Vendors: who supplies a system, what was checked before it went live, and what must reach them by when."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, new_token, tenant_fk
from ownership.models.climbing import Escalation
from ownership.models.feeds import Feed
from ownership.models.matrix import Process
from ownership.models.roles import OwnerRole


class Vendor(DistrictModel):
    """Who supplies systems."""

    class State(models.TextChoices):
        PROSPECT = "prospect", _("Talking")
        ONBOARDING = "onboarding", _("Onboarding")
        LIVE = "live", _("Live")
        ENDED = "ended", _("Ended")

    slug = models.SlugField(max_length=80, db_index=False)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=12, choices=State, default=State.PROSPECT)
    systems = models.JSONField(default=list, help_text="Slugs of the systems it supplies.")
    contact = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    owner = tenant_fk(OwnerRole, null=True, blank=True, help_text="Who answers for it in the district.")
    contract_until = models.DateField(null=True, blank=True)
    notes = models.TextField(blank=True)
    live_since = models.DateTimeField(null=True, blank=True, help_text="Its gate was signed.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="vendor_slug_once")]

    def __str__(self) -> str:
        return self.name


class DataField(DistrictModel):
    """A line of the district's data dictionary: what a field of a record is called, and what it must look like."""

    slug = models.SlugField(max_length=80, db_index=False)
    name = models.CharField(max_length=120)
    record = models.CharField(max_length=40, blank=True, help_text='"student", "enrollment", "staff": of what it is a field.')
    kind = models.CharField(max_length=12, default="text", help_text="text, integer, number, date, boolean, code")
    required = models.BooleanField(default=False)
    longest = models.PositiveIntegerField(null=True, blank=True)
    codes = models.JSONField(default=list, help_text="The values it may have; empty: any.")
    also = models.JSONField(default=list, help_text="Other names that systems have for it.")
    sensitive = models.BooleanField(default=False)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="data_field_slug_once")]

    def __str__(self) -> str:
        return self.name


class SpecCheck(DistrictModel):
    """A specification that was looked through, field by field, against the data dictionary."""

    vendor = tenant_fk(Vendor, on_delete=models.CASCADE, related_name="specs")
    name = models.CharField(max_length=200, help_text="Of the file.")
    form = models.CharField(max_length=12, help_text="csv, json-schema, xsd, openapi")
    fields = models.JSONField(default=list)
    findings = models.JSONField(default=dict)
    passed = models.BooleanField(default=False)
    at = models.DateTimeField(default=timezone.now)
    by = tenant_fk(Person, null=True, blank=True)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "vendor", "-at"], name="spec_check_vendor")]


class SamplePack(DistrictModel):
    """100 made-up records that a vendor loads and gives back, and what was different when they came back."""

    vendor = tenant_fk(Vendor, on_delete=models.CASCADE, related_name="packs")
    seed = models.PositiveIntegerField(help_text="The same seed makes the same records.")
    at = models.DateTimeField(default=timezone.now)
    by = tenant_fk(Person, null=True, blank=True)
    returned_at = models.DateTimeField(null=True, blank=True)
    returned_name = models.CharField(max_length=200, blank=True)
    findings = models.JSONField(default=list)
    passed = models.BooleanField(null=True, blank=True, help_text="Empty: nothing came back yet.")

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "vendor", "-at"], name="sample_pack_vendor")]


class CutOff(DistrictModel):
    """What must reach a vendor by when, and that it said so."""

    vendor = tenant_fk(Vendor, on_delete=models.CASCADE, related_name="cutoffs")
    process = tenant_fk(Process, null=True, blank=True, on_delete=models.CASCADE, related_name="cutoffs")
    feed = tenant_fk(Feed, null=True, blank=True, on_delete=models.SET_NULL, help_text="Of which an acknowledgement is a run.")
    name = models.CharField(max_length=200)
    terms = models.CharField(max_length=300, help_text='"by 2 PM for next-day service".')
    ack_minutes = models.PositiveIntegerField(default=120, help_text="In which the vendor acknowledges.")
    email = models.EmailField(blank=True, help_text="Who acknowledges; empty: the vendor's own.")
    send_at = models.DateTimeField(null=True, blank=True, help_text="When the next one is due; empty: not watched.")
    active = models.BooleanField(default=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "vendor", "name"], name="cut_off_once")]
        indexes = [models.Index(fields=["district", "send_at"], name="cut_off_send", condition=Q(send_at__isnull=False))]


class CutOffNotice(DistrictModel):
    """One day's cut-off, as the vendor was told of it."""

    cutoff = tenant_fk(CutOff, on_delete=models.CASCADE, related_name="notices")
    cut_at = models.DateTimeField(help_text="The cut-off it is for.")
    token = models.CharField(max_length=32, default=new_token)
    counts = models.JSONField(default=dict)
    sent_at = models.DateTimeField()
    due_at = models.DateTimeField()
    check_at = models.DateTimeField(null=True, blank=True, help_text="due_at, while nobody has acknowledged nor been called.")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=200, blank=True)
    escalation = tenant_fk(
        Escalation, null=True, blank=True, on_delete=models.SET_NULL,
        help_text="The ladder that was begun because nobody acknowledged in time.",
    )  # fmt: skip

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "cutoff", "cut_at"], name="cut_off_notice_once"),
            models.UniqueConstraint(fields=["district", "token"], name="cut_off_notice_token_once"),
        ]
        indexes = [
            models.Index(fields=["district", "check_at"], name="cut_off_notice_check", condition=Q(check_at__isnull=False)),
        ]
