"""What somebody typed to find or name a person: a mail address or a phone number, as contact points keep it."""

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from districts.models import ContactPoint

REGION = "US"  # of numbers typed without a country


def read_contact(text: str) -> tuple[str, str] | None:
    """(kind, normalised value) as in ContactPoint; None for what is neither an address nor a number."""
    text = text.strip()
    return _email(text) if "@" in text else _phone(text)


def _email(text: str) -> tuple[str, str] | None:
    try:
        validate_email(text)
    except ValidationError:
        return None
    return ContactPoint.Kind.EMAIL, text.lower()[:254]


def _phone(text: str) -> tuple[str, str] | None:
    try:
        number = phonenumbers.parse(text, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return ContactPoint.Kind.PHONE, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
