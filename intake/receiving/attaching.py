"""Files of an arrival, stored before its ticket is written. One that is refused never takes the message with it."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from intake.channels.arrival import Arrival, Media, SentFile
from intake.receiving.timing import TookTooLong, at_most
from tickets import files
from tickets.actions import NewFile
from tickets.models import ChannelKind

TINY = 400  # bytes of an inline picture: spacers and trackers
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Kept:
    files: Sequence[NewFile] = ()
    note: str = ""  # what the reader of the message must know
    later: Sequence[Media] = ()  # what lies at a provider that does not give it now


def keep(arrival: Arrival, *, district_id: UUID, seconds: float) -> Kept:
    """Touches the disk only, so that no transaction is open while a photo is worked on.

    What is not stored after so many seconds is noted as not kept: the words do not wait for it, there may be danger in them.
    """
    wanted = worth_keeping(arrival)
    became: list[NewFile | str] = []  # of each in turn, the file or a line about it
    with override(arrival.language or "en"):  # the reason is read beside the words it came with
        try:
            with at_most(seconds):
                for sent in wanted:
                    became.append(_store(sent, district_id, spoken=arrival.channel == ChannelKind.PHONE))
        except TookTooLong:
            log.warning("files_too_slow", files=len(wanted), looked_at=len(became))
        became.extend(_line(sent, "") for sent in wanted[len(became) :])
    stored = [one for one in became if isinstance(one, NewFile)]
    return Kept((*arrival.kept_files, *stored), "\n".join(one for one in became if isinstance(one, str)))


def worth_keeping(arrival: Arrival) -> list[SentFile]:
    return [sent for sent in arrival.sent_files if not (sent.inline and len(sent.data) < TINY)]


def noted(text: str) -> str:
    """The lines at the end of a message's text that say which of its files were not kept, or not yet, as they were written; in any
    language."""
    begins = tuple(begin for code, _name in settings.LANGUAGES for begin in _begins(code))
    lines = text.split("\n")
    at = len(lines)
    while at and lines[at - 1].startswith(begins) and lines[at - 1].endswith("]"):
        at -= 1
    return "\n".join(lines[at:])


def _begins(language: str) -> Iterator[str]:
    with override(language):
        yield _("[File not kept: %(name)s. %(why)s]").partition("%")[0]
        yield _("[File not here yet: %(name)s. It is being fetched.]").partition("%")[0]


def awaited(name: str) -> str:
    """A line about a file that lies at its provider and comes later."""
    return _("[File not here yet: %(name)s. It is being fetched.]") % {"name": name}


def is_awaited(line: str, name: str) -> bool:
    """Such a line, in whatever language it was written."""
    for code, _name in settings.LANGUAGES:
        with override(code):
            if line == awaited(name):
                return True
    return False


def refused(name: str) -> str:
    """A line about a file that is not fetched."""
    return _line(SentFile(name, b""), _("It could not be fetched."))


def still_there(file: NewFile) -> bool:
    """And as new as one that came just now; False where it was reaped."""
    try:
        os.utime(Path(settings.MEDIA_ROOT) / file.path)
    except FileNotFoundError:
        return False
    return True


def _store(sent: SentFile, district_id: UUID, *, spoken: bool) -> NewFile | str:
    """`spoken`: the recording of a call, whose caller chose no kind of file and cannot send another."""
    try:
        return files.store(sent.name, sent.data, district_id=district_id)
    except files.Refused as refusal:
        return _line(sent, _("The recording cannot be played: call back.") if spoken else str(refusal))


def _line(sent: SentFile, why: str) -> str:
    """`why`: empty where there was no time for it."""
    said = _("[File not kept: %(name)s. %(why)s]") % {"name": sent.name, "why": why}
    return said if why else said.replace(". ]", ".]")
