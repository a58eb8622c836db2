"""Which solved tickets are like this one: the same service says most, then meaning and words, then the same place.

Of the reference district's requests, taken two by two, the nearest in meaning and words alone is of the same service in one case of
five: words people use for different needs are much alike. So one of another service has to be very near.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from routing.suggested.asked import stems
from routing.suggested.nearness import nearness
from routing.suggested.solved import Solved
from tickets.models import Ticket

READ = 24  # that are read for their meaning
SERVICE, SITE = 0.25, 0.05  # worth of the same service and the same place, in units of cosine
SHARED = 0.3  # of all their telling words
ALIKE = 0.6  # from here on shown: of the same service with a cosine of about .35, of another with .6
TELLS = 0.7  # from here on what solved it is offered as a reply
SHOWN = 5


@dataclass(frozen=True)
class Like:
    solved: Solved
    score: float
    same_service: bool
    same_site: bool


def likest(ticket: Ticket, text: str, found: Sequence[Solved]) -> list[Like]:
    """Those that are alike, the likest first."""
    mine, theirs = stems(text), {one.id: stems(one.words) for one in found}
    worth = _worth([mine, *theirs.values()])
    shared = {one.id: _share(mine, theirs[one.id], worth) for one in found}
    first = sorted(found, key=lambda one: -shared[one.id] - _known(ticket, one))
    near = nearness(text, ticket.language, [(one.id, one.words) for one in first[:READ] if one.language == ticket.language])
    told = [_like(ticket, one, near.get(one.id, shared[one.id]), shared[one.id]) for one in found]
    return sorted((one for one in told if one.score >= ALIKE), key=lambda one: (-one.score, -one.solved.number))[:SHOWN]


def _like(ticket: Ticket, one: Solved, near: float, shared: float) -> Like:
    service, site = _same(ticket.service_id, one.service_id), _same(ticket.site_id, one.site_id)
    return Like(one, near + SHARED * shared + _known(ticket, one), service, site)


def _known(ticket: Ticket, one: Solved) -> float:
    return SERVICE * _same(ticket.service_id, one.service_id) + SITE * _same(ticket.site_id, one.site_id)


def _same(one: object, other: object) -> bool:
    return one is not None and one == other


def _worth(texts: Sequence[frozenset[str]]) -> dict[str, float]:
    """A word that few of them have tells much."""
    counts = Counter(word for text in texts for word in text)
    return {word: math.log((len(texts) + 1) / count) for word, count in counts.items()}


def _share(one: frozenset[str], other: frozenset[str], worth: dict[str, float]) -> float:
    """From 0 to 1: the cosine of their words."""
    both, mine, theirs = (sum(worth[word] ** 2 for word in words) for words in (one & other, one, other))
    return both / math.sqrt(mine * theirs) if mine and theirs else 0.0
