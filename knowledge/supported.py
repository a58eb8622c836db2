"""Does a sentence say what its passage says? Held against the passage word by word; whatever is not in it is not let through. Pure.

No check of words can prove a meaning; together they leave little room. What a sentence may do is leave out and put in order.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.passages import plain
from knowledge.redaction.engine import PLACEHOLDER
from knowledge.words import unaccented

LONGEST = 400  # characters of a sentence
SHARE = 0.6  # of a sentence's own words that its quote, heading or title must have
MARKS = re.compile(r"<[^>]{0,200}>|[`*|{}\[\]]|\0")  # nothing of a sentence is ever read as markup
_ENDS = re.compile(r"(?<=[.!?])[*_]{0,2}\s+(?=[*_\[(“\"¿¡]*[A-ZÁÉÍÓÚÑ0-9])|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FIGURE = re.compile(
    r"https?://[^\s)>\]]+|www\.[^\s)>\]]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b[\w-]+\.(?:org|com|net|edu|gov|us|example)\b[^\s)>\]]*"
    r"|[$€£]?\d+(?:[.,:/-]\d+)*(?:\s?%|\s?[ap]\.?\s?m\b\.?)?|[$€£%]",
    re.IGNORECASE,
)
_NUMBERS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million half twice double triple dozen
    first second third cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince veinte
    treinta cuarenta cincuenta sesenta setenta ochenta noventa cien ciento mil medio media doble primer primero segundo
    tercero docena
"""
_MOMENTS = """
    monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october
    november december today tomorrow tonight noon midnight weekday weekdays weekend weekends daily weekly monthly yearly
    annually hourly minute minutes hour hours day days week weeks month months year years lunes martes miercoles jueves
    viernes sabado domingo enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre hoy
    manana mediodia minuto minutos hora horas dia dias semana semanas mes meses ano anos free gratis gratuito gratuita
"""
EXACT = frozenset(f"{_NUMBERS} {_MOMENTS}".split())  # words that stand for figures: in the quote, or not at all
DENIALS = frozenset(
    "no not never none nobody nothing without cannot unless except nor ni nunca jamas nadie nada sin excepto salvo".split()
)
_SMALL = {
    "en": frozenset(
        """a an the is are was were be been am i we you he she it they my our your his her its this that these those to of in on at for
        from with and or but if then so as by can could will would should may must do does did has have had what when where who how why
        please there here also any all each into about up out it's you'll you're we'll""".split()
    ),
    "es": frozenset(
        """el la los las un una unos unas es son fue era ser estar esta estan yo nosotros usted ustedes ella ellos mi mis su sus a al ya
        este esta esto ese esa de del en por para con y o pero puede pueden hay que cuando donde quien como se lo le me ha han tiene
        tienen tambien si debe deben cada todo toda todos todas""".split()
    ),
}
_TELLING = {code: small - (_SMALL["en"] & _SMALL["es"]) for code, small in _SMALL.items()}  # "a", "me": tell nothing


@dataclass(frozen=True)
class Source:
    """A passage: `slug` and title of its article, and its Markdown as it stands there."""

    slug: str
    title: str
    heading: str
    markdown: str


def standing(quote: str, markdown: str) -> str:
    """The quote as it stands in the Markdown, letter for letter; the sentences it is of where its marks were left out; or "" """
    asked, bare = quote.split(), " ".join(plain(quote).split())
    if len(asked) < 2 and len(quote.strip()) < 6:
        return ""
    found = re.search(r"\s+".join(map(re.escape, asked)), markdown)
    if found:
        return found[0]
    spans = _sentences(markdown)
    for count in (1, 2, 3):
        for first, last in zip(spans, spans[count - 1 :], strict=False):
            part = markdown[first[0] : last[1]]
            if bare and bare in " ".join(plain(part).split()):
                return part
    return ""


def sentences_of(quote: str, markdown: str) -> str:
    """The whole sentences a quote stands in: half of one may leave a "not" out."""
    begin = markdown.find(quote)
    touched = [span for span in _sentences(markdown) if span[1] > begin and span[0] < begin + len(quote)]
    return markdown[touched[0][0] : touched[-1][1]] if touched else quote


def _sentences(markdown: str) -> list[tuple[int, int]]:
    """Where each begins and ends, in order."""
    spans, begin = list[tuple[int, int]](), 0
    for end in (*_ENDS.finditer(markdown), None):
        stop = end.start() if end else len(markdown)
        if markdown[begin:stop].strip():
            spans.append((begin, stop))
        begin = end.end() if end else stop
    return spans


def wrong_with(sentence: str, quoted: str, passage: Source, question: str, language: str) -> str:
    """Why it may not be shown, in a word or two; "" where nothing speaks against it. `quoted`: the whole sentences it rests on."""
    if not sentence.strip() or len(sentence) > LONGEST:
        return "length"
    if PLACEHOLDER.search(sentence) or MARKS.search(sentence):
        return "marks"
    said = f"{passage.title}\n{passage.heading}\n{plain(quoted)}"
    if missing := figures(sentence) - figures(f"{said}\n{quoted}"):
        return f"figures: {', '.join(sorted(missing))[:80]}"
    ours, theirs = words(sentence), words(said)
    if missing := (set(ours) & EXACT) - set(theirs):
        return f"said otherwise: {', '.join(sorted(missing))[:80]}"
    if bool(_denials(sentence)) != bool(_denials(plain(quoted))):
        return "denies, or leaves a denial out"
    if names(sentence) - set(theirs) - set(words(question)):
        return "a name of nowhere"
    if share(ours, theirs, language) < SHARE:
        return "other words"
    return "" if speaks(sentence, language) else "another language"


def figures(text: str) -> set[str]:
    """Numbers, times, amounts and addresses, each written one way."""
    return {_figure(found[0]) for found in _FIGURE.finditer(text)}


def _figure(found: str) -> str:
    bare = re.sub(r"\s|\.(?=\s?m\b)|\.$", "", found.lower()).rstrip(".,;:/")
    bare = re.sub(r"([ap])\.?m\.?$", r"\1m", bare)
    return re.sub(r"(\d),(?=\d{3}\b)", r"\1", re.sub(r":00(?=[ap]m|$)", "", bare))


def words(text: str) -> list[str]:
    return [unaccented(word.lower()).replace("’", "'") for word in _WORD.findall(text)]


def _denials(text: str) -> list[str]:
    return [word for word in words(text) if word in DENIALS or word.endswith("n't")]


def names(sentence: str) -> set[str]:
    """Words with a capital that do not open the sentence."""
    found = list(_WORD.finditer(sentence))[1:]
    return {
        unaccented(one[0].lower()).replace("’", "'")
        for one in found
        if one[0][0].isupper() and sentence[: one.start()].rstrip()[-1:] not in ".!?:¿¡"
    } - {"i"}


def all_in(sentence: str, quoted: str, language: str) -> bool:
    """It has no word of its own."""
    return share(words(sentence), words(plain(quoted)), language) == 1.0


def share(ours: Sequence[str], theirs: Sequence[str], language: str) -> float:
    """Of the words that say something, how many the quote has too: the same, or of the same beginning."""
    small = _SMALL.get(language, _SMALL["en"]) | DENIALS
    said = [word for word in ours if word not in small and len(word) > 1]
    begins = {_begin(word) for word in theirs}
    return sum(_begin(word) in begins for word in said) / len(said) if said else 0.0


def _begin(word: str) -> str:
    """Instead of a stem: "replaces" and "replacement" begin alike."""
    return word[: max(4, len(word) - 3)] if len(word) > 5 else word.removesuffix("s")


def speaks(text: str, language: str) -> bool:
    """Not visibly another language: by the small words that no other has."""
    found = words(text)
    hits = {code: sum(word in small for word in found) for code, small in _TELLING.items()}
    return hits.get(language, 0) >= max((count for code, count in hits.items() if code != language), default=0)
