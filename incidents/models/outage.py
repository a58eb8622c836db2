"""One cause behind many tickets: an outage, its steps with owners and proof, its paper, and what the public is told of it."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, Site, Team, new_token, tenant_fk
from ownership.models import Escalation, OwnerRole, Process, System
from tickets.models import Message, Ticket


class Level(DistrictModel):
    """One level of the outage run: who acts, from which minute on; without minutes: once it works again."""

    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    after_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Minutes after it was noticed; empty: once it works again."
    )
    step_minutes = models.PositiveIntegerField(default=60, help_text="Minutes in which its steps are to be done.")
    role = tenant_fk(OwnerRole, null=True, blank=True)
    wakes = models.BooleanField(default=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "number"], name="incident_level_once")]


class Kind(models.TextChoices):
    DO = "do", _("To do")
    DECIDE = "decide", _("A decision, logged")
    BACKUP = "backup", _("A department confirms that its backup is active (when it takes long)")
    SCHOOL = "school", _("Each school confirms its entries")
    CHECK = "check", _("A check before it counts as over")
    FINDING = "finding", _("Learned from it")


class Action(DistrictModel):
    """What is done at a level; each becomes an owned task of an incident."""

    level = tenant_fk(Level, on_delete=models.CASCADE, related_name="actions")
    order = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=300)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.DO)
    role = tenant_fk(OwnerRole, null=True, blank=True, help_text="Empty: the level's.")
    team = tenant_fk(Team, null=True, blank=True, help_text="Whose lead it asks, where it is no role.")
    waits = models.BooleanField(default=False, help_text="Only when the one before it is done.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "level", "order"], name="incident_action_once")]


class Rules(DistrictModel):
    """A district's own figures, one row."""

    long_minutes = models.PositiveIntegerField(
        default=120, help_text="An outage that takes longer than this starts the backup workflows."
    )

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district"], name="incident_rules_once")]


class PaperKind(DistrictModel):
    """A form that stands in for a system, with the lines to be filled in."""

    slug = models.SlugField(max_length=40, db_index=False)
    name = models.CharField(max_length=120)
    letter = models.CharField(max_length=3, help_text='Before the number: "E-0001".')
    lines = models.JSONField(default=list, help_text='What is asked, a line each: ["Student", "Date of birth"].')
    rows = models.PositiveSmallIntegerField(default=1, help_text="How often the lines are asked on one form.")
    order = models.PositiveSmallIntegerField(default=0)

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "slug"], name="paper_kind_slug_once"),
            models.UniqueConstraint(fields=["district", "letter"], name="paper_kind_letter_once"),
        ]

    def __str__(self) -> str:
        return self.name


class ProcessRule(DistrictModel):
    """What a feed of a process does that is late, failed or not signed: nothing here, an offer, or an outage at once."""

    class Starts(models.TextChoices):
        NOTHING = "nothing", _("Nothing: its ladder is enough")
        OFFER = "offer", _("Offer to declare an outage")
        START = "start", _("Declare an outage at once")

    process = tenant_fk(Process, on_delete=models.CASCADE)
    starts = models.CharField(max_length=8, choices=Starts, default=Starts.OFFER)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "process"], name="process_rule_once")]


class Incident(DistrictModel):
    class State(models.TextChoices):
        SUSPECTED = "suspected", _("Suspected")
        CONFIRMED = "confirmed", _("Confirmed")
        IDENTIFIED = "identified", _("Cause found")
        RESTORING = "restoring", _("Being restored")
        VALIDATING = "validating", _("Works again, being checked")
        RESOLVED = "resolved", _("Over")
        FALSE_ALARM = "false", _("False alarm")

    RUNNING = (State.SUSPECTED, State.CONFIRMED, State.IDENTIFIED, State.RESTORING, State.VALIDATING)

    class Scope(models.TextChoices):
        SCHOOL = "school", _("One school")
        SEVERAL = "several", _("Several schools")
        DISTRICT = "district", _("The whole district")

    class Severity(models.TextChoices):
        MINOR = "minor", _("Slow or partly working")
        MAJOR = "major", _("Not working")
        CRITICAL = "critical", _("Not working, and people depend on it today")

    class Source(models.TextChoices):
        PERSON = "person", _("A person")
        TICKET = "ticket", _("A ticket")
        FEED = "feed", _("A failed feed")
        ALERT = "alert", _("A system's alert")

    title = models.CharField(max_length=160)
    seen = models.CharField(max_length=600, blank=True, help_text="What people notice, and what they can do meanwhile. Public.")
    versions = models.JSONField(default=dict, help_text='Title and `seen` in other languages: {"es": {"title": …, "seen": …}}.')
    state = models.CharField(max_length=10, choices=State, default=State.SUSPECTED)
    severity = models.CharField(max_length=8, choices=Severity, default=Severity.MAJOR)
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.DISTRICT)
    source = models.CharField(max_length=8, choices=Source, default=Source.PERSON)
    source_key = models.CharField(max_length=120, blank=True, help_text="An alert's own key: the same again is nothing.")
    commander = tenant_fk(Person, null=True, blank=True)
    declared_by = tenant_fk(Person, null=True, blank=True, help_text="Empty: a machine.")
    cause = models.CharField(max_length=600, blank=True, help_text="For staff.")
    began_at = models.DateTimeField(help_text="When it began for people, as far as is known.")
    detected_at = models.DateTimeField(help_text="When we were told: the levels count from here.")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    restored_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    eta = models.DateTimeField(null=True, blank=True, help_text="When it is expected to work again.")
    long_at = models.DateTimeField(null=True, blank=True, help_text="Since when the backup workflows are asked for.")
    shown_at = models.DateTimeField(null=True, blank=True, help_text="Since when the status page shows it; empty: staff only.")
    level = models.PositiveSmallIntegerField(default=0, help_text="The highest level begun.")
    check_at = models.DateTimeField(null=True, blank=True, help_text="When a level begins or a step climbs next; empty: nothing waits.")
    override_reason = models.CharField(max_length=600, blank=True, help_text="Why it was closed before everything was proved.")
    override_by = tenant_fk(Person, null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "source_key"], name="incident_source_once", condition=~models.Q(source_key=""))
        ]
        indexes = [
            models.Index(fields=["district", "check_at"], name="incident_check", condition=models.Q(check_at__isnull=False)),
            models.Index(fields=["district", "began_at"], name="incident_began"),
            models.Index(fields=["district", "detected_at"], name="incident_running",
                         condition=~models.Q(state__in=["resolved", "false"])),
        ]  # fmt: skip

    @property
    def is_running(self) -> bool:
        return self.state in self.RUNNING


class IncidentSite(DistrictModel):
    incident = tenant_fk(Incident, on_delete=models.CASCADE, related_name="sites")
    site = tenant_fk(Site)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "incident", "site"], name="incident_site_once")]


class IncidentSystem(DistrictModel):
    incident = tenant_fk(Incident, on_delete=models.CASCADE, related_name="systems")
    system = tenant_fk(System)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "incident", "system"], name="incident_system_once")]
        indexes = [models.Index(fields=["district", "system"], name="incident_system")]


class IncidentProcess(DistrictModel):
    incident = tenant_fk(Incident, on_delete=models.CASCADE, related_name="processes")
    process = tenant_fk(Process)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "incident", "process"], name="incident_process_once")]


class Update(DistrictModel):
    """Words about an incident: for the public, for those who wrote to us about it, or for staff only. Never edited."""

    class Audience(models.TextChoices):
        PUBLIC = "public", _("Everybody, on the status page")
        ASKERS = "askers", _("Those who asked about it")
        STAFF = "staff", _("Staff only")

    incident = tenant_fk(Incident, on_delete=models.CASCADE, related_name="updates")
    audience = models.CharField(max_length=8, choices=Audience)
    state = models.CharField(max_length=10, choices=Incident.State)
    text = models.TextField()
    versions = models.JSONField(default=dict, help_text='The same in other languages: {"es": "…"}.')
    eta = models.DateTimeField(null=True, blank=True)
    by = tenant_fk(Person, null=True, blank=True)
    at = models.DateTimeField()
    sent_at = models.DateTimeField(
        null=True, blank=True, help_text="Every subscriber was written to; empty: not yet, or nobody is to be."
    )
    to_send = models.BooleanField(default=False)
    solves = models.BooleanField(default=False, help_text="To those who asked: their tickets are resolved with it.")
    key = models.UUIDField(null=True, blank=True, help_text="Of the form it was typed in: pressed twice, it is one.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "incident", "key"], name="incident_update_once")]  # NULL is none
        indexes = [
            models.Index(fields=["district", "incident", "at"], name="incident_update"),
            models.Index(fields=["district", "at"], name="incident_update_send", condition=models.Q(to_send=True)),
        ]


class Task(DistrictModel):
    """Assigned work of an incident, with an owner, a due time and proof."""

    incident = tenant_fk(Incident, on_delete=models.CASCADE, related_name="tasks")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.DO)
    level = models.PositiveSmallIntegerField()
    order = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=300)
    role = tenant_fk(OwnerRole, null=True, blank=True)
    team = tenant_fk(Team, null=True, blank=True)
    site = tenant_fk(Site, null=True, blank=True)
    after = tenant_fk("self", null=True, blank=True, on_delete=models.CASCADE, help_text="What must be done first.")
    owner = tenant_fk(Person, null=True, blank=True)
    told = models.JSONField(default=list, help_text="Ids of those who were sent for, in order: nobody is sent for twice.")
    made_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    climb_at = models.DateTimeField(null=True, blank=True, help_text="When the next in line is sent for; empty: nobody is left.")
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = tenant_fk(Person, null=True, blank=True)
    evidence = models.TextField(blank=True)
    said_by = models.CharField(max_length=120, blank=True, default="", db_default="", help_text="Who at the school said so by word.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "incident", "level", "order"], name="incident_task_once")]
        indexes = [
            models.Index(fields=["district", "owner", "due_at"], name="incident_task_owner", condition=models.Q(done_at__isnull=True)),
        ]


class Decision(DistrictModel):
    """What was decided, by whom, and why; the executives' log."""

    incident = tenant_fk(Incident, on_delete=models.CASCADE, related_name="decisions")
    task = tenant_fk(Task, null=True, blank=True, on_delete=models.CASCADE)
    question = models.CharField(max_length=300)
    answer = models.TextField()
    by = tenant_fk(Person, null=True, blank=True)
    at = models.DateTimeField()

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "task"], name="incident_decision_once", condition=models.Q(task__isnull=False))
        ]
        indexes = [models.Index(fields=["district", "incident", "at"], name="incident_decision")]


class PaperForm(DistrictModel):
    """One numbered sheet of paper: handed out, then entered, or void with a reason. None is ever just missing."""

    class State(models.TextChoices):
        ISSUED = "issued", _("Not accounted for")
        ENTERED = "entered", _("Entered")
        VOID = "void", _("Void")

    incident = tenant_fk(Incident, on_delete=models.CASCADE)
    kind = tenant_fk(PaperKind)
    site = tenant_fk(Site)
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.ISSUED)
    issued_at = models.DateTimeField()
    issued_by = tenant_fk(Person, null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = tenant_fk(Person, null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it is void.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "incident", "kind", "number"], name="paper_form_once")]
        indexes = [models.Index(fields=["district", "incident", "site", "kind", "number"], name="paper_form_site")]

    @property
    def code(self) -> str:
        return f"{self.kind.letter}-{self.number:04d}"


class LinkedTicket(DistrictModel):
    incident = tenant_fk(Incident, on_delete=models.CASCADE, related_name="linked")
    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)
    by = tenant_fk(Person, null=True, blank=True)
    at = models.DateTimeField()

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "ticket"], name="linked_ticket_once")]
        indexes = [models.Index(fields=["district", "incident"], name="linked_ticket_incident")]


class Letter(DistrictModel):
    """One answer to one linked ticket, to be sent: the row is the queue."""

    update = tenant_fk(Update, on_delete=models.CASCADE)
    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)
    at = models.DateTimeField(help_text="Since when it waits.")
    sent_at = models.DateTimeField(null=True, blank=True)
    kept_back = models.CharField(max_length=300, blank=True, help_text="Why it was not sent.")
    message = tenant_fk(Message, null=True, blank=True, help_text="The reply it became: what became of that is told by its deliveries.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "update", "ticket"], name="incident_letter_once")]
        indexes = [models.Index(fields=["district", "at"], name="incident_letter_wait", condition=models.Q(sent_at__isnull=True))]


class Subscriber(DistrictModel):
    """An address that asked for the status page's updates, and said so twice."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("Email")
        SMS = "sms", _("SMS")

    channel = models.CharField(max_length=8, choices=Channel)
    address = models.CharField(max_length=254, help_text="Lower-case address, or E.164 number.")
    language = models.CharField(max_length=8, default="en")
    site = tenant_fk(Site, null=True, blank=True, help_text="Only what concerns this school; empty: everything.")
    token = models.CharField(max_length=32, default=new_token, help_text="In the links by which it is confirmed and ended.")
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "channel", "address"], name="subscriber_once"),
            models.UniqueConstraint(fields=["district", "token"], name="subscriber_token_once"),
        ]


class Happening(DistrictModel):
    """A fact about an incident, never edited: what its timeline and its review are made of."""

    class What(models.TextChoices):
        DECLARED = "declared", _("Declared")
        JOINED = "joined", _("Reported again")
        STATE = "state", _("State")
        SCOPE = "scope", _("Scope")
        ETA = "eta", _("Expected time")
        UPDATE = "update", _("Update")
        LEVEL = "level", _("Level begun")
        TOLD = "told", _("Sent for")
        CLIMBED = "climbed", _("Sent for the next in line")
        NOBODY = "nobody", _("Nobody could be found")
        DONE = "done", _("Step done")
        DECIDED = "decided", _("Decided")
        LONG = "long", _("Backup workflows asked for")
        PAPER = "paper", _("Paper forms")
        LINKED = "linked", _("Ticket linked")
        UNLINKED = "unlinked", _("Ticket taken out")
        ANSWERED = "answered", _("Askers answered")
        OVERRIDDEN = "override", _("Closed before everything was proved")
        COMMANDER = "command", _("Who leads it")
        WORDS = "words", _("Its words")
        PLAN = "plan", _("The plan was changed")
        AGAIN = "again", _("To be proved again")

    incident = tenant_fk(Incident, on_delete=models.CASCADE, related_name="happenings")
    what = models.CharField(max_length=12, choices=What)
    by = tenant_fk(Person, null=True, blank=True, help_text="Empty: the product itself.")
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [
            models.Index(fields=["district", "incident", "at"], name="incident_happening"),
            models.Index(fields=["district", "-at"], name="incident_happening_last"),
        ]


class Offer(DistrictModel):
    """A ladder of a feed in trouble that was looked at: what came of it here. One a ladder."""

    escalation = tenant_fk(Escalation, on_delete=models.CASCADE)
    incident = tenant_fk(Incident, null=True, blank=True, on_delete=models.CASCADE)
    made_at = models.DateTimeField()
    declined_at = models.DateTimeField(null=True, blank=True)
    declined_by = tenant_fk(Person, null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "escalation"], name="incident_offer_once")]
        indexes = [models.Index(fields=["district", "made_at"], name="incident_offer_open",
                                condition=models.Q(incident__isnull=True, declined_at__isnull=True))]  # fmt: skip
