"""Replies that solved tickets → the text of an article, to be put right by a person. Pure.

Real sentences only, without greeting, signature and whatever tells whose they were; what was taken out inside a sentence is a blank
that has to be filled in before the article can be published.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from knowledge.redaction.engine import Redacted
from knowledge.redaction.kinds import Kind

MOST_REPLIES = 4
LONGEST = 4000  # characters of a draft
SHORTEST = 25  # characters of a sentence worth having
SAME = 0.6  # share of words, from which on a sentence says what another has said
_I = re.IGNORECASE
_GREETING = re.compile(
    r"^\s*(hi|hello|hey|dear|good (morning|afternoon|evening)|greetings|hola|buen[oa]s( (d[ií]as|tardes|noches))?|estimad[oa]s?)\b"
    r"[^\n.!?]{0,60}[,!.:—-]*\s*(\n|$)|^\s*(hi|hello|hey|dear|hola|estimad[oa]s?)\b[^\n.!?,]{0,40}[,!]\s*",
    _I,
)
_SIGNED = re.compile(
    r"^\s*(thanks?( you)?( (so|very) much| again)?|many thanks|best( regards| wishes)?|kind regards|regards|sincerely|cheers"
    r"|respectfully|muchas gracias|gracias|saludos( cordiales)?|atentamente|cordialmente|que tenga (un )?buen d[ií]a"
    r"|have a (great|good|nice) (day|week\w*))\b[^\n]{0,40}$",
    _I,
)
_OWN = re.compile(  # about this one need, not about all of its kind
    r"#\d{3,}|\byour (ticket|request|message|email|patience|call)\b|\b(thanks?|thank you) for\b|\bsorry (for|about|to hear)\b"
    r"|\bI (just|have|'ve|am|will|'ll|\w+ed)\b|\bon our list\b|\bwe are (fixing|looking|working)\b"
    r"|\b(I|we) (checked|looked|called|talked|spoke|reset|fixed|changed|updated|moved|sent|see|found|added|put)\b|\blet me know\b"
    r"|\bsu (solicitud|mensaje|paciencia|correo)\b|\bgracias por\b|\b(ya )?(revis[eé]|cambi[eé]|arregl[eé]|mand[eé]|habl[eé])\b",
    _I,
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\"“¿¡(\[A-ZÀ-Þ0-9])")
_PLACEHOLDER = re.compile(r"\[([A-Z_]+?)_\d+(?:_\d{3})*\]")
_BLANK = re.compile(r"\[(?:name|number|address|email|phone|date)\]")
_POINT = re.compile(r"(?:[-*]|\d+[.)])\s")
_WORD = re.compile(r"[^\W_]{3,}")
_BLANKS = {
    Kind.PERSON: "[name]", Kind.EMAIL: "[email]", Kind.PHONE: "[phone]", Kind.ADDRESS: "[address]", Kind.DATE: "[date]",
}  # fmt: skip


@dataclass(frozen=True)
class Reply:
    text: str  # redacted, blanks in place of what told whose it was


def with_blanks(found: Redacted, public: Mapping[str, str]) -> str:
    """Blanks for what was taken out; what everybody may know (`public`: folded → as written) is put back."""

    def filled(match: re.Match[str]) -> str:
        was = found.originals.get(match[0], "")
        if folded(was) in public:
            return public[folded(was)]
        return _BLANKS.get(Kind(match[1]), "[number]") if match[1] in set(Kind) else match[0]

    return _PLACEHOLDER.sub(filled, found.text)


def without_blanks(text: str) -> str:
    """For who compares it, or looks for it."""
    return " ".join(_BLANK.sub(" ", text).split())


def folded(text: str) -> str:
    """Numbers and addresses of mail, however they are written."""
    return "".join(char for char in text.lower() if char.isalnum() or char in "@.")


def body_of(replies: Sequence[Reply], asked: str) -> str:
    """Paragraphs in Markdown: the first reply, and what others add to it; empty where none says anything for everybody."""
    told: list[set[str]] = []
    paragraphs: list[str] = []
    for reply in replies[:MOST_REPLIES]:
        for block in _blocks(reply.text):
            points = _POINT.match(block)
            found = block.split("\n") if points else _SENTENCE.split(block)
            sentences = [one for one in found if _is_for_all(one) and not _told(one, told)]
            if sentences and sum(map(len, paragraphs)) < LONGEST:
                paragraphs.append(("\n" if points else " ").join(sentences))
                told += [_words(one) for one in sentences]
    return "\n\n".join(paragraphs)[:LONGEST]


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs, without greeting and signature; lines of a list stay lines."""
    text = _GREETING.sub("", text.replace("\r\n", "\n").strip(), count=1)
    lines: list[str] = []
    for line in text.split("\n"):
        if _SIGNED.match(line) or line.strip() in {"--", "-- ", "___"}:
            break
        lines.append(line.strip())
    for block in re.split(r"\n\s*\n", "\n".join(lines)):
        if block.strip():
            yield from _parts(block.strip().replace("•", "-"))


def _parts(block: str) -> Iterator[str]:
    """A list, and what stands before it; else one line."""
    lines = block.split("\n")
    first = next((at for at, line in enumerate(lines) if _POINT.match(line)), len(lines))
    if first:
        yield " ".join(" ".join(lines[:first]).split())
    if first < len(lines):
        yield "\n".join(lines[first:])


def _is_for_all(sentence: str) -> bool:
    return len(sentence) >= SHORTEST and not _OWN.search(sentence)


def _told(sentence: str, before: Sequence[set[str]]) -> bool:
    mine = _words(sentence)
    return any(len(mine & one) >= SAME * max(1, min(len(mine), len(one))) for one in before)


def _words(text: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(text)}


def title_of(question: str) -> str:
    """A question as a heading: without "hi", with a capital, no longer than a line."""
    text = _GREETING.sub("", " ".join(question.split()), count=1).strip(" .!?¿¡,;:-—") or question.strip()
    cut = text if len(text) <= 90 else text[:90].rsplit(" ", 1)[0] + "…"
    return cut[:1].upper() + cut[1:]
