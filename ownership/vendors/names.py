"""Names of fields, taken apart so that two ways to write one become the same: "stu_DOB", "StudentDateOfBirth"."""

import re
from difflib import SequenceMatcher
from functools import lru_cache

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_APART = re.compile(r"[^0-9A-Za-z]+")
SHORT = {
    "dob": "birth date", "fname": "first name", "firstname": "first name", "lname": "last name", "lastname": "last name",
    "mname": "middle name", "mi": "middle name", "stu": "student", "stud": "student", "pupil": "student", "learner": "student",
    "num": "number", "nbr": "number", "no": "number", "addr": "address", "tel": "phone", "ph": "phone", "telephone": "phone",
    "mobile": "phone", "cell": "phone", "enr": "enrollment", "enroll": "enrollment", "sch": "school", "org": "school", "dt": "date",
    "cd": "code", "gr": "grade", "grd": "grade", "grades": "grade", "lvl": "level", "birthdate": "birth date", "bday": "birth date",
    "zip": "postal code", "zipcode": "postal code", "lang": "language", "parent": "guardian", "contact": "guardian",
    "agent": "guardian",
    "teacher": "staff", "employee": "staff", "section": "class", "course": "class", "given": "first", "family": "last",
    "surname": "last name",
    "forename": "first name", "identifier": "id", "ids": "id", "begin": "entry", "start": "entry", "end": "exit", "withdraw": "exit",
    "sped": "special education", "iep": "special education", "sex": "gender", "mail": "email",
}  # fmt: skip
GENERIC = frozenset({"id", "date", "name", "at", "phone", "email", "first", "last"})  # alone, they say nothing
FILLERS = frozenset(
    {"the", "of", "code", "level", "value", "field", "text", "number", "legal", "primary", "local", "sourced", "home", "full"}
)
RECORD_WORDS = {
    "student": "student", "students": "student", "guardian": "guardian", "guardians": "guardian", "parents": "guardian",
    "contacts": "guardian", "agents": "guardian", "enrollment": "enrollment", "enrollments": "enrollment", "staff": "staff",
    "teachers": "staff", "employees": "staff", "class": "class", "classes": "class", "sections": "class", "courses": "class",
    "roster": "student", "demographics": "student", "pupils": "student",
}  # fmt: skip
SENSITIVE = {
    "ssn": "ssn", "social security": "ssn", "taxpayer": "ssn", "birthplace": "birthplace", "birth place": "birthplace",
    "birth city": "birthplace", "birth country": "birthplace", "city of birth": "birthplace", "country of birth": "birthplace",
    "state of birth": "birthplace", "religion": "religion", "religious": "religion", "immigration": "immigration",
    "visa": "immigration",
    "citizenship": "immigration", "alien": "immigration", "race": "race", "ethnicity": "race", "ethnic": "race", "hispanic": "race",
    "medical": "health", "diagnosis": "health", "disability": "health", "medication": "health", "allergy": "health",
    "allergies": "health",
    "income": "money", "free lunch": "money", "reduced lunch": "money", "lunch status": "money", "meal status": "money",
    "bank account": "money", "biometric": "biometric", "fingerprint": "biometric", "face": "biometric", "discipline": "discipline",
    "suspension": "discipline", "password": "password", "homeless": "homeless", "foster": "foster", "political": "political",
    "sexual orientation": "orientation", "firearm": "firearm", "weapons": "firearm",
}  # fmt: skip


def tokens(name: str) -> tuple[str, ...]:
    """ "studentDOB" → student, dob."""
    return tuple(part.lower() for part in _APART.split(_CAMEL.sub(" ", name)) if part)


@lru_cache(maxsize=8192)
def squeezed(name: str) -> str:
    """Without case and separators: "First_Name" and "firstName" are one."""
    return "".join(tokens(name))


@lru_cache(maxsize=4096)
def spelled(name: str) -> tuple[str, ...]:
    """With short words written out."""
    return tuple(" ".join(SHORT.get(token, token) for token in tokens(name)).split())


def record_in(path: str) -> str:
    """The record that a path speaks of, by its innermost word that says so; empty where none does."""
    for part in reversed(path.split(".")):
        for token in reversed(tokens(part)):
            if written := RECORD_WORDS.get(token) or RECORD_WORDS.get(SHORT.get(token, "")):
                return written
    return ""


def alike(one: str, other: str, *, record: str) -> float:
    """0 to 1: the words two names share, without those that say little. `record`: a word that both may have or not."""
    first, second = telling(one, record), telling(other, record)
    shared = first & second
    if not shared or (shared <= GENERIC and first != second):
        return 0.0
    return 2 * len(shared) / (len(first) + len(second))


def sounds_like(one: str, other: str, *, record: str) -> float:
    """0 to 1: by their letters, for a slip of the pen ("adress")."""
    first, second = ("".join(sorted(telling(name, record))) for name in (one, other))
    if first[:1] != second[:1] or abs(len(first) - len(second)) > 2 or len(first) < 5:
        return 0.0
    return SequenceMatcher(None, first, second).ratio()


@lru_cache(maxsize=8192)
def telling(name: str, record: str) -> frozenset[str]:
    words = [word for word in spelled(name) if word != record]
    return frozenset([word for word in words if word not in FILLERS] or words)


def sensitive_in(name: str) -> str:
    """Which kind of thing that few may know a name asks for; empty: none that we know."""
    said = f" {' '.join(tokens(name))} "
    spelled_out = f" {' '.join(spelled(name))} "
    squeezed_name = squeezed(name)
    for words, kind in SENSITIVE.items():
        if f" {words} " in said or f" {words} " in spelled_out or squeezed_name == words.replace(" ", ""):
            return kind
    return ""
