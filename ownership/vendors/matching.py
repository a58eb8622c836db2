"""A specification against the data dictionary: which field is which, what does not fit, and what nobody provides for.

What is found is kept as plain data and put into words when it is shown (`ownership.vendors.words`).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ownership.vendors.dictionary import Entry
from ownership.vendors.fields import BOOLEAN, CODE, DATE, INTEGER, NUMBER, TEXT, UNKNOWN, Field
from ownership.vendors.names import GENERIC, RECORD_WORDS, alike, record_in, sensitive_in, sounds_like, spelled, squeezed, telling

SURE, LIKELY, PERHAPS = "sure", "likely", "perhaps"
EXACT, WRITTEN, KNOWN, SHORTENED, SIMILAR = "exact", "written", "known", "shortened", "similar"
STOP, LOOK = "stop", "look"  # a finding that must be settled; one that a person should look at
ENOUGH, CLOSE = 0.58, 0.78  # of `names.alike`: to be suggested, and to be likely
OTHER_RECORD = 0.25  # what it costs to be of another record than the path says
GRADE_WORDS = {"K": "KG", "KINDERGARTEN": "KG", "PREK": "PK", "PREKINDERGARTEN": "PK", "TRANSITIONALKINDERGARTEN": "TK"}


@dataclass(frozen=True)
class Match:
    """`sure`: how far to trust it; `how`: why it is suggested."""

    path: str
    slug: str
    name: str
    record: str
    sure: str
    how: str


@dataclass(frozen=True)
class Conflict:
    """`kind`: unsure, type, loose, digits, short, codes, extra-codes, code-form, optional, demanded, sensitive."""

    path: str
    name: str
    kind: str
    weight: str
    theirs: str = ""
    ours: str = ""


@dataclass(frozen=True)
class Extra:
    """A field that we have no word for; `sensitive`: the kind of thing it asks for."""

    path: str
    sensitive: str = ""
    required: bool = False


@dataclass(frozen=True)
class Findings:
    """`missing`: names of what we must send and they have no field for; `silent`: records of which the file says nothing."""

    matches: Sequence[Match] = ()
    conflicts: Sequence[Conflict] = ()
    missing: Sequence[str] = ()
    extras: Sequence[Extra] = ()
    silent: Sequence[str] = field(default_factory=tuple)

    @property
    def known(self) -> bool:
        """One field at least is surely or likely one of ours."""
        return any(one.sure != PERHAPS for one in self.matches)

    @property
    def passed(self) -> bool:
        """It is about our records, and nothing must be settled first."""
        stops = any(one.weight == STOP for one in self.conflicts)
        return self.known and not (stops or self.missing or any(one.sensitive for one in self.extras))

    def kept(self) -> dict[str, Any]:
        return asdict(self)


def check(fields: Sequence[Field], dictionary: Sequence[Entry]) -> Findings:
    matches = suggest(fields, dictionary)
    by_slug, by_path = {entry.slug: entry for entry in dictionary}, {one.path: one for one in fields}
    matched = {one.path for one in matches}
    spoken = _spoken([by_slug[one.slug] for one in matches if one.sure != PERHAPS])
    conflicts = [found for one in matches for found in _conflicts(by_path[one.path], by_slug[one.slug])]
    needed = {entry.slug for entry in dictionary if entry.required and entry.record in spoken}
    conflicts += [Conflict(one.path, one.name, "unsure", STOP) for one in matches if one.sure == PERHAPS and one.slug in needed]
    taken = {one.slug for one in matches}
    records = dict.fromkeys(entry.record for entry in dictionary)
    return Findings(
        matches, conflicts,
        missing=[entry.name for entry in dictionary if entry.slug in needed and entry.slug not in taken],
        extras=[Extra(one.path, sensitive_in(_whole(one)), bool(one.required)) for one in fields if one.path not in matched],
        silent=[record for record in records if record not in spoken],
    )  # fmt: skip


def _spoken(entries: Sequence[Entry]) -> set[str]:
    """Records that the file is about: one field alone may point at another record, unless there is no other."""
    counted = Counter(entry.record for entry in entries)
    return {record for record, count in counted.items() if count >= 2} or set(counted)


def suggest(fields: Sequence[Field], dictionary: Sequence[Entry]) -> list[Match]:
    """Each field at most one entry and the other way round: the best pairs first, in the order of the file."""
    pairs = [
        (score, place, order, how) for place, one in enumerate(fields) for order, entry in enumerate(dictionary)
        for score, how in [_score(one, entry)] if score >= ENOUGH
    ]  # fmt: skip
    places, orders, found = set[int](), set[int](), dict[int, Match]()
    for score, place, order, how in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if place not in places and order not in orders:
            places.add(place)
            orders.add(order)
            entry = dictionary[order]
            found[place] = Match(fields[place].path, entry.slug, entry.name, entry.record, _sure(score, how), how)
    return [found[place] for place in sorted(found)]


def _score(one: Field, entry: Entry) -> tuple[float, str]:
    """How well they fit, 0 to 1, and by what. A record that the path names weighs against entries of others."""
    if sensitive_in(one.name) and not entry.sensitive:
        return 0.0, ""
    record = record_in(one.path)
    score, how = _by_name(one.name, entry, record)
    if record and record != entry.record:
        score -= OTHER_RECORD
    elif record:
        score += 0.02
    return score, how


def _by_name(name: str, entry: Entry, record: str) -> tuple[float, str]:
    names = (entry.name, entry.slug)
    if name in names or name == entry.name.lower():
        return 1.0, EXACT
    if squeezed(name) in {squeezed(known) for known in names}:
        return 0.97, WRITTEN
    if record == entry.record and squeezed(f"{record} {name}") in {squeezed(known) for known in names}:
        return 0.96, WRITTEN
    known = [squeezed(other) for other in entry.also]
    if squeezed(name) in known:
        return 0.95 - 0.001 * known.index(squeezed(name)), KNOWN
    words = _unnamed(name, entry.record)
    if words == _unnamed(entry.name, entry.record) and (record == entry.record or not set(words) <= GENERIC):
        return 0.86, SHORTENED
    if record != entry.record and telling(name, entry.record) <= GENERIC:
        return 0.0, SIMILAR
    others = (entry.name, *entry.also)
    best = max(alike(name, other, record=entry.record) for other in others)
    heard = 0.0 if best else max(sounds_like(name, other, record=entry.record) for other in others)
    return min(best or (0.8 * heard if heard > 0.85 else 0.0), 0.85), SIMILAR


def _unnamed(name: str, record: str) -> tuple[str, ...]:
    """Its words written out, without that of the record."""
    words = spelled(name)
    return tuple(word for word in words if RECORD_WORDS.get(word) != record) or words


def _sure(score: float, how: str) -> str:
    if how in {EXACT, WRITTEN, KNOWN} and score >= 0.9:
        return SURE
    return LIKELY if score >= CLOSE else PERHAPS


def _whole(one: Field) -> str:
    """Its name, and that of what it lies in: "birth.place"."""
    return " ".join(one.path.split(".")[-2:])


# --- what does not fit ------------------------------------------------------------------------------------------------


def _conflicts(one: Field, entry: Entry) -> Iterable[Conflict]:
    def found(kind: str, weight: str, theirs: object = "", ours: object = "") -> Conflict:
        return Conflict(one.path, entry.name, kind, weight, str(theirs), str(ours))

    if kind := _types_differ(one, entry):
        yield found(kind, STOP if kind == "type" else LOOK, one.kind, entry.kind)
    if one.longest is not None and entry.longest and one.longest < entry.longest:
        yield found("short", STOP, one.longest, entry.longest)
    if one.codes and entry.codes:
        yield from _codes(found, one, entry)
    if one.required is False and entry.required:
        yield found("optional", LOOK)
    if one.required and not entry.required:
        yield found("demanded", STOP)
    if entry.sensitive and not entry.required:
        yield found("sensitive", STOP)


def _types_differ(one: Field, entry: Entry) -> str:
    """ "type": values are lost or refused; "loose": they take any text where ours has a form; "digits": their examples are numbers."""
    ours = TEXT if entry.kind == CODE else entry.kind
    theirs = TEXT if one.kind == CODE else one.kind
    if theirs in {UNKNOWN, ours} or (theirs, ours) == (NUMBER, INTEGER):
        return ""
    if theirs == TEXT:
        return "loose" if ours in {DATE, BOOLEAN, INTEGER, NUMBER} else ""
    return "digits" if one.guessed and ours == TEXT and theirs in {INTEGER, NUMBER} else "type"


def _codes(found: Any, one: Field, entry: Entry) -> Iterable[Conflict]:
    theirs = {_code(code) for code in one.codes}
    ours = {_code(code) for code in entry.codes}
    if lacking := [code for code in entry.codes if _code(code) not in theirs]:
        yield found("codes", STOP, ", ".join(one.codes[:20]), ", ".join(lacking[:20]))
    if foreign := [code for code in one.codes if _code(code) not in ours]:
        yield found("extra-codes", LOOK, ", ".join(foreign[:20]), ", ".join(entry.codes[:20]))
    if not lacking and not foreign and set(one.codes) != set(entry.codes):
        yield found("code-form", LOOK, ", ".join(one.codes[:20]), ", ".join(entry.codes[:20]))


def _code(code: str) -> str:
    """ "K" and "KG", "1" and "01" mean the same; that they are written differently is another finding."""
    plain = squeezed(code).upper()
    return GRADE_WORDS.get(plain, plain.lstrip("0") or plain)
