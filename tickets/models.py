"""What was asked, said and done: facts only. Promises are derived a floor above."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, Priority, Service, Site, Team, new_token, tenant_fk


class ChannelKind(models.TextChoices):
    WEB = "web", _("Web form")
    EMAIL = "email", _("Email")
    SMS = "sms", _("SMS")
    PHONE = "phone", _("Phone")
    API = "api", _("API")
    CHAT = "chat", _("Chat")


class TicketCounter(DistrictModel):
    """The district's next ticket number; a row, so that numbers do not tell another district's volume."""

    last = models.PositiveBigIntegerField(default=1000)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district"], name="ticket_counter_once")]


class Ticket(DistrictModel):
    """One need of one person. Only `tickets.actions` saves it."""

    class Status(models.TextChoices):
        NEW = "new", _("New")
        OPEN = "open", _("Open")
        WAITING_REQUESTER = "wait_asker", _("Waiting on requester")
        WAITING_OTHER = "wait_other", _("Waiting on other")
        RESOLVED = "resolved", _("Resolved")
        CLOSED = "closed", _("Closed")
        MERGED = "merged", _("Merged")

    LIVE = (Status.NEW, Status.OPEN, Status.WAITING_REQUESTER, Status.WAITING_OTHER)

    number = models.PositiveBigIntegerField()
    token = models.CharField(max_length=32, default=new_token, help_text="Opens the tracking page without an account.")
    subject = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status, default=Status.NEW)
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    channel = models.CharField(max_length=8, choices=ChannelKind)
    language = models.CharField(max_length=8, default="en")
    requester = tenant_fk(Person)
    opened_by = tenant_fk(Person, null=True, blank=True, help_text="Who opened it for the requester; empty: they did.")
    team = tenant_fk(Team)
    service = tenant_fk(Service, null=True, blank=True)
    assignee = tenant_fk(Person, null=True, blank=True)
    site = tenant_fk(Site, null=True, blank=True)
    room = models.CharField(max_length=40, blank=True)
    asset_tag = models.CharField(max_length=40, blank=True)
    sensitive = models.BooleanField(default=False)
    crisis = models.BooleanField(default=False)

    opened_at = models.DateTimeField()
    placed_at = models.DateTimeField(null=True, blank=True, help_text="Empty: triage has not seen it yet.")
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    merged_into = tenant_fk("self", null=True, blank=True)
    facts_at = models.DateTimeField(help_text="When something that matters to a promise last changed.")
    derived_at = models.DateTimeField(help_text="Facts up to here are in the clocks; older than facts_at: derive again.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="The next promise due, copied from the clocks for order.")

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "number"], name="ticket_number_once"),
            models.UniqueConstraint(fields=["district", "token"], name="ticket_token_once"),
        ]
        indexes = [
            models.Index(
                "district", "team", models.F("due_at").asc(nulls_last=True), "id", name="ticket_queue",
                condition=models.Q(status__in=["new", "open", "wait_asker", "wait_other"]), include=["assignee"],
            ),
            models.Index(
                "district", "assignee", models.F("due_at").asc(nulls_last=True), "id", name="ticket_mine",
                condition=models.Q(status__in=["new", "open", "wait_asker", "wait_other"], assignee__isnull=False),
            ),
            models.Index(
                "district", "team", models.F("due_at").asc(nulls_last=True), "id", name="ticket_unassigned",
                condition=models.Q(status__in=["new", "open", "wait_asker", "wait_other"], assignee__isnull=True),
            ),
            models.Index(fields=["district", "requester", "opened_at"], name="ticket_requester"),
            models.Index(fields=["district", "opened_at"], name="ticket_opened"),
            models.Index(fields=["district", "resolved_at"], name="ticket_resolved", condition=models.Q(resolved_at__isnull=False)),
            models.Index(
                fields=["district", "team", "resolved_at", "id"], name="ticket_team_resolved",
                condition=models.Q(resolved_at__isnull=False),
            ),
            models.Index(fields=["district", "resolved_at"], name="ticket_to_close", condition=models.Q(status="resolved")),
            models.Index(fields=["district", "asset_tag"], name="ticket_asset", condition=~models.Q(asset_tag="")),
            models.Index(fields=["district", "opened_at"], name="ticket_unplaced", condition=models.Q(placed_at__isnull=True)),
            models.Index(fields=["district", "facts_at"], name="ticket_stale", condition=models.Q(facts_at__gt=models.F("derived_at"))),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"#{self.number}"

    @property
    def is_live(self) -> bool:
        return self.status in self.LIVE


class TicketWords(DistrictModel):
    """What a ticket is found by: subject, requester's name and first message. Its `id` is the ticket's.

    A row of its own: the ticket's row is written again with every act, and each time its words would go into the index anew. The
    ids are in the order of time, so the primary key also reads the newest first. Goes with its ticket (a foreign key of migration
    0003, which Django has no field for).
    """

    words = SearchVectorField()

    class Meta(DistrictModel.Meta):
        indexes = [GinIndex(fields=["district", "words"], name="ticket_words")]


class Message(DistrictModel):
    """One entry of the conversation. Never edited."""

    class Kind(models.TextChoices):
        REQUEST = "request", _("From the requester")
        REPLY = "reply", _("Reply")
        NOTE = "note", _("Internal note")

    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)
    kind = models.CharField(max_length=8, choices=Kind)
    channel = models.CharField(max_length=8, choices=ChannelKind)
    author = tenant_fk(Person, null=True, blank=True)
    text = models.TextField()
    quoted = models.TextField(blank=True, help_text="Quoted history and signature, folded away.")
    html = models.TextField(blank=True, help_text="Cleaned HTML of a mail; shown only in a sandboxed frame.")
    language = models.CharField(max_length=8, blank=True)
    envelope_ref = models.UUIDField(null=True, blank=True, help_text="The envelope it came in; a floor above, so an id only.")
    sender_check = models.CharField(
        max_length=60, blank=True, default="", db_default="",
        help_text='What the trusted hop found of the sender: "spf=pass dkim=pass dmarc=fail"; empty: nothing is known.',
    )  # fmt: skip
    at = models.DateTimeField()

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "ticket", "at"], name="message_ticket")]


class Attachment(DistrictModel):
    message = tenant_fk(Message, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120, help_text="Sniffed from the bytes, not taken from the sender.")
    size = models.PositiveIntegerField(help_text="Bytes.")
    sha256 = models.CharField(max_length=64)
    path = models.CharField(max_length=300, help_text="Below MEDIA_ROOT, never served directly.")

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "message"], name="attachment_message")]


class Answer(DistrictModel):
    """What the form asked of this need besides the words, and what was answered; label and value as they were shown."""

    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)
    key = models.SlugField(max_length=60, db_index=False)
    label = models.CharField(max_length=200)
    value = models.CharField(max_length=1000)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "ticket", "key"], name="answer_once")]


class ThreadId(DistrictModel):
    """Every Message-ID seen or sent with a ticket, and every ancestor it named: how a reply finds its ticket."""

    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)
    message_id = models.CharField(max_length=250, help_text="Without angle brackets.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "message_id", "ticket"], name="thread_id_once")]
        indexes = [models.Index(fields=["district", "ticket"], name="thread_id_ticket")]


class Event(DistrictModel):
    """A fact about a ticket; the application's role may insert and read, never change or delete."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        PLACED = "placed", _("Placed")
        HANDED_OFF = "handed_off", _("Handed off")
        ASSIGNED = "assigned", _("Assigned")
        REQUESTER_WROTE = "asker_wrote", _("Requester wrote")
        REPLIED = "replied", _("Replied")
        NOTED = "noted", _("Note added")
        WAITING = "waiting", _("Waiting")
        RESUMED = "resumed", _("Resumed")
        PRIORITY = "priority", _("Priority changed")
        SERVICE = "service", _("Service changed")
        RESOLVED = "resolved", _("Resolved")
        REOPENED = "reopened", _("Reopened")
        CLOSED = "closed", _("Closed")
        MERGED = "merged", _("Merged")
        LATE = "late", _("Promise broken")
        ESCALATED = "escalated", _("Escalated")
        READ = "read", _("Read")
        DANGER = "danger", _("Words of danger")
        PROMISED = "promised", _("New time told")
        UNMERGED = "unmerged", _("Taken apart again")
        REREAD = "reread", _("Mail read again")

    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)
    kind = models.CharField(max_length=12, choices=Kind)
    by = tenant_fk(Person, null=True, blank=True, help_text="Empty: the product itself.")
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [
            models.Index(fields=["district", "ticket", "at"], name="event_ticket"),
            models.Index(fields=["district", "kind", "at"], name="event_kind"),
        ]


class Follower(DistrictModel):
    """Somebody besides the requester who may read along and is a participant of the conversation."""

    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)
    person = tenant_fk(Person, on_delete=models.CASCADE)
    since = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "ticket", "person"], name="follower_once")]


class Link(DistrictModel):
    """Two tickets that belong together."""

    class Kind(models.TextChoices):
        RELATED = "related", _("Related")
        MAY_BELONG = "may_belong", _("May belong to")
        FOLLOWS_UP = "follows_up", _("Follows up on")

    ticket = tenant_fk(Ticket, on_delete=models.CASCADE, related_name="links")
    other = tenant_fk(Ticket, on_delete=models.CASCADE)
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "ticket", "other", "kind"], name="link_once")]
