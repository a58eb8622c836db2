"""Jobs in the district, and who holds them today: turns of being on call, swaps, days of absence."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, Team, tenant_fk


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
