"""The matrix as a file: what goes out comes back the same, what others write is understood, and what is wrong is told with its line."""

import csv
import io
import json
import time
from dataclasses import replace
from typing import Any

import pytest
import yaml
from django.db.models import Field, Model
from django.utils.translation import override
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ownership.keeping import files, trees
from ownership.keeping.described import GRACE, ITEM, LONGEST, LONGEST_GRACE, MOST, Described, Leg, Watched, derived_slug, tidy
from ownership.keeping.differences import LABELS, changes_of, compare, left_out
from ownership.keeping.files import BIGGEST, HEADS, BadFile, Read, as_csv, as_yaml, read
from ownership.models import Feed, OwnerRole, Path, Process, Stage, System

ROSTER = Described(
    slug="roster-sync", name="Roster sync", source="PowerSchool", targets=("Clever", "Canvas"), trigger="A student is enrolled",
    primary="Registrar", secondary="Data manager", promise="4-hour sync", promise_text="Within four hours.\n\nSooner in August.",
    terms="within 4 h", ladder="roster-sync", fallback="- Call the school\n- Write it down", baseline="6 hours", path="records",
    services=("accounts",), stages=(Leg("Leaves PowerSchool", "Registrar", "PowerSchool"), Leg("Arrives")),
    feeds=(Watched("Nightly", "daily by 6 AM", 30), Watched("Hourly", "every 60 minutes")),
)  # fmt: skip
MEALS = Described("meals", "Meals", path="care")


def table(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def problems(data: bytes, name: str = "matrix.csv") -> list[str]:
    with pytest.raises(BadFile) as refused:
        read(name, data)
    assert str(refused.value) == "\n".join(refused.value.problems)
    return refused.value.problems


def problem(data: bytes, name: str = "matrix.csv") -> str:
    [told] = problems(data, name)
    return told


def in_yaml(text: str) -> str:
    return problem(text.encode(), "matrix.yaml")


def row(head: str, cell: str) -> Described:
    """What a process is with this in this column, or key."""
    out = io.StringIO()
    csv.writer(out).writerows([["Process", head], ["A", cell]])
    return read("a.csv", out.getvalue().encode()).rows[0]


def wrong(head: str, cell: str) -> list[str]:
    out = io.StringIO()
    csv.writer(out).writerows([["Process", head], ["A", cell]])
    return problems(out.getvalue().encode())


# --- out and back -----------------------------------------------------------------------------------------------------

plain = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
odd = st.sampled_from(["=1+1", "'", "''=x", "-", "@a", "+", ";", "|", "\\", "\\;", "\\|", "no", "~", "null", "4:30", "12", "#",
                       ": ", "- a", '"', "\\ud83d\\ude00", "é", "😀", "&x", "*x", "!!int 3", "{", "[", "<<", "=",
                       "％", "＝", "---", "..."])  # fmt: skip


def texts(most: int, least: int = 0) -> st.SearchStrategy[str]:
    """As they are kept: in one line, no double blanks."""
    mixed = st.lists(odd | st.text(plain, max_size=8), max_size=3).map("".join)
    return mixed.map(lambda text: " ".join(" ".join(text.split())[:most].split())).filter(lambda text: len(text) >= least)


lined = st.lists(texts(40), max_size=4).map(lambda lines: tidy(Described("", "", fallback="\n".join(lines))).fallback)


def described(told: dict[str, Any]) -> Described:
    return Described(**told)


slugs = st.from_regex(r"[a-zA-Z0-9_-]{1,12}", fullmatch=True)
many = st.lists(texts(ITEM, 1), max_size=4, unique_by=str.casefold).map(tuple)
legs = st.lists(st.builds(Leg, texts(ITEM, 1), texts(ITEM), texts(ITEM)), max_size=3).map(tuple)
watched = st.builds(Watched, texts(ITEM, 1), texts(300, 1), st.integers(0, LONGEST_GRACE))
feeds = st.lists(watched, max_size=3, unique_by=lambda feed: feed.name.casefold()).map(tuple)
fields: dict[str, Any] = {name: texts(longest) for name, longest in LONGEST.items() if name not in ("slug", "name", "path")}
fields |= {"promise_text": lined, "fallback": lined, "path": st.sampled_from(["", *Path.values])}
fields |= {"targets": many, "services": many, "stages": legs, "feeds": feeds}
processes = st.fixed_dictionaries({"slug": slugs, "name": texts(200, 1)}, optional=fields).map(described)


def of_processes(least: int = 0) -> st.SearchStrategy[list[Described]]:
    return st.lists(processes, min_size=least, max_size=2, unique_by=lambda process: process.slug)


matrices = of_processes()


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(matrices)
@example([ROSTER, MEALS])
@example([])
def test_a_table_comes_back_the_same_and_no_cell_begins_as_a_formula(rows: list[Described]) -> None:
    text = as_csv(rows)
    assert read("matrix.csv", text.encode()) == Read(rows, frozenset(HEADS))
    cells = [cell for line in csv.reader(io.StringIO(text[1:], newline="")) for cell in line]
    assert [cell for cell in cells if cell[:1] in {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"}] == []


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(matrices)
@example([ROSTER, MEALS])
@example([])
@example([Described("a", "a", fallback="\\ud83d\\ude00")])
def test_yaml_comes_back_the_same(rows: list[Described]) -> None:
    text = as_yaml(rows)
    assert read("matrix.yaml", text.encode()).rows == rows
    others = yaml.safe_load(text)["processes"]
    assert [one["name"] for one in others] == [process.name for process in rows], "as any other program reads it"


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    of_processes(1),
    st.sampled_from(["utf-8-sig", "utf-16", "utf-16-le"]),
    st.sampled_from(",;\t"),
    st.sampled_from(["\r\n", "\n", "\r"]),
)
def test_a_table_saved_by_another_program_is_the_same(rows: list[Described], encoding: str, delimiter: str, end: str) -> None:
    cells = list(csv.reader(io.StringIO(as_csv(rows)[1:], newline="")))
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(cells)
    assert read("Matrix (2).CSV", out.getvalue().encode(encoding)).rows == rows


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(matrices)
def test_json_comes_back_the_same(rows: list[Described]) -> None:
    data = yaml.safe_load(as_yaml(rows))
    for ascii_only in (True, False):
        assert read("matrix.json", json.dumps(data, ensure_ascii=ascii_only, indent="\t").encode()).rows == rows


SAMPLES = [as_csv([ROSTER, MEALS]).encode(), as_yaml([ROSTER, MEALS]).encode(), as_csv([ROSTER]).encode("utf-16")]
NAMES = st.sampled_from(["m.csv", "m.tsv", "m.yaml", "m.json", "m.txt", "", "."])
PIECES = [b"\0", b'"', b"'", b"\n", b",", b";", b"|", b"&a ", b"*a", b"!!python/object:x ", b"[", b"{", b"- ", b": ", b"? ", b"\xff",
          b"\xfe", b"---\n", b"...\n", b"%YAML 1.9\n", b"<<: ", b"|\n", b">\n", b"\t", b"\\ud83d", b"\xef\xbb\xbf",
          b"processes:\n", b"Process"]  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A good file in which something was put, or taken away."""
    data = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        cut = draw(st.sampled_from([0, 0, 1, 2, 7, 40]))
        data = data[:at] + draw(st.sampled_from(PIECES) | st.binary(max_size=3)) + data[at + cut :]
    return data


def outcome(name: str, data: bytes) -> Read | list[str]:
    try:
        return read(name, data)
    except BadFile as refused:
        return refused.problems


def survives(name: str, data: bytes) -> None:
    found = outcome(name, data)
    if isinstance(found, list):
        assert 1 <= len(found) <= files.MOST_PROBLEMS
        assert [told for told in found if not told or len(told) > 600 or told[-1] not in ".)"] == []
    else:
        assert all(process == tidy(process) and process.name and process.slug for process in found.rows)
        assert read("m.csv", as_csv(found.rows).encode()).rows == found.rows
        assert read("m.yaml", as_yaml(found.rows).encode()).rows == found.rows


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NAMES, spoilt())
def test_a_spoilt_file_is_refused_in_words_or_read(name: str, data: bytes) -> None:
    survives(name, data)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    NAMES, st.binary(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join) | st.text(max_size=80).map(str.encode)
)
def test_any_bytes_are_refused_in_words_or_read(name: str, data: bytes) -> None:
    survives(name, data)


MB = BIGGEST
BOMBS = {
    "lists in lists": b"[" * MB, "mappings in mappings": b"{" * MB, "dashes": b"- " * (MB // 2),
    "items": b"[" + b"a," * (MB // 2 - 2) + b"]",
    "keys": b"? " * (MB // 2), "lines": b"- a\n" * (MB // 4), "quotes": b'"' * MB, "tags": b"!" * MB, "pairs": b"{" + b"\\" * (MB - 1),
    "a block": b"a: |\n" + b" x\n" * (MB // 3 - 4), "a column": b"Process," * (MB // 8), "empty lines": b"Process\n" + b"\n" * (MB - 8),
    "commas": b"Process\n" + b"," * (MB - 8), "apostrophes": b"Process\n" + b"'" * 131_000, "one cell": b"Process\n" + b'"' * (MB - 8),
    "stages": b'Process,Stages\nx,"' + b"|\n" * 60_000 + b'"', "twice": b"Process\n" + b"a\n" * 500_000,
}  # fmt: skip


@pytest.mark.parametrize("what", BOMBS)
def test_a_file_made_to_take_long_does_not(what: str) -> None:
    for name in ("m.yaml", "m.csv"):
        began = time.process_time()
        outcome(name, BOMBS[what])
        assert time.process_time() - began < 20, name


def test_billion_laughs_are_refused_at_the_first() -> None:
    laughs = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert in_yaml(laughs) == "Line 1: names and references (& and *) are not read. Please write it out."


# --- a table ----------------------------------------------------------------------------------------------------------


def test_a_table_opens_well_in_a_spreadsheet() -> None:
    text = as_csv([replace(ROSTER, name="=HYPERLINK(1)")])
    assert text.startswith("\ufeffProcess,Short name,Source,Targets,When,")
    [heads, cells] = csv.reader(io.StringIO(text[1:], newline=""))
    told = dict(zip(heads, cells, strict=True))
    assert told["Process"] == "'=HYPERLINK(1)"
    assert told["Targets"] == "Clever; Canvas"
    assert told["By hand meanwhile"] == "'- Call the school\n- Write it down"
    assert told["Stages"] == "Leaves PowerSchool | Registrar | PowerSchool\nArrives"
    assert told["Feeds"] == "Nightly | daily by 6 AM | 30\nHourly | every 60 minutes | 15"


def test_a_table_speaks_of_its_columns_only() -> None:
    found = read("m.csv", table("primary OWNER; process ;", "Registrar;Roster sync;", ";;", ";Meals"))
    assert found.named == {"name", "primary"}
    assert found.rows == [Described("roster-sync", "Roster sync", primary="Registrar"), Described("meals", "Meals")]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("m.csv", "Process,When\r\nÉcole,“soon”…\r\n".encode("cp1252")),
        ("m.csv", "\ufeffProcess,When\r\nÉcole,“soon”…\r\n".encode()),
        ("m.csv", "\ufeff\ufeffProcess,When\r\nÉcole,“soon”…\r\n".encode()),
        ("m.csv", "Process\tWhen\r\nÉcole\t“soon”…\r\n".encode("utf-16")),
        ("m.tsv", "Process\tWhen\nÉcole\t“soon”…".encode("utf-16-be")),
        ("m.csv", "sep=;\r\nProcess;When\r\nÉcole;“soon”…\r\n".encode()),
        ("m.csv", 'Process, "When"\rÉcole, "“soon”…"\r'.encode()),
        ("m.txt", '"Process";"When"\n\n\nÉcole;"  “soon”…\n"\n'.encode()),
        ("m", "- {name: École, trigger: “soon”…}".encode()),
        ("m.txt", "processes:\n- name: École\n  trigger: “soon”…\n".encode("cp1252")),
        ("m.yml", "processes:\n- name: École\n  trigger: >\n   “soon”…\n".encode("utf-16")),
        ("m.JSON", b'{"processes": [{"name": "\\u00c9cole", "trigger": "\\u201csoon\\u201d\\u2026", "source": null}]}'),
    ],
)
def test_what_others_write_is_understood(name: str, data: bytes) -> None:
    assert read(name, data).rows == [Described("ecole", "École", trigger="“soon”…")]


def test_lists_in_a_cell() -> None:
    assert row("Targets", "Clever;  Canvas\r\n\nA\\; B;clever").targets == ("Clever", "Canvas", "A; B")
    legs = row("Stages", " Leaves |Registrar\n\nArrives | | Clever |\nA \\| B").stages
    assert legs == (Leg("Leaves", "Registrar"), Leg("Arrives", "", "Clever"), Leg("A | B"))
    watched = row("Feeds", "A | daily\nB|daily|\nC|daily|20 min").feeds
    assert watched == (Watched("A", "daily"), Watched("B", "daily", GRACE), Watched("C", "daily", 20))


def test_a_cell_of_text() -> None:
    assert row("When", "  two \t words\nand\u2028more ").trigger == "two words and more"
    assert row("By hand meanwhile", "\n a  b \r\n\r\n\r\nc\n").fallback == "a b\n\nc"
    assert row("When", "'=1+1").trigger == "=1+1"
    assert row("When", "''=1").trigger == "'=1"
    assert row("When", "'til noon").trigger == "'til noon"
    assert row("Short name", "My-own_1").slug == "My-own_1"


@pytest.mark.parametrize("said", ["travel", "Travel ", "getting to school and HOME"])
def test_what_suffers_first_is_said_in_a_word_or_as_pages_say_it(said: str) -> None:
    assert row("Suffers first", said).path == "travel"
    with override("es"):
        assert row("Suffers first", said).path == "travel"
        assert row("Suffers first", str(Path.TRAVEL.label)).path == "travel"


@pytest.mark.parametrize(
    ("head", "cell", "told"),
    [
        ("When", "a\0b", "a character in it cannot be read (U+0000)"),
        ("When", "a\x1b[1m", "a character in it cannot be read (U+001B)"),
        ("When", "x" * 301, "301 characters are too many, 300 can be kept"),
        ("By hand meanwhile", "x" * 10_001, "10001 characters are too many, 10000 can be kept"),
        ("Short name", "my name", "“my name” can hold letters from a to z, digits, - and _ only"),
        ("Suffers first", "Fun", "“Fun” is none of these: safety, travel, records, teaching, care, staff"),
        ("Targets", "x" * 201, "201 characters are too many, 200 can be kept"),
        ("Targets", ";".join(map(str, range(21))), "21 are too many, 20 can be kept"),
        ("Services", ";".join(map(str, range(31))), "31 are too many, 30 can be kept"),
        ("Stages", "\n".join(map(str, range(31))), "31 are too many, 30 can be kept"),
        ("Feeds", "\n".join(f"{n} | daily" for n in range(31)), "31 are too many, 30 can be kept"),
        ("Stages", "A | B | C | D", "“A | B | C | D” has too many parts, they are: name | role | system"),
        ("Stages", "| Registrar", "a stage needs a name"),
        ("Stages", "A | " + "x" * 201, "201 characters are too many, 200 can be kept"),
        ("Feeds", "| daily", "a feed needs a name"),
        ("Feeds", "Nightly", "“Nightly” has no terms: please say when it must run"),
        ("Feeds", "Nightly | " + "x" * 301, "301 characters are too many, 300 can be kept"),
        ("Feeds", "A | daily\na | hourly", "“a” is there twice"),
        ("Feeds", "A | daily | soon", "“soon” is no grace: a whole number of minutes, from 0 to 10080"),
        ("Feeds", "A | daily | -5", "“-5” is no grace: a whole number of minutes, from 0 to 10080"),
        ("Feeds", "A | daily | 10081", "“10081” is no grace: a whole number of minutes, from 0 to 10080"),
    ],
)
def test_each_wrong_cell_is_told_with_line_and_column(head: str, cell: str, told: str) -> None:
    assert wrong(head, cell) == [f"Line 2, “{head}”: {told}."]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf \r\n", "The file is empty."),
        (b",,\r\n,", "The file is empty."),
        (b"x" * (BIGGEST + 1), "The file is too big: 1 MB can be read."),
        (b"PK\x03\x04rest", "This is a workbook. Save it as “CSV UTF-8” in your spreadsheet, and give us that file."),
        (b"Process\n\x81\x8d", "The letters of this file cannot be read. Save it as “CSV UTF-8”, or as UTF-8."),
        (b"\xff\xfea\0b", "The letters of this file cannot be read. Save it as “CSV UTF-8”, or as UTF-8."),
        (b"a,b\n1,2", f"The first line must name the columns. They are: {', '.join(HEADS.values())}."),
        (b"Source\nA", "Line 1, “Process”: this column is missing."),
        (b"Process,process\nA,B", "Line 1, “Process”: this column is there twice."),
        (b"Process,Owner\nA,B", f"Line 1, “Owner”: there is no such column. There are: {', '.join(HEADS.values())}."),
        (b"Process,,When\nA,x,B", "Line 2 has a cell under no column's name."),
        (b"Process\nA\nB,x", "Line 3 has a cell under no column's name."),
        (b"Process,When\n,now", "Line 2, “Process”: a process needs a name."),
        (b"Process\n\n\n" + "学校".encode(), "Line 4, “Short name”: none can be made from the name “学校”: please give one."),
        (b'Process,When\nA,"b\nc"\nA,d', "Line 3, “Process”: “A” is that of line 2, too."),
        (b"Process,Short name\nA,x\nB,x", "Line 3, “Short name”: “x” is that of line 2, too."),
        (b'Process,When\nA,"b\nB,c', "Line 2 cannot be read as CSV: is a quotation mark alone? (unexpected end of data)"),
        (b"Process\n" + b"\n".join(b"%d" % n for n in range(1001)), "There are more than 1000 processes in it."),
    ],
)
def test_a_table_that_is_none_is_told_in_words(data: bytes, told: str) -> None:
    assert problem(data) == told


def test_empty_columns_and_a_thousand_processes_are_no_problem() -> None:
    assert read("m.csv", b"Process,,\nA,, \nB,").rows == [Described("a", "A"), Described("b", "B")]
    assert len(read("m.csv", b"Process\n" + b"\n".join(b"%d" % n for n in range(1000))).rows) == 1000


def test_everything_wrong_is_told_at_once_but_fifty_things_at_most() -> None:
    assert problems(b"Process,Suffers first,Feeds\nA,fun,B\n,,C|daily|x") == [
        "Line 2, “Suffers first”: “fun” is none of these: safety, travel, records, teaching, care, staff.",
        "Line 2, “Feeds”: “B” has no terms: please say when it must run.",
        "Line 3, “Process”: a process needs a name.",
        "Line 3, “Feeds”: “x” is no grace: a whole number of minutes, from 0 to 10080.",
    ]
    assert len(problems(b"Process,When\n" + b",x\n" * 60)) == 50
    assert len(problems(b"Process," + b"x," * 60)) == 50
    assert len(problems(b"- x\n" * 60, "m.yaml")) == 50


# --- YAML -------------------------------------------------------------------------------------------------------------


def test_yaml_is_written_for_people() -> None:
    rows = [replace(ROSTER, name="École 😀", promise="4:30", terms="no", targets=("=A",)), MEALS]
    assert (
        as_yaml(rows)
        == """\
processes:
  - slug: roster-sync
    name: École 😀
    source: PowerSchool
    targets:
      - =A
    trigger: A student is enrolled
    primary: Registrar
    secondary: Data manager
    promise: '4:30'
    promise_text: |-
      Within four hours.

      Sooner in August.
    terms: 'no'
    ladder: roster-sync
    fallback: |-
      - Call the school
      - Write it down
    baseline: 6 hours
    path: records
    services:
      - accounts
    stages:
      - name: Leaves PowerSchool
        role: Registrar
        system: PowerSchool
      - name: Arrives
    feeds:
      - name: Nightly
        terms: daily by 6 AM
        grace: 30
      - name: Hourly
        terms: every 60 minutes
        grace: 15
  - slug: meals
    name: Meals
    path: care
"""
    )


def test_the_same_word_twice_is_no_alias() -> None:
    same = ("A B", "C")
    text = as_yaml([Described("a", "A", targets=same, services=same, stages=(Leg("x"), Leg("x")))])
    assert "&" not in text
    assert "*" not in text


def test_what_is_written_plainly_is_taken_as_it_stands() -> None:
    found = read(
        "m.yaml", b"- {name: 12, trigger: 4:30, promise: no, terms: 2026-08-15, source: ~, baseline: '~', feeds: , primary: null}"
    )
    assert found.rows == [Described("12", "12", trigger="4:30", promise="no", terms="2026-08-15", baseline="~")]
    assert found.named == {"name", "trigger", "promise", "terms", "source", "baseline", "feeds", "primary"}


def test_yaml_speaks_of_the_keys_that_any_process_has() -> None:
    found = read("m.yaml", b"processes:\n- name: A\n  terms: daily\n- {name: B, fallback: }\n")
    assert found.named == {"name", "terms", "fallback"}
    assert read("m.yaml", b"processes: []") == Read([], frozenset())
    assert read("m.yaml", b"processes:") == Read([], frozenset())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "Line 1 cannot be read as YAML: did not find expected node content."),
        ("# é\n- name: é\n- name: a\x07", "Line 3 cannot be read as YAML: control characters are not allowed."),
        ("# nothing", "The file must hold a list of processes, under the key “processes”."),
        ("rows: []", "The file must hold a list of processes, under the key “processes”."),
        ("processes: []\nroles: []", "Line 1, “roles”: there is no such key here, only “processes”."),
        ("processes: A", "Line 1, “processes”: the text “A” stands where there must be a list."),
        ("- name: A\n---\n- name: B", "Line 3 begins another document: there must be one."),
        ("- name: &n A\n", "Line 1: names and references (& and *) are not read. Please write it out."),
        ("-\n  name: A\n  source: *n\n", "Line 3: names and references (& and *) are not read. Please write it out."),
        ("- &n {name: A}", "Line 1: names and references (& and *) are not read. Please write it out."),
        ("- name: !!int 3", "Line 1: types (!) are not read. Please leave “tag:yaml.org,2002:int” out."),
        (
            "- !!python/object/apply:os.system [ls]",
            "Line 1: types (!) are not read. Please leave “tag:yaml.org,2002:python/object/apply:os.system” out.",
        ),
        ("- name: A\n  terms: b\n  name: C", "Line 3: “name” is there twice."),
        ("- name: A\n  stages: [{name: b, name: c}]", "Line 2: “name” is there twice."),
        ("- [name]: A", "Line 1: a key must be a text."),
        ("- name: A\n  stages: [[[[[[[x]]]]]]]", "Line 2: too many lists and mappings are within one another."),
        ("- name: A\n  stages: [b]", "Line 2, “stages”: the text “b” stands where there must be keys with their values."),
        ("- A", "Line 1, “processes”: the text “A” stands where there must be keys with their values."),
        ("- name: A\n  source: [B]", "Line 2, “source”: a list stands where there must be a text."),
        ("- name: A\n  source: {b: c}", "Line 2, “source”: keys with their values stands where there must be a text."),
        ("- name: A\n  targets: B", "Line 2, “targets”: the text “B” stands where there must be a list."),
        ("- name: A\n  targets:\n  - [B]", "Line 3, “targets”: a list stands where there must be a text."),
        ("- name: A\n  owner: B", f"Line 2, “owner”: there is no such key. There are: {', '.join(files.KEYS)}."),
        ("- name: A\n  stages: [{name: b, team: c}]", "Line 2, “team”: there is no such key. There are: name, role, system."),
        ("- name: A\n  feeds: [{name: b, terms: c, grace: [1]}]", "Line 2, “grace”: a list stands where there must be a text."),
        (
            "- name: A\n  trigger: b\n  feeds:\n  - {name: b, terms: c, grace: 1.5}",
            "Line 4, “feeds”: “1.5” is no grace: a whole number of minutes, from 0 to 10080.",
        ),
        ('- name: A\n  trigger: "a\\0"', "Line 2, “trigger”: a character in it cannot be read (U+0000)."),
        ("- name: A\n- name: B\n- name: A", "Line 3, “name”: “A” is that of line 1, too."),
        ("- slug: a", "Line 1, “name”: a process needs a name."),
    ],
)
def test_each_thing_wrong_in_yaml_is_told_with_its_line(text: str, told: str) -> None:
    assert in_yaml(text) == told


def test_a_yaml_file_of_too_many_things_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "MOST_NODES", 10)
    assert in_yaml("- name: A\n" * 6) == "Line 4: the file says more than can be read."


def longest(model: type[Model], name: str) -> int | None:
    found = model._meta.get_field(name)
    assert isinstance(found, Field)
    return found.max_length


def test_lengths_are_those_of_the_tables() -> None:
    for name in ("slug", "name", "trigger", "promise", "terms", "baseline"):
        assert LONGEST[name] == longest(Process, name)
    named = [longest(model, "name") for model in (System, OwnerRole, Stage, Feed)]
    assert {*named, LONGEST["source"], LONGEST["primary"], LONGEST["secondary"]} == {ITEM}
    assert LONGEST["terms"] == longest(Feed, "terms")
    assert set(HEADS) == set(LONGEST) | set(MOST) == set(LABELS) | {"slug"}
    assert {name: str(label) for name, label in LABELS.items()} == {name: head for name, head in HEADS.items() if name != "slug"}


# --- differences ------------------------------------------------------------------------------------------------------


def test_what_was_just_written_makes_no_difference() -> None:
    for name, text in (("m.csv", as_csv([ROSTER, MEALS])), ("m.yaml", as_yaml([ROSTER, MEALS]))):
        found = compare([MEALS, ROSTER], read(name, text.encode()))
        assert [(one.described, one.kind, one.changes) for one in found] == [(ROSTER, "same", []), (MEALS, "same", [])]


def test_changes_are_told_in_words_and_only_of_what_the_file_names() -> None:
    after = Read([replace(ROSTER, path="care", targets=("Canvas",), feeds=ROSTER.feeds[:1], terms="", trigger="x", name="Rosters")],
                 frozenset({"name", "path", "targets", "feeds", "terms", "stages"}))  # fmt: skip
    [found] = compare([ROSTER], after)
    assert found.kind == "changed"
    assert [(one.field, str(one.label), one.before, one.after) for one in found.changes] == [
        ("name", "Process", "Roster sync", "Rosters"),
        ("targets", "Targets", "Clever\nCanvas", "Canvas"),
        ("terms", "Terms", "within 4 h", ""),
        ("path", "Suffers first", "Enrollment and records", "Meals and health"),
        (
            "feeds",
            "Feeds",
            "Nightly · daily by 6 AM · 30 min of grace\nHourly · every 60 minutes · 15 min of grace",
            "Nightly · daily by 6 AM · 30 min of grace",
        ),
    ]
    assert found.described == replace(after.rows[0], trigger=ROSTER.trigger), "what the file does not name stays"


def test_a_new_process_is_told_with_all_that_it_brings() -> None:
    [found] = compare(
        [ROSTER], Read([Described("bus", "Bus", stages=(Leg("A", "Driver"), Leg("B")), trigger="x")], frozenset({"name", "stages"}))
    )
    assert found.kind == "new"
    assert [(one.field, one.before, one.after) for one in found.changes] == [("name", "", "Bus"), ("stages", "", "A · Driver\nB")]


def test_processes_the_file_does_not_speak_of_are_left_out_and_no_difference() -> None:
    after = Read([MEALS], frozenset({"name"}))
    assert [one.kind for one in compare([ROSTER, MEALS], after)] == ["same"]
    assert left_out([ROSTER, MEALS], after) == [ROSTER]
    assert left_out([], after) == []


def test_a_process_is_found_by_its_name_where_the_file_gives_no_short_name() -> None:
    kept = replace(MEALS, slug="lunch")
    after = read("m.csv", b"Process,When\nMEALS,noon")
    [found] = compare([ROSTER, kept], after)
    assert (found.kind, found.described.slug, [one.field for one in found.changes]) == ("changed", "lunch", ["name", "trigger"])
    assert left_out([ROSTER, kept], after) == [ROSTER]
    assert [one.kind for one in compare([kept, replace(kept, slug="lunch-2")], after)] == ["new"], "two are called so: which?"
    own = read("m.csv", b"Process,Short name\nMeals,dinner")
    assert [one.kind for one in compare([kept], own)] == ["new"], "it says that it is another"


def test_white_space_order_of_feeds_and_case_of_names_make_no_difference() -> None:
    kept = replace(ROSTER, fallback="- Call  the school\r\n- Write it down\r\n", feeds=ROSTER.feeds[::-1],
                   primary="REGISTRAR", targets=("clever", "canvas"),
                   stages=(Leg("Leaves PowerSchool", "registrar", "Powerschool"), Leg("Arrives")))  # fmt: skip
    assert changes_of(kept, ROSTER, set(LABELS)) == []
    assert [one.field for one in changes_of(replace(kept, stages=kept.stages[::-1]), ROSTER, set(LABELS))] == ["stages"]


def test_a_change_is_said_in_the_language_in_which_it_is_asked() -> None:
    with override("es"):
        [change] = changes_of(ROSTER, replace(ROSTER, path="care"), {"path"})
    assert (change.label, change.after) == ("Lo primero que se resiente", "Comidas y salud")


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(matrices, matrices)
def test_once_the_file_is_taken_nothing_differs(before: list[Described], after: list[Described]) -> None:
    told = Read(after, frozenset(LABELS))
    found = compare(before, told)
    assert [one.kind for one in compare([one.described for one in found], Read([one.described for one in found], told.named))] == [
        "same"
    ] * len(found)
    assert len(left_out(before, told)) == len(before) - sum(one.kind != "new" for one in found)


def test_short_names_are_derived() -> None:
    assert [derived_slug(name) for name in ("École du Nord!", "学校", "-", "x" * 150)] == ["ecole-du-nord", "", "", "x" * 100]
