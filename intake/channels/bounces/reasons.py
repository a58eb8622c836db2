"""Why a mail came back: is its address gone for good, or may the next mail arrive?

An address that is barred although somebody reads it costs more than a mail that comes back again. So whatever speaks of something
else (a full mailbox, too many mails, a policy, our own address) is heard before "no such user"; and a number is believed last:
servers also give 550 5.1.1 to senders they do not like.
"""

import re
from collections.abc import Sequence

from intake.channels.bounces.phrases import any_of

_ADDRESS = re.compile(r"<?[^\s<>\"(),;:]{1,100}@[^\s<>\"(),;:]{1,200}>?")
_SPACE = re.compile(r"\s+")
LOOK = 4_000  # characters of what a server said
GONE = frozenset(("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.4.4", "5.7.17", "5.7.18"))  # RFC 3463, 7293, 7505

_WHO = r"(user|mail ?box|recipient|destination|address(es)?|addressee|account|name|local[ -]?part|person|mail ?drop|subscriber|rcpt)"
_IS = r"(found|exist|valid|known|listed|present|available|active|registered|recogni[sz]ed|accepted|local|ok\b|in )"
_ALIVE = any_of(r"""
    (mail ?box|mailfolder|inbox|account|user|recipient|folder|maildir)\b.{0,60}\b(full|exceed\w*|over|insufficient|limit)
    (disk|storage|space)\b.{0,60}\b(full|exceed\w*|over|insufficient|limit)
    \b(full|exceed\w*|over|insufficient|out of|enough)\b.{0,40}\b(storage|mail ?box|disk|space|capacity|allocat\w+)
    quota|\bpleine\b|used up|(メール)?ボックス.{0,8}(一杯|いっぱい|満杯|容量)
    too (big|large|long|much|many|fast|frequent)
    size.{0,40}(exceed|limit|maximum)|(exceed|maximum).{0,40}size
    rate (limit|that)|at a rate|throttl|unusual rate
    limit(s|ed)? (for|on|has been|exceeded|reached)|exceed\w* .{0,30}(limit|rate|number)|maximum number
    (?<![-\w])relay(s|ed|ing)?\b|rcpthosts
    \bspf\b|dkim|dmarc|\bbatv\b|backscatter|authenticat|not authori[sz]ed(?!: user)
    suspend|disabled|deactivated|locked|frozen|discontinued|on hold|archiv|inactive user|inactivity|temporarily
    (after|reply to) (the )?mail from|sender was rejected|(domain of )?sender( e-?mail)? address|mail from address
    \bfrom: domain|invalid domain, see
    (from|to|subject|date|message-id)\W{0,3} header|headers?\b.{0,30}\b(accept|invalid|missing|malformed)
    not found, try again|domain does not exist: your|could not find a gateway
    (?<!rejected: )(?<!rejected : )access denied
    5\d\d:? : user unknown
""")
_NO_USER = any_of(rf"""
    (unknown|invalid|no such|non[- ]?existent|bad|illegal|undefined|unavailable)[ -]{{1,2}}{_WHO}\b
    (unknown|invalid|no such|non[- ]?existent|bad|illegal|undefined)[ -]{{1,2}}(or \w+ |final delivery )?\S{{4,11}} ?{_WHO}\b
    (unknown|invalid|no such|non[- ]?existent|bad) (final delivery )?(user ?id|id|e-?mail)\b
    {_WHO}\b.{{0,40}}?\b(unknown|unavaila?ble|invalid|non-?existent|inexistent|never existed|no existe)
    {_WHO}\b.{{0,40}}?\b(not|n.t|cannot|could ?n.t|never) (be |been |to be )?(longer |currently |exactly |a )?{_IS}
    (this|the|that) \w+ (does not|doesn.t) exist|^\W*(smtp; ?)?5\d\d \S* ?:? ?(@ )?(does not exist|not found)
    no (local )?(mail ?box|account|user|recipient|one|person|mail drop|valid recipient)s?\b.{{0,30}}(\b(here|by that|with|for)\b|$)
    no (local )?(mail ?box|account|user|recipient|one|person|mail drop|valid recipient)s?\b.{{0,30}}\b(found|at|available|named|bye)\b
    user doesn.t have|can.t accept user|missing home directory|no \S+ in (name )?directory
    not (a |an )?(known|valid|local|listed|active|existing|registered|our)\b.{{0,20}}\b({_WHO}|customer)
    not listed in|not e-?mail addresses|recipient has been denied|recipient refuses|recipients? was undeliverable
    no longer (valid|with|exists|here|works|in use|accepts|available|active|on )|has left the
    inactive (e-?mail )?address|mail ?box is inactive
    bad(rcpt|recipient)to|validrcptto|recip(ient)? ?notfound
    (has|have|was) moved|changed (his|her|their) address|has been replaced by
    check (if|that|whether) (the )?(e-?mail )?address is correct
    (ユーザー?|宛先|アドレス|ディレクトリ).{0, 20}(不明|ありません|存在しません|見つかりません)
    utilisateur inconnu|destinataire invalide|usuario desconocido|no existe|unbekannt|nessun utente
""")
_REFUSED = any_of(r"""
    address(es)? rejected|recipients? rejected|rejected recipient|^\W*(smtp; ?)?5\d\d @ rejected|destination (server|host) rejected
""")
_NO_HOST = any_of(r"""
    (host|domain)( name)?\b.{0,40}?\b(unknown|not (be )?found|doesn.t exist|not exist|cannot be resolved|could not be (found|resolved))
    (host|domain)( name)? (is )?not (known|valid|reachable)
    (unknown|no such|invalid|illegal|bad|non-?existent) (mail )?(host|domain)
    unrout(e)?able
    null ?mx|no mx (record )?(found|for)|does not accept mail|accepts no mail|no mail (server|exchanger)|nxdomain|bad destination system
    domain (must|has to) exist
    name service error|name or service not known|couldn.t find any host|all host address lookups failed permanently
    mx records point to non-existent|indicated no smtp service
""")
_OTHER = any_of(r"""
    spam|junk|unsolicited|bulk|mass mail|advertis|virus|malware|phish
    black ?list|block ?list|block(ed|ing)|bann?ed|\brbl\b|dnsbl|reputation|protected|(?<!access )denied|go away
    polic(y|ies)|prohibit|filter|preferences|only accept|member|subscribe|mailing list|restricted|permission|refuse|user reject|priority
    reverse dns|\bptr\b|\brdns\b|\bdns\b|client host|dynamic|generic|proxy|smtp server of|resolve your|this mail server
    content|attachment|format|reject,? id|bounced address|multiple addresses|not accept\w*( any)? mail|mail not accepted|no third-party
    sender|emetteur|not verified|envelope from|mail from|from address|return path|your (ip|server|network|domain)|fully qualified
    mail server (at|requires)|time[d -]*out|expired|temporar|try again|connect|retry|network|loop|too many hops|unreachable|no route
    giving up|respond|collected|too old|greylist|overload|maintenance|(local|system|internal|write|verification) (error|failure)
    configur|transaction failed|currently unavailable|malformed name server|can.t create|\btls\b|not ?authori[sz]ed|\brule\b|no access
""")
_ACCEPTED = any_of(r"""
    (reply to|after|to) (the )?(end of )?data
    end of (mail|message)
    >>> (data|\.)
    \[data\]|-smtp command data|failed on data command|failed after i sent the message
""")
_RECIPIENT = any_of(r"""
    \brcpt\b|does not like recipient|rejected recipient
""")


def is_gone(said: str, told: Sequence[str], around: str = "") -> bool:
    """`said`: the last server's words about one recipient; `told`: the statuses, the most telling first; `around`: where in the
    conversation it was said. After DATA a recipient had been accepted: what comes then is the verdict of a filter.
    """
    text = _plain(said)
    if any(status.startswith("4") for status in told[:1]) or text.lower().startswith("x-unix") or _ALIVE.search(text):
        return False
    if _NO_HOST.search(text):
        return True
    by_number = bool(GONE.intersection(told[:1]))
    by_words = bool(_NO_USER.search(text))
    if not by_words and _OTHER.search(text):
        return False
    return by_number or ((by_words or bool(_REFUSED.search(text))) and _at_recipient(f"{_plain(around)} {text}", told))


def _at_recipient(conversation: str, told: Sequence[str]) -> bool:
    """Was it said of the recipient? Where the status tells of the mailbox, the system, the content or a policy, only if told so."""
    if any(status[2] in "2367" for status in told[:1]):
        return bool(_RECIPIENT.search(conversation))
    return not _ACCEPTED.search(conversation)


def _plain(said: str) -> str:
    """One line without addresses: nobody's name is a reason."""
    return _SPACE.sub(" ", _ADDRESS.sub("@", said[:LOOK]))
