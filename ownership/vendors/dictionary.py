"""The district's data dictionary as it is used here, and the one to begin with: what a field is called, and what it must look like.

`also` are names that other systems have for it; those of OneRoster 1.1 and 1.2, of Ed-Fi and of common rostering files among them.
"""

from dataclasses import dataclass

from ownership.models import DataField
from ownership.vendors.fields import BOOLEAN, CODE, DATE, TEXT

STUDENT, GUARDIAN, ENROLLMENT, STAFF, CLASS = "student", "guardian", "enrollment", "staff", "class"
RECORDS = (STUDENT, GUARDIAN, ENROLLMENT, STAFF, CLASS)
GRADES = ("PK", "KG", "TK", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12")


@dataclass(frozen=True)
class Entry:
    """A line of the dictionary. `slug` is its name for good; `record`: of what it is a field."""

    slug: str
    name: str
    record: str
    kind: str = TEXT
    required: bool = False
    longest: int | None = None
    codes: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    sensitive: bool = False


def _entry(record: str, name: str, also: str = "", **more: object) -> Entry:
    slug = f"{record}-{name.lower().replace(' ', '-')}"
    return Entry(slug=slug, name=name, record=record, also=tuple(also.split()), **more)  # type: ignore[arg-type]


DEFAULT = (
    _entry(STUDENT, "Student id", "sourcedId identifier studentSourcedId studentUniqueId student_number sis_id localId userId"
           " studentNumber permId", required=True, longest=32),
    _entry(STUDENT, "First name", "givenName legalFirstName first_name fname forename preferredFirstName", required=True, longest=100),
    _entry(STUDENT, "Middle name", "middleName middle_name mname", longest=100),
    _entry(STUDENT, "Last name", "familyName lastSurname surname last_name lname legalLastName"
           " preferredLastName", required=True, longest=100),
    _entry(STUDENT, "Grade", "grades gradeLevel grade_level entryGradeLevelDescriptor"
           " gradeCode", kind=CODE, required=True, codes=GRADES),
    _entry(STUDENT, "Birth date", "birthDate dob dateOfBirth birthdate bday", kind=DATE, required=True, sensitive=True),
    _entry(STUDENT, "School", "orgSourcedIds primaryOrg primaryOrgSourcedId orgSourcedId schoolSourcedId schoolId school_code school_id"
           " homeSchool", required=True, longest=32),
    _entry(STUDENT, "Home street", "street address address1 streetAddress addressLine1 street1 streetNumberName", longest=120),
    _entry(STUDENT, "Home city", "city town", longest=60),
    _entry(STUDENT, "Home postal code", "postalCode zip zipCode postcode", longest=10),
    _entry(STUDENT, "Home language", "language primaryLanguage homeLanguage preferredLanguage", longest=20),
    _entry(STUDENT, "Email", "studentEmail emailAddress username", longest=254),
    _entry(STUDENT, "Gender", "sex sexDescriptor", longest=20, sensitive=True),
    _entry(STUDENT, "Special education", "iep hasIep specialEd specialEducationStatus ell", kind=BOOLEAN, sensitive=True),
    _entry(STUDENT, "Changed at", "dateLastModified lastModified updatedAt modifiedDate lastModifiedDate", kind=DATE),
    _entry(STUDENT, "Active", "enabledUser enabledUserIds status activeFlag isActive", longest=12),
    _entry(GUARDIAN, "Guardian id", "agentSourcedIds agents parentSourcedId contactId parentId contactSisId", longest=64),
    _entry(GUARDIAN, "Guardian first name", "parentFirstName contactFirstName givenName", longest=100),
    _entry(GUARDIAN, "Guardian last name", "parentLastName contactLastName familyName", longest=100),
    _entry(GUARDIAN, "Guardian phone", "phone sms parentPhone contactPhone telephoneNumber"
           " mobilePhone cellPhone", required=True, longest=20),
    _entry(GUARDIAN, "Guardian email", "parentEmail contactEmail email electronicMailAddress", longest=254),
    _entry(GUARDIAN, "Relationship", "contactRelationship relationDescriptor relationToStudent", longest=40),
    _entry(GUARDIAN, "Custody", "custodyFlag legalCustody courtOrder restrainingOrder", sensitive=True, longest=200),
    _entry(ENROLLMENT, "Enrollment id", "enrollmentSourcedId sourcedId", longest=64),
    _entry(ENROLLMENT, "Entry date", "beginDate startDate enrollDate entryDate enrollmentDate", kind=DATE, required=True),
    _entry(ENROLLMENT, "Exit date", "endDate withdrawDate exitDate exitWithdrawDate", kind=DATE),
    _entry(ENROLLMENT, "Role in class", "role primary", longest=30),
    _entry(STAFF, "Staff id", "teacherSourcedId staffUniqueId teacherNumber teacherId employeeId sourcedId", required=True, longest=32),
    _entry(STAFF, "Staff first name", "teacherFirstName givenName", required=True, longest=100),
    _entry(STAFF, "Staff last name", "teacherLastName familyName lastSurname", required=True, longest=100),
    _entry(STAFF, "Staff email", "teacherEmail email workEmail", required=True, longest=254),
    _entry(CLASS, "Class id", "classSourcedId sectionId classId section_id sourcedId sectionIdentifier", required=True, longest=64),
    _entry(CLASS, "Class title", "title className sectionName courseTitle", required=True, longest=200),
    _entry(CLASS, "Course code", "courseSourcedId courseCode classCode course_number", longest=64),
    _entry(CLASS, "Term", "termSourcedIds terms academicSession schoolYear schoolYearSourcedId session", required=True, longest=64),
    _entry(CLASS, "Period", "periods classPeriod", longest=20),
)  # fmt: skip


def of_district() -> list[Entry]:
    """The district's own; where it has none yet, the one to begin with."""
    rows = [
        Entry(row.slug, row.name, row.record, row.kind, row.required, row.longest, tuple(row.codes), tuple(row.also), row.sensitive)
        for row in DataField.objects.order_by("record", "name")
    ]
    return rows or list(DEFAULT)


def begin() -> int:
    """The one to begin with becomes the district's own, to be changed. How many lines; 0: it has its own already."""
    if DataField.objects.exists():
        return 0
    rows = [
        DataField(
            slug=one.slug, name=one.name, record=one.record, kind=one.kind, required=one.required, longest=one.longest,
            codes=list(one.codes), also=list(one.also), sensitive=one.sensitive,
        )
        for one in DEFAULT
    ]  # fmt: skip
    return len(DataField.objects.bulk_create(rows))
