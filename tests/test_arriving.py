"""What a slow sender may hold: a thread, never a connection to the database."""

import io
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as configured
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, connections
from django.test import Client, RequestFactory
from django.utils import timezone

from districts import arriving
from districts.scope import current_district_id, district_scope
from tests.conftest import Cast, a_ticket, visitor
from tests.test_portal import photo, send
from tickets import files
from tickets.models import Attachment, Ticket

BOUNDARY = "line"


@pytest.fixture(autouse=True)
def _own_media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


class Body(io.BytesIO):
    """Told whenever somebody reads it."""

    def __init__(self, content: bytes, told: Callable[[], None]) -> None:
        super().__init__(content)
        self.told = told

    def read(self, size: int | None = -1, /) -> bytes:
        self.told()
        return super().read(size)


def ask(body: io.BytesIO, *, kind: str, path: str = "/", host: str = "cedar.localhost", length: int | None = None, **more: str) -> str:
    """The status line of one POST, as the server's thread runs it."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "HTTP_HOST": host, "SERVER_NAME": host, "SERVER_PORT": "80",
        "CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(body.getvalue()) if length is None else length), "wsgi.input": body,
        "wsgi.url_scheme": "http", "wsgi.errors": io.StringIO(), "REMOTE_ADDR": "203.0.113.5", **more,
    }  # fmt: skip
    statuses: list[str] = []

    def started(status: str, *_: Any) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _written: None

    response = WSGIHandler()(environ, started)
    response.close()  # type: ignore[attr-defined]
    return statuses[0]


def multipart(**fields: str) -> bytes:
    parts = [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


KINDS = {
    "a form": ("application/x-www-form-urlencoded", urlencode({"text": "the bus"}).encode(), "/"),
    "a form with files": (f"multipart/form-data; boundary={BOUNDARY}", multipart(text="the bus"), "/"),
    "the API": ("application/json", b'{"text": "the bus"}', "/api/v1/tickets"),
    "a provider": ("application/x-www-form-urlencoded", b"Body=hi", f"/hooks/sms/{uuid.uuid4()}"),
    "an operator": ("application/x-www-form-urlencoded", b"login=root", "/account/login/"),
}


@pytest.mark.parametrize("name", KINDS)
def test_no_connection_is_held_while_a_body_comes(transactional_db: Any, cedar: Cast, name: str) -> None:
    kind, content, path = KINDS[name]
    held: list[bool] = []
    body = Body(content, lambda: held.append(connection.connection is not None or current_district_id() is not None))
    connection.close()
    status = ask(body, kind=kind, path=path, host="localhost" if name == "an operator" else "cedar.localhost")
    assert status[:3] in {"401", "403", "404"}, "without a token nothing is taken"
    assert held
    assert not any(held)


def test_more_slow_uploads_than_connections_stop_nobody(transactional_db: Any, cedar: Cast) -> None:
    """As many as the pool has, and one more: somebody else's page comes at once."""
    go_on, many = threading.Event(), configured.DATABASES["default"]["OPTIONS"]["pool"]["max_size"] + 1
    waiting, seen = threading.Semaphore(0), []

    def wait() -> None:
        waiting.release()
        go_on.wait(20)

    def upload() -> None:
        try:
            kind = f"multipart/form-data; boundary={BOUNDARY}"
            seen.append(ask(Body(multipart(text="the bus"), wait), kind=kind))
        finally:
            connections.close_all()

    connection.close()
    threads = [threading.Thread(target=upload) for _ in range(many)]
    for thread in threads:
        thread.start()
    try:
        assert all(waiting.acquire(timeout=10) for _ in range(many)), "every upload is under way"
        began = time.monotonic()
        assert visitor(cedar.district).get("/").status_code == 200
        assert time.monotonic() - began < 4, "the pool gives up after five seconds"
    finally:
        go_on.set()
        for thread in threads:
            thread.join()
    assert {status[:3] for status in seen} == {"403"}


def test_photos_are_written_anew_before_the_transaction(transactional_db: Any, cedar: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[bool] = []
    real = files.store

    def store(*given: Any, **more: Any) -> Any:
        inside.append(connection.in_atomic_block)
        return real(*given, **more)

    monkeypatch.setattr(files, "store", store)
    browser = visitor(cedar.district)
    assert send(browser, photos=[photo("one.jpg"), photo("two.jpg", (50, 30))]).status_code == 303
    with district_scope(cedar.district.id):
        assert sorted(Attachment.objects.values_list("name", flat=True)) == ["one.jpg", "two.jpg"]
        token = Ticket.objects.get().token
    assert browser.post(f"/r/{token}/reply", {"text": "and this", "photos": [photo("three.jpg", (60, 30))]}).status_code == 303
    assert inside == [False, False, False]


# --- files that nobody is to have ----------------------------------------------------------------------------------------------


def strict(cast: Cast) -> Client:
    return Client(HTTP_HOST=cast.district.host, enforce_csrf_checks=True)


def on_disk(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.django_db
@pytest.mark.parametrize("client", [strict, lambda cast: visitor(cast.district)], ids=["without its token", "with its token"])
def test_a_link_that_is_none_leaves_no_file(here: Cast, tmp_path: Path, client: Callable[[Cast], Client]) -> None:
    assert client(here).post("/r/nosuchtoken/reply", {"text": "x", "photos": photo()}).status_code == 404
    assert on_disk(tmp_path) == []


@pytest.mark.django_db
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://oak.localhost"])
@pytest.mark.parametrize("step", ["send", "ask", "change"])
def test_a_page_of_another_site_leaves_no_file(here: Cast, tmp_path: Path, origin: str, step: str) -> None:
    """It makes the browser of whoever looks at it send a form to us."""
    token = a_ticket(here, now=timezone.now()).token
    for path, given in (("/", {"step": step, "text": "the bus"}), (f"/r/{token}/reply", {"text": "the bus"})):
        answer = strict(here).post(path, {**given, "photos": [photo()]}, headers={"Origin": origin})
        assert (answer.status_code, 'name="kept"' in answer.text) == (403, False)
        assert "the bus</textarea>" in answer.text
    assert on_disk(tmp_path) == []


@pytest.mark.django_db
def test_over_https_a_form_without_a_referer_leaves_no_file(here: Cast, tmp_path: Path) -> None:
    host = here.district.host
    for referer, kept in (("", 0), ("https://evil.example/", 0), (f"https://{host}/", 1)):
        headers = {"Referer": referer} if referer else None
        given = {"step": "send", "text": "the bus", "photos": photo()}
        assert strict(here).post("/", given, secure=True, headers=headers).status_code == 403
        assert len(on_disk(tmp_path)) == kept, referer


@pytest.mark.django_db
def test_our_own_page_that_was_open_too_long_keeps_its_files(here: Cast, tmp_path: Path) -> None:
    ticket = a_ticket(here, now=timezone.now())
    headers = {"Origin": f"http://{here.district.host}"}
    answer = strict(here).post(f"/r/{ticket.token}/reply", {"text": "look", "photos": [photo()]}, headers=headers)
    assert (answer.status_code, 'name="kept"' in answer.text) == (403, True)
    assert len(on_disk(tmp_path)) == 1


@pytest.mark.django_db
def test_looking_where_a_form_came_from_does_not_stand_for_its_token(here: Cast, tmp_path: Path) -> None:
    headers = {"Origin": f"http://{here.district.host}"}
    given = {"step": "send", "text": "the bus", "contact": "pat@family.example", "form_id": str(uuid.uuid4()), "photos": photo()}
    assert strict(here).post("/", given, headers=headers).status_code == 403
    assert not Ticket.objects.exists()


# --- limits and answers stay what they were -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_django_refuses_it_still_refuses(here: Cast, settings: Any) -> None:
    browser = visitor(here.district)
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    assert send(browser, photos=[photo(f"{n}.jpg") for n in range(3)]).status_code == 413
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    assert send(browser, text="x" * 2000).status_code == 413
    assert browser.post("/", "text=" + "x" * 2000, content_type="application/x-www-form-urlencoded").status_code == 413
    broken = browser.post("/", b"no boundary at all", content_type="multipart/form-data")
    assert (broken.status_code, "could not read" in broken.text) == (400, True)
    assert not Ticket.objects.exists()


@pytest.mark.django_db
def test_a_form_without_its_token_is_refused_and_told_why(here: Cast) -> None:
    client = Client(HTTP_HOST=here.district.host, enforce_csrf_checks=True)
    assert client.post("/", {"step": "send", "text": "the bus", "photos": photo()}).status_code == 403
    assert client.post("/nothing/here", {"photos": photo()}).status_code == 404


@pytest.mark.parametrize(("kind", "length"), [("multipart/form-data; boundary=x", 203 * 2**20), ("application/json", 77 * 2**20)])
def test_what_is_larger_than_anything_is_not_read(transactional_db: Any, cedar: Cast, kind: str, length: int) -> None:
    read: list[int] = []
    status = ask(Body(b"", lambda: read.append(1)), kind=kind, path="/hooks/mail/postmark/inbound/", length=length)
    assert (status[:3], read) == ("413", [])


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "application/json", "application/x-www-form-urlencoded"])
def test_a_sender_that_goes_away_leaves_nothing(transactional_db: Any, cedar: Cast, kind: str) -> None:
    def gone() -> None:
        raise OSError("connection reset")

    assert ask(Body(b"", gone), kind=kind, length=100)[:3] == "400"


@pytest.mark.parametrize("length", ["", "many", "-1", "0"])
def test_a_length_that_is_none_is_no_body(transactional_db: Any, cedar: Cast, length: str) -> None:
    assert ask(io.BytesIO(), kind="application/json", CONTENT_LENGTH=length)[:3] == "403"


@pytest.mark.django_db
def test_a_large_body_is_read_by_its_view_as_it_came(here: Cast, settings: Any) -> None:
    """Larger than what Django takes into memory, on the disk meanwhile: a view that reads for itself finds all of it."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1000
    content = bytes(range(256)) * 100
    request = RequestFactory().post("/", content, content_type="application/octet-stream")
    with arriving.body_of(request):
        assert request.read() == content
    request = RequestFactory().post("/", content, content_type="application/octet-stream")
    with arriving.body_of(request), pytest.raises(RequestDataTooBig):
        _ = request.body
