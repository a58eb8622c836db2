"""The words of an alert in each language: which a person gets, what a test says first, what is not filled in yet. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import override

from alerts.models import Kind
from delivery import segments

type Words = Mapping[str, Mapping[str, str]]
BLANK = re.compile(r"\[[^\[\]\n]{1,60}\]")  # “[route]”: somebody has to fill it in
PARTS = ("subject", "text", "mail")


@dataclass(frozen=True)
class Written:
    """What leaves, in one language."""

    language: str
    subject: str
    text: str
    mail: str
    voice: str  # what a machine says on the telephone

    @property
    def segments(self) -> int:
        return segments.count(self.text)

    @property
    def odd(self) -> list[str]:
        """Letters for which a text costs twice the parts."""
        return segments.odd(self.text) if self.segments > 1 else []


def language_for(words: Words, wanted: str, *, spoken: Sequence[str]) -> str:
    """The person's own, else the first of the district's that has words, else any that has."""
    order = [wanted, wanted.partition("-")[0], *spoken, *words]
    return next((code for code in order if words.get(code, {}).get("text", "").strip()), "")


def written(words: Words, language: str, *, kind: str) -> Written:
    """Of a test every part says first that it is one."""
    said = words.get(language, {})
    subject, text = said.get("subject", "").strip(), segments.smart(said.get("text", "").strip())
    mail = said.get("mail", "").strip() or text
    if kind != Kind.TEST:
        return Written(language, subject, text, mail, text)
    with override(language):
        first, line = _("TEST"), _("This is a test. You need not do anything.")
    marked = segments.smart(f"{first}: {text}")
    return Written(language, f"[{first}] {subject}", marked, f"{line}\n\n{mail}", f"{line} {text} {line}")


def all_written(words: Words, spoken: Sequence[str], *, kind: str) -> list[Written]:
    """In the district's order of languages."""
    return [written(words, code, kind=kind) for code in spoken if words.get(code, {}).get("text", "").strip()]


def blanks(words: Words) -> list[str]:
    """What is still to be filled in, each once."""
    texts = [said.get(part, "") for said in words.values() for part in PARTS]
    return list(dict.fromkeys(found for text in texts for found in BLANK.findall(text)))
