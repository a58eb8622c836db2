"""Words going out, and what became of them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, tenant_fk


class Delivery(DistrictModel):
    """One message to one address over one channel. The row is the queue; `dedupe_key` makes it once."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("Email")
        SMS = "sms", _("SMS")
        INAPP = "inapp", _("In the app")
        VOICE = "voice", _("Phone call")

    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENT = "sent", _("Sent")
        KEPT = "kept", _("Kept, would have been sent")
        UNCERTAIN = "uncertain", _("May have been sent")
        FAILED = "failed", _("Refused")
        DEAD = "dead", _("Given up")
        SUPPRESSED = "suppressed", _("Not sent: opted out")

    channel = models.CharField(max_length=8, choices=Channel)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    dedupe_key = models.CharField(max_length=120, help_text="What makes this message once, e.g. 'ack:<ticket id>'.")
    purpose = models.CharField(max_length=16, help_text="ack, reply, notice, sign-in …")
    person = tenant_fk(Person, null=True, blank=True)
    address = models.CharField(max_length=254, blank=True)
    sent_from = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text="Our number that a text leaves from; empty: not chosen yet."
    )
    about = models.UUIDField(null=True, blank=True, help_text="The ticket it speaks of; a floor above, so an id only.")
    subject = models.CharField(max_length=300, blank=True)
    body = models.TextField()
    link = models.CharField(max_length=300, blank=True, help_text="Path an in-app notice leads to.")
    reply_to = models.CharField(max_length=254, blank=True)
    message_id = models.CharField(max_length=250, blank=True, help_text="Deterministic Message-ID, without angle brackets.")
    references = models.TextField(blank=True, help_text="Message-IDs this answers, oldest first, one a line.")
    segments = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Parts of a text message that the carrier counts.")
    wakes = models.BooleanField(default=False, help_text="May break quiet hours.")
    created_at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0, help_text="Counted over all sendings, never back; a callback names its own.")
    sent_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    provider_ref = models.CharField(max_length=120, blank=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "dedupe_key"], name="delivery_once")]
        indexes = [
            models.Index(fields=["district", "not_before"], name="delivery_pending", condition=models.Q(state="pending")),
            models.Index(fields=["district", "about"], name="delivery_about"),
            models.Index(fields=["district", "person", "created_at"], name="delivery_inapp", condition=models.Q(channel="inapp")),
            models.Index(fields=["district", "message_id"], name="delivery_message_id"),
            models.Index(fields=["district", "created_at"], name="delivery_created"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.channel} {self.state}"


class Line(DistrictModel):
    """A telephone number of the district, and the Twilio account it belongs to."""

    number = models.CharField(max_length=20, help_text="E.164.")
    account = models.CharField(max_length=64, blank=True, help_text="Account SID; empty: of whoever runs the product (settings).")
    secret = models.TextField(blank=True, help_text="Sealed: the auth token; empty: of whoever runs the product (settings).")
    texts = models.BooleanField(default=False, help_text="Texts leave from it.")
    first = models.BooleanField(default=False, help_text="A text that answers none leaves from it.")

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "number"], name="line_number_once"),
            models.UniqueConstraint(fields=["district"], name="line_first_once", condition=models.Q(first=True)),
        ]

    def __str__(self) -> str:
        return self.number


class CallHook(DistrictModel):
    """The address that makes a district's telephone ring: what is to be said, and to whom, is posted there (`transports.voice`)."""

    url = models.CharField(max_length=500, help_text="https:// …")
    secret = models.TextField(help_text="Sealed: the key that what is posted is signed with.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district"], name="call_hook_once")]

    def __str__(self) -> str:
        return self.url


class NumberUsed(DistrictModel):
    """Which of our numbers somebody texted or called, the last time, about a ticket: what we text about it leaves from there."""

    address = models.CharField(max_length=20, help_text="Theirs, E.164.")
    about = models.UUIDField(help_text="The ticket; a floor above, so an id only.")
    number = models.CharField(max_length=20, help_text="Ours, E.164.")
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "address", "about"], name="number_used_once")]


class Receipt(DistrictModel):
    """What a provider told us later about a delivery."""

    delivery = tenant_fk(Delivery, on_delete=models.CASCADE)
    kind = models.CharField(max_length=20, help_text="delivered, bounced, complained, failed …")
    detail = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "delivery"], name="receipt_delivery")]


class OptOut(DistrictModel):
    """An address that asked not to be written to, or that cannot be written to, and whether it is written to again."""

    BOUNCES = ("bounced", "no such address", "unknown number", "cannot take messages")  # not a wish: it may have been mended

    channel = models.CharField(max_length=8, choices=Delivery.Channel)
    address = models.CharField(max_length=254)
    reason = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = tenant_fk(Person, null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "channel", "address"], name="opt_out_once")]

    @property
    def is_bounce(self) -> bool:
        return self.reason.startswith(self.BOUNCES)
