"""Servers that die in the middle of the work: a clear answer to the sender, nothing lost, nothing twice."""

import os
import re
import signal
import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from uuid import uuid4

import pytest
import requests

from tests.journeys.asking import letter, placed, send
from tests.product import CEDAR, Product, gone, processes, token_of, until

pytestmark = pytest.mark.slow
PENDING = "SELECT count(*) FROM intake_envelope WHERE state = 'pending'"


@pytest.fixture(autouse=True)
def _whole_again(product: Product) -> Iterator[None]:
    yield
    until(product.ready, seconds=60, what="the product to be whole again")
    until(
        lambda: set(product.children()) == {"web", "worker", "beat", "smtp", "imap", "sweeper"}, seconds=60, what="all five processes"
    )


def writer() -> str:
    return f"fault-{uuid4().hex[:10]}@family.example"


def acknowledged_once(product: Product, sender: str) -> str:
    """The tracking path in the one acknowledgement this sender gets."""
    ack = product.mail.wait_for(sender, seconds=90)
    found = re.search(r"(/r/\w+)", ack.text)
    assert found
    return found[1]


def test_work_goes_on_without_a_broker(product: Product) -> None:
    """The broker is killed again and again; the sweeper notices, and does the work from the tables."""
    stop, killed = threading.Event(), set()

    def keep_killing() -> None:
        while not stop.wait(0.2):
            pid = product.state().get("redis_pid")
            if pid and not gone(pid):
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)

    killer = threading.Thread(target=keep_killing)
    killer.start()
    try:
        sender = writer()
        began = time.monotonic()
        with product.visitor() as parent:
            token = token_of(parent.request("The water fountain in the gym is broken", sender))
        assert time.monotonic() - began < 20, "the requester does not wait for a broker"
        placed(product, f"/r/{token}")
        assert acknowledged_once(product, sender) == f"/r/{token}"
        send(product, letter(f"R <{(mailer := writer())}>", "Lost", "I lost my library card."), to=f"help@{CEDAR}")
        placed(product, acknowledged_once(product, mailer))
    finally:
        stop.set()
        killer.join()
    assert killed
    until(lambda: product.state().get("redis_pid") not in killed, what="a new broker")
    again = writer()
    with product.visitor() as parent:
        token = token_of(parent.request("And now the lights flicker", again))
    placed(product, f"/r/{token}")
    assert acknowledged_once(product, again) == f"/r/{token}"
    for address in (sender, mailer, again):
        assert len(product.mail.to(address)) == 1


def test_the_database_dies_while_people_write(product: Product) -> None:
    """Every sender is either told yes and has one ticket, or told to come again, and then has one ticket."""
    senders = [writer() for _ in range(12)]
    refusals: list[str] = []

    def mail(sender: str) -> None:
        message = letter(f"M <{sender}>", "Heating", "The heating in our classroom does not work.")
        message["To"], message["Message-ID"] = f"help@{CEDAR}", f"<{uuid4().hex}@family.example>"
        for _ in range(200):  # as a mail server does
            try:
                with smtplib.SMTP("127.0.0.1", product.smtp_port, timeout=20) as door:
                    door.send_message(message)
                return
            except smtplib.SMTPResponseException as error:
                refusals.append(_later(error.smtp_code))
            except smtplib.SMTPRecipientsRefused as error:
                refusals.extend(_later(code) for code, _ in error.recipients.values())
            time.sleep(0.3)
        raise AssertionError(f"{sender} never got through")

    def click(sender: str) -> None:
        with product.visitor() as parent:
            asked = _patiently(lambda: parent.get("/"), refusals)
            form = {"text": "The bus is late again today", "contact": sender, "step": "send", "form_id": str(uuid4())}
            _, hidden = parent.form(asked, "/")
            page = _patiently(lambda: parent.ask("POST", "/", data={**hidden, **form}), refusals)
            assert "/r/" in page.url, page.text[:500]

    threads = [threading.Thread(target=(mail if i % 2 else click), args=(sender,)) for i, sender in enumerate(senders)]
    for i, thread in enumerate(threads):
        thread.start()
        time.sleep(0.15)
        if i == 3:
            os.kill(killed := product.state()["pg_pid"], signal.SIGKILL)  # back at once: most will not notice
        if i == 8:
            until(lambda: product.state().get("pg_pid") not in (None, killed), what="a new database")
            _away(product, seconds=8)
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert {"http 503", "smtp 451"} <= set(refusals), "while it was away, both doors said so"
    for sender in senders:
        acknowledged_once(product, sender)
    until(lambda: product.value(PENDING) == 0, what="no envelope to wait")
    counted = product.rows(
        "SELECT c.value, count(t.id) AS tickets FROM districts_contactpoint c"
        " LEFT JOIN tickets_ticket t ON t.district_id = c.district_id AND t.requester_id = c.person_id"
        " WHERE c.value = ANY(%s) GROUP BY c.value", senders,
    )  # fmt: skip
    assert {row["value"]: row["tickets"] for row in counted} == dict.fromkeys(senders, 1)
    # A mail that was taken as the database died is sent again under its own Message-ID, by which its receiver knows it.
    known = {sender: len({mail.message["Message-ID"] for mail in product.mail.to(sender)}) for sender in senders}
    assert known == dict.fromkeys(senders, 1)


def _away(product: Product, *, seconds: float) -> None:
    """The database dies, and whoever restarts it is held up."""
    state = product.state()
    os.kill(state["keeper_pid"], signal.SIGSTOP)
    os.kill(state["pg_pid"], signal.SIGKILL)
    threading.Timer(seconds, os.kill, (state["keeper_pid"], signal.SIGCONT)).start()


def _later(code: int) -> str:
    """A refusal that tells the sender's own server to try again."""
    assert 400 <= code < 500, code
    return f"smtp {code}"


def _patiently(ask: Callable[[], requests.Response], refusals: list[str]) -> requests.Response:
    """As a person does who is told to come again: 503 with Retry-After."""
    for _ in range(200):
        answer = ask()
        if answer.status_code != 503:
            assert answer.status_code < 500, answer.text[:1000]
            return answer
        assert answer.headers["Retry-After"]
        refusals.append("http 503")
        time.sleep(0.3)
    raise AssertionError("it never came back")


def test_the_worker_is_killed_in_the_middle(product: Product) -> None:
    """kill -9 of the worker and all its processes, several times, while mail comes in."""
    senders = [writer() for _ in range(8)]
    for i, sender in enumerate(senders):
        send(product, letter(f"W <{sender}>", "Wifi", "The wifi in the library is down."), to=f"help@{CEDAR}")
        if i % 3 == 1 and (worker := product.children().get("worker")):
            pool = [pid for pid, parent, _ in processes() if parent == worker]
            for pid in (*pool, worker):
                os.kill(pid, signal.SIGKILL)
            until(partial(_another_worker, product, worker), seconds=30, what="a new worker")
    for sender in senders:
        placed(product, acknowledged_once(product, sender))
    counted = product.rows(
        "SELECT c.value, count(t.id) AS tickets FROM districts_contactpoint c JOIN tickets_ticket t"
        " ON t.district_id = c.district_id AND t.requester_id = c.person_id WHERE c.value = ANY(%s) GROUP BY c.value", senders,
    )  # fmt: skip
    assert {row["value"]: row["tickets"] for row in counted} == dict.fromkeys(senders, 1)


def _another_worker(product: Product, before: int) -> bool:
    return product.children().get("worker") not in (None, before)


def test_a_mail_server_that_says_later_gets_it_later(product: Product) -> None:
    sender = writer()
    product.mail.refuse_with = "451 4.3.0 Try again later"
    try:
        with product.visitor() as parent:
            token = token_of(parent.request("The projector bulb is gone", sender))
        until(
            lambda: product.value("SELECT count(*) FROM delivery_delivery WHERE address = %s AND attempts > 0", sender),
            what="a first try",
        )
    finally:
        product.mail.refuse_with = ""
    product.rows("UPDATE delivery_delivery SET not_before = now() WHERE address = %s AND state = 'pending'", sender)
    assert acknowledged_once(product, sender) == f"/r/{token}"
    assert len(product.mail.to(sender)) == 1


def test_every_process_that_dies_is_started_again(product: Product) -> None:
    before = product.children()
    for name in ("web", "beat", "smtp", "imap", "sweeper"):
        os.kill(before[name], signal.SIGKILL)
    until(
        lambda: (now := product.children()) and set(now) == set(before) and all(now[n] != before[n] for n in before if n != "worker"),
        seconds=60, what="four new processes",
    )  # fmt: skip


def test_the_whole_product_is_killed_and_starts_where_it_stopped(product: Product) -> None:
    """kill -9 of `make run`: nothing it started stays, and the next start goes on."""
    sender = writer()
    with product.visitor() as parent:
        token = token_of(parent.request("The elevator is stuck on the second floor", sender))
    children = product.children()
    product.stop(signal.SIGKILL)
    until(lambda: all(gone(pid) for pid in children.values()), seconds=40, what="every child to go with it")
    product.start()
    placed(product, f"/r/{token}")
    assert acknowledged_once(product, sender) == f"/r/{token}"
    assert len(product.mail.to(sender)) == 1
    second = product.manage("run")
    assert second.returncode == 1
    assert "It is running already" in second.stderr
