"""What follows from an arrival that is no request: an address that is dead, a number that wants silence, a word of help."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override

from delivery import actions as delivery
from delivery.models import Delivery, Receipt
from districts.models import ContactPoint, District
from districts.queries import person_by_contact
from intake.channels.arrival import Arrival, Bounce


def follow(arrival: Arrival, district: District, *, now: datetime) -> None:
    if arrival.bounce is not None:
        _bounced(arrival.bounce, now=now)
    elif arrival.keyword:
        _told(arrival, district, now=now)


def _bounced(bounce: Bounce, *, now: datetime) -> None:
    """Believed only where it names a mail that we sent, by its id and its address: anybody can write a bounce."""
    sent = Delivery.objects.filter(message_id__in=bounce.original_ids[:20], channel=Delivery.Channel.EMAIL)
    for letter in sent[:20]:
        if letter.address not in bounce.addresses:
            continue
        kind = "complained" if bounce.kind == "complaint" else "bounced" if bounce.kind == "failed" else bounce.kind
        Receipt.objects.create(delivery=letter, kind=kind, detail=bounce.status, at=now)
        if bounce.unwanted_at(letter.address):
            reason = f"{kind} {bounce.status}".strip()
            delivery.opt_out(channel=Delivery.Channel.EMAIL, address=letter.address, reason=reason, now=now)


def _told(arrival: Arrival, district: District, *, now: datetime) -> None:
    """STOP, START and HELP. STOP is confirmed by the provider itself; nothing more may be sent."""
    contact = arrival.contact
    if contact is None or contact.kind != ContactPoint.Kind.PHONE:
        return
    if arrival.keyword == "stop":
        delivery.opt_out(channel=Delivery.Channel.SMS, address=contact.value, reason="texted STOP", now=now)
    elif arrival.keyword == "start":
        delivery.opt_in(channel=Delivery.Channel.SMS, address=contact.value)
    else:
        with override(_language(arrival, contact.value, district)):
            _help(contact.value, district, now=now)


def _language(arrival: Arrival, number: str, district: District) -> str:
    """Of the word itself ("ayuda"), else of whoever has that number, else the district's first."""
    person = None if arrival.language else person_by_contact(ContactPoint.Kind.PHONE, number)
    wanted, spoken = arrival.language or (person.language if person else ""), district.languages or ["en"]
    return wanted if wanted in spoken else str(spoken[0])


def _help(number: str, district: District, *, now: datetime) -> None:
    """Once in ten minutes. Somebody who types only "help" may need it now: the crisis line comes first."""
    words = [_("%(district)s: text us in a few words what you need, and we answer here.") % {"district": district.name}]
    if district.crisis_phone:
        words.insert(0, _("In danger now? Call 911 or %(phone)s.") % {"phone": district.crisis_phone})
    if district.phone:
        words.append(_("Or call %(phone)s.") % {"phone": district.phone})
    words.append(_("Reply STOP to get no more texts."))
    slot = now.replace(minute=now.minute // 10 * 10).strftime("%Y%m%d%H%M")
    delivery.send(
        channel=Delivery.Channel.SMS, address=number, body=" ".join(words), dedupe_key=f"help:{number}:{slot}", purpose="help", now=now
    )
