"""What a slow sender may hold: a thread, never a connection to the database."""

import io
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as configured
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, connections
from django.test import Client, RequestFactory

from districts import arriving
from districts.scope import current_district_id, district_scope
from tests.conftest import Cast, visitor
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


@pytest.mark.parametrize(("kind", "length"), [("multipart/form-data; boundary=x", 203 * 2**20), ("application/json", 51 * 2**20)])
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
