"""The bytes of the mails of a storm."""

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.utils import timezone

from config.storm.plan import Event

PHOTO = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)
DATE = format_datetime(timezone.now())  # one for all: a retry is the same mail
REPORT = (
    "From: MAILER-DAEMON@mx.family.example\r\nTo: {to}\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <{id}>\r\n"
    'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain\r\n\r\nYour mail could not be delivered. {mark}\r\n"
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.family.example\r\n\r\n"
    "Final-Recipient: rfc822; gone@family.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <never-sent-{mark}@elsewhere.example>\r\n\r\n--b--\r\n"
)
BROKEN = (  # each with a sender and words; everything else is wrong
    "From: {address}\r\nTo: {to}\r\nMessage-ID: <{id}>\r\nSubject: =?utf-8?Q?broken\r\n"
    'Content-Type: multipart/mixed; boundary="never closed\r\n\r\n{words}\r\n',
    "From: {address}\nTo: {to}\nMessage-ID: <{id}>\nContent-Type: text/plain; charset=no-such-set\n\n{words}\n",
    "From: {address}\r\nMessage-ID: <{id}>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    "--x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n\r\n{words}\r\n--x\r\nContent-Type: image/png\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\n!!!not base64!!!\r\n",
    "From: {address}\r\nSubject: a\0b\r\nMessage-ID: <{id}>\r\n\r\n{words}\r\n\x1b[2J\x07\r\n",
)


def message_id(event: Event) -> str:
    return f"{event.own_id}@mx.family.example"


def bytes_of(event: Event, to: str, *, reply: "Acknowledged | None" = None, by_way_of: str = "") -> bytes:
    """`by_way_of`: another server that passed the same mail on, and put its trace on top."""
    raw = _raw(event, to, reply)
    trace = f"Received: from {by_way_of} by mx.example; {DATE}\r\nDelivered-To: {to}\r\n" if by_way_of else ""
    return trace.encode() + raw


class Acknowledged:
    """Our letter to the sender of an earlier event, as that sender has it."""

    def __init__(self, event: Event, reply_to: str, message_id: str) -> None:
        self.event, self.reply_to, self.message_id = event, reply_to, message_id


def _raw(event: Event, to: str, reply: Acknowledged | None) -> bytes:
    named = {"to": to, "id": message_id(event), "mark": event.mark, "address": event.address, "words": event.words}
    if event.kind.name == "bounce":
        return REPORT.format(**named).encode()
    if event.kind.name == "broken":
        return BROKEN[event.n % len(BROKEN)].format(**named).encode()
    return _letter(event, to, reply).as_bytes()


def _letter(event: Event, to: str, reply: Acknowledged | None) -> EmailMessage:
    letter = EmailMessage(policy=SMTP)
    letter["From"] = f"Sam <{reply.event.address if reply else event.address}>"
    letter["To"], letter["Date"], letter["Message-ID"] = to, DATE, f"<{message_id(event)}>"
    letter["Subject"] = "Re: your request" if reply else event.need
    if event.kind.name == "auto-reply":
        letter["Auto-Submitted"] = "auto-replied"
    if reply:
        letter["In-Reply-To"] = letter["References"] = f"<{reply.message_id}>"
        letter.set_content(f"{event.words}\r\n\r\nOn Tue, Nov 3, 2026, Help <{to}> wrote:\r\n> {reply.event.words}\r\n")
    else:
        letter.set_content(f"{event.words}\r\n\r\nThank you\r\n")
    if event.kind.name == "html":
        letter.add_alternative(f"<p>{event.words}</p><p>Thank you</p>", subtype="html")
    if event.kind.name == "photo":
        letter.add_attachment(PHOTO, maintype="image", subtype="png", filename="photo.png")
    return letter
