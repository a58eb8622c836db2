"""Changes: one record on its way from a source to each system that must have it, and two lists laid side by side."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from districts.models import DistrictModel, Person, tenant_fk
from ownership.models.matrix import Process


class Change(DistrictModel):
    """One record that changed at the source: a student's move. It is over when every target has confirmed it."""

    process = tenant_fk(Process, on_delete=models.CASCADE, related_name="record_changes")
    key = models.CharField(max_length=120, help_text="What its source calls this change; told twice it counts once.")
    record = models.CharField(max_length=120, blank=True, help_text="The record's own number there.")
    name = models.CharField(max_length=200, blank=True, help_text="By which people find it: a student's name.")
    what = models.CharField(max_length=200, blank=True)
    left_at = models.DateTimeField(help_text="When it left the source.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="By the terms of the process; empty: nothing is promised yet.")
    targets = models.JSONField(default=list, help_text="Slugs of the systems that had to have it when it left.")
    done_at = models.DateTimeField(null=True, blank=True, help_text="When the last target confirmed it.")
    check_at = models.DateTimeField(null=True, blank=True, help_text="due_at, while it is missing somewhere and nobody was called.")
    waived_at = models.DateTimeField(null=True, blank=True, help_text="Somebody said that it need not arrive.")
    waived_by = tenant_fk(Person, null=True, blank=True)
    why = models.CharField(max_length=300, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "process", "key"], name="change_once")]
        indexes = [
            models.Index(fields=["district", "process", "-left_at"], name="change_process"),
            models.Index(fields=["district", "check_at"], name="change_check", condition=Q(check_at__isnull=False)),
            models.Index(fields=["district", "process", "record"], name="change_record", condition=~Q(record="")),
            models.Index(
                fields=["district", "process", "left_at"], name="change_missing",
                condition=Q(done_at__isnull=True, waived_at__isnull=True),
            ),
        ]  # fmt: skip


class Confirmation(DistrictModel):
    """A target has a change."""

    change = tenant_fk(Change, on_delete=models.CASCADE, related_name="confirmations")
    process = tenant_fk(Process, on_delete=models.CASCADE)
    target = models.SlugField(max_length=80, db_index=False, help_text="Slug of the system.")
    at = models.DateTimeField()
    lag_seconds = models.IntegerField(help_text="Since it left the source; below zero where clocks disagree.")
    by = tenant_fk(Person, null=True, blank=True, help_text="Who typed it in by hand; empty: the system said so.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "change", "target"], name="confirmation_once")]
        indexes = [models.Index(fields=["district", "process", "target", "-at"], name="confirmation_pair")]


class Reconciliation(DistrictModel):
    """Two lists of the same records laid side by side, and what was different."""

    process = tenant_fk(Process, null=True, blank=True, on_delete=models.CASCADE, related_name="reconciliations")
    at = models.DateTimeField(default=timezone.now)
    by = tenant_fk(Person, null=True, blank=True)
    target = models.SlugField(
        max_length=80, db_index=False, blank=True, help_text="Slug of the system whose list is on the right; empty: nobody said."
    )
    left_name = models.CharField(max_length=200)
    right_name = models.CharField(max_length=200)
    mapping = models.JSONField(default=dict, help_text="{keys: [[left, right]], columns: [[left, right]]}")
    counts = models.JSONField(default=dict)
    differences = models.JSONField(default=list, help_text="The first thousand, by key: a list to work off.")
    worked = models.JSONField(default=list, help_text="Keys that somebody has seen to.")

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "process", "-at"], name="reconciliation_process")]
