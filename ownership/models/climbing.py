"""A ladder that is being climbed: who was sent for, the steps that are owed, and how one can tell that they were done."""

from typing import Any

from django.db import models
from django.utils import timezone

from districts.models import DistrictModel, Person, tenant_fk
from ownership.models.feeds import FeedRun
from ownership.models.matrix import Process
from ownership.models.roles import OwnerRole
from ownership.models.rungs import Ladder, Proof
from sla.models import Breach
from tickets.models import Ticket


class Escalation(DistrictModel):
    """A ladder being climbed, for one breach or one feed run."""

    ladder = tenant_fk(Ladder)
    breach = tenant_fk(Breach, null=True, blank=True, on_delete=models.CASCADE)
    ticket = tenant_fk(Ticket, null=True, blank=True, on_delete=models.CASCADE)
    feed_run = tenant_fk(FeedRun, null=True, blank=True, on_delete=models.CASCADE)
    process = tenant_fk(Process, null=True, blank=True)
    level = models.PositiveSmallIntegerField(default=0, help_text="Highest rung climbed; 0: none yet.")
    began_at = models.DateTimeField()
    climb_at = models.DateTimeField(null=True, blank=True, help_text="When the next rung is due; empty: top, acknowledged or ended.")
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = tenant_fk(Person, null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True, help_text="It comes back by itself then: climb_at is the same.")
    snoozed_by = tenant_fk(Person, null=True, blank=True)
    snoozed_seconds = models.PositiveIntegerField(default=0, db_default=0, help_text="For how long it was put off, in all.")
    ended_at = models.DateTimeField(null=True, blank=True)
    waits_for: Any = None  # a CutOffNotice, for the first letters: it names its ladder a moment later

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["district", "breach"], name="escalation_breach_once", condition=models.Q(breach__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["district", "feed_run"], name="escalation_run_once", condition=models.Q(feed_run__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["district", "climb_at"], name="escalation_climb", condition=models.Q(climb_at__isnull=False)),
            models.Index(fields=["district", "began_at"], name="escalation_open", condition=models.Q(ended_at__isnull=True)),
            models.Index(fields=["district", "ticket"], name="escalation_ticket", condition=models.Q(ticket__isnull=False)),
        ]


class Summons(DistrictModel):
    """Somebody was sent for outside the app, by one notice: what lets them say there that they have it (`ownership.summons`)."""

    escalation = tenant_fk(Escalation, on_delete=models.CASCADE, related_name="summons")
    person = tenant_fk(Person, on_delete=models.CASCADE, related_name="+")
    notice = models.CharField(max_length=120, help_text="The key of the notice.")
    at = models.DateTimeField()
    code = models.PositiveSmallIntegerField(null=True, blank=True, help_text="What they text back; empty: no text says so.")
    text_key = models.CharField(max_length=120, blank=True, help_text="The dedupe_key of the text that says so.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "person", "notice"], name="summons_once")]
        indexes = [
            models.Index(fields=["district", "person", "at"], name="summons_code", condition=models.Q(code__isnull=False)),
            models.Index(fields=["district", "escalation"], name="summons_escalation"),
        ]


class Step(DistrictModel):
    """Assigned work with an owner, a due time and proof."""

    escalation = tenant_fk(Escalation, on_delete=models.CASCADE, related_name="steps")
    level = models.PositiveSmallIntegerField()
    order = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=300)
    owner = tenant_fk(Person, null=True, blank=True)
    role = tenant_fk(OwnerRole, null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = tenant_fk(Person, null=True, blank=True)
    proof = models.CharField(max_length=8, choices=Proof, default=Proof.TEXT, db_default=Proof.TEXT)
    evidence = models.TextField(blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "escalation", "level", "order"], name="step_once")]
        indexes = [models.Index(fields=["district", "owner", "due_at"], name="step_owner", condition=models.Q(done_at__isnull=True))]


class StepFile(DistrictModel):
    """A file that shows that a step was done. Its bytes lie where those of tickets' files do."""

    step = tenant_fk(Step, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    path = models.CharField(max_length=300, help_text="Below MEDIA_ROOT.")
    by = tenant_fk(Person, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "step"], name="step_file_step")]
