"""Is somebody only selling, or fishing? Said beside where it would go; nothing is placed or dropped by it."""

import re

from routing.words import fold

MOST = 700  # characters looked at: who sells comes to it soon
ENOUGH = 2  # different signs
_SIGNS = [
    re.compile(rf"\b(?:{pattern})\b")
    for pattern in (
        r"seo|backlinks?|first page|rank(?:ing)?s?|leads?|web traffic|social followers",
        r"promo|blowout|discount|limited time|special offer|best price|only \d+|from \d+|desde \d+|per unit|free (?:quote|trial)"
        r"|free shipping|envio gratis|muestras|oferta|ofrecemos|guaranteed|garantizado",
        r"we (?:buy|sell|offer|give|provide|help districts|help schools)|our (?:product|platform|solution|foundation)"
        r"|catalog"
        r"|minimo \d+",
        r"quick call|15 min(?:utes)?|book a (?:demo|call)|schedule a demo|right person|circling back|following up on (?:our|my)"
        r"|dear (?:webmaster|principal|sir|madam|director)|estimado director|to whom it may concern",
        r"press (?:one|1)|service contract|extended warranty|reply yes|act now|call 1 8\d\d|lottery|crypto|bitcoin"
        r"|loan approved",
        r"gift cards?|wire|bank details|confirm availability|your cell|are you (?:on|at) (?:your )?desk|kindly",
        r"quota|deactivat\w*|verify your|suspended|release (?:the )?messages|package|open the attached|invoice for your reference"
        r"|in a browser",
        r"cheap|cheats?|answer keys?|casino|viagra|escort|essay writing",
    )
]
_LINK = re.compile(r"https?://|\bwww\.|\b[a-z0-9-]+\.(?:test|top|xyz|gg|icu|click|ru|biz)\b", re.IGNORECASE)
_ASKS = re.compile(
    r"\b(?:is (?:this|it) (?:real|legit|a scam|safe|spam)|got (?:a|an|this)|i (?:got|received|clicked)|po (?:number )?\d+"
    r"|my (?:son|daughter|child|class))\b"
)


def is_pitch(text: str) -> bool:
    """Whoever asks about such a message, or writes of a child, is not selling."""
    folded = fold(text[:MOST])
    if _ASKS.search(folded):
        return False
    return sum(bool(sign.search(folded)) for sign in _SIGNS) + bool(_LINK.search(text[:MOST])) >= ENOUGH
