"""A feed's own mail address: what is written to it says that the feed ran, or failed, by words that the district chose."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from districts.links import mail_address
from districts.models import District
from ownership.feeds import keywords
from ownership.feeds.pings import Told, hear
from ownership.ladders.climbing import Climber
from ownership.models import Feed, FeedRun

PREFIX = "feed+"  # its own address: feed+<token>@<the district's host>
TAG = "+feed-"  # and within any mailbox of the district's: help+feed-<token>@school.example
LONGEST_NOTE = 500
Outcome = FeedRun.Outcome
OUTCOMES: Mapping[str, Outcome] = {"ok": Outcome.OK, "failed": Outcome.FAILED, "unknown": Outcome.UNKNOWN}
_TOKEN = re.compile(r"[a-z0-9]{1,32}")
_TAGGED = re.compile(rf"[^\s@]+{re.escape(TAG)}([a-z0-9]{{26}})")  # a whole token: "help+feed-back@" is somebody else's


@dataclass(frozen=True)
class Mail:
    """What of a mail tells about a run. `trouble`: why it is no word of the feed, in a sentence; empty where it may be one."""

    key: str  # its Message-ID, or what else is its own
    sender: str  # address in From, lower case
    subject: str
    text: str
    trouble: str = ""


def address_of(feed: Feed, district: District) -> str:
    return mail_address(district, f"{PREFIX}{feed.token}")


def tag_of(feed: Feed) -> str:
    """What goes before the @ of a mailbox of the district's."""
    return f"{TAG}{feed.token}"


def is_feeds(address: str, host: str) -> bool:
    """Some feed's own, known or not, of the district on this host."""
    local, _at, domain = address.lower().rpartition("@")
    return domain == host and local.startswith(PREFIX)


def is_tagged(address: str) -> bool:
    """For a feed, in whosever mailbox."""
    return bool(_TAGGED.fullmatch(address.lower().rpartition("@")[0]))


def token_in(address: str) -> str:
    """What it names a feed by, in either form; it need not be a token."""
    local = address.lower().rpartition("@")[0]
    tagged = _TAGGED.fullmatch(local)
    return tagged[1] if tagged else local.removeprefix(PREFIX)


def tokens_known(tokens: Iterable[str]) -> set[str]:
    """Those of feeds of the district in scope."""
    asked = [token for token in tokens if _TOKEN.fullmatch(token)]
    return set(Feed.objects.filter(token__in=asked).values_list("token", flat=True)) if asked else set()


def feed_at(address: str) -> Feed | None:
    """Of the district in scope, whose address it is known to be; its row locked: two mails at once are one after the other."""
    token = token_in(address)
    if not _TOKEN.fullmatch(token):
        return None
    return Feed.objects.select_for_update(no_key=True).filter(token=token).first()


def hear_mail(feed: Feed, mail: Mail, *, now: datetime, district: District | None = None) -> FeedRun:
    """Write down what a mail told; of a mail that was told before, the run of that time."""
    with Climber(now).words():
        return hear(feed, told_by(feed, mail), now=now, district=district)


def told_by(feed: Feed, mail: Mail) -> Told:
    """Asks no database; the note is in the active language."""
    said = keywords.said(mail.subject, mail.text, ok=feed.mail_ok, failed=feed.mail_failed)
    trouble = mail.trouble or _not_from(feed, mail.sender)
    outcome = Outcome.UNKNOWN if trouble else OUTCOMES[said.verdict]
    return Told(
        outcome=outcome, counts={} if trouble else keywords.counts(mail.subject, mail.text), note=_note(mail, trouble or _why(said)),
        way=FeedRun.Way.MAIL, key=key_of(mail.key), evidence=_evidence(mail, said, trouble),
    )  # fmt: skip


def key_of(own: str) -> str:
    """However long a Message-ID is."""
    return f"mail:{hashlib.sha256(own.encode('utf-8', 'replace')).hexdigest()}" if own else ""


def comes_from(allowed: str, sender: str) -> bool:
    """`allowed`: an address, a domain after "@", or nothing, which is everybody."""
    wanted, address = allowed.strip().lower(), sender.strip().lower()
    return not wanted or address == wanted or (wanted.startswith("@") and address.endswith(wanted) and len(address) > len(wanted))


def _not_from(feed: Feed, sender: str) -> str:
    if comes_from(feed.mail_from, sender):
        return ""
    words = {"sender": sender or _("nobody"), "allowed": feed.mail_from}
    return _("Sent by %(sender)s. Only mail from %(allowed)s counts.") % words


def _why(said: keywords.Said) -> str:
    if said.verdict == "unknown":
        return _("None of the words that were chosen is in it.")
    return _("It says “%(word)s”.") % {"word": said.word} if said.word else ""


def _note(mail: Mail, why: str) -> str:
    """One line: below it stands what its ladder did."""
    return " – ".join(" ".join(part.split()) for part in (mail.subject[: LONGEST_NOTE - 200], why) if part)[:LONGEST_NOTE]


def _evidence(mail: Mail, said: keywords.Said, trouble: str) -> dict[str, Any]:
    found = {"from": mail.sender[:254], "subject": mail.subject[:300], "word": "" if trouble else said.word}
    return {name: value for name, value in found.items() if value}
