"""The form with a telephone number of a country the district does not text to: a ticket, and no text.

Anybody may type any number; a text to some of them costs a hundred times another, and part of it goes to whoever typed it.
"""

import phonenumbers

from districts.models import ContactPoint, District
from intake.channels.arrival import Arrival
from intake.screening.verdict import Verdict, quiet
from tickets.models import ChannelKind


def screen(arrival: Arrival, district: District) -> Verdict | None:
    contact = arrival.contact
    if arrival.channel != ChannelKind.WEB or contact is None or contact.kind != ContactPoint.Kind.PHONE:
        return None
    code = phonenumbers.parse(contact.value).country_code  # E.164: it was read when the form was
    return None if str(code) in district.sms_codes else quiet(f"not texted: country +{code}")
