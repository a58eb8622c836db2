"""Writes to people and places."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

import structlog
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from districts.models import (
    Account,
    ApiKey,
    ContactPoint,
    Department,
    DistrictModel,
    Membership,
    Person,
    Role,
    Service,
    Site,
    Team,
)
from districts.queries import free_slug, person_by_contact, pointing_at, roles_of
from districts.together import insert_now

log = structlog.get_logger(__name__)


def person_for_contact(*, kind: str, value: str, name: str = "", language: str = "en", person_kind: str = "public") -> Person:
    """The person at this normalised address, made where there is none. Two at once make one."""
    found = person_by_contact(kind, value)
    return found or new_person(kind=kind, value=value, name=name, language=language, person_kind=person_kind)


def new_person(*, kind: str, value: str, name: str = "", language: str = "en", person_kind: str = "public") -> Person:
    """For who has looked and found nobody at this address; two at once still make one."""
    try:
        with transaction.atomic():
            person = Person(name=name[:200], language=language, kind=person_kind)
            insert_now(person, ContactPoint(person=person, kind=kind, value=value))
            return person
    except IntegrityError:  # somebody was quicker
        found = person_by_contact(kind, value)
        if found is None:
            raise
        return found


def new_api_key(*, name: str, role: str = Role.AGENT) -> str:
    """Make a key for the district in scope and return it, the only time it is seen."""
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    ApiKey.objects.create(name=name, prefix=prefix, role=role, digest=hashlib.sha256(secret.encode()).hexdigest())
    return f"fd_{prefix}_{secret}"


def revoke_api_key(*, prefix: str, now: datetime) -> bool:
    """The key is good for nothing from now on. False: the district in scope has no valid key of this prefix."""
    return bool(ApiKey.objects.filter(prefix=prefix, revoked_at__isnull=True).update(revoked_at=now))


# --- set-up by administrators: each act says in the log what was changed and by whom, by ids -----------------------------


class Taken(Exception):
    """Another row has this name, code or address; somebody was quicker."""


class LastAdministrator(Exception):
    """Nobody could set up the district any more."""


class FrontOfficeNeeded(Exception):
    """A district always has one front office: make another team the front office instead."""


class TeamInUse(Exception):
    """`counts`: how many rows of which kind hold the team (see `queries.pointing_at`)."""

    def __init__(self, counts: dict[str, int]) -> None:
        self.counts = counts
        super().__init__(str(counts))


def save_site(
    site: Site | None, *, code: str, name: str, kind: str, is_school: bool, aliases: list[str], address: str, phone: str,
    by: Person | None,
) -> Site:  # fmt: skip
    """Raises Taken where another site has the code."""
    site = site or Site()
    site.code, site.name, site.kind, site.is_school = code, name, kind, is_school
    site.aliases, site.address, site.phone = aliases, address, phone
    _save(site, by)
    return site


def name_rooms(site: Site, *, rooms: list[str], by: Person | None) -> None:
    """The rooms of a place that have a sticker, in this order."""
    site.rooms = rooms
    site.save(update_fields=["rooms"])
    log.info("rooms_named", row=str(site.id), rooms=len(rooms), by=_id(by))


def department(name: str) -> Department:
    """The district's department of this name, made where there is none. Raises Taken where somebody was quicker."""
    found: Department | None = Department.objects.filter(name=name).first()
    if found is None:
        found = Department(name=name, slug=free_slug(Department.objects.all(), name))
        _unique(found)
    return found


def save_team(
    team: Team | None, *, name: str, slug: str, description: str, email: str, is_front_office: bool, is_safety: bool,
    department: Department | None, by: Person | None,
) -> Team:  # fmt: skip
    """There is one front office and at most one safety team: another team's mark comes here. Raises Taken, FrontOfficeNeeded."""
    team = team or Team()
    if team.is_front_office and not is_front_office:
        raise FrontOfficeNeeded
    with transaction.atomic():
        list(Team.objects.select_for_update(no_key=True).order_by("id"))  # two who move marks crosswise wait here
        for mark, wanted in (("is_front_office", is_front_office), ("is_safety", is_safety)):
            if wanted:
                Team.objects.filter(**{mark: True}).exclude(id=team.id).update(**{mark: False})
        team.name, team.slug, team.description, team.email = name, slug, description, email
        team.is_front_office, team.is_safety, team.department = is_front_office, is_safety, department
        _save(team, by)
    return team


def remove_team(team: Team, *, by: Person | None) -> None:
    """Raises FrontOfficeNeeded, or TeamInUse where anything of the district still points at it, history included."""
    if team.is_front_office:
        raise FrontOfficeNeeded
    if counts := pointing_at(team):
        raise TeamInUse(counts)
    team_id = str(team.id)
    team.delete()
    log.info("team_removed", row=team_id, by=_id(by))


def save_service(
    service: Service | None, *, name: str, description: str, example_phrases: list[str], audience: list[str], team: Team,
    priority: int, sensitive: bool, active: bool, by: Person | None,
) -> Service:  # fmt: skip
    """A new one gets a slug of its own, which stays when the name changes: articles and links name it."""
    if service is None:
        service = Service(slug=free_slug(Service.objects.all(), name, most=80))
    service.name, service.description, service.example_phrases, service.audience = name, description, example_phrases, audience
    service.team, service.priority, service.sensitive, service.active = team, priority, sensitive, active
    _save(service, by)
    return service


def save_person(
    person: Person | None, *, name: str, kind: str, email: str, phone: str, roles: frozenset[tuple[str, UUID | None]],
    by: Person | None, roster_id: str | None = None,
) -> Person:  # fmt: skip
    """Who they are, how they are reached and what they may do. `email`, `phone`: normalised, or empty; `roster_id`: None leaves it.

    Whoever has a role signs in by the address given; an address that is given up opens nothing, also not with a role given later.
    Raises Taken where somebody else has an address or the roster id, LastAdministrator.
    """
    person = person or Person()
    person.name, person.kind = name, kind
    person.roster_id = person.roster_id if roster_id is None else roster_id
    with transaction.atomic():
        _save(person, by)
        _reach(person, ContactPoint.Kind.PHONE, phone)
        moved = _reach(person, ContactPoint.Kind.EMAIL, email)
        if roles and email:
            _let_sign_in(person, email)
        elif moved and person.account_ref:
            person.account_ref = None
            person.save(update_fields=["account_ref"])
        set_roles(person, roles=roles, by=by)
    return person


def set_roles(person: Person, *, roles: frozenset[tuple[str, UUID | None]], by: Person | None) -> None:
    """Exactly these: (role, id of the team or None). Raises LastAdministrator."""
    with transaction.atomic():
        list(Membership.objects.select_for_update().filter(role=Role.ADMIN).order_by("id"))  # two who remove each other wait here
        had = roles_of(person)
        for role, team_id in had - roles:
            Membership.objects.filter(person=person, role=role, team=team_id).delete()
        for role, team_id in roles - had:
            Membership.objects.create(person=person, role=role, team_id=team_id)
        if any(role == Role.ADMIN for role, _team in had) and not somebody_administers():
            raise LastAdministrator
    if had != roles:
        changed = {
            sign: sorted(f"{role}:{team or ''}" for role, team in rows)
            for sign, rows in (("given", roles - had), ("taken", had - roles))
        }
        log.info("roles_changed", row=str(person.id), by=_id(by), **changed)


def somebody_administers() -> bool:
    """An administrator of the district in scope can sign in."""
    admins = Membership.objects.filter(role=Role.ADMIN, person__account_ref__isnull=False)
    accounts = [ref for ref in admins.values_list("person__account_ref", flat=True) if ref]
    return Account.objects.filter(id__in=accounts, is_active=True).exists()


def _reach(person: Person, kind: str, value: str) -> bool:
    """Make `value` the person's first address of this kind, or remove that; returns whether anything changed."""
    point = ContactPoint.objects.filter(person=person, kind=kind).order_by("id").first()
    if (point.value if point else "") == value:
        return False
    if ContactPoint.objects.filter(kind=kind, value=value).exclude(person=person).exists():
        raise Taken
    ContactPoint.objects.filter(person=person, kind=kind, value=value).delete()
    if point and not value:
        point.delete()
    elif value:
        point = point or ContactPoint(person=person, kind=kind)  # in place: the first address stays the first
        point.value, point.verified_at = value, None
        _unique(point)
    return True


def _let_sign_in(person: Person, email: str) -> None:
    """By a code mailed to the address. A sign-in may be of several districts, so it is never renamed: another address, another one.

    Raises Taken where somebody else here signs in by it.
    """
    if person.account_ref and Account.objects.filter(id=person.account_ref, email=email).exists():
        return
    account = _account_of(email, person.name)
    if Person.objects.filter(account_ref=account.id).exclude(id=person.id).exists():
        raise Taken
    person.account_ref = account.id
    _unique(person)


def _account_of(email: str, name: str) -> Account:
    """The sign-in that a code mailed to the address opens, made where there is none.

    Somebody may have proven the address as a further one of their own sign-in: the code opens that one, and nobody else can
    have the address. Raises Taken where that sign-in is closed, for its holder is not let in by another way; and where
    somebody was quicker.
    """
    proven = EmailAddress.objects.filter(email=email, verified=True).exclude(user__email=email).select_related("user").first()
    if proven and not proven.user.is_active:
        raise Taken
    if proven:
        found: Account = proven.user
        return found
    try:
        with transaction.atomic():
            account, made = Account.objects.get_or_create(email=email, defaults={"name": name, "password": make_password(None)})
            if made:
                EmailAddress.objects.create(user=account, email=email, verified=True, primary=True)
    except IntegrityError as error:
        raise Taken from error
    return account


def _save(row: DistrictModel, by: Person | None) -> None:
    what = f"{row._meta.model_name}_{'added' if row._state.adding else 'changed'}"
    _unique(row)
    log.info(what, row=str(row.id), by=_id(by))


def _unique(row: DistrictModel) -> None:
    """Raises Taken, and leaves the transaction whole."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Taken from error


def _id(person: Person | None) -> str:
    return str(person.id) if person else ""
