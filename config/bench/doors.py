"""What is measured at the doors of the whole product, started as `make run` starts it: how many mails a second, and how much memory.

Everything else that is measured runs in this process; here the product's own processes work, with their broker, on the same machine.
"""

import http.client
import os
import re
import smtplib
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from urllib.parse import quote

from config.bench.meter import cpu
from config.storm.outside import MailServer, Twilio
from config.storm.running import CEDAR, Running, free_port, processes, until

HELP = f"help@{CEDAR}"
RATE = 50  # mails a second
SECONDS = 60
MB = 1_000_000
FILE = 25 * 1024 * 1024  # bytes: what MAX_FILE_BYTES lets in
SENDERS = 24  # connections at once
WARM = 6  # rounds in which each process of a pool loads what it needs for any message, a model for one
SETTLE = 120.0  # seconds for everything to come to its end


@contextmanager
def whole_product(name: str) -> Iterator[Running]:
    """With the demonstration's districts; nothing leaves it."""
    with MailServer(free_port()) as mail, Twilio(free_port()) as twilio:
        product = Running(name, mail=mail, twilio=twilio, DELIVERY_KEEP="1", DATABASE_POOL="6", LOG_LEVEL="WARNING")
        for mine in ("BENCH_DATABASE", "CACHE_URL"):
            product.env.pop(mine, None)
        product.fresh()
        try:
            product.start()
            yield product
        finally:
            product.stop()
            product.fresh()


# --- mails a second -----------------------------------------------------------------------------------------------------


@dataclass
class Rate:
    """Of one run; all times in seconds."""

    sent: int = 0
    answers: list[float] = field(default_factory=list)  # from the moment a mail was due to its 250
    refused: list[str] = field(default_factory=list)
    tickets: list[float] = field(default_factory=list)  # from the envelope to its ticket with a team
    most_waiting: int = 0  # envelopes at once
    settled: float = 0.0  # after the last mail
    cpu: float = 0.0  # of all processes, for one mail

    @property
    def answer(self) -> float:
        return p99(self.answers)

    @property
    def ticket(self) -> float:
        return p99(self.tickets)


def rate_of(product: Running, *, seconds: float, rate: float = RATE) -> Rate:
    """So many mails a second for so long, each on a connection of its own, whatever the product answers."""
    found, template = Rate(), _template()
    counted = {pid: cpu([pid]) for pid in all_of(product)}
    began = time.monotonic()

    def send(number: int) -> None:
        due = began + number / rate
        try:
            with smtplib.SMTP("127.0.0.1", product.smtp_port, timeout=60) as door:
                door.sendmail(f"parent{number}@mail.example", [HELP], template(number))
            found.answers.append(time.monotonic() - due)
        except (OSError, smtplib.SMTPException) as error:
            found.refused.append(f"{type(error).__name__}: {error}")

    with ThreadPoolExecutor(SENDERS) as pool:
        for number in range(int(seconds * rate)):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            pool.submit(send, number)
            found.sent += 1
            if number % int(rate * 2) == 0:
                found.most_waiting = max(found.most_waiting, _waiting(product))
    ended = time.monotonic()
    until(lambda: _waiting(product) == 0, seconds=SETTLE, what="the envelopes to be received")
    until(lambda: not product.value("SELECT count(*) FROM tickets_ticket WHERE placed_at IS NULL"), seconds=SETTLE, what="triage")
    found.settled = time.monotonic() - ended
    found.cpu = sum(cpu([pid]) - counted.get(pid, 0.0) for pid in all_of(product)) / found.sent
    found.tickets = [row["seconds"] for row in product.rows(
        "SELECT extract(epoch FROM t.placed_at - e.received_at)::float8 AS seconds FROM intake_envelope e JOIN tickets_ticket t"
        " ON t.district_id = e.district_id AND t.id = e.ticket_ref WHERE e.external_id LIKE 'rate.%%'"
    )]  # fmt: skip
    return found


def all_of(product: Running) -> list[int]:
    """The product's processes, those of its database and its broker too."""
    return under(product.process.pid if product.process else 0, product.state()["keeper_pid"])


def under(*tops: int) -> list[int]:
    """These processes, and those that they made."""
    parents = {pid: parent for pid, parent, _command in processes()}
    return [pid for pid in parents if set(tops) & set(_line(pid, parents))]


def _line(pid: int, parents: dict[int, int]) -> Iterator[int]:
    while pid:
        yield pid
        pid = parents.get(pid, 0)


def _waiting(product: Running) -> int:
    return int(product.value("SELECT count(*) FROM intake_envelope WHERE state = 'pending'"))


def _template() -> Callable[[int], bytes]:
    """Mails of 22 kB as a phone writes them, each of another sender with an id of its own."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "Parent <SENDER@mail.example>", HELP, "Bus question NUMBER"
    message["Message-ID"] = "<rate.NUMBER@mail.example>"
    text = "Hello, the bus did not come this morning, number NUMBER. " + "We waited for half an hour at the stop. " * 60
    message.set_content(text)
    message.add_alternative(f"<html><body><p>{text}</p></body></html>", subtype="html")
    message.add_attachment(os.urandom(8_000), maintype="application", subtype="octet-stream", filename="notes.bin")
    raw, run = message.as_bytes(), uuid.uuid4().hex[:8]

    def one(number: int) -> bytes:
        named = raw.replace(b"SENDER", b"parent%d" % number)
        return named.replace(b"rate.NUMBER", f"rate.{run}.{number}".encode()).replace(b"NUMBER", b"%d" % number)

    return one


def p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98] if len(values) > 1 else (values or [0.0])[0]


# --- memory -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Watch:
    """Processes of one kind, and how much each held before."""

    name: str
    before: dict[int, int]

    def grown(self) -> float:
        """MB that the one which took most held at its peak beyond that."""
        return max(peak(pid) - held for pid, held in self.before.items()) / MB


def watch(product: Running, name: str) -> Watch:
    """The named process and those it made; their peaks count from now on."""
    top = product.children()[name]
    pids = [top, *(pid for pid, parent, _command in processes() if parent == top)]
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # proc(5): forget the peak
    return Watch(name, {pid: status(pid, "VmRSS") for pid in pids})


def peak(pid: int) -> int:
    return status(pid, "VmHWM")


def status(pid: int, name: str) -> int:
    """Bytes."""
    found = re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def memory_of(product: Running, size: int) -> dict[str, float]:
    """MB more that each of the processes took for a file of `size` bytes, by mail and by the form."""
    for _ in range(WARM):
        for warm in (1_000, 1_000_000):
            _mail_in(product, warm)
            _form_in(product, warm)
    watched = [watch(product, name) for name in ("smtp", "worker")]
    _mail_in(product, size)
    grown = {one.name: one.grown() for one in watched}
    web = watch(product, "web")
    _form_in(product, size)
    return {**grown, "web": web.grown()}


def _mail_in(product: Running, size: int) -> None:
    """A mail with one file; returns once its ticket is there with that file."""
    known_as = f"memory.{uuid.uuid4().hex}@mail.example"
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = "Pat <pat@mail.example>", HELP, "Scan"
    message["Message-ID"] = f"<{known_as}>"
    message.set_content(f"The scan of our lease, {known_as}.")
    message.add_attachment(_scan(size), maintype="application", subtype="pdf", filename="lease.pdf")
    with smtplib.SMTP("127.0.0.1", product.smtp_port, timeout=120) as door:
        door.sendmail("pat@mail.example", [HELP], message.as_bytes())
    state = "SELECT state FROM intake_envelope WHERE external_id = %s"
    until(lambda: product.value(state, known_as) in ("done", "dead"), seconds=SETTLE, what="the mail to be received")
    _check(product, "m.envelope_ref = (SELECT id FROM intake_envelope WHERE external_id = %s)", known_as, size)


def _form_in(product: Running, size: int) -> None:
    """The form with one file, as a browser sends it."""
    mark = uuid.uuid4().hex
    connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=120)
    where = {"Host": f"{CEDAR}:{product.port}", "Origin": f"http://{CEDAR}:{product.port}"}
    try:
        connection.request("GET", f"/?text={quote(mark)}", headers=where)
        answer = connection.getresponse()
        page = answer.read().decode()
        cookies = "; ".join(value.split(";")[0] for value in answer.headers.get_all("Set-Cookie") or [])
        token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        fields = {
            "csrfmiddlewaretoken": token,
            "form_id": str(uuid.uuid4()),
            "step": "send",
            "text": mark,
            "contact": "pat@mail.example",
        }
        parts = [
            f'--front-door-bench-7d1c\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        head = "".join(
            [*parts, '--front-door-bench-7d1c\r\nContent-Disposition: form-data; name="photos"; filename="lease.pdf"\r\n\r\n']
        )
        body = head.encode() + _scan(size) + b"\r\n--front-door-bench-7d1c--\r\n"
        connection.request(
            "POST", "/", body, {**where, "Cookie": cookies, "Content-Type": "multipart/form-data; boundary=front-door-bench-7d1c"}
        )
        status = connection.getresponse().status
    finally:
        connection.close()
    if status not in (302, 303):
        raise RuntimeError(f"the form was answered with {status}")
    _check(product, "m.text LIKE %s", f"%{mark}%", size)


def _check(product: Running, which: str, value: str, size: int) -> None:
    """The file is there, whole."""
    kept = product.value(f"SELECT a.size FROM tickets_attachment a JOIN tickets_message m ON m.id = a.message_id WHERE {which}", value)
    if kept != size:
        raise RuntimeError(f"of a file of {size:,} bytes {kept} were kept")


def _scan(size: int) -> bytes:
    """Nothing that compresses, so that the database has all of it to store."""
    return b"%PDF-1.7\n" + os.urandom(size - 9)


__all__ = ["FILE", "MB", "RATE", "SECONDS", "Rate", "all_of", "memory_of", "p99", "rate_of", "under", "whole_product"]
