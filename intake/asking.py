"""What somebody asks by a form of ours, or a machine for them, and how it is written down."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from django.utils.translation import gettext as _

from districts.models import Person, Service, Site
from intake import contacts
from intake.wording import MAX_TEXT, clean, one_line
from tickets.actions import NewAnswer, NewFile


class NoText(ValueError):
    """Nothing was asked; the text is for the person who sent the form."""

    field = "text"


@dataclass(frozen=True)
class Asking:
    """As it was typed: nothing is cleaned or checked yet but for the rows and files it names."""

    text: str
    contact: str
    name: str = ""
    language: str = "en"
    site: Site | None = None
    room: str = ""
    asset_tag: str = ""
    service: Service | None = None
    files: Sequence[NewFile] = ()
    answers: Sequence[NewAnswer] = ()
    shown: str = ""  # the article's passage that was shown before, and was not enough
    by: Person | None = None  # who works here, is signed in, and asks for whoever `contact` and `name` are

    def as_bytes(self) -> bytes:
        """As JSON, its files by their hashes: the same submission is the same bytes, also before a field was thought of, so what came
        later stands there only where it says something. Raises NoText and BadContact.
        """
        words = clean(self.text[: MAX_TEXT * 2])
        if not words and not self.files:
            raise NoText(_("Tell us what you need, in a few words."))
        content = {
            "text": words,
            "contact": asdict(contacts.read(self.contact)),
            "name": one_line(self.name),
            "language": one_line(self.language, 8),
            "site": str(self.site.id) if self.site else "",
            "room": one_line(self.room, 40),
            "asset_tag": one_line(self.asset_tag, 40),
            "service": str(self.service.id) if self.service else "",
            "files": [asdict(file) for file in self.files],
        }
        later = {"answers": [asdict(answer) for answer in self.answers], "by": str(self.by.id) if self.by else "", "shown": self.shown}
        content |= {name: value for name, value in later.items() if value}
        return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
