"""The front door's form as it was sent: read leniently, judged by `intake.actions`."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from districts.models import Service, Site
from intake.wording import MAX_TEXT, clean, one_line
from tickets import files
from tickets.actions import NewFile

MOST_FILES = 5


@dataclass
class Asked:
    """What somebody has typed so far. Kept through every step and every mistake."""

    text: str = ""
    contact: str = ""
    name: str = ""
    site: str = ""  # code
    room: str = ""
    service: str = ""  # slug
    form_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    answer: str = ""  # id of the answer that was shown
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, sent: QueryDict) -> "Asked":
        asked = cls(
            text=clean(sent.get("text", "")[: MAX_TEXT * 2]),
            contact=one_line(sent.get("contact", ""), 400),
            name=one_line(sent.get("name", "")),
            site=one_line(sent.get("site", ""), 16),
            room=one_line(sent.get("room", ""), 40),
            service=one_line(sent.get("service", ""), 80),
            answer=one_line(sent.get("answer", ""), 40),
        )
        if "form_id" in sent:  # the id of this one form, so that sending it twice is once
            asked.form_id = one_line(sent.get("form_id", ""), 60)
        return asked

    def known_site(self) -> Site | None:
        return Site.objects.filter(code=self.site).first() if self.site else None

    def known_service(self) -> Service | None:
        return Service.objects.select_related("team").filter(slug=self.service, active=True).first() if self.service else None


def keep_files(sent: "MultiValueDict[str, UploadedFile]") -> tuple[list[NewFile], list[str]]:
    """(kept files, what was wrong with the others: a sentence that names the file)."""
    kept: list[NewFile] = []
    wrong: list[str] = []
    chosen = [file for file in sent.getlist("photos") if file.name]
    for file in chosen[:MOST_FILES]:
        try:
            kept.append(_keep(file))
        except files.Refused as refusal:
            wrong.append(f"{files.plain_name(file.name or '')}: {refusal}")
    if len(chosen) > MOST_FILES:
        wrong.append(_("At most %(most)d files at once. Send the others in a reply.") % {"most": MOST_FILES})
    return kept, wrong


def _keep(file: UploadedFile) -> NewFile:
    """Raises Refused. Of what is too large no more is read than it takes to say so."""
    return files.store(file.name or "", file.read(settings.MAX_FILE_BYTES + 1))


def names(kept: Sequence[NewFile]) -> list[str]:
    return [file.name for file in kept]
