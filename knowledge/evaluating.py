"""The measure of answers, as `manage.py evaluate answers` tells it."""

from pathlib import Path
from typing import Any

from knowledge import fitting, measured


def measure(file: Path, fit: bool) -> dict[str, Any]:
    """Raises `measured.NotASet`."""
    questions = measured.read(file)
    figures = measured.figures(list(measured.asked(questions)))
    if not fit:
        return figures
    rows = [one for question in questions if (one := fitting.observe(question))]
    if not {True, False} <= {bool(one.question.article) for one in rows}:
        raise measured.NotASet("to fit it takes questions that articles answer and others, and the embedder (manage.py build_embedder)")
    return figures | {"not fitted on": fitting.unseen(rows), "weights": fitting.told(fitting.fit(rows))}
