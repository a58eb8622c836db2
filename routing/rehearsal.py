"""What triage would make of messages that never came: for the command, and for measuring. Reads a district, writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from districts.models import Person, Priority
from knowledge.embedding import meaning
from knowledge.redaction.engine import redact
from knowledge.redaction.kinds import Kind
from knowledge.redaction.roster import NOBODY, Roster
from routing import classifier, triage
from routing.classifier import Model
from routing.examples import catalog_examples, described, starter_examples
from routing.governing.holding import within_leave
from routing.governing.tiers import Tier
from routing.pitches import is_pitch
from routing.training import learn
from routing.triage import Choice, Guess, Likely, Question
from routing.words import whole_text
from tickets.models import Ticket

CHANNELS = {"chat": "web", "walk_in": "phone"}
KINDS = {"parent": "family", "guardian": "family", "student": "student", "community": "public", "vendor": "vendor"}
URGENCY = {Priority.URGENT: "urgent", Priority.HIGH: "high", Priority.NORMAL: "normal", Priority.LOW: "low"}
BEST = 3
SUBJECT = 200  # characters
APART = 12  # letters of a sentence that may be of a second matter
SECOND = 0.75  # confidence from which a sentence by itself is of another service


class NotAMessage(ValueError):
    """Says what is missing."""


@dataclass(frozen=True, eq=False)
class Rehearsed:
    """`best` are the likeliest places, the chosen one first, also where triage would leave it to people."""

    id: Any
    text: str
    choice: Choice
    best: list[Guess]
    second: list[str]
    tier: str  # how far the district lets it, whether it is sure or not


def cold_model() -> Model | None:
    """Learned from the catalog alone, as on a district's first day; None where that is too little."""
    found = learn([*starter_examples(described(), embed=meaning.embed), *catalog_examples()])
    return found[0] if found else None


def model_in_use() -> Model | None:
    """The district's own, or what it would have on its first day."""
    try:
        return classifier.active() or cold_model()
    except classifier.Refused:
        return cold_model()


def rehearse(given: Any, model: Model | None, *, office: Any, now: datetime) -> Rehearsed:
    """`given`: id, channel, persona, language, subject, body; other keys are not looked at. Raises NotAMessage."""
    question = question_of(given, model, office=office, now=now)
    choice = triage.answer(question)
    best = _best(question, choice)
    second = _second(question.ticket, given.get("body") or "", model, best)
    return Rehearsed(given.get("id"), question.text, choice, best, second, within_leave(question, choice).tier)


def question_of(given: Any, model: Model | None, *, office: Any, now: datetime) -> Question:
    """Raises NotAMessage."""
    if not isinstance(given, Mapping) or not isinstance(given.get("body"), str | None):
        raise NotAMessage("not an object with a “body”")
    subject, body = str(given.get("subject") or ""), given.get("body") or ""
    channel = CHANNELS.get(str(given.get("channel")), str(given.get("channel") or "web"))
    asker = Person(kind=KINDS.get(str(given.get("persona")), "staff" if given.get("persona") else "public"))
    ticket = Ticket(id=uuid4(), requester=asker, team=office, subject=(subject or body)[:SUBJECT], channel=channel, opened_at=now)
    return Question(ticket, whole_text(ticket.subject, [body]), given=model)


def _best(question: Question, choice: Choice) -> list[Guess]:
    """Without the front office, which is where people decide."""
    likely = [question.guesses[one.team_id] for one in question.likely if one.team_id in question.guesses]
    if choice.engine == "front_office":
        return likely
    own = Guess(choice.team, choice.service, choice.confidence)
    return [own, *(guess for guess in likely if guess.team.id != choice.team.id)]


def _second(ticket: Ticket, body: str, model: Model | None, best: list[Guess]) -> list[str]:
    """Other services that a sentence of it, by itself, is surely about."""
    if model is None or not best:
        return []
    found: list[str] = []
    for sentence in triage_sentences(body):
        top = _surest(ticket, sentence, model)
        if top and top.named and top.confidence >= SECOND and top.team_id != best[0].team.id:
            [guess] = triage.as_rows([top])
            if guess.service and guess.service.slug not in found:
                found.append(guess.service.slug)
    return found[:BEST]


def _surest(ticket: Ticket, sentence: str, model: Model) -> Likely | None:
    likely = Question(ticket, sentence, given=model).likely
    return likely[0] if likely else None


def triage_sentences(body: str) -> list[str]:
    parts = [part.strip() for part in body.replace("!", ".").replace("?", ".").replace("\n", ".").split(".")]
    told = [part for part in parts if len(part) >= APART]
    return told[:8] if len(told) > 1 else []


def told(one: Rehearsed, roster: Roster = NOBODY) -> dict[str, Any]:
    """The keys that the command gives."""
    choice, best = one.choice, one.best
    redacted = redact(one.text, roster)
    people = [one.text[start:end] for start, end, kind in redacted.spans if kind == Kind.PERSON]
    automatic = choice.engine != "front_office"
    return {
        "id": one.id,
        "service": best[0].service.slug if best and best[0].service else None,
        "team": best[0].team.slug if best else choice.team.slug,
        "teams": [guess.team.slug for guess in best[:BEST]],
        "urgency": URGENCY[Priority(choice.priority)],
        "site": choice.site.code if choice.site else None,
        "room": choice.room or None,
        "asset_tag": choice.asset_tag or None,
        "people": list(dict.fromkeys(people)),
        "second_services": one.second,
        "crisis": choice.crisis,
        "spam": not choice.crisis and is_pitch(one.text),
        "confidence": round(choice.confidence, 4),
        "automatic": automatic,
        "tier": one.tier or Tier.AUTOMATIC.value,
        "engine": choice.engine if automatic else "front_office",
        "reasons": choice.reasons,
    }
