"""Does somebody who passes a mail on ask something for themselves, or for whoever wrote it?

"Is this real?" is the question of the member of staff: whoever wrote the mail may be the one they ask about, and must hear nothing.
"Please help her" is a word about somebody else's request. English and Spanish; where the words leave it open, a question is their own,
for an acknowledgement that went to a stranger cannot be called back.
"""

import re

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from intake.channels import forwarded, quoting
from routing.words import fold

LOOK = 2_000  # characters of a comment
_ADDRESS = re.compile(r"\b(?:https?://|www\.)\S+")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")


def _any_of(phrases: str) -> re.Pattern[str]:
    """One a line, as `fold` leaves words: no accents, no apostrophes."""
    return re.compile("|".join(rf"\b(?:{line.strip()})\b" for line in phrases.splitlines() if line.strip()))


_WHAT = r"(mail|email|e mail|message|one|sender|link|invoice|offer)"
_SUSPICION = _any_of(rf"""
    phish\w*|scam\w*|spam\w*|spoof\w*|fraud\w*|suspicious|malware|ransom\w*|hack(ed|er|ers)|computer virus|virus in
    imposter|impostor|impersonat\w*|fishy|sketchy|legit|legitimate|genuine|authentic|hoax|fake|forged|trustworthy|malicious|unsafe
    (is|was|if|whether) (this|that|it|the|she|he) ?{_WHAT}? ?(is |really |even |actually |for )?(real|safe|ok to (open|click)|a joke)
    (is|was|if|whether) (this|that|it) ?{_WHAT}? ?(is |really |even |actually )?from (him|her|us|them|you|the)
    (should|can|may|could|do) (i|we) (open|click|trust|pay|believe)
    (did|do) (you|we|anybody|anyone) (really |actually )?(send|write) (this|that|it)
    (dont|do not) (trust|believe) (this|it)|not from (him|her|us|our)
    estafa\w*|fraude\w*|fraudulent\w*|sospech\w*|timo|engano\w*|falso|falsa|falsific\w*|suplanta\w*|pirata|hacke\w*|malicios\w*
    correo basura|legitim[oa]s?|autentic[oa]s?|de fiar|confiable|(es|sera|esto|parece) de verdad
    (es|sera|fuera|parece) (esto |este (correo|mensaje) )?(real|segur[oa]|verdader[oa])
    (debo|puedo|podemos|debemos) (abrir|hacer clic|pulsar|confiar|pagar)
""")
_THEM = r"(her|him|them|they|she|he|this|that|the|it|back|our|a|one|these|those)"
_YOU = r"(can|could|would|will) (you|someone|somebody|anyone|your team|we) (please )?"
_PUEDEN = r"(pueden?|podrian?|podemos|puedes|podrias)"
_AYUDAR = r"(ayudar|atender|contestar|responder|llamar|apoyar)"
_HELP_THEM = _any_of(rf"""
    (help|assist|support|answer|handle|take|call|contact|email|write|reach|serve) {_THEM}
    (assist|follow up|look|take (care|a look)|deal|respond|reply|get back|reach out|help out)( (in|out|into|with|of|to|on))* {_THEM}
    {_YOU}(help|assist|follow up|respond|reply|answer|look into( it| this)?)( please)?$
    (le|les|la|las|lo|los) {_PUEDEN} {_AYUDAR}
    {_PUEDEN} (por favor )?{_AYUDAR}(la|le|lo|las|les|los)?( a (la|el|los|las|ella|ellos|este|esta|un|una)| por favor|$)
    (ayud|atiend|contest|respond|llam|apoy)\w*(la|le|lo|las|les|los)
""")
_CHECK = r"(check|verify|confirm|investigate|examine|inspect)"
_OWN_REQUEST = _any_of(rf"""
    {_CHECK} (this|that|it|if|whether|who)|(please|pls|kindly|you|someone|somebody|anyone) (please )?(verify|confirm|investigate|block)
    let (me|us) know|tell (me|us)|advise|explain to (me|us)|(call|email|text|contact|write|help|show|send) (me|us)|get back to (me|us)
    i (would like|want|wish) to know|id like|i would like|(im|i am) (wondering|not sure)|i wonder|(i|we) (need|want|require)
    (avis[ea]n?|dig[ao]n?|expli(que|quen|ca)|llamen?|ayud[ea]n?|mand[ea]n?|envi[ea]n?|confirm[ea]n?|inform[ea]n?)(me|nos)
    (me|nos) {_PUEDEN} (decir|avisar|explicar|ayudar|confirmar|mandar|enviar|llamar)
    (verifi|confirm|compru|revis|investi|bloque)\w* (esto|este|esta|si|el|la|de quien|quien)
    necesito|necesitamos|quiero saber|quisiera|me gustaria|no estoy segur[oa]
""")


class Asks(TextChoices):
    """Why it is the request of whoever passed it on."""

    SUSPECTS = "suspects", _("they report it as suspicious")
    QUESTION = "question", _("they ask a question about it")
    REQUEST = "request", _("they ask something for themselves")


def asks(comment: str, *, subject: str = "", passed_on: str = "") -> Asks | None:
    """None: nothing of their own. `subject`: of their mail, looked at where it is not that of the mail they pass on (`passed_on`)."""
    said = _ADDRESS.sub(" ", quoting.split(comment[:LOOK], is_reply=False).text)
    own = forwarded.bare_subject(subject)
    if passed_on and fold(own) != fold(forwarded.bare_subject(passed_on)):
        said = f"{own}\n{said}"
    if _SUSPICION.search(fold(said)):
        return Asks.SUSPECTS
    own_sentences = [one for one in _SENTENCE.findall(said) if fold(one) and not _HELP_THEM.search(fold(one))]
    if any("?" in one for one in own_sentences):
        return Asks.QUESTION
    return Asks.REQUEST if any(_OWN_REQUEST.search(fold(one)) for one in own_sentences) else None
