"""The first letter to whoever asked: we have it, its number, who has it, by when somebody answers, how to add to it.

It waits ten seconds for triage, so that it can name the team and the time; where triage takes longer it leaves without them.
None of the requester's own words are in it: an acknowledgement must not carry a stranger's text to a third address. Where an article
answers what was asked by mail, its words are (`answer_first`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from districts.models import District, Person
from districts.queries import this_district
from knowledge.models import Answer
from routing import answer_first, short_text
from sla import words
from sla.models import Clock, ClockKind
from sla.words import left
from tickets import letters
from tickets.facts import survivor
from tickets.models import ChannelKind, Ticket

type Way = tuple[str, str]  # (delivery channel, address)
DANGER = "danger"  # purpose of a letter that is only the crisis line
TRIAGE_TAKES = timedelta(seconds=10)
# IANA zones of the 50 states: there 911 and 988 answer
US_ZONES = frozenset(
    f"America/{city}"
    for city in "New_York Detroit Chicago Menominee Denver Boise Phoenix Los_Angeles Anchorage Juneau Nome Sitka Yakutat Adak".split()
) | {"Pacific/Honolulu"}
US_REGIONS = ("America/Indiana/", "America/Kentucky/", "America/North_Dakota/", "US/")


@dataclass(frozen=True)
class Letter:
    subject: str
    body: str


def acknowledge(ticket: Ticket, *, now: datetime, way: Way | None = None) -> None:
    """Queue the letter, or give it better words while it has not left. Twice is once. `way`: where its requester is reached."""
    if ticket.placed_at is not None and reword(ticket, now=now):
        return
    way = way or letters.way_to(ticket)
    letter = letter_of(ticket, now=now, way=way)
    wait = TRIAGE_TAKES if ticket.placed_at is None else timedelta(0)
    letters.to_requester(
        ticket, what="ack", subject=letter.subject, body=letter.body, purpose="ack", now=now, not_before=now + wait, way=way
    )


def reword(ticket: Ticket, *, now: datetime) -> bool:
    """Better words for a letter that waits; False where it has left, or none was wanted. Never makes one."""
    letter = letter_of(ticket, now=now, answer=answer_first.find(ticket, now=now))
    return delivery.reword(dedupe_key=f"ack:{ticket.id}", subject=letter.subject, body=letter.body, not_before=now)


def show_crisis_line(ticket: Ticket, *, to: Person, way: Way | None, key: str, now: datetime) -> None:
    """The crisis line, first of all, to who wrote words of danger on a ticket that is known. Once for each `key`. No private link:
    they may be another than its requester."""
    district = this_district()
    way = way or letters.way_to(ticket, to)
    with override(ticket.language):
        line = crisis_line(district)
        subject = _("Your request #%(number)s") % {"number": ticket.number}
        who = _who_and_when(ticket, district, now)
    if not line:
        return
    short = way[0] == Delivery.Channel.SMS
    body = short_text.fit(f"{line} #{ticket.number}: {who}", line) if short else "\n\n".join([line, who, str(district.name)])
    letters.to_requester(ticket, what=f"danger-{key}", subject=f"Re: {subject}", body=body, purpose=DANGER, now=now, way=way, person=to)


def letter_of(ticket: Ticket, *, now: datetime, way: Way | None = None, answer: Answer | None = None) -> Letter:
    """In the ticket's language, long for mail and short for SMS. `answer`: an article's, which only a mail has room for."""
    district = this_district()
    with override(ticket.language):
        subject = _("Your request #%(number)s") % {"number": ticket.number}
        short = (way or letters.way_to(ticket))[0] == Delivery.Channel.SMS
        if ticket.merged_into_id is not None:
            return Letter(subject, _of_one_need(ticket, district, now, short=short))
        return Letter(subject, _for_sms(ticket, district, now) if short else _for_mail(ticket, district, now, answer))


def _for_mail(ticket: Ticket, district: District, now: datetime, answer: Answer | None) -> str:
    paragraphs = [
        crisis_line(district) if ticket.crisis else "",
        _asked_by(ticket),
        _("We have your request. Its number is #%(number)s.") % {"number": ticket.number},
        _who_and_when(ticket, district, now),
        *answer_first.paragraphs(answer),
        _("To add something, reply to this mail. To see where it stands: %(link)s") % {"link": letters.tracking_link(ticket, district)},
        str(district.name),
    ]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def _who_and_when(ticket: Ticket, district: District, now: datetime) -> str:
    if ticket.placed_at is None:
        return _("It is on its way to the right team.")
    at = answer_due(ticket)
    if at is None or at <= now:
        return _("%(team)s has it and will answer you.") % {"team": ticket.team.name}
    return _("%(team)s has it and will answer you %(when)s.") % {
        "team": ticket.team.name,
        "when": words.when(at, now=now, zone=district.zone),
    }


def _for_sms(ticket: Ticket, district: District, now: datetime) -> str:
    """In two segments; where that is too short, how to add something is left out first, then who answers by when."""
    link = letters.tracking_link(ticket, district)
    got = _("#%(number)s: we have your request.") % {"number": ticket.number}
    said = got if ticket.placed_at is None else f"#{ticket.number}: {_who_and_when(ticket, district, now)}"
    before, more = f"{crisis_line(district)} " if ticket.crisis else "", _("Reply to add something.")
    by = f"{_asked_by(ticket)} ".lstrip()
    return short_text.fit(f"{before}{by}{said} {link} {more}", f"{before}{by}{said} {link}", f"{before}{by}{got} {link}")


def _asked_by(ticket: Ticket) -> str:
    """Whoever gets the letter did not ask themselves. Of a call they did: somebody only wrote it down."""
    if ticket.opened_by is None or ticket.channel == ChannelKind.PHONE:
        return ""
    return _("%(name)s asked us this for you.") % {"name": ticket.opened_by}


def _of_one_need(ticket: Ticket, district: District, now: datetime, *, short: bool) -> str:
    """It says again what the same person asked before: where it is answered, and how to say that it is something else."""
    into = survivor(ticket)
    values = {"number": ticket.number, "other": into.number, "time": left(ticket.opened_at - into.opened_at)}
    link, who = letters.own_link(ticket, district), _who_and_when(into, district, now)
    if short:
        added = _("#%(number)s: we added this to your request #%(other)s.") % values
        return short_text.fit(f"{added} {who} {link}", f"{added} {link}")
    paragraphs = [
        _("We have your request. Its number is #%(number)s.") % values,
        _("You wrote to us about the same %(time)s earlier, so we added it to that request, #%(other)s.") % values,
        who,
        _("Is it about something else? Say so here, and it gets an answer of its own: %(link)s") % {"link": link},
        str(district.name),
    ]
    return "\n\n".join(paragraphs)


def answer_due(ticket: Ticket) -> datetime | None:
    """When the first answer is promised."""
    clocks = Clock.objects.filter(ticket=ticket, kind=ClockKind.FIRST_RESPONSE, ended_at__isnull=True)
    return clocks.values_list("due_at", flat=True).first()


def crisis_line(district: District) -> str:
    """Whom to call at any hour, in the active language."""
    in_us = district.time_zone in US_ZONES or district.time_zone.startswith(US_REGIONS)
    if in_us and district.crisis_phone:
        return _("In danger now? Call 911. Crisis line: call or text 988, or %(phone)s.") % {"phone": district.crisis_phone}
    if in_us:
        return _("In danger now? Call 911. Crisis line: call or text 988.")
    return _("In danger now? Call %(phone)s.") % {"phone": district.crisis_phone} if district.crisis_phone else ""
