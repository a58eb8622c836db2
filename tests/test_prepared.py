"""Statements that every message runs are prepared once by a connection, and say the same as before."""

from django.db import connection

from districts import prepared
from districts.models import ContactPoint, Person, Team
from districts.scope import district_scope
from districts.together import MOST_ROWS, insert, together
from tests.conftest import Cast


def _prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements ORDER BY prepare_time")
        return [row[0] for row in cursor.fetchall()]


def test_what_comes_again_is_planned_once(cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        for number in range(3):
            assert prepared.run("SELECT %s::int + 1 AS once_and_again", [number]).fetchone() == (number + 1,)
        assert len([one for one in _prepared() if "once_and_again" in one]) == 1


def test_rows_of_the_same_tables_are_one_prepared_statement(cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        before = set(_prepared())
        for number in range(4):
            with together():
                person = Person(name=f"No. {number}", kind="parent")
                insert(person, ContactPoint(person=person, kind="email", value=f"p{number}@mail.example"))
        assert Person.objects.filter(name__startswith="No. ").count() == 4
        assert len(set(_prepared()) - before) == 1


def test_null_here_and_a_value_there_are_both_written(cedar: Cast) -> None:
    """The types of values belong to a prepared statement: what is null once is a team another time."""
    with district_scope(cedar.district.id):
        first = Team.objects.create(slug="first", name="First")
        for email, front in (("", False), ("desk@school.example", False), ("", False)):
            insert(Team(slug=f"t{email}{front}", name="x", email=email, is_front_office=front), once=True)
        assert set(Team.objects.filter(name="x").values_list("email", flat=True)) == {"", "desk@school.example"}
        assert first.pk


def test_more_rows_than_one_statement_takes(cedar: Cast) -> None:
    with district_scope(cedar.district.id):
        insert(*(Person(name=f"Many {number}", kind="parent") for number in range(2 * MOST_ROWS + 3)))
        assert Person.objects.filter(name__startswith="Many ").count() == 2 * MOST_ROWS + 3
