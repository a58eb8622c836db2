"""A harmless question, to see whether the model is there, understands us and how long it takes. No text of anybody's is in it."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from knowledge import llm
from knowledge.models import Purpose

TEXTS = {
    "places": "library: books, reading, quiet\nkitchen: meals, lunch, dishes\ngym: sports, balls, running",
    "question": "Where are the books?",
}


class Found(BaseModel):
    place: Literal["library", "kitchen", "gym"]


def try_out(district_id: UUID, *, now: datetime) -> llm.Asked[Found]:
    """Outside of any transaction; while the switch is off too."""
    question = llm.Question(
        Purpose.TEST, f"A test at {now:%H:%M:%S.%f}. Choose the place the question is about.", TEXTS, Found,
        check=lambda said: "" if said.place == "library" else "it took the question for another",
    )  # fmt: skip
    return llm.ask(district_id, question, now=now)
