"""Three walls between districts, each enough alone: take one down, see the others hold and the check tell of the hole."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DataError, IntegrityError, ProgrammingError, connections, models
from pytest_django import DjangoDbBlocker

from districts.scope import NoDistrict, district_scope
from tests import scratch
from tests.conftest import NOW, Cast, a_ticket, make_district
from tickets.models import Event, Message, Ticket

FOREIGN_KEY = (
    "SELECT conname FROM pg_constraint WHERE conrelid = 'tickets_message'::regclass AND confrelid = 'tickets_ticket'::regclass"
)


@dataclass
class Pair:
    database: str
    cedar: Cast
    oak: Cast
    ours: Ticket
    theirs: Ticket


@pytest.fixture(scope="module")
def pair(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Pair]:
    """A committed Cedar Valley and Oak Hollow, one ticket each, served as the application's role."""
    made = str(connections["owner"].settings_dict["NAME"])
    with django_db_blocker.unblock():
        scratch.hang_up()
    with scratch.database(f"{made}_walls", template=made) as name, scratch.served_from(name, django_db_blocker):
        cedar = make_district("cedar", "cedar.localhost", "America/Los_Angeles", "cedar")
        oak = make_district("oak", "oak.localhost", "America/New_York", "oak")
        with district_scope(cedar.district.id):
            ours = a_ticket(cedar)
        with district_scope(oak.district.id):
            theirs = a_ticket(oak)
        yield Pair(name, cedar, oak, ours, theirs)


@contextmanager
def torn_down(pair: Pair, down: str, up: str) -> Iterator[None]:
    with scratch.as_owner(pair.database) as owner:
        owner.execute(down.encode())
        try:
            yield
        finally:
            owner.execute(up.encode())


def report(database: str) -> str:
    """What the check prints where there is a hole; fails where it sees none."""
    out = io.StringIO()
    with pytest.raises(CommandError) as told:
        call_command("check_isolation", database=database, stdout=out, no_color=True)
    assert told.value.returncode == 1
    return out.getvalue()


def a_message(cast: Cast, ticket: Ticket) -> Message:
    return Message(ticket=ticket, kind="note", channel="web", author=cast.alice, text="across", at=NOW)


def test_the_walls_stand(pair: Pair) -> None:
    out = io.StringIO()
    call_command("check_isolation", database=pair.database, stdout=out, no_color=True)
    assert "No hole" in out.getvalue()
    assert f"as {settings.DATABASES['default']['USER']}" in out.getvalue()
    assert "HOLE" not in out.getvalue().replace("No hole", "")


def test_first_wall_no_district_in_scope_raises(pair: Pair) -> None:
    with pytest.raises(NoDistrict):
        Ticket.objects.count()
    with district_scope(pair.cedar.district.id):
        assert list(Ticket.objects.all()) == [pair.ours]


def test_without_the_manager_the_policy_holds(pair: Pair) -> None:
    bare: models.QuerySet[Ticket] = models.QuerySet(Ticket)
    with district_scope(pair.cedar.district.id):
        assert list(bare) == [pair.ours]
        assert not models.QuerySet(Ticket).filter(id=pair.theirs.id).exists()
        assert models.QuerySet(Ticket).filter(id=pair.theirs.id).update(subject="theirs no more") == 0
    with pytest.raises(DataError, match="NO-DISTRICT-IN-SCOPE"):
        models.QuerySet(Ticket).count()
    with pytest.raises(ProgrammingError, match="row-level security"), district_scope(pair.cedar.district.id):
        models.QuerySet(Ticket).update(district_id=pair.oak.district.id)


def test_without_the_policy_manager_and_foreign_keys_hold(pair: Pair) -> None:
    with torn_down(
        pair, "ALTER TABLE tickets_ticket DISABLE ROW LEVEL SECURITY", "ALTER TABLE tickets_ticket ENABLE ROW LEVEL SECURITY"
    ):
        with district_scope(pair.cedar.district.id):
            assert models.QuerySet(Ticket).count() == 2, "the wall is really down"
            assert list(Ticket.objects.all()) == [pair.ours]
        with pytest.raises(NoDistrict):
            Ticket.objects.count()
        with pytest.raises(IntegrityError, match="foreign key"), district_scope(pair.cedar.district.id):
            a_message(pair.cedar, pair.theirs).save()
        told = report(pair.database)
        assert "tickets_ticket: row-level security is off" in told
        assert "tickets_ticket: read: 3 rows of another district" in told
        assert "tickets_ticket: no district: was possible" in told


def test_without_the_foreign_key_manager_and_policy_hold(pair: Pair) -> None:
    with scratch.as_owner(pair.database) as owner:
        found = owner.execute(FOREIGN_KEY).fetchone()
    assert found
    made = "FOREIGN KEY (district_id, ticket_id) REFERENCES tickets_ticket (district_id, id) DEFERRABLE INITIALLY IMMEDIATE"
    down = f"ALTER TABLE tickets_message DROP CONSTRAINT {found[0]}"
    up = f"DELETE FROM tickets_message WHERE text = 'across'; ALTER TABLE tickets_message ADD CONSTRAINT {found[0]} {made}"
    with torn_down(pair, down, up):
        with district_scope(pair.cedar.district.id):
            stray = a_message(pair.cedar, pair.theirs)
            stray.save()
            with pytest.raises(Ticket.DoesNotExist):
                _ = Message.objects.get(id=stray.id).ticket
            joined: models.QuerySet = models.QuerySet(Message).filter(id=stray.id).values_list("ticket__subject", flat=True)
            assert pair.theirs.subject not in list(joined)
        with district_scope(pair.oak.district.id):
            assert not Message.objects.filter(text="across").exists()
    single = f"{down}; ALTER TABLE tickets_ticket ADD CONSTRAINT tmp_id UNIQUE (id)"
    single += f"; ALTER TABLE tickets_message ADD CONSTRAINT {found[0]} FOREIGN KEY (ticket_id) REFERENCES tickets_ticket (id)"
    with torn_down(pair, single, f"{down}; ALTER TABLE tickets_ticket DROP CONSTRAINT tmp_id; {up}"):
        told = report(pair.database)
        assert f"tickets_message: {found[0]} can point into another district" in told
        assert "tickets_message: border: ticket_id points at a row of another district" in told
        assert "tickets_ticket: key tmp_id does not start with the district" in told


def test_the_past_cannot_be_changed(pair: Pair) -> None:
    with district_scope(pair.cedar.district.id):
        assert Event.objects.exists()
    with pytest.raises(ProgrammingError, match="permission denied"), district_scope(pair.cedar.district.id):
        Event.objects.update(kind="opened")
    with pytest.raises(ProgrammingError, match="permission denied"), district_scope(pair.cedar.district.id):
        Event.objects.all().delete()


APP = settings.DATABASES["default"]["USER"]
HOLES = {
    "another policy": (
        "CREATE POLICY support ON tickets_ticket FOR SELECT USING (true)",
        "DROP POLICY support ON tickets_ticket",
        "tickets_ticket: policy support lets in more: true",
    ),
    "no policy check": (
        "ALTER POLICY one_district ON delivery_delivery WITH CHECK (true)",
        "ALTER POLICY one_district ON delivery_delivery WITH CHECK (district_id = current_setting('app.district_id')::uuid)",
        "delivery_delivery: insert: was possible",
    ),
    "a view": (
        f"CREATE VIEW all_tickets AS SELECT * FROM tickets_ticket; GRANT SELECT ON all_tickets TO {APP}",
        "DROP VIEW all_tickets",
        "all_tickets: a view that runs as its owner",
    ),
    "a materialised view": (
        f"CREATE MATERIALIZED VIEW figures AS SELECT count(*) FROM tickets_ticket; GRANT SELECT ON figures TO {APP}",
        "DROP MATERIALIZED VIEW figures",
        "figures: a view that runs as its owner",
    ),
    "a function": (
        "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM tickets_ticket'",
        "DROP FUNCTION peek()",
        "peek(): a function that runs as its owner, and is not on the list",
    ),
    "a listed function led astray": (
        "ALTER FUNCTION districts_oldest_work() RESET ALL",
        "ALTER FUNCTION districts_oldest_work() SET search_path = pg_catalog, public",
        "districts_oldest_work(): may be led astray",
    ),
    "leakproof": (
        "CREATE FUNCTION spy(text) RETURNS bool LANGUAGE sql LEAKPROOF AS 'SELECT true'",
        "DROP FUNCTION spy(text)",
        "spy(text): marked leakproof",
    ),
    "truncate": (
        f"GRANT TRUNCATE ON tickets_message TO {APP}",
        f"REVOKE TRUNCATE ON tickets_message FROM {APP}",
        "tickets_message: the application has TRUNCATE",
    ),
    "events": (
        f"GRANT UPDATE (kind) ON tickets_event TO {APP}",
        f"REVOKE UPDATE (kind) ON tickets_event FROM {APP}",
        "tickets_event: the application may change it",
    ),
    "what happened in an outage": (
        f"GRANT UPDATE (at) ON incidents_happening TO {APP}",
        f"REVOKE UPDATE (at) ON incidents_happening FROM {APP}",
        "incidents_happening: the application may change it",
    ),
    "what was done about an alert": (
        f"GRANT DELETE ON alerts_alertact TO {APP}",
        f"REVOKE DELETE ON alerts_alertact FROM {APP}",
        "alerts_alertact: the application may change it",
    ),
    "what a model was asked": (
        f"GRANT UPDATE (sent) ON knowledge_modelcall TO {APP}",
        f"REVOKE UPDATE (sent) ON knowledge_modelcall FROM {APP}",
        "knowledge_modelcall: the application may change it",
    ),
    "migrations": (
        f"GRANT INSERT ON django_migrations TO {APP}",
        f"REVOKE INSERT ON django_migrations FROM {APP}",
        "django_migrations: the application may change it",
    ),
    "unknown table": ("CREATE TABLE notes (t text)", "DROP TABLE notes", "notes: neither a district table nor in SHARED"),
    "unguarded district table": (
        f"CREATE TABLE notes (district_id uuid NOT NULL); GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO {APP}",
        "DROP TABLE notes",
        "notes: row-level security is off",
    ),
    "index": ("CREATE INDEX by_subject ON tickets_ticket (subject)", "DROP INDEX by_subject", "index by_subject does not start"),
    "unique key": (
        "CREATE UNIQUE INDEX one_account ON districts_person (account_ref)",
        "DROP INDEX one_account",
        "districts_person: key one_account does not start with the district",
    ),
    "a counter": (
        "ALTER TABLE districts_site ADD COLUMN n bigserial",
        "ALTER TABLE districts_site DROP COLUMN n",
        "districts_site: n counts over all districts",
    ),
    "a rule": (
        "CREATE RULE copy AS ON INSERT TO districts_site DO ALSO NOTHING",
        "DROP RULE copy ON districts_site",
        "districts_site: rule copy runs as its owner",
    ),
    "another schema": (
        f"CREATE SCHEMA spill; CREATE TABLE spill.t (x int); GRANT USAGE ON SCHEMA spill TO {APP}; GRANT SELECT ON spill.t TO {APP}",
        "DROP SCHEMA spill CASCADE",
        "spill.t: a table outside the schema that is checked",
    ),
    "create in public": (
        f"GRANT CREATE ON SCHEMA public TO {APP}",
        f"REVOKE CREATE ON SCHEMA public FROM {APP}",
        "schema public: the application may create things in it",
    ),
    "account": (
        "ALTER TABLE districts_person ADD CONSTRAINT out FOREIGN KEY (account_ref) REFERENCES districts_account (id)",
        "ALTER TABLE districts_person DROP CONSTRAINT out",
        "districts_person: out joins district rows with districts_account",
    ),
}


@pytest.mark.parametrize("name", HOLES)
def test_every_kind_of_hole_is_found(pair: Pair, name: str) -> None:
    down, up, sentence = HOLES[name]
    with torn_down(pair, down, up):
        assert sentence in report(pair.database)


def test_a_district_named_for_everybody_is_found(pair: Pair) -> None:
    named = f"ALTER DATABASE {pair.database} SET app.district_id = '{pair.oak.district.id}'"
    with torn_down(pair, named, f"ALTER DATABASE {pair.database} RESET app.district_id"):
        assert "role settings: app.district_id" in report(pair.database)


@pytest.mark.slow
def test_the_walls_stand_where_tables_are_spread_by_district(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """`HASH_PARTITIONS` asks of keys and foreign keys what a cluster spread by district asks."""
    made = str(connections["owner"].settings_dict["NAME"])
    with scratch.database(f"{made}_spread") as name:
        env = {**os.environ, "HASH_PARTITIONS": "4", "DATABASE_URL": scratch.owner_url(name)}
        run = [sys.executable, "-W", "error", "manage.py"]
        subprocess.run([*run, "migrate", "-v0", "--skip-checks"], cwd=settings.ROOT, env=env, check=True)
        with scratch.served_from(name, django_db_blocker):
            cedar = make_district("cedar", "cedar.localhost", "America/Los_Angeles", "cedar")
            with district_scope(cedar.district.id):
                assert a_ticket(cedar).number == 1001
        whole = subprocess.run([*run, "check_isolation"], cwd=settings.ROOT, env=env, capture_output=True, text=True, check=False)
        assert whole.returncode == 0, whole.stdout + whole.stderr
        with scratch.as_owner(name) as owner:
            owner.execute(f"GRANT SELECT ON tickets_ticket_p00 TO {APP}".encode())
        holed = subprocess.run([*run, "check_isolation"], cwd=settings.ROOT, env=env, capture_output=True, text=True, check=False)
        assert holed.returncode == 1
        assert "tickets_ticket_p00: a partition has no policy" in holed.stdout
