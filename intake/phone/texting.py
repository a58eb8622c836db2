"""What follows from words that speak of texting itself: silence, texts again, help.

An opt-out is confirmed once, by whoever acts on it: Twilio for the words on its list (and then nothing more of ours would arrive), we
for all others. HELP is always answered by us, since the crisis line is in it.
"""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery
from delivery.optouts import FAREWELL
from districts.contacts import Contact
from districts.models import ContactPoint, District
from districts.queries import person_by_contact
from incidents import subscribing
from intake.channels.arrival import Arrival
from intake.phone import sms_asks

IN_WORDS = "asked for no more texts"
SMS = Delivery.Channel.SMS


def follow(arrival: Arrival, district: District, *, number: str, now: datetime) -> None:
    """`number`: ours, which they texted: what is answered leaves from there."""
    contact = arrival.contact
    if contact is None or contact.kind != ContactPoint.Kind.PHONE:
        return
    with override(_language(arrival, contact, district)):
        if arrival.keyword == "stop" or arrival.texting.unwanted:
            _silence(arrival, contact.value, district, ours=number, now=now)
        elif arrival.keyword == "start":
            delivery.opt_in(channel=SMS, address=contact.value)
        elif arrival.keyword == "help":
            _help(contact.value, district, ours=number, now=now)


def _language(arrival: Arrival, contact: Contact, district: District) -> str:
    """Of the word itself ("ayuda"), else of whoever has that number, else the district's first."""
    person = None if arrival.language else person_by_contact(ContactPoint.Kind.PHONE, contact.value)
    wanted, spoken = arrival.language or (person.language if person else ""), district.languages or ["en"]
    return wanted if wanted in spoken else str(spoken[0])


def _silence(arrival: Arrival, number: str, district: District, *, ours: str, now: datetime) -> None:
    reason = IN_WORDS if arrival.texting.unwanted else "texted STOP"
    new = delivery.opt_out(channel=SMS, address=number, reason=reason, now=now)
    sms_asks.forget(number, now=now)
    subscribing.leave_by_text(number, now=now)
    if not new or (arrival.keyword and arrival.texting.confirmed):
        return
    words = [_("%(district)s: you will get no more texts from us.") % {"district": district.name}]
    if arrival.texting.unwanted:
        words.append(_("Somebody reads what you wrote."))
    words.append(_("Text START to get texts again."))
    key = f"{FAREWELL}:{number}:{now:%Y%m%d%H%M%S}"
    delivery.send(
        channel=SMS, address=number, body=" ".join(words), dedupe_key=key, purpose=FAREWELL, sent_from=ours, now=now
    )  # fmt: skip


def _help(number: str, district: District, *, ours: str, now: datetime) -> None:
    """Once in ten minutes. Somebody who types only "help" may need it now: the crisis line comes first."""
    words = [_("%(district)s: text us in a few words what you need, and we answer here.") % {"district": district.name}]
    if district.crisis_phone:
        words.insert(0, _("In danger now? Call 911 or %(phone)s.") % {"phone": district.crisis_phone})
    if district.phone:
        words.append(_("Or call %(phone)s.") % {"phone": district.phone})
    words.append(_("Reply STOP to get no more texts."))
    slot = now.replace(minute=now.minute // 10 * 10).strftime("%Y%m%d%H%M")
    delivery.send(
        channel=SMS, address=number, body=" ".join(words), dedupe_key=f"help:{number}:{slot}", purpose="help", sent_from=ours, now=now
    )  # fmt: skip
