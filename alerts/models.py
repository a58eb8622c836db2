"""One message to many by every channel: whom it is for, whom it reached, who is called by hand, which addresses are to be mended."""

from datetime import time
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import ContactPoint, DistrictModel, Person, Site, tenant_fk
from ownership.models import Escalation, OwnerRole, Process

TERMS = "95 % delivered within 15 minutes, validated within 30 minutes"  # what a district promises from the first day on


class Kind(models.TextChoices):
    EMERGENCY = "emergency", _("Emergency")
    TEST = "test", _("Test")
    ORDINARY = "ordinary", _("Announcement")


class Channel(models.TextChoices):
    """By which a message goes, and by which somebody was reached."""

    SMS = "sms", _("Text")
    EMAIL = "email", _("Email")
    VOICE = "voice", _("Voice call")
    CALL = "call", _("Called by staff")


def usual_channels() -> list[str]:
    return [Channel.SMS.value, Channel.EMAIL.value]


class Outcome(models.TextChoices):
    REACHED = "reached", _("Reached")
    UNKNOWN = "unknown", _("Not known yet")
    FAILED = "failed", _("Not delivered")
    LEFT_OUT = "left-out", _("Asked for no messages")
    NO_CONTACT = "none", _("No address")


class AlertTemplate(DistrictModel):
    """Words a district has ready: a text and a mail in each language."""

    slug = models.SlugField(max_length=60, db_index=False)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.EMERGENCY)
    words = models.JSONField(default=dict, help_text='{"en": {"subject": "…", "text": "…", "mail": "…"}}; […] is to be filled in.')
    order = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="alert_template_slug_once")]

    def __str__(self) -> str:
        return self.name


class AlertPolicy(DistrictModel):
    """What a district promises of its alerts, who answers for them, and when it tests. One row."""

    terms = models.CharField(max_length=300, default=TERMS, help_text="In the grammar of promises: a share of people by a time.")
    process = tenant_fk(
        Process, null=True, blank=True, on_delete=models.SET_NULL,
        help_text="Row of the matrix whose ladder begins where the promise is not kept; empty: one is made.",
    )  # fmt: skip
    channels = models.JSONField(default=usual_channels, help_text="What alerts and tests go out by where nobody says otherwise.")
    owner_role = tenant_fk(OwnerRole, null=True, blank=True, help_text="Signs the delivery report.")
    caller_role = tenant_fk(OwnerRole, null=True, blank=True, help_text="Calls where a school has no staff of its own here.")
    contacts_role = tenant_fk(OwnerRole, null=True, blank=True, help_text="Mends addresses.")
    second_person = models.BooleanField(default=False, help_text="Nothing but a test leaves before a second leader approves it.")
    test_on = models.BooleanField(default=False)
    test_day = models.PositiveSmallIntegerField(
        default=10, help_text="Day of the month, 1 to 28; the next school day where it is none."
    )
    test_time = models.TimeField(default=time(10), help_text="On the district's clock.")
    contacts_at = models.DateTimeField(null=True, blank=True, help_text="When letters are looked through for bad addresses again.")
    test_at = models.DateTimeField(null=True, blank=True, help_text="The next test.")
    check_at = models.DateTimeField(
        null=True,
        blank=True,
        default=timezone.now,
        help_text="When the sweep looks again.",
    )
    reminded = models.CharField(max_length=7, blank=True, help_text="The last month that was reminded of: 2026-11.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district"], name="alert_policy_once")]
        indexes = [models.Index(fields=["district", "check_at"], name="alert_policy_check")]


class Alert(DistrictModel):
    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        VALIDATED = "validated", _("Report signed")
        ENDED = "ended", _("Ended")

    kind = models.CharField(max_length=10, choices=Kind)
    title = models.CharField(max_length=120)
    words = models.JSONField(default=dict)
    kinds = models.JSONField(default=list, help_text="Kinds of people: family, student, staff.")
    sites = models.JSONField(default=list, help_text="Ids of sites; empty: everywhere.")
    teams = models.JSONField(default=list, help_text="Ids of teams whose people get it besides.")
    channels = models.JSONField(default=list, help_text="sms, email, voice.")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    made_at = models.DateTimeField(default=timezone.now)
    made_by = tenant_fk(Person, null=True, blank=True, help_text="Empty: by the schedule.")
    asked_at = models.DateTimeField(null=True, blank=True, help_text="A second person was asked to approve it.")
    approved_by = tenant_fk(Person, null=True, blank=True)
    month = models.CharField(max_length=7, blank=True, help_text="Of a scheduled test: 2026-11.")
    terms = models.CharField(max_length=300, default=TERMS, help_text="Its promise: the district's on the day it was written.")
    started_at = models.DateTimeField(null=True, blank=True)
    listed_at = models.DateTimeField(null=True, blank=True, help_text="Its recipients are written down.")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="The last message was handed to delivery.")
    check_at = models.DateTimeField(null=True, blank=True, help_text="When the sweep looks again.")
    counted_at = models.DateTimeField(null=True, blank=True, help_text="Reach was judged by its terms.")
    people = models.PositiveIntegerField(null=True, blank=True, help_text="How many it was for.")
    in_time = models.PositiveIntegerField(null=True, blank=True, help_text="How many of them were reached in time.")
    reach_ladder = tenant_fk(Escalation, null=True, blank=True, on_delete=models.SET_NULL, help_text="Too few were reached in time.")
    report_ladder = tenant_fk(Escalation, null=True, blank=True, on_delete=models.SET_NULL, help_text="Its report was not signed.")
    tree_at = models.DateTimeField(null=True, blank=True, help_text="The phone tree began.")
    late_told_at = models.DateTimeField(null=True, blank=True)
    validated_at = models.DateTimeField(null=True, blank=True)
    validated_by = tenant_fk(Person, null=True, blank=True)
    note = models.TextField(blank=True, help_text="Of whoever signed the report.")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "month"], name="alert_test_of_month_once", condition=~models.Q(month="")),
        ]
        indexes = [
            models.Index(fields=["district", "check_at"], name="alert_check", condition=models.Q(check_at__isnull=False)),
            models.Index(fields=["district", "-made_at"], name="alert_made"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_test(self) -> bool:
        return self.kind == Kind.TEST

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_live(self) -> bool:
        return self.state in (self.State.SENDING, self.State.SENT)


class AlertRecipient(DistrictModel):
    """A person an alert is for, and whether any way reached them."""

    alert = tenant_fk(Alert, on_delete=models.CASCADE, related_name="recipients")
    person = tenant_fk(Person, on_delete=models.CASCADE)
    site = tenant_fk(Site, null=True, blank=True)
    language = models.CharField(max_length=8)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.UNKNOWN)
    channel = models.CharField(max_length=8, choices=Channel, blank=True, help_text="By which they were reached first.")
    reached_at = models.DateTimeField(null=True, blank=True)
    tree_at = models.DateTimeField(null=True, blank=True, help_text="Somebody was asked to call them.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "alert", "person"], name="alert_recipient_once")]
        indexes = [models.Index(fields=["district", "alert", "outcome"], name="alert_recipient_outcome")]


class AlertContact(DistrictModel):
    """One address of a recipient. The delivery to it has the same id, so that handing it over twice is handing it over once."""

    alert = tenant_fk(Alert, on_delete=models.CASCADE)
    recipient = tenant_fk(AlertRecipient, on_delete=models.CASCADE, related_name="contacts")
    channel = models.CharField(max_length=8, choices=Channel)
    address = models.CharField(max_length=254)
    handed_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.UNKNOWN)
    why = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(null=True, blank=True, help_text="Of the outcome.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "alert", "channel", "address"], name="alert_contact_once")]
        indexes = [
            models.Index(fields=["district", "alert", "id"], name="alert_contact_waiting", condition=models.Q(handed_at__isnull=True)),
            models.Index(fields=["district", "alert", "outcome"], name="alert_contact_outcome"),
            models.Index(fields=["district", "recipient"], name="alert_contact_recipient"),
        ]


class Unsubscribed(DistrictModel):
    """A mail address that gets no tests and announcements; emergencies still come."""

    address = models.CharField(max_length=254)
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "address"], name="alert_unsubscribed_once")]


class PhoneCall(DistrictModel):
    """The phone tree: somebody of a school calls somebody no message reached."""

    class Outcome(models.TextChoices):
        OPEN = "open", _("To call")
        REACHED = "reached", _("Reached")
        VOICEMAIL = "voicemail", _("Voicemail")
        NO_ANSWER = "no-answer", _("No answer")
        WRONG = "wrong", _("Wrong number")

    alert = tenant_fk(Alert, on_delete=models.CASCADE)
    recipient = tenant_fk(AlertRecipient, on_delete=models.CASCADE)
    number = models.CharField(max_length=20, help_text="E.164.")
    caller = tenant_fk(Person, null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.OPEN)
    tries = models.PositiveSmallIntegerField(default=0)
    called_at = models.DateTimeField(null=True, blank=True)
    called_by = tenant_fk(Person, null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "alert", "recipient", "number"], name="phone_call_once")]
        indexes = [models.Index(fields=["district", "caller", "outcome"], name="phone_call_caller")]

    @property
    def is_over(self) -> bool:
        return self.outcome in (self.Outcome.REACHED, self.Outcome.WRONG)


class BadContact(DistrictModel):
    """An address that did not work, until somebody mended it, found it right, or found that there is none."""

    class Fixed(models.TextChoices):
        MENDED = "mended", _("A new one is written down")
        RIGHT = "right", _("It is right")
        NOBODY = "nobody", _("There is none")
        GONE = "gone", _("It was changed elsewhere")

    person = tenant_fk(Person, on_delete=models.CASCADE)
    site = tenant_fk(Site, null=True, blank=True, on_delete=models.SET_NULL, help_text="The school whose it is to mend.")
    channel = models.CharField(max_length=8, choices=Channel)
    address = models.CharField(max_length=254, blank=True, help_text="Empty: they have none at all.")
    why = models.CharField(max_length=200)
    alert = tenant_fk(Alert, null=True, blank=True, on_delete=models.SET_NULL)
    found_at = models.DateTimeField(default=timezone.now)
    owner = tenant_fk(Person, null=True, blank=True)
    due_at = models.DateTimeField()
    fixed = models.CharField(max_length=10, choices=Fixed, blank=True)
    new_address = models.CharField(max_length=254, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = tenant_fk(Person, null=True, blank=True)
    proved_at = models.DateTimeField(null=True, blank=True, help_text="A letter arrived there since.")

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["district", "person", "channel", "address"], name="bad_contact_once", condition=models.Q(done_at__isnull=True)
            )
        ]
        indexes = [
            models.Index(fields=["district", "due_at"], name="bad_contact_due", condition=models.Q(done_at__isnull=True)),
            models.Index(fields=["district", "address"], name="bad_contact_address"),
            models.Index(fields=["district", "done_at"], name="bad_contact_done", condition=models.Q(done_at__isnull=False)),
        ]

    @property
    def now_at(self) -> str:
        """The address that is right, as far as anybody knows."""
        return self.new_address or self.address

    @property
    def kind(self) -> str:
        """Of the address: mail or telephone."""
        return ContactPoint.Kind.EMAIL if "@" in self.now_at else ContactPoint.Kind.PHONE


class AlertAct(DistrictModel):
    """What was done about an alert, by whom and when; never changed."""

    alert = tenant_fk(Alert, on_delete=models.CASCADE, related_name="acts")
    at = models.DateTimeField(default=timezone.now)
    by = tenant_fk(Person, null=True, blank=True, help_text="Empty: by itself.")
    kind = models.CharField(max_length=16)
    data: Any = models.JSONField(default=dict)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "alert", "at"], name="alert_act_alert")]
