"""Texts that fit an SMS: two segments, in the letters that cost least (GSM 7-bit, 3GPP TS 23.038)."""

import unicodedata

SEGMENTS = 2
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")  # two places each
_PLAIN = str.maketrans({"“": '"', "”": '"', "’": "'", "‘": "'", "–": "-", "—": "-", "…": "...", "·": "-", "\u00a0": " ", "\u202f": " "})


def fit(*texts: str) -> str:
    """The first text that fits, of several from the fullest to the shortest; the last where none does."""
    written = [plain(text) for text in texts]
    return next((text for text in written if segments(text) <= SEGMENTS), written[-1])


def plain(text: str) -> str:
    """Without accents and marks that would cost the whole text its 7-bit letters; a text in another script stays as it is."""
    text = text.translate(_PLAIN)
    swapped = "".join(c if c in _BASIC or c in _EXTENDED else _bare(c) for c in text)
    return swapped if all(c in _BASIC or c in _EXTENDED for c in swapped) else text


def _bare(letter: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))


def segments(text: str) -> int:
    """How many SMS the text takes: 160 letters alone or 153 each, 70 or 67 outside the 7-bit alphabet."""
    if all(c in _BASIC or c in _EXTENDED for c in text):
        length, alone, each = len(text) + sum(c in _EXTENDED for c in text), 160, 153
    else:
        length, alone, each = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= alone else -(-length // each)
