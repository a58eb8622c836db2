"""Addresses as they are matched: a lower-case mail address or an E.164 number."""

from dataclasses import dataclass

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from districts.models import ContactPoint

REGION = "US"  # of numbers typed without a country
LONGEST = 254  # characters of a mail address (RFC 5321 4.5.3.1.3)
_is_mail = EmailValidator()
Kind = ContactPoint.Kind


@dataclass(frozen=True)
class Contact:
    kind: str  # ContactPoint.Kind
    value: str  # normalised, matched by equality


def either(text: str) -> Contact | None:
    """What somebody typed to find or name a person; None for what is neither an address nor a number."""
    return email(text) if "@" in text else phone(text)


def email(text: str) -> Contact | None:
    """None where it is not an address mail could be sent to."""
    address = text.strip().lower()
    if len(address) > LONGEST:
        return None
    try:
        _is_mail(address)
    except ValidationError:
        return None
    return Contact(Kind.EMAIL, address)


def phone(text: str, *, region: str = REGION, strict: bool = False) -> Contact | None:
    """None where no such number can exist. Numbers without a country are of `region`; one that is too long for it and would be
    one of another country with a plus before it is that.

    `strict`: None also where nobody has been given such a number, or where calling it costs a fee. Not for what people type: new
    area codes come into use before the list of them is in ours.
    """
    number = _parsed(text, region)
    if number is None or (strict and not _assigned(number)):
        return None
    return Contact(Kind.PHONE, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _parsed(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, region)
        if phonenumbers.is_possible_number(number):
            return number
        abroad = phonenumbers.parse(f"+{phonenumbers.normalize_digits_only(text)}")
    except phonenumbers.NumberParseException:
        return None
    return abroad if "+" not in text and phonenumbers.is_valid_number(abroad) else None


def _assigned(number: phonenumbers.PhoneNumber) -> bool:
    return phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) != phonenumbers.PhoneNumberType.PREMIUM_RATE
