"""Ladders: who is called when something does not work, rung by rung, and what each rung asks for."""

from dataclasses import dataclass
from typing import Any, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, Team, tenant_fk
from ownership.models.roles import OwnerRole


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
