"""Files that people send: told by their bytes, kept without the place they were taken at, refused in words."""

import contextlib
import hashlib
import io
import os
import struct
import time
import tracemalloc
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from districts.scope import district_scope
from tests.conftest import NOW, Cast, a_ticket, visitor
from tickets import actions as tickets
from tickets import darkroom, documents, files, pictures
from tickets.actions import NewFile
from tickets.files import Refused, plain_name, store
from tickets.models import Attachment, Message

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>38,34.9N</exif:GPSLatitude></x:xmpmeta>'
_RECORD = b"\x1c\x02\x5a\x00\x0bSpringfield"  # IPTC-IIM 2:90, the city
_PHOTOSHOP = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(_RECORD)) + _RECORD
IPTC = b"\xff\xed" + struct.pack(">H", len(_PHOTOSHOP) + 2) + _PHOTOSHOP
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
    with Image.open(io.BytesIO(kept_bytes(shelf, store("a.jpg", photo((3900, 1000)))))) as again:
        assert again.size == (3072, 788)


def test_a_moving_picture_keeps_moving(here: Cast, shelf: Path) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=50, comment=b"secret")
    kept = kept_bytes(shelf, store("a.gif", out.getvalue()))
    with Image.open(io.BytesIO(kept)) as again:
        assert again.n_frames == 3  # type: ignore[attr-defined]
    assert b"secret" not in kept


def of_a_phone(size: tuple[int, int] = (64, 32), *, turned: int = 6) -> bytes:
    """HEIC as an iPhone writes it: its place in EXIF and in XMP."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = turned, "SecretPhone"
    exif.get_ifd(0x8825).update(GPS)
    out = io.BytesIO()
    heif = pillow_heif.from_pillow(Image.new("RGB", size, "red"))
    heif.save(out, exif=exif.tobytes(), xmp=XMP, quality=60)
    return out.getvalue()


def test_a_heic_photo_becomes_a_jpeg_without_its_place(here: Cast, shelf: Path) -> None:
    data = of_a_phone()
    assert b"SecretPhone" in data
    assert b"GPSLatitude" in data
    file = store("IMG_2.HEIC", data)
    kept = kept_bytes(shelf, file)
    assert (file.name, file.content_type) == ("IMG_2.jpg", "image/jpeg")
    with Image.open(io.BytesIO(kept)) as again:
        assert (again.format, dict(again.getexif())) == ("JPEG", {})
        assert again.size in {(32, 64), (64, 32)}  # turned by its reader, or by its own transformation
        red, green, _blue = again.convert("RGB").getpixel((5, 5))  # type: ignore[misc]
        assert red > 200 > 60 > green
    assert not any(word in kept for word in (b"SecretPhone", b"GPSLatitude", b"Exif"))


def test_a_heic_photo_is_known_by_its_bytes_and_a_broken_one_is_refused(here: Cast) -> None:
    data = of_a_phone((400, 300))
    assert store("photo.jpg", data).content_type == "image/jpeg"
    for broken in (data[: len(data) // 2], data[:40], b"\0\0\0\x18ftypheic" + b"\0" * 500):
        with pytest.raises(Refused, match="damaged"):
            store("IMG_3.HEIC", broken)


def test_a_decoder_that_is_brought_down_brings_down_nothing_else(here: Cast, monkeypatch: Any) -> None:
    """By whatever signal: the person is told that the picture is damaged."""
    monkeypatch.setattr("sys.executable", "/bin/false")
    with pytest.raises(Refused, match="damaged"):
        store("IMG_4.HEIC", of_a_phone())


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_else_tells_of_the_place_is_gone_too(here: Cast, shelf: Path, form: str) -> None:
    """XMP, IPTC (where a camera's program writes the city), comments, and the small picture within the picture."""
    small = io.BytesIO()
    Image.new("RGB", (16, 16), "blue").save(small, "JPEG")
    exif = Image.Exif()
    exif.get_ifd(0x8825).update(GPS)
    more: dict[str, Any] = {"exif": exif}
    if form == "JPEG":
        more |= {"xmp": XMP, "comment": b"taken at 12 Oak Street", "extra": IPTC}
    elif form == "PNG":
        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP.decode())
        info.add_text("Comment", "taken at 12 Oak Street")
        more["pnginfo"] = info
    else:
        more["xmp"] = XMP
    out = io.BytesIO()
    Image.new("RGB", (64, 32), "red").save(out, form, **more)
    assert b"GPSLatitude" in out.getvalue()
    kept = kept_bytes(shelf, store("a.jpg", out.getvalue()))
    assert not any(word in kept for word in (b"GPSLatitude", b"Oak Street", b"Springfield", b"Exif", b"Photoshop"))


@pytest.mark.parametrize(
    ("given_name", "data", "kept"),
    [
        ("IMG_1.heif", "heic", "IMG_1.jpg"), ("notes", "pdf", "notes.pdf"), ("invoice.exe", "pdf", "invoice.exe.pdf"),
        ("Scan.PDF", "pdf", "Scan.PDF"), ("photo.png", "heic", "photo.jpg"), ("letter.v2", "pdf", "letter.v2.pdf"),
    ],
)  # fmt: skip
def test_a_file_is_called_what_it_is(here: Cast, given_name: str, data: str, kept: str) -> None:
    assert store(given_name, of_a_phone() if data == "heic" else b"%PDF-1.7\n...").name == kept


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
            with contextlib.suppress(Refused):
                documents.kind_of(name, io.BytesIO(whole))
        elif pictures.FORMS[kind] not in darkroom.CHILD_ONLY:
            with contextlib.suppress(Refused):
                pictures.made_anew(io.BytesIO(whole), kind)


# --- memory -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "head"),
    [("a.pdf", b"%PDF-1.7\n"), ("a.csv", b"name;room\n"),
     ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "WordDocument".encode("utf-16-le"))],
)  # fmt: skip
def test_25_mb_are_never_in_memory_as_a_whole(here: Cast, tmp_path: Path, name: str, head: bytes) -> None:
    sent = tmp_path / "sent"
    with sent.open("wb") as out:
        out.write(head)
        for _ in range(24):
            out.write(b"x" * 1024 * 1024)
    tracemalloc.start()
    with sent.open("rb") as given:
        file = store(name, given)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert file.size == len(head) + 24 * 1024 * 1024
    assert peak < 6 * 1024 * 1024


def test_a_camera_s_photo_is_developed_by_a_program_of_its_own(here: Cast, shelf: Path, monkeypatch: Any) -> None:
    """12 megapixels take 100 MB for a moment: not from a server that others wait for."""
    monkeypatch.setattr(darkroom, "_still", lambda *_: pytest.fail("here"))
    out = io.BytesIO()
    Image.effect_noise((4032, 3024), 40).convert("RGB").save(out, "JPEG", quality=70)
    with Image.open(io.BytesIO(kept_bytes(shelf, store("a.jpg", out.getvalue())))) as again:
        assert again.size == (3072, 2304)


def test_a_zip_with_a_list_without_end_is_refused_unread(here: Cast) -> None:
    data = packed("[Content_Types].xml", "word/document.xml")
    at = data.rfind(b"PK\x05\x06") + 12
    with pytest.raises(Refused):
        store("a.docx", data[:at] + struct.pack("<I", 3_000_000) + data[at + 4 :])


def test_office_files_with_macros_are_refused_by_name(here: Cast) -> None:
    with pytest.raises(Refused, match="macros"):
        store("a.docm", packed("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"RIFF\0\0\0\0WAVEfmt ", "audio/wav"), (b"ID3\x04" + b"\0" * 20, "audio/mpeg"),
        (b"\xff\xfb\x90\x00" + b"\0" * 20, "audio/mpeg"),
        (b"\0\0\0\x20ftypM4A \0", "audio/mp4"), (b"OggS" + b"\0" * 20, "audio/ogg"), (b"#!AMR\n\0", "audio/amr"),
    ],
)  # fmt: skip
def test_recordings_are_taken(here: Cast, data: bytes, kind: str) -> None:
    assert store("voicemail", data).content_type == kind


# --- links --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(here: Cast) -> Attachment:
    words = tickets.Words(
        text="see", files=[store("form.pdf", b"%PDF-1.7 /OpenAction << /S /JavaScript >>"), store("stop.jpg", photo())]
    )
    tickets.requester_wrote(a_ticket(here), author=here.pat, channel="web", words=words, now=NOW)
    found: Attachment = Attachment.objects.get(name="form.pdf")
    return found


def test_a_link_opens_a_file_for_ten_minutes(here: Cast, sent: Attachment) -> None:
    browser = visitor(here.district)
    with time_machine.travel(NOW, tick=False) as clock:
        link = files.link_to(sent)
        assert browser.get(link).content.startswith(b"%PDF")
        clock.shift(timedelta(minutes=9))
        assert browser.get(link).status_code == 200
        clock.shift(timedelta(minutes=2))
        over = browser.get(link)
    assert over.status_code == 410
    assert "works for ten minutes" in over.content.decode()
    assert b"%PDF" not in over.content


def test_a_pdf_that_runs_something_is_only_saved(here: Cast, sent: Attachment) -> None:
    answer = visitor(here.district).get(files.link_to(sent))
    assert answer["Content-Disposition"] == 'attachment; filename="form.pdf"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Referrer-Policy"] == "no-referrer"


def test_a_link_is_of_one_file_and_one_district(here: Cast, oak: Cast, sent: Attachment) -> None:
    link = files.link_to(sent)
    other = Attachment.objects.get(name="stop.jpg")
    forged = link.replace(sent.id.hex, other.id.hex)
    assert forged != link
    assert visitor(here.district).get(forged).status_code == 404
    assert visitor(here.district).get("/files/nothing").status_code == 404
    assert visitor(oak.district).get(link).status_code == 404
    with district_scope(oak.district.id):
        theirs = files._signer(oak.district.id).sign(sent.id.hex)
    assert visitor(oak.district).get(f"/files/{theirs}").status_code == 404


def test_no_file_is_where_the_web_server_looks(settings: Any) -> None:
    """In a folder of its own, which no route serves but by a signed link."""
    for served in (settings.STATIC_ROOT, *settings.STATICFILES_DIRS):
        assert not Path(settings.ROOT / "var" / "media").is_relative_to(served)
    assert not getattr(settings, "MEDIA_URL", "") or settings.MEDIA_URL == "/"
