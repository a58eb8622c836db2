"""How well pairs of messages are told apart: the format of `duplicates.dev.jsonl`, one JSON object a line."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.measured import NotASet
from routing.governing.figures import calibration, share
from routing.pairing import fitting
from routing.pairing.fitting import Labelled
from routing.pairing.relation import Relation, Verdict, relate
from routing.pairing.rows import NotAPair, Reader
from routing.rehearsal import model_in_use

WRITTEN = Path(__file__).parent / "written.jsonl"  # pairs that the weights were fitted to, besides the demonstration's


@dataclass(frozen=True)
class Outcome:
    wanted: Relation
    given: Relation
    confidence: float

    @property
    def right(self) -> bool:
        return self.wanted is self.given


def measure(file: Path, fit: bool) -> dict[str, Any]:
    """Figures of the district in scope; with `fit` also those of models that have not seen the pairs. Raises NotASet."""
    reader = Reader(model_in_use())
    pairs = read(file, reader)
    found = figures([_outcome(pair, relate(*pair.said, reader.places)) for pair in pairs])
    if not fit:
        return found
    others = read(WRITTEN, reader)
    return found | {"not fitted on": _unseen(pairs, others, reader), "fitted on other pairs alone": _transferred(pairs, others, reader)}


def _unseen(pairs: Sequence[Labelled], others: Sequence[Labelled], reader: Reader) -> dict[str, Any]:
    """The mean of each figure over the repeats: each pair was judged by a model that had learned from the rest."""
    if len(pairs) < 2 * fitting.FOLDS or {pair.relation for pair in pairs} != set(Relation):
        raise NotASet(f"to fit it takes pairs of each relation, {2 * fitting.FOLDS} at least")
    repeats = fitting.unseen(pairs, reader.places, besides=others)
    told = [figures([_outcome(*one) for one in zip(pairs, verdicts, strict=True)]) for verdicts in repeats]
    return {
        name: round(float(np.mean([one[name] for one in told])), 3) for name in ("relation right", "false same", "calibration error")
    }


def _transferred(pairs: Sequence[Labelled], others: Sequence[Labelled], reader: Reader) -> dict[str, Any]:
    models = fitting.fit(others, reader.places)
    judged = [fitting.judged(pair, models, reader.places) for pair in pairs]
    return figures([_outcome(*one) for one in zip(pairs, judged, strict=True)])


def _outcome(pair: Labelled, verdict: Verdict) -> Outcome:
    return Outcome(pair.relation, verdict.relation, verdict.confidence)


def read(file: Path, reader: Reader) -> list[Labelled]:
    """Raises NotASet."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise NotASet(f"{file}: {error}") from error
    return list(_labelled(file, lines, reader))


def _labelled(file: Path, lines: Sequence[str], reader: Reader) -> Iterator[Labelled]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
                yield Labelled(reader.pair(row), Relation(row.get("relation")))
            except (NotAPair, ValueError, RecursionError) as error:
                raise NotASet(f"{file}, line {number}: {error}") from error


def figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """`false same`: of the pairs that are not, how many are said to be one need of one person."""
    return {
        "pairs": len(outcomes),
        "relation right": share(one.right for one in outcomes),
        "false same": share(one.given is Relation.SAME for one in outcomes if one.wanted is not Relation.SAME),
        "calibration error": calibration([one.confidence for one in outcomes], [one.right for one in outcomes]),
        "by relation": {each.value: _of(outcomes, each) for each in Relation},
        "wanted, and what was said": {
            each.value: {said.value: sum(one.wanted is each and one.given is said for one in outcomes) for said in Relation}
            for each in Relation
        },
    }


def _of(outcomes: Sequence[Outcome], relation: Relation) -> dict[str, float | None]:
    return {
        "precision": share(one.right for one in outcomes if one.given is relation),
        "recall": share(one.right for one in outcomes if one.wanted is relation),
    }
