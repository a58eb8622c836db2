"""No more tests and announcements by mail: a wish by the link in each of them. Emergencies still come.

A drill or an announcement is mail to a list: it carries the button of RFC 2369 and RFC 8058, and the link in its words. An emergency
carries neither: mail programs press the button for people, and whoever once was tired of a test would not hear of a lockdown. That is
why the wish is kept apart from `delivery.optouts`, which would silence answers to one's own requests, too.

The link is the contact's id, proven for its district (65 bits); looking at the page changes nothing, since scanners of mail look first.
"""

import base64
from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import override

from alerts.models import AlertContact, Channel, Kind, Unsubscribed
from districts.links import absolute
from districts.queries import this_district
from districts.scope import require_district_id


def ends_by_link(kind: str, channel: str) -> bool:
    """Is it mail to a list, and not an emergency?"""
    return channel == Channel.EMAIL and kind != Kind.EMERGENCY


def path_of(contact_id: UUID) -> str:
    return reverse("alert_stop", args=[contact_id, _proof(contact_id)])


def footer(path: str, language: str) -> str:
    """The last lines of a test or an announcement."""
    district = this_district()
    with override(language):
        said = _("You get tests and announcements of %(district)s by mail. To get no more of them, emergencies excepted:")
    return f"— \n{said % {'district': district.name}}\n{absolute(district, path)}"


def contact_of(contact_id: UUID, proof: str) -> AlertContact | None:
    """None where the link is not ours."""
    if not proof.isascii() or not constant_time_compare(proof, _proof(contact_id)):
        return None
    return AlertContact.objects.filter(id=contact_id, channel=Channel.EMAIL).first()


def stop(contact: AlertContact, *, now: datetime) -> None:
    """Twice is once."""
    Unsubscribed.objects.get_or_create(address=contact.address, defaults={"at": now})


def again(contact: AlertContact) -> None:
    Unsubscribed.objects.filter(address=contact.address).delete()


def stopped(contact: AlertContact) -> bool:
    return Unsubscribed.objects.filter(address=contact.address).exists()


def _proof(contact_id: UUID) -> str:
    digest = salted_hmac("alerts.stopping", f"{require_district_id()}:{contact_id}", algorithm="sha256").digest()
    return base64.b32encode(digest).decode().lower()[:13]
