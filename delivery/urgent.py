"""Letters that go to thousands at once and before all others: handed over in one statement a batch, each of them once.

They wait for no morning (`delivery.quiet` holds back notices to staff alone). Whoever opted out is not written to, an emergency or
not: after a STOP the carrier refuses the text anyway (47 CFR 64.1200(a)(12)); who hands letters over asks `optouts.barred` first, and
whoever sends asks it again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from delivery.models import Delivery
from delivery.sending import ALERT, BULLETIN
from delivery.tasks import send_pending
from districts.jobs import nudge

__all__ = ["ALERT", "BULLETIN", "Letter", "hand_over"]


@dataclass(frozen=True)
class Letter:
    """`id` is the delivery's own: the same letter handed over again is nothing."""

    id: UUID
    channel: str
    address: str
    person_id: UUID
    subject: str
    body: str
    purpose: str = ALERT  # or BULLETIN
    link: str = ""  # of mail to a list: the path of what ends it


def hand_over(letters: Sequence[Letter], *, about: UUID, now: datetime) -> None:
    """Queue them, ahead of all others. In the caller's transaction."""
    rows = [
        Delivery(
            id=letter.id, channel=letter.channel, address=letter.address, person_id=letter.person_id, subject=letter.subject[:300],
            body=letter.body, about=about, purpose=letter.purpose, link=letter.link, dedupe_key=f"{ALERT}:{letter.id}",
            created_at=now, not_before=now,
        )
        for letter in letters
    ]  # fmt: skip
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        nudge(send_pending)
