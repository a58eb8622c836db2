"""Playbooks: checklists with owners, due terms, dependencies and evidence; and the runs of them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, Service, Team, new_token, tenant_fk
from ownership.models.feeds import FeedRun
from ownership.models.matrix import Process
from ownership.models.roles import OwnerRole
from ownership.models.rungs import Proof
from ownership.models.vendors import Vendor
from tickets.models import Ticket


class Playbook(DistrictModel):
    """A checklist that is kept to be used again."""

    class Kind(models.TextChoices):
        FEED = "feed", _("A feed failed")
        LIFE = "life", _("Life event")
        VENDOR = "vendor", _("Vendor onboarding")
        DRILL = "drill", _("Drill")
        REVIEW = "review", _("Review")
        OTHER = "other", _("Other")

    slug = models.SlugField(max_length=100, db_index=False)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.OTHER)
    description = models.TextField(blank=True)
    gated = models.BooleanField(default=False, help_text="It ends with a signature, which is taken only when every step is done.")
    line = models.CharField(max_length=200, blank=True, help_text="What the person it is about reads while it runs.")
    service = tenant_fk(Service, null=True, blank=True, help_text="Of the ticket that it opens for the person it is about.")
    active = models.BooleanField(default=True)
    edited_at = models.DateTimeField(null=True, blank=True, help_text="Changed on our pages: that stays.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="playbook_slug_once")]

    def __str__(self) -> str:
        return self.name


class PlaybookStep(DistrictModel):
    """A line of a playbook."""

    playbook = tenant_fk(Playbook, on_delete=models.CASCADE, related_name="steps")
    order = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=120, blank=True, help_text="The list or department under which it stands.")
    title = models.CharField(max_length=300)
    detail = models.TextField(blank=True)
    role = tenant_fk(OwnerRole, null=True, blank=True)
    team = tenant_fk(Team, null=True, blank=True, help_text="Its lead, where no role is named.")
    terms = models.CharField(max_length=300, blank=True, help_text='Counted from when it may begin: "within 24 hours". Empty: no time.')
    after = models.JSONField(default=list, help_text="Orders of the steps that must be done before it may begin.")
    proof = models.CharField(max_length=8, choices=Proof, default=Proof.TEXT)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "playbook", "order"], name="playbook_step_once")]


class PlaybookRun(DistrictModel):
    """A playbook at work, for one thing."""

    playbook = tenant_fk(Playbook, related_name="runs")
    title = models.CharField(max_length=300)
    ticket = tenant_fk(Ticket, null=True, blank=True, on_delete=models.CASCADE)
    process = tenant_fk(Process, null=True, blank=True)
    feed_run = tenant_fk(FeedRun, null=True, blank=True, on_delete=models.SET_NULL)
    vendor = tenant_fk(Vendor, null=True, blank=True)
    person = tenant_fk(Person, null=True, blank=True, help_text="Whom it is about, or who reads its line.")
    token = models.CharField(max_length=32, default=new_token, help_text="Of the page with one line that this person may see.")
    gated = models.BooleanField(default=False, help_text="As the playbook was when it began.")
    facts = models.JSONField(default=dict, help_text='What was filled in: {"From": "Oak", "To": "Cedar", "On": "2026-12-01"}.')
    began_at = models.DateTimeField(default=timezone.now)
    began_by = tenant_fk(Person, null=True, blank=True)
    check_at = models.DateTimeField(null=True, blank=True, help_text="When its first open step is due and not yet told to be late.")
    ended_at = models.DateTimeField(null=True, blank=True)
    stopped = models.CharField(max_length=300, blank=True, help_text="Why it ended before every step was done.")
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = tenant_fk(Person, null=True, blank=True)
    signed_as = models.CharField(max_length=200, blank=True, help_text="The name as it was written.")

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "token"], name="playbook_run_token_once"),
            models.UniqueConstraint(
                fields=["district", "playbook", "feed_run"], name="playbook_run_feed_once", condition=Q(feed_run__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["district", "began_at"], name="playbook_run_open", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["district", "check_at"], name="playbook_run_check", condition=Q(check_at__isnull=False)),
            models.Index(fields=["district", "ticket"], name="playbook_run_ticket", condition=Q(ticket__isnull=False)),
            models.Index(fields=["district", "vendor"], name="playbook_run_vendor", condition=Q(vendor__isnull=False)),
        ]


class RunStep(DistrictModel):
    """A step of a playbook at work: assigned work with an owner, a due time and proof."""

    run = tenant_fk(PlaybookRun, on_delete=models.CASCADE, related_name="steps")
    order = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=120, blank=True)
    title = models.CharField(max_length=300)
    detail = models.TextField(blank=True)
    role = tenant_fk(OwnerRole, null=True, blank=True)
    team = tenant_fk(Team, null=True, blank=True)
    owner = tenant_fk(Person, null=True, blank=True)
    terms = models.CharField(max_length=300, blank=True)
    after = models.JSONField(default=list)
    proof = models.CharField(max_length=8, choices=Proof, default=Proof.TEXT)
    open_at = models.DateTimeField(null=True, blank=True, help_text="When it may begin; empty: it waits for others.")
    due_at = models.DateTimeField(null=True, blank=True)
    late_told_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = tenant_fk(Person, null=True, blank=True)
    evidence = models.TextField(blank=True)
    skipped = models.BooleanField(default=False, help_text="Left out, with the reason as its evidence.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "run", "order"], name="run_step_once")]
        indexes = [
            models.Index(
                fields=["district", "owner", "due_at"], name="run_step_owner",
                condition=Q(done_at__isnull=True, open_at__isnull=False),
            ),
        ]  # fmt: skip


class RunStepFile(DistrictModel):
    """A file that shows that a step was done. Its bytes lie where those of tickets' files do."""

    step = tenant_fk(RunStep, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=120)
    size = models.PositiveIntegerField()
    path = models.CharField(max_length=300, help_text="Below MEDIA_ROOT.")
    by = tenant_fk(Person, null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "step"], name="run_step_file_step")]
