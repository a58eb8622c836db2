"""What a requester typed to be answered at, read with a sentence for whatever is wrong (see districts.contacts)."""

import re

from django.utils.translation import gettext as _

from districts.contacts import Contact, email, phone
from intake.wording import one_line

_PHONE_CHARS = re.compile(r"^[\d\s()+./x#*\-–]{7,32}$", re.IGNORECASE)


class BadContact(ValueError):
    """No way to answer; the text is for the person who typed it."""

    field = "contact"


def read(given: str) -> Contact:
    """An email address or a phone number. Raises BadContact with a sentence that says what to type instead."""
    text = one_line(given, 400).removeprefix("mailto:").strip("<>,;. ")
    if not text:
        raise BadContact(_("Leave an email address or a phone number, so that we can answer you."))
    if "@" in text:
        return _mail(text)
    if _PHONE_CHARS.match(text):
        return _phone(text)
    raise BadContact(_("We could not read this as an email address or a phone number. For example: name@example.com or 555 010 4477."))


def _mail(text: str) -> Contact:
    found = email(text)
    if found is None:
        raise BadContact(_("This email address does not look complete. For example: name@example.com."))
    return found


def _phone(text: str) -> Contact:
    found = phone(text)
    if found is None:
        raise BadContact(_("This phone number does not look complete. Type it with its area code, for example 916 555 0144."))
    return found


__all__ = ["BadContact", "Contact", "email", "phone", "read"]
