"""Those who send: a mail server, a mailbox elsewhere, a visitor's browser, Twilio, a machine with a key, a provider of mail.

Each does what its kind does when there is no answer, or one that says "later": it sends the same again, under the same id. Some
do not wait for the answer at all, and send again.
"""

import base64
import http.client
import json
import smtplib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import NAMESPACE_URL, UUID, uuid5

from twilio.request_validator import RequestValidator

from config.storm import letters
from config.storm.journal import Journal
from config.storm.letters import Acknowledged
from config.storm.plan import Event
from config.storm.post import Post
from config.storm.running import CEDAR, HOOK_SECRET, OAK, TWILIO_ACCOUNT, Running
from delivery.provider_login import derived
from intake.chat.actions import CHATS

ACCEPTED, REFUSED, LATER = "accepted", "refused", "later"
BROKE = "broke"  # the sender itself
NOT_WAITED = "not waited for"
TIMEOUT = 20.0  # seconds a sender waits for an answer
PATIENCE = 180.0  # seconds a sender goes on trying
PAUSE = 0.4  # seconds between two tries at first; a real mail server waits for minutes
HELP = f"help@{CEDAR}"
PLAIN_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Answer:
    verdict: str
    words: str


Sending = Callable[[bool], Answer]  # whether to wait for the answer


@dataclass
class Senders:
    """All doors of one running product."""

    product: Running
    journal: Journal
    acknowledged: Callable[[Event], Acknowledged | None]  # something to reply to
    post: Post | None = None  # the mailbox elsewhere
    key: str = ""
    line: dict[str, Any] = field(default_factory=dict)  # the number for texts
    phone: dict[str, Any] = field(default_factory=dict)  # the number for calls
    other: str = ""  # mailbox of the same district
    district: UUID | None = None
    done: dict[int, threading.Event] = field(default_factory=dict)
    ends: dict[int, str] = field(default_factory=dict)
    _forms: threading.local = field(default_factory=threading.local)

    def prepare(self, events: Sequence[Event]) -> None:
        self.district = self.product.district(CEDAR)
        self.key, self.line, self.phone = (
            self.product.api_key(CEDAR),
            self.product.sms_channel(CEDAR),
            self.product.phone_channel(CEDAR),
        )
        mailboxes = "SELECT address FROM intake_channel WHERE district_id = %s AND kind = 'email' AND active AND address <> %s"
        self.other = self.product.value(f"{mailboxes} ORDER BY address", self.district, HELP)
        self.done = {event.n: threading.Event() for event in events}

    def send(self, event: Event) -> None:
        """Until it is accepted or refused; the journal says which."""
        try:
            end = self._send(event)
        except Exception as error:  # noqa: BLE001  the storm goes on, and the proof shows what is missing
            end = f"{BROKE}: {type(error).__name__}: {error}"
        self.ends[event.n] = end
        self.journal.note("end", n=event.n, end=end)
        self.done[event.n].set()

    def _send(self, event: Event) -> str:
        if event.parent and not (self.done[event.parent.n].wait(PATIENCE) and self.ends[event.parent.n] == ACCEPTED):
            return "left out"
        reply = self.acknowledged(event) if event.kind.name == "reply" else None
        if event.kind.name == "reply" and reply is None:
            return "left out"
        follows = reply.event if reply else event.parent
        self.journal.note(
            "event", n=event.n, kind=event.what, fate=event.kind.fate, mark=event.mark, units=event.kind.units,
            files=event.kind.files, id=self._known_as(event), parent=follows.mark if follows else "",
            sender=event.number if self._by_number(event) else (reply.event if reply else event).address,
        )  # fmt: skip
        verdicts = [self._insist(event, sending) for sending in self._sendings(event, reply)]
        return next((one for one in verdicts if one != ACCEPTED), ACCEPTED)

    def _insist(self, event: Event, sending: Sending) -> str:
        until, pause = time.monotonic() + PATIENCE, PAUSE
        for number in range(10_000):
            try:
                answer = sending(number >= event.impatient)
            except (OSError, http.client.HTTPException, smtplib.SMTPException) as error:
                answer = Answer(LATER, f"no answer: {type(error).__name__}")
            self.journal.note("try", n=event.n, number=number, answer=answer.words)
            if answer.verdict != LATER:
                return answer.verdict
            if time.monotonic() > until:
                break
            if answer.words != NOT_WAITED:
                time.sleep(pause)
                pause = min(5.0, pause * 1.5)
        return "never answered"

    def _sendings(self, event: Event, reply: Acknowledged | None) -> list[Sending]:
        doors = {
            "smtp": self._smtp, "imap": self._imap, "web": self._web, "sms": self._sms, "api": self._api, "hook": self._hook,
            "voice": self._voice, "chat": self._chat,
        }  # fmt: skip
        return doors[event.kind.door](event, reply)

    def _by_number(self, event: Event) -> bool:
        return event.kind.door in ("sms", "voice") or event.kind.name == "by phone"

    def _known_as(self, event: Event) -> str:
        """The id under which the product must know it."""
        if event.kind.door == "web":
            return _form_id(event)
        if event.kind.door == "sms":
            return event.own_id
        if event.kind.door == "voice":
            return f"{_recording(event)}/words"
        if event.kind.door == "chat":
            return f"chat:{uuid5(CHATS, f'{self.district} {_form_id(event)}')}"
        if event.kind.door == "api":
            return f"key {self.key.split('_')[1]} {event.own_id}"
        return letters.message_id(event)

    # --- mail ----------------------------------------------------------------------------------------------------------------

    def _smtp(self, event: Event, reply: Acknowledged | None) -> list[Sending]:
        name = event.kind.name
        sender = "" if name == "bounce" else (reply.event if reply else event).address
        to = {
            "two addresses": [HELP, self.other], "two districts": [HELP, f"help@{OAK}"], "no mailbox": [f"nobody-{event.mark}@{CEDAR}"],
        }.get(name, [reply.reply_to if reply else HELP])  # fmt: skip
        raw = letters.bytes_of(event, to[0], reply=reply)
        sendings: list[Sending] = [lambda wait: self._mail(sender, to, raw, wait)]
        if name == "two ways":
            other = letters.bytes_of(event, to[0], by_way_of="relay.family.example")
            sendings.append(lambda wait: self._mail(sender, [self.other], other, wait))
        return sendings

    def _imap(self, event: Event, _reply: Acknowledged | None) -> list[Sending]:
        """Once the mail lies there it is the product's to read. Who does not wait for that puts it there again."""
        sendings: list[Sending] = [lambda wait: self._bring(letters.bytes_of(event, HELP), wait)]
        if event.kind.name == "two ways":
            other = letters.bytes_of(event, HELP, by_way_of="relay.family.example")
            sendings.append(lambda wait: self._mail(event.address, [self.other], other, wait))
        return sendings

    def _bring(self, raw: bytes, wait: bool) -> Answer:
        if self.post is None:
            raise RuntimeError("no mailbox takes part")
        self.post.bring(raw)
        return Answer(ACCEPTED, "appended") if wait else Answer(LATER, NOT_WAITED)

    def _mail(self, sender: str, to: Sequence[str], raw: bytes, wait: bool) -> Answer:
        door = smtplib.SMTP("127.0.0.1", self.product.smtp_port, timeout=TIMEOUT)
        try:
            door.ehlo("mx.family.example")
            for code, words in (door.mail(sender), *(door.rcpt(one) for one in to), door.docmd("DATA")):
                if code >= 400:
                    return _by_code(code, words)
            door.send(_on_the_wire(raw))
            if not wait:
                return Answer(LATER, NOT_WAITED)
            return _by_code(*door.getreply())
        finally:
            with suppress(OSError, smtplib.SMTPException):
                door.close()

    def _hook(self, event: Event, _reply: Acknowledged | None) -> list[Sending]:
        """What Postmark posts (https://postmarkapp.com/developer/webhooks/inbound-webhook), with the mail as it came."""
        raw, login = letters.bytes_of(event, HELP).decode(), derived(HOOK_SECRET, str(self.district))
        content = {
            "MessageID": event.mark, "OriginalRecipient": HELP, "Headers": [{"Name": "Return-Path", "Value": f"<{event.address}>"}],
            "FromFull": {"Email": event.address}, "ToFull": [{"Email": HELP}], "Subject": event.need, "RawEmail": raw,
        }  # fmt: skip
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
        body = json.dumps(content).encode()
        return [lambda wait: self._post("/hooks/mail/postmark/inbound/", body, headers, wait)]

    # --- people and machines ---------------------------------------------------------------------------------------------------

    def _web(self, event: Event, _reply: Acknowledged | None) -> list[Sending]:
        fields = {
            "form_id": _form_id(event), "step": "send", "text": event.words,
            "contact": event.number if self._by_number(event) else event.address,
        }  # fmt: skip
        return [lambda wait: self._submit(fields, event.remote, wait)]

    def _submit(self, fields: dict[str, str], remote: str, wait: bool) -> Answer:
        cookies, token = self._form()
        headers = {"Content-Type": PLAIN_FORM, "Cookie": cookies, "X-Forwarded-For": remote}
        return self._post("/", urlencode({**fields, "csrfmiddlewaretoken": token}).encode(), headers, wait)

    def _form(self) -> tuple[str, str]:
        """(cookies, token) of the page this thread has open."""
        if not hasattr(self._forms, "open"):
            connection = self._connection()
            with closing_at_once(connection):
                connection.request("GET", "/", headers=self._headers())
                answer = connection.getresponse()
                page = answer.read().decode()
                if answer.status != 200:
                    raise http.client.HTTPException(f"status {answer.status}")
            cookies = "; ".join(value.split(";")[0] for value in answer.headers.get_all("Set-Cookie") or [])
            self._forms.open = cookies, page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        found: tuple[str, str] = self._forms.open
        return found

    def _sms(self, event: Event, _reply: Acknowledged | None) -> list[Sending]:
        """What Twilio posts (https://www.twilio.com/docs/messaging/guides/webhook-request)."""
        path = f"/hooks/sms/{self.line['id']}"
        form = {
            "MessageSid": event.own_id, "AccountSid": TWILIO_ACCOUNT, "To": self.line["address"],
            "From": "anonymous" if event.kind.name == "no number" else event.number,
            "Body": "STOP" if event.kind.name == "stop" else event.words, **self._pictures(event),
        }  # fmt: skip
        return [self._twilio(path, form, self.line["secret"], signed=event.kind.name != "unsigned")]

    def _pictures(self, event: Event) -> dict[str, str]:
        """They lie at Twilio; of each third it says at first that there is none yet."""
        if not event.kind.files:
            return {"NumMedia": "0"}
        path = f"/2010-04-01/Accounts/{TWILIO_ACCOUNT}/Messages/MM{event.mark}/Media/ME{event.mark}"
        where = self.product.twilio.keep(path, letters.PHOTO, late=event.n % 3 == 0)
        return {"NumMedia": "1", "MediaUrl0": where, "MediaContentType0": "image/png"}

    def _voice(self, event: Event, _reply: Acknowledged | None) -> list[Sending]:
        """What was said after the tone, as Twilio heard it (https://www.twilio.com/docs/voice/twiml/record)."""
        path = f"/hooks/voicemail/{self.phone['id']}"
        form = {
            "RecordingSid": _recording(event), "TranscriptionSid": f"TR{event.n}", "TranscriptionText": event.words,
            "TranscriptionStatus": "completed", "From": event.number, "To": self.phone["address"],
        }  # fmt: skip
        return [self._twilio(path, form, self.phone["secret"])]

    def _twilio(self, path: str, form: dict[str, str], secret: str, *, signed: bool = True) -> Sending:
        where = f"http://{CEDAR}:{self.product.port}{path}"
        signature = RequestValidator(secret).compute_signature(where, form) if signed else ""
        headers = {"Content-Type": PLAIN_FORM, "X-Twilio-Signature": signature}
        return lambda wait: self._post(path, urlencode(form).encode(), headers, wait)

    def _chat(self, event: Event, _reply: Acknowledged | None) -> list[Sending]:
        """Words and a wish for a person in one, as the page without scripts sends them."""
        form = {"said_id": _form_id(event), "text": event.words, "contact": event.address, "name": "Sam"}
        headers = {"Content-Type": PLAIN_FORM, "X-Forwarded-For": event.remote}
        return [lambda wait: self._post("/chat/person", urlencode(form).encode(), headers, wait)]

    def _api(self, event: Event, _reply: Acknowledged | None) -> list[Sending]:
        body = json.dumps({"text": event.words, "contact": event.address}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}", "Idempotency-Key": event.own_id}
        return [lambda wait: self._post("/api/v1/tickets", body, headers, wait)]

    def _post(self, path: str, body: bytes, headers: dict[str, str], wait: bool) -> Answer:
        connection = self._connection()
        with closing_at_once(connection):
            connection.request("POST", path, body, {**self._headers(), **headers})
            if not wait:
                return Answer(LATER, NOT_WAITED)
            answer = connection.getresponse()
            answer.read(4096)
        return _by_status(answer.status)

    def _headers(self) -> dict[str, str]:
        return {"Host": f"{CEDAR}:{self.product.port}", "Origin": f"http://{CEDAR}:{self.product.port}"}

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=TIMEOUT)


@contextmanager
def closing_at_once(connection: http.client.HTTPConnection) -> Iterator[None]:
    """Hang up in the end, whatever was not read yet."""
    try:
        yield
    finally:
        with suppress(OSError):
            if connection.sock is not None:
                connection.sock.shutdown(socket.SHUT_RDWR)
        connection.close()


def _form_id(event: Event) -> str:
    return str(uuid5(NAMESPACE_URL, event.own_id))


def _recording(event: Event) -> str:
    return f"RE{event.mark}"


def _on_the_wire(raw: bytes) -> bytes:
    """RFC 5321, 4.5.2."""
    lines = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").split(b"\r\n")
    body = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)
    return (body if body.endswith(b"\r\n") else body + b"\r\n") + b".\r\n"


def _by_code(code: int, words: bytes) -> Answer:
    """An SMTP answer; -1: the connection broke."""
    verdict = ACCEPTED if 200 <= code < 400 else REFUSED if code >= 500 else LATER
    return Answer(verdict, f"{code} {words.decode(errors='replace')}")


def _by_status(status: int) -> Answer:
    verdict = ACCEPTED if status < 400 else REFUSED if status < 500 and status != 429 else LATER
    return Answer(verdict, f"http {status}")
