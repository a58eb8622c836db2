"""Twilio's webhook form → Arrival.

https://www.twilio.com/docs/messaging/guides/webhook-request
"""

import mimetypes
import re
from urllib.parse import parse_qs

from django.utils.translation import ngettext, override

from districts.models import ContactPoint
from intake import contacts
from intake.channels import sms_words
from intake.channels.arrival import Arrival, Media, Texting, Unreadable
from intake.contacts import Contact
from intake.language import guess
from intake.wording import cap, clean, one_line
from tickets.models import ChannelKind
from tickets.transcript import aside, said

MAX_MEDIA = 10  # files of one message that Twilio takes
_SHORT_CODE = re.compile(r"\+?\d{3,15}")


def read(raw: bytes) -> Arrival:
    """Raises Unreadable where it has no sender that could be answered, as a name in place of a number."""
    form = fields(raw)
    body = clean(form.get("Body", ""))
    told = form.get("OptOutType", "")
    word, keyword = sms_words.one_word(body), sms_words.keyword(body, told)
    sender, is_person = _sender(form.get("From", ""))
    language = "es" if word in sms_words.SPANISH else guess(body)
    account = form.get("AccountSid", "")
    pictures = tuple(Media(one["url"], _name(number, one["type"]), one["type"], account) for number, one in enumerate(media(form), 1))
    wordless = _wordless(len(pictures), language) if pictures and not body else ""
    return Arrival(
        channel=ChannelKind.SMS,
        contact=sender,
        text=cap(said(body)) if body else aside(wordless) if wordless else "",
        subject="" if body else wordless,
        name=one_line(form.get("ProfileName", "")),
        language=language,
        media=pictures,
        keyword=keyword,
        texting=Texting(
            confirmed=bool(told) or word in sms_words.PROVIDERS,
            unwanted=not keyword and sms_words.wishes_silence(body),
            answer=sms_words.answer(body) if not keyword else "",  # type: ignore[arg-type]
            numbers=() if pictures else sms_words.numbers(body),
        ),
        no_reply=not is_person,
        recipients=(form.get("To", ""),),
    )


def fields(raw: bytes) -> dict[str, str]:
    """The first value of each field of a urlencoded form."""
    return {key: values[0] for key, values in parse_qs(raw.decode("utf-8", "replace"), keep_blank_values=True).items()}


def media(form: dict[str, str]) -> list[dict[str, str]]:
    """Addresses of pictures, to be fetched later: [{"url", "type"}]."""
    count = min(int(form["NumMedia"]), MAX_MEDIA) if form.get("NumMedia", "").isascii() and form.get("NumMedia", "").isdigit() else 0
    found = ({"url": form.get(f"MediaUrl{i}", ""), "type": form.get(f"MediaContentType{i}", "")} for i in range(count))
    return [one for one in found if one["url"]]


def _sender(given: str) -> tuple[Contact, bool]:
    """A number, and whether a person may have it: a short code is a machine's."""
    number = contacts.phone(given)
    if number is not None:
        return number, True
    if not _SHORT_CODE.fullmatch(given):
        raise Unreadable("no number to answer to")
    return Contact(ContactPoint.Kind.PHONE, given), False


def _wordless(pictures: int, language: str) -> str:
    with override(language or "en"):
        return ngettext("[%(n)d file by text message]", "[%(n)d files by text message]", pictures) % {"n": pictures}


def _name(number: int, kind: str) -> str:
    """What a file is, its bytes tell; only texts (a calling card) are told apart by their ending."""
    main, _slash, _sub = kind.partition("/")
    return f"{main or 'file'}-{number}{mimetypes.guess_extension(kind) or '' if main == 'text' else ''}"[:60]
