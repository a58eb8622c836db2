"""What must not come in, and what is said to whoever sent it."""

import smtplib
import socket
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests

from tests.journeys.asking import letter, placed, send, text_in
from tests.product import CEDAR, Product, a_number, token_of, until


def envelopes(product: Product, external_id: str) -> int:
    return int(product.value("SELECT count(*) FROM intake_envelope WHERE external_id = %s", external_id))


def test_a_wrong_signature_is_refused_and_nothing_is_kept(product: Product) -> None:
    sid = f"SM{uuid4().hex}"
    for signature in ("", "bm90IHRoZSBzaWduYXR1cmU="):
        assert text_in(product, a_number(), "hello", sid=sid, signature=signature).status_code == 403
    assert envelopes(product, sid) == 0


def test_a_webhook_delivered_five_times_at_once_is_one(product: Product) -> None:
    sid, number = f"SM{uuid4().hex}", a_number()
    with ThreadPoolExecutor(5) as several:
        answers = list(several.map(lambda _: text_in(product, number, "the heating in room 4 is off", sid=sid), range(5)))
    assert {answer.status_code for answer in answers} == {200}
    assert envelopes(product, sid) == 1
    product.twilio.wait_for(number)
    until(lambda: not product.value("SELECT count(*) FROM intake_envelope WHERE external_id = %s AND state = 'pending'", sid))
    assert len(product.twilio.to(number)) == 1


def test_two_clicks_at_once_are_one_request(product: Product) -> None:
    sender = f"clicks-{uuid4().hex[:8]}@family.example"
    with product.visitor() as parent:
        asked = parent.submit(parent.get("/"), "/", text="The gym door does not lock", step="ask")

        def click(_: int) -> requests.Response:
            return parent.submit(asked, "/", text="The gym door does not lock", contact=sender)

        with ThreadPoolExecutor(2) as both:
            pages = list(both.map(click, range(2)))
    tokens = {token_of(page) for page in pages}
    assert len(tokens) == 1
    placed(product, f"/r/{tokens.pop()}")
    product.mail.wait_for(sender)
    assert len(product.mail.to(sender)) == 1


def test_a_form_without_contact_comes_back_with_what_was_typed(product: Product) -> None:
    with product.visitor() as parent:
        for contact in ("", "not an address", "@", "12"):
            page = parent.request("My locker is stuck, please send somebody", contact)
            assert page.status_code == 422, contact
            assert "My locker is stuck, please send somebody" in page.text
            assert 'id="contact-error"' in page.text
        assert parent.submit(parent.get("/"), "/", text="   ", step="ask").status_code == 422


def test_a_photo_of_thirty_megabytes_is_refused_in_words(product: Product) -> None:
    photo = b"\xff\xd8\xff\xe0" + b"\0" * (30 * 1024 * 1024)
    with product.visitor() as parent:
        page = parent.request("The fence is broken", "fence@family.example", files={"photos": ("fence.jpg", photo, "image/jpeg")})
        assert page.status_code in {413, 422}
        assert "fence.jpg" in page.text or "too large" in page.text.lower()


def test_a_null_byte_and_other_noise_do_no_harm(product: Product) -> None:
    sender = f"noise-{uuid4().hex[:8]}@family.example"
    with product.visitor() as parent:
        page = parent.request(
            "The bus\x00 number \ud83d\ude8c".encode("utf-16", "surrogatepass").decode("utf-16") + "\x07 is late", sender
        )
        token = token_of(page)
        assert "number 🚌" in page.text
        for path in ("/r/%00", "/help/%00/", "/?text=%00&site=%00", "/desk/%00/", "/at/%00/", f"/r/{token}%00"):
            assert parent.get(path).status_code < 500, path
        assert parent.ask("POST", "/find", data={"contact": "\x00"}).status_code < 500


def test_an_unknown_host_is_told_so(product: Product) -> None:
    for host in ("unknown.localhost", "-", "cedar-valley.localhost.evil.example", "[::1]"):
        with product.visitor(host) as lost:
            assert lost.get("/").status_code in {400, 404}, host


def test_mail_for_nobody_is_refused_at_the_door(product: Product) -> None:
    with smtplib.SMTP("127.0.0.1", product.smtp_port, timeout=20) as door:
        door.ehlo()
        door.mail("a@school.example")
        assert door.rcpt(f"nobody-{uuid4().hex}@{CEDAR}")[0] == 550
        assert door.rcpt("help@elsewhere.example")[0] == 550


def test_an_oversized_mail_is_refused(product: Product) -> None:
    with smtplib.SMTP("127.0.0.1", product.smtp_port, timeout=60) as door:
        door.ehlo()
        assert int(door.esmtp_features["size"]) < 40 * 1024 * 1024
        big = letter("a@school.example", "big", "see attachment")
        big.add_attachment(b"\0" * (30 * 1024 * 1024), maintype="application", subtype="octet-stream", filename="big.bin")
        big["To"] = f"help@{CEDAR}"
        with pytest.raises(smtplib.SMTPResponseException) as refused:
            door.send_message(big)
        assert refused.value.smtp_code == 552


def test_malformed_mail_is_kept_and_harms_nobody(product: Product) -> None:
    """Whatever it is: written down and answered with 250, then read as far as it can be."""
    broken = (
        b'From: x\r\nContent-Type: multipart/mixed; boundary="x\r\n\r\n--x\r\n\xff\xfe\x00 no end',
        b"\r\n\r\n",
        b"Subject: =?utf-8?b?//8=?=\r\nFrom: =?x?q?=00?= <a@b@c>\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\x80\x81\r\n",
        b"From: a@school.example\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!\r\n",
    )
    before = product.value("SELECT count(*) FROM intake_envelope")
    for raw in broken:
        with smtplib.SMTP("127.0.0.1", product.smtp_port, timeout=20) as door:
            door.ehlo()
            door.mail(f"broken-{uuid4().hex[:6]}@school.example")
            door.rcpt(f"help@{CEDAR}")
            assert door.data(raw)[0] == 250
    until(lambda: not product.value("SELECT count(*) FROM intake_envelope WHERE state = 'pending'"), what="no envelope to wait")
    assert product.value("SELECT count(*) FROM intake_envelope") == before + len(broken)
    healthy = f"healthy-{uuid4().hex[:8]}@school.example"
    send(product, letter(f"H <{healthy}>", "Printer", "The printer in the library is out of toner."), to=f"help@{CEDAR}")
    assert product.mail.wait_for(healthy)


def test_a_connection_that_says_nothing_and_one_that_talks_nonsense(product: Product) -> None:
    with socket.create_connection(("127.0.0.1", product.smtp_port), timeout=10) as silent:
        assert silent.recv(100).startswith(b"220")
        with socket.create_connection(("127.0.0.1", product.smtp_port), timeout=10) as noisy:
            noisy.recv(100)
            noisy.sendall(b"\x16\x03\x01\x02\x00\xff\xff" + b"A" * 5000 + b"\r\n")
            assert noisy.recv(100)[:1] in {b"5", b""}
        send(product, letter("s@school.example", "Hi", "Is the office open on Friday?"), to=f"help@{CEDAR}")
