"""Words by which a ticket is found: the same for who writes and who looks, in any language, without a dictionary.

No stemming: a district writes in many languages, names and room numbers are not words of any. A word that is asked for finds
those that begin with it, and a plural its singular.
"""

import re
import unicodedata
from collections.abc import Iterator

LOOKED_AT = 4000  # characters of one text
KEPT = 300  # different words of one ticket
ASKED = 8  # words of one search
LONGEST = 40  # characters of one word
BEGINS = 3  # letters from which on a word also finds longer ones
_WORD = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """Each once, in small letters and without accents: "Autobús" is "autobus"."""
    plain = text[:LOOKED_AT].replace("'", "").replace("’", "").casefold()
    if not plain.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFKD", plain).casefold() if not unicodedata.combining(c))
    return [word[:LONGEST] for word in dict.fromkeys(_WORD.findall(plain))]


def vector(*texts: str) -> str:
    """What PostgreSQL reads as a tsvector without places."""
    unique = dict.fromkeys(word for text in texts for word in words_of(text))
    return " ".join(list(unique)[:KEPT])


def query(asked: str) -> str:
    """What PostgreSQL reads as a tsquery: all the words, each also as a beginning; empty where there is none."""
    unique = words_of(asked)[:ASKED]
    return " & ".join(f"({' | '.join(_forms(word))})" for word in unique)


def _forms(word: str) -> Iterator[str]:
    """English and Spanish plurals end alike."""
    yield f"{word}:*" if len(word) >= BEGINS else word
    for end in ("es", "s"):
        if word.endswith(end) and not word.endswith("ss") and len(word) - len(end) >= BEGINS:
            yield word.removesuffix(end)
