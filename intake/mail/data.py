"""What follows DATA, taken piece by piece: the dots that SMTP adds are taken off, and the end is found (RFC 5321, 4.5.2).

Lines may be of any length, and may end as they like: many mailers fold nothing. Only CR LF . CR LF is the end, however the pieces
fall; a lone LF before a dot is not (a server that takes it for the end lets one mail smuggle another).
"""

from tempfile import SpooledTemporaryFile
from typing import IO

from intake.receiving.bulk import CARRIED

END = b"\r\n.\r\n"
STUFFED, PLAIN = b"\r\n.", b"\r\n"


class MailData:
    """The bytes of one mail, in memory while they are few, then in a file. `too_much`: over the limit, and nothing is kept."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = 0
        self.file: IO[bytes] = SpooledTemporaryFile(max_size=CARRIED)  # noqa: SIM115  closed by whoever takes the mail
        self._held = PLAIN  # DATA begins at the beginning of a line
        self._begun = False

    @property
    def too_much(self) -> bool:
        return self.size > self.most

    def feed(self, piece: bytes) -> bytes | None:
        """What comes after the end, which this piece has; None where it goes on."""
        data = self._held + piece
        end = data.find(END)
        if end >= 0:
            self._keep(data[: end + len(PLAIN)])
            return data[end + len(END) :]
        length = next(n for n in range(len(END) - 1, -1, -1) if data.endswith(END[:n]))
        self._held = data[len(data) - length :]
        self._keep(data[: len(data) - length])
        return None

    def _keep(self, data: bytes) -> None:
        if not data:
            return
        plain = data.replace(STUFFED, PLAIN)
        if not self._begun:
            self._begun, plain = True, plain[len(PLAIN) :]
        self.size += len(plain)
        if self.too_much:
            self.file.seek(0)
            self.file.truncate()
        else:
            self.file.write(plain)
