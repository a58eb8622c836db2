"""Is it English? The embedder speaks nothing else; what is written in another language is read by its words."""

import unicodedata

from routing.words import fold

MOST = 1000  # characters looked at
NOTE = 20  # words, below which a text needs none of English's own: "boys rr overflow, gym wing b"
_ENGLISH = frozenset(
    "the and to of in is it my i for on with that this was are be have has not you he she we they at but can do does will what when how"
    " from our your his her their there an or if so been had would could should who where why which out up about need please hi hello"
    " im cant dont isnt wont didnt ive thanks thank get got just any all him them by as into after before now today".split()
)
_OTHERS = frozenset(
    "el la los las un una de del que y en mi su por para con es esta como cuando donde se lo le al pero muy hola gracias tengo quiero"
    " necesito puedo hijo hija nino nina escuela favor porque hay ya yo nos sus mis son estan esto ella "
    "le les des et est pour dans pas je ne vous une du au der die das und ist nicht ich ein eine mit zu auf von "
    "waa iyo ka ku aan uma waxaan ilmahayga os um nao meu minha com toi cua khong va cho".split()
)


def is_english(text: str) -> bool:
    """Also of what is no language at all, and of a few bare words."""
    some = text[:MOST]
    letters = [c for c in some if c.isalpha()]
    if sum(not _is_latin(c) for c in letters) > len(letters) / 5:
        return False
    told = fold(some).split()
    own, others = sum(word in _ENGLISH for word in told), sum(word in _OTHERS for word in told)
    if others > own:
        return False
    if own == 0 and sum(ord(c) > 127 for c in letters) > len(letters) / 12:
        return False
    return own > 0 or (others == 0 and len(told) < NOTE)


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")
