"""Where should it go: rules, how far triage may go by itself, what it chose and why, and hand-offs between teams."""

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


class Tier(models.TextChoices):
    """How far a machine's reading of a text may go. What the asker chose, the district's rules and words of danger are no reading."""

    AUTOMATIC = "automatic", _("Automatic")
    SUGGEST = "suggest", _("Suggestion")
    PERSON = "person", _("Person only")


class TriagePolicy(DistrictModel):
    """How far triage may go by itself: in the district (no service), and where it differs, for one service."""

    service = tenant_fk(Service, null=True, blank=True, on_delete=models.CASCADE)
    tier = models.CharField(max_length=10, choices=Tier, blank=True, help_text="Empty: as usual for such a service.")
    shadow = models.BooleanField(null=True, help_text="Decide and record, without acting. Empty, of a service: as the district.")
    wanted = models.FloatField(null=True, help_text="Share of what is placed by itself that should be right, 0 to 1.")
    threshold = models.FloatField(null=True, help_text="Confidence from which it acts; empty: the model's own.")
    changed_by = tenant_fk(Person, null=True, blank=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "service"], name="triage_policy_once", nulls_distinct=False)]

    @property
    def percent(self) -> str:
        """What is wanted, as people write it."""
        return f"{100 * self.wanted:g}" if self.wanted is not None else ""


class Decision(DistrictModel):
    """What triage chose, how sure it was, why, which engine; and what a person changed it to.

    Where it only suggests, or only watches (`shadow`), `team` is who got the ticket, and `suggested_team` who would have.
    """

    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)
    engine = models.CharField(max_length=16, help_text="crisis, asked, channel, rule, classifier, model, front_office, person")
    service = tenant_fk(Service, null=True, blank=True)
    team = tenant_fk(Team)
    confidence = models.FloatField(default=0, help_text="0 to 1")
    automatic = models.BooleanField(default=True)
    reasons = models.JSONField(default=list)
    alternatives = models.JSONField(default=list, help_text='[{"service", "team", "confidence"}], best first')
    model_version = models.PositiveIntegerField(null=True, blank=True)
    tier = models.CharField(max_length=10, choices=Tier, blank=True, default="", db_default="")
    shadow = models.BooleanField(default=False, db_default=False)
    suggested_team = tenant_fk(Team, null=True, blank=True)
    suggested_service = tenant_fk(Service, null=True, blank=True)
    suggested_by = models.CharField(max_length=16, blank=True, default="", db_default="", help_text="classifier, model")
    corrected_service = tenant_fk(Service, null=True, blank=True)
    corrected_team = tenant_fk(Team, null=True, blank=True)
    corrected_by = tenant_fk(Person, null=True, blank=True)
    corrected_at = models.DateTimeField(null=True, blank=True)
    mistaken_at = models.DateTimeField(null=True, blank=True, help_text="The correction was a mistake: nothing is learned from it.")
    mistaken_by = tenant_fk(Person, null=True, blank=True)
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
    """A district's trained classifier; the newest active version decides. The last ones keep their arrays, to go back to."""

    class State(models.TextChoices):
        ACTIVE = "active", _("In use")
        RETIRED = "retired", _("Retired")
        REJECTED = "rejected", _("Worse than the one in use")
        UNDONE = "undone", _("Taken back")

    version = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State)
    examples = models.PositiveIntegerField()
    accuracy = models.FloatField(null=True, help_text="Share of held-out examples placed right.")
    threshold = models.FloatField(default=0.5, help_text="Confidence from which it acts on its own.")
    blob = models.BinaryField()
    digest = models.CharField(max_length=64, help_text="HMAC-SHA-256 of blob under SECRET_KEY: only our own is loaded.")
    trained_at = models.DateTimeField(default=timezone.now)
    held_out = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="[[confidence, team right, id of the service]] of unseen texts",
    )
    from_tickets = models.BooleanField(default=False, db_default=False, help_text="Held-out texts are settled tickets, not phrases.")
    returned_at = models.DateTimeField(null=True, blank=True, help_text="When it was gone back to.")
    returned_by = tenant_fk(Person, null=True, blank=True)
    why = models.CharField(max_length=300, blank=True, default="", db_default="", help_text="Why it was taken back, or gone back to.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "version"], name="trained_model_once")]
