"""A model of somebody else's as an engine of triage: asked for what no engine here is sure of, where the district has it switched on.

It may choose one of the catalog's services, or none; sensitive ones are not among them, and no ticket that is sensitive, or reads like
it, leaves. By its word a ticket is made more urgent, up to high, and never less. How sure it says it is, is not believed: until people
have had the last word on ENOUGH of its choices it only suggests; from then on it is as sure as it was right here, and acts as far as
any reading.

A worker asks outside of any transaction (`placing`). One that is killed meanwhile leaves the ticket unplaced, and a mark that it was
asked: whoever comes next waits for PATIENT seconds and then places it without.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import structlog
from django.core.cache import cache
from django.utils.translation import gettext as _
from pydantic import BaseModel, create_model

from districts.models import Priority, Service
from knowledge import llm
from knowledge.models import ModelCall, Purpose
from routing import urgency
from routing.governing import outcomes
from routing.triage import Choice, Guess, Question

NAME = "model"
NONE = "none"
MOST = 6_000  # characters of a request that are shown to it
EACH = 160  # of a service's description
RUN = 10.0  # seconds that one run of a worker may spend on asking
PATIENT = 4.0  # seconds after which whoever asked is taken to be dead
REMEMBERED = 900  # seconds that it is known that a ticket was asked about
SENSITIVE = 0.3  # chance from which a request is taken to be of a sensitive matter, and does not leave
ENOUGH, BACK = 30, timedelta(days=90)
UNMEASURED = 0.5  # no surer than this until ENOUGH of its choices were judged
INSTRUCTIONS = """You sort requests to a school district. From the services below choose the one whose team should get the request, \
and say how urgent it is and how sure you are that the team is right, from 0 to 1. Choose "none" where none fits, where it could be \
two of them, or where it is about one person's health, special education, custody, safety, pay or conduct."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Asking:
    """What is to be asked, in plain values: no row is held meanwhile."""

    ticket_id: UUID
    text: str
    catalog: str
    slugs: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"triage-asked:{self.ticket_id}:{hashlib.sha256(self.text.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Answered:
    """`slug` empty: no service. `outcome`: of ModelCall."""

    slug: str = ""
    urgent: bool = False
    confidence: float = 0.0
    outcome: str = ""


@dataclass
class Patience:
    """Of one run of a worker: how long it may still ask."""

    left: float = RUN

    def asking(self, question: Question, choice: Choice) -> Asking | None:
        """None: somebody here is sure, it may not leave, or nobody is to be asked."""
        if self.left <= 0 or choice.engine != "front_office" or question.ticket.sensitive or choice.crisis:
            return None
        if not question.text.strip() or _reads_sensitive(question) or not llm.switched_on(Purpose.TRIAGE):
            return None
        offered = list(Service.objects.filter(active=True, sensitive=False).select_related("team").order_by("slug"))
        if not offered:
            return None
        lines = "\n".join(f"{one.slug}: {one.name} ({one.team.name}). {one.description[:EACH]}" for one in offered)
        return Asking(question.ticket.id, question.text[:MOST], lines, tuple(one.slug for one in offered))

    def ask(self, district_id: UUID, asking: Asking, *, now: datetime) -> Answered:
        """Outside of any transaction. Never raises: what fails is no answer."""
        began = time.monotonic()
        try:
            return _ask(district_id, asking, now=now)
        except Exception:
            log.exception("model_engine_failed", ticket=str(asking.ticket_id))
            return Answered(outcome=str(ModelCall.Outcome.ERROR))
        finally:
            self.left -= time.monotonic() - began


def claim(asking: Asking) -> bool | None:
    """True: ask now. False: it was asked about, and whoever did is gone. None: somebody is asking."""
    if cache.add(asking.key, time.time(), REMEMBERED):
        return True
    since = cache.get(asking.key)
    return None if since is not None and time.time() - float(since) < PATIENT else False


def _reads_sensitive(question: Question) -> bool:
    return sum(g.confidence for g in question.guesses.values() if g.service and g.service.sensitive) >= SENSITIVE


def _ask(district_id: UUID, asking: Asking, *, now: datetime) -> Answered:
    asked = llm.ask(
        district_id,
        llm.Question(
            Purpose.TRIAGE, INSTRUCTIONS, {"services": asking.catalog, "request": asking.text}, _shape(asking.slugs), _wrong,
            asking.ticket_id,
        ),
        now=now,
    )  # fmt: skip
    said: Any = asked.values
    if said is None or said.service == NONE:
        return Answered(outcome=asked.outcome)
    return Answered(said.service, said.urgency in ("urgent", "high"), float(said.confidence), asked.outcome)


@lru_cache(maxsize=64)
def _shape(slugs: Sequence[str]) -> type[BaseModel]:
    services: Any = Literal[(*slugs, NONE)]
    urgencies: Any = Literal["urgent", "high", "normal", "low"]
    return create_model("Sorting", service=(services, ...), urgency=(urgencies, ...), confidence=(float, ...))


def _wrong(said: Any) -> str:
    return "" if 0 <= said.confidence <= 1 else "a confidence that is none"


# --- what is made of it -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trust:
    """How often its choices were right here, by people's last word."""

    judged: int = 0
    right: int = 0

    @property
    def measured(self) -> bool:
        return self.judged >= ENOUGH

    def sure(self, said: float) -> float:
        return min(said, (self.right + 1) / (self.judged + 2) if self.measured else UNMEASURED)


def trust(*, now: datetime) -> Trust:
    found = outcomes.judged(since=now - BACK, by=NAME)
    return Trust(len(found), sum(one.outcome.right for one in found))


@dataclass(frozen=True)
class Reading:
    """What was said, of a service that is still there and still nobody's secret."""

    service: Service
    sure: float
    would: bool  # sure enough by its own word
    acts: bool
    priority: int
    reasons: list[str] = field(default_factory=list)


def joined(question: Question, choice: Choice, answered: Answered, *, now: datetime) -> Choice:
    """`choice` of the engines here, with what the model said. Whatever they are sure of by now stands."""
    if choice.engine != "front_office":
        return choice
    service = Service.objects.filter(slug=answered.slug, active=True, sensitive=False).select_related("team").first()
    if service is None:
        return replace(choice, reasons=[*choice.reasons, *_no_help(answered)])
    read = _read(question, choice, service, answered, trust(now=now))
    guess = Guess(service.team, service, read.sure)
    if read.acts:
        return replace(
            choice, engine=NAME, team=service.team, service=service, confidence=read.sure, priority=read.priority, reasons=read.reasons,
            suggestion=None, suggested_by="", alternatives=[g for g in choice.alternatives if g.team.id != service.team_id],
        )  # fmt: skip
    return replace(
        choice, confidence=read.sure, priority=min(choice.priority, Priority.HIGH) if answered.urgent else choice.priority,
        reasons=read.reasons, suggestion=guess, suggested_by=NAME, shadow=read.would,
    )  # fmt: skip


def _read(question: Question, choice: Choice, service: Service, answered: Answered, known: Trust) -> Reading:
    sure = round(known.sure(answered.confidence), 4)
    needed = question.around.policies.threshold(service.id, question.model.threshold if question.model else 1.0)
    raised = urgency.raised(service.priority, question.folded)
    priority = min(choice.priority, raised, Priority.HIGH) if answered.urgent else min(choice.priority, raised)
    said = _("A model elsewhere reads it as “%(service)s” (%(percent)d %% sure).") % {
        "service": service.name, "percent": round(sure * 100),
    }  # fmt: skip
    acts = known.measured and sure >= needed
    return Reading(service, sure, not known.measured and answered.confidence >= needed, acts, priority, [said, *choice.reasons])


def _no_help(answered: Answered) -> list[str]:
    """What is said of a model that was asked and did not help; nothing where it was not asked."""
    if not answered.outcome:
        return []
    if answered.outcome in (ModelCall.Outcome.ANSWERED, ModelCall.Outcome.CACHED):
        return [_("A model elsewhere found no service for it either.")]
    return [_("A model elsewhere was asked and did not help: %(why)s.") % {"why": ModelCall.Outcome(answered.outcome).label}]
