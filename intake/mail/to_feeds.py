"""Mail to a feed's own address: word of a machine that something ran. It makes no ticket, and nobody is answered.

Such a mail has an envelope for each feed it is sent to, apart from the one of whoever else it is sent to: a report that goes to the
help desk too is a request there.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from districts.models import District
from intake.channels.arrival import Arrival
from intake.models import Envelope
from intake.screening import loops, ours
from intake.screening.verdict import Verdict, out, told
from ownership.feeds import mailed
from ownership.ladders.climbing import Climber
from tickets.models import ChannelKind

TOLD = "word of a feed"
NO_FEED = "no such feed"
FILTER = "feeds"
FEED = "feed"  # in the meta of an envelope


def split(recipients: Iterable[str], host: str) -> tuple[list[str], list[str]]:
    """Addresses of feeds, and the others."""
    known = list(dict.fromkeys(recipients))
    feeds = [address for address in known if mailed.is_feeds(address, host)]
    return feeds, [address for address in known if address not in feeds]


def own_id(address: str, external_id: str) -> str:
    """Under which id the envelope for a feed is written down: the same mail to two feeds, or to people too, is another envelope."""
    return f"{address.rpartition('@')[0]} {external_id}"


def share_of(address: str) -> dict[str, Any]:
    """What the envelope for a feed knows of its way here."""
    return {"recipients": [address], FEED: address}


def feed_address(envelope: Envelope) -> str:
    """Of the feed that it is for; empty where people read it."""
    return str(envelope.meta.get(FEED, "")) if envelope.channel == ChannelKind.EMAIL else ""


def hear(envelope: Envelope, arrival: Arrival, district: District, *, now: datetime) -> str:
    """Tell the feed; returns what became of it, for its envelope. Empty: it is no mail to a feed."""
    address = feed_address(envelope)
    if not address:
        return ""
    verdict = loops.screen(arrival, district) or ours.screen(arrival, district)
    if verdict:
        return _kept_out(envelope, verdict)
    feed = mailed.feed_at(address)
    if feed is None:
        return _kept_out(envelope, out(NO_FEED))
    with Climber(now).words():
        mail = _mail(envelope, arrival, strict=bool(feed.mail_from))
    mailed.hear_mail(feed, mail, now=now, district=district)
    return TOLD


def _kept_out(envelope: Envelope, verdict: Verdict) -> str:
    spoken: Sequence[dict[str, Any]] = [told(verdict) | {"filter": FILTER}]
    envelope.decisions = [*(envelope.decisions or []), *spoken]
    return verdict.reason


def _mail(envelope: Envelope, arrival: Arrival, *, strict: bool) -> mailed.Mail:
    below = "" if arrival.thread.ancestors else arrival.quoted  # of an answer, what is quoted is an older mail
    return mailed.Mail(
        key=arrival.thread.message_id or envelope.digest,
        sender=arrival.contact.value if arrival.contact else "",
        subject=arrival.subject,
        text="\n".join(part for part in (arrival.text, below) if part),
        trouble=_trouble(arrival, strict=strict),
    )


def _trouble(arrival: Arrival, *, strict: bool) -> str:
    """Why it is no word of the feed's. `strict`: it matters whose it is."""
    if arrival.bounce:
        return _("A report about another mail.")
    if arrival.automation == "replied":
        return _("An automatic reply.")
    if arrival.authentication.unwanted or (strict and arrival.authentication.failed):
        return _("It is not proven to be from whom it says.")
    return ""
