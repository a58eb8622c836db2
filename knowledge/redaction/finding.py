"""Where people are named in a text: those on the roster by their names, others by how names are written."""

from collections.abc import Iterator, Sequence

from knowledge.redaction import names
from knowledge.redaction.cues import cues
from knowledge.redaction.kinds import Kind
from knowledge.redaction.lexicon import lexicon
from knowledge.redaction.roster import ALONE, PARTICLES, TITLES, Roster
from knowledge.redaction.spans import Span
from knowledge.redaction.tokens import Words

THRESHOLD = -2.2  # of `names.odds`: on either half of the sets, by weights of the other, more than 96 of 100 names are found
WORDY = 1.0  # more odds for a word that is also the name of somebody on the roster, written with a capital
ANNOUNCED = 4.0  # more odds after "my name is"
AGAIN = 3.0  # more odds for a word that is of a name elsewhere in the text
KEPT = -6.0  # less for what the district calls its places and teams
CATALOG = -3.0  # less for any other word of its catalog that is in no list of names
LONGEST = 12  # words of one name
BETWEEN = 2  # words between two parts of one name: "Imani R. Dang", "María de la Cruz"
_ANNOUNCING = frozenset((("name", "is"), ("me", "llamo"), ("nombre", "es"), ("name", "s"), ("se", "llama"), ("is", "named")))
_BREAKS = frozenset('\n,;/|"')  # between two names, where nobody is known
_HONORIFICS = frozenset("mr mrs ms mx sra srta".split())
_WAYS = frozenset("st street ave avenue rd road dr drive ln lane ct court blvd boulevard hwy highway pkwy parkway cir ter".split())
_GRAMMAR = frozenset(
    "i you we he she it they the a an my our your his her their this that there these those not be all any anyone someone everyone"
    " to of in on at for from until till next last first".split()
)  # fmt: skip


def people(words: Words, roster: Roster) -> Iterator[Span]:
    """A span for each name; its key is the person's where the roster knows one, else none."""
    taken = [False] * len(words.tokens)
    kept = _kept(words, roster)
    for first, last, keys in _whole_names(words, roster):
        if kept[first] and set(kept[first : last + 1]) == {kept[first]}:  # somebody called as a school or a team is
            continue
        first, last = _with_initials(words, first, last)
        taken[first : last + 1] = [True] * (last + 1 - first)
        yield _span(words, first, last, "|".join(sorted(keys)))
    for index, token in enumerate(words.tokens):
        if not taken[index] and _is_known_alone(words, index, roster, kept[index]):
            taken[index] = True
            first, last = _with_initials(words, index, index)
            yield _span(words, first, last, "|".join(sorted(roster.people[token.word])))
    yield from _others(words, roster, kept, taken)


def _span(words: Words, first: int, last: int, key: str = "") -> Span:
    return Span(words.tokens[first].start, words.tokens[last].end, Kind.PERSON, key)


# --- what the district calls its places -------------------------------------------------------------------------------


def _kept(words: Words, roster: Roster) -> Sequence[int]:
    """Of each word the number of the school, the team or the service that it is of; 0: of none. A title before one makes it a
    person: "Mr. Linden"."""
    kept = [0] * len(words.tokens)
    for index, token in enumerate(words.tokens):
        for phrase in roster.keep.get(token.word, ()):
            end = index + len(phrase)
            if end <= len(kept) and all(words.tokens[index + n].word == word for n, word in enumerate(phrase)):
                if not (index and cues().get(words.tokens[index - 1].word) == "title" and words.joined(index)):
                    kept[index:end] = [kept[index] or index + 1] * len(phrase)
                break
    return kept


# --- people of the roster ---------------------------------------------------------------------------------------------


def _whole_names(words: Words, roster: Roster) -> Iterator[tuple[int, int, frozenset[str]]]:
    """Two or more different parts of the name of one person, next to each other, in whatever order and letters."""
    index = 0
    while index < len(words.tokens):
        keys = roster.people.get(words.tokens[index].word)
        last, shared = _reach(words, roster, index, keys) if keys else (index, frozenset[str]())
        if last > index:
            yield index, last, shared
        index = last + 1


def _reach(words: Words, roster: Roster, first: int, keys: frozenset[str]) -> tuple[int, frozenset[str]]:
    last, shared, between = first, keys, 0
    for index in range(first + 1, min(first + LONGEST, len(words.tokens))):
        token = words.tokens[index]
        if not words.joined(index):
            break
        both = shared & roster.people.get(token.word, frozenset())
        if both and token.word != words.tokens[last].word:
            last, shared, between = index, both, 0
        elif between < BETWEEN and (len(token.word) == 1 or token.word in PARTICLES):
            between += 1
        else:
            break
    return last, shared


def _is_known_alone(words: Words, index: int, roster: Roster, kept: int) -> bool:
    """A part of a name by itself: always, unless it is also a word, or what a school is called."""
    token = words.tokens[index]
    if token.word not in roster.people:
        return False
    if _is_titled(words, index):
        return True
    if kept or token.word in roster.wordy:
        return not kept and token.shape != "l" and _is_used_as_name(words, index)
    return len(token.word) >= ALONE or token.shape != "l"


def _is_used_as_name(words: Words, index: int) -> bool:
    """Of a word with a capital that is somebody's name too: "Grace is ill" and "ask Will" are, "Will you" and "in May" are not."""
    token = words.tokens[index]
    after = words.tokens[index + 1] if index + 1 < len(words.tokens) else None
    if cues().get(token.word) == "when":
        return False
    if words.mode == "up" or token.place in "sn":
        return after is not None and words.mode != "up" and cues().get(after.word) == "be" and after.word not in _GRAMMAR
    return after is None or not (after.word in _GRAMMAR and token.word == "will")


def _is_titled(words: Words, index: int) -> bool:
    """After "Mr." and its like, which stand before nothing else. "Coach" and "miss" do, before a word written small."""
    if index == 0 or not words.joined(index) or len(words.tokens[index].word) < 2:
        return False
    title = words.tokens[index - 1].word
    if words.tokens[index].word in _GRAMMAR or cues().get(words.tokens[index].word) in ("be", "who", "says"):
        return False
    return title in _HONORIFICS or (title in TITLES and title != "dr" and words.tokens[index].shape == "C")


def _with_initials(words: Words, first: int, last: int) -> tuple[int, int]:
    """With an initial on either side: "jayla w", "I. Dang"."""
    if first and len(words.tokens[first - 1].word) == 1 and words.tokens[first - 1].shape == "I" and words.joined(first):
        gap = words.gap(first)
        first -= gap.startswith(".") or words.tokens[first - 1].word not in "ia"
    after = last + 1
    if after < len(words.tokens) and len(words.tokens[after].word) == 1 and words.joined(after) and words.gap(after) in (" ", "  "):
        small = words.tokens[after].shape == "l" and words.mode == "low" and words.tokens[after].word not in "aioueyu"
        following = words.plain[words.tokens[after].end : words.tokens[after].end + 1]
        if following.isdigit() or following == "-":
            return first, last
        dotted = following == "."
        last += (dotted or words.tokens[after].word not in "ia") and (words.tokens[after].shape == "I" or small)
    return first, last


# --- people nobody has told us of -------------------------------------------------------------------------------------


def _others(words: Words, roster: Roster, kept: Sequence[int], taken: list[bool]) -> Iterator[Span]:
    odds = [None if taken[index] else _odds(words, index, roster, kept[index]) for index in range(len(words.tokens))]
    named = [taken[index] or (value is not None and value > THRESHOLD) for index, value in enumerate(odds)]
    again = {token.word for index, token in enumerate(words.tokens) if named[index] and len(token.word) > 2 and not taken[index]}
    for index, value in enumerate(odds):
        named[index] |= value is not None and words.tokens[index].word in again and value + AGAIN > THRESHOLD
    index = 0
    while index < len(named):
        if taken[index] or not named[index]:
            index += 1
            continue
        first, last = _whole(words, named, kept, taken, index)
        yield _span(words, first, last)
        index = last + 1


def _odds(words: Words, index: int, roster: Roster, kept: int) -> float | None:
    """Of a word to be of a name; nothing for what need not be weighed."""
    token, known = words.tokens[index], lexicon()
    if len(token.word) < 2 or token.word in TITLES or not names.is_candidate(words, index, known):
        return None
    if _is_titled(words, index):
        return ANNOUNCED
    more = KEPT if kept or _is_street(words, index) or _asks(words, index) else 0.0
    if token.shape != "l" and index > 1 and (words.tokens[index - 2].word, words.tokens[index - 1].word) in _ANNOUNCING:
        more += ANNOUNCED
    if token.shape != "l" and token.word in roster.wordy:
        more += WORDY
    if token.shape in "CM" and _has_initial(words, index):
        more += ANNOUNCED
    if token.word in roster.catalog and token.word not in known.firsts and token.word not in known.lasts:
        more += CATALOG
    return names.odds(words, index) + more


def _has_initial(words: Words, index: int) -> bool:
    """ "Valida M. Ibragimov": a capital alone between two words with one."""
    return _is_around_initial(words, index) or _is_around_initial(words, index - 2)


def _is_around_initial(words: Words, first: int) -> bool:
    if not 0 <= first < len(words.tokens) - 2:
        return False
    one, initial, other = words.tokens[first : first + 3]
    if initial.shape != "I" or initial.word in "ia" or one.shape not in "CM" or other.shape not in "CM":
        return False
    return words.joined(first + 1) and words.joined(first + 2) and "n" not in (initial.place, other.place)


def _is_street(words: Words, index: int) -> bool:
    """ "Cedar Dr", "Linden Ave": unless a name follows, as in "ask Ana Dr. Diaz said"."""
    if index + 1 == len(words.tokens) or words.tokens[index + 1].word not in _WAYS or not words.joined(index + 1):
        return False
    return index + 2 == len(words.tokens) or words.tokens[index + 2].shape not in "CU" or not words.joined(index + 2)


def _asks(words: Words, index: int) -> bool:
    """A sentence that begins with a word of everyday, and goes on as a question does: "Will the bus", "May I"."""
    token = words.tokens[index]
    if token.place not in "sn" or index + 1 == len(words.tokens) or lexicon().count(token.word) < names.EVERYDAY:
        return False
    return words.tokens[index + 1].word in _GRAMMAR and words.joined(index + 1)


def _whole(words: Words, named: Sequence[bool], kept: Sequence[int], taken: Sequence[bool], index: int) -> tuple[int, int]:
    """The name that a word begins: further parts, initials and particles between, and what is written like the rest of it."""
    last = index
    for after in range(index + 1, min(index + LONGEST, len(words.tokens))):
        if taken[after] or not words.joined(after) or _BREAKS.intersection(words.gap(after)):
            break
        if named[after] or (words.gap(after) in ("-", "'") and len(words.tokens[after].word) > 1):
            last = after
        elif not (after - last <= BETWEEN and (len(words.tokens[after].word) == 1 or words.tokens[after].word in PARTICLES)):
            if not kept[after] and _is_rest(words, after, last, index):
                last = after
                continue
            break
    first, last = _with_initials(words, index, last)
    while first and not taken[first - 1] and not named[first - 1] and words.tokens[first - 1].word in PARTICLES:
        if not (words.joined(first) and words.tokens[first - 1].shape in "CM" and words.tokens[first - 1].place == "m"):
            break
        first -= 1
    return first, last


def _is_rest(words: Words, index: int, before: int, first: int) -> bool:
    """A word after a name, with a capital, that is a last name or no word otherwise; after a first name also one seldom written."""
    token, known = words.tokens[index], lexicon()
    if index != before + 1 or token.shape not in "CM" or words.gap(index) != " " or token.word in cues():
        return False
    if before == first and known.count(token.word) < names.EVERYDAY and token.word not in known.places:
        return True
    return token.word in known.lasts or (not known.count(token.word) and token.word not in known.places)
