"""Reports in a mail server's own words, and those words beside a report by the book."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from intake.channels.arrival import Bounce, Failure
from intake.channels.bounces import codes, servers
from intake.channels.bounces.phrases import any_of
from intake.channels.bounces.reasons import is_gone
from intake.channels.bounces.returned import above_original, first_text, original_ids
from intake.channels.headers import Headers
from intake.channels.parts import Part

MOST = 50  # recipients that are told apart
_WORD = re.compile(r"[^\W\d_]{2,}")
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'=&/#!*~-]{1,64}@[A-Za-z0-9.-]{1,200}[A-Za-z0-9]")
_HEAD = re.compile(
    r"^[\s>*.-]{0,12}(?:(?:rcpt )?to:|recipient(?:'s)?(?: address)?s?:|(?:failed |failure )?address(?:ee)?:|original-rcpt-to:|user:"
    r"|delivery to|could not be delivered to:?|mail to|message to|e-?mail to)?[\s:<\"']{0,6}(?:smtp:|rfc822;)?\s?"
    r"([A-Za-z0-9._%+'=&/#!*~-]{1,64}@[A-Za-z0-9.-]{1,200}[A-Za-z0-9])(?=[\s>:;,.\"')(]|$)",
    re.IGNORECASE | re.MULTILINE,
)
_DELAYED = any_of(r"""
    warning message only|not need to resend|not yet been delivered|delayed|will (keep|continue) (on )?(re)?try
    will be (re)?tried|still being (re)?tried|has not been delivered.{0,40}(yet|will)|(attempts|retr(y|ies)).{0,40}will continue
""")


@dataclass(frozen=True)
class Said:
    """What a server tells people, whole and recipient by recipient."""

    whole: str
    each: dict[str, str]

    def of(self, address: str) -> str:
        """About this recipient; all of it where nobody is named, or where the reason stands apart from the names."""
        own = self.each.get(address, "")
        apart = codes.reply(self.whole) and not any(codes.reply(one) for one in self.each.values())
        return own if self.each and not apart and (not own or _tells(own)) else self.whole


def _tells(spoken: str) -> bool:
    """More than a name."""
    return bool(codes.reply(spoken) or codes.statuses(spoken)) or len(_WORD.findall(_ADDRESS.sub("", spoken))) > 2


def address(value: str) -> str:
    """ "rfc822; a@b" → "a@b", lower case."""
    found = _ADDRESS.search(value.split(";", 1)[-1])
    return found[0].lower() if found else ""


def about(parts: Sequence[Part]) -> Said:
    text = above_original(first_text(parts))
    heads = list(islice(_HEAD.finditer(text), MOST))
    each: dict[str, str] = {}
    for at, head in enumerate(heads):
        end = heads[at + 1].start() if at + 1 < len(heads) else len(text)
        name = head[1].lower()
        each[name] = f"{each.get(name, '')}\n{text[head.start() : end]}".strip()
    return Said(text, each)


def read(message: Part, headers: Headers, parts: Sequence[Part]) -> Bounce | None:
    """None where a person may have written it."""
    said = about(parts)
    if message.kind != "multipart/report" and not servers.writes(headers, said.whole, parts):
        return None
    if _DELAYED.search(said.whole):
        return Bounce("delayed", tuple(Failure(one.address, one.statuses) for one in _failures(headers, said)), original_ids(parts))
    return Bounce("failed", tuple(_failures(headers, said)), original_ids(parts))


def _failures(headers: Headers, said: Said) -> list[Failure]:
    named = [one.lower() for one in _ADDRESS.findall(headers.raw("x-failed-recipients"))]
    named = named or list(said.each) or [one.lower() for one in _ADDRESS.findall(said.whole)][:3]
    return [_failure(one, said) for one in list(dict.fromkeys(named))[:MOST] or [""]]


def _failure(who: str, said: Said) -> Failure:
    spoken = said.of(who) or said.whole
    told = codes.best(codes.statuses(spoken))
    number = codes.reply(spoken)
    if not told and number:
        told = [f"{number[0]}.0.0"]
    gone = is_gone(spoken, told, said.whole)
    return Failure(who, tuple(told or (["5.0.0"] if gone else [])), gone)
