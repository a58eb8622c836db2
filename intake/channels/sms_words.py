"""Words that speak of texting itself, in English and Spanish: no more texts, texts again, help; and yes and no. Pure.

A keyword is a whole message of one word; carriers act on it too. The FCC wants any clear wording honoured (47 CFR 64.1200(a)(10),
2025), so a whole clause such as "please stop texting me" is a wish as well. A wish within other words ends the texts, and the words
go to staff all the same: what is meant may be another thing, and nothing is swallowed. "Stop the bus from leaving early" is a
request: only clauses that speak of texts, and of nothing else, count.
"""

import re
import unicodedata

PROVIDERS = frozenset("stop stopall unsubscribe cancel end quit revoke optout".split())
"""What Twilio answers by itself: https://www.twilio.com/en-us/blog/update-to-fcc-s-sms-opt-out-keywords"""
STOP = PROVIDERS | frozenset("remove td arret arrete arrett alto pare parar basta detener cancelar baja salir".split())
START = frozenset("start unstop optin subscribe iniciar comenzar reanudar".split())
HELP = frozenset("help info ayuda informacion".split())
YES = frozenset("yes y si s 1".split())
NO = frozenset("no n 2".split())
SPANISH = frozenset("alto pare parar basta detener cancelar baja salir iniciar comenzar reanudar ayuda informacion".split())
LONGEST_WORD = 40  # characters of a message that may be one word
WISHED_IN = 300  # characters in which a wish is looked for: who wants silence says so shortly

_NOT_LETTERS = re.compile(r"[\W_]+")
_DIGITS = re.compile(r"[0-9]{1,2}")
_NUMBERS = re.compile(r"[#(\"']?[0-9]{1,2}(?:(?:\s*[,;&+]\s*|\s+(?:and|y)\s+|\s+)[0-9]{1,2}){0,4}[.!)\"']{0,3}")
_CLAUSES = re.compile(r"[.!?;:\n,]+| (?:and|so|or|y|e|o|pero|but) ")
_ASKED = (
    "please|pls|plz|hey|hi|hello|ok|okay|sorry|just|kindly|now|can you|could you|would you|will you|you need to|you must|you have to"
    "|i want you to|i need you to|i asked you to|i told you to|i said"
    "|por favor|porfavor|favor de|hola|ya|les pido que|le pido que|quiero que|pido que"
)
_ADDED = (
    "please|pls|plz|thanks|thank you|thx|any ?more|again|ever|now|right now|immediately|at all"
    "|(?:at|on|to) (?:this|my) (?:number|phone)|to me|to us"
    "|por favor|porfavor|gracias|ya|nunca mas|nunca|mas|jamas|a (?:este|mi) (?:numero|telefono|celular)"
)
_BEFORE, _AFTER = re.compile(f"^(?:(?:{_ASKED}) )+"), re.compile(f"(?: (?:{_ADDED}))+$")
_MANY = "any|all|all the|all these|more|any more|the|these|this|those|your|automated|so many"
_TEXTS = f"(?:(?:{_MANY})? ?(?:text messages?|texts?|texting|messages?|messaging|sms|msgs?))"
_WHOM = "(?:me|us|this number|this phone|my number|my phone|my cell(?: ?phone)?|here)"
_LIST = "(?:(?:your|this) )?(?:(?:text|texting|sms|message|messaging|contact|call|phone|mailing) )?lists?"
_MENSAJES = "(?:(?:mas|los|estos|sus|tantos)? ?(?:mensajes de texto|mensajes|mensajitos|textos|sms))"
_WISHES = (
    f"(?:stop|quit|cease|discontinue|end) (?:{_TEXTS}(?: {_WHOM})?|(?:contacting|writing|spamming)(?: to)? {_WHOM})",
    f"(?:stop|quit) (?:sending|with|all)(?: {_WHOM})? {_TEXTS}",
    f"(?:do not|dont|never) (?:text|message|sms|contact|write to|write) {_WHOM}",
    f"(?:do not|dont|never) send(?: {_WHOM})? {_TEXTS}",
    "no more (?:text messages|texts|messages|sms|texting)",
    f"(?:take|remove|delete) (?:me|us|my (?:phone )?number|this number) (?:off|from) (?:{_LIST}|(?:these|your|the) (?:texts|messages))",
    f"opt (?:me |us )?out(?: (?:of|from) {_TEXTS})?",
    f"(?:i )?(?:want|wish|would like|d like|need) to (?:opt out|unsubscribe|stop (?:getting|receiving) {_TEXTS})",
    f"(?:i )?(?:do not|dont) (?:want|wish|need) (?:to (?:get|receive) )?{_TEXTS}(?: from you)?",
    "(?:unsubscribe|revoke|cancel) (?:me|us|these texts|these messages|text messages|texts|text alerts|my consent|consent)",
    "i (?:revoke|withdraw) (?:my )?consent",
    # Spanish
    f"(?:no me|no nos|nunca me) (?:envie|envien|envies|mande|manden|mandes)(?: {_MENSAJES})?",
    "(?:no me|no nos|nunca me) (?:escriba|escriban|escribas|textee|texteen|textees|mensajee|mensajeen|contacte|contacten)",
    f"(?:deje|dejen|deja|pare|paren|para) de (?:enviar|enviarme|enviarnos|mandar|mandarme|mandarnos)(?: {_MENSAJES})?",
    "(?:deje|dejen|deja|pare|paren|para) de (?:escribirme|escribirnos|textearme|contactarme|mensajearme)",
    f"(?:no|ya no) (?:quiero|deseo|queremos) (?:recibir )?{_MENSAJES}",
    f"(?:no|ya no) (?:quiero|deseo) que me (?:escriban|(?:manden|envien) {_MENSAJES})",
    "no mas (?:mensajes de texto|mensajes|textos|sms)",
    "(?:quiero|deseo|quisiera) (?:darme de baja|cancelar (?:los|estos|sus) (?:mensajes|textos))|(?:deme|denme|dame) de baja",
    "(?:quite|quiten|saque|saquen|borre|borren|eliminen)(?:me|nos) de (?:la|su|esta) lista(?: de (?:mensajes|textos|contactos))?",
)
_WISH = re.compile("|".join(_WISHES))
_WHOLE = frozenset(
    {"please stop", "stop please", "pls stop", "stop pls", "stop now", "stop all", "stop thanks", "stop thank you", "no mas"}
)


def keyword(body: str, told: str = "") -> str:
    """ "stop", "start", "help" or nothing. Only a message of that one word counts; `told` is the provider's own reading."""
    if told.lower() in ("stop", "start", "help"):
        return told.lower()
    word = one_word(body)
    for name, words in (("stop", STOP), ("start", START), ("help", HELP)):
        if word in words:
            return name
    return ""


def answer(body: str) -> str:
    """ "yes", "no" or nothing: what may answer a question of ours."""
    word = one_word(body)
    return "yes" if word in YES else "no" if word in NO else ""


def numbers(body: str) -> tuple[int, ...]:
    """What a message says that says small numbers and nothing else: "2.", "1 and 3"; each once."""
    if len(body) > LONGEST_WORD or not (found := _NUMBERS.fullmatch(_bare(body).strip())):
        return ()
    return tuple(dict.fromkeys(int(one) for one in _DIGITS.findall(found[0])))


def one_word(body: str) -> str:
    """The message as one word, without marks and accents; empty where it is longer."""
    return _NOT_LETTERS.sub("", _bare(body)) if len(body) <= LONGEST_WORD else ""


def wishes_silence(body: str) -> bool:
    """Does a clause of it ask for no more texts?"""
    text = _bare(body[:WISHED_IN])
    if _NOT_LETTERS.sub(" ", text).strip() in _WHOLE:
        return True
    return any(_is_wish(clause) for clause in _CLAUSES.split(text))


def _is_wish(clause: str) -> bool:
    words = _NOT_LETTERS.sub(" ", clause).strip()
    bare = _AFTER.sub("", _BEFORE.sub("", words))
    return bool(_WISH.fullmatch(bare) or _WISH.fullmatch(words))


def _bare(text: str) -> str:
    """Lower case, without accents and apostrophes: "Don't" → "dont"."""
    spread = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in spread if not unicodedata.combining(letter) and letter not in "'’ʼ`´")
