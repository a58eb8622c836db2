"""What may be an outage, before a person says so: several people's tickets of one cause, or more of them than usual."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from districts.models import DistrictModel, Person, Service, Site, tenant_fk
from incidents.models.outage import Incident
from tickets.models import Ticket


class Hunch(DistrictModel):
    """Noticed by the product, decided by a person; never an outage by itself."""

    class State(models.TextChoices):
        OPEN = "open", _("Nobody has said")
        ACCEPTED = "accepted", _("An outage")
        DISMISSED = "dismissed", _("No outage")

    title = models.CharField(max_length=160)
    service = tenant_fk(Service, null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    scope = models.CharField(max_length=8, choices=Incident.Scope)
    people = models.PositiveIntegerField(help_text="Who wrote of it, each counted once.")
    alike = models.BooleanField(default=False, help_text="What they wrote reads like one cause.")
    count = models.PositiveIntegerField(null=True, blank=True, help_text="Arrivals of an hour, where they are more than usual.")
    expected = models.FloatField(null=True, blank=True, help_text="How many usually arrive in such an hour.")
    began_at = models.DateTimeField(help_text="When the first of them was opened.")
    made_at = models.DateTimeField()
    grown_at = models.DateTimeField(help_text="When the last of them was opened.")
    incident = tenant_fk(Incident, null=True, blank=True, on_delete=models.CASCADE)
    decided_by = tenant_fk(Person, null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it is no outage.")
    dismissed_people = models.PositiveIntegerField(default=0, help_text="How many had written when it was dismissed.")

    class Meta(DistrictModel.Meta):
        indexes = [
            models.Index(fields=["district", "grown_at"], name="hunch_grown"),
            models.Index(fields=["district", "grown_at"], name="hunch_open", condition=models.Q(state="open")),
        ]


class HunchTicket(DistrictModel):
    """A ticket that is thought to be of it; of one at most, so that two sweeps cannot notice the same twice."""

    hunch = tenant_fk(Hunch, on_delete=models.CASCADE, related_name="tickets")
    ticket = tenant_fk(Ticket, on_delete=models.CASCADE)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "ticket"], name="hunch_ticket_once")]
        indexes = [models.Index(fields=["district", "hunch"], name="hunch_ticket_hunch")]


class ArrivalHour(DistrictModel):
    """How many tickets an hour brought, by service and site: what is usual is read from these, and not from the tickets."""

    service = tenant_fk(Service, null=True, blank=True, on_delete=models.CASCADE)
    site = tenant_fk(Site, null=True, blank=True, on_delete=models.CASCADE)
    hour = models.DateTimeField(help_text="Its beginning, UTC.")
    count = models.PositiveIntegerField()

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "hour", "service", "site"], name="arrival_hour_once", nulls_distinct=False)
        ]
        indexes = [models.Index(fields=["district", "service", "site", "hour"], name="arrival_hour_service")]


class Watch(DistrictModel):
    """How far a district's arrivals were looked at; one row. Behind the tickets, there is work."""

    compared_to = models.DateTimeField(null=True, blank=True, help_text="Tickets opened up to here were compared with each other.")
    counted_to = models.DateTimeField(null=True, blank=True, help_text="Hours up to here are counted.")
    since = models.DateTimeField(null=True, blank=True, help_text="The first hour that is counted: before it, nothing is known.")
    check_at = models.DateTimeField(null=True, blank=True, help_text="When counts are looked at next.")

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district"], name="incident_watch_once")]
