"""Words that may stand in a reply to somebody: an article's as they are, another request's without the people in them.

What was taken out is shown as a word in brackets, for whoever replies to fill in; a reply in which one is left does not go out.
"""

import re

from django.utils.translation import gettext_lazy, override

from districts.links import absolute
from districts.models import Site, Team
from districts.queries import this_district
from knowledge.passages import plain
from knowledge.redaction.engine import redact
from knowledge.redaction.kinds import Kind
from knowledge.redaction.people import roster_of

NAME, EMAIL, PHONE = gettext_lazy("[name]"), gettext_lazy("[email address]"), gettext_lazy("[phone number]")
ADDRESS, DATE, NUMBER = gettext_lazy("[address]"), gettext_lazy("[date]"), gettext_lazy("[number]")
BLANKS = {Kind.PERSON: NAME, Kind.EMAIL: EMAIL, Kind.PHONE: PHONE, Kind.ADDRESS: ADDRESS, Kind.DATE: DATE}  # else a number
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
SHOWN = 240  # characters of a suggestion that are shown at once
_NO_DIGIT = re.compile(r"\D")


def unnamed(text: str, *, language: str) -> str:
    """Without whom it was about. What the district itself is reached by stays: it is everybody's."""
    done, ours = redact(text, roster_of(text)), OurOwn()
    pieces, at = list[str](), 0
    with override(language):
        for start, end, kind in done.spans:
            said = text[start:end]
            pieces += (text[at:start], said if ours.has(said) else str(BLANKS.get(kind, NUMBER)))
            at = end
    return "".join((*pieces, text[at:]))


def blanks_in(text: str, *languages: str) -> list[str]:
    """What is still to be filled in, each once, in the order it stands there."""
    found = {word for language in languages for word in _blanks(language) if word in text}
    return sorted(found, key=text.index)


def _blanks(language: str) -> list[str]:
    with override(language):
        return [str(word) for word in (*BLANKS.values(), NUMBER)]


class OurOwn:
    """Phones of the district and its buildings, mail addresses of it and its teams; not one by which a single ticket is answered."""

    def __init__(self) -> None:
        here = this_district()
        self.host = here.host
        self.phones = {
            _digits(phone) for phone in (here.phone, here.crisis_phone, *Site.objects.values_list("phone", flat=True)) if phone
        }
        self.mails = {mail.lower() for mail in Team.objects.exclude(email="").values_list("email", flat=True)}

    def has(self, said: str) -> bool:
        mail = said.strip().lower()
        if "@" not in mail:
            return _digits(said) in self.phones
        return mail in self.mails or (mail.endswith(f"@{self.host}") and "+" not in mail)


def _digits(said: str) -> str:
    return _NO_DIGIT.sub("", said)[-10:]


def spoken(markdown: str) -> str:
    """An article's passage as a letter has it: without marks, and with the addresses of its links."""
    return plain(_LINK.sub(_address, markdown))


def _address(link: re.Match[str]) -> str:
    words, to = link[1], link[2]
    to = absolute(this_district(), to) if to.startswith("/") else to.removeprefix("mailto:").removeprefix("tel:")
    return words if to in words or to.startswith("#") else f"{words} ({to})"


def fold(text: str) -> tuple[str, str]:
    """(what is shown at once, the rest): cut where a line or a sentence ends, and only where that is worth it."""
    if len(text) <= SHOWN * 5 // 4:
        return text, ""
    head = text[:SHOWN]
    cut = next((at + 1 for end in ("\n", ". ", " ") if (at := head.rfind(end, SHOWN // 2)) > 0), SHOWN)
    return text[:cut].rstrip(), text[cut:].lstrip()
