"""Two lists of the same records laid side by side: what is found, which column is which, and the page that works it off."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from ownership import queries
from ownership.changes import parking, tolerance
from ownership.changes.guessing import guess
from ownership.changes.reconciling import Mapping, Rules, compare, difference_percent, differences_in, left_percent, plain
from ownership.changes.sheets import BadSheet, Sheet, read_sheet
from ownership.models import Feed, Process, Reconciliation, System
from ownership.overview import audit
from tests.conftest import Cast, sign_in

OURS = """Student ID,First Name,Last Name,Birthdate,Grade,Bus Stop
00417,Ana,Ruiz,2015-09-01,5,Maple and 5th
00418,José,Peña,2014-02-11,6,Oak
00419,Lin,Wu,2016-12-30,4,Fir
00420,Twice,Told,2016-01-01,4,Fir
00420,Twice,Told,2016-01-01,4,Elm
,No,Key,2016-01-01,4,Fir
"""
THEIRS = """sourcedId;givenName;familyName;DOB;grade;stop
417;ANA;Ruiz ;9/1/2015;5;Maple and 5th
418;José;Peña;2/11/2014;7;Pine
420;Twice;Told;1/1/2016;4;Fir
999;Gone;Away;1/1/2016;4;Fir
"""


def sheets() -> tuple[Sheet, Sheet]:
    return read_sheet("sis.csv", OURS.encode()), read_sheet("bus.csv", THEIRS.encode("cp1252"))


def test_the_lists_are_told_apart() -> None:
    left, right = sheets()
    found = compare(left, right, guess(left, right))
    assert found.counts == {
        "left_rows": 6, "right_rows": 4, "keys": 5, "same": 1, "only_left": 1, "only_right": 1, "different": 1, "twice": 1,
        "empty_left": 1, "empty_right": 0, "values": 2, "written": 4,
    }  # fmt: skip
    by_key = {one.key: one for one in found.differences}
    assert [(one.kind, one.key) for one in found.differences] == [
        ("empty", "left#7"), ("different", "418"), ("left", "419"), ("twice", "420"), ("right", "999"),
    ]  # fmt: skip
    assert by_key["418"].values == (("Grade", "6", "7"), ("Bus Stop", "Oak", "Pine"))
    assert (by_key["419"].label, by_key["999"].label) == ("Lin Wu", "Gone Away")
    assert (by_key["420"].left, by_key["420"].right) == (2, 1)
    assert difference_percent(found.counts) == pytest.approx(100 * 5 / 6)


def test_columns_are_guessed_by_names_and_by_values() -> None:
    left, right = sheets()
    assert guess(left, right) == Mapping(((0, 0),), ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5)))
    ours = Sheet("a", ("Nr", "Colour"), [(f"x{n}", "red") for n in range(30)])
    theirs = Sheet("b", ("Colour", "Reference"), [("blue", f"X{n}") for n in range(30)])
    assert guess(ours, theirs) == Mapping(((0, 1),), ((1, 0),))
    assert guess(ours, Sheet("c", ("Else",), [(f"q{n}",) for n in range(30)])).keys == ()


def test_long_lists_are_guessed_by_a_sample_that_is_the_same_in_both() -> None:
    ours = Sheet("a", ("Nr",), [(f"{n:06d}",) for n in range(30_000)])
    theirs = Sheet("b", ("Other",), [(str(n),) for n in range(29_999, 10_000, -1)])
    assert guess(ours, theirs).keys == ((0, 0),)


@pytest.mark.parametrize(
    ("rules", "same"),
    [(Rules(), 2), (Rules(zeros=False), 1), (Rules(case=False), 1), (Rules(zeros=False, case=False), 0)],
)
def test_keys_are_compared_by_the_rules(rules: Rules, same: int) -> None:
    left = Sheet("a", ("id",), [("007",), (" ab1 ",)])
    right = Sheet("b", ("id",), [("7",), ("AB1",)])
    assert compare(left, right, Mapping(((0, 0),), (), rules)).counts["same"] == same


def test_a_key_of_two_columns() -> None:
    left = Sheet("a", ("school", "nr", "v"), [("A", "1", "x"), ("B", "1", "y")])
    right = Sheet("b", ("nr", "school", "v"), [("1", "B", "y"), ("1", "A", "z")])
    found = compare(left, right, Mapping(((0, 1), (1, 0)), ((2, 2),)))
    assert (found.counts["same"], [one.key for one in found.differences]) == (1, ["a / 1"])


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("2026-09-01", "9/1/2026", True), ("2026-09-01", "2026-09-01T00:00:00", True), ("2026-09-01", "9/1/26 0:00", True),
        ("Sep 1, 2026", "1 September 2026", True), ("2026-09-01", "9/2/2026", False), ("25/12/2015", "12/25/2015", True),
        ("Maple  St", " maple st", True), ("Peña", "Pen\u0303a", True), ("Pena", "Peña", False), ("12-34", "1234", False),
        ("", "0", False), ("2026-02-30", "3/2/2026", False),
    ],
)  # fmt: skip
def test_written_differently_is_no_difference(one: str, other: str, alike: bool) -> None:
    assert (plain(one) == plain(other)) is alike


def test_a_thousand_differences_are_kept_and_all_are_counted() -> None:
    left = Sheet("a", ("id",), [(str(n),) for n in range(1500)])
    found = compare(left, Sheet("b", ("id",), []), Mapping(((0, 0),), ()))
    assert (found.counts["only_left"], len(found.differences), found.differences[10].key) == (1500, 1000, "10")
    assert difference_percent(found.counts) == 100
    assert difference_percent({}) == 0


def test_what_somebody_has_seen_to_differs_no_more() -> None:
    counts = {"keys": 98, "different": 3, "only_left": 1, "empty_right": 2}
    assert (differences_in(counts), left_percent(counts, seen_to=0), left_percent(counts, seen_to=2)) == (6, 6, 4)
    assert left_percent(counts, seen_to=9) == 0


def test_the_strictest_rule_on_the_source_says_what_may_differ() -> None:
    source = {"kind": "source", "count": "rows", "of": "source_rows"}
    loose, strict = Feed(name="loose", rules=[source | {"percent": 5}]), Feed(name="strict", rules=[source | {"percent": 2}])
    off, other = Feed(active=False, rules=[source | {"percent": 1}]), Feed(rules=[source | {"kind": "share", "percent": 1}])
    assert tolerance.allowed([other, loose, off, strict]) == (strict, 2)
    assert tolerance.allowed([other, off, Feed(rules=["broken"])]) is None


def test_without_a_key_nothing_is_compared() -> None:
    with pytest.raises(ValueError, match="no column"):
        compare(*sheets(), Mapping((), ((0, 0),)))


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        "id,name\n1,José\n".encode("utf-8-sig"), "id;name\r\n1;José\r\n".encode("cp1252"), "id\tname\n1\tJosé".encode("utf-16"),
        'sep=|\nid|name\n\n"1"|José\n,\n'.encode(),
    ],
)  # fmt: skip
def test_files_are_read_as_they_come(data: bytes) -> None:
    assert read_sheet("a.csv", data.replace(b"\n,\n", b"\n")).rows == [("1", "José")]


def test_rows_are_as_long_as_the_first() -> None:
    sheet = read_sheet("a.csv", b"id,,id\n1\n1,2,3,4\n")
    assert sheet.columns == ("id", "column 2", "id (2)")
    assert sheet.rows == [("1", "", ""), ("1", "2", "3")]


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"PK\x03\x04rest", b'id\n"open', b"a," * 300, b"x" * (20 * 1024 * 1024 + 1), b"id\n" + b"1\n" * 200_001]
)
def test_what_cannot_be_read_is_said(data: bytes) -> None:
    with pytest.raises(BadSheet):
        read_sheet("a.csv", data)


# --- the page ---------------------------------------------------------------------------------------------------------

URL = "/matrix/changes/attendance/lists/"


@pytest.fixture
def lena(here: Cast, settings: Settings, tmp_path: Path) -> Client:
    settings.MEDIA_ROOT = str(tmp_path)
    Process.objects.create(slug="attendance", name="Attendance", targets=["routewise"])
    return sign_in(here.lena, here.district)


def upload(client: Client, ours: bytes = OURS.encode(), theirs: bytes = THEIRS.encode(), **more: str) -> Any:
    files = {"left": SimpleUploadedFile("sis.csv", ours), "right": SimpleUploadedFile("bus.csv", theirs)}
    return client.post(URL, files | more)


def lay(client: Client, answer: Any, **changed: str) -> Any:
    """Send the page's form as it stands, but for what is changed."""
    shown = answer.content.decode()
    form = dict(re.findall(r'name="(handle|target)" value="([^"]+)"', shown))
    for block in re.findall(r"<select.*?</select>", shown, re.DOTALL):
        name, chosen = re.search(r'name="([^"]+)"', block), re.search(r'value="(\d+)" selected', block)
        form[name[1] if name else ""] = chosen[1] if chosen else ""
    form |= dict.fromkeys(re.findall(r'name="(key-\d+)" value="1" checked', shown), "1")
    form |= dict.fromkeys(re.findall(r'name="(zeros|case)" checked', shown), "on")
    return client.post(f"{URL}lay", form | changed)


def test_two_files_become_a_list_to_work_off(here: Cast, lena: Client, tmp_path: Path) -> None:
    answer = upload(lena)
    assert answer.status_code == 200
    laid = lay(lena, answer)
    row = Reconciliation.objects.get()
    assert laid["Location"] == f"{URL}{row.id}/"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert (row.counts["only_left"], row.by, row.mapping["keys"]) == (1, here.lena, [["Student ID", "sourcedId"]])
    shown = lena.get(laid["Location"]).content.decode()
    assert "83.3 % of the records are different" in shown
    assert all(words in shown for words in ("5 are left to see to", "Lin Wu", "Not in bus.csv", "Row 7 of sis.csv has no key"))
    lena.post(f"{URL}{row.id}/seen", {"key": "419"})
    assert "Lin Wu" not in lena.get(laid["Location"]).content.decode()
    assert "Lin Wu" in lena.get(f"{laid['Location']}?seen=1").content.decode()
    lena.post(f"{URL}{row.id}/seen", {"key": "419"})
    assert row.refresh().worked == []
    assert lena.post(f"{URL}{row.id}/seen", {"key": "nobody"}).status_code == 404
    lena.post(f"{URL}{row.id}/remove")
    assert not Reconciliation.objects.exists()


def test_more_than_a_feed_may_differ_is_a_finding_until_it_is_seen_to(here: Cast, lena: Client, django_assert_num_queries: Any) -> None:
    process = Process.objects.get()
    System.objects.create(slug="routewise", name="RouteWise")
    feed = Feed.objects.create(process=process, slug="roster", name="Roster", terms="daily by 4 PM")
    rule = {"kind": "source", "count": "rows", "of": "source_rows", "percent": 50}
    lay(lena, upload(lena))
    row = Reconciliation.objects.get()
    assert (row.target, found(here)) == ("routewise", []), "without a rule nothing is too much"
    Feed.objects.filter(id=feed.id).update(rules=[rule])
    said = "83.33 % of the records differ in RouteWise and are not seen to; “Roster” may differ by 50 %. Compared on "
    assert [words.startswith(said) for words in found(here)] == [True]
    page = lena.get("/matrix/").content.decode()
    assert (said in page, "Work off the differences by name" in page, 'href="/matrix/changes/attendance/"' in page) == (True,) * 3

    result = "83.33 % are left to see to. “Roster” may differ from its source by 50 %."
    assert result in lena.get(f"{URL}{row.id}/").content.decode()

    for key in ("419", "999"):
        lena.post(f"{URL}{row.id}/seen", {"key": key})
    assert found(here) == [], "50 % are left: that much may be"
    assert "are left to see to. “Roster”" not in lena.get(f"{URL}{row.id}/").content.decode()
    lena.post(f"{URL}{row.id}/seen", {"key": "999"})
    assert len(found(here)) == 1
    lay(lena, upload(lena, b"id\n1\n", b"id\n1\n"))
    assert found(here) == [], "the newest comparison counts"
    with django_assert_num_queries(2):
        tolerance.standing([process.id])


def found(cast: Cast) -> list[str]:
    rows = queries.matrix(now=timezone.now(), zone=cast.district.zone).rows
    return [finding.words for row in rows for finding in row.findings if finding.kind is audit.Kind.LISTS]


def test_each_target_has_a_newest_comparison_of_its_own(here: Cast, lena: Client) -> None:
    Process.objects.update(targets=["routewise", "mealtrack", "gone"])
    for slug, name in (("routewise", "RouteWise"), ("mealtrack", "MealTrack")):
        System.objects.create(slug=slug, name=name)
    wrong = upload(lena)
    assert (wrong.status_code, "Which target" in wrong.content.decode()) == (422, True)
    for target, theirs in (("routewise", THEIRS.encode()), ("mealtrack", OURS.encode()), ("mealtrack", THEIRS.encode())):
        lay(lena, upload(lena, theirs=theirs, target=target))
    lay(lena, upload(lena, theirs=OURS.encode(), target="mealtrack"), target="forged")
    pairs = tolerance.standing([Process.objects.get().id]).popitem()[1]
    assert [(one.system, round(one.found)) for one in pairs] == [("MealTrack", 83), ("RouteWise", 83)]
    Process.objects.update(targets=["mealtrack"])
    left = tolerance.standing([Process.objects.get().id]).popitem()[1]
    assert [one.system for one in left] == ["MealTrack"], "nobody compares again with what records no longer go to"
    assert "MealTrack" in lena.get(URL).content.decode()


def test_the_file_of_differences_runs_nothing(lena: Client) -> None:
    lay(lena, upload(lena, b"id,name,v\n1,=1+1,a\n", b"id,name,v\n1,x,=cmd()\n"))
    rows = list(
        csv.reader(io.StringIO(lena.get(f"{URL}{Reconciliation.objects.get().id}/differences.csv").content.decode("utf-8-sig")))
    )
    assert rows[1:] == [
        ["1", "'=1+1", "Different values", "name", "'=1+1", "x", ""],
        ["1", "'=1+1", "Different values", "v", "a", "'=cmd()", ""],
    ]


def test_without_a_key_it_is_asked_again(lena: Client) -> None:
    answer = upload(lena, b"a\nx\n", b"b\ny\n")
    wrong = lay(lena, answer)
    assert wrong.status_code == 422
    assert lay(lena, wrong, **{"column-0": "0", "key-0": "1"}).status_code == 302


def test_files_that_cannot_be_read_are_refused(lena: Client, tmp_path: Path) -> None:
    answer = upload(lena, b"id\n1\n", b"PK\x03\x04")
    assert answer.status_code == 422
    assert "This is a workbook" in answer.content.decode()
    assert list(tmp_path.rglob("*")) == []


def test_a_handle_is_one_persons(here: Cast, lena: Client) -> None:
    answer = upload(lena)
    lee = sign_in(here.lee, here.district)
    assert lay(lee, answer)["Location"] == URL
    assert lay(lena, answer)["Location"] != URL
    assert lay(lena, answer)["Location"] == URL  # they are gone
    with pytest.raises(parking.Gone):
        parking.fetch("made-up", by=here.lena.id)


def test_only_leads_and_owners_lay_lists_side_by_side(here: Cast, lena: Client) -> None:
    lay(lena, upload(lena))
    row, bob = Reconciliation.objects.get(), sign_in(here.bob, here.district)
    paths = ("", f"{row.id}/", f"{row.id}/differences.csv")
    assert {bob.get(f"{URL}{path}").status_code for path in paths} == {403}
    assert {bob.post(f"{URL}{path}").status_code for path in ("lay", f"{row.id}/seen", f"{row.id}/remove")} == {403}
    Process.objects.create(slug="other", name="Other")
    assert lena.get(f"/matrix/changes/other/lists/{row.id}/").status_code == 404
