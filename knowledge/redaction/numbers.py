"""Numbers that lead to somebody: telephones, birthdays, cards, accounts, ids. Every run of four digits or more is one.

Each pattern reads a text once: no two parts of one that may repeat can match the same character.
"""

import re
from collections.abc import Iterator

import phonenumbers

from knowledge.redaction.kinds import Kind
from knowledge.redaction.spans import Span

_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
    "|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|setiembre|octubre|noviembre|diciembre"
)
_YEAR = r"(?:19|20)\d\d"
_DATES = re.compile(
    rf"\b{_YEAR}[-/.]\d{{1,2}}[-/.]\d{{1,2}}\b"
    rf"|\b\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:{_YEAR}|\d\d)\b"
    rf"|\b(?:{_MONTHS})\.? \d{{1,2}}(?:st|nd|rd|th)?,? (?:{_YEAR}|'\d\d)\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th|º)? (?:of |de )?(?:{_MONTHS})\.?,? (?:del? )?{_YEAR}\b"
)
_BORN = re.compile(
    r"\b(?:born(?: on)?|birth ?da(?:y|te)|date of birth|d\.?o\.?b\.?|bday|nacio(?: el)?|nacid[oa](?: el)?|fecha de nacimiento"
    r"|cumple(?:anos)?)\b[\s:=#-]{0,4}(?:is |was |es |on |el )?"
    rf"((?:{_MONTHS})\.? \d{{1,2}}\b|\d{{1,2}} (?:of |de )?(?:{_MONTHS})\b|\d{{1,2}}[-/.]\d{{1,2}}\b)"
)
_CLUSTER = re.compile(r"[+(]?\d(?:[ \n.\-()/]{0,3}\d)*+")
_GROUP = re.compile(r"\d+")
_IBAN = re.compile(r"\b[a-z]{2}\d{2}(?: ?[a-z0-9]){11,30}+\b")
_LICENCE = re.compile(r"\b(?=[a-z]{0,4}\d)[a-z0-9]{4,24}\b")
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_IPV6 = re.compile(r"(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){3,7}(?![\w:])")
_MAC = re.compile(r"(?<![\w:-])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![\w:-])")
_WORDS = "zero|oh|one|two|three|four|five|six|seven|eight|nine|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve"
_SPOKEN = re.compile(rf"\b(?:{_WORDS})(?:[ ,.\-\n]{{1,3}}(?:(?:double|triple|area|code|doble) )?(?:{_WORDS}))+\b")
_SPOKEN_WORD = re.compile(_WORDS)
SPOKEN_DIGITS = 6  # said one after the other, they are a number of somebody; fewer may be a count
PHONE_DIGITS = range(7, 16)
CARD_DIGITS = range(13, 20)


def numbers(plain: str) -> Iterator[Span]:
    """Of a folded text. What is kept (asset tags) is taken out by whoever asks."""
    yield from (Span(*m.span(), Kind.DATE) for m in _DATES.finditer(plain))
    yield from (Span(*m.span(1), Kind.DATE) for m in _BORN.finditer(plain))
    yield from (Span(*m.span(), Kind.IP) for pattern in (_IPV4, _IPV6, _MAC) for m in pattern.finditer(plain) if _is_address(m[0]))
    yield from (Span(*m.span(), Kind.IBAN) for m in _IBAN.finditer(plain) if sum(map(str.isdigit, m[0])) >= 10)
    yield from (Span(*m.span(), Kind.ID) for m in _LICENCE.finditer(plain) if _has_run(m[0]))
    yield from (Span(*m.span(), Kind.PHONE) for m in _SPOKEN.finditer(plain) if len(_SPOKEN_WORD.findall(m[0])) >= SPOKEN_DIGITS)
    for found in _CLUSTER.finditer(plain):
        yield from _cluster(plain, found.start(), found[0])


def _is_address(text: str) -> bool:
    if ":" in text or "-" in text:
        letters = any(char in "abcdef" for char in text) or "::" in text
        return len(text) == len("00:00:00:00:00:00") or (letters and sum(map(str.isalnum, text)) >= 8)
    return all(int(part) < 256 for part in text.split("."))


def _has_run(text: str) -> bool:
    return any(len(run) >= 4 for run in _GROUP.findall(text))


def _cluster(plain: str, start: int, text: str) -> Iterator[Span]:
    """Digits with no letter between them. A telephone, a card, or each of its runs of four digits or more."""
    groups = [m.span() for m in _GROUP.finditer(text)]
    digits = "".join(text[a:b] for a, b in groups)
    if kind := _whole(digits, text, groups):
        yield Span(start, start + len(text), kind, digits)
        return
    for a, b in groups:
        if b - a >= 4:
            yield Span(start + a, start + b, _kind_of_run(text[a:b]), text[a:b])
    if len(groups) > 1 and "\n" not in text:
        yield from _phone_inside(start, text, groups)


def _whole(digits: str, text: str, groups: list[tuple[int, int]]) -> Kind | None:
    sizes = [b - a for a, b in groups]
    if len(digits) in CARD_DIGITS and _luhn(digits) and (len(sizes) == 1 or set(sizes[:-1]) <= {4, 6, 5}):
        return Kind.CARD
    if sizes == [3, 2, 4] and len({text[b] for _, b in groups[:-1]}) == 1:
        return Kind.SSN
    if len(digits) in PHONE_DIGITS and _like_phone(text, sizes):
        return Kind.PHONE
    if len(sizes) >= SPOKEN_DIGITS and set(sizes) == {1}:
        return Kind.ID
    return None


def _like_phone(text: str, sizes: list[int]) -> bool:
    """Written as telephones are: in groups, with a plus or a bracket, or so that some country would ring it."""
    if text[0] in "+(":
        return True
    if len(sizes) == 1:
        return len(text) in (10, 11) and _rings(text)
    if sizes[-2:] == [3, 4] or sizes[-3:] == [3, 2, 2]:
        return True
    return len(sizes) <= 6 and min(sizes) >= 2 and max(sizes) <= 8 and "/" not in text


def _rings(digits: str) -> bool:
    try:
        number = phonenumbers.parse(digits, "US")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number(number) and number.country_code == 1 and digits[-10] not in "01"


def _luhn(digits: str) -> bool:
    doubled = sum(sum(divmod(2 * int(char), 10)) for char in digits[-2::-2])
    return (doubled + sum(int(char) for char in digits[-1::-2])) % 10 == 0


def _kind_of_run(run: str) -> Kind:
    if len(run) in CARD_DIGITS:
        return Kind.CARD if _luhn(run) else Kind.ID
    return Kind.DATE if len(run) == 4 and run[:2] in ("19", "20") else Kind.ID


def _phone_inside(start: int, text: str, groups: list[tuple[int, int]]) -> Iterator[Span]:
    """ "204 555-0142": a room, then a telephone of seven or ten digits."""
    for last in range(1, len(groups)):
        if groups[last][1] - groups[last][0] == 4 and groups[last - 1][1] - groups[last - 1][0] == 3:
            first = last - 2 if last > 1 and groups[last - 2][1] - groups[last - 2][0] == 3 else last - 1
            yield Span(start + groups[first][0], start + groups[last][1], Kind.PHONE)
