"""Vendors: files that are none of ours, cut-offs that are no time of day, quarters that are none, and an onboarding from end to end."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from districts.calendar import Calendar
from districts.queries import calendar_of
from ownership.models import CutOff, CutOffNotice, OwnerRole, PlaybookRun, RunStep, SamplePack, SpecCheck, System, Vendor
from ownership.vendors import cutoffs, matching, onboarding, packs, samples, specs, verdicts
from ownership.vendors.dictionary import DEFAULT
from ownership.vendors.fields import BadSpec
from tests.conftest import NOW, Cast, sign_in

EVERY = ",".join(entry.name for entry in DEFAULT if entry.record == "student" and entry.required)
GOOD = f"{EVERY},Shoe size\n"
LETTER = "Dear district, we will send the spec next week.\n\nIt is not done yet, and nobody knows when.\nKind regards\nRay\n"
SPEC = "Specification checked against the data dictionary"


def text_of(page: Any) -> str:
    return str(page.content.decode())


def checked(name: str, text: str) -> matching.Findings:
    return matching.check(specs.read(name, text.encode()).fields, DEFAULT)


@pytest.fixture
def wheels(here: Cast) -> Vendor:
    System.objects.create(slug="routewise", name="RouteWise")
    role = OwnerRole.objects.create(slug="buses", name="Bus supervisor", holder=here.lena, deputy=here.alice)
    found: Vendor = Vendor.objects.create(
        slug="wheels", name="Wheels & Co", owner=role, email="ops@wheels.example", systems=["routewise"]
    )
    return found


@pytest.fixture
def admin(here: Cast) -> Client:
    return sign_in(here.ada, here.district)


# --- specifications -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("pdf.pdf", b"%PDF-1.4 xxxx", "no text"),
        ("students.csv", b"\n%PDF-1.7\n1 0 obj", "no text"),
        ("logo.csv", b"\x89PNG\r\n\x1a\n....", "no text"),
        ("dump.csv", bytes(range(1, 256)) * 3, "no text|cannot be read"),
        ("letter.txt", LETTER.encode(), "letter"),
        ("letter.txt", "Dear district, we will send the spec…".encode(), "letter"),
        ("letter.txt", b"Dear district, we will send the spec", "letter"),
        ("letter.csv", b"Hello,\nhere is what we have.\nBye\n", "Only one column"),
        ("letter.json", LETTER.encode(), "neither a JSON Schema|YAML"),
        ("data.json", b'{"foo": 1}', "No field was found"),
        ("page.html", b"<html><body>Hi</body></html>", "no XML Schema"),
    ],
)
def test_what_is_no_specification_is_refused(name: str, data: bytes, said: str) -> None:
    with pytest.raises(BadSpec, match=said):
        specs.read(name, data)


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "Student ID;First name\n7;Ana\n8;Bo;\n",
        '"What is the first name of the student?","And what is the last name?"\nAna,Diaz\nBo,Sato\nCy,Vu\n',
        "id,name,note\n1,Ana\n2,Bo\n3,Cy,walks\n",
        "Student ID, First name, Date of birth of the student\n",
        "id,name\r\n1,Ana\r\n\x1a",
    ],
)
def test_tables_are_read_as_before(text: str) -> None:
    assert len(specs.read("students.csv", text.encode()).fields) >= 2


def test_a_file_in_which_nothing_is_ours_does_not_fit() -> None:
    assert not checked("x.csv", "foo,bar\n1,2").passed
    assert not checked("x.csv", "Home Adress,foo\n").passed  # only perhaps ours
    assert checked("students.csv", GOOD).passed


def test_what_we_always_send_and_is_not_there_keeps_it_from_fitting() -> None:
    one = checked("x.csv", "Student id,foo\n")
    assert "Last name" in one.missing
    assert not one.passed
    for gone in EVERY.split(","):
        assert not checked("students.csv", ",".join([*(name for name in EVERY.split(",") if name != gone), "Shoe size"])).passed
    guessed = checked("students.csv", EVERY.replace("School", "School lunch"))
    assert [(found.name, found.kind) for found in guessed.conflicts if found.weight == "stop"] == [("School", "unsure")]
    assert not guessed.passed


def test_the_page_says_so_and_the_gate_does_not_count_it(here: Cast, wheels: Vendor) -> None:
    lead = sign_in(here.lena, here.district)

    def given(name: str, data: str) -> Any:
        return lead.post("/matrix/vendors/wheels/specs/", {"file": SimpleUploadedFile(name, data.encode())}, follow=True)

    def seen() -> onboarding.Seen:
        return onboarding.seen(wheels, now=NOW, district=here.district)[SPEC]

    assert given("letter.txt", LETTER).status_code == 422
    assert not SpecCheck.objects.exists()
    page = text_of(given("other.csv", "foo,bar\n1,2"))
    assert "It fits" not in page
    assert "nothing in it is ours" in page
    assert "alert-danger" in page
    assert seen() == onboarding.Seen(False, "“other.csv” does not count: none of its fields is one of ours.")
    given("short.csv", "Student id,Last name\n")
    assert seen() == onboarding.Seen(False, "“short.csv”: something must be settled first.")
    given("more.csv", "foo,bar\n1,2")
    assert "short.csv" in seen().words
    assert "nothing in it is ours" in text_of(lead.get("/matrix/vendors/wheels/"))
    assert "something must be settled" in text_of(lead.get("/matrix/vendors/wheels/pack/"))
    SpecCheck.objects.filter(name="more.csv").update(passed=True)  # as it was kept earlier
    assert verdicts.verdict(SpecCheck.objects.get(name="more.csv")) == verdicts.STRANGE
    given("good.csv", GOOD)
    assert seen() == onboarding.Seen(True, "“good.csv” fits our dictionary.")


# --- cut-offs -----------------------------------------------------------------------------------------------------------

INTERVALS = ("every 2 minutes", "every 60 minutes", "hourly", "every 2 days", "checks at 10 AM and 3 PM; every 2 minutes")


@pytest.mark.parametrize("words", INTERVALS)
def test_a_cut_off_does_not_come_round_every_so_often(here: Cast, wheels: Vendor, admin: Client, words: str) -> None:
    given = {"name": "Riders", "terms": words, "ack_minutes": "120", "active": "on"}
    page = admin.post("/matrix/vendors/wheels/cut-offs/new", given)
    assert page.status_code == 422
    assert "does not come round every so often" in text_of(page)
    with pytest.raises(cutoffs.NoTime):
        cutoffs.save_cutoff(wheels, None, {"name": "Riders", "terms": words, "active": True}, now=NOW)
    assert not CutOff.objects.exists()


def test_terms_without_a_time_are_refused_where_cut_offs_are_kept(here: Cast, wheels: Vendor) -> None:
    for words in ("", "within 4 hours", "sometimes"):
        with pytest.raises(cutoffs.NoTime, match="time of day"):
            cutoffs.save_cutoff(wheels, None, {"name": "Riders", "terms": words, "active": True}, now=NOW)
    assert cutoffs.save_cutoff(wheels, None, {"name": "Riders", "terms": "checks at 10 AM and 3 PM"}, now=NOW).terms


def test_one_that_was_kept_earlier_asks_nobody_any_more(here: Cast, wheels: Vendor, admin: Client) -> None:
    wheels.state = Vendor.State.LIVE
    wheels.save()
    cut = CutOff.objects.create(vendor=wheels, name="Riders", terms="every 2 minutes", send_at=NOW)
    calendar: Calendar = calendar_of(here.district, now=NOW)
    assert cutoffs.next_time(cut.terms, calendar, after=NOW) is None
    cutoffs.tell(here.district.id, now=NOW)
    cutoffs.tell(here.district.id, now=NOW + timedelta(minutes=3))
    assert CutOffNotice.objects.count() <= 1
    assert CutOff.objects.get().send_at is None
    assert "it says no time of day" in text_of(admin.get("/matrix/vendors/wheels/"))


# --- quarters -----------------------------------------------------------------------------------------------------------


def test_what_is_no_quarter_is_not_found(here: Cast, wheels: Vendor, admin: Client) -> None:
    today = NOW.date()
    assert packs.read("", today=today) == packs.Quarter(2026, 4)
    assert packs.read("2019-1", today=today) == packs.Quarter(2019, 1)
    assert packs.read("2027-1", today=today) is None  # has not begun
    for wrong in ("2026-9", "abc", "1990-1", "２０２６-1", "2026-4-1"):
        assert admin.get("/matrix/vendors/wheels/pack/", {"quarter": wrong}).status_code == 404
        assert admin.get("/matrix/vendors/wheels/pack/", {"quarter": wrong, "as": "csv"}).status_code == 404
    assert admin.get("/matrix/vendors/wheels/pack/").status_code == 200
    first = admin.get("/matrix/vendors/wheels/pack/?quarter=2000-1")
    assert first.status_code == 200
    assert "1999-4" not in text_of(first)


# --- from the first page to live ----------------------------------------------------------------------------------------


def test_a_vendor_goes_from_the_register_to_live_on_its_pages(here: Cast, admin: Client, wheels: Vendor) -> None:
    where = "/matrix/vendors/wheels/"
    files = {"file": SimpleUploadedFile("students.csv", GOOD.encode())}
    assert "It fits our dictionary" in text_of(admin.post(f"{where}specs/", files, follow=True))
    assert (
        admin.post(f"{where}cut-offs/new", {"name": "Riders", "terms": "by 2 PM", "ack_minutes": "60", "active": "on"}).status_code
        == 302
    )
    _pack_comes_back(admin, where)
    assert admin.post(f"{where}onboarding").status_code == 302
    run = PlaybookRun.objects.get()
    _walk(admin, run)
    assert admin.post(f"{where}live").status_code == 422  # nobody has signed
    assert admin.post(f"/matrix/playbooks/runs/{run.id}/sign", {"written": "Ada"}).status_code == 302
    page = text_of(admin.post(f"{where}live", follow=True))
    assert "is live" in page
    assert "Ticked off, and what we see says otherwise" not in page
    assert Vendor.objects.get().state == Vendor.State.LIVE
    assert CutOff.objects.get().send_at is not None
    assert [one.good for one in onboarding.seen(wheels, now=datetime.now(UTC), district=here.district).values()] == [True] * 7 + [None]


def _pack_comes_back(admin: Client, where: str) -> None:
    address = admin.post(f"{where}samples/").headers["Location"]
    sent = admin.get(f"{address}oneroster.csv").content
    report = "\n".join(record.values["first_name"] for record in samples.make(SamplePack.objects.get().seed).broken)
    page = admin.post(address, {"file": SimpleUploadedFile("back.csv", sent), "report": report}, follow=True)
    assert "Passed: everything came back" in text_of(page)


def _walk(admin: Client, run: PlaybookRun) -> None:
    """Every step with its evidence, as its list opens."""
    for turn in range(26):
        step = RunStep.objects.filter(run=run, done_at__isnull=True, open_at__isnull=False).order_by("order").first()
        assert step is not None
        assert step.order == turn + 1
        proof = {"proofs": SimpleUploadedFile("proof.pdf", b"%PDF-1.4 signed")} if step.proof == "file" else {}
        answer = admin.post(f"/matrix/playbooks/steps/{step.id}/done", {"evidence": "seen", **proof})
        assert answer.status_code == 302, text_of(answer)
    assert not RunStep.objects.filter(run=run, done_at__isnull=True).exists()


def test_a_schema_that_leaves_out_what_we_always_send_does_not_fit() -> None:
    schema = {"properties": {"student": {"properties": {"studentId": {"type": "string"}, "lastName": {"type": "string"}}}}}
    assert "Birth date" in checked("student.json", json.dumps(schema)).missing
