"""Does somebody who passes a mail on ask something for themselves, or for whoever wrote it?

"Is this real?" is the question of the member of staff: whoever wrote the mail may be the one they ask about, and must hear nothing.
"Please help her" is a word about somebody else's request. English and Spanish. An acknowledgement that went to a stranger cannot be
called back, so a comment is for them only where all of it is known to be: no word at all ("FYI", a greeting, a signature), a plain
request for help for somebody else, or what it is about beside one. Whatever else was written is the writer's own.
"""

import re
from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from intake.channels import forwarded, quoting
from intake.mail import own_words
from routing.words import fold

LOOK = 2_000  # characters of a comment
CARD = 8  # lines of a signature
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+|\S+@\S+")
_SENTENCE = re.compile(r"[^.!?\n;]+[.!?;]*|[.!?]+")
_TITLE = re.compile(r"\b(Mrs|Mr|Ms|Dr|Sra|Sr|Srta)\.")
_PROPER = r"[A-ZÁÉÍÓÚÑ][\w.'’&-]*"
_CLOSED = re.compile(
    r"(?i:\b(?:thanks|thank you|best|(?:best|kind|warm) regards|regards|sincerely|cheers|gracias|saludos|atentamente|cordialmente))"
    rf"[ ,.!\n-]+{_PROPER}(?:[ \n,]+{_PROPER}){{0,3}}[ \n,]*$"
)
_CARD_LINE = re.compile(rf"{_PROPER}(?:,? {_PROPER}){{1,5}}|(?:[A-Za-z]{{1,8}}[.:]? ?)?[-+()\d .x/]{{7,30}}|\W*")


class Asks(TextChoices):
    """Why it is the request of whoever passed it on."""

    SUSPECTS = "suspects", _("they report it as suspicious")
    QUESTION = "question", _("they ask a question about it")
    REQUEST = "request", _("what they wrote above it is of their own")


@dataclass(frozen=True)
class Comment:
    """`asks`: why it is their own; None: nothing of it is. `for_them`: it asks for help for whoever wrote what they pass on."""

    asks: Asks | None = None
    for_them: bool = False


def asks(comment: str, *, subject: str = "", passed_on: str = "", name: str = "") -> Asks | None:
    """None: nothing of their own."""
    return read(comment, subject=subject, passed_on=passed_on, name=name).asks


def read(comment: str, *, subject: str = "", passed_on: str = "", name: str = "") -> Comment:
    """`subject`: of their mail, looked at where it is not that of the mail they pass on (`passed_on`). `name`: as theirs is written."""
    said = _weighed(_without_signature(_ADDRESS.sub(" ", quoting.split(comment[:LOOK], is_reply=False).text), name))
    own = forwarded.bare_subject(subject)
    if said.asks or not passed_on or fold(own) == fold(forwarded.bare_subject(passed_on)):
        return said
    called = _weighed(own)
    if called.asks == Asks.REQUEST and said.for_them and not own_words.OF_ME.search(fold(own)):
        return said  # what it is about, in other words
    return called if called.asks else Comment(for_them=said.for_them or called.for_them)


def _weighed(said: str) -> Comment:
    kinds = [(one, _kind(one)) for one in _SENTENCE.findall(_TITLE.sub(r"\1", said)) if one.strip()]
    helps = any(kind == "help" for _one, kind in kinds)
    for one, kind in kinds:
        told_of_them = helps and kind != "own" and own_words.REPORTED.search(fold(one))
        if own_words.TROUBLE.search(fold(one)) and not told_of_them:
            return Comment(Asks.SUSPECTS)
    own = [one for one, kind in kinds if kind == "own" or (kind == "tells" and not helps)]
    if any("?" in one or "¿" in one for one in own):
        return Comment(Asks.QUESTION)
    return Comment(Asks.REQUEST) if own else Comment(for_them=helps)


def _kind(sentence: str) -> str:
    """ "empty", "help" (for them), "tells" (of them, which says nothing alone) or "own"; of clauses the one that weighs most."""
    whole = _kind_of(fold(sentence), asked="?" in sentence)
    clauses = [fold(one) for one in re.split(r"[,:–—]| - ", sentence)]
    if whole != "own" or len(clauses) == 1:
        return whole
    kinds = {_kind_of(one, asked="?" in sentence and one == clauses[-1]) for one in clauses if one}
    return next((kind for kind in ("own", "help", "tells") if kind in kinds), "empty")


def _kind_of(folded: str, *, asked: bool) -> str:
    if not folded:
        return "own" if asked else "empty"
    if own_words.EMPTY.fullmatch(folded):
        return "empty"
    if own_words.OF_ME.search(own_words.OFFERED.sub(" ", folded)):
        return "own"
    if own_words.HELP.search(folded) and not own_words.NOT.search(folded) and not own_words.ASKING.match(folded):
        return "help"
    if own_words.NEEDS.match(folded) and not asked:
        return "help"
    return "tells" if own_words.TELLS.match(folded) and not (asked and not own_words.WHO_DOES.match(folded)) else "own"


def _without_signature(said: str, name: str) -> str:
    """From their own name on a line of its own, or the lines of a card below all."""
    lines = _CLOSED.sub("thanks", said.strip()).split("\n")
    named = {fold(name), *fold(name).split()} - {""}
    end = start = next((at for at, line in enumerate(lines) if fold(line) in named and at >= len(lines) - CARD), len(lines))
    while start and len(lines) - start < CARD and _CARD_LINE.fullmatch(lines[start - 1].strip()) and "?" not in lines[start - 1]:
        start -= 1
    is_card = end < len(lines) or sum(bool(fold(line)) for line in lines[start:]) > 1  # two words alone may be what they say
    return "\n".join(lines[: start if is_card else end])
