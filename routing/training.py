"""Train a district's classifier: from its catalog at once, later also from what its people confirmed and corrected.

The only module that needs scikit-learn. A candidate is judged on examples it has not seen; one that does worse than the model
in use is kept as "rejected" and not used.
"""

import hashlib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import structlog
from django.db import IntegrityError, models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import Substr
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.svm import LinearSVC

from districts.jobs import shuffled
from districts.models import District, Service, Team
from districts.scope import district_scope
from knowledge.models import Article
from routing import classifier
from routing.classifier import Floats, Label, Model
from routing.models import Decision, TrainedModel
from routing.whereabouts import tag_prefixes
from routing.words import whole_text
from tickets.models import Event, Message

State = TrainedModel.State
log = structlog.get_logger(__name__)

FOLDS = 4
ENOUGH = 40  # confirmed tickets from which the model is judged by them, and not by its own catalog
FRESH = 10  # confirmed tickets newer than the model in use that are enough to compare two models
TICKETS = 5000  # the newest that are learned from
PARAGRAPHS = 6  # of an article
PRECISION = 0.85  # wanted of what is placed without a person
LONGEST = timedelta(minutes=3)  # of one run over all districts
COLD_THRESHOLD = 0.5  # before there are ENOUGH tickets
LOWEST, HIGHEST = 0.3, 0.95  # a measured threshold stays between these
USUAL_TEMPERATURE = 7.0
TEMPERATURES = (3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0)
_ELSEWHERE = re.compile(r"\bbelongs? to\b|\bnot own\b|\bgoes to\b", re.IGNORECASE)  # a sentence about other teams' work
_LEARNED_FROM = ("rule", "asked", "channel", "classifier", "person")


@dataclass(frozen=True)
class Example:
    text: str
    label: Label
    judges: bool = False  # may stand for real messages when a candidate is judged
    at: datetime | None = None  # when a person confirmed it; empty: from the catalog
    weight: float = 1.0


@dataclass(frozen=True)
class Verdict:
    """How a candidate did on examples it had not seen."""

    accuracy: float | None
    temperature: float
    threshold: float
    right: dict[int, bool]  # index of the example → its team was right


# --- examples -----------------------------------------------------------------------------------------------------------


def catalog_examples() -> list[Example]:
    """What the district says its teams do: names, descriptions, example phrases, articles."""
    services = {s.slug: s for s in Service.objects.filter(active=True).select_related("team").order_by("slug")}
    examples = [e for service in services.values() for e in _of_service(service)]
    for article in Article.objects.order_by("slug"):
        found = [services[slug] for slug in article.services if slug in services]
        examples += [Example(text, (s.id, s.team_id)) for s in found for text in _of_article(article)]
    busy = {s.team_id for s in services.values()}
    idle = Team.objects.exclude(id__in=busy).exclude(is_front_office=True).order_by("slug")
    return examples + [Example(f"{team.name}. {_own(team.description)}", (None, team.id)) for team in idle]


def _of_service(service: Service) -> Iterator[Example]:
    label = (service.id, service.team_id)
    yield Example(service.name, label)
    if service.description:
        yield Example(f"{service.name}. {_own(service.description)}", label)
    for phrase in service.example_phrases:
        yield Example(phrase, label, judges=True)


def _own(description: str) -> str:
    return " ".join(s for s in re.split(r"(?<=[.!?])\s+", description) if not _ELSEWHERE.search(s))


def _of_article(article: Article) -> Iterator[str]:
    yield f"{article.title} {article.keywords}"
    paragraphs = [p for p in article.body.split("\n\n") if p.strip() and not p.startswith("#")]
    yield from paragraphs[:PARAGRAPHS]


def _settled() -> models.QuerySet[Decision]:
    """Decisions a person corrected, or let stand by replying from the team that triage chose."""
    replied = Event.objects.filter(ticket=OuterRef("ticket_id"), kind=Event.Kind.REPLIED, by__isnull=False)
    stood = Q(Exists(replied), engine__in=_LEARNED_FROM, corrected_at__isnull=True, ticket__team=models.F("team"))
    return Decision.objects.filter(Q(corrected_at__isnull=False) | stood).exclude(engine="crisis")


def ticket_examples() -> list[Example]:
    first = Message.objects.filter(ticket=OuterRef("ticket_id"), kind=Message.Kind.REQUEST).order_by("at", "id")
    rows = _settled().annotate(first_text=Subquery(first.values("text")[:1])).order_by("-at", "-id")
    fields = (
        "first_text",
        "ticket__subject",
        "service_id",
        "team_id",
        "corrected_service_id",
        "corrected_team_id",
        "corrected_at",
        "at",
    )
    return [_of_ticket(*row) for row in rows.values_list(*fields)[:TICKETS]]


def _of_ticket(
    text: str | None, subject: str, service: UUID | None, team: UUID,
    corrected_service: UUID | None, corrected_team: UUID | None, corrected_at: datetime | None, at: datetime,
) -> Example:  # fmt: skip
    words = whole_text(subject, [text or ""])
    if corrected_at:
        return Example(words, (corrected_service, corrected_team or team), judges=True, at=corrected_at, weight=2.0)
    return Example(words, (service, team), judges=True, at=at)


def fingerprint(catalog: Sequence[Example]) -> bytes:
    """Changes when the catalog or what people settled changes; cheap next to reading every ticket."""
    said = hashlib.sha256()
    for example in catalog:
        said.update(f"{example.label}|{example.text}\n".encode())
    counted = _settled().aggregate(n=models.Count("id"), corrected=models.Max("corrected_at"), at=models.Max("at"))
    said.update(repr(sorted(counted.items())).encode())
    return said.digest()


# --- fitting ------------------------------------------------------------------------------------------------------------


def fit(examples: Sequence[Example]) -> Model | None:
    """One linear model of all labels; None where there is only one label to choose from."""
    labels = sorted({e.label for e in examples}, key=str)
    if len(labels) < 2:
        return None
    columns: dict[str, int] = {}
    idfs: list[Floats] = []
    blocks: list[csr_matrix] = []
    for kind, weight in enumerate(classifier.WEIGHTS):
        matrix, names, idf = _block(examples, kind)
        columns |= {name: len(columns) + i for i, name in enumerate(names)}
        idfs.append(idf)
        blocks.append(matrix * weight)
    target = np.array([labels.index(e.label) for e in examples])
    svm = LinearSVC(C=1.0, dual=True, max_iter=5000, random_state=0)
    svm.fit(hstack(blocks).tocsr(), target, sample_weight=[e.weight for e in examples])
    weights, bias = svm.coef_.T, svm.intercept_
    if len(labels) == 2:  # one column tells both
        weights, bias = np.hstack([-weights, weights]), np.concatenate([-bias, bias])
    return Model(labels, columns, np.concatenate(idfs), weights.astype(np.float32), bias.astype(np.float32), USUAL_TEMPERATURE)


def _block(examples: Sequence[Example], kind: int) -> tuple[csr_matrix, list[str], Floats]:
    """One kind of feature: matrix, names of its columns, their idf. No feature at all makes no column."""
    texts = [classifier.features(e.text)[kind] for e in examples]
    if not any(texts):
        return csr_matrix((len(examples), 0)), [], np.zeros(0, dtype=np.float32)
    counter, tfidf = CountVectorizer(analyzer=list), TfidfTransformer(sublinear_tf=True)
    matrix = tfidf.fit_transform(counter.fit_transform(texts))
    return matrix, list(counter.get_feature_names_out()), tfidf.idf_.astype(np.float32)


# --- judging ------------------------------------------------------------------------------------------------------------


def judges(examples: Sequence[Example]) -> list[int]:
    """Indexes of the examples a candidate is judged by: settled tickets where there are enough, else the catalog's phrases."""
    settled = [i for i, e in enumerate(examples) if e.at]
    return settled if len(settled) >= ENOUGH else [i for i, e in enumerate(examples) if e.judges]


def judge(examples: Sequence[Example]) -> Verdict:
    """By cross-validation; the same text is never on both sides."""
    chosen = judges(examples)
    warm = bool(chosen) and examples[chosen[0]].at is not None
    seen = [row for fold in range(FOLDS) for row in _out_of_fold(examples, chosen, fold)]
    if not seen:
        return Verdict(None, USUAL_TEMPERATURE, COLD_THRESHOLD, {})
    temperature = min(TEMPERATURES, key=lambda t: _loss(seen, examples, t)) if len(seen) >= ENOUGH else USUAL_TEMPERATURE
    sure = [_surest(model, scores, temperature) for _i, model, scores in seen]
    right = {i: team == examples[i].label[1] for (i, _m, _s), (team, _p) in zip(seen, sure, strict=True)}
    threshold = threshold_for([p for _team, p in sure], list(right.values())) if warm else COLD_THRESHOLD
    return Verdict(sum(right.values()) / len(right), temperature, threshold, right)


def _out_of_fold(examples: Sequence[Example], chosen: Sequence[int], fold: int) -> Iterator[tuple[int, Model, Floats]]:
    held = {i for i in chosen if hashlib.sha256(examples[i].text.encode()).digest()[0] % FOLDS == fold}
    texts = {examples[i].text for i in held}
    model = fit([e for i, e in enumerate(examples) if i not in held and e.text not in texts]) if held else None
    if model:
        yield from ((i, model, model.scores(examples[i].text)) for i in sorted(held))


def _surest(model: Model, scores: Floats, temperature: float) -> tuple[UUID, float]:
    return next(iter(classifier.by_team(model.labels, classifier.softmax(scores, temperature)).items()))


def _loss(seen: Sequence[tuple[int, Model, Floats]], examples: Sequence[Example], temperature: float) -> float:
    """Mean negative log-likelihood of the right team."""
    right = [
        classifier.by_team(model.labels, classifier.softmax(scores, temperature)).get(examples[i].label[1], 0.0)
        for i, model, scores in seen
    ]
    return float(-np.mean(np.log(np.maximum(right, 1e-6))))


def threshold_for(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """The lowest confidence from which on PRECISION of the examples were right; HIGHEST where no part of them was."""
    order = np.argsort(-np.asarray(confidences))
    hits: NDArray[np.float64] = np.cumsum(np.asarray(right, dtype=float)[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(hits >= PRECISION)
    if not good.size:
        return HIGHEST
    return float(np.clip(confidences[int(order[good.max()])], LOWEST, HIGHEST))


def is_worse(verdict: Verdict, examples: Sequence[Example], incumbent: Model, since: datetime) -> bool:
    """Worse than the model in use, on the tickets settled since that was trained: neither has seen them."""
    fresh = [i for i in verdict.right if (at := examples[i].at) and at > since]
    if len(fresh) < FRESH:
        return False
    new = sum(verdict.right[i] for i in fresh)
    old = sum(_surest(incumbent, incumbent.scores(examples[i].text), incumbent.temperature)[0] == examples[i].label[1] for i in fresh)
    return new < old - 1 - 0.02 * len(fresh)


# --- the whole ----------------------------------------------------------------------------------------------------------


def retrain_all(*, now: datetime) -> int:
    """Every district in which something changed; returns how many new models are in use. Stops after three minutes: in any
    order, so that the next hour does what this one did not."""
    until = time.monotonic() + LONGEST.total_seconds()
    used = 0
    for district_id in shuffled(District.objects.filter(active=True).values_list("id", flat=True)):
        if time.monotonic() > until:
            break
        try:
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
        print_of = fingerprint(catalog)
        newest = (
            TrainedModel.objects.order_by("-version")
            .defer("blob")
            .annotate(head=Substr("blob", 1, classifier.HEADER, output_field=models.BinaryField()))
            .first()
        )
        incumbent, trained_at = _incumbent()
        if newest and bytes(newest.head) == classifier.header(print_of) and incumbent:
            return None
        examples = catalog + ticket_examples()
    fitted = fit(examples)
    if fitted is None:
        return None
    verdict = judge(examples)
    rejected = bool(incumbent and trained_at and is_worse(verdict, examples, incumbent, trained_at))
    tags = tuple(sorted(tag_prefixes(e.text for e in catalog)))
    candidate = replace(fitted, temperature=verdict.temperature, tags=tags)
    row = TrainedModel(
        version=newest.version + 1 if newest else 1, state=State.REJECTED if rejected else State.ACTIVE, examples=len(examples),
        accuracy=verdict.accuracy, threshold=verdict.threshold, trained_at=now,
        blob=classifier.header(print_of) if rejected else classifier.pack(candidate, print_of),
    )  # fmt: skip
    return _keep(row, district_id)


def _incumbent() -> tuple[Model | None, datetime | None]:
    """The model in use and when it was trained. One that is refused counts as none, so that it is replaced."""
    try:
        model = classifier.active()
    except classifier.Refused as error:
        log.warning("model_refused", error=str(error))
        return None, None
    return model, TrainedModel.objects.values_list("trained_at", flat=True).get(version=model.version) if model else None


def _keep(row: TrainedModel, district_id: UUID) -> TrainedModel | None:
    """None: another worker was quicker, and its version stands."""
    row.digest = classifier.sign(bytes(row.blob), district_id=district_id, version=row.version)
    try:
        with district_scope(district_id):
            row.district_id = district_id
            row.save(force_insert=True)
            if row.state == State.ACTIVE:
                _retire_before(row.version)
    except IntegrityError:
        return None
    log.info("model_trained", district=str(district_id), version=row.version, state=row.state, accuracy=row.accuracy)
    return row


def _retire_before(version: int) -> None:
    """The last one keeps its arrays, for whoever is just loading it."""
    older = TrainedModel.objects.filter(state=State.ACTIVE, version__lt=version)
    older.update(state=State.RETIRED)
    TrainedModel.objects.filter(state=State.RETIRED, version__lt=version - 1).update(blob=b"")
