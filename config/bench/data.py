"""The benchmark's own databases: filled for one measurement, known by what they hold, dropped at the end."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from config.demo.volume import Size, fill
from districts.models import Account, District, Membership, Person, Role
from districts.scope import district_scope

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass(frozen=True)
class Place:
    """The district that is measured: the largest of its set."""

    district: District
    agent_cookie: str
    leader_cookie: str
    tickets: int


def make(prefix: str, size: Size, *, now: datetime) -> Place:
    fill(size, now=now, prefix=prefix)
    district = District.objects.get(slug=f"{prefix}-00001")
    with district_scope(district.id):
        busiest = _busiest_team(district.id)
        agent = Membership.objects.filter(team_id=busiest, role=Role.AGENT).select_related("person").order_by("id")[0].person
        leader = Person.objects.create(name="Leader", kind="staff")
        Membership.objects.create(person=leader, role=Role.LEADER)
        agent_cookie, leader_cookie = _signed_in(agent, prefix), _signed_in(leader, prefix)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM tickets_ticket WHERE district_id = %s", [district.id])
            tickets = int(cursor.fetchone()[0])
    return Place(district, agent_cookie, leader_cookie, tickets)


def _busiest_team(district_id: UUID) -> UUID:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT team_id FROM tickets_ticket WHERE district_id = %s AND status IN ('new', 'open', 'wait_asker', 'wait_other')"
            " GROUP BY team_id ORDER BY count(*) DESC LIMIT 1",
            [district_id],
        )
        row = cursor.fetchone()
    return UUID(str(row[0]))


def _signed_in(person: Person, prefix: str) -> str:
    """A session of this person, as a browser would hold it."""
    account = Account(email=f"{person.id}@{prefix}.example", name=person.name)
    account.set_unusable_password()
    account.save()
    Person.objects.filter(id=person.id).update(account_ref=account.id)
    session = SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.create()
    return str(session.session_key)
