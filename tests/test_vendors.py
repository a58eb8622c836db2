"""Vendors: specifications read and held against the dictionary, sample packs and what came back, the gate, cut-offs, the quarter."""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from delivery.models import Delivery
from ownership.actions import Told, hear
from ownership.feeds import pings
from ownership.models import (
    CutOff,
    CutOffNotice,
    DataField,
    Escalation,
    Feed,
    FeedRun,
    OwnerRole,
    Playbook,
    RunStep,
    SamplePack,
    SpecCheck,
    Step,
    System,
    Vendor,
)
from ownership.playbooks import running
from ownership.vendors import cutoffs, lists, matching, onboarding, packs, registering, returned, samples, specs, tables, words
from ownership.vendors.dictionary import DEFAULT, Entry
from ownership.vendors.fields import BIGGEST, BadSpec, Field
from tests.conftest import NOW, Cast, a_ticket, sign_in, visitor
from tests.test_ownership import make_sync

STUDENT = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "required": ["student"],
    "properties": {"student": {"$ref": "#/$defs/Student"}},
    "$defs": {
        "Student": {
            "type": "object", "required": ["id", "givenName", "birthplace"],
            "properties": {
                "id": {"type": "integer"}, "givenName": {"type": "string", "maxLength": 20}, "familyName": {"type": ["string", "null"]},
                "dateOfBirth": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}, "birthplace": {"type": "string"},
                "grade": {"enum": ["K", "1", "2"]}, "guardians": {"type": "array", "items": {"$ref": "#/$defs/Guardian"}},
                "siblings": {"type": "array", "items": {"$ref": "#/$defs/Student"}},
            },
        },
        "Guardian": {"type": "object", "required": ["phone"], "properties": {"phone": {"type": "string"}}},
    },
}  # fmt: skip
RIDERS = """
openapi: 3.0.3
paths:
  /stops:
    post:
      requestBody:
        content:
          application/json:
            schema: {type: object, required: [stopId], properties: {stopId: {type: string}}}
components:
  schemas:
    Rider:
      allOf:
        - $ref: "#/components/schemas/Base"
        - {type: object, required: [lastName], properties: {lastName: {type: string, maxLength: 50}}}
    Base: {type: object, properties: {updatedAt: {type: string, format: date-time}}}
"""
XSD = """<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="Students"><xs:complexType><xs:sequence>
  <xs:element name="Student" type="StudentType" maxOccurs="unbounded"/></xs:sequence></xs:complexType></xs:element>
<xs:complexType name="StudentType"><xs:sequence>
  <xs:element name="LastSurname" type="Name"/><xs:element name="BirthDate" type="xs:date" minOccurs="0"/>
  <xs:element name="GradeLevel"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="KG"/></xs:restriction>
  </xs:simpleType></xs:element></xs:sequence><xs:attribute name="StudentUniqueId" type="xs:string" use="required"/></xs:complexType>
<xs:simpleType name="Name"><xs:restriction base="xs:string"><xs:maxLength value="75"/></xs:restriction></xs:simpleType>
</xs:schema>"""


def by_path(name: str, text: str) -> dict[str, Field]:
    return {field.path: field for field in specs.read(name, text.encode()).fields}


def checked(name: str, text: str) -> matching.Findings:
    return matching.check(specs.read(name, text.encode()).fields, DEFAULT)


def pairs(found: matching.Findings) -> dict[str, str]:
    return {one.path.rpartition(".")[2]: one.slug for one in found.matches}


# --- specifications are read --------------------------------------------------------------------------------------------


def test_a_table_tells_its_columns_and_what_stands_in_them() -> None:
    found = by_path("C:\\export\\students.csv", "\ufeffid;name;born;grade;left\r\n0012;Ana;2016-02-29;3;\r\n7;Bo;2015-01-31;4;\r\n")
    kinds = {"id": "text", "name": "text", "born": "date", "grade": "integer", "left": ""}
    assert {path: field.kind for path, field in found.items()} == {f"students.{name}": kind for name, kind in kinds.items()}
    assert all(field.required is None for field in found.values())


def test_what_stands_between_cells_is_told_by_the_rows_and_not_by_a_name() -> None:
    found = tables.read("people.csv", '"Last, First, Middle";id\n"Diaz, Uma, R";7\n"Sato, Ben, K";8\n')
    assert [field.path for field in found] == ["people.Last, First, Middle", "people.id"]


def test_a_json_schema_is_flattened_and_ends_where_it_turns_in_a_circle() -> None:
    found = by_path("student.json", json.dumps(STUDENT))
    assert found["student.id"] == Field("student.id", "integer", True)
    assert found["student.givenName"].longest == 20
    assert found["student.familyName"].required is False
    assert (found["student.dateOfBirth"].kind, found["student.dateOfBirth"].required) == ("date", False)
    assert found["student.grade"].codes == ("K", "1", "2")
    assert found["student.guardians[].phone"].required is False  # of a list that may be left out
    assert not any("siblings" in path for path in found)


def test_what_no_database_takes_is_left_out() -> None:
    odd = {"properties": {"a\ud800\u0000b": {"type": "string", "pattern": "\u0000", "enum": ["\ud800"]}}}
    (field,) = specs.read("odd.json", json.dumps(odd).encode()).fields
    json.dumps([field.path, field.format, *field.codes], ensure_ascii=False).encode()
    assert "\0" not in f"{field.path}{field.format}"


def test_openapi_and_xsd_are_read_where_a_schema_lies_within_them() -> None:
    found = by_path("riders.yaml", RIDERS)
    assert set(found) == {"Rider.updatedAt", "Rider.lastName", "stops.stopId"}
    assert found["Rider.lastName"] == Field("Rider.lastName", "text", True, 50)
    told = by_path("students.xsd", XSD)
    assert told["Students.Student[].LastSurname"] == Field("Students.Student[].LastSurname", "text", True, 75)
    assert told["Students.Student[].BirthDate"].required is False
    assert told["Students.Student[].GradeLevel"].codes == ("KG",)
    assert told["Students.Student[].@StudentUniqueId"].required is True


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("x.xsd", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "entities"),
        ("x.xsd", b"<a/>", "no XML Schema"),
        ("x.xsd", b"<a>" * 500, "more than can be read"),
        ("x.json", b'{"a":', "cannot be read as JSON"),
        ("x.json", b"[" * 200_000, "too much lies within"),
        ("x.json", b'{"$ref": "https://example.org/x.json"}', "nothing is fetched"),
        ("x.json", b'{"$ref": "#/nowhere"}', "not in this file"),
        ("x.yaml", b"a: &x [1, 2]\nb: [*x, *x]", "names and references"),
        ("x.yaml", b"openapi: '3.1'\n\tx: 1", "Line 2"),
        ("x.json", b'{"swagger": "2.0"}', "version 3"),
        ("x.csv", b'a,b\n"x,1', "quotation mark"),
        ("x.csv", b"\n\n", "empty"),
        ("x.csv", b"PK\x03\x04....", "workbook"),
        ("x.csv", b"a" * (BIGGEST + 1), "too big"),
        ("x.json", b"{}", "No field was found"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(name: str, data: bytes, said: str) -> None:
    with pytest.raises(BadSpec, match=said):
        specs.read(name, data)


def test_records_within_records_end_somewhere() -> None:
    deep: dict[str, Any] = {"type": "string"}
    for _level in range(30):
        deep = {"type": "object", "properties": {"in": deep}}
    with pytest.raises(BadSpec, match="deep"):
        specs.read("deep.json", json.dumps(deep).encode())
    wide = {f"D{n}": {"allOf": [{"$ref": f"#/$defs/D{n + 1}"}] * 4} for n in range(12)} | {"D12": {"type": "object"}}
    with pytest.raises(BadSpec, match="too many schemas"):
        specs.read("wide.json", json.dumps({"$ref": "#/$defs/D0", "$defs": wide}).encode())


# --- and held against the dictionary --------------------------------------------------------------------------------------


def test_names_are_known_however_they_are_written() -> None:
    found = pairs(
        checked("students.csv", "Student_ID,FName,familyName,DOB,Grade Level,School Code,Home Adress,parent_phone,favorite\n")
    )
    assert found == {
        "Student_ID": "student-student-id", "FName": "student-first-name", "familyName": "student-last-name",
        "DOB": "student-birth-date", "Grade Level": "student-grade", "School Code": "student-school",
        "Home Adress": "student-home-street",
        "parent_phone": "guardian-guardian-phone",
    }  # fmt: skip


def test_onerosters_names_are_known_by_the_file_they_stand_in() -> None:
    users = pairs(
        checked("users.csv", "sourcedId,enabledUser,orgSourcedIds,givenName,familyName,agentSourcedIds,grades,dateLastModified\n")
    )
    assert (users["sourcedId"], users["orgSourcedIds"], users["grades"]) == ("student-student-id", "student-school", "student-grade")
    assert users["agentSourcedIds"] == "guardian-guardian-id"
    enrolled = pairs(checked("enrollments.csv", "sourcedId,classSourcedId,beginDate,endDate\n"))
    assert (enrolled["sourcedId"], enrolled["classSourcedId"]) == ("enrollment-enrollment-id", "class-class-id")
    assert enrolled["beginDate"] == "enrollment-entry-date"


def test_a_suggestion_says_how_sure_it_is_and_why() -> None:
    found = {one.path: one for one in checked("students.csv", "Last name,dob,Home Adress\n").matches}
    assert (found["students.Last name"].sure, found["students.Last name"].how) == ("sure", "exact")
    assert (found["students.dob"].sure, found["students.dob"].how) == ("sure", "known")
    assert (found["students.Home Adress"].sure, found["students.Home Adress"].how) == ("perhaps", "similar")


def test_what_does_not_fit_is_said() -> None:
    found = checked("student.json", json.dumps(STUDENT))
    kinds = {(one.path, one.kind): one.weight for one in found.conflicts}
    assert kinds[("student.id", "type")] == "stop"  # whole numbers lose leading zeros
    assert kinds[("student.givenName", "short")] == "stop"
    assert kinds[("student.familyName", "optional")] == "look"
    assert kinds[("student.grade", "codes")] == "stop"
    assert ("student.grade", "extra-codes") not in kinds  # K and 1 are KG and 01
    assert found.missing == ["School"]
    assert [(one.path, one.sensitive) for one in found.extras] == [("student.birthplace", "birthplace")]
    assert not found.passed
    for one in found.kept()["conflicts"]:
        assert "%(" not in words.conflict(one)


def test_only_what_must_be_settled_keeps_it_from_passing() -> None:
    every = ",".join(entry.name for entry in DEFAULT if entry.record == "student" and entry.required)
    assert checked("students.csv", f"{every}\n").passed
    assert not checked("students.csv", f"{every},SSN\n").passed
    assert checked("students.csv", f"{every},Shoe size\n").passed
    assert checked("students.csv", f"{every}\n").silent == ["guardian", "enrollment", "staff", "class"]


def test_a_field_they_demand_or_few_may_know_must_be_settled() -> None:
    ours = [Entry("s-email", "Email", "student"), Entry("s-gender", "Gender", "student", sensitive=True)]
    theirs = [Field("student.email", "text", True), Field("student.gender", "text", False)]
    found = matching.check(theirs, ours)
    assert {(one.name, one.kind) for one in found.conflicts} == {("Email", "demanded"), ("Gender", "sensitive")}


# --- the sample pack ------------------------------------------------------------------------------------------------------


def test_a_seed_makes_the_same_hundred_records_each_time() -> None:
    made = samples.make(7)
    assert made == samples.make(7) != samples.make(8)
    assert (len(made.records), len(made.broken)) == (100, 5)
    kinds = Counter(trait for record in made.records for trait in record.traits)
    wanted = ("hyphen", "accent", "apostrophe", "two letters", "capitals", "script", "long", "double", "twin", "zeros", "quotes",
              "commas", "newlines", "empty", "leap day", "shared guardian", "grade")  # fmt: skip
    assert all(kinds[trait] for trait in wanted), kinds
    assert {"PK", "KG", "TK"} <= {record.values["grade"] for record in made.records}


@pytest.mark.parametrize("seed", range(30))
def test_nobodys_id_becomes_anothers_when_zeros_are_lost(seed: int) -> None:
    made = samples.make(seed)
    ids = [record.id.lstrip("0") for record in (*made.records, *made.broken) if record.id]
    assert len(set(ids)) == 104


PACK = samples.make(20261)
REPORT = "\n".join(f"line {n}: {record.values['first_name']} refused" for n, record in enumerate(PACK.broken))


def came_back(
    change: Callable[[dict[str, str]], dict[str, str] | None], *, more: list[dict[str, str]] | None = None
) -> list[returned.Finding]:
    """Each record changed by `change`; None: it does not come back."""
    rows = [row for record in PACK.records if (row := change(dict(record.values))) is not None] + (more or [])
    out = io.StringIO()
    table = csv.DictWriter(out, samples.COLUMNS)
    table.writeheader()
    table.writerows(rows)
    return returned.compare(PACK, out.getvalue().encode(), report=REPORT)


def kinds_of(found: list[returned.Finding]) -> Counter[str]:
    for one in returned.kept(found):
        assert "%(" not in words.finding(one)
    return Counter(one.kind for one in found)


@pytest.mark.parametrize("oneroster", [False, True])
def test_what_comes_back_as_it_was_sent_passes(oneroster: bool) -> None:
    assert returned.compare(PACK, samples.as_csv(PACK.records, oneroster=oneroster).encode(), report=REPORT) == []


def test_a_date_in_another_form_and_columns_of_other_names_are_the_same() -> None:
    def american(row: dict[str, str]) -> dict[str, str]:
        return row | {"birth_date": datetime.fromisoformat(row["birth_date"]).strftime("%m/%d/%Y")}

    assert came_back(american) == []
    text = samples.as_csv(PACK.records).replace("student_id,first_name", "SIS ID,FName", 1)
    assert returned.compare(PACK, text.encode(), report=REPORT) == []


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda row: row | {"student_id": row["student_id"].lstrip("0")}, "zeros"),
        (lambda row: row | {"first_name": row["first_name"][:20]}, "cut"),
        (lambda row: row | {"last_name": row["last_name"].encode("ascii", "replace").decode()}, "letters"),
        (lambda row: row | {"birth_date": row["birth_date"].replace("-02-29", "-03-01")}, "date"),
        (lambda row: row | {"last_name": row["last_name"].title() if row["last_name"] == "GONZALEZ" else row["last_name"]}, "case"),
        (lambda row: row | {"note": row["note"].replace("\n", " ")}, "breaks"),
        (lambda row: row | {"middle_name": row["middle_name"] or "NULL"}, "filled"),
        (lambda row: row | {"home_language": ""}, "emptied"),
        (lambda row: None if row["last_name"] == "MCDONALD" else row, "missing"),
    ],
)
def test_what_a_system_did_to_records_is_found(change: Callable[[dict[str, str]], dict[str, str] | None], kind: str) -> None:
    assert set(kinds_of(came_back(change))) == {kind}


def test_twins_and_doubles_that_were_merged_are_found() -> None:
    seen = set[tuple[str, ...]]()

    def merged(row: dict[str, str]) -> dict[str, str] | None:
        key = (row["last_name"], row["birth_date"], row["home_street"])
        return None if key in seen or seen.add(key) else row  # type: ignore[func-returns-value]

    assert kinds_of(came_back(merged)) == {"merged": 8}
    twice = PACK.records[0].values
    assert kinds_of(came_back(dict, more=[twice])) == {"doubled": 1}


def test_broken_records_must_be_refused_and_reported() -> None:
    found = came_back(dict, more=[PACK.broken[1].values, PACK.broken[4].values])
    assert kinds_of(found) == {"accepted": 2}
    silent = returned.compare(PACK, samples.as_csv(PACK.records).encode())
    assert kinds_of(silent) == {"unreported": 5}
    stranger = PACK.records[0].values | {"student_id": "777777777"}
    assert kinds_of(came_back(dict, more=[stranger])) == {"stranger": 1}


def test_a_file_that_is_none_of_ours_is_refused() -> None:
    with pytest.raises(BadSpec, match="which columns"):
        returned.compare(PACK, b"a,b\n1,2\n")
    kept = returned.kept(returned.compare(PACK, b"student_id,first_name,last_name\n"))
    groups = words.groups(kept)
    assert groups[0].head == "Missing"
    assert groups[0].grave


def test_quarters_follow_one_another() -> None:
    fourth = packs.read("2026-4", today=date(2027, 1, 5))
    assert fourth is not None
    assert (fourth.first, fourth.last) == (date(2026, 10, 1), date(2026, 12, 31))
    assert (fourth.after.slug, fourth.before.slug, packs.Quarter(2026, 1).before.slug) == ("2027-1", "2026-3", "2025-4")
    assert packs.read("2026-9", today=date(2027, 1, 5)) is None


def test_the_four_lists_have_the_items_that_were_agreed() -> None:
    assert [len(items) for _part, items in lists.PARTS] == [7, 6, 7, 6]


# --- the register ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def admin(here: Cast) -> Client:
    return sign_in(here.ada, here.district)


@pytest.fixture
def buses(here: Cast) -> Vendor:
    """A bus company, with a role that answers for it."""
    System.objects.create(slug="routewise", name="RouteWise")
    role = OwnerRole.objects.create(slug="buses", name="Bus supervisor", holder=here.lena, deputy=here.alice)
    found: Vendor = Vendor.objects.create(
        slug="wheels", name="Wheels & Co", owner=role, email="ops@wheels.example", systems=["routewise"], phone="555-0100"
    )
    return found


def text_of(page: Any) -> str:
    return str(page.content.decode())


def test_an_administrator_registers_a_vendor_and_others_only_read(here: Cast, oak: Cast, admin: Client) -> None:
    page = admin.get("/matrix/vendors/new")
    given = {"name": "New", "state": "prospect", "contract_until": "2027-06-30", "email": "ops@new.example"}
    assert page.status_code == 200
    assert admin.post("/matrix/vendors/new", given | {"email": "no"}).status_code == 422
    assert admin.post("/matrix/vendors/new", given | {"state": "live"}).status_code == 422  # that is what the gate is for
    assert admin.post("/matrix/vendors/new", given).headers["Location"] == "/matrix/vendors/vendor-new/"
    agent = sign_in(here.alice, here.district)
    assert "vendor-new" in text_of(agent.get("/matrix/vendors/"))
    assert agent.get("/matrix/vendors/vendor-new/").status_code == 200
    assert agent.get("/matrix/vendors/vendor-new/edit").status_code == 403
    assert agent.post("/matrix/vendors/vendor-new/samples/").status_code == 403
    assert sign_in(oak.carla, oak.district).get("/matrix/vendors/vendor-new/").status_code == 404


def test_a_specification_is_checked_on_its_page(here: Cast, buses: Vendor) -> None:
    lead = sign_in(here.lena, here.district)
    where = "/matrix/vendors/wheels/specs/"
    assert "Choose a file" in text_of(lead.post(where, {}))
    bad = lead.post(where, {"file": SimpleUploadedFile("x.xsd", b"<!DOCTYPE a><a/>")})
    assert bad.status_code == 422
    page = lead.post(where, {"file": SimpleUploadedFile("student.json", json.dumps(STUDENT).encode())}, follow=True)
    shown = text_of(page)
    assert "place of birth" in shown
    assert "student.givenName" in shown
    assert SpecCheck.objects.get().passed is False
    assert onboarding.seen(buses, now=NOW, district=here.district)["Specification checked against the data dictionary"].good is False


def test_a_pack_is_made_taken_and_given_back(here: Cast, buses: Vendor) -> None:
    lead = sign_in(here.lena, here.district)
    where = lead.post("/matrix/vendors/wheels/samples/").headers["Location"]
    sent = lead.get(f"{where}records.csv")
    assert sent.content == lead.get(f"{where}records.csv").content
    assert len(list(csv.reader(io.StringIO(sent.content.decode())))) == 101
    assert lead.get(f"{where}others.csv").status_code == 404
    page = lead.post(where, {"file": SimpleUploadedFile("back.csv", sent.content), "report": ""}, follow=True)
    assert "Not passed" in text_of(page)
    assert SamplePack.objects.get().passed is False
    made = samples.make(SamplePack.objects.get().seed)
    report = ", ".join(record.values["first_name"] for record in made.broken)
    page = lead.post(where, {"file": SimpleUploadedFile("back.csv", sent.content), "report": report}, follow=True)
    assert "Passed: everything came back" in text_of(page)


def test_the_dictionary_is_the_districts_own_once_it_wants_to(here: Cast, admin: Client) -> None:
    assert "to begin with" in text_of(admin.get("/matrix/vendors/fields/"))
    admin.post("/matrix/vendors/fields/begin")
    assert DataField.objects.count() == len(DEFAULT)
    given = {"name": "Bus number", "record": "student", "kind": "text", "also": "route\nbus_no"}
    assert admin.post("/matrix/vendors/fields/new", given).status_code == 302
    assert admin.post("/matrix/vendors/fields/new", given).status_code == 422
    row = DataField.objects.get(name="Bus number")
    assert row.also == ["route", "bus_no"]
    admin.post(f"/matrix/vendors/fields/{row.id}/remove")
    assert not DataField.objects.filter(name="Bus number").exists()


# --- the gate -------------------------------------------------------------------------------------------------------------


def test_a_vendor_is_live_when_its_gate_was_signed_and_not_before(here: Cast, admin: Client, buses: Vendor) -> None:
    with pytest.raises(onboarding.NotReady, match="not begun"):
        registering.make_live(buses.id, by=here.ada, now=NOW)
    run = onboarding.begin(buses, by=here.lena, now=NOW)
    assert onboarding.begin(buses, by=here.lena, now=NOW) == run
    assert Playbook.objects.get(slug=onboarding.SLUG).gated
    steps = list(RunStep.objects.filter(run=run).order_by("order"))
    assert [step.open_at is not None for step in steps] == [True] * 7 + [False] * 19
    refused = admin.post("/matrix/vendors/wheels/live")
    assert refused.status_code == 422
    assert "Not done: Data privacy agreement" in text_of(refused)
    RunStep.objects.filter(run=run).update(done_at=NOW, evidence="seen", open_at=NOW)
    with pytest.raises(onboarding.NotReady, match="nobody has signed"):
        registering.make_live(buses.id, by=here.ada, now=NOW)
    assert running.sign(run.id, by=here.lena, written="Lena", now=NOW)
    cut = cutoffs.save_cutoff(buses, None, {"name": "Riders", "terms": "daily by 2 PM", "active": True}, now=NOW)
    assert cut.send_at is None
    assert registering.make_live(buses.id, by=here.ada, now=NOW)
    assert not registering.make_live(buses.id, by=here.ada, now=NOW)
    cut.refresh_from_db()
    assert cut.send_at == datetime(2026, 11, 3, 22, tzinfo=UTC)
    page = text_of(admin.get("/matrix/vendors/wheels/"))
    assert "Ticked off, and what we see says otherwise" not in page  # nothing was looked at: no word against it
    SpecCheck.objects.create(vendor=buses, name="x.csv", form="csv", passed=False)
    assert "Ticked off, and what we see says otherwise" in text_of(admin.get("/matrix/vendors/wheels/"))


def test_what_the_product_sees_stands_beside_the_item(here: Cast, buses: Vendor) -> None:
    merged = returned.Finding("merged", "1", back="2")
    findings = returned.kept([merged, returned.Finding("cut", "1", "note", "ab", "a")])
    pack = SamplePack.objects.create(vendor=buses, seed=1, returned_at=NOW, returned_name="b.csv", passed=False, findings=findings)
    told = onboarding.seen(buses, now=NOW, district=here.district)
    assert told["Sample pack loaded"].good
    assert told["Nothing was different when it came back"] == onboarding.Seen(False, "Cut short: 1")
    assert told["Duplicates and twins kept apart"].good is False
    assert told["Broken records refused and reported"].good
    assert told["Owner and deputy named in the matrix"].good
    assert told["Promise and cut-off agreed"].good is False
    assert told["Ladder tested"].good is None
    pack.delete()
    assert onboarding.seen(buses, now=NOW, district=here.district)["Sample pack loaded"].good is None


# --- cut-offs -------------------------------------------------------------------------------------------------------------

CUT = datetime(2026, 11, 3, 22, tzinfo=UTC)  # 2 PM in Cedar Valley


@pytest.fixture
def cut(here: Cast, buses: Vendor) -> CutOff:
    """Of a live vendor, with a process that has a ladder."""
    sync = make_sync(here)
    buses.state = Vendor.State.LIVE
    buses.save()
    values = {"name": "Riders", "terms": "by 2 PM for next-day service", "process": sync.process, "ack_minutes": 120, "active": True}
    return cutoffs.save_cutoff(buses, None, values, now=NOW)


def test_the_vendor_is_told_once_with_the_days_counts_and_says_so_by_one_click(here: Cast, cut: CutOff) -> None:
    assert cut.process is not None
    assert cut.send_at == CUT
    hear(cut.process.feeds.get(), Told(counts={"riders": 412}), now=CUT - timedelta(hours=1), district=here.district)
    assert cutoffs.tell(here.district.id, now=CUT - timedelta(minutes=1)) == 0
    assert cutoffs.tell(here.district.id, now=CUT) == 1
    assert cutoffs.tell(here.district.id, now=CUT) == 0
    notice = CutOffNotice.objects.get()
    mail = Delivery.objects.get(purpose="cut-off")
    assert (mail.address, mail.person) == ("ops@wheels.example", None)
    assert "riders 412" in mail.body
    assert f"/matrix/vendors/ack/{notice.token}/" in mail.body
    outside = visitor(here.district)
    where = f"/matrix/vendors/ack/{notice.token}/"
    page = outside.get(where)
    assert (page.status_code, page["Referrer-Policy"], page["X-Robots-Tag"]) == (200, "no-referrer", "noindex")
    assert CutOffNotice.objects.get().acknowledged_at is None  # a program that looks through mail is not the vendor
    assert "Thank you" in text_of(outside.post(where, {"name": "Ray"}))
    first = CutOffNotice.objects.get()
    outside.post(where, {"name": "Somebody else"})
    assert CutOffNotice.objects.get() == first
    assert CutOffNotice.objects.get().acknowledged_by == "Ray"
    assert outside.get("/matrix/vendors/ack/nothing/").status_code == 404


def test_silence_begins_the_ladder_once_and_a_late_answer_ends_it(here: Cast, cut: CutOff) -> None:
    cutoffs.tell(here.district.id, now=CUT)
    due = CUT + timedelta(hours=2)
    assert cutoffs.call(here.district.id, now=due - timedelta(minutes=1)) == 0
    assert cutoffs.call(here.district.id, now=due) == 1
    assert cutoffs.call(here.district.id, now=due + timedelta(minutes=5)) == 0
    escalation = Escalation.objects.get()
    assert escalation.process == cut.process
    assert Step.objects.filter(escalation=escalation, title__contains="Reach Wheels & Co").exists()
    assert Delivery.objects.filter(person=here.lena, subject__contains="Not acknowledged: Riders").exists()
    notice = CutOffNotice.objects.get()
    assert cutoffs.acknowledge(notice.id, name="", now=due + timedelta(minutes=30))
    escalation.refresh_from_db()
    assert escalation.ended_at is not None
    said = registering.rows(now=due + timedelta(hours=1), district=here.district)[0].acknowledged
    assert (said.sent, said.in_time, said.late, said.never) == (1, 0, 1, 0)


def test_without_a_process_the_owner_is_told_and_nobody_is_asked_on_days_off(here: Cast, buses: Vendor, cut: CutOff) -> None:
    CutOff.objects.update(process=None)
    friday = datetime(2026, 11, 6, 22, tzinfo=UTC)
    CutOff.objects.update(send_at=friday)
    cutoffs.tell(here.district.id, now=friday)
    assert CutOff.objects.get().send_at == datetime(2026, 11, 9, 22, tzinfo=UTC)  # Monday
    cutoffs.call(here.district.id, now=friday + timedelta(hours=3))
    assert not Escalation.objects.exists()
    assert Delivery.objects.filter(person=here.lena, subject__contains="Not acknowledged").exists()
    registering.save_vendor(buses, {"name": "Wheels", "state": Vendor.State.ENDED}, now=NOW)
    assert CutOff.objects.get().send_at is None


def test_where_nobody_can_be_asked_the_ladder_begins_at_once_and_what_is_long_past_is_passed_over(here: Cast, cut: CutOff) -> None:
    Vendor.objects.update(email="")
    assert cutoffs.tell(here.district.id, now=CUT + timedelta(hours=7)) == 1
    assert not CutOffNotice.objects.exists()
    tomorrow = CUT + timedelta(days=1)
    assert CutOff.objects.get().send_at == tomorrow
    cutoffs.tell(here.district.id, now=tomorrow)
    assert not Delivery.objects.filter(purpose="cut-off").exists()
    assert cutoffs.call(here.district.id, now=tomorrow) == 1
    assert "no address" in Delivery.objects.get(person=here.lena, channel="email").body
    assert CutOffNotice.objects.get().escalation == Escalation.objects.get()


def heard(here: Cast, cut: CutOff, **more: Any) -> Feed:
    """A feed of the cut-off's process that says that the vendor has it."""
    values = {"process": cut.process, "slug": "has-it", "name": "Wheels has it", "terms": "daily by 4 PM", **more}
    feed: Feed = Feed.objects.create(**values)
    CutOff.objects.filter(id=cut.id).update(feed=feed)
    return feed


def test_one_click_is_a_run_of_the_feed_that_the_cut_off_names_and_counts_once(here: Cast, cut: CutOff) -> None:
    assert cut.process is not None
    sent = cut.process.feeds.get()
    feed = heard(here, cut)
    hear(sent, Told(counts={"riders": 412}), now=CUT - timedelta(hours=1), district=here.district)
    cutoffs.tell(here.district.id, now=CUT)
    notice = CutOffNotice.objects.get()
    for _twice in range(2):
        visitor(here.district).post(f"/matrix/vendors/ack/{notice.token}/", {"name": "Ray"})
    run = FeedRun.objects.get(feed=feed)
    assert (run.outcome, run.way, run.counts, run.by) == ("ok", "signed", {"riders": 412}, None)
    assert run.evidence == {"cut_off": "Riders", "vendor": "Wheels & Co", "by": "Ray"}
    assert run.note.startswith("Ray acknowledged “Riders”")
    assert feed.refresh().state == Feed.State.ON_TIME
    tomorrow = CUT + timedelta(days=1)
    assert cutoffs.counts_of(cut, since=CUT, now=tomorrow) == {}, "their own word is nothing that reached them"
    assert FeedRun.objects.filter(feed=sent).count() == 1


def test_a_late_click_ends_the_silence_of_its_feed_too(here: Cast, cut: CutOff) -> None:
    feed = heard(here, cut)
    pings.expect(feed, CUT + timedelta(hours=2))
    feed.save()
    cutoffs.tell(here.district.id, now=CUT)
    pings.watch(here.district.id, now=CUT + timedelta(hours=4))
    assert feed.refresh().state == Feed.State.LATE
    assert cutoffs.acknowledge(CutOffNotice.objects.get().id, name="", now=CUT + timedelta(hours=5))
    run = FeedRun.objects.get(feed=feed, outcome="ok")
    assert (run.late_seconds, run.note[:24]) == (3 * 3600, "Wheels & Co acknowledged")
    assert feed.refresh().state == Feed.State.ON_TIME


def test_an_old_mail_pressed_late_meets_nothing_new(here: Cast, cut: CutOff) -> None:
    """Monday's link on Tuesday morning says of Tuesday nothing: its silence is still seen."""
    feed = heard(here, cut)
    pings.expect(feed, CUT + timedelta(hours=2))
    feed.last_ping_at = CUT - timedelta(days=1)
    feed.save()
    cutoffs.tell(here.district.id, now=CUT)
    pings.watch(here.district.id, now=CUT + timedelta(hours=4))
    tomorrow = feed.refresh().expected_at
    assert tomorrow is not None
    assert cutoffs.acknowledge(CutOffNotice.objects.get().id, name="Ray", now=CUT + timedelta(hours=18))
    assert feed.refresh().expected_at == tomorrow, "it is still waited for"
    assert pings.watch(here.district.id, now=tomorrow + timedelta(hours=2)) == 1


def test_nobody_of_a_vendor_signs_a_check_of_ours(here: Cast, cut: CutOff) -> None:
    heard(here, cut, kind=Feed.Kind.CHECK)
    cutoffs.tell(here.district.id, now=CUT)
    assert cutoffs.acknowledge(CutOffNotice.objects.get().id, name="Ray", now=CUT)
    assert not FeedRun.objects.exists()


def test_a_feed_is_chosen_with_its_process(here: Cast, admin: Client, cut: CutOff) -> None:
    feed, other = heard(here, cut), make_sync(here, slug="meals").process
    check = Feed.objects.create(process=cut.process, slug="check", name="Looked at", terms="daily by 4 PM", kind=Feed.Kind.CHECK)
    where = "/matrix/vendors/wheels/cut-offs/new"
    given = {"name": "Stops", "terms": "daily by 2 PM", "ack_minutes": "120", "active": "on", "feed": str(feed.id)}
    assert "another process" in text_of(admin.post(where, given | {"process": str(other.id)}))
    assert admin.post(where, given | {"feed": str(check.id)}).status_code == 422
    assert admin.post(where, given).status_code == 302
    made = CutOff.objects.get(name="Stops")
    assert (made.feed, made.process) == (feed, cut.process)
    assert "a run of “Wheels has it”" in text_of(admin.get("/matrix/vendors/wheels/"))
    feed.delete()
    assert made.refresh().feed is None


def test_a_cut_off_needs_a_time_and_an_address(here: Cast, admin: Client, buses: Vendor) -> None:
    where = "/matrix/vendors/wheels/cut-offs/new"
    given = {"name": "Riders", "terms": "daily by 2 PM", "ack_minutes": "120", "active": "on"}
    assert admin.post(where, given | {"terms": "within 4 hours"}).status_code == 422
    Vendor.objects.update(email="")
    assert admin.post(where, given).status_code == 422
    assert admin.post(where, given | {"email": "night@wheels.example"}).status_code == 302
    assert cutoffs.address_of(CutOff.objects.get()) == "night@wheels.example"


def test_a_quarter_is_told_from_what_was_written_down(here: Cast, admin: Client, buses: Vendor, cut: CutOff) -> None:
    assert cut.process is not None
    cut.process.services = [here.bus_late.slug]
    cut.process.save()
    a_ticket(here, service=here.bus_late, now=NOW)
    hear(cut.process.feeds.get(), Told(), now=NOW, district=here.district)
    cutoffs.tell(here.district.id, now=CUT)
    cutoffs.acknowledge(CutOffNotice.objects.get().id, name="=Ray", now=CUT + timedelta(minutes=4))
    later = CUT + timedelta(days=1)
    told = packs.pack(buses, packs.Quarter(2026, 4), district=here.district, now=later)
    assert (told.acknowledged.in_time, told.tickets, [one.on_time for one in told.feeds]) == (1, 1, [1])
    assert "'=Ray" in packs.as_csv(told)
    assert packs.pack(buses, packs.Quarter(2026, 3), district=here.district, now=later).acknowledged.sent == 0
    page = admin.get("/matrix/vendors/wheels/pack/?quarter=2026-4")
    assert "quarter 4 of 2026" in text_of(page)
    assert admin.get("/matrix/vendors/wheels/pack/?quarter=2026-4&as=csv")["Content-Type"].startswith("text/csv")
