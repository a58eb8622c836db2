"""Doors of feeds: mail to a feed's own address, files that are counted and compared, folders, and a log that is watched."""

import ast
import hashlib
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from delivery.models import Delivery
from districts.scope import district_scope
from intake import actions as intake
from intake.mail import smtp
from intake.models import Channel, Envelope
from intake.receiving import receive
from ownership.feeds import files, folders, keywords, saying, tables
from ownership.feeds.records import Difference, OtherKind, Records
from ownership.holds import deciding
from ownership.keeping import writing
from ownership.keeping.described import Described, Watched
from ownership.keeping.differences import compare
from ownership.keeping.files import BadFile, as_csv, as_yaml
from ownership.keeping.files import read as read_matrix
from ownership.models import Feed, FeedFile, FeedRun, Hold, Process, ProcessChange
from tests.conftest import Cast, sign_in, visitor
from tickets.models import Ticket

VENDOR = "reports@vendor.example"
State, Outcome = Envelope.State, FeedRun.Outcome


@pytest.fixture(autouse=True)
def shelf(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def feed(here: Cast) -> Feed:
    Channel.objects.create(kind="email", address="help@cedar.localhost", name="Help")
    process = Process.objects.create(slug="rosters", name="Rosters")
    made: Feed = Feed.objects.create(process=process, slug="rosters-nightly", name="Nightly", terms="daily by 4 PM")
    return made


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Completed with 0 errors", "ok"),
        ("Completed, no errors found", "ok"),
        ("Completed without any errors", "ok"),
        ("Completed\nErrors: 0\nRows: 4", "ok"),
        ("412 rows processed, 0 rows failed.\nCOMPLETED", "ok"),
        ("Completado, sin errores", "unknown"),
        ("Completed in the terrorist errand", "ok"),
        ("Completed with 10 errors", "failed"),
        ("Completed\nErrors: 10", "failed"),
        ("Sync failed: 0 rows loaded. Completed", "failed"),
        ("Failed\n0 rows were loaded", "failed"),
        ("Completed. ÉRRÖR at 12:00", "failed"),
        ("failed at 12:00", "failed"),
        ("The sync was not completed", "unknown"),
        ("It wasn't completed", "unknown"),
        ("Completed: no", "unknown"),
        ("Incompleted", "unknown"),
    ],
)
def test_a_word_counts_whole_and_not_as_its_contrary(text: str, verdict: str) -> None:
    assert keywords.said("Nightly", text, ok="completed, todo bien", failed="error, errors, failed").verdict == verdict


def test_failure_wins_and_a_phrase_may_be_broken_over_lines() -> None:
    said = keywords.said("Import completed", "Import could not\nreach the server", ok="import completed", failed="could not reach")
    assert (said.verdict, said.word) == ("failed", "could not reach")
    assert keywords.said("Importación TERMINADA", "", ok="importacion terminada", failed="").verdict == "ok"


def test_without_words_the_mail_itself_says_that_it_ran() -> None:
    assert keywords.said("Anything", "at all, failed", ok=" , ", failed="").verdict == "ok"
    assert keywords.said("Anything", "at all", ok="", failed="failed").verdict == "unknown"


def test_figures_are_read_and_what_only_looks_like_one_is_not() -> None:
    text = "Rows: 1,412\nNew students = 12\nDate: 2026\nTime: 12:30\nJob ID: 4\nRate: 12%\nIt took 5\n| Loaded | 44 |\nrows: 9"
    found = keywords.counts("Processed 412 of 820", text)
    assert found == {"processed": 412, "total": 820, "rows": 1412, "new students": 12, "loaded": 44}
    assert len(keywords.counts("", "\n".join(f"n{chr(97 + n // 26)}{chr(97 + n % 26)}: {n}" for n in range(80)))) == 50


# --- mail -------------------------------------------------------------------------------------------------------------


def post(
    to: str | list[str],
    *,
    subject: str = "Nightly",
    body: str = "Completed",
    sender: str = VENDOR,
    key: str = "one@vendor",
    head: str = "",
) -> str:
    """Through the SMTP door, and received. Returns what the door said last."""
    recipients = [to] if isinstance(to, str) else to
    raw = f"From: {sender}\r\nTo: {', '.join(recipients)}\r\nSubject: {subject}\r\nMessage-ID: <{key}>\r\n{head}\r\n{body}".encode()
    doors: dict[Any, smtp.Addressed] = {}
    for address in recipients:
        found = smtp.find_door(address)
        if isinstance(found, str):
            return found
        doors.setdefault(found[0], smtp.Addressed(found[1])).addresses.append(address)
    said = smtp.write_down(doors, io.BytesIO(raw), {"return_path": sender, "remote": "203.0.113.5", "direct": True})
    for district_id in doors:
        receive.drain(district_id)
    return said


def at(feed: Feed) -> str:
    return f"feed+{feed.token}@cedar.localhost"


def test_a_mail_to_a_feed_is_a_run_and_no_ticket(feed: Feed) -> None:
    assert post(at(feed), body="Completed\nRows: 412").startswith("250")
    run = FeedRun.objects.get()
    assert (run.outcome, run.way, run.counts) == (Outcome.OK, "mail", {"rows": 412})
    assert Feed.objects.get().state == Feed.State.ON_TIME
    envelope = Envelope.objects.get()
    assert (envelope.state, envelope.reason, envelope.ticket_ref) == (State.DONE, "word of a feed", None)
    assert not Ticket.objects.exists()
    assert not Delivery.objects.exists()


def test_the_same_mail_again_is_one_run(feed: Feed) -> None:
    post(at(feed))
    post(at(feed))
    post(at(feed), head="Received: by another way\r\n")
    assert (FeedRun.objects.count(), Envelope.objects.count()) == (1, 1)
    post(at(feed), body="Completed, and a footer of a list")  # the same Message-ID
    assert (FeedRun.objects.count(), Envelope.objects.count()) == (1, 2)
    post(at(feed), key="x" * 900 + "@vendor")
    assert FeedRun.objects.count() == 2


@pytest.mark.parametrize(
    ("mail_from", "sender", "outcome"),
    [
        ("@vendor.example", VENDOR, Outcome.FAILED),
        ("reports@vendor.example", "Reports <REPORTS@vendor.example>", Outcome.FAILED),
        ("@vendor.example", "reports@vendor.example.evil.example", Outcome.UNKNOWN),
        ("@vendor.example", "reports@evilvendor.example", Outcome.UNKNOWN),
        ("reports@vendor.example", "other@vendor.example", Outcome.UNKNOWN),
    ],
)
def test_mail_of_others_is_written_down_and_says_nothing(feed: Feed, mail_from: str, sender: str, outcome: str) -> None:
    Feed.objects.update(mail_from=mail_from, mail_ok="completed", mail_failed="failed", state=Feed.State.LATE)
    post(at(feed), body="Completed. Failed.\nRows: 3", sender=sender)
    run = FeedRun.objects.get()
    assert run.outcome == outcome
    if outcome == Outcome.UNKNOWN:
        assert run.note == f"Nightly – Sent by {sender}. Only mail from {mail_from} counts."
        assert run.counts == {}
        assert Feed.objects.get().state == Feed.State.LATE


def test_none_of_the_words(feed: Feed) -> None:
    Feed.objects.update(mail_ok="completed")
    post(at(feed), body="Something else")
    run = FeedRun.objects.get()
    assert (run.outcome, run.note) == (Outcome.UNKNOWN, "Nightly – None of the words that were chosen is in it.")


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("Auto-Submitted: auto-replied\r\n", "I am away. Completed."),
        (
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n",
            "--b\r\n\r\nCompleted\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\n"
            "Final-Recipient: rfc822; a@b.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--",
        ),
    ],
)
def test_answers_and_reports_about_mail_are_no_word_of_a_feed(feed: Feed, head: str, body: str) -> None:
    Feed.objects.update(mail_ok="completed")
    post(at(feed), head=head, body=body)
    assert FeedRun.objects.get().outcome == Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("sender", "head", "reason"),
    [("help@cedar.localhost", "", "our own address"), (VENDOR, "X-Loop: help@cedar.localhost\r\n", "loop: our own letter")],
)
def test_our_own_letters_coming_back_tell_nothing(feed: Feed, sender: str, head: str, reason: str) -> None:
    post(at(feed), sender=sender, head=head)
    assert not FeedRun.objects.exists()
    envelope = Envelope.objects.get()
    assert (envelope.state, envelope.reason) == (State.SCREENED, reason)


def test_an_unknown_feed_is_dropped_quietly(feed: Feed, here: Cast) -> None:
    for n, token in enumerate(("nobody", "%00", "x" * 60, "")):
        assert post(f"feed+{token}@cedar.localhost", key=f"{n}@vendor").startswith("250")
    assert set(Envelope.objects.values_list("state", "reason")) == {(State.SCREENED, "no such feed")}
    page = sign_in(here.ada, here.district).get(f"/came-in/{Envelope.objects.latest('id').id}/").content.decode()
    assert "It was sent to the address of a feed that is not there." in page
    assert (FeedRun.objects.count(), Ticket.objects.count(), Delivery.objects.count()) == (0, 0, 0)


def test_a_token_of_another_district_is_unknown_here(feed: Feed, oak: Cast) -> None:
    with district_scope(oak.district.id):
        Channel.objects.create(kind="email", address="help@oak.localhost", name="Help")
        process = Process.objects.create(slug="rosters", name="Rosters")
        theirs = Feed.objects.create(process=process, slug="theirs", name="Theirs", terms="daily by 4 PM")
    post(f"feed+{theirs.token}@cedar.localhost")
    assert Envelope.objects.get().reason == "no such feed"
    post([f"feed+{theirs.token}@oak.localhost", at(feed)], key="both@vendor")
    assert FeedRun.objects.get().feed_id == feed.id
    with district_scope(oak.district.id):
        assert FeedRun.objects.get().feed_id == theirs.id


def test_what_goes_to_people_too_is_a_request_there(feed: Feed) -> None:
    other = Feed.objects.create(process=feed.process, slug="second", name="Second", terms="hourly")
    post([at(feed), "help@cedar.localhost", at(other)], body="Please look at this")
    assert set(FeedRun.objects.values_list("feed_id", flat=True)) == {feed.id, other.id}
    assert Ticket.objects.count() == 1
    post([at(feed), "help@cedar.localhost"], body="Please look at this")
    assert (FeedRun.objects.count(), Ticket.objects.count(), Envelope.objects.count()) == (2, 1, 3)


def test_a_person_may_let_it_in(feed: Feed, here: Cast) -> None:
    post("feed+nobody@cedar.localhost", body="The boiler leaks")
    assert intake.try_again(Envelope.objects.get().id, by=here.ada, now=timezone.now())
    receive.drain(here.district.id)
    assert (Ticket.objects.count(), FeedRun.objects.count()) == (1, 0)


def test_files_of_such_a_mail_are_not_kept_beside_it(feed: Feed, tmp_path: Path) -> None:
    head = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
    body = "--b\r\n\r\nCompleted\r\n--b\r\nContent-Disposition: attachment; filename=s.csv\r\n\r\nid\r\n1\r\n--b--"
    post(at(feed), head=head, body=body)
    assert FeedRun.objects.get().outcome == Outcome.OK
    assert not [path for path in (tmp_path / "media").rglob("*") if path.is_file()]


# --- tables -----------------------------------------------------------------------------------------------------------

SECRET = b"s" * 32


def table(data: str | bytes, *, name: str = "s.csv", key: str = "", secret: bytes = SECRET) -> tables.Table:
    found = tables.read(name, data.encode() if isinstance(data, str) else data, secret=secret, key_column=key).table
    assert found is not None
    return found


@pytest.mark.parametrize(
    "data",
    [
        "id,name\n1,José\n2,Zoë\n".encode(),
        "\ufeffid;name\r\n1;José\r\n2;Zoë\r\n".encode(),
        "id\tname\n1\tJosé\n2\tZoë\n".encode("cp1252"),
        "id,name\n1,José\n2,Zoë\n".encode("utf-16"),
        "id,name\n1,José\n2,Zoë\n".encode("utf-16-be"),
        "sep=;\nid;name\n1;José\n2;Zoë\n".encode(),
        'id,name\n1,"José"\n\n,\n2,Zoë,\n'.encode(),
        "name,id\nZoë,2\nJosé,1\n".encode(),
    ],
)
def test_the_same_table_written_otherwise_is_the_same(data: bytes) -> None:
    plain, other = table("id,name\n1,José\n2,Zoë\n", key="id"), table(data, key="ID")
    assert (other.rows, len(other.columns), other.bad_rows, other.duplicates) == (2, 2, 0, 0)
    assert plain.records
    assert other.records
    assert other.records.since(plain.records) == Difference(2, 0, 0, 0)


def test_rows_that_are_not_as_they_should_be_are_counted() -> None:
    found = table('id,note\n1,"two\nlines"\n2,x,y\n3\n4,\x00z\n5,"a"b"\n6,fine\n')
    assert (found.rows, found.bad_rows, found.broken) == (6, 4, 0)


def test_a_quotation_mark_that_is_never_closed_swallows_no_rows_in_silence() -> None:
    found = table('id,name\n1,a\n2,"b\n3,c\n4,d\n')
    assert (found.broken, found.records) == (3, None)


@pytest.mark.parametrize(
    ("name", "data"),
    [("s.xlsx", b"PK\x03\x04abc"), ("s.json", b'{"a": 1, "b": 2}'), ("s.dat", bytes(range(256)) * 9), ("s.txt", b"It ran.\nFine.\n"),
     ("s.csv", b"%PDF-1.7,a\n1,2\n"), ("s.xml", b"<a>1,2</a>")],
)  # fmt: skip
def test_what_is_no_table_is_hashed_and_measured(name: str, data: bytes) -> None:
    found = tables.read(name, data, secret=SECRET)
    assert (found.table, found.size, len(found.sha256)) == (None, len(data), 64)


def test_too_big_is_said() -> None:
    with pytest.raises(tables.TooBig, match="20 MB"):
        tables.read("s.csv", b"a" * (tables.MOST_BYTES + 1), secret=SECRET)


def differs(before: str, after: str, *, key: str = "") -> Difference:
    old, new = table(before, key=key).records, table(after, key=key).records
    assert old
    assert new
    return new.since(Records.unpack(old.pack()))


def test_what_came_went_and_changed() -> None:
    before = "id,name,grade\n1,A,3\n2,B,4\n3,C,5\n"
    assert differs(before, "id,name,grade\n3,C,5\n1,A,4\n4,D,1\n5,E,1\n", key="id") == Difference(3, 2, 1, 1)
    assert differs(before, "id,name,grade,\n1,A,3,\n2,B,4,\n3,C,5,\n", key="id") == Difference(3, 0, 0, 0)
    assert differs(before, "id,name,grade\n3,C,5\n1,A,4\n4,D,1\n") == Difference(3, 2, 2, None)
    assert differs("id\n1\n1\n2\n", "id\n1\n2\n2\n2\n") == Difference(3, 2, 1, None)
    assert differs("id,n\n1,a\n1,b\n", "id,n\n1,b\n1,a\n", key="id") == Difference(2, 0, 0, 0)


def test_what_cannot_be_compared_is_not() -> None:
    by_id, by_name = table("id,name\n1,A\n", key="id").records, table("id,name\n1,A\n", key="name").records
    other = table("id,name\n1,A\n", key="id", secret=b"t" * 32).records
    for before in (by_name, other):
        assert by_id
        assert before
        with pytest.raises(OtherKind):
            by_id.since(before)
    assert by_id
    for packed in (b"", b"2" + by_id.pack()[1:], by_id.pack()[:20]):
        with pytest.raises(OtherKind):
            Records.unpack(packed)


def test_digests_hold_nothing_that_could_be_read_or_guessed() -> None:
    packed = table("id,name\n1,Ann\n2,Bob\n", key="id").records
    assert packed
    plain = {hashlib.sha256(text.encode()).digest()[:8] for text in ("1", "2", "Ann", "k1", "k2")}
    assert not plain & set(packed.held)
    assert files.secret_of(UUID(int=1)) != files.secret_of(UUID(int=2))


# --- files ------------------------------------------------------------------------------------------------------------


def send(feed: Feed, data: str | bytes, *, query: str = "?name=students.csv", method: str = "put", **more: Any) -> Any:
    client = Client(HTTP_HOST="cedar.localhost")
    where = f"/matrix/feeds/file/{feed.token}{query}"
    return getattr(client, method)(where, data.encode() if isinstance(data, str) else data, content_type="text/csv", **more)


BEFORE = "id,name,grade\n1,A,3\n2,B,4\n3,C,5\n"
AFTER = "id,name,school\n3,C,x\n1,A,y\n4,D,z\n,E,z\n"


def test_a_machine_sends_files_and_they_are_compared(feed: Feed) -> None:
    Feed.objects.update(key_column="id")
    answer = send(feed, BEFORE)
    assert (answer.status_code, answer.content) == (200, b"ok rows=3 columns=3 duplicates=0 bad_rows=0 before=0 added=3 removed=0\n")
    answer = send(feed, AFTER, query="?name=..%2Fx%5Cnew.csv&source_rows=4&run=r1")
    assert answer.content.decode().split() == [
        "ok", "source_rows=4", "rows=4", "columns=3", "duplicates=0", "bad_rows=0", "without_key=1", "before=3", "added=1", "removed=1",
        "changed=2",
    ]  # fmt: skip
    run = FeedRun.objects.get(key="r1")
    assert run.note == (
        "new.csv: 4 rows; 1 came, 1 went, 2 changed. 1 row has no id. Columns that are gone: grade. Columns that are new: school."
    )
    assert run.evidence["file"] == "new.csv"
    assert send(feed, AFTER, query="?run=r1").status_code == 200
    assert (FeedRun.objects.count(), FeedFile.objects.count()) == (2, 2)
    assert [bool(row.digests) for row in FeedFile.objects.order_by("at")] == [False, True]


def test_the_same_file_again_is_a_run_and_says_so(feed: Feed) -> None:
    send(feed, BEFORE)
    send(feed, BEFORE)
    assert "It is the same file as on " in FeedRun.objects.order_by("-at").first().note  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("data", "outcome", "said"),
    [
        ("", Outcome.FAILED, "s.csv is empty."),
        ("\ufeff\n", Outcome.FAILED, "s.csv is empty."),
        ("id,name\n", Outcome.PARTIAL, "nothing below them"),
        ("name,grade\nA,1\n", Outcome.PARTIAL, "“id”, which names a record, is not in it"),
        ('id,name\n1,"A\n2,B\n', Outcome.PARTIAL, "A quotation mark in line 2 is never closed"),
        ("id,name\n1\n2\n", Outcome.PARTIAL, "No row of it is as wide"),
    ],
)
def test_a_file_that_is_wrong(feed: Feed, data: str, outcome: str, said: str) -> None:
    Feed.objects.update(key_column="id")
    send(feed, BEFORE)
    answer = send(feed, data, query="?name=s.csv")
    run = FeedRun.objects.order_by("-at").first()
    assert run
    assert (run.outcome, answer.content.decode().split()[0]) == (outcome, outcome)
    assert said in run.note
    assert FeedFile.objects.filter(digests__isnull=False).count() == 1


def test_a_file_of_a_run_that_was_told_by_a_ping_is_counted_and_another_of_its_name_too(feed: Feed, here: Cast) -> None:
    client = visitor(here.district)
    assert client.post(f"/matrix/ping/{feed.token}?rows=412&run=monday").status_code == 200
    for data in (BEFORE, BEFORE, f"{BEFORE}9,Zoe,3\n"):
        assert b"rows=412" not in send(feed, data, query="?name=students.csv&run=monday").content
    assert FeedRun.objects.filter(key="monday").count() == 3


def test_a_file_that_is_held_is_compared_with_once_it_is_released(feed: Feed, here: Cast) -> None:
    Feed.objects.update(key_column="id")
    send(feed, BEFORE)
    Feed.objects.update(rules=[{"kind": "share", "count": "removed", "of": "before", "percent": 5}])
    answer = send(feed, "id,name,grade\n3,C,5\n")
    assert (answer.status_code, answer.content[:4]) == (423, b"HELD")
    assert send(feed, "id,name,grade\n3,C,5\n").status_code == 423  # still with the first
    deciding.release(Hold.objects.order_by("-at").first().id, by=here.ada, why="moved away", now=timezone.now())  # type: ignore[union-attr]
    assert b"before=1 added=0 removed=0" in send(feed, "id,name,grade\n3,C,5\n").content


def test_what_is_refused_is_not_written_down(feed: Feed, oak: Cast) -> None:
    assert send(feed, b"a" * (tables.MOST_BYTES + 1)).status_code == 413
    assert send(feed, BEFORE, query="?rows=many").status_code == 400
    assert Client(HTTP_HOST="cedar.localhost").post(f"/matrix/feeds/file/{feed.token}", {"other": "x"}).status_code == 400
    assert send(feed, "", HTTP_TRANSFER_ENCODING="chunked").status_code == 411
    assert Client(HTTP_HOST="oak.localhost").put(f"/matrix/feeds/file/{feed.token}", BEFORE).status_code == 404
    assert Client(HTTP_HOST="cedar.localhost").put("/matrix/feeds/file/nobody", BEFORE).status_code == 404
    assert Client(HTTP_HOST="cedar.localhost").get(f"/matrix/feeds/file/{feed.token}").status_code == 405
    assert not FeedRun.objects.exists()


def test_other_ways_to_send(feed: Feed) -> None:
    big = "id,name\n" + "".join(f"{n},{'x' * 200}\n" for n in range(15_000))
    assert b"rows=15000" in send(feed, big, method="post").content
    client = Client(HTTP_HOST="cedar.localhost")
    where = f"/matrix/feeds/file/{feed.token}"
    assert b"rows=3" in client.post(where, BEFORE.encode(), content_type="application/x-www-form-urlencoded").content
    assert b"rows=15000" in client.post(where, big.encode(), content_type="application/x-www-form-urlencoded").content
    assert b"rows=3" in client.post(where, {"file": SimpleUploadedFile("s.csv", BEFORE.encode())}).content
    assert b"bytes=4" in send(feed, b"PK\x03\x04").content
    assert FeedRun.objects.count() == 5


def test_a_lead_brings_a_file_and_others_may_look(feed: Feed, here: Cast) -> None:
    where = f"/matrix/feeds/{feed.id}/"
    lead, agent = sign_in(here.lena, here.district), sign_in(here.alice, here.district)
    assert lead.post(where, {"file": SimpleUploadedFile("students.csv", BEFORE.encode())}).status_code == 302
    assert FeedRun.objects.get().by_id == here.lena.id
    page = agent.get(where).content.decode()
    assert "students.csv: 3 rows." in page
    assert 'type="file"' not in page
    assert feed.token not in page + lead.get(where).content.decode()
    assert f"feed+{feed.token}@cedar.localhost" in sign_in(here.ada, here.district).get(where).content.decode()
    assert agent.post(where, {"file": SimpleUploadedFile("s.csv", b"x")}).status_code == 403
    assert lead.post(where, {}).status_code == 422
    assert FeedRun.objects.count() == 1


# --- folders ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(feed: Feed, settings: Any, tmp_path: Path) -> Path:
    settings.FEED_FOLDERS = str(tmp_path / "folders")
    made = tmp_path / "folders" / "cedar" / feed.slug
    made.mkdir(parents=True)
    return made


def later(seconds: int = 60) -> Any:
    return timezone.now() + timedelta(seconds=seconds)


def test_a_file_in_a_folder_is_taken_once(folder: Path) -> None:
    (folder / "students.csv").write_text(BEFORE)
    assert folders.sweep_all(now=later(5)) == []  # somebody may be writing it
    taken = folders.sweep_all(now=later())
    assert [(one.feed, one.name, one.outcome) for one in taken] == [("rosters-nightly", "students.csv", "ok")]
    assert (FeedRun.objects.get().way, FeedRun.objects.get().counts["rows"]) == ("folder", 3)
    assert [path.name[17:] for path in (folder / "done").iterdir()] == ["students.csv"]
    assert folders.sweep_all(now=later()) == []


def test_what_is_half_or_hidden_or_no_file_is_left(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text(BEFORE)
    (folder / "link.csv").symlink_to(secret)
    (folder / "sub").mkdir()
    os.mkfifo(folder / "pipe.csv")
    for name in (".hidden.csv", "half.csv.part", "half.TMP"):
        (folder / name).write_text(BEFORE)
    other = tmp_path / "folders" / "cedar" / "no-such-feed"
    other.mkdir()
    (other / "s.csv").write_text(BEFORE)
    assert folders.sweep_all(now=later()) == []
    assert (other / "s.csv").exists()


def test_no_way_out_of_a_folder(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (folder / "done").symlink_to(outside)
    (folder / "s.csv").write_text(BEFORE)
    for _time in range(2):
        assert [one.outcome for one in folders.sweep_all(now=later())] == [""]
    assert (list(outside.iterdir()), FeedRun.objects.count()) == ([], 1)
    folder.rename(outside / "real")
    folder.symlink_to(outside / "real")
    assert folders.sweep_all(now=later()) == []


def test_killed_between_telling_and_moving(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "s.csv").write_text(BEFORE)

    def killed(*_args: Any, **_more: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(folders, "_move", killed)
        with pytest.raises(SystemExit):
            folders.sweep_all(now=later())
    assert [one.outcome for one in folders.sweep_all(now=later())] == ["ok"]
    assert (FeedRun.objects.count(), FeedFile.objects.count()) == (1, 1)
    (folder / "s.csv").write_text(BEFORE)  # left there again: another run
    folders.sweep_all(now=later())
    assert (FeedRun.objects.count(), len(list((folder / "done").iterdir()))) == (2, 2)


def test_what_cannot_be_read_is_told_and_set_apart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_BYTES", 100)
    (folder / "big.csv").write_text("x" * 101)
    assert [one.outcome for one in folders.sweep_all(now=later())] == ["failed"]
    assert FeedRun.objects.get().note.startswith("big.csv is over ")
    assert [path.name[17:] for path in (folder / "failed").iterdir()] == ["big.csv"]


def test_one_bad_file_does_not_stop_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.csv", "b.csv"):
        (folder / name).write_text(BEFORE + name)
    real = files.take

    def take(feed: Feed, brought: files.Brought, **more: Any) -> FeedRun:
        if brought.name == "a.csv":
            raise RuntimeError
        return real(feed, brought, **more)

    monkeypatch.setattr(files, "take", take)
    assert {one.name: one.outcome for one in folders.sweep_all(now=later())} == {"a.csv": "", "b.csv": "ok"}
    assert (folder / "a.csv").exists()


def test_by_hand(folder: Path, settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("feed_folders")
    assert capsys.readouterr().out == ""
    settings.FEED_FOLDERS = ""
    with pytest.raises(CommandError, match="names no folder"):
        call_command("feed_folders")


# --- kept by files and pages ------------------------------------------------------------------------------------------

FULL = Watched(
    "Sync | log", "hourly", 0, kind="check", longest=90, all_year=True, mail_from="@vendor.example", mail_ok="done; ok, it's = fine",
    mail_failed="error", key_column="student id",
)  # fmt: skip


def test_files_of_the_matrix_carry_all_of_a_feed() -> None:
    row = Described("a", "A", feeds=(FULL, Watched("Nightly", "daily")))
    for name, text in (("m.csv", as_csv([row])), ("m.yaml", as_yaml([row]))):
        assert read_matrix(name, text.encode()).rows == [row], name
        assert compare([row], read_matrix(name, text.encode()))[0].kind == "same"
    assert "Nightly | daily | 15\n" in as_csv([row]).replace('"', "\n")
    assert "key_column" not in as_yaml([Described("a", "A", feeds=(Watched("Nightly", "daily"),))])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("A | daily | 15 | kind=robot", "“robot” is none of these: machine, check"),
        ("A | daily | 15 | longest=0", "“0” is no longest time"),
        ("A | daily | 15 | all_year=often", "“often” is neither yes nor no"),
        ("A | daily | 15 | mail_from=vendor", "“vendor” is no address, and no domain after an @"),
        ("A | daily | 15 | colour=red", "has too many parts"),
        ("A | daily | 15 | kind=check | kind=check", "has too many parts"),
        ("A | daily | 15 | mail_ok=" + "x" * 301, "301 characters are too many, 300 can be kept"),
    ],
)
def test_what_is_wrong_with_a_feed_in_a_file_is_said(line: str, said: str) -> None:
    with pytest.raises(BadFile, match=said):
        read_matrix("m.csv", f"Process,Feeds\nA,{line}\n".encode())


def test_a_page_keeps_all_of_a_feed_and_tells_its_addresses(feed: Feed, here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    where = f"/setup/matrix/rosters/feeds/{feed.id}/"
    page = admin.get(where).content.decode()
    for address in (f"feed+{feed.token}@cedar.localhost", f"/matrix/ping/{feed.token}", f"/matrix/feeds/file/{feed.token}"):
        assert address in page
    form = {
        "name": "Nightly", "kind": "check", "terms": "daily by 4 PM", "grace_minutes": "15", "longest_minutes": "90", "all_year": "on",
        "active": "on", "mail_from": "@Vendor.example", "mail_ok": "completed,  done", "mail_failed": "error", "key_column": " id ",
        "seen": page.partition('name="seen" value="')[2].partition('"')[0],
    }  # fmt: skip
    assert admin.post(where, form | {"mail_from": "vendor"}).status_code == 422
    assert admin.post(where, form | {"longest_minutes": "0"}).status_code == 422
    assert admin.post(where, form).status_code == 302
    feed.refresh_from_db()
    kept = writing.watched(feed)
    assert kept == Watched(
        "Nightly", "daily by 4 PM", 15, "check", 90, True, "@vendor.example", "completed, done", "error", "id",
    )  # fmt: skip
    said = "\n".join(ProcessChange.objects.get().words)
    assert "a person looks and signs · ends within 90 min · all year · mail from @vendor.example" in said
    assert "<details" in page
    assert " open>" in admin.get(where).content.decode()


# --- a log that is watched --------------------------------------------------------------------------------------------

SCRIPT = Path(__file__).parent.parent / "docs" / "examples" / "watch_log.py"


class Listener(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Heard)
        self.heard: list[dict[str, Any]] = []
        self.answers: list[int] = []


class Heard(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.server.answers.pop(0) if self.server.answers else 200
        if answer == 200:
            self.server.heard.append(json.loads(body))
        self.send_response(answer)
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        pass


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def look(listener: Listener, tmp_path: Path) -> Any:
    def once(*more: str) -> int:
        where = f"http://127.0.0.1:{listener.server_port}/matrix/ping/token"
        command = [sys.executable, str(SCRIPT), str(tmp_path / "sync.log"), "--ping", where, "--once", *more]
        patterns = ["--ok", r"finished: (?P<rows>[\d,]+) rows(?P<word>.*)", "--failed", "ERROR"]
        return subprocess.run([*command, *patterns], capture_output=True, timeout=20, check=False).returncode

    return once


def write(log: Path, text: str) -> None:
    with log.open("a") as file:
        file.write(text)


def test_lines_of_a_log_are_told_once(listener: Listener, look: Any, tmp_path: Path) -> None:
    log = tmp_path / "sync.log"
    write(log, "finished: 1 rows, long ago\n")
    assert look() == 0
    assert listener.heard == []
    write(log, "hello\nfinished: 1,412 rows\nfinished: 5 rows but ERROR\nfinished: 6 ro")
    assert look() == 0
    assert look() == 0
    assert [(one["outcome"], one["counts"], one["note"]) for one in listener.heard] == [
        ("ok", {"rows": 1412}, "finished: 1,412 rows"), ("failed", {}, "finished: 5 rows but ERROR"),
    ]  # fmt: skip
    write(log, "ws\n")
    assert look() == 0
    assert listener.heard[-1]["counts"] == {"rows": 6}
    assert len({one["run"] for one in listener.heard}) == 3
    assert all(saying.said(json.dumps(one).encode()).key == one["run"] for one in listener.heard)


def test_a_log_is_rotated_and_emptied(listener: Listener, look: Any, tmp_path: Path) -> None:
    log = tmp_path / "sync.log"
    assert look() == 0  # there is none yet: all of it will be new
    write(log, "finished: 1 rows\n")
    assert look() == 0
    write(log, "finished: 2 rows\n")
    log.rename(tmp_path / "sync.log.1")
    assert look() == 0  # between the two
    write(log, "finished: 3 rows\n")
    assert look() == 0
    log.write_text("finished: 4 rows\nfinished: 5 rows\n")  # emptied and written anew: the same file, no shorter
    assert look() == 0
    assert [one["counts"]["rows"] for one in listener.heard] == [1, 2, 3, 4, 5]


def test_what_cannot_be_told_is_told_later_in_order(listener: Listener, look: Any, tmp_path: Path) -> None:
    log = tmp_path / "sync.log"
    write(log, "finished: 1 rows\nfinished: 2 rows\n")
    listener.answers = [503]
    assert look("--from-start") == 1
    listener.answers = [200, 400]
    write(log, "ERROR\n")
    assert look() == 0
    assert [one["outcome"] for one in listener.heard] == ["ok", "failed"]
    assert listener.heard[0]["counts"] == {"rows": 1}


def test_the_script_is_plain_enough_for_old_pythons() -> None:
    tree = ast.parse(SCRIPT.read_text(), feature_version=(3, 8))
    imported = {name.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported <= sys.stdlib_module_names
