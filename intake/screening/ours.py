"""Our own mail coming back: carrying an id that we gave, or sent from one of our addresses."""

from delivery.models import Delivery
from districts.models import District
from intake.channels.arrival import Arrival
from intake.queries import door_at
from intake.screening.verdict import Verdict, out


def screen(arrival: Arrival, district: District) -> Verdict | None:
    if arrival.contact is None or "@" not in arrival.contact.value:
        return None
    if _sent_by_us(arrival.thread.message_id, district):
        return out("our own message", final=True)
    return out("our own address") if door_at(arrival.contact.value, district) else None


def _sent_by_us(message_id: str, district: District) -> bool:
    return message_id.endswith(f"@{district.host}") and Delivery.objects.filter(message_id=message_id).exists()
