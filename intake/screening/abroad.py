"""The form, the chat or a call, with a telephone number of a country the district does not text to: a ticket, and no text.

Anybody may type any number; a text to some of them costs a hundred times another, and part of it goes to whoever typed it.
"""

from delivery import lines
from districts.limits import texts_to
from districts.models import ContactPoint, District
from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, quiet
from tickets.models import ChannelKind

WITHOUT_PROOF = (ChannelKind.WEB, ChannelKind.CHAT, ChannelKind.PHONE)


def screen(arrival: Arrival, district: District) -> Verdict | None:
    contact = arrival.contact
    if arrival.channel not in WITHOUT_PROOF or contact is None or contact.kind != ContactPoint.Kind.PHONE:
        return None
    if arrival.channel == ChannelKind.PHONE and not lines.can_text(district):
        return quiet("not texted: no number of ours")
    return None if texts_to(district, contact.value) else quiet("not texted: country")
