"""Every promise that a district of the demonstration has written down: in short, in clauses, in running text, in its catalog."""

import json
import re
from typing import Any

import pytest

from config.demo import catalog
from sla.amounts import Unit
from sla.promise import Acknowledge, Clause, Counts, Notice, Reach, Terms, Tolerance, Within
from sla.prose import found_in
from sla.terms import parse

CEDAR = catalog.read("cedar_valley")
BOTH = [CEDAR, catalog.read("oak_hollow")]

SHORT = {
    "4-hour sync": "within 4 hours",
    "Daily by 4 PM": "daily by 4 PM",
    "48-hour notice": "48-hour notice",
    "Same-day notification": "same-day",
    "Real-time": "real time",
    "15 minutes": "within 15 minutes",
    "Monthly; fixes within 2 business days": "monthly, fixes within 2 business days",
    "24 hours": "within 24 hours",
    "48-hour freeze": "48-hour freeze",
    "By 2 PM for next-day service": "by 2 PM for next-day service",
    "By 3 PM for next-morning routes": "by 3 PM for next-morning routes",
    "72 hours before service": "72-hour notice before service",
    "1 business day": "within 1 business day",
    "By 5 PM on last day; 30 minutes if immediate": "by 5 PM on last day, within 30 minutes if immediate",
    "2 school days": "within 2 school days",
    "By 6 AM daily": "daily by 6 AM",
    "Before the next meal": "before the next meal at 7:30 AM and 11 AM",
    "3 business days": "within 3 business days",
    "1 hour and before dismissal": "within 1 hour, same-day",
    "Daily by 3 PM": "daily by 3 PM",
}
TEXT = {  # what each sentence of the agreements promises, in the order in which they stand
    "student-data-sync": [
        "within 4 business hours on school days, within 24 hours during breaks", "daily checks at 10 AM and 3 PM",
        "at once, within 24 hours",
    ],
    "emergency-communication": [
        "within 15 minutes", "within 30 minutes", "delivery under 95 % activates the backup phone tree",
        "monthly, within 2 business days",
    ],
    "academic-integration": [
        "within 24 hours", "48-hour freeze before distribution", "discrepancies over 1 % trigger a hold and a manual review",
    ],
    "operational-vendor": [
        "by 2 PM for next-day service", "by 3 PM for next-morning routes", "72-hour notice before requested service",
        "vendor acknowledges within 2 hours",
    ],
    "new-enrollment-data-flow": [
        "within 4 business hours on school days, within 24 hours during breaks", "every day checks at 10 AM and 3 PM",
        "at once, within 24 hours",
    ],
    "attendance-to-transportation-sync": ["daily by 4 PM"],
    "schedule-changes-to-facilities": ["48-hour notice before a schedule"],
    "iep-updates-to-classroom": ["same-day"],
    "emergency-contact-to-alerts": ["real time"],
    "report-card": ["48-hour freeze before they go out", "differences over 1 % put release on hold for a manual review"],
    "departure-to-access-removal": ["by 5 PM on the last day of work", "within 30 minutes if immediate separation"],
    "enrollment-to-device": ["within 4 business hours, within 2 school days"],
    "rosters-to-learning-apps": ["daily by 6 AM", "over 2 % unmatched rows stops the run for review"],
    "allergy-plan-to-kitchen": ["before the next meal at 7:30 AM and 11 AM"],
    "meal-eligibility-to-fee-waiver": ["within 3 business days"],
    "custody-order-to-release": ["within 1 hour, same-day"],
}  # fmt: skip
TIMED = re.compile(
    r"\b\d+\s*(?:minute|hour|business|school|%|AM|PM)|\b\d+-hour|real time|same day|at once|every month|before the next", re.I
)


def processes() -> list[Any]:
    return [process for district in BOTH for process in district.ownership["processes"]]


@pytest.mark.parametrize("process", processes(), ids=lambda process: process["slug"])
def test_every_short_promise_is_understood(process: Any) -> None:
    terms = parse(process["sla"]["short"])
    assert str(terms) == SHORT[process["sla"]["short"]]
    assert parse(str(terms)) == terms


@pytest.mark.parametrize(
    "row", [*CEDAR.ownership["sla_policies"], *(p["sla"] | {"slug": p["slug"]} for p in processes())], ids=lambda row: row["slug"]
)
def test_every_sentence_that_states_a_time_is_understood(row: Any) -> None:
    found = found_in(row["text"])
    said = " ".join(one.text for one in found)
    for sentence in re.split(r"(?<=[.;])\s+", row["text"]):
        assert not TIMED.search(sentence) or sentence.rstrip(";") in said, sentence
    texts = [str(one.terms) for one in found]
    assert texts == TEXT.get(row["slug"], texts)
    assert texts
    for one in found:
        assert parse(str(one.terms)) == one.terms
        assert one.terms.sentence()


def test_what_is_acknowledged_and_what_is_named_twice_is_found_in_one_sentence() -> None:
    [found] = found_in(
        "The vendor has adjustments by 2 PM for next-day service and acknowledges within 2 hours on the agreed platform."
    )
    assert str(found.terms) == "by 2 PM for next-day service, acknowledged within 2 hours"
    [found] = found_in("It is on the list within 1 hour, and always before dismissal the same day, so within 1 hour.")
    assert str(found.terms) == "within 1 hour, same-day"


@pytest.mark.parametrize(
    "text", ["", "Nothing is promised here.", "Call (360) 555-0140 at the office.", "The 4th grade, room 12.", "%%%"]
)
def test_text_without_a_promise_has_none(text: str) -> None:
    assert found_in(text) == []


def clause_of(row: Any) -> str:
    """A clause as it is structured → the words for it."""
    minutes, clock = row.get("within_minutes"), " business" if row.get("clock") == "business" else ""
    on = {"school_days": " on school days", "breaks": " during breaks"}.get(row.get("when", ""), "")
    match row:
        case {"within_minutes": 0}:
            return "at once"
        case {"within_minutes": _}:
            return f"within {minutes}{clock} minutes{on}"
        case {"within_business_days": days}:
            return f"within {days} business days"
        case {"times": [first, second]}:
            return f"daily checks at {first} and {second}"
        case {"minimum": percent}:
            return f"delivery under {percent} % starts {row['below_action']}"
        case {"maximum_discrepancy_percent": percent}:
            return f"discrepancies over {percent} % {row['above_action']}"
        case {"before_minutes": before}:
            return f"{before // 60}-hour {'freeze' if 'freeze' in row['metric'] else 'notice'}"
        case {"deadline": deadline, "applies_to": applies}:
            return f"by {deadline} for {applies.replace('_', ' ')}"
    return str(row["recurrence"])


@pytest.mark.parametrize("policy", CEDAR.ownership["sla_policies"], ids=lambda policy: policy["slug"])
def test_every_clause_means_what_its_sentence_says(policy: Any) -> None:
    clauses = [parse(clause_of(row).replace("_", " ")).clauses[0] for row in policy["clauses"]]
    promised = [clause for one in found_in(policy["text"]) for clause in one.terms.clauses]
    assert [meaning(clause) for clause in clauses] == [meaning(clause) for clause in promised]


def meaning(clause: Clause) -> object:
    """Without the district's own words, and in minutes."""
    match clause.term:
        case Within(amount) if amount.unit is not Unit.DAY:
            return amount.delta, amount.counts, clause.on
        case Acknowledge(amount):
            return amount.delta, amount.counts, clause.on
        case Tolerance(percent, over):
            return percent, over
        case Notice(amount, freeze):
            return amount.delta, freeze
    return clause.term


def test_every_promise_of_the_service_catalog_is_understood() -> None:
    for district in BOTH:
        for row in district.district["services"]:
            for minutes in (row["first_response_minutes"], row["resolution_minutes"]):
                around = row["default_priority"] == "urgent"
                terms = parse(catalog.terms(minutes, around_the_clock=around))
                [clause] = terms.clauses
                assert isinstance(clause.term, Within)
                assert clause.term.amount.delta.total_seconds() == minutes * 60
                assert clause.term.amount.counts is (Counts.ELAPSED if around else Counts.BUSINESS)
                assert parse(str(terms)) == terms


def test_a_reach_and_a_tolerance_know_when_they_hold() -> None:
    reach = parse("95 % delivered within 15 minutes, validated within 30").clauses[0].term
    assert isinstance(reach, Reach)
    assert (reach.holds(95, 100), reach.holds(949, 1000), reach.holds(0, 0)) == (True, False, True)
    most, least = parse("discrepancies over 1.5 % hold, delivery under 95 % calls").clauses
    assert isinstance(most.term, Tolerance)
    assert isinstance(least.term, Tolerance)
    assert (most.term.holds(1.5), most.term.holds(1.6), least.term.holds(95), least.term.holds(94.9)) == (True, False, True, False)


def test_a_clause_for_a_case_holds_in_that_case_only() -> None:
    terms = parse("by 5 PM on last day; 30 minutes if immediate")
    assert str(terms.given("immediate")) == "within 30 minutes if immediate"
    assert str(terms.given("")) == "by 5 PM on last day"
    assert terms.given("other") == Terms(terms.clauses[:1])


def test_the_data_is_all_there() -> None:
    assert len(CEDAR.ownership["processes"]) == 19
    assert len({json.dumps(p["sla"]) for p in processes()}) == 21
