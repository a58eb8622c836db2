"""What is new in a mail, and what is history or signature: line by line, in one pass, no pattern that can run away."""

import re
from dataclasses import dataclass

MAX_LINES = 20_000
_WROTE_END = re.compile(
    r"(wrote|writes|said|escribió|a écrit|écrit|schrieb|ha scritto|scrisse|escreveu|schreef|napisał|napisała|napisał\(a\)|pisze"
    r"|skrev|kirjoitti|написал|написала|написал\(а\)|пишет|писал|писала|写道|寫道|作成|書きました|작성|napsal|napsal\(a\)"
    r"|napísal|đã viết|yazdı|írta|έγραψε|a scris|escrigué|va escriure)[^:：]{0,80}[:：]?$",
    re.IGNORECASE,
)
_WROTE_START = re.compile(
    r"^(on|el|le|am|il|em|op|w dniu|dnia|den|på|dne|dňa|vào|în|στις|в|在|于|au|lun|mar|mié|jue|vie|mon|tue|wed|thu|fri|sat|sun)\b",
    re.IGNORECASE,
)
_ADDRESS_LINE = re.compile(r"<[^<>\s]{1,120}@[^<>\s]{1,120}>\s*[:：]\s*$")
_SEPARATOR = re.compile(
    r"^[-_=*\s]{3,}+(original message|original appointment|mensaje original|message d'origine|ursprüngliche nachricht"
    r"|originalnachricht|original-nachricht|messaggio originale|mensagem original|oorspronkelijk bericht|ursprungligt meddelande"
    r"|исходное сообщение|原始邮件|wiadomość oryginalna|reply message|reply above this line)[-_=*\s]{2,}$",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"^([-_=*\s]{2,}+(forwarded message|mensaje reenviado|weitergeleitete nachricht|message transféré|messaggio inoltrato"
    r"|mensagem encaminhada|doorgestuurd bericht|forwarded by[^-]{0,120}|przekazana wiadomość)[-_=*\s]{2}.{0,120}"
    r"|begin forwarded message:|inicio del mensaje reenviado:|début du message (transféré|réexpédié) ?:"
    r"|anfang der weitergeleiteten nachricht:)$",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"^[*\s]*(from|de|von|van|da|från|fra|od|от|发件人|寄件者|差出人|보낸 사람|kimden|lähettäjä|expéditeur|remitente)\s*[*]*\s*[:：]",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"^[*\s]*(sent|date|to|cc|subject|reply-to|importance|enviado|enviado el|fecha|para|asunto|gesendet|datum|an|betreff"
    r"|envoyé|à|objet|verzonden|aan|onderwerp|inviato|data|a|oggetto|enviada em|assunto|skickat|till|ämne|sendt|til|emne"
    r"|wysłano|do|temat|отправлено|кому|тема|дата|发送时间|收件人|主题|抄送|送信日時|宛先|件名|lähetetty|vastaanottaja|aihe"
    r"|gönderildi|kime|konu)\s*[*]*\s*[:：]",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*[_]{10,}\s*$|^\s*-{20,}\s*$")
_SIGN = re.compile(r"^--\s*$|^—\s*$|^-- $")
_DEVICE = re.compile(
    r"^\W{0,3}(sent (from|via|using) (my|outlook|yahoo|mail|mobile|the|a|an|samsung|blackberry|ios|android|gmail|proton)\b.{0,80}"
    r"|get outlook for .{0,80}|sent with .{0,60}|enviado (desde|con|de) (mi|meu|el|outlook|yahoo|my)\b.{0,80}"
    r"|obtener outlook para .{0,80}|von meinem .{0,40} gesendet|gesendet von .{0,60}|envoyé (de|depuis) mon .{0,60}"
    r"|inviato da(l mio)? .{0,60}|verstuurd vanaf mijn .{0,60}|wysłane z .{0,60}|skickat från .{0,60}|sendt fra .{0,60}"
    r"|отправлено (с|из) .{0,60}|从我的.{0,40}发送)$",
    re.IGNORECASE,
)
SIGNATURE_LINES = 30
WRAPPED = 60  # characters from which a quoted line may have been broken by a mailer


@dataclass(frozen=True)
class Split:
    text: str
    quoted: str = ""
    signature: str = ""

    @property
    def folded(self) -> str:
        """All that is not shown at once; nothing of it is lost."""
        return "\n".join(part for part in (self.signature, self.quoted) if part)


def split(text: str, *, is_reply: bool) -> Split:
    """`is_reply`: it answers another mail. Without that, an old mail below is something the sender passes on: it stays."""
    lines = text.split("\n")[:MAX_LINES]
    start = _history(lines, is_reply=is_reply)
    above, below = lines[:start], lines[start:]
    answers, folded = _below(below)
    visible, signature = _signature(_without_trailing_quote(above + answers, folded))
    shown = "\n".join(visible).strip()
    if not shown:
        return Split(text.strip())
    return Split(shown, "\n".join(folded).strip(), "\n".join(signature).strip())


def _history(lines: list[str], *, is_reply: bool) -> int:
    """Index of the line where earlier mail begins; the number of lines where there is none."""
    for index, line in enumerate(lines):
        bare = line.strip()
        if not bare or bare.startswith(">") or len(bare) > 400:
            continue
        if _FORWARD.match(bare[:200]):
            return len(lines)
        if _SEPARATOR.match(bare[:200]) or _is_wrote(lines, index):
            return _wrote_start(lines, index)
        if is_reply and _is_block(lines, index):
            return index - 1 if index and _RULE.match(lines[index - 1]) else index
    return len(lines)


def _is_wrote(lines: list[str], index: int) -> bool:
    bare = lines[index].strip()[-300:]
    if _ADDRESS_LINE.search(bare) and any(char.isdigit() for char in _joined(lines, index)):
        return True
    if not _WROTE_END.search(bare[-110:]):
        return False
    whole = _joined(lines, index)
    told = any(char.isdigit() for char in whole) or "@" in whole
    ends = bare.endswith((":", "："))
    return told and (ends or "@" in whole) and (ends or bool(_WROTE_START.match(whole)))


def _joined(lines: list[str], index: int) -> str:
    return " ".join(line.strip() for line in lines[_wrote_start(lines, index) : index + 1])


def _wrote_start(lines: list[str], index: int) -> int:
    """Attributions are often broken over up to four lines: back to the one that begins with "On"."""
    for back in range(4):
        at = index - back
        if at < 0 or not lines[at].strip():
            return index
        if _WROTE_START.match(lines[at].strip()):
            return at
    return index


def _is_block(lines: list[str], index: int) -> bool:
    """ "From:" with at least two more header lines after it."""
    if not _FROM.match(lines[index][:80]):
        return False
    following = [line for line in lines[index + 1 : index + 12] if line.strip()][:6]
    return sum(bool(_FIELD.match(line[:60])) for line in following) >= 2


def _below(lines: list[str]) -> tuple[list[str], list[str]]:
    """(what was written under or between the quotes, history). Answers between quotes keep the quotes they answer."""
    marks = [line.lstrip().startswith(">") for line in lines]
    if True not in marks:
        return [], lines
    first = marks.index(True)
    last = len(marks) - 1 - marks[::-1].index(True)
    if _answers_between(lines[first:last], marks[first:last]):
        return lines[first:], lines[:first]
    after = lines[last + 1 :]
    return after, lines[: last + 1]


def _answers_between(lines: list[str], marks: list[bool]) -> bool:
    """Whole lines between quotes; the tail of a long quoted line that a mailer wrapped is none."""
    for i, line in enumerate(lines):
        wrapped = i > 0 and marks[i - 1] and len(lines[i - 1]) >= WRAPPED
        if line.strip() and not marks[i] and not wrapped:
            return True
    return False


def _without_trailing_quote(lines: list[str], folded: list[str]) -> list[str]:
    """A quote at the very end, under the answer, without an attribution."""
    end = len(lines)
    while end and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith(">")):
        end -= 1
    if end and any(line.lstrip().startswith(">") for line in lines[end:]):
        folded[:0] = lines[end:]
        return lines[:end]
    return lines


def _signature(lines: list[str]) -> tuple[list[str], list[str]]:
    """From "-- " on, or from the line a telephone adds."""
    for index, line in enumerate(lines):
        bare = line.strip()
        marked = len(lines) - index <= SIGNATURE_LINES and (_SIGN.match(line) or _DEVICE.match(bare[:140]))
        if marked and any(above.strip() for above in lines[:index]):
            return lines[:index], lines[index:]
    return lines, []
