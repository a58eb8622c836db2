"""What a span can be: the names that Microsoft Presidio gives to entities, so that sets and tools of others can be compared."""

from enum import StrEnum


class Kind(StrEnum):
    PERSON = "PERSON"
    EMAIL = "EMAIL_ADDRESS"
    PHONE = "PHONE_NUMBER"
    ADDRESS = "STREET_ADDRESS"
    DATE = "DATE_TIME"
    CARD = "CREDIT_CARD"
    SSN = "US_SSN"
    IBAN = "IBAN_CODE"
    IP = "IP_ADDRESS"
    ID = "ID"  # a number of a student, an employee, an account, a ticket: four digits or more of whatever kind
