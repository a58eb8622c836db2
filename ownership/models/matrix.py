"""The matrix: systems, the processes that connect them, and the stages of these."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, tenant_fk
from ownership.models.roles import OwnerRole
from ownership.models.rungs import Ladder


class System(DistrictModel):
    slug = models.SlugField(max_length=80, db_index=False)
    name = models.CharField(max_length=200)
    description = models.CharField(max_length=400, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="system_slug_once")]

    def __str__(self) -> str:
        return self.name


class Path(models.TextChoices):
    """What suffers first when a process fails: the six paths on which a school day depends."""

    SAFETY = "safety", _("Safety and emergencies")
    TRAVEL = "travel", _("Getting to school and home")
    RECORDS = "records", _("Enrollment and records")
    TEACHING = "teaching", _("Teaching, attendance and grades")
    CARE = "care", _("Meals and health")
    STAFF = "staff", _("Staff, pay and money")


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
    path = models.CharField(
        max_length=12, choices=Path, blank=True, default="", db_default="", help_text="What suffers first; empty: nobody said."
    )
    services = models.JSONField(
        default=list, db_default=models.Value([], models.JSONField()),
        help_text="Slugs of the services that people ask for when it does not work.",
    )  # fmt: skip
    edited_at = models.DateTimeField(null=True, blank=True, help_text="Changed on our pages since a file was loaded: that stays.")
    tested_at = models.DateTimeField(null=True, blank=True, help_text="When a drill or a simulation last went through it.")
    failing = models.SlugField(
        max_length=100, db_index=False, blank=True, db_default="", help_text="The playbook for a run that failed; empty: the usual one."
    )

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="process_slug_once")]

    def __str__(self) -> str:
        return self.name


class ProcessChange(DistrictModel):
    """What somebody changed of a process or its feeds, in words."""

    process = tenant_fk(Process, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField(default=timezone.now)
    by = tenant_fk(Person, null=True, blank=True)
    words = models.JSONField(default=list, help_text="A sentence for each thing, in the district's first language.")

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "process", "-at"], name="process_change_process")]


class Stage(DistrictModel):
    """One leg of a process with the role that owns it."""

    process = tenant_fk(Process, on_delete=models.CASCADE, related_name="stages")
    order = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    role = tenant_fk(OwnerRole, null=True, blank=True)
    system = tenant_fk(System, null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "process", "order"], name="stage_once")]
