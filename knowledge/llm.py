"""The gateway to a model of somebody else's: the one module that speaks to one. Nothing else imports `openai`.

    class Sorting(BaseModel):            # what the model fills in; every field required, enums by Literal or create_model
        service: Literal["bus-late", "password-reset"]
        why: str

    asked = llm.ask(
        district_id,
        llm.Question(
            purpose=Purpose.TRIAGE, shape=Sorting,
            instructions="Choose the service this request is for.",       # ours: constant, nobody's data; leaves as it is
            texts={"services": catalog_text, "subject": …, "body": …},    # everything else: redacted together, fenced, cut
            check=lambda said: "" if said.service in slugs else "no such service",
            about=ticket.id,
        ),
        now=now,
    )
    if asked.values is not None: …       # a Sorting, with what was taken out put back; else the engine below goes on

Call it outside of any transaction and any district_scope: it opens its own, short ones, before and after, and raises `InTransaction`
inside one. It never raises for what a model or a network does: `asked.outcome` says what became of it (a `ModelCall.Outcome`; "" where
the district has it switched off or no model is plugged in, which costs one query and leaves no row). Every other question leaves one
row in the log. `LIMITS` bounds each purpose: triage never waits longer than 1.8 seconds in all, retries and look-ups of names included.
`switched_on(purpose)`, inside a district_scope, says beforehand whether it would ask. `trial=True`: as though the switch were on, and
the log's row and the spending are rolled back; for commands that measure.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import UUID

import httpx2
import openai
import structlog
from django.conf import settings
from django.db import connection, transaction
from pydantic import BaseModel, ValidationError

from districts.scope import district_scope
from knowledge.model import breaker, budget, remembered, replies
from knowledge.model.budget import switched_on as switched_on
from knowledge.model.endpoint import Endpoint, NotAllowed, endpoint, require_allowed
from knowledge.model.leaving import Leaving, leaving
from knowledge.model.logbook import Entry, record
from knowledge.model.question import LIMITS, Limits
from knowledge.model.question import Asked as Asked
from knowledge.model.question import Question as Question
from knowledge.model.replies import Nonsense, Reply
from knowledge.model.waiting import within
from knowledge.models import ModelCall, Purpose
from knowledge.redaction.people import district_roster

Outcome = ModelCall.Outcome
MOST_BYTES = 1_000_000  # of what comes back
PAUSE = 0.25  # seconds before the second try, doubling
WORTH_TRYING = 0.4  # seconds that must be left for another try
BAD = frozenset({400, 415, 422})  # it does not like how it was asked, or what
WHAT = ("content_filter", "content_policy", "context_length")  # the latter: another way of asking changes nothing
PASSING = frozenset({408, 409, 425, 429})  # and 5xx: another try may be answered
log = structlog.get_logger(__name__)


class InTransaction(RuntimeError):
    """A model was to be asked while a transaction is open: its rows would be locked for as long as the model thinks."""


def ask[T: BaseModel](district_id: UUID, question: Question[T], *, now: datetime, trial: bool = False) -> Asked[T]:
    """Raises InTransaction, and nothing else on account of a model."""
    if connection.in_atomic_block:
        raise InTransaction("ask a model outside of any transaction and district_scope")
    place, limits = endpoint(), LIMITS[question.purpose]
    if place is None:
        return Asked()
    with district_scope(district_id):
        if not trial and not switched_on(question.purpose):
            return Asked()
        schema = question.shape.model_json_schema()
        going = leaving(question.instructions, question.texts, schema, district_roster(), limits.characters)
    call = _Call(district_id, place, limits, going, question.purpose, question.about, now, trial)
    return _answered(call, question)


# --- one question, from the cache to the log ---------------------------------------------------------------------------


@dataclass
class _Call:
    district_id: UUID
    place: Endpoint
    limits: Limits
    going: Leaving
    purpose: Purpose
    about: UUID | None
    now: datetime
    trial: bool
    began: float = field(default_factory=time.monotonic)
    tries: int = 0

    @cached_property
    def until(self) -> float:
        return self.began + min(self.limits.seconds, float(settings.MODEL_TIMEOUT))

    @cached_property
    def most(self) -> Decimal:
        """US dollars. No text has more tokens than half its bytes, as far as anybody has counted."""
        return self.place.cost(self.going.size // 2 + 50, self.limits.tokens) * self.limits.tries

    @cached_property
    def of(self) -> str:
        return remembered.digest(self.purpose, self.place.url, self.place.model, self.going.of)

    @contextmanager
    def scope(self) -> Iterator[None]:
        with district_scope(self.district_id):
            yield
            if self.trial:
                transaction.set_rollback(True)


@dataclass(frozen=True)
class _Spent:
    reserved: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    tokens: tuple[int, int] = (0, 0)
    returned: str = ""


class _Failed(Exception):
    """`billed`: it may have to be paid for. `down`: the endpoint is to blame, not the text: no text opens the breaker."""

    def __init__(self, outcome: str, detail: str, *, billed: bool = False, down: bool = True) -> None:
        super().__init__(detail)
        self.outcome, self.detail, self.billed, self.down = outcome, detail, billed, down


def _answered[T: BaseModel](call: _Call, question: Question[T]) -> Asked[T]:
    again = _said_before(call, question)
    if again is not None:
        return again
    if not breaker.lets_through(call.place.fingerprint):
        return _closed(call, None, Outcome.BREAKER)
    with call.scope():
        paid_for = budget.reserve(call.most, now=call.now)
    if not paid_for:
        breaker.gave_way(call.place.fingerprint)
        return _closed(call, None, Outcome.BUDGET)
    return _from_the_model(call, question)


def _in_time(call: _Call) -> Reply:
    """Raises _Failed. The connection goes back to the pool: others work while the model thinks."""
    connection.close()
    try:
        return within(call.until, lambda: _asked(call))
    except TimeoutError as error:
        raise _Failed(Outcome.TIMEOUT, "no answer in time", billed=True) from error


def _said_before[T: BaseModel](call: _Call, question: Question[T]) -> Asked[T] | None:
    said = remembered.recall(call.district_id, call.of)
    if said is None:
        return None
    try:
        values = _filled(Reply(said, 0, 0, ""), call, question)
    except Nonsense:  # what is checked against has changed since
        return None
    return _closed(call, values, Outcome.CACHED, _Spent(returned=said))


def _from_the_model[T: BaseModel](call: _Call, question: Question[T]) -> Asked[T]:
    try:
        reply = _in_time(call)
    except _Failed as failed:
        (breaker.failed if failed.down else breaker.gave_way)(call.place.fingerprint)
        spent = _Spent(call.most, call.most if failed.billed else Decimal(0))
        return _closed(call, None, failed.outcome, spent, detail=failed.detail)
    breaker.worked(call.place.fingerprint)
    tokens = _tokens(call, reply)
    spent = _Spent(call.most, call.place.cost(*tokens), tokens, reply.content)
    try:
        values = _filled(reply, call, question)
    except Nonsense as why:
        return _closed(call, None, Outcome.NONSENSE, spent, detail=str(why))
    remembered.remember(call.district_id, call.of, reply.content)
    return _closed(call, values, Outcome.ANSWERED, spent)


def _filled[T: BaseModel](reply: Reply, call: _Call, question: Question[T]) -> T:
    """Raises Nonsense for what is not of the shape, or not of the catalog."""
    said = call.going.restored(replies.object_in(reply))
    try:
        values = question.shape.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Nonsense(f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:200]) from error
    wrong = question.check(values)
    if wrong:
        raise Nonsense(wrong[:200])
    return values


def _tokens(call: _Call, reply: Reply) -> tuple[int, int]:
    """As the endpoint counts them; where it does not, a guess from the length."""
    sent = call.going.size // 4 if reply.tokens_in is None else reply.tokens_in
    return sent, len(reply.content.encode()) // 4 if reply.tokens_out is None else reply.tokens_out


def _closed[T: BaseModel](call: _Call, values: T | None, outcome: str, spent: _Spent | None = None, *, detail: str = "") -> Asked[T]:
    """One row, whatever became of it; what was reserved and not spent is given back."""
    took = int((time.monotonic() - call.began) * 1000)
    spent = spent or _Spent()
    entry = Entry(
        purpose=call.purpose, outcome=outcome, place=call.place, going=call.going, returned=spent.returned, detail=detail,
        tokens=spent.tokens, cost=spent.cost, milliseconds=took, tries=call.tries, about=call.about,
    )  # fmt: skip
    with call.scope():
        if spent.reserved:
            budget.settle(spent.reserved, spent.cost, now=call.now)
        row = record(entry, now=call.now)
    if outcome not in (Outcome.ANSWERED, Outcome.CACHED):
        log.warning("model_not_of_use", purpose=str(call.purpose), outcome=str(outcome), detail=detail, milliseconds=took)
    return Asked(values, str(outcome), detail, took, None if call.trial else row.id)


# --- over the wire -----------------------------------------------------------------------------------------------------

# How endpoints want to be asked, the strictest first: which of these one takes is found out once by each process.
_SCHEMA, _OBJECT = "json_schema", "json_object"
_WAYS: tuple[tuple[str, str, bool], ...] = (
    # response format, name of the bound on tokens, is a temperature taken?
    (_SCHEMA, "max_completion_tokens", True),
    (_SCHEMA, "max_completion_tokens", False),
    (_SCHEMA, "max_tokens", True),
    (_OBJECT, "max_tokens", True),
    ("", "max_tokens", False),
)
_way_of: dict[str, int] = {}  # endpoint → place in `_WAYS`
_clients: dict[tuple[str, str], openai.OpenAI] = {}
_making = threading.Lock()


def _forget_clients() -> None:
    """In a process that was just forked: no two on one connection, and nobody holds the lock."""
    global _making
    _clients.clear()
    _making = threading.Lock()


os.register_at_fork(after_in_child=_forget_clients)


def _asked(call: _Call) -> Reply:
    """Raises _Failed."""
    try:
        require_allowed(call.place.url)
    except NotAllowed as error:
        raise _Failed(Outcome.ERROR, str(error)) from error
    except OSError as error:
        raise _Failed(Outcome.ERROR, "its name is not found") from error
    known = _way_of.get(call.place.fingerprint, 0)
    bad: _Refused | None = None
    for number in (known, *(n for n in range(len(_WAYS)) if n != known)):
        try:
            reply = _patiently(call, number)
        except _Refused as error:
            bad = bad or error
            continue
        _way_of[call.place.fingerprint] = number
        return reply
    raise _Failed(Outcome.ERROR, str(bad), down=False)


class _Refused(Exception):
    """It does not like how it was asked."""


class _Passing(Exception):
    """Another try may be answered, after `wait` seconds."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


def _patiently(call: _Call, way: int) -> Reply:
    """Raises _Refused, _Failed."""
    for number in range(1, call.limits.tries + 1):
        try:
            return _once(call, way)
        except _Passing as passing:
            wait = max(PAUSE * 2 ** (number - 1), passing.wait)
            if number == call.limits.tries or time.monotonic() + wait + WORTH_TRYING > call.until:
                raise _Failed(Outcome.ERROR, str(passing)) from passing
            time.sleep(wait)
    raise AssertionError("unreachable")


def _once(call: _Call, way: int) -> Reply:
    call.tries += 1
    left = call.until - time.monotonic()
    if left <= 0:
        raise _Failed(Outcome.TIMEOUT, "no answer in time")
    try:
        return replies.read(_body(call, way, left))
    except openai.APITimeoutError as error:
        raise _Failed(Outcome.TIMEOUT, "no answer in time", billed=True) from error
    except openai.APIStatusError as error:
        raise _of_status(error) from error
    except (openai.OpenAIError, httpx2.HTTPError, OSError) as error:
        raise _Passing(type(error).__name__) from error
    except Nonsense as error:
        raise _Failed(Outcome.NONSENSE, str(error), billed=True) from error


def _body(call: _Call, way: int, left: float) -> bytes:
    completions = _client(call.place).chat.completions.with_streaming_response
    came = bytearray()
    with completions.create(
        model=call.place.model, messages=call.going.messages, timeout=left, extra_body=_wanted(call, way),  # type: ignore[arg-type]
    ) as response:  # fmt: skip
        for chunk in response.iter_bytes():
            came += chunk
            if len(came) > MOST_BYTES:
                raise Nonsense("too long")
            if time.monotonic() > call.until:
                raise _Failed(Outcome.TIMEOUT, "no answer in time", billed=True)
    return bytes(came)


def _wanted(call: _Call, way: int) -> dict[str, Any]:
    form, bound, temperature = _WAYS[way]
    schema = {"name": "answer", "strict": True, "schema": call.going.schema}
    formats = {_SCHEMA: {"type": _SCHEMA, _SCHEMA: schema}, _OBJECT: {"type": _OBJECT}}
    return {
        bound: call.limits.tokens,
        **({"response_format": formats[form]} if form else {}),
        **({"temperature": 0} if temperature else {}),
    }


def _of_status(error: openai.APIStatusError) -> Exception:
    """No word of the endpoint's own: it may repeat a key."""
    status = error.status_code
    if status in BAD and any(word in str(error.body) for word in WHAT):
        return _Failed(Outcome.ERROR, f"HTTP {status}: it does not take this text", down=False)
    if status in BAD:
        return _Refused(f"HTTP {status}")
    if status in PASSING or status >= 500:
        return _Passing(f"HTTP {status}", _retry_after(error.response.headers.get("retry-after", "")))
    return _Failed(Outcome.ERROR, f"HTTP {status}")


def _retry_after(told: str) -> float:
    return float(told) if told.isascii() and told.isdigit() and len(told) < 6 else 0.0


def _client(place: Endpoint) -> openai.OpenAI:
    """One for each process, whose connections are used again. Goes where it was told, and follows nobody elsewhere."""
    with _making:
        if (place.url, place.key) not in _clients:
            http = openai.DefaultHttpxClient(follow_redirects=False)
            made = openai.OpenAI(base_url=place.url, api_key=place.key or "none", max_retries=0, http_client=http)
            _clients[place.url, place.key] = made
        return _clients[place.url, place.key]
