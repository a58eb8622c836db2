"""The rooms of the matrix, in one line."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from districts.access import Can, may

register = template.Library()


@dataclass(frozen=True)
class Room:
    """`name`: of its page."""

    name: str
    icon: str
    label: Any
    leads: bool = False


ROOMS = (
    Room("steps", "checklist", _("Steps")),
    Room("holds", "hand-stop", _("Holds")),
    Room("playbooks", "list-check", _("Playbooks")),
    Room("checkpoint_now", "calendar-event", _("Checkpoint")),
    Room("matrix_diagram", "route", _("Diagram")),
    Room("vendors", "building", _("Vendors")),
    Room("triggers", "bolt", _("Triggers")),
    Room("overrides", "tool", _("By hand")),
    Room("key_persons", "user-check", _("Cover"), leads=True),
    Room("on_call", "phone", _("On call")),
    Room("simulations", "player-play", _("Simulations"), leads=True),
    Room("matrix_rollout", "progress-check", _("Roll-out")),
)


@register.inclusion_tag("ownership/parts/rooms.html", takes_context=True)
def rooms(context: dict[str, Any]) -> dict[str, Any]:
    """Links to all of them; where one is in a room, that is said, else one is among the processes."""
    request = context["request"]
    may_lead = may(request.actor, Can.LEAD)
    links = [(reverse(room.name), room) for room in ROOMS if may_lead or not room.leads]
    inside = max((address for address, _room in links if request.path.startswith(address)), key=len, default="")
    return {
        "links": [(address, room, _current(request.path, address, inside)) for address, room in links],
        "matrix": reverse("matrix"), "on_matrix": "page" if request.path == reverse("matrix") else "" if inside else "true",
    }  # fmt: skip


def _current(path: str, address: str, inside: str) -> str:
    """What `aria-current` says."""
    if address != inside:
        return ""
    return "page" if path == address else "true"
