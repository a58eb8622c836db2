"""Files that people send: told by their bytes, kept without the place they were taken at, refused in words."""

import contextlib
import hashlib
import io
import os
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from districts.scope import district_scope
from tests.conftest import Cast, a_ticket
from tickets import documents, files, pictures
from tickets.actions import NewFile
from tickets.files import Refused, plain_name, store
from tickets.models import Attachment, Message

GPS = {1: "N", 2: (38.0, 34.0, 53.5), 3: "W", 4: (121.0, 29.0, 40.1)}


@pytest.fixture(autouse=True)
def shelf(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def photo(size: tuple[int, int] = (64, 32), form: str = "JPEG", *, turned: int = 1, place: bool = True, **more: Any) -> bytes:
    picture = Image.new("RGB", size, "red")
    picture.putpixel((0, 0), (0, 0, 255))
    exif = Image.Exif()
    exif[0x0112] = turned
    exif[0x010F] = "SecretPhone"
    if place:
        exif.get_ifd(0x8825).update(GPS)
    out = io.BytesIO()
    picture.save(out, form, exif=exif, **more)
    return out.getvalue()


def packed(*names: str, content: bytes = b"x") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return out.getvalue()


def kept_bytes(shelf: Path, file: NewFile) -> bytes:
    return (shelf / file.path).read_bytes()


def test_a_file_that_lies_there_already_is_as_new_as_one_that_comes_now(here: Cast, shelf: Path) -> None:
    """Else what nobody refers to yet is taken away while a form is on its way to refer to it."""
    path = shelf / store("list.txt", b"broken chairs: 4").path
    os.utime(path, (0, 0))
    store("again.txt", b"broken chairs: 4")
    assert time.time() - path.stat().st_mtime < 60


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_loses_its_place_and_keeps_its_picture(here: Cast, shelf: Path, form: str) -> None:
    data = photo(form=form)
    assert b"SecretPhone" in data
    file = store("IMG_1.JPG", data)
    kept = kept_bytes(shelf, file)
    with Image.open(io.BytesIO(kept)) as again:
        assert (again.format, again.size, dict(again.getexif())) == (form, (64, 32), {})
    assert b"SecretPhone" not in kept
    assert file.content_type == f"image/{form.lower()}"
    assert (file.size, file.sha256) == (len(kept), hashlib.sha256(kept).hexdigest())


def test_a_photo_is_turned_as_it_was_held(here: Cast, shelf: Path) -> None:
    with Image.open(io.BytesIO(kept_bytes(shelf, store("a.jpg", photo(turned=6))))) as again:
        assert again.size == (32, 64)


def test_a_large_photo_is_made_smaller(here: Cast, shelf: Path) -> None:
    with Image.open(io.BytesIO(kept_bytes(shelf, store("a.jpg", photo((6000, 1000)))))) as again:
        assert again.size == (4096, 683)


def test_a_moving_picture_keeps_moving(here: Cast, shelf: Path) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=50, comment=b"secret")
    kept = kept_bytes(shelf, store("a.gif", out.getvalue()))
    with Image.open(io.BytesIO(kept)) as again:
        assert again.n_frames == 3  # type: ignore[attr-defined]
    assert b"secret" not in kept


def test_a_heic_photo_keeps_all_but_its_place(here: Cast, shelf: Path) -> None:
    exif = photo()
    block = exif[exif.index(b"Exif\0\0") :][:400]
    place = struct.pack(">II", 38, 1)
    assert place in block
    data = struct.pack(">I", 24) + b"ftypheic" + b"\0\0\0\0mif1heic" + block + b"picture" * 100
    file = store("IMG_2.HEIC", data)
    kept = kept_bytes(shelf, file)
    assert file.content_type == "image/heic"
    assert len(kept) == len(data)
    assert place not in kept
    assert kept.endswith(b"picture" * 100)


@pytest.mark.parametrize("cut", [20, 200, 600])
def test_a_damaged_picture_is_refused(here: Cast, cut: int) -> None:
    with pytest.raises(Refused, match="damaged"):
        store("a.jpg", photo((300, 300))[:cut])


def test_a_bomb_is_refused_before_it_unpacks(here: Cast) -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    began = time.process_time()
    with pytest.raises(Refused, match="too many pixels"):
        store("bomb.png", out.getvalue())
    assert time.process_time() - began < 1


def test_a_30_mb_photo_is_refused_with_the_limit_in_words(here: Cast, shelf: Path) -> None:
    with pytest.raises(Refused, match="25 MB"):
        store("huge.jpg", photo() + b"\0" * 30 * 1024 * 1024)
    with pytest.raises(Refused, match="empty"):
        store("empty.jpg", b"")
    assert not list(shelf.iterdir())


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.pdf", b"%PDF-1.7\n...", "application/pdf"),
        ("picture.jpg", b"%PDF-1.7\n...", "application/pdf"),
        (
            "a.docx",
            packed("[Content_Types].xml", "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (
            "a.xlsx",
            packed("[Content_Types].xml", "xl/workbook.xml"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ),
        ("a.odt", packed("mimetype", content=b"application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"), "application/msword"),
        ("list.csv", "name;années\nZoë;3\n".encode("cp1252"), "text/csv"),
        ("notes.txt", "Zoë's notes".encode(), "text/plain"),
        ("trip.ics", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar"),
        ("fw.eml", b"From: a@b.example\r\nSubject: x\r\n\r\n<html><script>", "message/rfc822"),
    ],
)
def test_documents_are_taken(here: Cast, shelf: Path, name: str, data: bytes, kind: str) -> None:
    file = store(name, data)
    assert (file.content_type, kept_bytes(shelf, file)) == (kind, data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdf", b"MZ\x90\0\x03"),
        ("a.jpg", b"\x7fELF\x02\x01\x01\0"),
        ("a.txt", b"#!/bin/sh\nrm -rf /"),
        ("run.bat", b"echo hello"),
        ("a.js", b"alert(1)"),
        ("a.txt", b"<html><body onload=alert(1)>"),
        ("a.csv", b"\xef\xbb\xbf  <!DOCTYPE html><p>"),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
        ("a.jpg", b'<?xml version="1.0"?><svg onload="x"/>'),
        ("a.eml", b"<html><script>alert(1)</script>"),
        ("a.zip", packed("a.txt")),
        ("a.jar", packed("META-INF/MANIFEST.MF")),
        ("a.docm", packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument_VBA_PROJECT".encode("utf-16-le")),
        ("a.msi", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100),
        ("broken.docx", b"PK\x03\x04" + b"\0" * 50),
        ("a.bin", bytes(range(256))),
        ("a.mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 50),
    ],
)
def test_what_could_run_or_is_unknown_is_refused(here: Cast, shelf: Path, name: str, data: bytes) -> None:
    with pytest.raises(Refused):
        store(name, data)
    assert not list(shelf.iterdir())


def test_a_zip_bomb_is_refused(here: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(documents, "MAX_UNPACKED", 1_000_000)
    bomb = packed("[Content_Types].xml", "word/document.xml", content=bytes(600_000))
    assert len(bomb) < 3_000
    with pytest.raises(Refused):
        store("a.docx", bomb)


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Pat\\form.pdf", "form.pdf"),
        ("a\0b\r\nc.pdf", "abc.pdf"),
        ("...hidden", "hidden"),
        ("exe.\u202efdp.exe", "exe.fdp.exe"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("\ud800.txt", "txt"),
    ],
)
def test_names_are_plain(given_name: str, kept: str) -> None:
    assert plain_name(given_name) == kept


def test_no_word_of_the_sender_is_in_a_path_and_the_same_bytes_lie_there_once(here: Cast, shelf: Path) -> None:
    first, second = store("../../evil.txt", b"the same"), store("other.txt", b"the same")
    assert first.path == second.path == f"{here.district.id}/{first.sha256[:2]}/{first.sha256}"
    assert len([path for path in shelf.rglob("*") if path.is_file()]) == 1


def test_each_district_has_its_ownshelf(here: Cast, oak: Cast, shelf: Path) -> None:
    mine = store("a.txt", b"the same")
    with district_scope(oak.district.id):
        theirs = store("a.txt", b"the same")
        ticket = a_ticket(oak)
        message = Message.objects.get(ticket=ticket)
        stolen = Attachment(message=message, name="a", content_type="text/plain", size=1, sha256=mine.sha256, path=mine.path)
        with pytest.raises(ValueError, match="outside"):
            files.read(stolen)
        stolen.path = theirs.path
        assert files.read(stolen) == b"the same"
        stolen.path = f"{oak.district.id}/../{mine.path}"
        with pytest.raises(ValueError, match="outside"):
            files.read(stolen)


@given(st.binary(max_size=3000), st.sampled_from(["a.jpg", "a.txt", "a.docx", "a.heic", ""]))
def test_no_bytes_break_the_sniffing(data: bytes, name: str) -> None:
    for start in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF____WEBP", b"PK\x03\x04", b"\0\0\0\x18ftypheicII*\0"):
        whole = start + data
        kind = pictures.kind_of(whole)
        if not kind:
            documents.kind_of(name, whole)
            continue
        with contextlib.suppress(Refused):
            pictures.without_place(whole, kind)
