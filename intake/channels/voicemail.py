"""Twilio's callbacks about a recording of a call → Arrival: that it is made, and, in either order, what was said in it.

Neither names the caller for sure, so our own address of the callback does (see intake.phone.telephone). The two are one message by the
recording's id.
https://www.twilio.com/docs/voice/twiml/record
"""

import re
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from intake import contacts
from intake.channels.arrival import Arrival, Media, Thread
from intake.channels.sms import fields
from intake.contacts import Contact
from intake.language import guess
from intake.wording import cap, clean, one_line, subject_of
from tickets.models import ChannelKind
from tickets.transcript import aside, said

HIDDEN = frozenset({"+266696687", "+7378742833", "+2562533", "+8566696", "+86282452253"})
"""What Twilio puts in place of a number that is anonymous, restricted, blocked, unknown or unavailable, as letters of a telephone."""
SAID = "completed"
_SID = re.compile(r"[A-Za-z0-9]{1,64}")


def read(raw: bytes, meta: dict[str, Any]) -> Arrival:
    """No text and no media: nothing was recorded, or nothing could be understood."""
    form = fields(raw)
    transcript = cap(clean(form.get("TranscriptionText", ""))) if form.get("TranscriptionStatus", SAID) == SAID else ""
    language = guess(transcript) or str(meta.get("language", ""))
    with override(language or "en"):
        text, subject = _words(form, transcript)
    return Arrival(
        channel=ChannelKind.PHONE,
        contact=caller(form, meta),
        text=text,
        subject=subject,
        name=one_line(form.get("CallerName", "")),
        language=language,
        media=_recording(form),
        thread=Thread(message_id=mark(form)),
        recipients=(form.get("To", ""),),
    )


def about_words(form: dict[str, str]) -> bool:
    """Is it the transcript's callback?"""
    return "TranscriptionSid" in form or "TranscriptionText" in form


def recording_of(form: dict[str, str]) -> str:
    """Its id, or nothing where it is none."""
    given = form.get("RecordingSid", "")
    return given if _SID.fullmatch(given) else ""


def mark(form: dict[str, str]) -> str:
    """What a ticket remembers of a recording, in the place of a Message-ID."""
    return f"voicemail.{recording_of(form)}"


def caller(form: dict[str, str], meta: dict[str, Any]) -> Contact | None:
    """None for one who hides the number; the call is taken all the same."""
    given = form.get("From") or form.get("Caller") or str(meta.get("caller", ""))
    return None if given in HIDDEN else contacts.phone(given)


def _words(form: dict[str, str], transcript: str) -> tuple[str, str]:
    """(text, subject): what the recording's length tells, or what a machine heard."""
    if about_words(form):
        heard = aside(_("[voicemail, as a machine heard it]"))
        return (f"{heard}\n{said(transcript)}", subject_of(transcript)) if transcript else ("", "")
    if not _recording(form):
        return "", ""
    length = _seconds(form)
    told = _("[voicemail, %(n)d s]") % {"n": length} if length else _("[voicemail]")
    return aside(told), told


def _recording(form: dict[str, str]) -> tuple[Media, ...]:
    """To be fetched as MP3, a tenth of the size."""
    url = form.get("RecordingUrl", "")
    made = form.get("RecordingStatus", SAID) == SAID and form.get("RecordingDuration", "1") != "0"
    if about_words(form) or not url or not made:
        return ()
    return (Media(f"{url.removesuffix('.wav').removesuffix('.mp3')}.mp3", "voicemail", "audio/mpeg", form.get("AccountSid", "")),)


def _seconds(form: dict[str, str]) -> int:
    given = form.get("RecordingDuration", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 6 else 0
