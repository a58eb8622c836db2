"""What people would write, by authors who did not see each other's; a file each.

A line is: how pressing it is, the service of the demonstration it was written for, whether a person may be in danger (yes, no, or ?
where the reader was in doubt), and the words, the subject before " // ". A hyphen where nobody said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
SUBJECT = " // "
UNKNOWN = "-"
_DANGER = {"yes": True, "no": False, "?": None}


@dataclass(frozen=True)
class Message:
    """`degree` and `service` are empty where nobody said; `danger` is None where the reader was in doubt."""

    author: str
    degree: str
    service: str
    danger: bool | None
    subject: str
    body: str

    @property
    def text(self) -> str:
        return f"{self.subject}\n{self.body}" if self.subject else self.body


def messages() -> Iterator[Message]:
    for file in sorted(FOLDER.glob("*.tsv")):
        for line in file.read_text(encoding="utf-8").splitlines():
            degree, service, danger, text = line.split("\t")
            subject, _mark, body = text.rpartition(SUBJECT) if text.count(SUBJECT) == 1 else ("", "", text)
            yield Message(file.stem, degree.strip(UNKNOWN), service.strip(UNKNOWN), _DANGER[danger], subject.strip(), body.strip())
