"""What every question of a district is asked beside: its rules, its places, its front office, how far its engines may go."""

from dataclasses import dataclass
from functools import cached_property

from districts.models import Site, Team
from districts.queries import front_office
from routing import rules
from routing.governing.tiers import Policies, policies
from routing.models import Rule


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Read when first wanted, and kept: for one batch of tickets, so that what people change is seen within seconds."""

    @cached_property
    def rules(self) -> list[Rule]:
        return rules.active()

    @cached_property
    def sites(self) -> list[Site]:
        return list(Site.objects.all())

    @cached_property
    def office(self) -> Team:
        return front_office()

    @cached_property
    def policies(self) -> Policies:
        return policies()
