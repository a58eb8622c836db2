"""Words by which `own_asking` tells whose matter a comment is: as `fold` leaves them, without accents and apostrophes."""

import re


def _any_of(phrases: str) -> re.Pattern[str]:
    """One a line."""
    return re.compile("|".join(rf"\b(?:{line.strip()})\b" for line in phrases.splitlines() if line.strip()))


_WHAT = r"(mail|email|e mail|message|one|sender|link|invoice|offer)"
TROUBLE = _any_of(rf"""
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
    ph?ish?ing|junk|weird|odd|strange|creepy|shady|gift ?cards?|wire (me |us |the )?(money|transfer)|bitcoins?|crypto\w*|my password
    claim(s|ed|ing)? to be|pretend\w*|posing as|(says|said) (she|he|they|it) (is|are|was) (our|the|from)
    who (is|are) (this|these|she|he)
    threat\w*|harass\w*|stalk\w*|blackmail\w*|extort\w*|bully(ing)? me|afraid|scared|scares|liars?|lies|lying|su(e|es|ed|ing)|lawyers?
    lawsuit|attorneys?|guns?|weapons?|kill\w*|hurt\w*|abus(e|ed|ive|ing)|click(ed|s)?|never heard of
    (dont|do not) know (this|him|her|who)
    (isnt|is not|wasnt|was not|arent|are not|not|did not come|didnt come) (from|ours?)|(third|second|another|fourth) (one|time)
    rar[oa]s?|huele\w*|trampa\w*|amenaz\w*|acos[ao]\w*|miedo|tarjetas? de regalo|clic|mient\w*|mentir\w*|demand[ae]\w*
    abogad\w+|chantaj\w*
    block(ed|ing)?|ban(ned)?|delet\w*|remov\w*|police|court|money|bank (account|detail|info)\w*|fight\w*|nothing|get rid
    leave (us|me)|go away
    (get|take|show) (him|her|them|it|this) (out|away|off|down|the door)
    look into (this|that|the|her|him) (person|man|woman|guy|sender|company)
    bloque\w*|borr(ar|en|a|es?)|elimin\w*|dinero|policia|banco|cuenta bancaria
    cuidado|ojo|no (conozco|conocemos|abr[ia]\w*)|insult\w*|grit(o|a|aba)
""")


_WHO = r"""(parents?|moms?|mothers?|dads?|fathers?|famil(y|ies)|guardians?|grand\w+|students?|kids?|child(ren)?|sons?|daughters?|lady
|gentleman|callers?|users?|teachers?|coach|aunt|uncle|sister|brother|neighbou?r|person|customer|resident)""".replace("\n", "")
_THEM = rf"(her|him|them|their|his|((this|the|that|these|those|our|a|one) )?(\w+ )?{_WHO}|(mrs|mr|ms|dr) \w+)"
_THIS = r"(this|it|that|these|those)"
_VERB = r"""(help|assist|support|answer|handle|call|contact|email|serve|fix|reset|unlock|resolve|restore|update|enroll|register|advise
|send|give|get|translate for|tell|let|show|reach|take|process|transfer|move|add|issue|mail|text|phone|write)""".replace("\n", "")
_WITH = r"""(help out|follow up|get back|take care|look|reach out|reply|respond|write( back)?|deal|work|talk|speak|meet|confirm
|see|sit down
|check in|assist|help|explain|send (it|this|that|one|these|them)|give (it|this|that|one)|get (it|this|that|one)|do (it|this|that)
|handle (it|this|that)|look (at|into) (it|this|that))""".replace("\n", "")
_TO = r"(with|to|for|of|after|on|in|out|into|about|at|directly)"
_PLEASE = r"(please|pls|kindly|can|could|would|will|need to|needs to|you to|someone|somebody|and|to|team|lets)"
_PARA = r"(pueden?|podrian?|podemos|puedes|podrias)"
_VERBO = r"""(ayud|atiend|atend|contest|respond|llam|apoy|resuelv|resolv|restablec|restablezc|arregl|orient|escrib|envi|mand|dar|den
|explic|explique|comuni|devuelv)\w*""".replace("\n", "")
_QUIEN = r"""(la|el|los|las|ella|ellos|este|esta|estos|estas|un|una|su) ?(\w+ )?(senora?s?|mamas?|madres?|papas?|padres?|familias?
|estudiantes?|alumn[oa]s?|abuel\w+|tutor[ae]?s?|hij[oa]s?|nin[oa]s?|maestr[oa]s?|persona)""".replace("\n", "")
_DO = "(help|assist|advise them|support|follow up|look into it)"
_YOU = "(you |someone |somebody |anyone |your team |we )"
_SEE_TO = "(see to|take|take care of|handle|look into|look at|follow up on)"
HELP = _any_of(rf"""
    ((^|{_PLEASE} |you |we |{_PLEASE} \w+ ){_VERB}( back)?( to)? {_THEM})
    ((^|{_PLEASE} |you |we |{_PLEASE} \w+ ){_WITH}( (up|back|in|over|directly))?( {_TO}){{1,3}} {_THEM})
    ((^|{_PLEASE} |you |we |{_PLEASE} \w+ ){_WITH} (at |into |to |with |on |of )?{_THIS} (for|with|to) {_THEM})
    (^please |^pls |[a-z] please |you )(please )?{_DO}( please)?( out)?( with {_THIS}| on {_THIS})?( please)?$
    ^(please |{_PLEASE} {_YOU}?(please )?){_SEE_TO} {_THIS}( please)?$
    (le|les|la|las|lo|los) {_PARA} (por favor )?\w+[aei]r
    {_PARA} (por favor )?{_VERBO} a {_QUIEN}|{_PARA} (por favor )?(ayud|atend|contest|respond|llam|apoy)[aei]r(la|le|lo|las|les|los)
    {_PARA} (por favor )?(ayudar|atender|apoyar)( con esto| por favor)?$
    (por favor|favor de|^|y) ?(ayud|atiend|atend|contest|respond|llam|apoy)\w*(la|le|lo|las|les|los)
    (por favor|favor de|^) ?{_VERBO} (a )?{_QUIEN}|favor de {_VERBO} .{{1,40}} (de|a|para) {_QUIEN}
    (para|a ver si) (que )?(la|le|lo|las|les|los) (atiend|ayud|llam|contest|apoy|orient|respond)\w+
""")
NEEDS = re.compile(
    rf"((this |the |that |our |a )?(\w+ )?{_WHO}|she|he|they)( \w+)? (needs?|is asking|are asking|asks?|asked|would like|is looking for"
    r"|has a question|have a question|has questions|is requesting|requests|is having trouble|has trouble) "
    rf"|({_QUIEN} |ella )?necesitan? (ayuda|apoyo|un|una|el|la|que (la|le|lo|les))"
)
TELLS = re.compile(
    rf"((this |the |that |our |a |her |his |their )?(\w+ )?({_WHO})|she|he|they|shes|hes|theyre|her|his|their|(mrs|mr|ms) \w+"
    rf"|{_QUIEN}|ella|ellos|su|sus|i (told|promised|assured) (her|him|them)|who (handles|does|takes|is the person for))\b"
)
WHO_DOES = re.compile(r"who (handles|does|takes) ")
REPORTED = _any_of(rf"""
    ^(the |this |a )?(\w+ )?{_WHO} (says|said|reports|reported|writes|wrote|tells|told)
    ^(her|his|their) (account|email|phone|laptop|chromebook|password|computer|son|daughter|child|kids?|student|bus)
    ^(a )?su (cuenta|correo|telefono|hij[oa])
""")
NOT = _any_of(r"""
    not|dont|never|stop|without|cant|cannot|no|nunca|sin
""")
OF_ME = _any_of(r"""
    i|im|ive|id|ill|me|my|mine|myself|us|our district|yo|mi|mis|conmigo|nos|nosotros|nuestr\w+|tengo|estoy|debo|puedo|quiero
    quisiera|creo
    necesito|recibi|conozco|contesto|hago|digo|hice|puse|abri|di|tenemos|debemos
""")
OFFERED = _any_of(r"""
    i (need|want|would like) you to|i (told|promised|assured) (her|him|them)( that)?( you| we| i)?( would)?|let (me|us) know if
    (avisenme|diganme|me avisan) si
""")
ASKING = re.compile(r"(what|how|why|when|where|who|which|should|do|does|did|is|are|was|may|que|como|por que|quien|cuando|cual|debo)\b")
_EVERYBODY = r"( (all|team|everyone|everybody|there|folks|friends|help desk|a todos|equipo|tod[oa]s|colegas))?"
_IT = (
    r"( (this|it|that|the|a|an|email|mail|message|below|along|on|over|to you|from a parent|from her|from him|your way|for you|here)\b)*"
)
_POLITE = r"(please |pls |por favor |favor de )?"
_ANYTHING = r"(any |more |further )?(questions?|anything( else)?|something|more( info(rmation)?)?|info(rmation)?|details?)"
_ONE = rf"""(hi|hello|hey|dear|good (morning|afternoon|evening)|greetings|hola|buen[oa]s (dias|tardes|noches)|buen dia
|estimad[oa]s?){_EVERYBODY}
|(many |muchas |mil )?(thanks|thank you|thx|ty|gracias)( so much| very much| a lot| again| in advance| everyone| all| team| de antemano
| for your (help|time|support)| por su (ayuda|apoyo))*|(best|kind|warm)?( ?regards)|best|sincerely|cheers|saludos( cordiales)?
|atentamente
|cordialmente|have a (great|good|nice|wonderful) (day|week|weekend|evening)|(much )?appreciated?( it| your help)?|please
|por favor|all|team
|fyi( only)?|for your (information|info|records)|{_POLITE}(fwd|forwarding|forwarded|passing|sending|sharing){_IT}
|(i am |im )(forwarding|passing|sending|sharing){_IT}|{_POLITE}(see|read|find|note)( the)?( (below|attached|forwarded|following
|this|email
|mail|message|request|note|thread|above))+|below|see what (she|he|they) (writes?|says?|wrote|said|needs?)
|(this |the |a )?{_WHO} (called|emailed|wrote|stopped by|came in)( (twice|again|today|yesterday|this morning|already|about this
|the office))*|(please )?(let (me|us) know|avisenme|avisennos|diganme)( please)? (if|si) (you |ustedes )?(have|need|want|tienen
|necesitan
|falta|hay|requieren) ({_ANYTHING}|algo( mas)?|(alguna )?preguntas?|mas (informacion|datos))( from me| from us)?
|para su (informacion|conocimiento)|para su atencion|{_POLITE}(ver|vean|favor de ver)( (el|la|los|correo|mensaje|abajo|adjunto
|siguiente))+
|(les |le )?(reenvio|paso|comparto|mando)( (este|esto|el|correo|mensaje|a ustedes|abajo))*""".replace("\n", "")
EMPTY = re.compile(rf"(?>(?:{_ONE})\b)(?: (?:and |y )?(?>(?:{_ONE})\b))*+")  # atomic: the same words may be read in several ways
