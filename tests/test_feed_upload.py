"""The page on which a lead brings a feed's file: it is read with no transaction open, and for nobody else."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from districts.models import District, Person
from ownership.feeds import tables
from ownership.models import Feed, FeedRun, Process
from tests.conftest import Cast, sign_in, visitor

STUDENTS = "id,name\n1,Ana\n2,Ben\n"


@pytest.fixture
def feed(here: Cast) -> Feed:
    process = Process.objects.create(slug="rosters", name="Rosters")
    made: Feed = Feed.objects.create(process=process, slug="rosters-nightly", name="Nightly", terms="daily by 4 PM", key_column="id")
    return made


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """For each file that was read, how many transactions were open within the test's own."""
    found, really, own = list[int](), tables.read, len(connection.savepoint_ids)

    def told(*args: Any, **more: Any) -> tables.File:
        found.append(len(connection.savepoint_ids) - own)
        return really(*args, **more)

    monkeypatch.setattr(tables, "read", told)
    return found


def bring(feed: Feed, who: Person, district: District, data: bytes = STUDENTS.encode()) -> Any:
    return sign_in(who, district).post(f"/matrix/feeds/{feed.id}/", {"file": SimpleUploadedFile("students.csv", data)})


def test_it_is_read_counted_and_hashed_before_the_transaction_begins(feed: Feed, here: Cast, read: list[int]) -> None:
    assert bring(feed, here.lena, here.district).status_code == 302
    assert read == [0]
    run = FeedRun.objects.get()
    assert (run.counts["rows"], run.by, run.way) == (2, here.lena, "upload")
    bring(feed, here.lena, here.district, STUDENTS.encode() + b"3,Cleo\n")
    assert FeedRun.objects.latest("at").counts["added"] == 1, "the column that names a record was known"


def test_nothing_is_read_for_those_who_may_not_bring_it(feed: Feed, here: Cast, oak: Cast, read: list[int]) -> None:
    assert bring(feed, here.alice, here.district).status_code == 403
    assert bring(feed, here.pat, here.district).status_code == 302
    sent = {"file": SimpleUploadedFile("s.csv", b"x")}
    assert visitor(here.district).post(f"/matrix/feeds/{feed.id}/", sent).status_code == 302
    assert bring(feed, oak.carla, oak.district).status_code == 404
    assert bring(feed, oak.carla, here.district).status_code == 403, "her session is worth nothing here"
    assert (read, FeedRun.objects.exists()) == ([], False)


def test_what_is_too_big_is_said_on_the_form(feed: Feed, here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_BYTES", 10)
    answer = bring(feed, here.lena, here.district)
    assert answer.status_code == 422
    assert "It is over 20 MB" in answer.content.decode()
    assert not FeedRun.objects.exists()
