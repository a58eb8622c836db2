"""Texts of ours that fit an SMS: two parts, or three where the language has letters that the cheap alphabet lacks.

Spanish is written with its accents: they cost a part, and not the sentence that says who answers by when.
"""

from delivery.segments import GSM, alphabet, smart
from delivery.segments import count as segments

SEGMENTS = 2
WITH_ACCENTS = 3

__all__ = ["SEGMENTS", "WITH_ACCENTS", "fit", "fits", "segments"]


def fit(*texts: str) -> str:
    """The first text that fits, of several from the fullest to the shortest; the last where none does."""
    written = [smart(text) for text in texts]
    return next((text for text in written if fits(text)), written[-1])


def fits(text: str) -> bool:
    return segments(text) <= (SEGMENTS if alphabet(text) is GSM else WITH_ACCENTS)
