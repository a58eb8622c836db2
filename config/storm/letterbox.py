"""What the product sent, written down piece by piece as it arrives; and its letters, for those who reply to one."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email.parser import BytesHeaderParser
from email.utils import parseaddr

from config.storm.journal import Journal
from config.storm.letters import Acknowledged
from config.storm.outside import Mail, MailServer, Text, Twilio
from config.storm.plan import Event, Fate

WAIT = 60.0  # seconds somebody waits for a letter to reply to
ACKNOWLEDGEMENT = "auto-replied"  # in Auto-Submitted (RFC 3834)


class Letterbox:
    """Of all senders. Hands out acknowledgements to those who reply, each once."""

    def __init__(self, journal: Journal, events: Sequence[Event]) -> None:
        self.journal = journal
        self._parser = BytesHeaderParser()
        twice = {event.parent.n for event in events if event.parent and event.kind.fate is Fate.TICKET}  # who knows which is answered?
        self._owners = {event.address: event for event in events if event.parent is None and event.n not in twice}
        self._answered: list[Acknowledged] = []
        self._news = threading.Condition()

    @contextmanager
    def listening(self, mail: MailServer, twilio: Twilio) -> Iterator[None]:
        mail.heard_by.append(self.mail)
        twilio.heard_by.append(self.text)
        try:
            yield
        finally:
            mail.heard_by.remove(self.mail)
            twilio.heard_by.remove(self.text)

    def mail(self, mail: Mail) -> None:
        head = self._parser.parsebytes(mail.raw)
        message_id, auto = (" ".join(str(head.get(name, "")).split()).strip("<> ") for name in ("Message-ID", "Auto-Submitted"))
        reply_to = parseaddr(" ".join(str(head.get("Reply-To", "")).split()))[1]
        self.journal.note("mail", to=mail.to, id=message_id, auto=auto)
        owner = self._owners.pop(mail.to, None) if auto == ACKNOWLEDGEMENT and reply_to else None
        if owner:
            with self._news:
                self._answered.append(Acknowledged(owner, reply_to, message_id))
                self._news.notify()

    def text(self, text: Text) -> None:
        self.journal.note("text", to=text.to, sid=text.sid, body=text.body)

    def acknowledged(self, _event: Event) -> Acknowledged | None:
        """One that nobody has replied to yet; None where none comes."""
        with self._news:
            return self._answered.pop() if self._news.wait_for(lambda: self._answered, timeout=WAIT) else None
