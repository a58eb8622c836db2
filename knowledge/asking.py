"""What kind of answer a question wants, and whether an article could ever give it. Pure.

"When" wants a date or a time, "how much" an amount. Some things no article may answer: what is in one person's record, secrets (codes,
other people's addresses), and orders that are planted in a question for whoever reads it by machine.
"""

import re
from enum import StrEnum

_I = re.IGNORECASE


class Wanted(StrEnum):
    MONEY = "money"
    SPAN = "span"  # how long, how early, how old
    MOMENT = "moment"  # when
    COUNT = "count"
    WHO = "who"  # whom to call
    ANYTHING = ""


_ASKED: tuple[tuple[Wanted, "re.Pattern[str]"], ...] = (
    (
        Wanted.MONEY,
        re.compile(
            r"\bhow much\b(?! (space|time|notice|storage|longer|data|room))"
            r"|\b(costs?|prices?|fees?|tuition|rates?|wages?|salary|stipends?)\b"
            r"|\b(sub|substitute|teacher|hourly|starting|overtime|holiday) pay\b|\bpay (for an?|rate|scale)\b"
            r"|\b(make|earn|paid) (per|an?) (hour|day|game|year|month)\b"
            r"|\b(cu[aá]nto (cuestan?|pagan|vale)|precios?|cuestan?)\b",
            _I,
        ),
    ),
    (
        Wanted.SPAN,
        re.compile(
            r"\bhow (long|early|soon|fast|quick\w*|old|far|often|late)\b|\bhow many (minutes|hours|days|weeks|months|years)\b"
            r"|\bcu[aá]nt[oa]s? (tiempo|minutos|horas|d[ií]as|semanas|meses|a[nñ]os|espero|tarda)\b|\b(a|hasta) qu[eé] edad\b",
            _I,
        ),
    ),
    (
        Wanted.MOMENT,
        re.compile(
            r"\bwhen('s| (is|are|do|does|did|will|can|should|must|to|i|we|you))\b|\bwhens\b|\bwhen\W*$|^\W*when\b"
            r"|\b(what (time|day|date)|dates?|deadline|last day|till when|until when|by what|window|cu[aá]ndo|qu[eé] (hora|d[ií]a))\b",
            _I,
        ),
    ),
    (Wanted.COUNT, re.compile(r"\b(how (many|much)|limit|max|maximum|minimum|size|cu[aá]nt[oa]s)\b", _I)),
    (
        Wanted.WHO,
        re.compile(
            r"\b(who|whom|qui[eé]n|llamo|tel[eé]fono)\b|\b(phone|text|help|fax) number\b|\bnumber (to|for|of)\b"
            r"|\bi (call|contact|phone|text)\b",
            _I,
        ),
    ),
)

_UNIT = (
    r"(seconds?|minutes?|hours?|days?|weeks?|months?|years?|miles?|feet|characters?|mbps|segundos?|minutos?|horas?|d[ií]as?|semanas?"
    r"|mes(es)?|a[nñ]os?|millas?)"
)
_NUMBER = (
    r"(\d[\d,.]*|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|half"
    r"|un[oa]?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez)"
)
_SPAN = re.compile(
    rf"\b{_NUMBER}\b(\W+(to|or|and|a|o|y|más|more|{_NUMBER}))*[\s-]+((school|business|working|calendar|operating) )?{_UNIT}\b"
    r"|\b(once|twice|every|cada|at once|right away|same day|next (school )?(day|morning)|or older|in grade|overnight|mismo d[ií]a"
    r"|de inmediato)\b"
    r"|\d ?%|\b\d+ (a[nñ]os|o m[aá]s)\b",
    _I,
)
_CLOCK = re.compile(
    r"\b\d{1,2}(:\d\d)?\s*[ap]\.?\s?m\b|\b(january|february|march|april|may|june|july|august|september|october|november|december"
    r"|(mon|tues|wednes|thurs|fri|satur|sun)days?|noon|midnight|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre"
    r"|noviembre|diciembre|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bados?|domingos?|mediod[ií]a)\b|\bat \d"
    r"|\b\d{1,2}(st|nd|rd|th)\b|\b(first|last|next|same) (school )?(day|week|month|morning)\b"
    r"|\b(in|by|each|every) (the )?(summer|fall|spring|winter|semester)\b",
    _I,
)
_AMOUNT = re.compile(
    r"[$€]\s?\d|\bfree\b|\bgratis\b|\bgratuit|\bno (charge|cost|fee)\b|\bcosts? (you )?nothing|\bcost of\b|\b\d+ (cents|dollars)\b"
    r"|\d ?%",
    _I,
)
_COUNTED = re.compile(rf"\d|\b{_NUMBER}\b", _I)
_REACHED = re.compile(
    r"\d{3}-\d{4}|\b(extension|channel|call|text|press) \d|@\w|https?:|\bsign(s|ed by)\b|\b(help desk|office|principal|nurse|teacher"
    r"|manager|registrar|doctor|counselor|facilities|oficina|director\w*)\b",
    _I,
)


def wanted(question: str) -> Wanted:
    return next((kind for kind, pattern in _ASKED if pattern.search(question)), Wanted.ANYTHING)


def gives(kind: Wanted, text: str) -> bool:
    """Whether `text` has in it what a question of this kind wants."""
    if kind is Wanted.MONEY:
        return bool(_AMOUNT.search(text))
    if kind is Wanted.SPAN:
        return bool(_SPAN.search(text) or _CLOCK.search(text))
    if kind is Wanted.MOMENT:
        return bool(_CLOCK.search(text) or _SPAN.search(text))
    if kind is Wanted.COUNT:
        return bool(_COUNTED.search(text))
    return kind is Wanted.ANYTHING or bool(_REACHED.search(text))


# --- what no article answers ------------------------------------------------------------------------------------------

_PERSONAL = re.compile(
    r"\b(did|have|has) (you|they|the \w+) (get|got|receive[d]?|process\w*|approve\w*|seen)\b.{0,30}\b(my|our)\b"
    r"|\bdo (i|we) (still )?have left\b|\bleft (on|in) (my|our|his|her)\b|\bmy (\w+ )?balance\b|\bstatus of (my|our)\b|\bsee why my\b"
    r"|\bwhy (is|was|did|are|were|does) (my|our|i|we)\b.{0,40}"
    r"\b(check|pay\w*|short|absent|marked|charged|denied|grade|bill\w*|deduct\w*)\b"
    r"|\b(was|is|were|are|did) (my|our|his|her) (\w+ ){0,3}(approved|accepted|processed|received|denied|ready|done)\b"
    r"|\bwhat (is|are|was) (my|our) (\w+ )?(number|id|grade|balance|schedule|password|pin|code|login|bus)\b"
    r"|\bwhat (grade|bus|class|teacher|room|score)s? (is|did|does|has|will) (my|our) (\w+ )?\w+ (getting|get|have|has|in|ride)\b"
    r"|\bmy (employee|student) (number|id)\b|\bwhere is my (\w+ )?(son|daughter|kid|child|bus)\b.{0,15}\bnow\b"
    r"|\b(ya )?(recibieron|llegaron|aprobaron|procesaron) (mi|mis|los|la|el) |\bcu[aá]nt[oa]s? .{0,30}\bme quedan?\b|\bmi saldo\b"
    r"|\bqu[eé] (calificaci[oó]n|grado|autob[uú]s) (tiene|le toca a|lleva) mi\b",
    _I,
)
_PLACE = r"(alarm\w*|doors?|gates?|locks?|safe|vault|master|admin\w*|keypad|staff wi-?fi|maestr[oa]s|puertas?)"
_CODE = r"(codes?|combination|pins?|passwords?|contrase\w+|clave|c[oó]digo)"
_SECRET = re.compile(
    rf"\b{_PLACE}\b.{{0,25}}\b{_CODE}\b|\b{_CODE} (for|of|to|de|del|para)\b.{{0,25}}\b({_PLACE}|staff|teachers?)\b"
    r"|\bwhich (door|gate|entrance)s?\b.{0,30}\b(un)?lock\w*|\b(home )?address(es)? of\b.{0,25}\b(student|teacher|child|kid)"
    r"|\bstudents?\b.{0,30}\baddress(es)?\b|\bwho (filed|reported|complained|told on)\b"
    r"|'s (cell\w*|personal (phone|email|number)|home (phone|address))\b",
    _I,
)
_ORDER = re.compile(
    r"\b(ignor\w+|forget|disregard|olvid\w*)\b.{0,30}\b(instru\w+|rules?|reglas|prompt|previous|above|everything)\b|\byou are now\b"
    r"|\bsystem\s*(:|prompt)|</?\s*(system|assistant|user|instructions?)\s*>|\bfrom now on\b|\brepeat after me\b|\bprint your\b"
    r"|\b(note|message|instructions?) (to|for) (the )?(assistant|ai|bot|model|chatbot)\b|\b(drop|truncate) table\b"
    r"|\b(admin|developer|debug|god) mode\b|\bpretend (to be|you)\b|\bgrant me\b|\beres ahora\b|\bdesde ahora\b",
    _I,
)
_SENTENCES = re.compile(r"(?<=[.!?])\s+|(?=\bSYSTEM\s*:)")
_WHICH = re.compile(r"^\W*(so |and )?(which|who (is|are|was)|whose|what('?s| is) the name|what brand|qui[eé]n es|cu[aá]l)\b", _I)
_EXISTS = re.compile(r"^\W*(why|is there|are there|do you have|does the|por qu[eé]|hay|tienen)\b", _I)


def personal(question: str) -> bool:
    """It needs somebody's record."""
    return bool(_PERSONAL.search(question))


def secret(question: str) -> bool:
    """It asks for a code, or for what is another person's."""
    return bool(_SECRET.search(question))


def ordered(question: str) -> bool:
    """It gives orders to a machine that reads it."""
    return bool(_ORDER.search(question))


def without_orders(question: str) -> str:
    """The sentences that give no orders; all of it where none is left."""
    return " ".join(part for part in _SENTENCES.split(question) if not _ORDER.search(part)).strip() or question


def asks_which(question: str) -> bool:
    """It wants a name. Articles say how things are done, and seldom who or which one."""
    return bool(_WHICH.search(question))


def asks_whether(question: str) -> bool:
    """It wants to know whether there is such a thing, or why: where an article does not say, it speaks of something near."""
    return bool(_EXISTS.search(question))


# --- one of a set, where the other is meant -----------------------------------------------------------------------------

_SETS = tuple(
    tuple(re.compile(rf"\b({words})\b", _I) for words in line.split(" / "))
    for line in (
        "elementary|primary|grade school|primaria / middle( school)?|junior high|secundaria / high[ -]school|preparatoria"
        " / preschool|pre-?k|preescolar / kinder\\w*",
        "staff|employees?|personal / students?|kids?|child(ren)?|estudiantes? / guests?|visitors? / teachers?|maestr[oa]s?"
        " / custodians?"
        " / drivers?|chofer\\w* / paras?|paraeducators? / coach(es)? / volunteers? / contractors?|vendors? / grandparents?|abuel[oa]s?"
        " / siblings?|brothers?|sisters?|herman[oa]s?",
        "gyms?|gimnasio / pools?|alberca / fields?|cancha / auditorium|theat\\w+ / cafeterias?|kitchen|cocina / classrooms? / parking",
    )
)


def others(question: str, text: str) -> int:
    """Of how many sets (schools, people, rooms) the text names another one than the question."""
    count = 0
    for kinds in _SETS:
        asked = [kind for kind in kinds if kind.search(question)]
        if asked and not any(kind.search(text) for kind in asked):
            count += any(kind.search(text) for kind in kinds)
    return count
