"""Where should it go: rules, what triage chose and why, and hand-offs between teams."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, Priority, Service, Team, tenant_fk
from tickets.models import Ticket


class Rule(DistrictModel):
    """A district's own word on where something goes; tried in order, the first that fits decides."""

    order = models.PositiveSmallIntegerField(default=100)
    name = models.CharField(max_length=120)
    words = models.JSONField(default=list, help_text="Phrases, any of which must be in the text (whole words, any case).")
    channel = models.CharField(max_length=8, blank=True)
    service = tenant_fk(Service, null=True, blank=True)
    team = tenant_fk(Team, null=True, blank=True)
    priority = models.SmallIntegerField(choices=Priority, null=True, blank=True)
    active = models.BooleanField(default=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "name"], name="rule_name_once")]

    def __str__(self) -> str:
        return self.name


class Decision(DistrictModel):
    """What triage chose, how sure it was, why, which engine; and what a person changed it to."""

    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)
    engine = models.CharField(max_length=16, help_text="crisis, rule, classifier, front_office, person")
    service = tenant_fk(Service, null=True, blank=True)
    team = tenant_fk(Team)
    confidence = models.FloatField(default=0, help_text="0 to 1")
    automatic = models.BooleanField(default=True)
    reasons = models.JSONField(default=list)
    alternatives = models.JSONField(default=list, help_text='[{"service", "team", "confidence"}], best first')
    model_version = models.PositiveIntegerField(null=True, blank=True)
    corrected_service = tenant_fk(Service, null=True, blank=True)
    corrected_team = tenant_fk(Team, null=True, blank=True)
    corrected_by = tenant_fk(Person, null=True, blank=True)
    corrected_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [
            models.Index(fields=["district", "ticket"], name="decision_ticket"),
            models.Index(fields=["district", "at"], name="decision_at"),
        ]


class Handoff(DistrictModel):
    """Team to team: why, what is known, what is asked. The requester's clock never restarts."""

    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)
    from_team = tenant_fk(Team)
    to_team = tenant_fk(Team)
    by = tenant_fk(Person, null=True, blank=True)
    known = models.TextField(help_text="What is known.")
    asked = models.TextField(help_text="What is asked of the next team.")
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [
            models.Index(fields=["district", "ticket"], name="handoff_ticket"),
            models.Index(fields=["district", "at"], name="handoff_at"),
        ]


class TrainedModel(DistrictModel):
    """A district's trained classifier; the newest active version decides."""

    class State(models.TextChoices):
        ACTIVE = "active", _("In use")
        RETIRED = "retired", _("Retired")
        REJECTED = "rejected", _("Worse than the one in use")

    version = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State)
    examples = models.PositiveIntegerField()
    accuracy = models.FloatField(null=True, help_text="Share of held-out examples placed right.")
    threshold = models.FloatField(default=0.5, help_text="Confidence from which it acts on its own.")
    blob = models.BinaryField()
    digest = models.CharField(max_length=64, help_text="HMAC-SHA-256 of blob under SECRET_KEY: only our own is loaded.")
    trained_at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "version"], name="trained_model_once")]
