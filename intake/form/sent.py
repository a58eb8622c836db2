"""The front door's form as it was sent: read leniently, judged by `intake.actions`."""

import uuid
from dataclasses import asdict, dataclass, field
from typing import IO, cast
from uuid import UUID

import structlog
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from districts.models import Service, Site
from districts.scope import require_district_id
from intake.form import questions
from intake.receiving import attaching
from intake.wording import MAX_TEXT, clean, one_line
from tickets import files
from tickets.actions import NewFile

log = structlog.get_logger(__name__)

MOST_FILES = 5
DAY = 24 * 3600  # seconds


@dataclass
class Asked:
    """What somebody has typed so far. Kept through every step and every mistake."""

    text: str = ""
    contact: str = ""
    name: str = ""
    their_contact: str = ""  # of whom it is asked for, by somebody who works here
    their_name: str = ""
    site: str = ""  # code
    room: str = ""
    service: str = ""  # slug, as they chose it
    guess: str = ""  # slug of what it probably is about: only says what is asked
    answers: dict[str, str] = field(default_factory=dict)  # by key of the question, as they were typed
    seen: list[str] = field(default_factory=list)  # keys of the questions that were on the page
    form_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    answer: str = ""  # id of the answer that was shown
    errors: dict[str, str] = field(default_factory=dict)  # sentences by id of the field
    wrong: dict[str, str] = field(default_factory=dict)  # the same of answers, by key of the question
    unseen: int = 0  # questions that came up with these answers

    @classmethod
    def read(cls, sent: QueryDict) -> "Asked":
        asked = cls(
            text=clean(sent.get("text", "")[: MAX_TEXT * 2]),
            contact=one_line(sent.get("contact", ""), 400),
            name=one_line(sent.get("name", "")),
            their_contact=one_line(sent.get("their_contact", ""), 400),
            their_name=one_line(sent.get("their_name", "")),
            site=one_line(sent.get("site", ""), 16),
            room=one_line(sent.get("room", ""), 40),
            service=one_line(sent.get("service", ""), 80),
            guess=one_line(sent.get("guess", ""), 80),
            answers=questions.read_given({name: str(sent[name]) for name in sent}),
            seen=sent.getlist("seen")[: questions.MOST],
            answer=one_line(sent.get("answer", ""), 40),
        )
        if "form_id" in sent:  # the id of this one form, so that sending it twice is once
            asked.form_id = one_line(sent.get("form_id", ""), 60)
        return asked

    @property
    def is_blank(self) -> bool:
        """Nothing was typed yet."""
        return not (self.text or self.contact or self.name)

    @property
    def for_another(self) -> bool:
        return bool(self.their_contact or self.their_name)

    @property
    def place(self) -> dict[str, str]:
        """What the door one came by told, as it stands in an address."""
        known = {"service": self.service, "site": self.site, "room": self.room}
        return {name: value for name, value in known.items() if value}

    def known_site(self) -> Site | None:
        """Whoever types a poster's address by hand may write its code small. A code of no place is forgotten."""
        found = Site.objects.filter(code=self.site).first() if self.site else None
        if found is None and self.site != self.site.upper():
            found = Site.objects.filter(code=self.site.upper()).first()
        self.site = found.code if found else ""
        return found

    def known_service(self) -> Service | None:
        return _service(self.service)

    def subject(self) -> Service | None:
        """What they are asked about: what they chose, else what it probably is."""
        return self.known_service() or _service(self.guess)

    def words(self) -> str:
        """All they said, for whoever listens for danger."""
        return "\n".join([self.text, *self.answers.values()])


def _service(slug: str) -> Service | None:
    return Service.objects.select_related("team").filter(slug=slug, active=True).first() if slug else None


@dataclass
class Photos:
    """Files of one form. What was taken once need not be sent again: the form carries it on, signed."""

    kept: list[NewFile] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # sentences, each names its file

    @property
    def summary(self) -> str:
        """Of what is wrong, where the sentences stand elsewhere; empty: nothing is."""
        return _("Look at your files: not all of them were taken.") if self.wrong else ""

    @property
    def carried(self) -> list[tuple[str, str]]:
        """[(name, what the form carries)]"""
        return [(file.name, signing.dumps(asdict(file), salt=_salt(require_district_id()))) for file in self.kept]


def store_photos(request: HttpRequest) -> None:
    """Before the request's transaction: photos take long to be written anew."""
    request.photos = keep_files(request.FILES, request.POST, district_id=request.district.id)  # type: ignore[attr-defined]


def photos_of(request: HttpRequest) -> Photos:
    """What came with the form, stored before the transaction where there was something to store."""
    stored: Photos | None = getattr(request, "photos", None)
    return stored or keep_files(request.FILES, request.POST, district_id=require_district_id())


def keep_files(sent: "MultiValueDict[str, UploadedFile]", form: QueryDict, *, district_id: UUID) -> Photos:
    carried = (_carried(given, district_id) for given in form.getlist("kept")[:MOST_FILES])
    photos = Photos(kept=[file for file in carried if file])
    chosen = [file for file in sent.getlist("photos") if file.name]
    room = MOST_FILES - len(photos.kept)
    for file in chosen[:room]:
        try:
            kept = _keep(file, district_id)
        except files.Refused as refusal:
            photos.wrong.append(f"{files.plain_name(file.name or '')}: {refusal}")
            continue
        except OSError:  # the disk is full or away: the words must not be lost with the file
            log.exception("file_not_kept")
            photos.wrong.append(
                _("%(name)s could not be kept just now. Send the words without it, and the file later.")
                % {"name": files.plain_name(file.name or "")}
            )
            continue
        if kept.sha256 not in {one.sha256 for one in photos.kept}:  # chosen again, though it was kept
            photos.kept.append(kept)
    if len(chosen) > room:
        photos.wrong.append(_("At most %(most)d files at once. Send the others in a reply.") % {"most": MOST_FILES})
    return photos


def _carried(given: str, district_id: UUID) -> NewFile | None:
    """Only what this district signed within a day: nobody can name a file that is not theirs. One that was reaped is gone."""
    try:
        kept = NewFile(**signing.loads(given, salt=_salt(district_id), max_age=DAY))
    except (signing.BadSignature, TypeError):
        return None
    return kept if attaching.still_there(kept) else None


def _salt(district_id: UUID) -> str:
    return f"photo:{district_id}"


def _keep(file: UploadedFile, district_id: UUID) -> NewFile:
    """Raises Refused. Large ones lie on the disk already, and are read piece by piece."""
    return files.store(file.name or "", cast(IO[bytes], file.file), district_id=district_id)
