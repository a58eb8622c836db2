"""The matrix from a CSV or YAML file by the command line: as the page of set-up takes it."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ownership.keeping import writing
from ownership.keeping.files import BIGGEST, BadFile, as_csv, as_yaml, read
from ownership.models import Feed, Process, ProcessChange
from tests.conftest import Cast

YAML = """processes:
- name: Rosters
  source: Compass
  terms: daily by 4 PM
  primary: Registrar
  feeds:
  - name: Nightly
    terms: daily by 4 PM
- name: Meals
  fallback: |-
    Call the kitchen.
    Count by hand.
"""


@pytest.fixture
def folder(here: Cast, tmp_path: Path) -> Path:
    return tmp_path


def load(folder: Path, name: str, data: str | bytes, *options: str) -> str:
    file, said = folder / name, StringIO()
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    call_command("load_matrix", str(file), "--district", "cedar", *options, stdout=said)
    return said.getvalue()


def test_a_dry_run_shows_the_differences_and_changes_nothing(folder: Path) -> None:
    said = load(folder, "m.yaml", YAML, "--dry-run")
    assert said.splitlines()[:2] == [
        "2 new, 0 changed, 0 the same, 0 not in the file: they stay", "Rosters: the role Registrar is new, and nobody holds it yet.",
    ]  # fmt: skip
    assert "Meals (new)\n  Process\n    + Meals\n  By hand meanwhile\n    + Call the kitchen.\n    + Count by hand.\n" in said
    assert said.endswith("nothing was changed\n")
    assert not Process.objects.exists()


def test_a_file_is_taken_field_by_field_and_what_it_does_not_speak_of_stays(folder: Path) -> None:
    assert "processes that are as the file has them now: 2" in load(folder, "m.yml", YAML)
    rosters = Process.objects.select_related("source", "primary").get(slug="rosters")
    assert rosters.source
    assert rosters.primary
    assert (rosters.source.name, rosters.primary.name, Feed.objects.get().terms) == ("Compass", "Registrar", "daily by 4 PM")
    assert ProcessChange.objects.get(process=rosters).by is None
    changed = "Process;Terms\nRosters;whenever\n"
    said = load(folder, "m.csv", changed, "--dry-run")
    assert "0 new, 1 changed, 0 the same, 1 not in the file: they stay\nRosters: “whenever” is not understood.\n" in said
    assert "Rosters (changed)\n  Terms\n    - daily by 4 PM\n    + whenever\n" in said
    assert rosters.refresh().terms == "daily by 4 PM"
    load(folder, "M.CSV", changed)
    assert (rosters.refresh().terms, rosters.source.name, Feed.objects.get().active) == ("whenever", "Compass", True)
    assert "“daily by 4 PM” is “whenever” now." in ProcessChange.objects.filter(process=rosters).latest("at").words[0]
    assert "processes that are as the file has them now: 0" in load(folder, "m.csv", changed)


def test_what_the_page_exports_comes_in_the_same(folder: Path) -> None:
    load(folder, "m.yaml", YAML)
    before = writing.everything()
    for name, text in (("m.csv", as_csv(before)), ("m.yaml", as_yaml(before)), ("m.tsv", as_csv(before).replace(",", "\t"))):
        assert "0 new, 0 changed, 2 the same, 0 not in the file" in load(folder, name, text), name
    assert writing.everything() == before


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("m.csv", b"Process,Moon\nX,1\n"), ("m.csv", b'Process,Feeds\nGood,\nX,"A"\n,B | hourly\n'), ("m.yaml", b"- name: [1"),
        ("m.yaml", b"processes:\n- name: A\n- name: A\n  moon: 1\n"), ("m.csv", b""), ("m.csv", b"x" * (BIGGEST + 1)),
        ("m.xlsx", b"PK\x03\x04" + b"0" * 90), ("m.csv", "Process\nA\n".encode("utf-16") + b"\x00"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_as_on_the_page_and_nothing_is_loaded(folder: Path, name: str, data: bytes) -> None:
    with pytest.raises(BadFile) as refused:
        read(name, data[: BIGGEST + 1])
    with pytest.raises(CommandError) as told:
        load(folder, name, data)
    assert str(told.value).splitlines()[1:] == refused.value.problems
    assert not Process.objects.exists()


def test_the_line_of_each_problem_is_named(folder: Path) -> None:
    with pytest.raises(CommandError, match=r"Line 3, “Process”: a process needs a name\.\nLine 4, “Short name”"):
        load(folder, "m.csv", "Process,Short name\nA,\n,b\nC,no blanks\n")


def test_of_such_a_file_nothing_else_can_be_asked(folder: Path) -> None:
    with pytest.raises(CommandError, match="always taken"):
        load(folder, "m.csv", "Process\nA\n", "--take-file")
    with pytest.raises(CommandError, match="No such file"):
        call_command("load_matrix", str(folder / "none.csv"), "--district", "cedar")
    with pytest.raises(CommandError, match="no district"):
        call_command("load_matrix", str(folder / "none.csv"), "--district", "nowhere")
    assert not Process.objects.exists()
