"""The doors, and what came in by them, byte for byte."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, Service, Team, new_token, tenant_fk
from tickets.models import ChannelKind, Ticket


class Channel(DistrictModel):
    """An address people write to: the web form, a mailbox, a number (whose account is told by its delivery.models.Line)."""

    kind = models.CharField(max_length=8, choices=ChannelKind)
    address = models.CharField(max_length=254, help_text="Normalised mail address or E.164 number; empty for the web form.", blank=True)
    name = models.CharField(max_length=120)
    team = tenant_fk(Team, null=True, blank=True, help_text="A department's own address: goes to this team.")
    trusted_hop = models.CharField(
        max_length=253, blank=True, default="", db_default="",
        help_text="Name under which our own mail server writes Authentication-Results (RFC 8601 authserv-id); no other is believed.",
    )  # fmt: skip
    options = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), blank=True,
        help_text='Of the chat: {"sites": ["https://www.school.example"], "greeting": "…"}.',
    )  # fmt: skip
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
    decisions = models.JSONField(
        null=True,
        blank=True,
        help_text='What each filter that spoke said: [{"filter": "automation", "course": "out", "reason": "auto-reply"}].',
    )
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


class Mailbox(DistrictModel):
    """A mailbox elsewhere that is read by IMAP, for one of the district's addresses. Its secrets are sealed."""

    class Auth(models.TextChoices):
        PASSWORD = "password", _("Password")
        OAUTH = "oauth", _("OAuth 2.0")

    class State(models.TextChoices):
        NEW = "new", _("Not read yet")
        READING = "reading", _("Is read")
        FAILING = "failing", _("Cannot be read")

    source = tenant_fk(Channel, on_delete=models.CASCADE)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=993)
    tls = models.BooleanField(default=True, help_text="From the first byte; else STARTTLS, and plain only on loopback.")
    username = models.CharField(max_length=254)
    folder = models.CharField(max_length=200, default="INBOX")
    auth = models.CharField(max_length=8, choices=Auth, default=Auth.PASSWORD)
    secret = models.TextField(blank=True, help_text="Sealed JSON: password, client_secret, refresh_token.")
    auth_url = models.URLField(
        blank=True, max_length=500, default="", db_default="", help_text="Where an owner of the mailbox consents."
    )
    token_url = models.URLField(blank=True, max_length=500)
    client_id = models.CharField(max_length=200, blank=True)
    scope = models.CharField(max_length=500, blank=True)
    grant = models.CharField(max_length=20, blank=True, help_text="client_credentials or refresh_token.")
    access = models.TextField(blank=True, help_text="Sealed: the access token at hand.")
    access_until = models.DateTimeField(null=True, blank=True)
    uid_validity = models.PositiveBigIntegerField(null=True, blank=True)
    last_uid = models.PositiveBigIntegerField(default=0, help_text="Everything up to here is written down.")
    state = models.CharField(max_length=8, choices=State, default=State.NEW)
    error = models.CharField(max_length=500, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    active = models.BooleanField(default=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "source"], name="mailbox_source_once")]

    def __str__(self) -> str:
        return f"{self.username} at {self.host}"


class Question(DistrictModel):
    """What the form asks besides the words, for one service and some kinds of people; some only after a certain answer."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Short text")
        LONG = "long", _("Long text")
        CHOICE = "choice", _("One of several")
        YES_NO = "yes_no", _("Yes or no")
        DATE = "date", _("Date")
        NUMBER = "number", _("Number")

    service = tenant_fk(Service, on_delete=models.CASCADE)
    key = models.SlugField(max_length=60, db_index=False)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.TEXT)
    label = models.JSONField(help_text='By language: {"en": "Bus number", "es": "Número de autobús"}; the district\'s first is needed.')
    help = models.JSONField(default=dict, blank=True, help_text="By language, as the label.")
    choices = models.JSONField(default=list, blank=True, help_text='[{"value": "am", "label": {"en": "Morning", "es": "Mañana"}}]')
    audience = models.JSONField(default=list, blank=True, help_text="Kinds of people it is asked; empty: everybody.")
    required = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)
    after = tenant_fk("self", null=True, blank=True, on_delete=models.CASCADE, help_text="Asked only after an answer to this one.")
    after_values = models.JSONField(default=list, blank=True, help_text="Which answers; empty: any.")
    active = models.BooleanField(default=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "service", "key"], name="question_key_once")]

    def __str__(self) -> str:
        return self.key


class Chat(DistrictModel):
    """A conversation in the widget on a school's page, before (and after) a person is needed."""

    token = models.CharField(max_length=32, default=new_token, help_text="Known to the visitor's browser alone.")
    language = models.CharField(max_length=8, default="en")
    page = models.CharField(max_length=500, blank=True, help_text="Where it was begun.")
    remote = models.CharField(max_length=64, blank=True)
    ticket = tenant_fk(Ticket, null=True, blank=True, help_text="From when a person was needed on.")
    started_at = models.DateTimeField(default=timezone.now)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "token"], name="chat_token_once")]
        indexes = [
            models.Index(fields=["district", "last_at"], name="chat_last"),
            models.Index(fields=["district", "ticket"], name="chat_ticket", condition=models.Q(ticket__isnull=False)),
        ]


class ChatLine(DistrictModel):
    """One line of a chat. `said_id` is the browser's own: a line sent twice is one."""

    class Who(models.TextChoices):
        VISITOR = "visitor", _("Visitor")
        PRODUCT = "product", _("Answer from the articles")
        PERSON = "person", _("A person")

    chat = tenant_fk(Chat, on_delete=models.CASCADE)
    who = models.CharField(max_length=8, choices=Who)
    said_id = models.UUIDField()
    text = models.TextField()
    data = models.JSONField(default=dict, blank=True, help_text="Article and passage an answer came from.")
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "chat", "said_id"], name="chat_line_once")]
        indexes = [models.Index(fields=["district", "chat", "at"], name="chat_line_order")]


class SmsAsk(DistrictModel):
    """A number wrote again long after: the words have a ticket of their own, and we asked whether they belong to the old one."""

    phone = models.CharField(max_length=20, help_text="E.164.")
    ticket = tenant_fk(Ticket, on_delete=models.CASCADE, help_text="What the new words became.")
    about = tenant_fk(Ticket, on_delete=models.CASCADE, help_text="The conversation it may belong to.")
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=8, blank=True, help_text="yes, no or late.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "ticket"], name="sms_ask_once")]
        indexes = [models.Index(fields=["district", "phone"], name="sms_ask_open", condition=models.Q(answered_at__isnull=True))]


class MergeSuggestion(DistrictModel):
    """Two rows that may be one person. A person decides; nothing is merged by likeness alone."""

    class State(models.TextChoices):
        OPEN = "open", _("To be decided")
        MERGED = "merged", _("One person")
        APART = "apart", _("Two people")

    one = tenant_fk(Person, on_delete=models.CASCADE, help_text="The older row.")
    other = tenant_fk(Person, on_delete=models.CASCADE)
    why = models.CharField(max_length=200, help_text="What they have in common.")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    suggested_at = models.DateTimeField(default=timezone.now)
    decided_by = tenant_fk(Person, null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "one", "other"], name="merge_suggestion_once")]
        indexes = [models.Index(fields=["district", "suggested_at"], name="merge_suggestion_open", condition=models.Q(state="open"))]

    def __str__(self) -> str:
        return f"{self.one_id} and {self.other_id}: {self.state}"


class PersonMerge(DistrictModel):
    """One person taken into another, with every row that moved: how it is undone."""

    kept = tenant_fk(Person, on_delete=models.CASCADE)
    absorbed = tenant_fk(Person, on_delete=models.CASCADE)
    moved = models.JSONField(default=dict, help_text='Ids by table: {"districts_contactpoint": ["…"], "tickets_ticket": ["…"]}.')
    by = tenant_fk(Person, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = tenant_fk(Person, null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["district", "absorbed"], name="person_merge_once", condition=models.Q(undone_at__isnull=True)
            )
        ]
        indexes = [models.Index(fields=["district", "kept"], name="person_merge_kept")]

    def __str__(self) -> str:
        return f"{self.absorbed_id} into {self.kept_id}"
