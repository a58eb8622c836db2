"""Mail to a feed's address: word of a machine that something ran. It makes no ticket, unless it speaks of danger to a person, and
nobody is answered.

A feed has an address of its own (feed+<token>@<host>), and one in every mailbox of the district's (help+feed-<token>@school.example).
Such a mail has an envelope for each feed it is sent to, apart from the one of whoever else it is sent to: a report that goes to the
help desk too is a request there.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from districts.models import District
from intake.channels import letter, parts
from intake.channels.arrival import Arrival
from intake.channels.headers import Headers
from intake.mail.posted import head_of
from intake.models import Envelope
from intake.queries import domains_of, doors_named
from intake.screening import loops, ours
from intake.screening.verdict import Verdict, out
from ownership.feeds import mailed
from ownership.ladders.climbing import Climber
from tickets.models import ChannelKind

TOLD = "word of a feed"
NO_FEED = "no such feed"
FILTER = "feeds"
FEED = "feed"  # in the meta of an envelope
MOST_NAMED = 20  # feeds in one header, each with an envelope
_MAY_NAME_ONE = re.compile(rb"feed\+|\+feed-", re.IGNORECASE)  # most mails do not, and their headers need not be read for it


def split(recipients: Iterable[str], head: bytes, district: District, *, fetched: bool = False) -> tuple[list[str], list[str]]:
    """Addresses of feeds that a mail came by, and the others; both empty where it named none.

    `head`: its first bytes. What is passed on to us comes by the address it is passed on to, and tells in its header alone that it
    was sent to a feed in a mailbox elsewhere. Of what is `fetched` from a mailbox nothing but the header is told. Where its sender
    named nobody of the district's beside such a feed, known here or not, it is for nobody else.
    """
    known = list(dict.fromkeys(recipients))
    feeds = [address for address in known if _is_feeds(address, district)]
    others = [address for address in known if address not in feeds]
    passed_on, people = _named(head, district, fetched=fetched)
    return list(dict.fromkeys([*feeds, *passed_on])), [] if passed_on and not people else others


def _is_feeds(address: str, district: District) -> bool:
    return mailed.is_feeds(address, district.host) or (mailed.is_tagged(address) and bool(doors_named([address])))


def _named(head: bytes, district: District, *, fetched: bool) -> tuple[list[str], bool]:
    """Feeds by whose address nobody need have brought it here; and whether its sender wrote to people of ours, too."""
    head = head_of(head)
    if not _MAY_NAME_ONE.search(head):
        return [], False
    headers = Headers(parts.parse(head))
    feeds = [address for address in letter.sent_to(headers) if _is_feeds(address, district)]
    passed_on = [address for address in feeds if fetched or address.rpartition("@")[2] != district.host]
    others = [address for address in letter.written_to(headers) if not _is_feeds(address, district)]
    ours = domains_of(district)
    return _known_first(passed_on), bool(passed_on) and any(address.rpartition("@")[2] in ours for address in others)


def _known_first(addresses: list[str]) -> list[str]:
    """Those of feeds that are there, and one of those that are not: that is told once."""
    tokens = mailed.tokens_known([mailed.token_in(address) for address in addresses]) if addresses else set()
    known = [address for address in addresses if mailed.token_in(address) in tokens]
    return [*known[:MOST_NAMED], *[address for address in addresses if address not in known][:1]]


def own_id(address: str, external_id: str) -> str:
    """Under which id the envelope for a feed is written down: the same mail to two feeds, or to people too, is another envelope; by
    either address of one feed, the same."""
    return f"{mailed.PREFIX}{mailed.token_in(address)} {external_id}"


def share_of(address: str) -> dict[str, Any]:
    """What the envelope for a feed knows of its way here."""
    return {"recipients": [address], FEED: address}


def feed_address(envelope: Envelope) -> str:
    """Of the feed that it is for; empty where people read it."""
    return str(envelope.meta.get(FEED, "")) if envelope.channel == ChannelKind.EMAIL else ""


def hear(envelope: Envelope, arrival: Arrival, district: District, *, now: datetime) -> Verdict | None:
    """Tell the feed; returns why it makes no ticket. None: it is no mail to a feed."""
    address = feed_address(envelope)
    if not address:
        return None
    verdict = loops.screen(arrival, district) or ours.screen(arrival, district)
    feed = None if verdict else mailed.feed_at(address)
    if feed is None:
        return replace(verdict or out(NO_FEED), filter=FILTER)
    with Climber(now).words():
        mail = _mail(envelope, arrival, strict=bool(feed.mail_from))
    mailed.hear_mail(feed, mail, now=now, district=district)
    return replace(out(TOLD), filter=FILTER)


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
