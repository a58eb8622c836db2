"""Addresses as they are matched: a lower-case mail address or an E.164 number."""

import re
from dataclasses import dataclass

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _

from districts.models import ContactPoint
from intake.wording import one_line

REGION = "US"
_is_mail = EmailValidator()
_PHONE_CHARS = re.compile(r"^[\d\s()+./x#*\-–]{7,32}$", re.IGNORECASE)
Kind = ContactPoint.Kind


class BadContact(ValueError):
    """No way to answer; the text is for the person who typed it."""

    field = "contact"


@dataclass(frozen=True)
class Contact:
    kind: str  # ContactPoint.Kind
    value: str  # normalised, matched by equality


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


def email(text: str) -> Contact | None:
    """None where it is not an address mail could be sent to."""
    address = text.strip().lower()
    if len(address) > 254:
        return None
    try:
        _is_mail(address)
    except ValidationError:
        return None
    return Contact(Kind.EMAIL, address)


def phone(text: str) -> Contact | None:
    """None where no such number can exist. Numbers without a country are North American."""
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return Contact(Kind.PHONE, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
