"""Our own mail coming back: sent from one of our addresses, or carrying an id that we gave."""

from delivery.models import Delivery
from districts.models import District
from intake.channels.arrival import Arrival
from intake.queries import mailbox
from intake.screening.verdict import Verdict, out


def screen(arrival: Arrival, district: District) -> Verdict | None:
    if arrival.contact is None or "@" not in arrival.contact.value:
        return None
    local, _, domain = arrival.contact.value.rpartition("@")
    if domain == district.host and mailbox(local, district):
        return out("our own address")
    return out("our own message") if _sent_by_us(arrival.thread.message_id, district) else None


def _sent_by_us(message_id: str, district: District) -> bool:
    return message_id.endswith(f"@{district.host}") and Delivery.objects.filter(message_id=message_id).exists()
