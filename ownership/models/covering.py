"""What rests on people: manual workarounds, who was trained for what, the weekly checkpoint, and rehearsals of a bad day."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, Team, tenant_fk
from ownership.models.matrix import Process
from ownership.models.playbooks import PlaybookRun


class Override(DistrictModel):
    """A manual workaround: who works around what, why, and until when."""

    class End(models.TextChoices):
        SYSTEM = "system", _("The system does it now")
        ENDED = "ended", _("It is not done any more")

    what = models.CharField(max_length=200, help_text='"Types the bus changes into RouteWise by hand".')
    why = models.TextField()
    process = tenant_fk(Process, null=True, blank=True, on_delete=models.CASCADE, related_name="overrides")
    person = tenant_fk(Person, help_text="Who does it.")
    team = tenant_fk(Team, null=True, blank=True)
    minutes = models.PositiveIntegerField(help_text="Each time.")
    began_on = models.DateField()
    until = models.DateField(help_text="It ends then, or is looked at again.")
    review_at = models.DateTimeField(null=True, blank=True, help_text="When somebody is asked whether it goes on; empty: it is over.")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = tenant_fk(Person, null=True, blank=True)
    end = models.CharField(max_length=8, choices=End, blank=True)

    class Meta(DistrictModel.Meta):
        indexes = [
            models.Index(fields=["district", "until"], name="override_open", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["district", "review_at"], name="override_review", condition=Q(review_at__isnull=False)),
        ]


class OverrideUse(DistrictModel):
    """It was worked around once more."""

    override = tenant_fk(Override, on_delete=models.CASCADE, related_name="uses")
    at = models.DateTimeField(default=timezone.now)
    by = tenant_fk(Person, null=True, blank=True)
    times = models.PositiveSmallIntegerField(default=1)
    minutes = models.PositiveIntegerField(help_text="In all.")
    note = models.CharField(max_length=300, blank=True)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "override", "-at"], name="override_use_override")]


class OverrideReview(DistrictModel):
    """What was decided about it: it goes on until a day, becomes a system, or ends."""

    override = tenant_fk(Override, on_delete=models.CASCADE, related_name="reviews")
    at = models.DateTimeField(default=timezone.now)
    by = tenant_fk(Person, null=True, blank=True)
    verdict = models.CharField(max_length=8, help_text="keep, system, ended")
    words = models.TextField(blank=True)
    until = models.DateField(null=True, blank=True)

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "override", "-at"], name="override_review_override")]


class Cover(DistrictModel):
    """Somebody can stand in for something that one person does: trained, or about to be."""

    kind = models.CharField(max_length=10, help_text="service, process, override")
    slug = models.CharField(max_length=100, help_text="Of the service or process; the id of the override.")
    person = tenant_fk(Person, on_delete=models.CASCADE, help_text="Who stands in.")
    teacher = tenant_fk(Person, null=True, blank=True, help_text="From whom they learn it.")
    planned_for = models.DateField(null=True, blank=True, help_text="First day of the month in which it is planned.")
    trained_at = models.DateTimeField(null=True, blank=True, help_text="Empty: not yet.")
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)
    by = tenant_fk(Person, null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "kind", "slug", "person"], name="cover_once")]
        indexes = [models.Index(fields=["district", "planned_for"], name="cover_planned", condition=Q(trained_at__isnull=True))]


class Checkpoint(DistrictModel):
    """The weekly look at all connections, written from data."""

    meets_at = models.DateTimeField(help_text="When the owners of systems meet over it.")
    write_at = models.DateTimeField(null=True, blank=True, help_text="When it is to be written and sent; empty: it was.")
    weekday = models.PositiveSmallIntegerField(
        default=2, db_default=2, help_text="From Monday 0, as it was chosen; the next one takes it over."
    )
    minute = models.PositiveSmallIntegerField(
        default=840, db_default=840, help_text="Of the day, as it was chosen; the next one takes it over."
    )
    written_at = models.DateTimeField(null=True, blank=True)
    body = models.JSONField(default=dict, help_text="Figures and lines as they were then.")
    notes = models.TextField(blank=True, help_text="What was agreed.")
    noted_by = tenant_fk(Person, null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "meets_at"], name="checkpoint_once")]
        indexes = [models.Index(fields=["district", "write_at"], name="checkpoint_write", condition=Q(write_at__isnull=False))]


class Simulation(DistrictModel):
    """A bad day gone through on a clock of its own: what would have happened, and what was found."""

    name = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)
    by = tenant_fk(Person, null=True, blank=True)
    starts_at = models.DateTimeField(help_text="On the clock of the simulation.")
    hours = models.PositiveSmallIntegerField(default=24)
    injected = models.JSONField(default=list, help_text='[{"feed": slug, "how": "silent" | "failed", "after": minutes}]')
    told = models.JSONField(default=list, help_text="What the product did, in order of its clock.")
    findings = models.JSONField(default=list)
    run = tenant_fk(PlaybookRun, null=True, blank=True, on_delete=models.SET_NULL, help_text="The findings as steps.")

    class Meta(DistrictModel.Meta):
        indexes = [models.Index(fields=["district", "-at"], name="simulation_at")]
