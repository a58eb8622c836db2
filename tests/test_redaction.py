"""Nothing of a person leaves: whatever is written, however it is hidden, and however long it is."""

import io
import json
import re
import time
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from districts.models import ContactPoint, Person
from districts.scope import district_scope
from knowledge.models import Article
from knowledge.redaction import people
from knowledge.redaction.engine import redact
from knowledge.redaction.folding import fold
from knowledge.redaction.kinds import Kind
from knowledge.redaction.roster import NOBODY, Known, plus, roster
from tests.conftest import NOW, Cast

FIRST = ("Imani", "Xiomara", "Dzmitry", "Fatoumata", "Saoirse", "Yesenia", "Ngozi", "Élodie")
LAST = ("Whitfield", "Okonkwo", "Núñez-Álvarez", "Vandersloot", "O'Dowd", "Al-Masri", "Kowalczyk", "de la Fuente")
PEOPLE = [
    Known(f"{first} {last}", f"{first} {last}", (f"{51900 + at}",), (f"{first}.{at}".lower(),))
    for at, (first, last) in enumerate(zip(FIRST, LAST, strict=True))
]
ROSTER = roster(PEOPLE, keep=["Maple Ridge Elementary", "Maple"], tags=["cv"])
TOKENS = re.compile(
    r"(?i)\b(?:imani|xiomara|dzmitry|fatoumata|saoirse|yesenia|ngozi|elodie|whitfield|okonkwo|nunez|alvarez|vandersloot|dowd|masri|kowalczyk)\b"
)
MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
TELEPHONE = re.compile(r"\d{3}[-. ]\d{4}")
RUN = re.compile(r"\d{4,}")

digits = st.text("0123456789", min_size=4, max_size=19)
named = st.sampled_from(PEOPLE).flatmap(
    lambda one: st.sampled_from(
        [
            one.name, one.name.upper(), one.name.lower(), one.name.split()[0], ", ".join(reversed(one.name.split(" ", 1))),
            f"{one.name}'s", f"{one.name[0]}. {one.name.split(' ', 1)[1]}", "\u200b".join(one.name), one.name.replace(" ", "\n"),
        ]
    )
)  # fmt: skip
telephones = st.tuples(
    st.sampled_from(("{}-{}-{}", "({}) {}-{}", "{}.{}.{}", "{} {} {}", "+1 {} {} {}", "{}{}{}", "{}-\n{}-{}")),
    st.integers(200, 999), st.integers(200, 999), st.integers(1000, 9999),
).map(lambda parts: parts[0].format(*parts[1:]))  # fmt: skip
mails = st.from_regex(r"[a-z][a-z.]{0,8}[a-z0-9]@[a-z]{2,8}\.(?:com|example|org)", fullmatch=True)
filler = st.sampled_from(
    ("the bus is late", "at Maple", "Hola,", "thanks!\n", "room 12", "CV bus", "ID", "call", "my son", "(", "…", "🙂", "—")
)
messages = st.lists(st.one_of(named, telephones, mails, digits, filler), min_size=1, max_size=12).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(messages)
def test_no_name_number_or_address_leaves(text: str) -> None:
    done = redact(text, ROSTER)
    left = fold(done.text).plain
    assert not TOKENS.search(left)
    assert not MAIL.search(left)
    assert not TELEPHONE.search(left)
    assert not RUN.search(left)
    assert done.restore(done.text) == text


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.text("[]_PERSON1234 \n.@-+'\u200b\u0301iİß٣Ⅷ½", max_size=60))
def test_whatever_is_written_comes_back(text: str) -> None:
    done = redact(text, ROSTER)
    assert done.restore(done.text) == text
    assert not RUN.search(fold(done.text).plain) or "cv" in text.lower()
    assert all(0 <= start < end <= len(text) for start, end, _ in done.spans)
    assert [span[0] for span in done.spans] == sorted({span[0] for span in done.spans})


PIECES = [
    "a", "1", "1 ", "@", "a@", "a.", "a)@", " " * 5, "Imani ", "Xxx Yyy ", "(", "five ", "12-", "calle ", "1 a ", "[PERSON_1]",
    "\u200b",
    "Ⅷ", "I. ", "ab12 ", "1:", "May 5, ",
    "de la ", "\n", "Mr. ", "А", "王", "a at b dot ", "12 Oak St, ", "2015-01-01 ",
    "Imani\u0301\u200b Dang, ",
]  # fmt: skip


@pytest.mark.parametrize("piece", PIECES)
def test_time_grows_with_the_text_and_no_faster(piece: str) -> None:
    """Of 15 kB and of 60 kB; a pattern that goes back takes sixteen times as long, or hours."""
    redact(piece * 10, ROSTER)
    took = [min(_seconds(piece, size) for _ in range(2)) for size in (15_000, 60_000)]
    assert took[1] < 10 * max(took[0], 0.05)


def _seconds(piece: str, size: int) -> float:
    text = (piece * (size // len(piece) + 1))[:size]
    since = time.process_time()
    done = redact(text, ROSTER)
    took = time.process_time() - since
    assert done.restore(done.text) == text
    return took


def test_placeholders_beyond_a_thousand_are_no_numbers() -> None:
    text = " ".join(f"{number}" for number in range(10_000, 12_500))
    done = redact(text)
    assert not RUN.search(done.text)
    assert done.restore(done.text) == text
    assert done.restore("[ID_1_000]") == "10999"


def test_a_person_who_is_not_on_the_roster_yet_is_added_for_one_call() -> None:
    with_her = plus(ROSTER, [Known("new", "Will Grace", ("77-A",))])
    assert redact("it was will grace, 77-A", ROSTER).text != redact("it was will grace", with_her).text
    assert redact("it was will grace", with_her).text == "it was [PERSON_1]"
    assert redact("imani whitfield", with_her).text == "[PERSON_1]"


def test_kinds_are_those_of_presidio() -> None:
    text = (
        "Ana Ruiz, ana@x.example, 253-555-0157, 12 Oak Street, born March 3, 2015, 4111 1111 1111 1111, 123-45-6789, 10.0.0.12, #438820"
    )
    kinds = [kind for *_, kind in redact(text).spans]
    wanted = [Kind.PERSON, Kind.EMAIL, Kind.PHONE, Kind.ADDRESS, Kind.DATE, Kind.CARD, Kind.SSN, Kind.IP, Kind.ID]
    assert kinds == wanted


# --- a district's own people ------------------------------------------------------------------------------------------


@pytest.fixture
def own(cedar: Cast, oak: Cast) -> Cast:
    people.forget()
    with district_scope(cedar.district.id):
        known = Person.objects.create(name="Zbigniewa Tchórz", kind="student", roster_id="S-44871")
        Person.objects.create(name="Zbyszka Tchórz", kind="student", merged_into=known)
        ContactPoint.objects.create(person=known, kind="email", value="ztchorz@family.example")
        Article.objects.create(
            slug="tags",
            title="Stickers",
            body="Every device has a tag: it begins with CV- and has six digits.",
            language="en",
            published_at=NOW,
        )
    with district_scope(oak.district.id):
        Person.objects.create(name="kwellvin brontosh", kind="student")
    return cedar


def test_the_roster_is_the_districts_and_no_others(own: Cast) -> None:
    with district_scope(own.district.id):
        known = people.district_roster()
        assert people.district_roster() is known
    done = redact("is zbigniewa tchorz here? ztchorz or S-44871 with CV-204517 at maple street elementary; brontosh", known)
    assert "zbigniewa" not in done.text
    assert "tchorz" not in done.text
    assert "44871" not in done.text
    assert "CV-204517" in done.text
    assert "brontosh" not in known.people
    assert known.people["zbyszka"] == known.people["zbigniewa"]


def _ran(monkeypatch: pytest.MonkeyPatch, given: str, *args: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    call_command("redact", "--json", *args, stdout=out, stderr=io.StringIO())
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_one_row_a_line(own: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    slug = own.district.slug
    rows = [
        json.dumps({"id": 1, "text": "zbigniewa tchorz, 253-555-0157", "labels": {"x": 1}}), "", "{", "[]",
        json.dumps({"id": "b"}), json.dumps({"id": "c", "text": 5}), '{"id": "d", "text": "\\ud800 S-44871"}', json.dumps({"text": ""}),
    ]  # fmt: skip
    found = _ran(monkeypatch, "\n".join(rows), "--district", slug)
    assert found[0] == {
        "id": 1, "text": "[PERSON_1], [PHONE_NUMBER_1]", "spans": [[0, 16, "PERSON"], [18, 30, "PHONE_NUMBER"]],
    }  # fmt: skip
    assert [row["id"] for row in found] == [1, None, None, "b", "c", "d", None]
    assert ["error" in row for row in found] == [False, True, True, True, True, False, False]
    assert "44871" not in found[5]["text"]
    assert found[6] == {"id": None, "text": "", "spans": []}


def test_where_there_is_no_demo_district_names_are_found_as_they_are_written(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    people.forget()
    assert _ran(monkeypatch, '{"id": 1, "text": "My name is Ana Ruiz."}')[0]["text"] == "My name is [PERSON_1]."
    with pytest.raises(CommandError, match="no district nowhere"):
        _ran(monkeypatch, "", "--district", "nowhere")


def test_nobody_is_known_without_a_roster() -> None:
    assert redact("", NOBODY).text == ""
    assert redact("the bus is late", NOBODY).spans == []
