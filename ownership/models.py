"""Who holds it, and who is next: the matrix of connections between systems, their feeds, ladders and owned steps."""

from dataclasses import dataclass
from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, Team, new_token, tenant_fk
from sla.models import Breach
from tickets.models import Ticket


def usual_channels() -> list[str]:
    return ["inapp", "email"]


class Proof(models.TextChoices):
    """How one can tell that a step was done."""

    TEXT = "text", _("A word on what was done")
    FILE = "file", _("A file")


@dataclass(frozen=True)
class Action:
    """What a rung asks for."""

    title: str
    proof: str = Proof.TEXT

    @classmethod
    def read(cls, given: Any) -> Self:
        """As it is kept in `Rung.actions`."""
        return cls(str(given["title"]), str(given.get("proof", Proof.TEXT))) if isinstance(given, dict) else cls(str(given))

    def kept(self) -> Any:
        return self.title if self.proof == Proof.TEXT else {"title": self.title, "proof": self.proof}


class System(DistrictModel):
    slug = models.SlugField(max_length=80, db_index=False)
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=400, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="system_slug_once")]

    def __str__(self) -> str:
        return self.name


class OwnerRole(DistrictModel):
    """A job in the district ("registrar"), resolved to a person now: holder, else deputy, else the team's lead."""

    slug = models.SlugField(max_length=80, db_index=False)
    name = models.CharField(max_length=200)
    team = tenant_fk(Team, null=True, blank=True)
    holder = tenant_fk(Person, null=True, blank=True)
    deputy = tenant_fk(Person, null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="owner_role_slug_once")]

    def __str__(self) -> str:
        return self.name


class Ladder(DistrictModel):
    """Ordered rungs. The district's default ladder for tickets has the slug "tickets"."""

    slug = models.SlugField(max_length=100, db_index=False)
    name = models.CharField(max_length=200)
    tested_at = models.DateTimeField(null=True, blank=True, help_text="The last test that every rung passed.")
    edited_at = models.DateTimeField(null=True, blank=True, help_text="Changed on our pages since a file was loaded: that stays.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="ladder_slug_once")]

    def __str__(self) -> str:
        return self.name


class Rung(DistrictModel):
    ladder = tenant_fk(Ladder, on_delete=models.CASCADE, related_name="rungs")
    level = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200, blank=True)
    after_minutes = models.PositiveIntegerField(default=0, help_text="Minutes after the ladder began.")
    role = tenant_fk(OwnerRole, null=True, blank=True, help_text="Neither role nor team: the lead of the team that holds the ticket.")
    team = tenant_fk(Team, null=True, blank=True, help_text="Whoever is on call for this team; empty: the role.")
    channels = models.JSONField(
        default=usual_channels, db_default=models.Value(["inapp", "email"], models.JSONField()), help_text="How its people are told."
    )
    actions = models.JSONField(
        default=list,
        help_text='What must be done and proved; each becomes an owned step. A text, or {"title": text, "proof": "file"}.',
    )
    step_minutes = models.PositiveIntegerField(default=60, help_text="Minutes in which a step is to be done.")
    wakes = models.BooleanField(default=False)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "ladder", "level"], name="rung_once")]

    @property
    def todo(self) -> list[Action]:
        return [Action.read(given) for given in self.actions]


class LadderChange(DistrictModel):
    """What somebody changed of a ladder, in words."""

    ladder = tenant_fk(Ladder, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(default=timezone.now)
    by = tenant_fk(Person, null=True, blank=True)
    words = models.JSONField(default=list, help_text="A sentence for each thing, in the district's first language.")

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "ladder", "-at"], name="ladder_change_ladder")]


class LadderTest(DistrictModel):
    """A ladder walked without waking anybody: who would have been told, and who could not have been reached."""

    ladder = tenant_fk(Ladder, on_delete=models.CASCADE, related_name="tests")
    at = models.DateTimeField(default=timezone.now)
    by = tenant_fk(Person, null=True, blank=True)
    passed = models.BooleanField(default=False, help_text="Every rung had somebody who could be reached.")
    rungs = models.JSONField(default=list, help_text='[{"rung", "after", "people": [{"name", "via", "ways": [[channel, address]]}]}]')
    stale = models.JSONField(default=list, help_text='[{"who", "what", "mend", "person"}]')

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "ladder", "-at"], name="ladder_test_ladder")]


class Rotation(DistrictModel):
    """People who are on call in turns, for a role or for a team."""

    class Turn(models.TextChoices):
        DAY = "day", _("A day each")
        WEEK = "week", _("A week each")

    slug = models.SlugField(max_length=80, db_index=False)
    name = models.CharField(max_length=200)
    role = tenant_fk(OwnerRole, null=True, blank=True, help_text="Whoever is on call holds this role.")
    team = tenant_fk(Team, null=True, blank=True, help_text="Whoever is on call is called for this team.")
    turn = models.CharField(max_length=8, choices=Turn, default=Turn.WEEK)
    starts_on = models.DateField(help_text="The first day of the first person's turn; weekly turns change on this weekday.")
    hands_over = models.PositiveSmallIntegerField(default=8 * 60, help_text="Minute of the day, on the district's clock.")

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "slug"], name="rotation_slug_once"),
            models.UniqueConstraint(fields=["district", "role"], name="rotation_role_once", condition=models.Q(role__isnull=False)),
            models.UniqueConstraint(fields=["district", "team"], name="rotation_team_once", condition=models.Q(team__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class RotationPlace(DistrictModel):
    """A person's place in the order of a rotation."""

    rotation = tenant_fk(Rotation, on_delete=models.CASCADE, related_name="places")
    order = models.PositiveSmallIntegerField()
    person = tenant_fk(Person, on_delete=models.CASCADE)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "rotation", "order"], name="rotation_place_once")]


class Swap(DistrictModel):
    """Somebody else is on call for a while. The one that was agreed last holds."""

    rotation = tenant_fk(Rotation, on_delete=models.CASCADE, related_name="swaps")
    person = tenant_fk(Person, on_delete=models.CASCADE, help_text="Who is on call instead.")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    why = models.CharField(max_length=200, blank=True)
    by = tenant_fk(Person, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "rotation", "ends_at"], name="swap_rotation")]


class Leave(DistrictModel):
    """Days on which a person is not there, and who stands in."""

    person = tenant_fk(Person, on_delete=models.CASCADE, related_name="+")
    first = models.DateField()
    last = models.DateField(help_text="The last day of the absence.")
    cover = tenant_fk(Person, null=True, blank=True, help_text="Who stands in.")
    by = tenant_fk(Person, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "last"], name="leave_last")]


class Process(DistrictModel):
    """A connection between systems: a row of the ownership matrix."""

    slug = models.SlugField(max_length=100, db_index=False)
    name = models.CharField(max_length=200)
    source = tenant_fk(System, null=True, blank=True)
    targets = models.JSONField(default=list, help_text="Slugs of the systems that must have it.")
    trigger = models.CharField(max_length=300, blank=True)
    primary = tenant_fk(OwnerRole, null=True, blank=True)
    secondary = tenant_fk(OwnerRole, null=True, blank=True)
    promise = models.CharField(max_length=120, blank=True, help_text='In the matrix\'s own words: "4-hour sync".')
    promise_text = models.TextField(blank=True)
    terms = models.CharField(max_length=300, blank=True, help_text="In the grammar of promises, for its feeds.")
    ladder = tenant_fk(Ladder, null=True, blank=True)
    baseline = models.CharField(max_length=200, blank=True)
    fallback = models.TextField(blank=True, help_text="What people do by hand while it does not work.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="process_slug_once")]

    def __str__(self) -> str:
        return self.name


class Stage(DistrictModel):
    """One leg of a process with the role that owns it."""

    process = tenant_fk(Process, on_delete=models.CASCADE, related_name="stages")
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    role = tenant_fk(OwnerRole, null=True, blank=True)
    system = tenant_fk(System, null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "process", "order"], name="stage_once")]


class Feed(DistrictModel):
    """Evidence that a process works: something pings the token's address each time it ran."""

    class State(models.TextChoices):
        NEW = "new", _("Never seen")
        ON_TIME = "ok", _("On time")
        LATE = "late", _("Late")
        FAILED = "failed", _("Failed")

    process = tenant_fk(Process, on_delete=models.CASCADE, related_name="feeds")
    slug = models.SlugField(max_length=100, db_index=False)
    name = models.CharField(max_length=200)
    token = models.CharField(max_length=32, default=new_token)
    terms = models.CharField(max_length=300, help_text='"checks at 10 AM and 3 PM", "daily by 4 PM", "every 60 minutes".')
    grace_minutes = models.PositiveIntegerField(default=15)
    state = models.CharField(max_length=8, choices=State, default=State.NEW)
    expected_at = models.DateTimeField(null=True, blank=True, help_text="Next ping promised.")
    alert_at = models.DateTimeField(null=True, blank=True, help_text="expected_at plus grace; empty: not watched, or already late.")
    last_ping_at = models.DateTimeField(null=True, blank=True)
    active = models.BooleanField(default=True)

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "slug"], name="feed_slug_once"),
            models.UniqueConstraint(fields=["district", "token"], name="feed_token_once"),
        ]
        indexes = [models.Index(fields=["district", "alert_at"], name="feed_alert", condition=models.Q(alert_at__isnull=False))]

    def __str__(self) -> str:
        return self.name


class FeedRun(DistrictModel):
    """One thing that happened, or failed to happen, on a feed."""

    class Outcome(models.TextChoices):
        OK = "ok", _("Ran")
        FAILED = "failed", _("Failed")
        MISSED = "missed", _("Did not run")

    feed = tenant_fk(Feed, on_delete=models.CASCADE, related_name="runs")
    outcome = models.CharField(max_length=8, choices=Outcome)
    expected_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    late_seconds = models.IntegerField(null=True, blank=True)
    counts = models.JSONField(default=dict)
    note = models.TextField(blank=True, help_text="What the feed said of itself, then one line for each thing its ladder did.")
    handled_at = models.DateTimeField(null=True, blank=True, help_text="A failed or missed run is collected by the ladder.")

    class Meta(DistrictModel.Meta):
        indexes = [
            models.Index(fields=["district", "feed", "-at"], name="feed_run_feed"),
            models.Index(
                fields=["district", "at"],
                name="feed_run_trouble",
                condition=models.Q(handled_at__isnull=True) & ~models.Q(outcome="ok"),
            ),
        ]


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
