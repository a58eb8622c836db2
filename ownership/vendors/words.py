"""What was found, in words: of a specification, and of records that came back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

SURE = {"sure": _("sure"), "likely": _("likely"), "perhaps": _("perhaps")}
HOW = {
    "exact": _("the same name"),
    "written": _("the same name, written differently"),
    "known": _("a name that rostering standards and other systems have for it"),
    "shortened": _("the same words, shortened"),
    "similar": _("a similar name"),
}
KINDS = {
    "": _("not said"), "text": _("text"), "integer": _("whole number"), "number": _("number"),
    "date": _("date"), "boolean": _("yes or no"), "code": _("one of several values"),
}  # fmt: skip
RECORDS = {
    "student": _("Student"), "guardian": _("Guardian"), "enrollment": _("Enrollment"),
    "staff": _("Staff"), "class": _("Class"),
}  # fmt: skip
ASKED = {
    "ssn": _("social security number"), "birthplace": _("place of birth"), "religion": _("religion"),
    "immigration": _("citizenship or immigration"), "race": _("race or ethnicity"), "health": _("health"),
    "money": _("money in the family"), "biometric": _("biometrics"), "discipline": _("discipline"),
    "password": _("a password"), "homeless": _("housing"), "foster": _("foster care"),
    "political": _("politics"), "orientation": _("sexual orientation"), "firearm": _("weapons at home"),
}  # fmt: skip
CONFLICTS = {
    "unsure": _("We always send it, and this is only perhaps their field for it: ask them, and add the name to our dictionary."),
    "type": _("Theirs is %(theirs)s, ours is %(ours)s: values would be refused or changed."),
    "loose": _("They take any text, ours is %(ours)s: agree on how it is written."),
    "digits": _("Their examples are numbers only, ours is text: are leading zeros and letters kept?"),
    "short": _("They keep %(theirs)s characters, ours may have %(ours)s: names would be cut."),
    "codes": _("They have no value for %(ours)s."),
    "extra-codes": _("They know values that we do not have: %(theirs)s."),
    "code-form": _("The same values are written differently (%(theirs)s): they must be translated."),
    "optional": _("We always send it, they may leave it out: ask what happens to it."),
    "demanded": _("They refuse records without it, and not all of ours have it."),
    "sensitive": _("Few may know this, and it is not needed for what they do unless somebody says why."),
}
FIELDS = {
    "student_id": _("student id"), "first_name": _("first name"), "middle_name": _("middle name"),
    "last_name": _("last name"), "grade": _("grade"), "birth_date": _("birth date"),
    "school_id": _("school"), "home_street": _("street"), "home_city": _("city"),
    "postal_code": _("postal code"), "home_language": _("language"), "guardian_id": _("guardian id"),
    "guardian_first_name": _("guardian's first name"), "guardian_last_name": _("guardian's last name"),
    "guardian_phone": _("guardian's phone"), "guardian_email": _("guardian's email"),
    "entry_date": _("entry date"), "note": _("note"),
    "bad date": _("a date that does not exist"), "no id": _("no id"), "too long": _("a name of 300 characters"),
    "wrong grade": _("a grade that does not exist"), "unknown school": _("a school that does not exist"),
}  # fmt: skip
HEADS = {
    "missing": _("Missing"), "merged": _("Merged with somebody else"), "doubled": _("Came back twice"),
    "cut": _("Cut short"), "letters": _("Letters lost"), "zeros": _("Leading zeros lost"),
    "date": _("Another date"), "case": _("Capitals changed"), "breaks": _("Lines joined or lost"),
    "emptied": _("Came back empty"), "filled": _("Filled in"), "changed": _("Changed"),
    "column": _("Columns that did not come back"), "accepted": _("Broken records that were accepted"),
    "unreported": _("Broken records that were not reported"), "stranger": _("Records that were not sent"),
}  # fmt: skip
SAID = {
    "missing": _("%(record)s did not come back."),
    "merged": _("%(record)s is gone; %(back)s, who is somebody else, came back."),
    "doubled": _("%(record)s came back %(back)s times."),
    "cut": _("%(record)s: the %(field)s was cut from “%(sent)s” to “%(back)s”."),
    "letters": _("%(record)s: the %(field)s “%(sent)s” lost letters: “%(back)s”."),
    "zeros": _("%(record)s: the %(field)s “%(sent)s” lost its zeros: “%(back)s”."),
    "date": _("%(record)s: the %(field)s “%(sent)s” came back as “%(back)s”."),
    "case": _("%(record)s: the %(field)s “%(sent)s” is written “%(back)s” now."),
    "breaks": _("%(record)s: the lines of the %(field)s “%(sent)s” became “%(back)s”."),
    "emptied": _("%(record)s: the %(field)s “%(sent)s” came back empty."),
    "filled": _("%(record)s: the %(field)s was empty, and came back as “%(back)s”."),
    "changed": _("%(record)s: the %(field)s “%(sent)s” came back as “%(back)s”."),
    "column": _("There is no column for the %(field)s."),
    "accepted": _("%(record)s was to be refused (%(field)s), and came back."),
    "unreported": _("%(record)s was broken (%(field)s); nothing was said about it."),
    "stranger": _("%(back)s was not among what was sent."),
}
GRAVE = ("missing", "merged", "accepted", "doubled", "zeros", "date", "cut", "letters", "stranger", "emptied")


def conflict(found: Mapping[str, Any]) -> str:
    kinds = {name: str(KINDS[found[name]]) if found[name] in KINDS and found[name] else found[name] for name in ("theirs", "ours")}
    return str(CONFLICTS[found["kind"]]) % kinds


def asked(kind: str) -> str:
    """What a field asks for that few may know."""
    return str(ASKED.get(kind, kind))


def record(slug: str) -> str:
    return str(RECORDS.get(slug, slug.capitalize()))


def finding(found: Mapping[str, Any]) -> str:
    return str(SAID[found["kind"]]) % {**found, "field": FIELDS.get(found["field"], found["field"])}


@dataclass(frozen=True)
class Group:
    """Findings of one kind."""

    head: str
    lines: Sequence[str]
    grave: bool


def groups(findings: Iterable[Mapping[str, Any]]) -> list[Group]:
    """The gravest first."""
    by_kind: dict[str, list[str]] = {}
    for found in findings:
        by_kind.setdefault(found["kind"], []).append(finding(found))
    order = [*(kind for kind in GRAVE if kind in by_kind), *(kind for kind in HEADS if kind in by_kind and kind not in GRAVE)]
    return [Group(str(HEADS[kind]), by_kind[kind], kind in GRAVE) for kind in order]


def in_short(findings: Sequence[Mapping[str, Any]]) -> str:
    """ "Missing: 3, Cut short: 2"."""
    if not findings:
        return str(_("Nothing was different."))
    return ", ".join(f"{group.head}: {len(group.lines)}" for group in groups(findings))
