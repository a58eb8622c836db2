"""A ticket that is resolved without a word: its requester is told, and how to open it again."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery.models import Delivery
from districts.models import Person
from districts.queries import this_district
from routing import short_text
from tickets import letters
from tickets.family import others_asking
from tickets.models import Ticket


def tell(ticket: Ticket, *, by: Person | None, now: datetime) -> bool:
    """Once for each time it is resolved, and to each who asked. True: a letter to its requester is on its way.

    Only to whoever heard of us before: a machine that was not acknowledged is told nothing, nor is whoever solved it themselves.
    """
    if ticket.resolved_at is None:
        return False
    for other in others_asking(ticket):
        _tell(other, at=ticket.resolved_at, by=by, now=now)
    return _tell(ticket, at=ticket.resolved_at, by=by, now=now)


def _tell(ticket: Ticket, *, at: datetime, by: Person | None, now: datetime) -> bool:
    if (by and by.id == ticket.requester_id) or not _knows_of_us(ticket):
        return False
    way = letters.way_to(ticket)
    with override(ticket.language):
        subject = _("Your request #%(number)s") % {"number": ticket.number}
        body = _for_sms(ticket) if way[0] == Delivery.Channel.SMS else _for_mail(ticket)
    letter = letters.to_requester(
        ticket, what=f"solved-{at.timestamp():.0f}", subject=f"Re: {subject}", body=body, purpose="solved", now=now, way=way
    )
    return letter is not None and letter.state != Delivery.State.SUPPRESSED


def _knows_of_us(ticket: Ticket) -> bool:
    return Delivery.objects.filter(about=ticket.id, purpose__in=("ack", "reply")).exists()


def _for_mail(ticket: Ticket) -> str:
    district = this_district()
    values = {"days": letters.REOPEN_WITHIN.days, "link": letters.own_link(ticket, district)}
    paragraphs = [
        _("Your request #%(number)s is marked as solved.") % {"number": ticket.number},
        _("If it is not, reply to this mail within %(days)d days, or open it again here: %(link)s") % values,
        str(district.name),
    ]
    return "\n\n".join(paragraphs)


def _for_sms(ticket: Ticket) -> str:
    link = letters.own_link(ticket, this_district())
    solved = _("#%(number)s is marked as solved.") % {"number": ticket.number}
    again = _("If it is not, reply within %(days)d days.") % {"days": letters.REOPEN_WITHIN.days}
    return short_text.fit(f"{solved} {again} {link}", f"{solved} {link}")
