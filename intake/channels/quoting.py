"""What is new in a mail, and what is history or signature: line by line, in one pass, no pattern that can run away.

What is not shown at once is kept: text, signature and quoted are together all that came.
"""

import re
from dataclasses import dataclass

from intake.channels import letterhead

MAX_LINES = 20_000
SIGNATURE_LINES = 30
SIGNATURE_WORDS = 120  # of what stands under "--", which people also put between two thoughts
WRAPPED = 60  # characters from which a quoted line may have been broken by a mailer
CARD_LINE = 60  # characters of a line of a card
SIGN_OFF = 100  # characters under a quote that are no answer to it yet
GREETING = 40  # characters above a quote that say nothing yet
_RULE = re.compile(r"^[\s>]*[-_=*—–]{3,}\s*$")
_CARD_RULE = re.compile(r"^[-_=*—]{8,}\s*$")
_WEB = re.compile(r"(\w{1,12}[.:]? )?(https?://|www\.)\S+$", re.IGNORECASE)
_MAIL = re.compile(r"(e-?mail|mail|e)?[.:]? ?<?[^\s@<>]{1,64}@[\w.-]{3,100}>?$", re.IGNORECASE)
_PHONE = re.compile(r"[a-zä-ü. ]{0,14}[.:]? ?\+?[\d(][\d ()./-]{6,24}( ?x ?\d+)?$", re.IGNORECASE)
_SIGN = re.compile(r"^(--|—|\u2013\u2013?|__)\s*$")
_LIST_RULE = re.compile(r"^_{30,}\s*$|^-{60,}\s*$|^-~{4,}[-~]*\s*$|^#{20,}\s*$")
_LIST = re.compile(r"mailing[- ]list|list-?info|unsubscri|\blists?[.@]", re.IGNORECASE)
_GADGET = r"(i(phon\w*|pad|pod|os)|android|samsung|galaxy|blackberry|outlook|windows|yahoo|gmail|mail(box)?|huawei|xiaomi|nokia|htc|lg"
_GADGET += r"|motorola|sony|proton\S*|spark|edison|smartphone|handy|mobil\w*|phone|tablet|telefon\w*|celular|móvil|cell|device|gerät\w*"
_GADGET += r"|aol|gmx|web\.de|thunderbird|телефон\w*|почт\w*|verizon|at&t|t-mobile|sparrow|airmail|bluemail|zoho)"
_DEVICE = re.compile(
    r"^\W{0,3}("
    rf"sent (from|via|using|with)\b[^,.;:!?]{{0,40}}?\b{_GADGET}\b.{{0,60}}|sent from my( [\w'’-]+){{1,4}}"
    rf"|(sent by|from my) {_GADGET}( [\w-]+){{0,3}}\W{{0,2}}"
    r"|(get|download|try) (the )?(new )?outlook for .{0,70}|get (yahoo mail|bluemail|typeapp) for .{0,40}"
    r"|(enviado|enviada|envoyé|inviato|verstuurd|verzonden|skickat|sendt|gesendet|odesláno|odoslané|wysłan[oe]|trimis|poslano|küldve"
    rf"|este mensaje (ha sido|fue) enviado|отправлено|надіслано|послано|enviat)\b[^,.;:!?]{{0,60}}?\b{_GADGET}\b.{{0,60}}"
    r"|von mein(em|er) [^,.;:!?]{1,40} gesendet|diese nachricht wurde [^,.;:!?]{1,80} gesendet\.?"
    r"|(obtener|obter( o)?|obtenez|téléchargez|télécharger|scarica|ottieni|download|haal|skaffa|hämta|hent|skaff deg|hanki|pobierz"
    r"( program)?|získejte|získať|holen sie sich|töltse le az|descarga|descargar|baixar|получить|скачать)( de)? outlook .{0,60}"
    r"|outlook (für|voor|til|для) .{0,40}(beziehen|herunterladen|downloaden)?"
    r"|lähetetty .{0,30}|.{0,30}(dan|den|ından|inden) gönderildi"
    r"|发自.{0,30}|發自.{0,30}|從我的.{0,30}傳送|从我的.{0,30}发送|来自.{0,30}(手机|客户端|邮箱)|获取 ?outlook.{0,40}|.{0,20}から送信"
    r"|.{0,24}에서 (보냄|보낸 메일)|(được )?gửi từ .{0,40}|στάλθηκε από .{0,40}|εστάλη από .{0,40}|נשלח מ.{0,40}|أرسلت من .{0,40}"
    r")$",
    re.IGNORECASE,
)
_HINTS = (  # one of them is in every line that `_DEVICE` knows
    "from my",
    *"phon ipad ipod ios android samsung galaxy berry outlook windows yahoo mail huawei xiaomi nokia htc lg motorola sony proton"
    " spark edison handy mobil tablet telef celular móvil cell device gerät aol gmx web.de thunderbird телефон почт verizon"
    " at&t sparrow zoho lähetetty gönderildi 发 發 傳送 来自 获取 送信 에서 gửi στάλθηκε εστάλη נשלח أرسلت gesendet".split(),
)
_END_OF_SENTENCE = (".", "?", "!", ":", ",", ";")


@dataclass(frozen=True)
class Split:
    text: str
    quoted: str = ""
    signature: str = ""

    @property
    def folded(self) -> str:
        """All that is not shown at once; nothing of it is lost."""
        return "\n".join(part for part in (self.signature, self.quoted) if part)


def split(text: str, *, is_reply: bool, below: str = "", passed_on: bool = False) -> Split:
    """`is_reply`: it answers another mail. Without that, an old mail below may be something the sender passes on: it stays.

    `passed_on`: it surely is. `below`: what comes after `text` where the HTML's own structure told them apart.
    """
    whole = f"{text}\n{below}" if below else text
    if passed_on:
        return Split(whole.strip())
    lines = letterhead.lines_of(whole)
    lines, beyond = lines[:MAX_LINES], lines[MAX_LINES:]
    end = _reply_line(lines)
    start = _history(lines[:end], is_reply=is_reply)
    if below.strip() and is_reply and not _passes_on(below):
        start = min(start, text.count("\n") + 1)
    return _told_apart(lines[:start], lines[start:end], [*lines[end:], *beyond], whole, is_reply=is_reply)


def _told_apart(above: list[str], history: list[str], beyond: list[str], whole: str, *, is_reply: bool) -> Split:
    last, closing = _signature_under_quotes(history or above)
    above, history = (above, last) if history else (last, [])
    shown, folded = _below(above, history)
    visible, signature = _signature(_without_trailing_quote(shown, folded))
    signature += closing
    text = "\n".join(visible).strip()
    if not text and not (is_reply and history and not any(map(str.strip, above)) and _is_certain(history)):
        return Split(whole.strip())
    return Split(text, "\n".join([*folded, *beyond]).strip(), "\n".join(signature).strip())


def _is_certain(history: list[str]) -> bool:
    """Not only fields on top, which somebody may have copied above his own words."""
    first = next((line for line in history if line.strip()), "")
    marked = any(line.lstrip().startswith(">") for line in history)
    return letterhead.separator(first.strip()) == "original" or (marked and letterhead.field(first) is None)


def _reply_line(lines: list[str]) -> int:
    """Where another desk's "please type your reply above this line" stands, under something that was typed."""
    index = letterhead.reply_line(lines)
    above = (line.strip() for line in lines[:index])
    return index if any(line and not line.startswith(">") for line in above) else len(lines)


def _history(lines: list[str], *, is_reply: bool) -> int:
    """Index of the line where earlier mail begins; the number of lines where there is none."""
    for index, line in enumerate(lines):
        bare = line.strip()
        if not bare or (bare[0] == ">" and bare != ">:"):
            continue
        kind = letterhead.separator(bare)
        if kind == "forwarded":
            return len(lines)
        if kind == "original":
            return letterhead.ruled_from(lines, index)
        found = letterhead.introduction(lines, index)
        if found is not None:
            return found
        if is_reply and letterhead.heads_a_mail(lines, index):
            return letterhead.ruled_from(lines, index)
    return len(lines)


def _passes_on(below: str) -> bool:
    """The mail under the answer is one that was passed on, by its own first words."""
    first = next((line for line in below.split("\n", 20) if line.strip()), "")
    return letterhead.separator(first.strip()) == "forwarded"


def _below(above: list[str], history: list[str]) -> tuple[list[str], list[str]]:
    """(what is shown, history): with what was written under or between the quotes. Answers between quotes keep what they answer."""
    marks = [_is_marked(line) for line in history]
    if True not in marks:
        return above, history
    first = marks.index(True)
    last = len(marks) - 1 - marks[::-1].index(True)
    if _answers_between(history[first:last], marks[first:last]):
        return above + history[first:], history[:first]
    after = history[last + 1 :]
    if not _says(after, SIGN_OFF) or not _says(above, GREETING):
        return above + after, history[: last + 1]
    return above + history, []


def _is_marked(line: str) -> bool:
    bare = line.lstrip()
    return bare.startswith(">") and not bare.endswith("<")


def _says(lines: list[str], least: int) -> bool:
    return sum(len(line.strip()) for line in lines) > least


def _answers_between(lines: list[str], marks: list[bool]) -> bool:
    """Whole lines between quotes; the tail of a long quoted line that a mailer wrapped is none."""
    for i, line in enumerate(lines):
        wrapped = i > 0 and marks[i - 1] and len(lines[i - 1]) >= WRAPPED
        if line.strip() and not marks[i] and not wrapped:
            return True
    return False


def _without_trailing_quote(lines: list[str], folded: list[str]) -> list[str]:
    """A quote at the very end, under the answer, without an introduction."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    if end and any(line.lstrip().startswith(">") for line in lines[end:]):
        folded[:0] = lines[end:]
        return lines[:end]
    return lines


def _signature_under_quotes(lines: list[str]) -> tuple[list[str], list[str]]:
    """The answerer's own at the very end, or his list's, under what he quotes."""
    for index in range(len(lines) - 1, max(0, len(lines) - SIGNATURE_LINES), -1):
        if lines[index].lstrip().startswith(">"):
            break
        if _begins_signature(lines, index) and any(map(_is_marked, lines[:index])):
            return lines[:index], lines[index:]
    return lines, []


def _signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """From "-- " on; the lines that a telephone or a mailing list adds."""
    signature: list[str] = []
    for index in range(max(0, len(lines) - SIGNATURE_LINES), len(lines)):
        if _begins_signature(lines, index) and any(above.strip() for above in lines[:index]):
            lines, signature = lines[:index], lines[index:]
            break
    if not signature:
        lines, signature = _without_card(lines)
    return _without_device(lines, signature)


def _without_card(lines: list[str]) -> tuple[list[str], list[str]]:
    """A company's card at the end: an address of the web among at least three ways to be reached. A name and a number are words."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    top = max(0, end - SIGNATURE_LINES)
    if not any("www." in line or "://" in line for line in lines[top:end]):
        return lines, []
    start = end
    while start > top and lines[start - 1].strip() and len(lines[start - 1]) <= CARD_LINE:
        start -= 1
    ruled = next((at for at in range(top, end) if _CARD_RULE.match(lines[at])), end)
    for at in (start, ruled):
        ways = [way for line in lines[at:end] for way in (_WEB, _MAIL, _PHONE) if way.match(line.strip())]
        short = all(len(line) <= CARD_LINE for line in lines[at:end])
        if short and len(ways) >= 3 and _WEB in ways and len(set(ways)) >= 2 and any(above.strip() for above in lines[:at]):
            return lines[:at], lines[at:]
    return lines, []


def _begins_signature(lines: list[str], index: int) -> bool:
    line = lines[index]
    if _SIGN.match(line):
        return line == "-- " or len(" ".join(lines[index:]).split()) <= SIGNATURE_WORDS
    if _LIST_RULE.match(line):
        under = lines[index + 1 : index + 2]
        rest = [below for below in lines[index + 1 :] if below.strip()]
        return any(map(str.strip, under)) and len(rest) <= 8 and any(_LIST.search(below[:300]) for below in rest)
    return False


def _without_device(lines: list[str], signature: list[str]) -> tuple[list[str], list[str]]:
    """ "Sent from my phone" is nobody's words; what stands under it may be."""
    for index in range(max(1, len(lines) - SIGNATURE_LINES), len(lines)):
        if not _is_device(lines[index].strip()) or not any(above.strip() for above in lines[:index]):
            continue
        rest = [below for below in lines[index + 1 :] if below.strip() and not _RULE.match(below[:200])]
        if len(rest) <= 3 and all(len(below) <= 40 and not below.rstrip().endswith(_END_OF_SENTENCE) for below in rest):
            return lines[:index], [*lines[index:], *signature]
        return [*lines[:index], *lines[index + 1 :]], [lines[index], *signature]
    return lines, signature


def _is_device(line: str) -> bool:
    if not 4 <= len(line) <= 160:
        return False
    lowered = line.lower()
    return any(hint in lowered for hint in _HINTS) and _DEVICE.match(line) is not None
