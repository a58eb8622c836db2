"""Who a district knows and what it calls its places, as redaction looks for them. Pure: made from rows by `people`."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from knowledge.redaction.folding import plain
from knowledge.redaction.lexicon import lexicon

WORD = re.compile(r"[^\W\d_]+")
PARTICLES = frozenset(
    "de del la las los el y da do dos das van von der den bin al ben di du le st san santa mac mc o d jr sr ii iii iv".split()
)
TITLES = frozenset(
    "mr mrs ms miss mx dr prof coach principal pastor sr sra srta don dona maestra maestro profe profesora profesor nurse"
    " officer".split()
)
ALONE = 3  # letters from which a part of a name is looked for by itself
MAILBOX = 5  # letters from which the mailbox of a person is looked for as a word
PHRASE = 8  # words of a name of a place that are compared

_SHORT = """
abigail abby abbie|alexander alex xander sasha alejandro ale|alexandra alex sandy sasha|alejandra ale|andrew andy drew andres
anthony tony|antonio tono tony|benjamin ben benji benny|beatriz bea|catherine cathy cate kate katie
katherine kate katie kathy kat|charles charlie chuck|christina tina chris|christopher chris topher kit|consuelo chelo
daniel dan danny dani|david dave davey|deborah deb debbie|dolores lola|dominic dom nick|donald don donnie|dorothy dot dottie
edward ed eddie ted ned|eduardo edu lalo|elizabeth liz lizzie beth betsy eliza libby|emily em emmy|enrique quique kike|esperanza
fernando nando|francisco paco pancho frank|francis frank|frederick fred freddie|gabriel gabe|gabriela gaby gabi|george georgie
gerald gerry jerry|gregory greg|guadalupe lupe lupita|guillermo memo|gustavo tavo|henry hank harry|ignacio nacho
isabel isa chabela|isabella bella izzy|jacob jake|jacqueline jackie|james jim jimmy jamie|jeffrey jeff|jennifer jen jenny
jesus chuy|jessica jess jessie|john jack johnny|jonathan jon jonny|jorge|jose pepe|josephine jo josie|joseph joe joey
joshua josh|juan juanito|juana juanita|kenneth ken kenny|kimberly kim|lawrence larry|leonard leo lenny|luis lucho
manuel manny manolo|margaret maggie meg peggy greta|maria mari|maria-jose majo|matthew matt|megan meg|mercedes meche
michael mike mikey mick|mohammed mo|nathaniel nate nat nathan|nicholas nick nicky|nicolas nico|olivia liv livvy|pamela pam
patricia pat patty trish|patrick pat paddy|penelope penny|peter pete|philip phil pip|rafael rafa|rebecca becca becky
richard rick ricky dick rich|robert rob robbie bob bobby bert|roberto beto|ronald ron ronnie|rosario charo|salvador chava
samantha sam sammy|samuel sam sammy|santiago santi|sebastian seb|sergio checo|sofia sofi|stephanie steph|stephen steve
steven steve|susan sue susie|teresa tere|theodore ted teddy theo|theresa terry tess|thomas tom tommy|timothy tim timmy
valentina vale|victoria vicky tori|vincent vince vinny|virginia ginny|walter walt|william will bill billy liam willy
yolanda yoli|zachary zach zack
"""


def _nicknames() -> dict[str, tuple[str, ...]]:
    groups = [group.split() for line in _SHORT.strip().splitlines() for group in line.split("|")]
    return {group[0]: tuple(group[1:]) for group in groups if len(group) > 1}


NICKNAMES = _nicknames()


@dataclass(frozen=True)
class Known:
    """One person. `key` is theirs alone; `ids` are written as the district writes them, `mailboxes` are what stands before an @."""

    key: str
    name: str
    ids: Sequence[str] = ()
    mailboxes: Sequence[str] = ()


@dataclass(frozen=True)
class Roster:
    """`people`: what each part of a name may be of whom. `keep`: names of schools, teams and the like by their first word; what
    they cover stays, as triage needs it. `catalog`: other words that it uses for what it does. `tags`: letters
    before the number of an asset ("cv")."""

    people: Mapping[str, frozenset[str]] = field(default_factory=dict)
    wordy: frozenset[str] = frozenset()
    ids: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    catalog: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()


def roster(people: Iterable[Known], *, keep: Iterable[str] = (), catalog: Iterable[str] = (), tags: Iterable[str] = ()) -> Roster:
    whose, ids = defaultdict[str, set[str]](set), dict[str, str]()
    for one in people:
        for part in parts_of(one):
            whose[part].add(one.key)
        for number in one.ids:
            ids[plain(number)] = one.key
    words = lexicon()
    return Roster(
        people={part: frozenset(keys) for part, keys in whose.items()},
        wordy=frozenset(part for part in whose if words.is_word(part)),
        ids={number: key for number, key in ids.items() if number},
        keep=_phrases(keep),
        catalog=frozenset(word for text in catalog for word in WORD.findall(plain(text))),
        tags=frozenset(map(plain, tags)),
    )


def plus(known: Roster, people: Iterable[Known]) -> Roster:
    """With some more people: who writes, say, and is not on it yet."""
    more = roster(people)
    both = {part: keys | known.people.get(part, frozenset()) for part, keys in more.people.items()}
    return replace(
        known,
        people={**known.people, **both},
        wordy=known.wordy | more.wordy,
        ids={**known.ids, **more.ids},
    )


def parts_of(one: Known) -> set[str]:
    """Every word by which somebody is called: parts of the name, short forms of it, the mailbox, the name in one word."""
    parts = [part for part in WORD.findall(plain(one.name)) if part not in TITLES]
    called = {part for part in parts if len(part) > 1 and part not in PARTICLES}
    called |= {short for part in parts[:1] for short in NICKNAMES.get(part, ())}
    if len(parts) > 1:
        called |= {parts[0] + parts[-1], parts[-1] + parts[0]}
    for mailbox in one.mailboxes:
        called |= {word for word in WORD.findall(plain(mailbox)) if len(word) >= MAILBOX and not lexicon().is_word(word)}
    return called


def _phrases(names: Iterable[str]) -> dict[str, tuple[tuple[str, ...], ...]]:
    found = defaultdict[str, set[tuple[str, ...]]](set)
    for name in names:
        if words := tuple(WORD.findall(plain(name)))[:PHRASE]:
            found[words[0]].add(words)
    return {first: tuple(sorted(phrases, key=len, reverse=True)) for first, phrases in found.items()}


NOBODY = Roster()
