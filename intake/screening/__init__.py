"""What is not somebody asking for something: small named filters. Each says its word, the strongest decides, all are kept.

OUT keeps the envelope and makes no ticket, until a person lets it in. QUIET makes a ticket (a copier, a vendor's alarm or a
newsletter may matter to somebody) and answers nothing, so that two machines never talk to each other.

Words of danger to a person are never screened out because a machine wrote them, a score is high or a sender is not proven: they
make a quiet ticket, which goes to the safety team. What stays out in any case (`final`): reports about mail, our own letters,
key words of text messages, an answering machine that answers a notice to staff, and more than DANGEROUS from one sender within an
hour. A false alarm costs a minute; a loop of alarms would cost the attention for all of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from types import ModuleType

from districts.limits import within
from districts.models import District
from districts.scope import require_district_id
from intake.channels.arrival import Arrival
from intake.screening import (
    abroad,
    authentication,
    automation,
    calls,
    crowds,
    floods,
    hops,
    keywords,
    lists,
    loops,
    no_reply,
    ours,
    reports,
    spam,
)
from intake.screening.verdict import Course, Verdict, overruled, quiet, told
from routing.danger import hearing
from routing.history import without_help_lines

__all__ = ["Course", "Screened", "Verdict", "by_itself", "let_in", "overruled", "screen", "screen_sender", "told"]

# ask no database, and nothing of the district
ALONE = (reports, keywords, calls, authentication, spam, hops, automation, no_reply, lists)
HERE = (ours, loops, abroad, crowds)
DANGEROUS = 5  # mails with words of danger that one sender gets past the filters within HOUR
HOUR = 3600
DANGER = "danger"


@dataclass(frozen=True)
class Screened:
    """`spoken`: what every filter said that said anything, in their order."""

    spoken: tuple[Verdict, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The strongest that was not overruled. None: somebody asks for something."""
        counts = [one for one in self.spoken if not one.overruled]
        return next((one for one in counts if one.course is Course.OUT), next(iter(counts), None))

    @property
    def reason(self) -> str:
        return self.verdict.reason if self.verdict else ""

    @property
    def is_out(self) -> bool:
        return self.verdict is not None and self.verdict.course is Course.OUT


def by_itself(arrival: Arrival) -> Verdict | None:
    """By what the mail says, with no database and no district."""
    return _weighed(arrival, _asked(ALONE, arrival)).verdict


def screen(arrival: Arrival, district: District, before: Verdict | None = None) -> Screened:
    """By what the mail says, and what this district knows; `before`: what was said of it already."""
    said = [before] if before else []
    return _weighed(arrival, [*said, *_asked(ALONE, arrival), *_asked(HERE, arrival, district)])


def screen_sender(screened: Screened, arrival: Arrival, lately: int, *, joins: bool = False) -> Screened:
    """And by how much came from this sender. `lately`: tickets they opened within `floods.WINDOW`; `joins`: not one more."""
    screened = _weighed(arrival, [*_unweighed(screened), *_asked([floods], arrival, lately, joins)])
    if any(one.overruled for one in screened.spoken) and _too_often(arrival):
        return Screened(_unweighed(screened))
    return screened


def let_in() -> Screened:
    """A person has looked: no filter is asked again, and nothing is answered."""
    return Screened((replace(quiet("let in by a person"), filter="person"),))


def in_danger(arrival: Arrival) -> bool:
    """In its own words, in those of a mail that is passed on, or in what it quotes."""
    told = arrival.forward
    passed_on = [told.subject, told.comment, told.text] if told else []
    brought = "\n".join(without_help_lines(arrival.quoted))
    return any(hearing.heard(text) for text in ("\n".join([arrival.subject, arrival.text]), "\n".join(passed_on), brought) if text)


def _asked(filters: Iterable[ModuleType], *given: object) -> list[Verdict]:
    """What each says, under its name."""
    said = ((one.__name__.rpartition(".")[2], one.screen(*given)) for one in filters)
    return [replace(verdict, filter=name) for name, verdict in said if verdict]


def _weighed(arrival: Arrival, spoken: Sequence[Verdict]) -> Screened:
    """With words of danger, whatever may be overruled is."""
    outs = [one for one in spoken if one.course is Course.OUT]
    if not outs or any(one.final for one in outs) or not in_danger(arrival):
        return Screened(tuple(spoken))
    milder = (replace(one, overruled=DANGER) if one.course is Course.OUT else one for one in spoken)
    return Screened((*milder, replace(quiet("words of danger: not screened out"), filter=DANGER)))


def _unweighed(screened: Screened) -> tuple[Verdict, ...]:
    return tuple(replace(one, overruled="") for one in screened.spoken if one.filter != DANGER)


def _too_often(arrival: Arrival) -> bool:
    sender = arrival.contact.value if arrival.contact else ""
    return not within(DANGER, f"{require_district_id()} {sender}", most=DANGEROUS, seconds=HOUR)
