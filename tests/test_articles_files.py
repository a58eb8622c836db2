"""Articles from files: a folder by command, an archive by the page; what comes in a second time, and what must not come in at all."""

import io
import zipfile
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.core.management.base import CommandError

from knowledge.folder import LARGEST, NotAnArticle, read, read_bytes
from knowledge.keeping import archives
from knowledge.keeping.archives import NotAnArchive, files_in
from knowledge.models import Article, ArticleVersion
from tests.conftest import Cast, sign_in, visitor
from tests.test_knowledge_search import BUS, BUS_ES, KEYS, LUNCH

State = ArticleVersion.State


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {"bus.md": BUS, "a-bus-es.md": BUS_ES, "keys.md": KEYS, "lunch.md": LUNCH}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def bring(cast: Cast, folder: Path, *more: str) -> str:
    out = StringIO()
    call_command("articles", str(folder), "--district", cast.district.slug, *more, stdout=out)
    return out.getvalue()


def test_a_folder_comes_in_once_and_then_only_what_changed(here: Cast, folder: Path) -> None:
    assert "4 new, 0 changed, 0 same, 0 refused" in bring(here, folder)
    assert "0 new, 0 changed, 4 same, 0 refused" in bring(here, folder)
    (folder / "lunch.md").write_text(LUNCH.replace("$3.65", "$3.75").replace("[family]", "[family, staff]"))
    told = bring(here, folder)
    assert "changed  meal-prices: " in told
    assert "Text" in told
    assert "For whom" in told
    assert Article.objects.get(slug="meal-prices").shown == 2
    assert Article.objects.get(slug="bus-is-late-es").translation_of == Article.objects.get(slug="bus-is-late")


def test_a_dry_run_writes_nothing(here: Cast, folder: Path) -> None:
    assert "4 new" in bring(here, folder, "--dry-run")
    assert not Article.objects.exists()


def test_as_drafts_they_wait_for_their_owners_and_again_is_nothing(here: Cast, folder: Path) -> None:
    bring(here, folder)
    (folder / "lunch.md").write_text(LUNCH.replace("$3.65", "$3.75"))
    (folder / "new.md").write_text(LUNCH.replace("meal-prices", "other-prices"))
    assert "1 new, 1 changed" in bring(here, folder, "--draft")
    assert "$3.65" in visitor(here.district).get("/help/meal-prices/").content.decode()
    assert visitor(here.district).get("/help/other-prices/").status_code == 404
    assert set(ArticleVersion.objects.filter(state=State.PROPOSED).values_list("article__slug", flat=True)) == {
        "meal-prices", "other-prices",
    }  # fmt: skip
    assert "0 new, 0 changed, 5 same" in bring(here, folder, "--draft")


def test_what_the_district_has_not_is_told_and_what_cannot_be_read_does_not_stop_the_rest(here: Cast, folder: Path) -> None:
    (folder / "odd.md").write_text(KEYS.replace("master-keys", "odd").replace("owner_team: technology", "owner: nobody-here"))
    (folder / "bad.md").write_bytes(b"---\nslug: bad\ntitle: \xff\xfe\n---\nx")
    with pytest.raises(CommandError, match="1 not taken"):
        bring(here, folder)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("articles", str(folder), "--district", here.district.slug, stdout=out)
    assert "bad.md: not UTF-8" in out.getvalue()
    assert "no team nobody-here" in out.getvalue()
    assert Article.objects.count() == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("slug: meal-prices", "slug: a b"), "slug"),
        (("slug: meal-prices", "slug: ../../etc/passwd"), "slug"),
        (("[family]", "[family, robots]"), "robots"),
        (("language: en", "language: klingonish"), "language"),
        (("language: en", "language: en\nreview_by: next year"), "review_by"),
        (("language: en", "language: en\ntranslation_of: meal-prices"), "itself"),
        (
            (
                "**Prices.** A lunch costs $3.65 in middle school. Breakfast is free for every student.",
                "x y " * 10 + "\n\nx y z" * 17_000,
            ),
            "longer",
        ),
        (("**Prices.**", "[" + "x [" * 2000), "paragraph"),
    ],
)
def test_a_file_that_nobody_could_mean_says_what_is_wrong(change: tuple[str, str], said: str) -> None:
    with pytest.raises(NotAnArticle, match=f"f.md.*{said}"):
        read("f.md", LUNCH.replace(*change))


def test_a_file_of_a_megabyte_is_not_even_read() -> None:
    with pytest.raises(NotAnArticle, match="larger"):
        read_bytes("f.md", b"x" * (LARGEST + 1))


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read_bytes("f.md", b"\xef\xbb\xbf" + LUNCH.encode()).slug == "meal-prices"


def test_two_files_of_one_address_are_both_left_out(here: Cast, folder: Path) -> None:
    (folder / "twin.md").write_text(LUNCH)
    with pytest.raises(CommandError):
        bring(here, folder)
    assert not Article.objects.filter(slug="meal-prices").exists()


# --- the archive ------------------------------------------------------------------------------------------------------


def packed(files: dict[str, bytes], **more: Any) -> io.BytesIO:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    kept.seek(0)
    return kept


def send(cast: Cast, content: bytes, **given: Any) -> Any:
    file = SimpleUploadedFile("articles.zip", content)
    return sign_in(cast.ada, cast.district).post("/articles/import", {"archive": file} | given)


def test_an_archive_comes_in_by_the_page_as_proposals_or_at_once(here: Cast) -> None:
    files = {"help/lunch.md": LUNCH.encode(), "help/README.md": b"x", "__MACOSX/._lunch.md": b"x", "help/bad.md": b"no front matter"}
    page = send(here, packed(files).getvalue(), draft="1").content.decode()
    assert "1 article is new or changed" in page
    assert "bad.md: no front matter" in page
    assert ArticleVersion.objects.get().state == State.PROPOSED
    send(here, packed(files).getvalue())
    assert Article.objects.get().published_at is not None
    assert [version.by for version in ArticleVersion.objects.order_by("number")] == [here.ada, here.ada]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"\x00" * 4000, b"not an archive"])
def test_what_is_no_archive_is_refused_in_words(here: Cast, content: bytes) -> None:
    answer = send(here, content)
    assert answer.status_code == 422
    assert not Article.objects.exists()


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed({"a.md": b"0" * 200_000_000})
    assert len(bomb.getvalue()) < 400_000
    (one,) = files_in(bomb)
    assert len(one[1]) == LARGEST + 1
    monkeypatch.setattr(archives, "MOST_UNPACKED", 1_000_000)
    with pytest.raises(NotAnArchive, match="larger than"):
        files_in(packed({f"{n}.md": b"0" * 390_000 for n in range(4)}))


def test_too_many_files_none_at_all_or_names_that_lead_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotAnArchive):
        files_in(packed({f"{n}.md": b"x" for n in range(501)}))
    with pytest.raises(NotAnArchive):
        files_in(packed({"a.txt": b"x"}))
    assert [name for name, _content in files_in(packed({"../../../etc/a.md": b"x", "C:\\temp\\b.md": b"x"}))] == ["a.md", "b.md"]
    monkeypatch.setattr(archives, "MOST_PACKED", 10)
    with pytest.raises(NotAnArchive, match="larger"):
        files_in(packed({"a.md": b"x"}))


def test_a_locked_archive_is_refused() -> None:
    locked = bytearray(packed({"a.md": b"x"}).getvalue())
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(sign) + at] |= 1
    with pytest.raises(NotAnArchive, match="password"):
        files_in(io.BytesIO(bytes(locked)))
