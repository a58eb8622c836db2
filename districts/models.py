"""Whose it is, who is who, who may, and when school is open."""

import base64
import secrets
from datetime import date, datetime
from typing import Any, Self, TypeVar
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from districts import validation
from districts.accounts import Account as Account
from districts.accounts import uuid7 as uuid7
from districts.scope import current_district_id, require_district_id


def new_token() -> str:
    """130 random bits, lower case and safe in an address or a link (26 letters and digits)."""
    return base64.b32encode(secrets.token_bytes(17)).decode().lower()[:26]


# --- rows that belong to no district ----------------------------------------------------------------------------------


def north_america() -> list[str]:
    return ["1"]


class District(models.Model):
    """The tenant: its host name, brand, time zone and hours."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    host = models.CharField(
        max_length=253, unique=True, validators=[validation.host_name], help_text="Host name of its front door, also its mail domain."
    )
    time_zone = models.CharField(max_length=64, default="America/New_York", validators=[validation.time_zone], help_text="IANA name.")
    languages = models.JSONField(
        default=list, blank=True, validators=[validation.languages],
        help_text="Codes its people may choose from, the first is the default.",
    )  # fmt: skip
    accent = models.CharField(max_length=7, default="#1f5fae", validators=[validation.colour])
    phone = models.CharField(max_length=32, blank=True)
    crisis_phone = models.CharField(max_length=32, blank=True)
    sms_codes = models.JSONField(
        default=north_america, db_default=["1"], blank=True, validators=[validation.calling_codes],
        help_text='Calling codes of the countries where the form\'s acknowledgement is texted to: ["1"] is North America.',
    )  # fmt: skip
    hours = models.JSONField(
        default=list,
        blank=True,
        validators=[validation.hours],
        help_text='Open hours by season, the last that fits wins: [{"from": "", "to": "", "days": [0,1,2,3,4],'
        ' "windows": [["07:30", "16:30"]]}]; days count from Monday 0.',
    )
    first_day = models.DateField(null=True, blank=True, help_text="First school day of the year.")
    last_day = models.DateField(null=True, blank=True)
    school_release = models.JSONField(
        default=dict, blank=True, validators=[validation.school_release],
        help_text='End of the school day by weekday 0-6, local: {"0": "15:20"}',
    )  # fmt: skip
    state = models.CharField(
        max_length=2, blank=True, default="", db_default="",
        help_text="State or territory of the United States whose holidays are offered, by its two letters (ISO 3166-2:US): CA.",
    )  # fmt: skip
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def today(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()


# --- rows of one district ---------------------------------------------------------------------------------------------


M = TypeVar("M", bound=models.Model)


class DistrictManager(models.Manager[M]):
    """Refuses to run with no district in scope: raises `NoDistrict`, never returns everything."""

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(district_id=require_district_id())

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        district_id = require_district_id()
        objs = list(objs)
        for obj in objs:
            if obj.district_id is None:
                obj.district_id = district_id
        return super().bulk_create(objs, *args, **kwargs)


class DistrictModel(models.Model):
    """Base of every row of one district: UUIDv7 for Django, (district_id, id) for the database."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="+", db_index=False, editable=False)

    objects = DistrictManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.district_id is None:
            self.district_id = current_district_id()

    def refresh(self) -> Self:
        self.refresh_from_db()
        return self


def tenant_fk(to: Any, **kwargs: Any) -> Any:
    """A foreign key inside one district. Without an index of its own: declare one that starts with the district."""
    kwargs.setdefault("on_delete", models.PROTECT)
    kwargs.setdefault("db_index", False)
    kwargs.setdefault("related_name", "+")
    return models.ForeignKey(to, **kwargs)


class Department(DistrictModel):
    slug = models.SlugField(db_index=False)
    name = models.CharField(max_length=200)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="department_slug_once")]

    def __str__(self) -> str:
        return self.name


class Team(DistrictModel):
    slug = models.SlugField(db_index=False)
    name = models.CharField(max_length=200)
    department = tenant_fk(Department, null=True, blank=True)
    description = models.TextField(blank=True)
    email = models.EmailField(blank=True)
    is_front_office = models.BooleanField(default=False, help_text="Takes what triage is not sure of. One a district.")
    is_safety = models.BooleanField(default=False, help_text="Crisis words go here at once.")

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "slug"], name="team_slug_once"),
            models.UniqueConstraint(fields=["district"], condition=models.Q(is_front_office=True), name="team_one_front_office"),
        ]

    def __str__(self) -> str:
        return self.name


class Site(DistrictModel):
    code = models.CharField(max_length=16)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=32, blank=True)
    is_school = models.BooleanField(default=True)
    aliases = models.JSONField(default=list)
    address = models.CharField(max_length=300, blank=True)
    phone = models.CharField(max_length=32, blank=True)
    rooms = models.JSONField(
        default=list, db_default=models.Value([], models.JSONField()), blank=True,
        help_text='Rooms that have a sticker, in order: ["101", "Gym"].',
    )  # fmt: skip

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "code"], name="site_code_once")]

    def __str__(self) -> str:
        return self.name


class Priority(models.IntegerChoices):
    URGENT = 1, _("Urgent")
    HIGH = 2, _("High")
    NORMAL = 3, _("Normal")
    LOW = 4, _("Low")


class Service(DistrictModel):
    """A thing one can ask for, with the team that owns it."""

    slug = models.SlugField(max_length=80, db_index=False)
    name = models.CharField(max_length=200)
    team = tenant_fk(Team)
    audience = models.JSONField(default=list, help_text="Kinds of people: parent, student, staff, public, vendor …")
    description = models.TextField(blank=True)
    example_phrases = models.JSONField(default=list)
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    sensitive = models.BooleanField(default=False, help_text="Visible to its team and named people only; reads are recorded.")
    active = models.BooleanField(default=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "slug"], name="service_slug_once")]
        indexes = [models.Index(fields=["district", "team"], name="service_team")]

    def __str__(self) -> str:
        return self.name


class Person(DistrictModel):
    """Someone a district knows, one over all channels. `account_ref` points at a global sign-in, if there is one."""

    name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=16, default="public", help_text="parent, student, staff, public, vendor …")
    language = models.CharField(max_length=8, default="en")
    account_ref = models.UUIDField(null=True, blank=True)
    roster_id = models.CharField(
        max_length=64, blank=True, default="", db_default="",
        help_text="Their id in the student or staff information system; empty: not on a roster.",
    )  # fmt: skip
    merged_into = tenant_fk("self", null=True, blank=True, help_text="The one person they turned out to be.")
    site = tenant_fk(Site, null=True, blank=True)
    away_until = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["district", "account_ref"], name="person_account_once", condition=models.Q(account_ref__isnull=False)
            ),
            models.UniqueConstraint(fields=["district", "roster_id"], name="person_roster_once", condition=~models.Q(roster_id="")),
        ]
        indexes = [
            models.Index(fields=["district", "merged_into"], name="person_merged", condition=models.Q(merged_into__isnull=False))
        ]

    def __str__(self) -> str:
        return self.name or str(_("Unnamed person"))


class ContactPoint(DistrictModel):
    class Kind(models.TextChoices):
        EMAIL = "email", _("Email")
        PHONE = "phone", _("Phone")

    person = tenant_fk(Person, on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=8, choices=Kind)
    value = models.CharField(max_length=254, help_text="Normalised: lower-case address, or E.164 number. Matched by equality.")
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "kind", "value"], name="contact_point_once")]
        indexes = [models.Index(fields=["district", "person"], name="contact_point_person")]

    def __str__(self) -> str:
        return self.value


class Role(models.TextChoices):
    AGENT = "agent", _("Agent")
    LEAD = "lead", _("Team lead")
    LEADER = "leader", _("Leader")
    ADMIN = "admin", _("Administrator")


class Membership(DistrictModel):
    """What a person may do: agents and leads of a team; leaders and administrators of the district (no team)."""

    person = tenant_fk(Person, on_delete=models.CASCADE, related_name="memberships")
    team = tenant_fk(Team, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role)

    class Meta(DistrictModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["district", "person", "team", "role"], name="membership_once", nulls_distinct=False)
        ]
        indexes = [models.Index(fields=["district", "team"], name="membership_team")]

    def __str__(self) -> str:
        return f"{self.role}"


class CalendarDay(DistrictModel):
    """A date that differs from the weekly hours; for one site, or for all where `site` is empty."""

    class Kind(models.TextChoices):
        SCHOOL = "school", _("School day")
        EARLY = "early", _("Early release")
        STAFF = "staff", _("Staff day, no students")
        BREAK = "break", _("Break")
        HOLIDAY = "holiday", _("Holiday")
        CLOSURE = "closure", _("Closed at short notice")

    date = models.DateField()
    kind = models.CharField(max_length=8, choices=Kind)
    name = models.CharField(max_length=200, blank=True)
    site = tenant_fk(Site, null=True, blank=True)
    windows = models.JSONField(null=True, blank=True, help_text='Open hours of this date: [["07:30", "12:00"]]; empty: by its kind.')
    entered_at = models.DateTimeField(
        default=timezone.now, db_default=Now(),
        help_text="A closure of the whole district beats a site's day that was entered before it.",
    )  # fmt: skip

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "date", "site"], name="calendar_day_once", nulls_distinct=False)]

    def __str__(self) -> str:
        return f"{self.date} {self.kind}"


class CalendarChange(DistrictModel):
    """One act on the calendar, with what was there before and after it: to be undone, and to be seen by who edits at the same time."""

    class Kind(models.TextChoices):
        ENTERED = "entered", _("Days entered")
        REMOVED = "removed", _("Days removed")
        CLOSED = "closed", _("Short notice")
        IMPORTED = "imported", _("Calendar file read")
        HOLIDAYS = "holidays", _("Holidays entered")
        HOURS = "hours", _("Weekly hours")
        UNDONE = "undone", _("Undone")

    number = models.PositiveIntegerField(help_text="Counts the district's changes, in the order in which they were committed.")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    by = tenant_fk(Person, null=True, blank=True)
    before = models.JSONField(default=list, help_text="Rows of the touched dates, or settings of the district, as they were.")
    after = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "number"], name="calendar_change_number_once")]

    def __str__(self) -> str:
        return f"{self.number} {self.kind}"


class CalendarFeed(DistrictModel):
    """An address at which other programs read the calendar: of the district, or of one site. Whoever has it may read."""

    token = models.CharField(max_length=32, default=new_token)
    name = models.CharField(max_length=100, blank=True, help_text="Who reads there: the schools' web site.")
    site = tenant_fk(Site, null=True, blank=True)
    made_at = models.DateTimeField(default=timezone.now)
    by = tenant_fk(Person, null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "token"], name="calendar_feed_token_once")]

    def __str__(self) -> str:
        return self.name or str(self.made_at)


class ApiKey(DistrictModel):
    """A machine's key to one district; only a hash is kept. Good on its own district's host alone."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the key, hex.")
    role = models.CharField(max_length=8, choices=Role, default=Role.AGENT)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(DistrictModel.Meta):
        constraints = [models.UniqueConstraint(fields=["district", "prefix"], name="api_key_prefix_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
