"""Mailboxes elsewhere, against a real IMAP server."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from imaplib import IMAP4
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from imapclient import IMAPClient

from config.storm.post import SERVER
from delivery.models import Delivery
from districts.reach import is_public
from districts.scope import district_scope
from districts.sealing import Unsealable, seal, unseal
from intake.actions import accept
from intake.imap import claims, watching
from intake.imap.box import Box, Mail, Way, opened
from intake.imap.reach import Unreachable, require_public
from intake.mail.smtp import message_id
from intake.models import Channel, Envelope, Mailbox
from intake.receiving import receive
from ownership.feeds.mailed import tag_of
from ownership.models import Feed, FeedRun, Process
from tests.conftest import Cast, sign_in
from tests.filling import errors, fill
from tests.product import free_port
from tests.test_intake_mail import a_mail
from tickets.models import Message, Ticket

USER, PASSWORD = "help@school.example", "tall pine 7"


class Post:
    """A mailbox at another provider."""

    def __init__(self, folder: Path) -> None:
        self.port, self.tokens = free_port(), folder / "tokens"
        self.tokens.write_text("")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, str(SERVER), str(self.port), USER, PASSWORD, str(self.tokens), "--no-tls"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _until(self.answers, "the IMAP server")

    def stop(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def answers(self) -> bool:
        try:
            with self.client():
                return True
        except OSError:
            return False

    def client(self) -> IMAPClient:
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=10)
        client.login(USER, PASSWORD)
        client.select_folder("INBOX")
        return client

    def bring(self, *mails: bytes, seen: bool = False) -> None:
        with self.client() as client:
            for mail in mails:
                client.append("INBOX", mail, flags=[rb"\Seen"] if seen else [])

    def unread(self) -> int:
        with self.client() as client:
            return len(client.search("UNSEEN"))


@pytest.fixture
def post(tmp_path: Path, settings: Any) -> Iterator[Post]:
    settings.MAIL_PRIVATE_HOSTS = ["127.0.0.1"]
    server = Post(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def mailbox(transactional_db: Any, cedar: Cast, oak: Cast, post: Post) -> Mailbox:
    with district_scope(cedar.district.id):
        source = Channel.objects.create(kind="email", address=USER, name="Help", team=cedar.transportation)
        made: Mailbox = Mailbox.objects.create(
            source=source, host="127.0.0.1", port=post.port, tls=False, username=USER, secret=seal({"password": PASSWORD})
        )
    return made


def _until(true: Callable[[], Any], what: str, seconds: float = 20) -> Any:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := true():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


@contextmanager
def watched() -> Iterator[watching.Watch]:
    stop = threading.Event()
    watch = watching.Watch(stop)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join(60)


def one_look(cedar: Cast, row: Mailbox) -> int:
    """What a reader does once it is in, without waiting for more."""
    with district_scope(cedar.district.id):
        found = claims.claim(most=1, now=timezone.now())
    assert [one.id for one in found] == [row.id]
    with opened(watching._way(cedar.district.id, found[0])) as box:
        taken = watching.take(cedar.district.id, found[0], box)
    with district_scope(cedar.district.id):
        claims.release(found[0])
    return taken


def envelopes(cedar: Cast) -> list[Envelope]:
    with district_scope(cedar.district.id):
        return list(Envelope.objects.order_by("id"))


def fresh(cedar: Cast, row: Mailbox) -> Mailbox:
    with district_scope(cedar.district.id):
        return Mailbox.objects.select_related("source").get(id=row.id)


def test_mail_becomes_a_ticket_of_the_addresss_team_and_is_seen_only_then(cedar: Cast, mailbox: Mailbox, post: Post) -> None:
    post.bring(a_mail(text="The bus did not come."))
    assert one_look(cedar, mailbox) == 1
    assert post.unread() == 0
    receive.drain(cedar.district.id)
    with district_scope(cedar.district.id):
        ticket = Ticket.objects.get()
        assert ticket.team == cedar.transportation
        assert Message.objects.get().text == "The bus did not come."
    assert envelopes(cedar)[0].meta["recipients"] == [USER]
    assert one_look(cedar, mailbox) == 0, "nothing is read twice"


def test_the_first_time_unread_mail_is_taken_and_old_mail_left(cedar: Cast, mailbox: Mailbox, post: Post) -> None:
    post.bring(a_mail(text="Answered long ago."), seen=True)
    post.bring(a_mail(text="Still waiting."))
    assert one_look(cedar, mailbox) == 1
    post.bring(a_mail(text="Somebody looked at it first."), seen=True)
    assert one_look(cedar, mailbox) == 1, "from now on every mail, whoever has seen it"
    assert fresh(cedar, mailbox).last_uid > 0


def test_it_is_not_marked_as_seen_where_it_could_not_be_written_down(
    cedar: Cast, mailbox: Mailbox, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.bring(a_mail(text="The bus did not come."))

    def broken(**_: Any) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(claims, "accept", broken)
        with pytest.raises(RuntimeError):
            one_look(cedar, mailbox)
    assert post.unread() == 1
    assert envelopes(cedar) == []
    with district_scope(cedar.district.id):
        Mailbox.objects.update(lease_until=None)
    assert one_look(cedar, mailbox) == 1


def test_a_server_that_numbers_anew_gives_nothing_twice_and_loses_nothing(cedar: Cast, mailbox: Mailbox, post: Post) -> None:
    mails = [a_mail(text=f"Mail {n}") for n in range(3)]
    post.bring(*mails)
    assert one_look(cedar, mailbox) == 3
    post.stop()
    post.start()  # empty, and with another UIDVALIDITY
    post.bring(*mails, a_mail(text="Came while it moved"))
    assert one_look(cedar, mailbox) == 4
    assert len(envelopes(cedar)) == 4
    assert one_look(cedar, mailbox) == 0


def test_the_same_mail_by_smtp_and_by_imap_is_one_envelope(cedar: Cast, mailbox: Mailbox, post: Post) -> None:
    raw = a_mail(text="To both addresses")
    post.bring(b"Received: from somewhere\r\n" + raw)
    one_look(cedar, mailbox)
    with district_scope(cedar.district.id):
        accept(
            source=mailbox.source, channel="email", external_id=message_id(raw), raw=raw,
            meta={"recipients": ["help@cedar.localhost"]}, now=timezone.now(),
        )  # fmt: skip
    (envelope,) = envelopes(cedar)
    assert envelope.meta["recipients"] == [USER, "help@cedar.localhost"]


def test_what_is_sent_to_a_feed_there_tells_the_feed(cedar: Cast, mailbox: Mailbox, post: Post) -> None:
    with district_scope(cedar.district.id):
        feed = Feed.objects.create(process=Process.objects.create(slug="a", name="A"), slug="b", name="B", terms="daily by 4 PM")
    post.bring(a_mail("Completed", to=tag_of(feed).join(["help", "@school.example"])), a_mail("The bus did not come.", to=USER))
    assert one_look(cedar, mailbox) == 2
    receive.drain(cedar.district.id)
    with district_scope(cedar.district.id):
        assert (FeedRun.objects.get().feed, FeedRun.objects.get().outcome) == (feed, "ok")
        assert Message.objects.get().text == "The bus did not come."
    assert post.unread() == 0


def test_one_that_is_too_large_comes_cut_with_its_words(cedar: Cast, mailbox: Mailbox, post: Post, settings: Any) -> None:
    settings.MAX_MAIL_BYTES = 2000
    post.bring(a_mail(text="Short words. " + "x" * 5000))
    one_look(cedar, mailbox)
    (envelope,) = envelopes(cedar)
    assert envelope.meta["cut"] > 5000
    assert len(envelope.raw) == 2000
    receive.drain(cedar.district.id)
    with district_scope(cedar.district.id):
        assert Message.objects.get().text.startswith("Short words.")


def test_one_mail_that_its_server_withholds_holds_up_no_other(
    cedar: Cast, mailbox: Mailbox, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.bring(a_mail(text="First"), a_mail(text="Second"))
    real = Box._mail

    def broken(box: Box, uid: int, *, most: int) -> Mail | None:
        if uid == min(box.after(0)):
            raise IMAP4.error("FETCH failed: internal server error")
        return real(box, uid, most=most)

    monkeypatch.setattr(Box, "_mail", broken)
    monkeypatch.setattr("intake.imap.box.AGAIN", (0, 0))
    one_look(cedar, mailbox)
    lost, kept = sorted(envelopes(cedar), key=lambda envelope: len(envelope.raw))
    assert (lost.state, kept.state) == ("dead", "pending")
    assert "internal server error" in lost.error
    assert one_look(cedar, mailbox) == 0


def test_word_of_new_mail_is_heard_at_once(cedar: Cast, mailbox: Mailbox, post: Post) -> None:
    with watched():
        _until(lambda: fresh(cedar, mailbox).state == "reading", "the mailbox is read")
        begun = time.monotonic()
        post.bring(a_mail(text="Now."))
        _until(lambda: envelopes(cedar), "the envelope")
        assert time.monotonic() - begun < watching.SLICE / 2, "by IDLE, not by asking"
    assert fresh(cedar, mailbox).lease_until is None, "let go when told to stop"


def test_a_reader_that_was_changed_under_lets_go(cedar: Cast, mailbox: Mailbox, post: Post) -> None:
    """An administrator saves the mailbox: whoever reads it must not go on with the old settings."""
    with district_scope(cedar.district.id):
        (mine,) = claims.claim(most=1, now=timezone.now())
        assert claims.claim(most=1, now=timezone.now()) == [], "leased"
        Mailbox.objects.update(lease_until=None)
        assert not claims.hold(mine, now=timezone.now())
        assert not claims.write_down(mine, watching_mail(), upto=1, now=timezone.now())
        assert not Envelope.objects.exists()


def watching_mail() -> Any:
    return Mail(uid=1, raw=a_mail(text="x"), cut=0)


def test_what_cannot_be_read_says_why_and_is_told_after_a_quarter_of_an_hour(cedar: Cast, mailbox: Mailbox, post: Post) -> None:
    with district_scope(cedar.district.id):
        Mailbox.objects.update(secret=seal({"password": "wrong"}))
        (mine,) = claims.claim(most=1, now=timezone.now())
    watching.read(cedar.district.id, mine, threading.Event())
    row = fresh(cedar, mailbox)
    assert row.state == "failing"
    assert "Invalid authentication" in row.error
    with district_scope(cedar.district.id):
        assert not Delivery.objects.exists()
        later = timezone.now() + claims.ALERT * 2
        row.lease_until = row.lease_until or later
        claims.failed(row, "still", now=later)
        row = fresh(cedar, mailbox)
        claims.failed(row, "still", now=later + claims.LATEST)
        told = Delivery.objects.filter(channel="inapp")
        assert [one.person for one in told] == [cedar.ada], "once"
        assert USER in told[0].subject


def test_a_token_is_fetched_kept_and_renewed(cedar: Cast, mailbox: Mailbox, post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with token_server(post) as (url, asked):
        with district_scope(cedar.district.id):
            Mailbox.objects.update(
                auth="oauth", token_url=url, client_id="front-door", grant="refresh_token",
                secret=seal({"client_secret": "s3", "code": "from-google", "verifier": "v" * 43, "back_to": "https://here.example/"}),
            )  # fmt: skip
        post.bring(a_mail(text="By token"))
        assert one_look(cedar, mailbox) == 1
        assert asked[0]["grant_type"] == ["authorization_code"]
        assert asked[0]["code_verifier"] == ["v" * 43]
        row = fresh(cedar, mailbox)
        assert PASSWORD not in row.secret
        with district_scope(cedar.district.id):
            assert unseal(row.secret) == {"client_secret": "s3", "refresh_token": "refresh-1"}
        one_look(cedar, mailbox)
        assert len(asked) == 1, "the token at hand is still good"
        with district_scope(cedar.district.id):
            Mailbox.objects.update(access_until=timezone.now())
        one_look(cedar, mailbox)
        assert asked[1]["grant_type"] == ["refresh_token"]
        with district_scope(cedar.district.id):
            assert unseal(fresh(cedar, mailbox).secret)["refresh_token"] == "refresh-2", "rotated"


def test_an_application_signs_in_for_itself_and_a_no_is_told(
    cedar: Cast, mailbox: Mailbox, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with token_server(post) as (url, asked):
        with district_scope(cedar.district.id):
            Mailbox.objects.update(
                auth="oauth",
                token_url=url,
                client_id="app",
                grant="client_credentials",
                scope="all",
                secret=seal({"client_secret": "s3"}),
            )
        assert one_look(cedar, mailbox) == 0
        assert (asked[0]["grant_type"], asked[0]["scope"]) == (["client_credentials"], ["all"])
        with district_scope(cedar.district.id):
            Mailbox.objects.update(client_id="unknown", access_until=None)
            (mine,) = claims.claim(most=1, now=timezone.now())
        watching.read(cedar.district.id, mine, threading.Event())
        assert "invalid_client" in fresh(cedar, mailbox).error


@contextmanager
def token_server(post: Post) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """Gives a token that the mailbox takes; each answer rotates the refresh token."""
    asked: list[dict[str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            asked.append(form)
            known = form.get("client_id") != ["unknown"]
            token = f"token-{len(asked)}"
            if known:
                post.tokens.write_text(token)
            good = {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "refresh_token": f"refresh-{len(asked)}"}
            answer = json.dumps(good if known else {"error": "invalid_client"}).encode()
            self.send_response(200 if known else 401)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/token", asked
    finally:
        server.shutdown()
        server.server_close()


def test_secrets_are_sealed_for_one_district(cedar: Cast, oak: Cast, settings: Any) -> None:
    with district_scope(cedar.district.id):
        sealed = seal({"password": "tall pine", "empty": ""})
        assert "tall pine" not in sealed
        assert unseal(sealed) == {"password": "tall pine"}
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key altogether, long enough for anybody"
        assert unseal(sealed) == {"password": "tall pine"}, "a key that was changed still opens"
        settings.SECRET_KEY_FALLBACKS = []
        with pytest.raises(Unsealable):
            unseal(sealed)
    with district_scope(oak.district.id), pytest.raises(Unsealable):
        unseal(sealed)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "::1", "no-such-host.invalid", "http://1.1.1.1/t"]
)
def test_nothing_inside_is_called(host: str, settings: Any) -> None:
    settings.MAIL_PRIVATE_HOSTS = []
    with pytest.raises(Unreachable):
        require_public(host)


def test_an_administrator_adds_a_mailbox_and_its_secret_shows_nowhere(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    assert "Google Workspace" in admin.get("/setup/mailboxes/new").content.decode()
    path = "/setup/mailboxes/new?provider=other"
    given = {
        "address": "Help@School.example",
        "name": "Help",
        "host": "imap.school.example",
        "port": "993",
        "security": "tls",
        "password": "tall pine 7",
    }
    assert "required" in errors(fill(admin, path, **(given | {"password": ""})))["password"][0]
    made = fill(admin, path, **given)
    row = Mailbox.objects.select_related("source").get()
    assert made.headers["location"] == f"/setup/mailboxes/{row.id}/"
    assert (row.source.address, row.username, row.tls) == ("help@school.example", "help@school.example", True)
    assert unseal(row.secret) == {"password": "tall pine 7"}
    page = admin.get(f"/setup/mailboxes/{row.id}/").content.decode()
    assert "tall pine" not in page
    assert "Not read yet" in page
    fill(admin, f"/setup/mailboxes/{row.id}/", name="Help desk", folder="Support")
    row.refresh_from_db()
    assert (row.folder, unseal(row.secret)) == ("Support", {"password": "tall pine 7"}), "an empty field keeps it"
    admin.post(f"/setup/mailboxes/{row.id}/switch", {"to": "off"})
    row.refresh_from_db()
    assert not row.active
    assert "help@school.example" in admin.get("/setup/addresses/").content.decode()
    assert sign_in(here.alice, here.district).get(f"/setup/mailboxes/{row.id}/").status_code == 403


def test_a_consent_comes_back_to_whoever_asked_for_it(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    fill(admin, "/setup/mailboxes/new?provider=google", address="help@school.example", name="Help", client_id="cid", client_secret="cs")
    row = Mailbox.objects.get()
    assert (row.host, row.grant) == ("imap.gmail.com", "refresh_token")
    to = urlsplit(admin.get(f"/setup/mailboxes/{row.id}/consent").headers["location"])
    asked = parse_qs(to.query)
    assert to.hostname == "accounts.google.com"
    assert (asked["code_challenge_method"], asked["access_type"]) == (["S256"], ["offline"])
    assert admin.get("/setup/mailboxes/consented", {"code": "c", "state": "forged"}).status_code == 404
    to = urlsplit(admin.get(f"/setup/mailboxes/{row.id}/consent").headers["location"])
    state = parse_qs(to.query)["state"][0]
    assert admin.get("/setup/mailboxes/consented", {"code": "c", "state": state}).status_code == 302
    row.refresh_from_db()
    assert unseal(row.secret)["code"] == "c"
    assert unseal(row.secret)["client_secret"] == "cs"
    assert admin.get("/setup/mailboxes/consented", {"code": "c", "state": state}).status_code == 404, "once"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True), ("64:ff9b::5db8:d70e", True),
        ("10.0.0.1", False), ("169.254.169.254", False), ("100.64.0.1", False), ("::1", False), ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False), ("::127.0.0.1", False), ("64:ff9b::7f00:1", False), ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False), ("224.0.0.1", False), ("nonsense", False),
    ],
)  # fmt: skip
def test_every_way_of_writing_an_inside_address_is_known(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_name_that_leads_inside_the_second_time_is_left_before_anything_is_said(
    post: Post, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MAIL_PRIVATE_HOSTS = []
    monkeypatch.setattr("intake.imap.box.require_public", lambda *_: None)  # what the name server said the first time
    with pytest.raises(Unreachable), opened(Way("127.0.0.1", post.port, False, USER, "INBOX", PASSWORD)):
        pass
