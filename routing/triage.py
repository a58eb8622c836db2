"""Where should it go, how sure are we, and why.

Engines in order, the first that knows decides: words of danger, what the asker chose, the district's rules, the address it
came to, the learned classifier. What none of them is sure of goes to the front office, with what the classifier would guess.
How far what a machine has read is acted on is for `governing.holding` to say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from uuid import UUID

import numpy as np
import structlog
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from districts.models import Priority, Service, Site, Team
from routing import classifier, rules, urgency, whereabouts
from routing.classifier import Floats, Model
from routing.danger import crisis, hearing
from routing.pressing import judging
from routing.pressing.judging import DEGREES
from routing.surroundings import Surroundings
from routing.words import fold
from tickets.models import Ticket

log = structlog.get_logger(__name__)

ALTERNATIVES = 3
NOT_FOR_THEM = 0.4  # taken from the score of a service that is not meant for this kind of person
ELSEWHERE = 0.9  # confidence from which another team than the one they wrote to gets it
FEW_WORDS = 4  # words, below which nothing written to a team's own address is surely another's
ADDRESS = 20.0  # how many times likelier a team is when they wrote to that team's own address
SUREST = 0.99  # a classifier is never certain
SERVICE_SHARE = 0.4  # of its team's confidence a service needs to be named
READERS = ("classifier", "model")  # engines that read a text; all others know
_SAME_KIND = {"guardian": "family", "parent": "family", "public": "", "teacher": "staff"}


@dataclass(frozen=True)
class Guess:
    """One place it might belong. `confidence` from 0 to 1."""

    team: Team
    service: Service | None
    confidence: float


@dataclass(frozen=True)
class Choice:
    """What triage chose. `reasons` are sentences for staff.

    `suggestion`: where it would go by `suggested_by`, which was not sure enough, or was not let. `closed`: it reads like a sensitive
    matter, so that not everybody sees it while it waits for a person.
    """

    engine: str
    team: Team
    service: Service | None = None
    priority: int = Priority.NORMAL
    confidence: float = 0.0
    reasons: list[str] = field(default_factory=list)
    alternatives: list[Guess] = field(default_factory=list)
    crisis: bool = False
    site: Site | None = None
    room: str = ""
    asset_tag: str = ""
    model_version: int | None = None
    tier: str = ""
    shadow: bool = False
    suggestion: Guess | None = None
    suggested_by: str = ""
    closed: bool = False


@dataclass(frozen=True)
class Likely:
    """A team as the classifier sees it: ids, until somebody needs the rows."""

    team_id: UUID
    service_id: UUID | None  # the likeliest of the team
    confidence: float
    label: int
    named: bool  # sure enough of the service to name it


@dataclass(frozen=True, eq=False)
class Seen:
    """Of each label of a model: who does it today, its priority, and its chance."""

    owners: list[UUID | None]
    priorities: NDArray[np.int64]
    chances: Floats


@dataclass(frozen=True)
class Question:
    """What the engines are asked. `given` stands in for the district's own model, which is loaded when one needs it.

    Nothing but words of danger is heard in `subject` (of a later mail) and `quoted` (words of elsewhere that a mail brings along).
    """

    ticket: Ticket
    text: str
    given: Model | None = None
    subject: str = ""
    quoted: str = ""
    around: Surroundings = field(default_factory=Surroundings)

    @cached_property
    def folded(self) -> str:
        return fold(self.text)

    @cached_property
    def model(self) -> Model | None:
        """None where none was trained, or where the stored one is refused."""
        try:
            return self.given or classifier.active()
        except classifier.Refused as error:
            log.warning("model_refused", error=str(error))
            return None

    @cached_property
    def seen(self) -> "Seen | None":
        """None without a model, or of a text with not one known word."""
        return seen_by(self, self.model) if self.model and self.model.knows(self.text) else None

    @cached_property
    def usual(self) -> Floats:
        """Chances of the degrees (`pressing.judging.DEGREES`) by the service that was asked for, or those it may be for."""
        if self.ticket.service:
            return np.array([degree == self.ticket.service.priority for degree in DEGREES], dtype=np.float32)
        if self.seen is None:
            return np.array([degree == Priority.NORMAL for degree in DEGREES], dtype=np.float32)
        return np.array([self.seen.chances[self.seen.priorities == degree].sum() for degree in DEGREES], dtype=np.float32)

    @cached_property
    def likely(self) -> list[Likely]:
        """Teams as the classifier sees them, the likeliest first; none without a model, or of a text with not one known word."""
        return likely_teams(self.model, self.seen) if self.model and self.seen else []

    @cached_property
    def guesses(self) -> dict[UUID, Guess]:
        """The likeliest teams and the one that holds the ticket, as rows."""
        wanted = [one for at, one in enumerate(self.likely) if at <= ALTERNATIVES or one.team_id == self.ticket.team_id]
        return {guess.team.id: guess for guess in as_rows(wanted)}


STEP = 1  # of priority, that words may take from what is usual for a service
SAID = frozenset({"crisis", "rule"})  # engines whose priority is the district's own word

Engine = Callable[[Question], Choice | None]


def decide(ticket: Ticket, text: str, *, now: datetime, quoted: str = "") -> Choice:
    """Never writes. `text` is subject and words (see `words.whole_text`), `quoted` what else they brought along."""
    return answer(Question(ticket, text, quoted=quoted))


def answer(question: Question) -> Choice:
    """By the engines alone; how far they may go here is `governing.holding`'s."""
    choice = next(found for engine in ENGINES if (found := engine(question)))
    site = question.ticket.site or whereabouts.site_in(question.text, question.around.sites)
    tags = question.model.tags if choice.model_version and question.model else ()
    return replace(
        choice,
        priority=urgency.raised(choice.priority, question.folded) if choice.engine in SAID else pressing(question, choice.service),
        site=site,
        room=whereabouts.room_in(question.text, site),
        asset_tag=whereabouts.tag_in(question.text, frozenset(tags)),
    )


def pressing(question: Question, service: Service | None) -> int:
    """By what it tells, means and may be for. Words of an emergency make it urgent, whatever else is read in it; a service that was
    asked for by name keeps its priority at least, one that was only read in it all but a step."""
    if urgency.is_emergency(question.folded):
        return Priority.URGENT
    degree = judging.degree(question.text, question.usual)
    if service is None:
        return degree
    return min(degree, service.priority if question.ticket.service else service.priority + STEP)


# --- engines ------------------------------------------------------------------------------------------------------------


def danger(question: Question) -> Choice | None:
    """Words of danger to a person: to the safety team at once, whatever else it says."""
    alarm, because = crisis.screen(question.text), _("Words of danger to a person: “%(words)s”.")
    if alarm is None and question.subject:
        alarm, because = crisis.screen(question.subject), _("Words of danger to a person, in the subject: “%(words)s”.")
    if alarm is None and question.quoted:
        alarm, because = crisis.screen(question.quoted), _("Words of danger to a person, in what they passed on: “%(words)s”.")
    if alarm is None:
        alarm, because = hearing.meant(question.text), _("Reads as if a person may be in danger: “%(words)s”.")
    if alarm is None:
        return None
    team = Team.objects.filter(is_safety=True).order_by("name").first() or question.around.office
    services = Service.objects.filter(team=team, active=True)
    reasons = [because % {"words": alarm.words}]
    first = min(services, key=lambda s: (s.priority, not s.sensitive, s.slug), default=None)
    return Choice("crisis", team, first, Priority.URGENT, 1.0, reasons, crisis=True)


def asked(question: Question) -> Choice | None:
    """The asker chose the service."""
    service = question.ticket.service
    if service is None or not service.active:
        return None
    return Choice(
        "asked", service.team, service, service.priority, 1.0, [_("Whoever asked chose “%(service)s”.") % {"service": service}]
    )


def private(question: Question) -> Choice | None:
    """They wrote to a private address: what is told there in confidence is sent to no other team by a rule or a machine."""
    team = question.ticket.team
    if not question.ticket.sensitive or team.id == question.around.office.id:
        return None
    return Choice("channel", team, None, Priority.NORMAL, SUREST, [_("They wrote to %(team)s, in confidence.") % {"team": team.name}])


def rule(question: Question) -> Choice | None:
    """The district's own word."""
    found = rules.match(question.folded, question.ticket.channel, question.around.rules)
    if found is None:
        return None
    fits, phrase = found
    team = fits.team or fits.service.team
    priority = fits.priority or (fits.service.priority if fits.service else Priority.NORMAL)
    because = (
        _("The district's rule “%(rule)s” fits: “%(phrase)s”.")
        if phrase
        else _("The district's rule “%(rule)s” takes all of its channel.")
    )
    return Choice("rule", team, fits.service, priority, 1.0, [because % {"rule": fits.name, "phrase": phrase}])


def address(question: Question) -> Choice | None:
    """They wrote to a team's own address: that team, unless the text is surely another's."""
    team = question.ticket.team
    if team.id == question.around.office.id:
        return None
    best = question.likely[0] if question.likely else None
    told = len(question.folded.split()) >= FEW_WORDS
    if told and best and best.team_id != team.id and question.model and best.confidence >= max(ELSEWHERE, threshold(question, best)):
        return None
    own = next((likely for likely in question.likely if likely.team_id == team.id), None)
    guess = _sure(question, own) if own else Guess(team, None, SUREST)
    return Choice(
        "channel", team, guess.service, _priority(guess.service), guess.confidence,
        [_("They wrote to %(team)s.") % {"team": team.name}], others(question, team), model_version=version(question),
    )  # fmt: skip


def learned(question: Question) -> Choice | None:
    """The classifier, where it is sure enough."""
    model = question.model
    best = question.likely[0] if question.likely else None
    if model is None or best is None or best.confidence < threshold(question, best):
        return None
    guess = _sure(question, best)
    reasons = [
        _("Reads like “%(what)s” (%(percent)d %% sure).")
        % {"what": guess.service or guess.team, "percent": round(guess.confidence * 100)}
    ]
    words = model.telling(question.text, best.label)
    if words:
        reasons.append(_("Words that spoke for it: %(words)s.") % {"words": ", ".join(words)})
    return Choice(
        "classifier", guess.team, guess.service, _priority(guess.service), guess.confidence, reasons, others(question, guess.team),
        model_version=version(question),
    )  # fmt: skip


def office(question: Question) -> Choice:
    """Nobody is sure: people decide, with what would have been guessed."""
    found = others(question, question.around.office)
    if found:
        best = {"team": found[0].team.name, "percent": round(found[0].confidence * 100)}
        because = _("Not sure enough where it belongs: %(team)s is likeliest (%(percent)d %%).") % best
    else:
        because = _("Nothing in it told where it belongs.")
    return Choice(
        "front_office", question.around.office, confidence=found[0].confidence if found else 0.0, reasons=[because], alternatives=found,
        model_version=version(question),
        suggestion=found[0] if found else None, suggested_by="classifier" if found else "",
    )  # fmt: skip


ENGINES: tuple[Engine, ...] = (danger, asked, private, rule, address, learned, office)


# --- what they share ----------------------------------------------------------------------------------------------------


def seen_by(question: Question, model: Model) -> Seen:
    """The model's labels seen with today's catalog: a service that moved counts for its team of today, a closed one for none."""
    rows = Service.objects.filter(active=True).values_list("id", "team_id", "audience", "priority")
    today = {row[0]: row[1:] for row in rows}
    alone = {team for service, team in model.labels if service is None}
    teams = set(Team.objects.filter(id__in=alone).values_list("id", flat=True)) if alone else set()
    kind = _SAME_KIND.get(question.ticket.requester.kind, question.ticket.requester.kind)
    owners: list[UUID | None] = []
    priorities: list[int] = []
    scores = model.scores(question.text)
    for label, (service, team) in enumerate(model.labels):
        nobody: tuple[UUID | None, list[str], int] = (team if team in teams and not service else None, [], Priority.NORMAL)
        owner, audience, priority = today.get(service, nobody) if service else nobody
        owners.append(owner)
        priorities.append(priority)
        if kind and audience and kind not in {_SAME_KIND.get(a, a) for a in audience}:
            scores[label] -= NOT_FOR_THEM
    chances = _with_address(question, owners, classifier.probabilities(scores, model.temperature))
    return Seen(owners, np.array(priorities), chances)


def likely_teams(model: Model, seen: Seen) -> list[Likely]:
    return _by_team(model, seen.owners, seen.chances)


def _with_address(question: Question, owners: Sequence[UUID | None], chances: Floats) -> Floats:
    known = np.array([owner is not None for owner in owners], dtype=np.float32)
    written_to = question.ticket.team_id if question.ticket.team_id != question.around.office.id else None
    prior = np.array([ADDRESS if owner and owner == written_to else 1.0 for owner in owners], dtype=np.float32)
    weighed = chances * known * prior
    nobody = 1.0 - float(chances.sum())
    return np.asarray(weighed / (float(weighed.sum()) + nobody or 1.0), dtype=np.float32)


def _by_team(model: Model, owners: Sequence[UUID | None], chances: Floats) -> list[Likely]:
    labels: dict[UUID, list[int]] = {}
    for label, owner in enumerate(owners):
        if owner:
            labels.setdefault(owner, []).append(label)
    found = []
    for team, own in labels.items():
        best = max(own, key=lambda label: float(chances[label]))
        sure = float(chances[own].sum())
        named = bool(chances[best] >= SERVICE_SHARE * sure)
        found.append(Likely(team, model.labels[best][0], classifier.chance(sure, model.curve), best, named))
    return sorted(found, key=lambda likely: -likely.confidence)


def as_rows(likely: Sequence[Likely]) -> list[Guess]:
    services = Service.objects.select_related("team").in_bulk([one.service_id for one in likely if one.service_id])
    alone = Team.objects.in_bulk([one.team_id for one in likely if not one.service_id])
    found = []
    for one in likely:
        service = services[one.service_id] if one.service_id else None
        team = service.team if service else alone[one.team_id]
        found.append(Guess(team, service, round(min(one.confidence, SUREST), 4)))
    return found


def _sure(question: Question, likely: Likely) -> Guess:
    """What a ticket is placed by: its service only where that is sure enough."""
    guess = question.guesses[likely.team_id]
    return guess if likely.named else replace(guess, service=None)


def threshold(question: Question, likely: Likely) -> float:
    """Confidence from which it is acted on: what the administrator chose, or else what the model needs."""
    return question.around.policies.threshold(likely.service_id, question.model.threshold if question.model else 1.0)


def others(question: Question, chosen: Team) -> list[Guess]:
    """The best three besides the team that was chosen."""
    return [guess for guess in question.guesses.values() if guess.team.id != chosen.id][:ALTERNATIVES]


def version(question: Question) -> int | None:
    return question.model.version if question.model else None


def _priority(service: Service | None) -> int:
    return service.priority if service else Priority.NORMAL
