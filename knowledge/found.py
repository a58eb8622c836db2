"""What a search finds."""

from dataclasses import dataclass
from enum import StrEnum

from knowledge.models import Article
from knowledge.passages import Passage


class By(StrEnum):
    MEANING = "meaning"  # and words
    WORDS = "words"


@dataclass(frozen=True)
class Hit:
    """`passages`: what answers, in the order of the article; one, or two where the second is nearly as near."""

    article: Article
    score: float  # 0 to 1: how sure we are that it answers
    passages: tuple[Passage, ...]
    by: By
