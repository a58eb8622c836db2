"""How mail programs introduce an older mail: its fields, the line that says who wrote when, the rule above it.

Words of some thirty languages, looked up in tables and not in one long pattern: a line costs a look or two, whatever it says.
"""

import re
from dataclasses import dataclass
from typing import Literal

Role = Literal["from", "date", "to", "cc", "subject", "other"]
_LABELS: dict[Role, str] = {  # as written before the colon, lower case
    "from": (
        "from|von|absender|de|de la|expéditeur|remitente|remetente|da|mittente|van|afzender|fra|afsender|avsender|från|avsändare"
        "|frá|lähettäjä|saatja|od|nadawca|odesílatel|odosielateľ|šalje|šalje|pošiljatelj|feladó|expeditor|expeditorul|kimden|gönderen"
        "|от|от кого|отправитель|від|від кого|відправник|из|από|αποστολέας|nuo|siuntėjas|no|sūtītājs|מאת|من|từ|người gửi|dari|จาก"
        "|发件人|發件人|寄件者|寄件人|差出人|送信者|보낸 사람|보낸사람|보낸이"
    ),
    "date": (
        "date|sent|sent on|datum|gesendet|gesendet am|fecha|enviado|enviado el|enviado em|enviada em|enviada el|enviados|enviada|enviat"
        "|data|envoyé|envoyé le|date d'envoi|message du|inviato|inviato il|verzonden|verzonden op|dato|sendt|skickat|skickat den"
        "|dagsetning|sent den|lähetetty|päiväys|päivämäärä|kuupäev|saadetud|wysłano|wysłane|data wysłania|odesláno|dátum|odoslané"
        "|poslano|elküldve|küldve|trimis|trimis la|dată|tarih|gönderildi|gönderilen|gönderme tarihi|дата|отправлено|надіслано"
        "|відправлено|изпратено|ημερομηνία|στάλθηκε|απεστάλη|išsiųsta|nosūtīts|datums|תאריך|נשלח|التاريخ|تم الإرسال"
        "|đã gửi|ngày|gửi lúc|tanggal|dikirim|วันที่|发送时间|发送日期"
        "|發送時間|寄件日期|傳送日期|日期|时间|時間|送信日時|日時|日付|보낸 날짜|보낸날짜|날짜"
    ),
    "to": (
        "to|an|empfänger|para|destinatario|destinatário|per a|à|a|pour|destinataire|destinataires|destinatari|aan|ontvanger|til"
        "|modtager|mottaker|till|mottagare|vastaanottaja|saaja|kellele|do|dla|adresat|komu|pro|pre|prima|za|címzett|către|destinatar"
        "|destinatarul|kime|alıcı|кому|получатель|до|προς|kam|gavėjas|אל|إلى|đến|tới|người nhận|kepada|ถึง|收件人|收件者|宛先|받는 사람"
        "|받는사람|받는이"
    ),
    "cc": (
        "cc|c/c|bcc|cci|cco|kopie|kopie (cc)|copia|copie|copie à|cópia|còpia|kopi|kopia|kópia|kopio|koopia|dw|udw|másolat"
        "|másolatot kap|bilgi|копия|копія|copie carbon|kopija|κοιν.|κοινοποίηση|עותק|نسخة|抄送|抄送人|副本|cc抄送|참조"
    ),
    "subject": (
        "subject|betreff|asunto|assumpte|assunto|objet|sujet|oggetto|onderwerp|emne|ämne|efni|aihe|teema|temat|tytuł|předmět|predmet"
        "|naslov|zadeva|tárgy|subiect|subiectul|konu|тема|относно|θέμα|tema|temats|נושא|الموضوع|chủ đề|tiêu đề|subjek|perihal|เรื่อง"
        "|主题|主題|主旨|件名|제목"
    ),
    "other": (
        "reply-to|reply to|antwort an|responder a|responder para|répondre à|rispondi a|antwoord aan|svar til|svara till|vastaus"
        "|odpověď na|odpowiedź do|odpowiedź-do|odpovedať-pre|odgovori na|válaszcím|răspuns către|yanıt adresi|ответ-кому"
        "|кому відповісти|importance|priority|wichtigkeit|priorität|importancia|importância|importanza|prioriteit|priorität|vigtighed"
        "|viktighet|prioritet|ważność|важность|attachments|attachment|anlagen|anhänge|adjuntos|datos adjuntos|anexos|pièces jointes"
        "|allegati|bijlagen|vedhæftede filer|vedlegg|bifogade filer|liitteet|załączniki|přílohy|mellékletek|вложения|附件|添付ファイル"
        "|organization|organisation|newsgroups|posted at|sensitivity|sender|return-path|message-id|resent-from|mailed-by|when|where"
    ),
}
FIELDS: dict[str, Role] = {label: role for role, labels in _LABELS.items() for label in labels.split("|")}
_LONGEST = max(map(len, FIELDS)) + 8
_LONG_LINE = 160  # characters; longer ones are no separators
_LONG_FIELD = 2_000  # characters of one that are read

# one line between two signs of decoration, or a phrase that ends in a colon
_MESSAGE = re.compile(
    r"message|messaggio|mensaje|mensagem|missatge|mesaj|nachricht|mail|bericht|meddelelse|meddelande|melding|besked|mejl|beskjed|viesti"
    r"|sõnum|wiadomoś|zprá[vw]|správ|poruk|sporočil|levél|üzenet|i̇leti|ileti|сообщени|письм|повідомленн|лист|съобщени|μήνυμα|žinut"
    r"|laišk|ziņojum|הודעה|رسالة|thư|pesan|邮件|郵件|信件|メッセージ|メール|메시지|메일|appointment|termin|cita|rendez-vous|original",
    re.IGNORECASE,
)
_PASSED_ON = re.compile(
    r"forward|weitergeleitet|reenviad|r[ée]expédi|transfér|transmis|inoltrat|encaminhad|reencaminhad|doorgestuurd|videresend|vidarebefordra"
    r"|välitetty|edelleenlähet|edastatud|przekaz|přepos[íi]?l|preposl|proslijeđ|posredovan|továbbított|redirecționat|i̇letil|iletil|пересл"
    r"|пересыл|переадрес|перенаправл|пересил|препрат|προωθ|persiųst|pārsūt|הועבר|מועבר|تحويل|chuyển tiếp|diteruskan|转发|轉寄|轉發|転送"
    r"|전달|reenviat|i̇leti başlangıc|ileti başlangıc",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"origin|ursprün|ursprung|oorspronk|oprindelig|opprinnelig|alkuper|исходн|orygin|původní|pôvodn|eredeti|orijinal|αρχικό|原始|元の|원본",
    re.IGNORECASE,
)
_DECORATION = "-_=*~#—–"
_DECORATED = re.compile(r"^[>\s]*([-_=*~#—–]{2,}+)\s*(\S.{0,98}?)\s*[-_=*~#—–]{2,}\s*$")
_EARLIER = re.compile(
    r"^[-#*_\s]*(previous (replies|messages?|discussion)|vorherige antworten|réponses précédentes|respuestas anteriores"
    r"|risposte precedenti|respostas anteriores|vorige antwoorden|tidigare svar|предыдущие ответы)[\s*_:#-]*$"
    r"|^\W{0,3}original message processed by ",
    re.IGNORECASE,
)
_ABOVE = (  # "type your reply above this line"
    "above this line", "over this line", "oberhalb dieser zeile", "über dieser zeile", "über diese zeile", "oberhalb dieser linie",
    "über dieser linie", "au-dessus de cette ligne", "au dessus de cette ligne", "encima de esta línea", "encima de esta linea",
    "arriba de esta línea", "acima desta linha", "sopra questa riga", "sopra questa linea", "sopra di questa riga", "boven deze regel",
    "boven deze lijn", "ovanför den här raden", "ovanför denna rad", "ovanför den här linjen", "över denna rad", "over denne linje",
    "tämän rivin yläpuolelle", "tämän viivan yläpuolelle", "powyżej tej linii", "powyżej tego wiersza", "nad tento řádek",
    "nad touto čárou", "nad tímto řádkem", "nad tento riadok", "nad týmto riadkom", "выше этой строки", "выше этой линии",
    "выше этой черты", "вище цього рядка", "вище цієї лінії", "bu satırın üst", "deasupra acestei linii", "πάνω από αυτή τη γραμμή",
    "この行より上", "この行の上", "この線より上", "この線の上", "在此行之上", "在此行上方", "在此线上方", "在此线之上", "在此線上方",
    "이 줄 위", "이 선 위",
)  # fmt: skip

# "On <when> <who> wrote:", in whatever order
_WROTE = re.compile(
    r"\b(wrote|writes|schrieb(en)?|geschrieben|schreef|geschreven|a écrit|ecrit|écrit|écrivait|escribió|escribio|ha escrit|va escriure"
    r"|escrigué|escreveu|ha scritto|scrisse|skrev|skriver|skrifaði|kirjoitti|kirjutas|napisał(a|\(a\))?|pisze|napsal(a|\(a\))?"
    r"|napísal(a|\(a\))?|napisao|napisala|je pisal|írta|a scris|scrie|yazdı|yazmış|написал(а|\(а\))?|пишет|писал(а|\(а\))?"
    r"|написав|написала|пише|написа|έγραψε|rašė|rakstīja|đã viết|menulis|escriu)\b"
    r"|写道|寫道|写到|のメール|さんは書きました|작성|씀|님이|כתב|كتب|เขียน"
    r"|\bsent\s*[:：]",
    re.IGNORECASE,
)
_WROTE_LAST = re.compile(
    rf"({_WROTE.pattern})[\s:：]{{0,4}}$|\b(schrieb(en)?|schreef|skrev|skriver|kirjoitti|geschreven)\b.{{0,60}}$|님이.{{0,20}}$",
    re.IGNORECASE,
)
_WROTE_ON = re.compile(r"\b(wrote|schrieb|skrev( følgende)?|kirjoitti|schreef) (on |am |den |op )?\d", re.IGNORECASE)
_OPENING = re.compile(
    r"(on|at|the|el|le|am|il|il giorno|in data|em|no dia|op|w dniu|dnia|den|på|dne|dňa|a|la|pe|vào|vào lúc|pada|în|στις|в|на|у|an"
    r"|mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|mié|mie|jeu|jue|ven|vie|sam|sáb|sab|dim|dom|ter|qua|qui|sex|seg|gio"
    r"|mo|di|mi|do|fr|sa|so|ma|ti|tir|ons|tor|fre|lør|søn|man|må|mån|tis|lör|sön|pon|wt|śr|czw|pt|sob|ndz|niedz|út|st|čt|pá|so|ne"
    r"|пн|вт|ср|чт|пт|сб|вс|нд)\b|[\d(「\"]|在|כתב|ב",
    re.IGNORECASE,
)
_DAY = re.compile(r"\b(19|20)\d\d\b|\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b|\d年|\d년|\b\d{1,2}[-. ][^\W\d_]{3,9}\.?[-. ](19|20)?\d\d\b")
_TIME = re.compile(r"\d[:.h]\d\d|\d\s?[ap]\.?m\b|\d時|\d点|\d시", re.IGNORECASE)
_BRACKETED = re.compile(r"[<(\[](mailto:)?[^\s<>()\[\]@]{1,120}@[^\s<>()\[\]@]{1,120}[>)\]]")
_AT_THE_END = re.compile(r"[>)\]][^<>@]{0,60}$")
_GMT = re.compile(r"\d{4}-\d\d-\d\d \d{1,2}:\d\d GMT")
_COLON = (":", "：")
_RULE = re.compile(r"^[\s>]*[-_=*—–]{3,}\s*$")
_INTRODUCED = re.compile(r"-{2,}+ ?(?=(?:On|Am|Le|El|Op) \S)")
_SEPARATED = re.compile(r"[ \t>]*-{3,}+ ?[^-]{4,60}? ?-{3,}+[ \t]+(?=\S[^:：]{1,30}[:：])")
_MAX_SHARED = 1_000  # characters of a line that may hold several
_ENDS_IN_WORDS = re.compile(r"(?:[^\W\d_]|[ '()-]){1,30}$")
MAX_INTRODUCTION = 400  # characters; a sentence that is longer introduces nothing
MAX_BROKEN = 4  # lines over which mailers break it


@dataclass(frozen=True)
class Block:
    """Lines such as "From: …", "Sent: …", as a mail program writes them above the mail it answers or passes on."""

    end: int  # the index after its last line
    values: dict[Role, str]

    def heads_a_mail(self, *, ruled: bool) -> bool:
        """Not what somebody wrote ("From: Oak Street", "To: Maple Street"). `ruled`: a rule stands above it."""
        told = len(self.values.keys() - {"from", "other", "cc"})
        addressed, date = "@" in self.values.get("from", ""), self.values.get("date", "")
        stamped = addressed and _DAY.search(date) and _TIME.search(date)
        sure = "subject" in self.values or addressed
        return "from" in self.values and sure and told >= (1 if ruled or stamped else 2)


def lines_of(text: str) -> list[str]:
    """With one for each separator and introduction that Yahoo's mail puts on one line with other words."""
    lines = text.split("\n")
    return [part for line in lines for part in _unshared(line)] if "--" in text else lines


def _unshared(line: str) -> list[str]:
    if "--" not in line or len(line) > _MAX_SHARED:
        return [line]
    found = _SEPARATED.match(line)
    if found:
        return [line[: found.end()].rstrip(), line[found.end() :]]
    found = _INTRODUCED.search(line) if line.endswith(_COLON) else None
    at = found.start() if found else 0
    return [line[:at], line[at:]] if line[:at].strip(" \t>-") else [line]


def ruled_from(lines: list[str], index: int) -> int:
    """With the rule above it, if one is there."""
    for at in range(index - 1, max(-1, index - 4), -1):
        if _RULE.match(lines[at][:200]):
            return at
        if lines[at].strip():
            break
    return index


def unquoted(line: str) -> str:
    """Without the marks of a quote before it."""
    return line.lstrip("> \t\xa0")


def field(line: str) -> tuple[Role, str] | None:
    """(what it tells, its value) of a line such as "*Gesendet:* Montag"."""
    wide = line.find("：", 0, _LONGEST)
    colon = line.find(":", 0, wide if wide > 0 else _LONGEST)
    colon = colon if colon > 0 else wide
    if colon < 1:
        return None
    role = FIELDS.get(line[:colon].replace("\xa0", " ").strip(" \t*_>|").lower())
    return (role, line[colon + 1 : _LONG_FIELD].strip(" \t*_\xa0")) if role else None


def block(lines: list[str], start: int) -> Block | None:
    """The fields that begin at this line; values may go on over the line's end, or be on one line all."""
    values: dict[Role, str] = {}
    last: Role | None = None
    end = start
    if start >= len(lines):
        return None
    for told in map(field, spread(unquoted(lines[start]))[:-1]):
        if told:
            values.setdefault(*told)
    for index in range(start, min(start + 24, len(lines))):
        line = unquoted(lines[index]) if index > start else spread(unquoted(lines[index]))[-1]
        told = field(line)
        if told and told[0] == "from" and "from" in values:
            break
        if told:
            last = told[0]
            values.setdefault(*told)
        elif last and line and (_goes_on(last, lines[index], values) or (len(line) < 200 and _is_field(lines, index + 1))):
            values[last] += f" {line}"
        elif line or not (_is_field(lines, index + 1) or (_is_empty(lines, index + 1) and _is_field(lines, index + 2))):
            break
        end = index + 1
    return Block(end, values) if values else None


def heads_a_mail(lines: list[str], index: int) -> bool:
    if not field(unquoted(lines[index])):
        return False
    found = block(lines, index)
    return found is not None and found.heads_a_mail(ruled=ruled_from(lines, index) < index)


def spread(line: str) -> list[str]:
    """One field a line: "From: a <a@b.example>To: c <c@d.example>Subject: e"."""
    cuts = [0]
    at = line.find(":")
    while 0 <= at < _LONG_FIELD and len(cuts) < 12 and (at := line.find(":", at + 1)) > 0:
        label = _label_before(line[max(0, at - 30) : at].rstrip(" \xa0*"))
        if label:
            cuts.append(line.rindex(label, 0, at))
            if FIELDS[label.lower()] == "subject":
                break
    return [line[start:end].strip() for start, end in zip(cuts, [*cuts[1:], len(line)], strict=True)]


def _label_before(text: str) -> str:
    """The longest known label, capital first, that this ends in; a digit, a bracket or a time zone may stand right before it."""
    found = _ENDS_IN_WORDS.search(text)
    words = found[0] if found else ""
    for start, first in enumerate(words):
        if words[start:].lower() in FIELDS and not first.islower() and first.isalpha() and not words[start - 1 : start].islower():
            return words[start:]
    return ""


def _goes_on(role: Role, line: str, values: dict[Role, str]) -> bool:
    bare = unquoted(line)
    if role in ("from", "to", "cc"):
        open_ended = values[role].endswith((",", ";", "<")) or (role == "from" and "@" not in values[role])
        return (bare.startswith("<") or open_ended or line.startswith((" ", "\t"))) and "@" in bare and len(bare) < 2_000
    return not values[role] or (role == "subject" and line.startswith(("  ", "\t")) and len(bare) < 200)


def _is_field(lines: list[str], index: int) -> bool:
    return index < len(lines) and field(unquoted(lines[index])) is not None


def _is_empty(lines: list[str], index: int) -> bool:
    return index < len(lines) and not unquoted(lines[index])


def separator(line: str) -> Literal["", "original", "forwarded"]:
    """ "----- Original Message -----", "Begin forwarded message:" and their like."""
    bare = unquoted(line).strip(" *_\t")
    if not 8 <= len(bare) <= _LONG_LINE:
        return ""
    decorated = _DECORATED.match(line.strip(" \t")) if line.lstrip(" \t>")[:1] in _DECORATION else None
    if decorated:
        inner = decorated[2]
        if _PASSED_ON.search(inner):
            return "forwarded"
        sure = len(decorated[1]) >= 5 or _ORIGINAL.search(inner)
        return "original" if sure and _MESSAGE.search(inner) and len(inner) <= 60 else ""
    if bare.endswith(_COLON) and len(bare) <= 60 and _PASSED_ON.search(bare) and _MESSAGE.search(bare) and bare.count(" ") <= 6:
        return "forwarded"
    return "original" if _EARLIER.match(bare) else ""


def reply_line(lines: list[str]) -> int:
    """Where "Please type your reply above this line" stands, as other desks write on top of their mails; else past the end."""
    short = "\n".join([line for line in lines if 12 <= len(line) <= _LONG_LINE]).lower()
    phrases = [phrase for phrase in _ABOVE if phrase in short]
    for index, line in enumerate(lines if phrases else ()):
        bare = line.strip()
        says_so = len(line) <= _LONG_LINE and any(phrase in bare.lower() for phrase in phrases)
        if says_so and (bare[0] in "#-=*>_~[" or len(bare) <= 80):
            return index
    return len(lines)


def introduction(lines: list[str], index: int) -> int | None:
    """Where the line that says who wrote what follows begins, if it ends at `index`; mailers break it over up to four."""
    last = lines[index].strip()
    ends = last.endswith((*_COLON, "-", "wrote", "schrieb", "escribió", "écrit"))
    if len(last) > MAX_INTRODUCTION or not (ends or "@" in last or last[:4].isdigit()):
        return None
    quoted = _quote_follows(lines, index)
    if not quoted and not ends and not _WROTE.search(last[-20:]):
        return None
    found = None
    joined = ""
    for start in range(index, max(-1, index - MAX_BROKEN), -1):
        line = lines[start].strip()
        if not line or (line.startswith(">") and line != ">:"):
            break
        joined = f"{line} {joined}".strip()
        if len(joined) > MAX_INTRODUCTION:
            break
        bare = joined.strip(" -_*—–")
        if found is None and introduces(bare, quoted=quoted):
            found = start
        if found is not None and _OPENING.match(bare) and _DAY.search(line):
            return start
    return found


def introduces(text: str, *, quoted: bool) -> bool:
    """`quoted`: a marked quote follows. Without one it must say when as mail programs do, for people report too who wrote."""
    wrote = _WROTE.search(text)
    day, time = _DAY.search(text), _TIME.search(text)
    address = _BRACKETED.search(text.replace("< ", "<").replace(" >", ">"))
    ends = text.endswith(_COLON)
    opens = _OPENING.match(text)
    if quoted and (day or time) and (wrote or "@" in text or _GMT.match(text)):
        return bool(opens or ends)
    if quoted and ends and len(text) <= 200:
        return bool(wrote or address)
    if wrote and (ends or _WROTE_LAST.search(text)):
        says_when = day and time and ((opens and _WROTE_LAST.search(text)) or _WROTE_ON.search(text))
        return bool((address and (day or time)) or says_when)
    return bool(ends and address and ((day and time) or (opens and (day or time))) and _AT_THE_END.search(text))


def _quote_follows(lines: list[str], index: int) -> bool:
    for line in lines[index + 1 : index + 3]:
        if line.strip():
            return line.lstrip().startswith(">")
    return False
