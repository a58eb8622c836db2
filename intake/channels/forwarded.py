"""A mail that somebody passes on: who wrote it first, what about, and what it said.

Never by the subject alone, which people keep, change and translate: it is told from what the mail program wrote above the mail that
was passed on, or from a mail that is attached. Where that could be an answer as well (Outlook writes the same fields above both),
the subject and what the mail says it answers decide together.
"""

import re
from collections.abc import Sequence

from intake.channels import letterhead, markup, mime, parts, quoting
from intake.channels.arrival import Forward, SentFile
from intake.channels.headers import Headers
from intake.wording import clean, one_line

MAX_LINES = 2_000  # of a comment above it
COMMENT = 300  # characters above an attached mail that are only a word about it
MAX_FROM = 600
MAX_DEPTH = 3  # marks before every line that are taken away
_TAG = r"\s*(\[[^\]]{0,40}\]\s*)*"
_PASSED_ON = re.compile(
    rf"{_TAG}(fwd?|wg|tr|rv|rw|i|enc|pd|vb|vl|vs|doorst|fs|ilt|i̇lt|redir|trs|továbbítás|tov|videresend|πρθ|προώθ|הועבר|轉寄|转发|轉發|転送|전달)"
    r"\s?\.?(\[\d+\])?\s*[:：]",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    rf"{_TAG}(re|aw|sv|antw|antwort|odp|ref|rif|r|res|ynt|vá|bls|vs|απ|σχετ|ats|回复|回覆|答复|答覆|返信|답장|회신|השב|رد)\s?(\[\d+\]|\(\d+\))?\s*[:：]",
    re.IGNORECASE,
)
_MAILTO = re.compile(r"[<\[(]\s*mailto:([^\s<>\[\]()]{1,254})[>\])]", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s<>@,;:\"'()\[\]]{1,128}@[\w\u0080-\uffff][\w.\-\u0080-\uffff]{0,190}")
_VIA = re.compile(r" via ", re.IGNORECASE)
_AROUND = " \t\"'<>()[]*_„“”«»‘’,;:\xa0"
_IN_QUOTES = re.compile(r"[\"„“«]([^\"„“”«»]{1,120})$")
_BEFORE_NAME = re.compile(
    r"\d[\d:.,]*|[,،]|\b(?:[ap]\.?m|uhr|schrieb|skrev|schreef|heeft|użytkownik|időpontban|používateľ|uživatel|пользователь|користувач)\b",
    re.IGNORECASE,
)


def read(
    subject: str, text: str, *, answers: bool, says_so: bool = False, html: str = "", attached: Sequence[SentFile] = ()
) -> Forward | None:
    """`answers`: it names an earlier mail as its own. `says_so`: a header field of it says that it is passed on.

    `html`: as it came, looked at where `text` is not enough.
    """
    passes_on = says_so or bool(_PASSED_ON.match(subject))
    may_be_answer = not passes_on and (answers or is_answer(subject))
    found = _in_text(text, passes_on=passes_on, may_be_answer=may_be_answer)
    if found is None and passes_on and html:
        found = _in_text(clean(markup.text_of(markup.clean(html))), passes_on=passes_on, may_be_answer=may_be_answer)
    return found or _attached(text, attached, passes_on=passes_on, answers=answers)


def is_answer(subject: str) -> bool:
    """It says so, in one of the ways of the world: "Re:", "AW:", "[school] Sv:"."""
    return _ANSWER.match(subject) is not None


def bare_subject(subject: str) -> str:
    """Without "Fwd:" and "Re:", however many."""
    for _mark in range(MAX_DEPTH):
        found = _PASSED_ON.match(subject) or _ANSWER.match(subject)
        if found is None:
            break
        subject = subject[found.end() :]
    return subject.strip()


def _in_text(text: str, *, passes_on: bool, may_be_answer: bool) -> Forward | None:
    if "@" not in text and "--" not in text and not passes_on:
        return None
    lines = letterhead.lines_of(text)
    for index, line in enumerate(lines[:MAX_LINES]):
        bare = line.strip()
        if not bare:
            continue
        kind = letterhead.separator(bare)
        if kind == "forwarded" and not (bare.startswith(">") and may_be_answer):
            return _from_block(lines, index, index + 1) or Forward(comment=_text(lines[:index]), text=_text(lines[index + 1 :]))
        if bare.startswith(">") and not passes_on and (may_be_answer or any(above.strip() for above in lines[:index])):
            continue
        if kind == "original":
            alone = not may_be_answer and not any(above.strip() for above in lines[:index])
            return _from_block(lines, index, index + 1) if passes_on or alone else None
        start = letterhead.introduction(lines, index)
        if start is not None:
            return _from_line(lines, start, index) if passes_on else None
        if letterhead.heads_a_mail(lines, index):
            return None if may_be_answer else _from_block(lines, letterhead.ruled_from(lines, index), index)
    return None


def _from_block(lines: list[str], top: int, at: int) -> Forward | None:
    """The fields under a separator, after at most three empty lines."""
    while at < min(top + 4, len(lines)) and not letterhead.unquoted(lines[at]):
        at += 1
    block = letterhead.block(lines, at)
    if block is None or "from" not in block.values:
        return None
    name, address = person(block.values["from"])
    subject, date = (one_line(block.values.get(role, "")) for role in ("subject", "date"))
    text, under = _quoted(lines[block.end :]) if lines[at].lstrip().startswith(">") else (lines[block.end :], [])
    return Forward(name, address, subject, date, text=_text(text), comment=_text([*lines[:top], *under]))


def _from_line(lines: list[str], start: int, end: int) -> Forward | None:
    """Outlook for Mac passes on under "On <when>, <who> wrote:"."""
    told = " ".join(line.strip() for line in lines[start : end + 1]).replace("< ", "<")
    name, address = _writer(told)
    return Forward(name, address, text=_text(lines[end + 1 :]), comment=_text(lines[:start])) if address else None


def _writer(told: str) -> tuple[str, str]:
    """Who is named in "On 3/4/2026 10:20, "Ana Ruiz" <ana@family.example> wrote:"; the name is what stands before the address."""
    found = _ADDRESS.search(told)
    if not found:
        return "", ""
    before = told[: found.start()].rstrip(_AROUND + "mailto:")
    quoted = _IN_QUOTES.search(before)
    name = quoted[1] if quoted else _BEFORE_NAME.split(before)[-1]
    return _named(name, found[0])


def person(value: str) -> tuple[str, str]:
    """(name, address) of "Ana Ruiz <ana@family.example>", "Ana Ruiz [mailto:ana@family.example]" and their like."""
    plain = _MAILTO.sub(r"<\1>", value[:MAX_FROM])
    found = _ADDRESS.search(plain)
    if not found:
        return one_line(plain.strip(_AROUND), 120), ""
    return _named(plain[: found.start()] or plain[found.end() :], found[0])


def _named(name: str, address: str) -> tuple[str, str]:
    """As a person is called: not "Ana Ruiz via Parents", and not by the address again."""
    address = address.strip(".").lower()
    name = one_line(_VIA.split(name)[0].strip(_AROUND), 120)
    return ("" if name.lower() == address else name), address


def _quoted(lines: list[str]) -> tuple[list[str], list[str]]:
    """What is marked as a quote, and what the sender wrote under it."""
    end = len(lines)
    while end and not lines[end - 1].lstrip().startswith(">"):
        end -= 1
    return (lines[:end], lines[end:]) if end else (lines, [])


def _text(lines: list[str]) -> str:
    """Without the marks of a quote, where every line has one."""
    for _depth in range(MAX_DEPTH):
        told = [line for line in lines if line.strip()]
        if not told or not all(line.startswith(">") for line in told):
            break
        lines = [line[1:].removeprefix(" ") for line in lines]
    return "\n".join(lines).strip()


def _attached(text: str, attached: Sequence[SentFile], *, passes_on: bool, answers: bool) -> Forward | None:
    """A whole mail that was attached, where nothing else was said, or hardly anything and the subject tells."""
    letters = [file for file in attached if file.kind in parts.LETTERS]
    if len(letters) != 1:
        return None
    said = quoting.split(text, is_reply=answers).text
    if len(said) > (COMMENT if passes_on and not answers else 0):
        return None
    letter = parts.parse(letters[0].data)
    headers = Headers(letter)
    writer = next(iter(headers.addresses("from")), None)
    if writer is None:
        return None
    return Forward(
        writer.name, writer.address, one_line(headers.text("subject")), headers.raw("date")[:100], _words(letter), text.strip()
    )


def _words(letter: parts.Part) -> str:
    pieces = mime.unpack(letter).pieces
    return clean("\n\n".join(piece.plain if piece.plain.strip() else markup.text_of(markup.clean(piece.html)) for piece in pieces))
