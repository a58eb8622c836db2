"""What was promised: policies, the clocks derived from facts, and the breaches that were noticed."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Priority, Service, Team, tenant_fk
from tickets.models import Ticket


class ClockKind(models.TextChoices):
    FIRST_RESPONSE = "first", _("First response")
    NEXT_RESPONSE = "next", _("Next response")
    RESOLUTION = "resolve", _("Resolution")
    TEAM = "team", _("Team’s own time")  # inside the house: the requester is promised nothing by it


class Policy(DistrictModel):
    """Terms for a kind of clock; the most particular wins: service, then priority, then the district's own.

    A team's own time may be promised by the team; what the requester is promised never depends on who has the ticket.
    """

    kind = models.CharField(max_length=8, choices=ClockKind)
    service = tenant_fk(Service, null=True, blank=True, on_delete=models.CASCADE)
    priority = models.SmallIntegerField(choices=Priority, null=True, blank=True)
    team = tenant_fk(Team, null=True, blank=True, on_delete=models.CASCADE)
    terms = models.CharField(max_length=300, help_text='In the grammar of promises: "within 4 business hours".')

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["district", "kind", "service", "priority", "team"], name="policy_once", nulls_distinct=False
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.terms


class Clock(DistrictModel):
    """One promise on one ticket. Derived from the ticket's events by a pure function, never set by hand.

    `run`: which time of those that begin again (the answer to each word of the requester's, each team's own), from 0. Each has a row,
    so each is warned of once and breaks once.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        PAUSED = "paused", _("Paused")
        MET = "met", _("Kept")
        MISSED = "missed", _("Ended late")
        VOID = "void", _("Not needed")

    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)
    team = tenant_fk(Team, help_text="Holder when last derived: reports by team need no join.")
    kind = models.CharField(max_length=8, choices=ClockKind)
    run = models.PositiveSmallIntegerField(default=0, db_default=0)
    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    terms = models.CharField(max_length=300)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True, help_text="Empty while paused.")
    check_at = models.DateTimeField(null=True, blank=True, help_text="Next warning or breach to notice; empty: nothing to do.")
    ended_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    derived_at = models.DateTimeField()

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "ticket", "kind", "run"], name="clock_once")]
        indexes = [
            models.Index(fields=["district", "check_at"], name="clock_check", condition=models.Q(check_at__isnull=False)),
            models.Index(
                fields=["district", "ended_at", "team", "kind", "state"], name="clock_ended",
                condition=models.Q(ended_at__isnull=False),
            ),
            models.Index(fields=["district", "due_at", "team", "kind"], name="clock_running", condition=models.Q(state="running")),
        ]  # fmt: skip


class Breach(DistrictModel):
    """A promise that broke; the floor above collects those not handled."""

    clock = tenant_fk(Clock, on_delete=models.CASCADE)
    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)
    team = tenant_fk(Team)
    kind = models.CharField(max_length=8, choices=ClockKind)
    due_at = models.DateTimeField()
    noticed_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "clock"], name="breach_once")]
        indexes = [
            models.Index(fields=["district", "noticed_at"], name="breach_unhandled", condition=models.Q(handled_at__isnull=True)),
            models.Index(fields=["district", "ticket"], name="breach_ticket"),
        ]
