"""What keeps one word from going out twice: a form pressed twice is one, and whoever speaks next has read what was said before."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from incidents.models import Incident, Update

PRESSED = timedelta(seconds=10)  # in which the very same from the very same person is one press


@dataclass(frozen=True)
class Typed:
    """Of the form in which it was typed: its own key, and how many such words had been said when it was shown."""

    key: UUID | None = None
    seen: int = 0


class Meanwhile(Exception):
    """Somebody has just spoken to the same people; `other` is what they said."""

    def __init__(self, other: Update) -> None:
        super().__init__(other.text)
        self.other = other


def said_before(incident: Incident, audience: str, typed: Typed | None) -> Update | None:
    """The same press, once more; the incident's row is held. Raises Meanwhile, where words for these people came between."""
    if typed is None:  # nobody typed it
        return None
    if typed.key and (same := Update.objects.filter(incident=incident, key=typed.key).first()):
        found: Update = same
        return found
    rows = Update.objects.filter(incident=incident, audience=audience).select_related("by")
    if audience != Update.Audience.STAFF and rows.count() > typed.seen:
        raise Meanwhile(rows.order_by("-at", "-id")[0])
    return None
