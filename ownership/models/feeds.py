"""Feeds: what tells that a process works, what each of them told, and the runs that wait for a named person."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, new_token, tenant_fk
from ownership.models.matrix import Process
from ownership.models.roles import OwnerRole


class Feed(DistrictModel):
    """Evidence that a process works: something pings the token's address, writes to it, or leaves a file, each time it ran."""

    class State(models.TextChoices):
        NEW = "new", _("Never seen")
        ON_TIME = "ok", _("On time")
        LATE = "late", _("Late")
        FAILED = "failed", _("Failed")
        PARTIAL = "partial", _("Partial")
        HELD = "held", _("Held")
        UNKNOWN = "unknown", _("Unknown")

    class Kind(models.TextChoices):
        MACHINE = "machine", _("A system tells")
        CHECK = "check", _("A person looks and signs")

    process = tenant_fk(Process, on_delete=models.CASCADE, related_name="feeds")
    slug = models.SlugField(max_length=100, db_index=False)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.MACHINE, db_default=Kind.MACHINE)
    token = models.CharField(max_length=32, default=new_token)
    terms = models.CharField(max_length=300, help_text='"checks at 10 AM and 3 PM", "daily by 4 PM", "every 60 minutes".')
    grace_minutes = models.PositiveIntegerField(default=15)
    longest_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="A run that said it started must end within; empty: as long as it likes."
    )
    all_year = models.BooleanField(default=False, db_default=False, help_text="Expected in summer, on holidays and in breaks too.")
    rules = models.JSONField(
        default=list, db_default=models.Value([], models.JSONField()),
        help_text="What stops a run before it does harm: rules of `ownership.holds.rules`.",
    )  # fmt: skip
    mail_from = models.CharField(max_length=254, blank=True, db_default="", help_text="Only mail of this address or @domain counts.")
    mail_ok = models.CharField(max_length=300, blank=True, db_default="", help_text="Words of which one says that it ran.")
    mail_failed = models.CharField(max_length=300, blank=True, db_default="", help_text="Words of which one says that it failed.")
    key_column = models.CharField(max_length=100, blank=True, db_default="", help_text="Of its files: the column that names a record.")
    state = models.CharField(max_length=8, choices=State, default=State.NEW)
    expected_at = models.DateTimeField(null=True, blank=True, help_text="Next run promised.")
    alert_at = models.DateTimeField(
        null=True, blank=True, help_text="When its silence is trouble; empty: not watched, or late already."
    )
    ask_at = models.DateTimeField(null=True, blank=True, help_text="Of a check: when its owner is asked to look and sign.")
    started_at = models.DateTimeField(null=True, blank=True, help_text="Of a run that has not ended.")
    last_ping_at = models.DateTimeField(null=True, blank=True)
    releases = models.BooleanField(default=False, db_default=False, help_text="A trigger waits for what it tells.")
    active = models.BooleanField(default=True)

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "slug"], name="feed_slug_once"),
            models.UniqueConstraint(fields=["district", "token"], name="feed_token_once"),
        ]
        indexes = [
            models.Index(fields=["district", "alert_at"], name="feed_alert", condition=Q(alert_at__isnull=False)),
            models.Index(fields=["district", "ask_at"], name="feed_ask", condition=Q(ask_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class FeedRun(DistrictModel):
    """One thing that happened, or failed to happen, on a feed."""

    class Outcome(models.TextChoices):
        OK = "ok", _("Ran")
        FAILED = "failed", _("Failed")
        PARTIAL = "partial", _("Ran in part")
        MISSED = "missed", _("Did not run")
        HELD = "held", _("Held")
        STARTED = "started", _("Started")
        UNKNOWN = "unknown", _("Said neither")

    class Way(models.TextChoices):
        PING = "ping", _("Ping")
        MAIL = "mail", _("Mail")
        UPLOAD = "upload", _("File")
        FOLDER = "folder", _("Folder")
        API = "api", _("API")
        SIGNED = "signed", _("Signed")

    QUIET = (Outcome.OK, Outcome.STARTED, Outcome.UNKNOWN)  # nobody is called for these

    feed = tenant_fk(Feed, on_delete=models.CASCADE, related_name="runs")
    outcome = models.CharField(max_length=8, choices=Outcome)
    way = models.CharField(max_length=8, choices=Way, blank=True, default="", db_default="", help_text="Empty: nothing came.")
    key = models.CharField(
        max_length=100, blank=True, db_default="", help_text="What its sender calls this run; the same told twice counts once."
    )
    expected_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    late_seconds = models.IntegerField(null=True, blank=True)
    took_seconds = models.PositiveIntegerField(null=True, blank=True, help_text="From its start, where it told of one.")
    counts = models.JSONField(default=dict)
    evidence = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), help_text="Of a file or a mail: its name, hash, sender, subject."
    )
    by = tenant_fk(Person, null=True, blank=True, help_text="Who signed, or brought the file.")
    note = models.TextField(blank=True, help_text="What the feed said of itself, then one line for each thing its ladder did.")
    handled_at = models.DateTimeField(null=True, blank=True, help_text="A run in trouble is collected by the ladder.")

    class Meta(DistrictModel.Meta):
        indexes = [
            models.Index(fields=["district", "feed", "-at"], name="feed_run_feed"),
            models.Index(fields=["district", "feed", "key", "at"], name="feed_run_named", condition=~Q(key="")),
            models.Index(fields=["district", "at"], name="feed_run_trouble", condition=Q(handled_at__isnull=True)),
        ]


class FeedFile(DistrictModel):
    """A file that told of a run: what was counted in it. Of the newest, a digest of each record, to compare the next with."""

    feed = tenant_fk(Feed, on_delete=models.CASCADE, related_name="files")
    run = tenant_fk(FeedRun, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(default=0)
    columns = models.JSONField(default=list)
    digests = models.BinaryField(null=True, blank=True, help_text="Keyed digests of records and of their keys, compressed: no data.")
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "feed", "-at"], name="feed_file_feed")]


class Hold(DistrictModel):
    """A run stopped before it does harm, waiting for a named person."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RELEASED = "released", _("Released")
        REJECTED = "rejected", _("Rejected")

    run = tenant_fk(FeedRun, on_delete=models.CASCADE, related_name="holds")
    feed = tenant_fk(Feed, on_delete=models.CASCADE, related_name="holds")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    reasons = models.JSONField(default=list, help_text="What each rule found: {rule, value, limit, usual, counts}.")
    role = tenant_fk(OwnerRole, null=True, blank=True, help_text="Whose word it waits for; empty: the first owner of the process.")
    person = tenant_fk(Person, null=True, blank=True, help_text="Who was named when it was held.")
    at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(
        null=True, blank=True, help_text="Nobody decided by then: the ladder is climbed. Empty: it is, or is decided."
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = tenant_fk(Person, null=True, blank=True)
    why = models.TextField(blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "run"], name="hold_run_once")]
        indexes = [
            models.Index(fields=["district", "due_at"], name="hold_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["district", "feed", "-at"], name="hold_feed"),
            models.Index(fields=["district", "at"], name="hold_waiting", condition=Q(state="waiting")),
        ]


class HoldEntry(DistrictModel):
    """A fact about a hold, never edited: held, asked, answered, released, rejected, told."""

    hold = tenant_fk(Hold, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField(default=timezone.now)
    act = models.CharField(max_length=12)
    by = tenant_fk(Person, null=True, blank=True)
    of = tenant_fk(Person, null=True, blank=True, help_text="Who was asked, and may answer.")
    to = models.JSONField(default=list, help_text="Names of whom it was said to, as they were then: to be read, not to be looked up.")
    words = models.TextField(blank=True)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "hold", "at"], name="hold_entry_hold")]


class Trigger(DistrictModel):
    """What is released at once when something happens: a call to another system's address, or a playbook."""

    name = models.CharField(max_length=200)
    event = models.CharField(max_length=80, help_text='"feed.ok", "hold.released", or a name of the district\'s own: "grades-final".')
    feed = tenant_fk(Feed, null=True, blank=True, on_delete=models.CASCADE, related_name="triggers", help_text="Only of this feed.")
    process = tenant_fk(Process, null=True, blank=True, on_delete=models.CASCADE, related_name="triggers")
    url = models.URLField(max_length=500)
    secret = models.TextField(help_text="Sealed: the key that calls are signed with, and the one before it.")
    keyed_at = models.DateTimeField(default=timezone.now, help_text="When the key was made; the one before signs along for a day.")
    active = models.BooleanField(default=True)
    failing_since = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "name"], name="trigger_name_once")]
        indexes = [models.Index(fields=["district", "event"], name="trigger_event", condition=Q(active=True))]

    def __str__(self) -> str:
        return self.name


class TriggerCall(DistrictModel):
    """One call of a trigger. The row is the queue."""

    class State(models.TextChoices):
        PENDING = "pending", _("On its way")
        DONE = "done", _("Taken")
        DEAD = "dead", _("Given up")

    trigger = tenant_fk(Trigger, on_delete=models.CASCADE, related_name="calls")
    key = models.CharField(max_length=120, help_text="The same thing is told once.")
    event = models.CharField(max_length=80)
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    at = models.DateTimeField(default=timezone.now)
    not_before = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    answered = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Status of the last answer; empty: there was none.")
    answer = models.CharField(max_length=500, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "trigger", "key"], name="trigger_call_once")]
        indexes = [
            models.Index(fields=["district", "not_before"], name="trigger_call_due", condition=Q(state="pending")),
            models.Index(fields=["district", "trigger", "-at"], name="trigger_call_trigger"),
        ]
