"""What a vendor gave back of the 100 records, against what they were given: record by record, field by field."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _

from ownership.vendors.dictionary import DEFAULT, GUARDIAN, RECORDS, STUDENT, Entry
from ownership.vendors.fields import DATE, MOST_FIELDS, TEXT, BadSpec, Field
from ownership.vendors.matching import PERHAPS, suggest
from ownership.vendors.samples import COLUMNS, COUNT, DATES, IDS, ONEROSTER, Pack, Record
from ownership.vendors.specs import decoded
from ownership.vendors.tables import rows

MOST_ROWS = 10 * COUNT
MOST_FINDINGS = 300
NEEDED = ("student_id", "first_name", "last_name")
OTHER_DATES = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%Y%m%d", "%d.%m.%Y", "%m-%d-%Y", "%Y/%m/%d")
LOST_LETTER = re.compile(r"[?\ufffd]|Ã.|Å.|Â.")
NOTHING = {"null", "none", "n/a", "na", "nil", "nan", "undefined"}


@dataclass(frozen=True)
class Finding:
    """`kind`: missing, doubled, merged, cut, letters, zeros, date, case, breaks, emptied, filled, changed, column, accepted,
    unreported, stranger. `record`: id and name as they were sent.
    """

    kind: str
    record: str
    field: str = ""
    sent: str = ""
    back: str = ""


def compare(pack: Pack, data: bytes, *, report: str = "") -> list[Finding]:
    """Nothing found is passed. `report`: what the vendor said of the records that it refused. Raises BadSpec: it cannot be read."""
    columns, given = _read(data)
    found = list(_columns(columns))
    by_id = _by_id(pack, given)
    found += _broken(pack, given, report)
    for record in pack.records:
        found += _one(record, by_id.get(_key(record.id), []), pack, by_id, columns)
    found += _strangers(pack, given)
    return found[:MOST_FINDINGS]


def kept(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [asdict(one) for one in findings]


# --- read -------------------------------------------------------------------------------------------------------------


def _read(data: bytes) -> tuple[frozenset[str], list[Mapping[str, str]]]:
    """Which of our columns are there, and the rows. Raises BadSpec."""
    lines = rows(decoded(data))
    heads = [head.strip() for head in next(lines, [])]
    if len(heads) > MOST_FIELDS:
        raise BadSpec(_("The first line names more than %(most)d columns.") % {"most": MOST_FIELDS})
    named = columns_of(heads)
    if lacking := [name for name in NEEDED if name not in named.values()]:
        words = {"names": ", ".join(lacking)}
        raise BadSpec(_("We could not tell which columns these are: %(names)s. Give the columns the names that were sent.") % words)
    given = list[Mapping[str, str]]()
    for cells in lines:
        if len(given) >= MOST_ROWS:
            raise BadSpec(_("These are more than %(most)d records; %(sent)d were sent.") % {"most": MOST_ROWS, "sent": COUNT})
        given.append({name: cells[place] if place < len(cells) else "" for place, name in named.items()})
    return frozenset(named.values()), given


def columns_of(heads: Sequence[str]) -> dict[int, str]:
    """The place of each of our columns, by our own names, by those of OneRoster, and by what they look like."""
    own = {name.casefold(): name for name in COLUMNS} | {other.casefold(): name for name, other in ONEROSTER.items()}
    found = dict[int, str]()
    for place, head in enumerate(heads):
        name = own.get(head.casefold(), "")
        if name and name not in found.values():
            found[place] = name
    fields = [Field(f"{STUDENT}.{place}_.{head}") for place, head in enumerate(heads) if head and place not in found]
    entries = [_entry(name) for name in COLUMNS if name not in found.values()]
    for match in suggest(fields, entries):
        if match.sure != PERHAPS:
            found[int(match.path.split(".")[1].rstrip("_"))] = match.slug
    return found


def _entry(name: str) -> Entry:
    """A column as a line of a dictionary, with the names that others have for it."""
    dashed = name.replace("_", "-")
    slugs = {f"{record}-{dashed}" for record in RECORDS} | ({"student-school"} if name == "school_id" else set())
    also = tuple(other for known in DEFAULT if known.slug in slugs for other in known.also)
    record = GUARDIAN if name.startswith(GUARDIAN) else STUDENT
    return Entry(name, name.replace("_", " ").capitalize(), record, DATE if name in DATES else TEXT, also=(*also, name))


def _key(value: str) -> str:
    """Of an id: what is left when leading zeros are lost."""
    plain = value.strip().removeprefix("'")
    return plain.lstrip("0") or plain


def _by_id(pack: Pack, given: Sequence[Mapping[str, str]]) -> dict[str, list[Mapping[str, str]]]:
    refused = {record.values["first_name"] for record in pack.broken}
    found: dict[str, list[Mapping[str, str]]] = {}
    for row in given:
        if row["first_name"].strip() not in refused:
            found.setdefault(_key(row["student_id"]), []).append(row)
    return found


# --- compare ----------------------------------------------------------------------------------------------------------


def _about(record: Record) -> str:
    return f"{record.id or '—'} · {record.name[:60]}"


def _columns(columns: frozenset[str]) -> Iterator[Finding]:
    for name in COLUMNS:
        if name not in columns:
            yield Finding("column", "", name)


def _one(
    record: Record, back: Sequence[Mapping[str, str]], pack: Pack, by_id: Mapping[str, Sequence[object]], columns: frozenset[str]
) -> Iterator[Finding]:  # fmt: skip
    if not back:
        partner = _partner(record, pack, by_id)
        yield Finding("merged" if partner else "missing", _about(record), back=_about(partner) if partner else "")
        return
    if len(back) > 1:
        yield Finding("doubled", _about(record), back=str(len(back)))
    for name in COLUMNS:
        if name in columns:
            sent, came = record.values[name], back[0][name]
            if kind := _differs(name, sent, came):
                yield Finding(kind, _about(record), name, sent[:120], came[:120])


def _partner(record: Record, pack: Pack, by_id: Mapping[str, Sequence[object]]) -> Record | None:
    """The one it is alike, where that one came back."""
    alike = ("last_name", "birth_date", "home_street")
    for other in pack.records:
        same = other is not record and all(other.values[name] == record.values[name] for name in alike)
        if same and by_id.get(_key(other.id)):
            return other
    return None


def _differs(name: str, sent: str, came: str) -> str:
    """The kind of finding; empty where it is the same, a date in another form included."""
    came = came.replace("\r\n", "\n")
    if sent == came or (sent.strip() == came.strip() and name not in IDS):
        return ""
    if name in DATES:
        return "" if _day(came) == _day(sent) else ("emptied" if not came.strip() else "date")
    if not came.strip():
        return "emptied"
    if not sent:
        return "filled"
    if name in IDS and _key(sent) == _key(came):
        return "zeros"
    return _text_differs(sent, came.strip())


def _text_differs(sent: str, came: str) -> str:
    if sent.startswith(came):
        return "cut"
    if _bare(sent) == _bare(came) and sent.casefold() != came.casefold():
        return "letters"
    if sent.casefold() == came.casefold():
        return "case"
    if " ".join(sent.split()) == " ".join(came.split()):
        return "breaks"
    if any(ord(sign) > 127 for sign in sent) and (LOST_LETTER.search(came) or _skeleton(sent) == _skeleton(came)):
        return "letters"
    return "breaks" if "\n" in sent and sent.startswith(came.split("\n")[0]) and len(came) < len(sent) else "changed"


def _bare(text: str) -> str:
    """Without accents."""
    plain = unicodedata.normalize("NFKD", text.translate(str.maketrans("łŁøØđĐ’", "lLoOdD'")))
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).casefold()


def _skeleton(text: str) -> str:
    """Only the letters that every system has."""
    return "".join(sign for sign in text if sign.isascii() and sign.isalnum()).casefold()


def _day(text: str) -> date | None:
    for form in OTHER_DATES:
        with suppress(ValueError):
            return datetime.strptime(text.strip()[:10], form).date()
    return None


def _broken(pack: Pack, given: Sequence[Mapping[str, str]], report: str) -> Iterator[Finding]:
    """The five must not come back, and the vendor must have said so of each."""
    names = Counter(row["first_name"].strip() for row in given)
    said = report.casefold()
    for record in pack.broken:
        marker = record.values["first_name"]
        trait = record.traits[0] if record.traits else ""
        about = f"{record.id or '—'} · {marker}"
        if names[marker]:
            yield Finding("accepted", about, trait)
        elif not any(mark.casefold() in said for mark in (record.id, marker) if mark):
            yield Finding("unreported", about, trait)


def _strangers(pack: Pack, given: Sequence[Mapping[str, str]]) -> Iterator[Finding]:
    known = {_key(record.id) for record in pack.records} | {_key(record.id) for record in pack.broken if record.id}
    markers = {record.values["first_name"] for record in pack.broken}
    for row in given:
        if _key(row["student_id"]) not in known and row["first_name"].strip() not in markers:
            yield Finding("stranger", "", back=f"{row['student_id'][:40]} · {row['first_name'][:40]} {row['last_name'][:40]}")
