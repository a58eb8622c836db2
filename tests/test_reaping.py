"""Files nobody refers to go after a day; texts go where a district texts to, and not to strangers without end."""

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from delivery.models import Delivery
from districts.models import District
from districts.scope import district_scope
from intake.models import Channel, Envelope
from intake.receiving import reaping
from intake.screening import crowds
from intake.standing import forget_standing
from intake.tasks import reap_files
from tests.conftest import Cast, visitor
from tests.test_portal import photo, send, ticket_of
from tickets import files
from tickets.models import Attachment

DAY = 24 * 3600


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    cache.clear()
    return tmp_path


def on_disk(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def age(root: Path, seconds: float = DAY + 60) -> None:
    then = time.time() - seconds
    for name in on_disk(root):
        os.utime(root / name, (then, then))


def rejected(browser: Client, name: str, size: tuple[int, int]) -> Any:
    """A photo, and no way to answer."""
    answer = send(browser, contact="nobody", photos=photo(name, size))
    assert answer.status_code == 422
    return answer


def test_files_of_forms_that_were_not_sent_go_after_a_day(here: Cast, media: Path) -> None:
    browser = visitor(here.district)
    for n in range(3):
        rejected(browser, f"{n}.jpg", (40 + n, 30))
    sent = ticket_of(send(browser, photos=photo("sent.jpg", (90, 30))))
    kept = Attachment.objects.get(message__ticket=sent).path
    assert len(on_disk(media)) == 4
    reap_files()
    assert len(on_disk(media)) == 4, "they are as new as a form that is being filled in"
    age(media)
    assert reap_files() == 3
    assert on_disk(media) == {kept}


def test_a_row_that_was_not_committed_yet_keeps_its_file(here: Cast, media: Path) -> None:
    """Stored again while it lay there unused: the form that is on its way finds it."""
    first = files.store("list.txt", b"broken chairs: 4", district_id=here.district.id)
    age(media)
    again = files.store("list.txt", b"broken chairs: 4", district_id=here.district.id)
    assert (again.path, reaping.reap(here.district.id).files) == (first.path, 0)
    assert on_disk(media) == {first.path}


def test_a_file_that_goes_while_it_is_stored_again_is_written_again(here: Cast, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, real = files.store("list.txt", b"broken chairs: 4", district_id=here.district.id), os.utime

    def utime(path: Any, *given: Any) -> None:
        Path(path).unlink()
        real(path, *given)

    monkeypatch.setattr(os, "utime", utime)
    files.store("list.txt", b"broken chairs: 4", district_id=here.district.id)
    assert (media / kept.path).read_bytes() == b"broken chairs: 4"


def test_a_file_that_was_touched_after_it_was_listed_stays(here: Cast, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = files.store("list.txt", b"broken chairs: 4", district_id=here.district.id)
    age(media)

    def meanwhile() -> Any:
        os.utime(media / kept.path)
        return iter(())

    monkeypatch.setattr(reaping, "_referred_to", meanwhile)
    assert reaping.reap(here.district.id).files == 0
    assert (media / kept.path).exists()


def test_a_file_that_was_touched_as_it_was_taken_away_stays(here: Cast, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a form that stores the same file: it was told that it lies there."""
    kept, real = files.store("list.txt", b"broken chairs: 4", district_id=here.district.id), reaping._is_old
    age(media)
    looks: list[bool] = []

    def looked_at(found: os.stat_result) -> bool:
        looks.append(real(found))
        if len(looks) == 2:  # listed, then found old for the last time
            files.store("list.txt", b"broken chairs: 4", district_id=here.district.id)
        return looks[-1]

    monkeypatch.setattr(reaping, "_is_old", looked_at)
    assert reaping.reap(here.district.id).files == 0
    assert looks[:2] == [True, True]
    assert on_disk(media) == {kept.path}


def test_a_file_that_is_written_again_as_it_was_put_aside_stays(here: Cast, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, real = files.store("list.txt", b"broken chairs: 4", district_id=here.district.id), Path.rename
    age(media)

    def rename(path: Path, target: Path) -> Path:
        moved = real(path, target)
        files.store("list.txt", b"broken chairs: 4", district_id=here.district.id)
        return moved

    monkeypatch.setattr(Path, "rename", rename)
    assert reaping.reap(here.district.id).files == 1
    assert on_disk(media) == {kept.path}


def test_a_half_file_that_becomes_whole_while_it_is_listed_stops_nothing(
    here: Cast, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = media / str(here.district.id) / "ab"
    folder.mkdir(parents=True)
    (folder / ".new-k3j").write_bytes(b"x")
    age(media)
    real = os.scandir

    @contextmanager
    def scandir(where: Any) -> Iterator[Any]:
        with real(where) as entries:
            listed = list(entries)
        if Path(where) == folder:
            (folder / ".new-k3j").rename(folder / ("b" * 64))
        yield listed

    monkeypatch.setattr(os, "scandir", scandir)
    reaped = reaping.reap(here.district.id)
    monkeypatch.undo()
    assert reaped.files == 0
    assert len(on_disk(media)) == 1


def test_one_file_that_cannot_go_stops_no_other(here: Cast, oak: Cast, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = files.store("stuck.txt", b"glue", district_id=here.district.id)
    files.store("list.txt", b"broken chairs: 4", district_id=here.district.id)
    files.store("oak.txt", b"acorns", district_id=oak.district.id)
    age(media)
    real = Path.unlink

    def unlink(path: Path, *given: Any, **more: Any) -> None:
        if stuck.sha256 in path.name:
            raise PermissionError(13, "Permission denied")
        real(path, *given, **more)

    monkeypatch.setattr(Path, "unlink", unlink)
    assert reap_files() == 2
    assert len(on_disk(media)) == 1
    monkeypatch.undo()
    age(media)
    assert reap_files() == 1, "the next run tries again"


def test_one_district_that_fails_stops_no_other(here: Cast, oak: Cast, media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for cast in (here, oak):
        files.store("list.txt", b"broken chairs: 4", district_id=cast.district.id)
    age(media)
    real = reaping._old

    def old(folder: Path) -> Any:
        if folder.name == str(here.district.id):
            raise PermissionError(13, "Permission denied")
        return real(folder)

    monkeypatch.setattr(reaping, "_old", old)
    monkeypatch.setattr(reaping, "shuffled", sorted)
    assert reap_files() == 1
    monkeypatch.setattr(reaping, "shuffled", lambda ids: sorted(ids, reverse=True))
    age(media)
    assert reap_files() == 0
    assert len(on_disk(media)) == 1


def test_words_that_wait_keep_their_files(here: Cast, media: Path) -> None:
    """Of a form whose receiving failed, or that was screened out: an administrator may let it in."""
    source = Channel.objects.create(kind="web", name="Form")
    for n, state in enumerate(["pending", "dead", "screened", "done"]):
        file = files.store(f"{n}.txt", f"chairs: {n}".encode(), district_id=here.district.id)
        raw = json.dumps({"files": [{"path": file.path}]}).encode()
        Envelope.objects.create(source=source, channel="web", external_id=str(n), digest=str(n), raw=raw, state=state)
    Envelope.objects.create(source=source, channel="web", external_id="noise", digest="noise", raw=b"\xff[", state="dead")
    age(media)
    assert reaping.reap(here.district.id).files == 1, "of the one that is done, whose ticket would name it"


def test_what_is_not_ours_is_left_alone(here: Cast, oak: Cast, media: Path) -> None:
    theirs = files.store("oak.txt", b"acorns", district_id=oak.district.id)
    half = media / str(here.district.id) / "ab" / ".new-k3j"
    strange = [media / str(uuid.uuid4()) / "ab" / ("c" * 64), media / str(here.district.id) / "notes.txt", half.parent / "readme"]
    for path in [half, *strange]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    age(media)
    assert reaping.reap(here.district.id).files == 1
    assert not half.exists()
    assert all(path.exists() for path in strange)
    assert (media / theirs.path).exists(), "each district for itself"


def test_a_form_that_carries_a_reaped_file_does_not_name_it(here: Cast, media: Path) -> None:
    browser = visitor(here.district)
    page = rejected(browser, "one.jpg", (40, 30)).context["photos"]
    (_name, signed), *_ = page.carried
    for path in on_disk(media):
        (media / path).unlink()
    ticket = ticket_of(send(browser, kept=[signed]))
    assert not Attachment.objects.filter(message__ticket=ticket).exists()


def test_the_command_tells_and_takes(here: Cast, media: Path) -> None:
    files.store("list.txt", b"broken chairs: 4", district_id=here.district.id)
    age(media)
    out = StringIO()
    call_command("reap_files", "--dry-run", stdout=out)
    assert len(on_disk(media)) == 1
    call_command("reap_files", stdout=out)
    assert on_disk(media) == set()
    assert out.getvalue().splitlines() == ["1 files, 16 bytes would be taken away", "1 files, 16 bytes taken away"]


# --- texts ------------------------------------------------------------------------------------------------------------------


def texts() -> list[str]:
    return list(Delivery.objects.filter(channel="sms", purpose="ack").order_by("id").values_list("address", flat=True))


@pytest.mark.parametrize("number", ["+252 61 5551234", "+44 20 7946 0958", "+88216 1234 5678"])
def test_a_number_abroad_gets_a_ticket_and_no_text(here: Cast, number: str) -> None:
    answer = send(visitor(here.district), contact=number)
    ticket = ticket_of(answer)
    assert texts() == []
    assert visitor(here.district).get(answer["Location"]).status_code == 200
    assert Envelope.objects.get(ticket_ref=ticket.id).reason == "not texted: country"


def test_a_district_says_where_it_texts_to(here: Cast) -> None:
    District.objects.filter(id=here.district.id).update(sms_codes=["44"])
    forget_standing()
    with district_scope(here.district.id):
        here.district.refresh_from_db()
    send(visitor(here.district), contact="+44 20 7946 0958")
    assert texts() == ["+442079460958"]


def test_strangers_from_one_address_are_texted_only_so_often(here: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowds, "TEXTED", 3)
    browser = visitor(here.district)
    for n in range(5):
        ticket_of(send(browser, contact=f"916 555 01{n:02}"))
    assert texts() == [f"+191655501{n:02}" for n in range(3)]
    ticket_of(send(browser, contact="916 555 0100"))
    assert len(texts()) == 4, "a number that is known is texted"
    ticket_of(send(browser, contact="pat@cedar-family.example"))
    assert Delivery.objects.filter(channel="email", purpose="ack").count() == 1, "and mail has its own limits"
    elsewhere = Client(HTTP_HOST=here.district.host, REMOTE_ADDR="203.0.113.77")
    ticket_of(send(elsewhere, contact="916 555 0190"))
    assert len(texts()) == 5
    assert Envelope.objects.filter(reason__startswith="not texted: many").count() == 2
    assert timezone.now() - Envelope.objects.latest("received_at").received_at < timedelta(minutes=5)
