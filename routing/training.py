"""Train a district's classifier: from its catalog at once, later also from what its people confirmed and corrected.

Reading and keeping are short transactions; fitting and judging, which take seconds, happen between them. A candidate that does
worse than the model in use is kept as "rejected" and not used.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import IntegrityError
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from districts.jobs import shuffled
from districts.models import District
from districts.scope import district_scope
from knowledge.embedding import meaning
from routing import classifier, nearness
from routing.classifier import Floats, Model
from routing.examples import Example, catalog_examples, described, fingerprint, starter_examples, ticket_examples
from routing.fitting import Verdict, counted, fit, is_worse, judge
from routing.governing import rollback, versions
from routing.governing.actions import retune
from routing.models import TrainedModel
from routing.whereabouts import tag_prefixes

State = TrainedModel.State
LONGEST = timedelta(minutes=3)  # of one run over all districts
log = structlog.get_logger(__name__)


def retrain_all(*, now: datetime) -> int:
    """Every district in which something changed; returns how many new models are in use. Stops after three minutes: in any
    order, so that the next hour does what this one did not."""
    until = time.monotonic() + LONGEST.total_seconds()
    used = 0
    for district_id in shuffled(District.objects.filter(active=True).values_list("id", flat=True)):
        if time.monotonic() > until:
            break
        try:
            rollback.check(district_id, now=now)
            row = retrain(district_id, now=now)
        except Exception:
            log.exception("training_failed", district=str(district_id))
            continue
        used += bool(row and row.state == State.ACTIVE)
    return used


def retrain(district_id: UUID, *, now: datetime) -> TrainedModel | None:
    """Train and put in use, if anything changed since the last time. None: nothing to do, or too little to learn from."""
    with district_scope(district_id):
        catalog = catalog_examples()
        print_of, services = fingerprint(catalog, embedder=nearness.engine()), described()
        newest = TrainedModel.objects.order_by("-version").defer("blob", "held_out").annotate(head=versions.head()).first()
        incumbent, its = _incumbent()
        if newest and bytes(newest.head) == classifier.header(print_of) and incumbent:
            return None
        examples = catalog + ticket_examples()
    known = starter_examples(services, embed=meaning.embed)
    examples = [*known, *examples]
    learned = learn(examples, before=nearness.known(incumbent.memory if incumbent else None))
    if learned is None:
        return None
    candidate, verdict = learned
    rejected = bool(its and incumbent and is_worse(verdict, examples, incumbent, its.trained_at, strict=bool(its.returned_at)))
    candidate = replace(candidate, tags=tuple(sorted(tag_prefixes(e.text for e in catalog))))
    row = TrainedModel(
        version=newest.version + 1 if newest else 1, state=State.REJECTED if rejected else State.ACTIVE, examples=len(examples),
        accuracy=verdict.accuracy, threshold=verdict.threshold, trained_at=now, from_tickets=verdict.warm,
        held_out=[] if rejected else _held_out(verdict, examples),
        blob=classifier.header(print_of) if rejected else classifier.pack(candidate, print_of),
    )  # fmt: skip
    return _keep(row, district_id)


def learn(examples: Sequence[Example], *, before: Mapping[int, Floats] | None = None) -> tuple[Model, Verdict] | None:
    """A model with the share and temperature that suit it, and how it did; None where there is nothing to choose."""
    with threadpool_limits(1):  # their threads wait for each other longer than they compute
        rows = nearness.rows([e.text[: classifier.MOST] for e in examples], before=before)
        counts = counted(examples)
        fitted = fit(examples, rows, counts)
        if fitted is None:
            return None
        verdict = judge(examples, rows, counts)
    mixed = fitted.mixed(verdict.share)
    return replace(mixed, temperature=verdict.temperature, threshold=verdict.threshold, curve=verdict.curve), verdict


def _held_out(verdict: Verdict, examples: Sequence[Example]) -> list[list[float | int | str]]:
    """[how sure, right, id of the service], for the curve that administrators choose a threshold on."""
    return [[round(sure, 4), int(verdict.right[at]), str(examples[at].label[0] or "")] for at, sure in verdict.sure.items()]


def _incumbent() -> tuple[Model | None, TrainedModel | None]:
    """The model in use and its row. One that is refused counts as none, so that it is replaced."""
    try:
        model = classifier.active()
    except classifier.Refused as error:
        log.warning("model_refused", error=str(error))
        return None, None
    return model, TrainedModel.objects.defer("blob", "held_out").get(version=model.version) if model else None


def _keep(row: TrainedModel, district_id: UUID) -> TrainedModel | None:
    """None: another worker was quicker, and its version stands."""
    row.digest = classifier.sign(bytes(row.blob), district_id=district_id, version=row.version)
    try:
        with district_scope(district_id):
            row.district_id = district_id
            row.save(force_insert=True)
            if row.state == State.ACTIVE:
                _retire_before(row.version)
                retune(now=row.trained_at)
    except IntegrityError:
        return None
    log.info("model_trained", district=str(district_id), version=row.version, state=row.state, accuracy=row.accuracy)
    return row


def _retire_before(version: int) -> None:
    """The last ones keep their arrays: for whoever is just loading one, and to go back to."""
    TrainedModel.objects.filter(state=State.ACTIVE, version__lt=version).update(state=State.RETIRED)
    versions.forget_old()
