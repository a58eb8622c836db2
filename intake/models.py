"""The doors, and what came in by them, byte for byte."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Team, tenant_fk
from tickets.models import ChannelKind


class Channel(DistrictModel):
    """An address people write to: the web form, a mailbox, a number. Its secret checks the sender's signature."""

    kind = models.CharField(max_length=8, choices=ChannelKind)
    address = models.CharField(max_length=254, help_text="Normalised mail address or E.164 number; empty for the web form.", blank=True)
    name = models.CharField(max_length=120)
    team = tenant_fk(Team, null=True, blank=True, help_text="A department's own address: goes to this team.")
    secret = models.CharField(max_length=120, blank=True, help_text="Webhook signing key of the provider.")
    active = models.BooleanField(default=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "kind", "address"], name="channel_address_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.address or self.kind})"


class Envelope(DistrictModel):
    """What arrived before anyone interpreted it; committed before the sender is told yes."""

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        DONE = "done", _("Received")
        SCREENED = "screened", _("Screened out")
        DEAD = "dead", _("Could not be read")

    source = tenant_fk(Channel)
    channel = models.CharField(max_length=8, choices=ChannelKind)
    external_id = models.CharField(max_length=250, help_text="Message-ID, MessageSid, the form's own id, Idempotency-Key.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the bytes: a reused id with other content is another envelope.")
    raw = models.BinaryField()
    meta = models.JSONField(default=dict, help_text="Envelope sender and recipients, remote address, files kept beside it.")
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    reason = models.CharField(max_length=60, blank=True, help_text="Which filter screened it, or why it is dead.")
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    ticket_ref = models.UUIDField(null=True, blank=True)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "channel", "external_id", "digest"], name="envelope_once")]
        indexes = [
            models.Index(fields=["district", "received_at"], name="envelope_pending", condition=models.Q(state="pending")),
            models.Index(
                fields=["district", "received_at"], name="envelope_trouble", condition=models.Q(state__in=["dead", "screened"])
            ),
        ]
