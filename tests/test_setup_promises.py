"""A promise put together from choices, its examples on the district's calendar, and the time that teams give themselves."""

from datetime import date
from urllib.parse import urlencode

import pytest

from districts.models import CalendarDay
from sla.models import Policy
from sla.setup.building import FIELDS, KINDS, Builder
from sla.setup.examples import examples
from sla.terms import parse
from tests.conftest import NOW, Cast, sign_in
from tests.filling import fill
from tests.test_sla_clock import SCHOOL

BUILT = {
    "within": ("within 4 business hours on school days, within 24 hours during breaks", {"break_unit": "hours"}),
    "same_day": ("same-day", {}),
    "by": ("every Wednesday by 2 PM", {"time": "14:00", "days": "every Wednesday"}),
    "next_day": ("by 2 PM for next-day service", {}),
    "notice": ("72-hour notice before requested service", {"number": "72", "what": "requested service"}),
    "freeze": ("48-hour freeze before distribution", {}),
    "cadence": ("monthly", {"period": "monthly"}),
    "reach": ("95 % delivered within 15 minutes, validated within 30 minutes", {}),
    "tolerance": ("discrepancies over 1 % hold", {}),
    "acknowledge": ("vendor acknowledges within 2 hours", {"unit": "hours"}),
}


def choices(kind: str, **chosen: str) -> dict[str, str]:
    """As a browser sends the form: what each field begins with, and what was chosen instead."""
    fields = FIELDS[kind]()
    first = {name: str(field.initial or "") or next(iter(getattr(field, "choices", [("", "")])))[0] for name, field in fields.items()}
    return {"kind": kind, "built": "1", **{name: str(value) for name, value in first.items()}, **chosen}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_built_without_a_word_of_grammar(here: Cast, kind: str) -> None:
    text, chosen = BUILT[kind]
    page = sign_in(here.ada, here.district).get(f"/setup/promises/build/?{urlencode(choices(kind, **chosen))}")
    assert page.status_code == 200
    said = page.content.decode()
    assert f'<code class="hook">{text}</code>' in said
    assert ("It comes in" in said or "What it is about starts" in said) is (kind != "tolerance")
    assert ('name="for"' in said) is (kind in ("within", "same_day", "by", "next_day", "cadence", "reach"))


def test_what_was_built_is_promised(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    sent = admin.post("/setup/promises/build/", {"terms": "same-day", "for": "next-2"})
    assert sent.status_code == 302
    admin.post("/setup/promises/build/", {"terms": "within 2 business hours", "for": f"team-{here.technology.id}"})
    assert set(Policy.objects.values_list("kind", "priority", "team_id", "terms")) == {
        ("next", 2, None, "same-day"), ("team", None, here.technology.id, "within 2 business hours"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "data", [{"terms": "soonish", "for": "next-2"}, {"terms": "same-day", "for": "x"}, {"terms": "48-hour notice"}, {}]
)
def test_what_is_no_promise_of_ours_is_not_promised(here: Cast, data: dict[str, str]) -> None:
    assert sign_in(here.ada, here.district).post("/setup/promises/build/", data).status_code == 404
    assert not Policy.objects.exists()


def test_numbers_out_of_bounds_and_odd_words_are_refused(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    assert admin.get("/setup/promises/build/?kind=magic").status_code == 404
    assert admin.get(f"/setup/promises/build/?{urlencode(choices('within', number='0'))}").status_code == 422
    assert admin.get(f"/setup/promises/build/?{urlencode(choices('tolerance', then='hold, daily by 4 PM'))}").status_code == 422
    form = Builder("notice", {"built": "1", "number": "400", "unit": "hours", "what": "within days"})
    assert form.is_valid()  # its words are the district's own
    assert admin.get("/setup/promises/build/").status_code == 200
    assert sign_in(here.alice, here.district).get("/setup/promises/build/").status_code == 403


def test_examples_are_worked_on_the_calendar_of_the_district() -> None:
    terms = parse("within 4 business hours on school days, within 24 hours during breaks")
    found = [(one.start, one.due, one.what) for one in examples(terms, SCHOOL, now=NOW)]
    assert found == [
        ("Tuesday, November 10, 10:12 AM", "Tuesday, November 10, 2:12 PM", ""),
        ("Friday, November 6, 4:40 PM", "Monday, November 9, 11:30 AM", ""),
        ("Tuesday, December 22, 10:12 AM", "Wednesday, December 23, 10:12 AM", "in a break"),
    ]
    assert examples(parse("discrepancies over 1 % hold"), SCHOOL, now=NOW) == []


def test_examples_stand_beside_what_is_typed(here: Cast) -> None:
    CalendarDay.objects.create(date=date(2027, 12, 21), kind="break")
    said = sign_in(here.ada, here.district).get("/setup/terms?first=within+4+business+hours").content.decode()
    assert said.count("<tr>") == 4
    assert "in a break" in said


def test_teams_have_times_of_their_own(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    form = {"any": "within 1 business day", f"team_{here.technology.id}": "2 business hours"}
    assert fill(admin, "/setup/promises/teams/", **form).status_code == 302
    assert set(Policy.objects.values_list("kind", "team_id", "terms")) == {
        ("team", None, "within 1 business day"), ("team", here.technology.id, "within 2 business hours"),
    }  # fmt: skip
    assert fill(admin, "/setup/promises/teams/", any="").status_code == 302
    assert Policy.objects.count() == 1


def test_the_next_answer_is_promised_by_priority(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    page = admin.get("/setup/promises/").content.decode()
    assert page.count("Next response") == 4
    assert fill(admin, "/setup/promises/", next_1="within 20 minutes").status_code == 302
    assert list(Policy.objects.values_list("kind", "priority", "terms")) == [("next", 1, "within 20 minutes")]
