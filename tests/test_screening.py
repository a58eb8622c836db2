"""Small named filters: what each says, which of them decides, what is kept of it, and that none keeps words of danger out."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from delivery.models import Delivery
from districts.contacts import email
from districts.queries import front_office
from intake import actions, screening
from intake.channels.arrival import Arrival, Bounce, Thread
from intake.channels.authentication import Authentication
from intake.channels.email import read
from intake.channels.spam import Spam
from intake.models import Channel, Envelope
from intake.receiving import receive
from intake.screening import DANGEROUS, Course, Verdict, by_itself, floods
from intake.screening import words as filters
from intake.screening.lists import is_list
from tests.conftest import Cast, sign_in
from tests.test_intake_mail import PAT, a_mail, deliver, doors, reply_address, ticket_of
from tickets.actions import Words, open_ticket
from tickets.models import Message, Ticket

__all__ = ["doors"]
DANGER = "I want to kill myself tonight."


@pytest.fixture(autouse=True)
def _no_counts() -> None:
    cache.clear()


def arrival(text: str = "The bus did not come.", **more: Any) -> Arrival:
    return Arrival(channel="email", contact=email("somebody@x.example"), text=text, **more)


def said(verdict: Verdict | None) -> tuple[str, str] | None:
    return (verdict.filter, verdict.course.value) if verdict else None


# --- each filter --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (arrival(), None),
        (arrival(bounce=Bounce("failed")), ("reports", "out")),
        (arrival(bounce=Bounce("receipt")), ("reports", "out")),
        (arrival(return_path=""), ("reports", "out")),
        (arrival(return_path="somebody@x.example"), None),
        (arrival(automation="replied"), ("automation", "out")),
        (arrival(automation="generated"), ("automation", "quiet")),
        (arrival(automation="bulk"), ("automation", "quiet")),
        (arrival(no_reply=True), ("no_reply", "quiet")),
        (arrival(spam=Spam(flagged=True)), ("spam", "out")),
        (arrival(spam=Spam(score=12.5)), ("spam", "out")),
        (arrival(spam=Spam(score=6.0)), ("spam", "quiet")),
        (arrival(spam=Spam(score=4.9)), None),
        (arrival(spam=Spam(score=-3.0)), None),
        (arrival(authentication=Authentication(dmarc="fail", policy="reject")), ("authentication", "out")),
        (arrival(authentication=Authentication(dmarc="fail", policy="quarantine")), ("authentication", "out")),
        (arrival(authentication=Authentication(dmarc="fail", policy="none")), None),
        (arrival(authentication=Authentication(dmarc="fail")), None),
        (arrival(authentication=Authentication(spf="fail")), None),
        (arrival(authentication=Authentication(dmarc="pass", domain="x.example", policy="reject")), None),
        (arrival(hops=51), ("hops", "out")),
        (arrival(hops=50), None),
        (arrival(list_id="<somebody.x.example>"), ("lists", "quiet")),
        (arrival(list_id="Staff <staff.lists.example>"), None),
        (arrival(automation="bulk", spam=Spam(flagged=True)), ("spam", "out")),
    ],
)
def test_what_each_filter_says_by_itself(one: Arrival, expected: tuple[str, str] | None) -> None:
    assert said(by_itself(one)) == expected


@pytest.mark.parametrize(
    ("sender", "list_id", "expected"),
    [
        ("staff@lists.example", "Staff <staff.lists.example>", True), ("staff@lists.example", "staff.lists.example", True),
        ("staff-request@lists.example", "<staff.lists.example>", True), ("mailman@lists.example", "<x.example>", True),
        ("mailman-bounces@lists.example", "<x.example>", True), ("pat@family.example", "<staff.lists.example>", False),
        ("manuela@x.example", "<x.example>", False), ("", "", False), ("a@b", "<<<", False),
    ],
)  # fmt: skip
def test_a_list_itself_is_told_from_people_who_write_through_it(sender: str, list_id: str, expected: bool) -> None:
    assert is_list(sender, list_id) is expected


def test_every_reason_fits_where_it_is_kept() -> None:
    long = Authentication(dmarc="fail", policy="quarantine")
    verdicts = [by_itself(arrival(authentication=long)), by_itself(arrival(spam=Spam(score=123456.7))), by_itself(arrival(hops=10**6))]
    assert all(verdict and len(verdict.reason) <= 60 for verdict in verdicts)


# --- with a district ----------------------------------------------------------------------------------------------------


def hop(name: str = "mx.cedar.example", *results: str) -> dict[str, str]:
    return {"Authentication_Results": "; ".join([name, *results])}


def trusting(cast: Cast) -> None:
    Channel.objects.filter(kind="email").update(trusted_hop="mx.cedar.example")


def test_a_mail_that_its_domain_disowns_waits_and_is_let_in_by_a_person(doors: Cast) -> None:
    trusting(doors)
    envelope = deliver(doors, a_mail(**hop("mx.cedar.example", "spf=fail", "dmarc=fail (p=reject dis=none) header.from=x")))
    assert (envelope.state, envelope.reason) == ("screened", "not from its sender: dmarc=fail, policy reject")
    assert envelope.decisions == [{"filter": "authentication", "course": "out", "reason": envelope.reason}]
    admin = sign_in(doors.ada, doors.district)
    assert envelope.reason in admin.get("/came-in/").content.decode()
    admin.post(f"/came-in/{envelope.id}/again")
    receive.drain(doors.district.id)
    envelope.refresh_from_db()
    assert envelope.state == "done"
    first, second = envelope.decisions or []
    assert (first["overruled"], first["by"], first["at"][:4].isdigit()) == ("person", "Ada", True)
    assert (second["filter"], second["course"]) == ("person", "quiet")
    assert "proven" not in Message.objects.get().sender_check
    assert not Delivery.objects.filter(purpose="ack").exists()


@pytest.mark.parametrize(
    "headers",
    [
        hop("mx.elsewhere.example", "dmarc=fail (p=reject)"),
        {"X_Spam_Status": "No, score=-2.0", **hop("mx.cedar.example", "dmarc=pass")},
        hop("mx.cedar.example", "dmarc=fail (p=NONE sp=NONE dis=NONE)"),
    ],
)
def test_what_nobody_of_ours_said_and_what_its_domain_does_not_mind_comes_in(doors: Cast, headers: dict[str, str]) -> None:
    trusting(doors)
    assert ticket_of(deliver(doors, a_mail(**headers)))
    assert Delivery.objects.filter(purpose="ack").exists()


@pytest.mark.parametrize(
    ("field", "policy"),
    [
        ("mx.google.com; dmarc=fail (p=REJECT sp=REJECT dis=NONE) header.from=x.example", "reject"),
        ("hop.example; dmarc=fail action=oreject header.from=x.example", "reject"),
        ("hop.example; spf=fail smtp.mailfrom=y; dmarc=fail policy.published-domain-policy=quarantine", "quarantine"),
        ('hop.example; dmarc=fail reason="SPF not aligned (relaxed)" header.from=x.example (policy=quarantine)', "quarantine"),
        ("hop.example; dmarc=fail action=none header.from=x.example", "none"),
        ("hop.example; dmarc=fail header.from=p-reject.example", ""),
        ("hop.example; dmarc=pass (p=REJECT) header.from=x.example", ""),
    ],
)
def test_what_a_domain_wishes_is_read_in_all_the_ways_it_is_told(field: str, policy: str) -> None:
    raw = f"From: a@x.example\r\nAuthentication-Results: {field}\r\n\r\nhello".encode()
    assert read(raw, trusted_hop=field.split(";")[0]).authentication.policy == policy


def test_a_forged_field_of_our_own_server_is_not_believed_on_mail_that_came_straight_to_the_door(doors: Cast) -> None:
    """`direct`: the door's own word that no server of ours passed it on (tests/test_mail_staff.py has the door)."""
    trusting(doors)
    raw = a_mail(**hop("mx.cedar.example", "dmarc=pass"))
    meta = {"recipients": ["help@cedar.localhost"], "return_path": PAT, "direct": True}
    source = Channel.objects.filter(kind="email").order_by("id")[0]
    actions.accept(source=source, channel="email", external_id="x", raw=raw, meta=meta, now=doors_now())
    receive.drain(doors.district.id)
    assert Message.objects.get().sender_check == ""


def doors_now() -> Any:
    return Envelope._meta.get_field("received_at").default()  # type: ignore[union-attr]


def test_spam_waits_with_its_score(doors: Cast) -> None:
    envelope = deliver(doors, a_mail("Cheap watches", X_Spam_Flag="YES", X_Spam_Status="Yes, score=14.2 required=5.0"))
    assert (envelope.state, envelope.reason) == ("screened", "spam: score 14.2")


def test_our_letters_bear_a_mark_and_one_that_is_sent_back_makes_nothing(doors: Cast) -> None:
    assert deliver(doors, a_mail("Your request #1001 …", X_Loop="help@cedar.localhost")).reason == "loop: our own letter"
    assert ticket_of(deliver(doors, a_mail("Another", X_Loop="help@elsewhere.example")))


def test_what_every_filter_said_is_kept_also_of_those_that_did_not_decide(doors: Cast) -> None:
    envelope = deliver(doors, a_mail("Offer", sender="no-reply@shop.example", Precedence="bulk", X_Spam_Flag="YES"))
    assert [(one["filter"], one["course"]) for one in envelope.decisions or []] == [
        ("spam", "out"), ("automation", "quiet"), ("no_reply", "quiet"),
    ]  # fmt: skip
    assert deliver(doors, a_mail()).decisions is None, "nobody had a word to say"


# --- danger -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "headers", "more"),
    [
        ("spam", {"X_Spam_Flag": "YES"}, {}),
        ("automation", {"Auto_Submitted": "auto-replied"}, {}),
        ("reports", {}, {"return_path": ""}),
        ("loops", {"X_Loop": "help@cedar.localhost"}, {}),
        ("ours", {"From": "help@cedar.localhost"}, {}),
    ],
)
def test_words_of_danger_are_never_screened_out(doors: Cast, name: str, headers: dict[str, str], more: dict[str, str]) -> None:
    raw = a_mail(DANGER, sender=headers.pop("From", f"Pat <{PAT}>"), **headers)
    envelope = deliver(doors, raw, **more)
    assert ticket_of(envelope)
    assert not Delivery.objects.filter(purpose="ack").exists(), "at worst it is quiet"
    told = {one["filter"]: one for one in envelope.decisions or []}
    assert told[name] == {"filter": name, "course": "out", "reason": told[name]["reason"], "overruled": "danger"}
    assert told["danger"]["course"] == "quiet"


def test_nor_is_a_subject_with_words_of_danger(doors: Cast) -> None:
    assert ticket_of(deliver(doors, a_mail("see subject", Subject=DANGER, X_Spam_Flag="YES")))


def test_what_its_domain_disowns_is_heard_when_it_speaks_of_danger(doors: Cast) -> None:
    trusting(doors)
    assert ticket_of(deliver(doors, a_mail(DANGER, **hop("mx.cedar.example", "dmarc=fail (p=reject)"))))


def test_a_report_of_a_mail_server_stays_out_whatever_it_gives_back(doors: Cast) -> None:
    verdict = by_itself(arrival(DANGER, bounce=Bounce("failed", proven=True)))
    assert verdict is not None
    assert verdict.course is Course.OUT


def test_what_only_reads_like_a_report_does_not_stay_out(doors: Cast) -> None:
    verdict = by_itself(arrival(DANGER, bounce=Bounce("failed")))
    assert verdict is not None
    assert verdict.course is Course.QUIET


def test_an_answering_machine_that_answers_a_notice_to_staff_starts_no_loop_of_alarms() -> None:
    """A counselor's "in a crisis call …" would raise an alarm, whose notice it answers, and so on."""
    thread = Thread("1@x.example", ("notice.01890000-0000-7000-8000-000000000000@cedar.localhost",))
    verdict = by_itself(arrival("I am away. If you are suicidal call 988.", automation="replied", thread=thread))
    assert verdict is not None
    assert (verdict.course, verdict.filter) == (Course.OUT, "automation")


def test_one_sender_gets_only_so_many_past_the_filters(doors: Cast) -> None:
    envelopes = [deliver(doors, a_mail(f"{DANGER} {n}", Auto_Submitted="auto-replied")) for n in range(DANGEROUS + 2)]
    assert [one.state for one in envelopes] == ["done"] * DANGEROUS + ["screened"] * 2
    assert envelopes[-1].reason == "auto-reply"


def test_one_who_wrote_too_much_is_still_heard_in_danger(doors: Cast) -> None:
    for n in range(31):
        deliver(doors, a_mail(f"Mail {n} of today"))
    assert deliver(doors, a_mail("Once more")).state == "screened"
    assert ticket_of(deliver(doors, a_mail(DANGER)))
    assert Ticket.objects.count() == 31


def test_an_answer_in_an_open_conversation_is_no_flood(doors: Cast) -> None:
    """Only new tickets are limited."""
    mine = ticket_of(deliver(doors, a_mail("The first of many")))
    for nth in range(floods.RECEIVED):
        words = Words(text=f"Number {nth}")
        open_ticket(requester=doors.pat, channel="email", subject="x", words=words, team=front_office(), now=timezone.now())
    answer = deliver(doors, a_mail("Yes, come at three please"), reply_address(mine))
    assert (answer.state, ticket_of(answer)) == ("done", mine)
    assert deliver(doors, a_mail("Something new")).state == "screened"


# --- as people read it --------------------------------------------------------------------------------------------------


def reasons() -> list[str]:
    """As the filters' code has them, with something in each gap."""
    found: list[str] = []
    for path in Path(screening.__file__).parent.glob("*.py"):
        text = path.read_text()
        found += re.findall(r'\b(?:out|quiet)\(f?"([^"]+)"', text)
        found += re.findall(r'^(?:TOO_MANY|    told) = (?:f)?"([^"]+)"', text, re.MULTILINE)
    kinds = [one for one in found if "{arrival.bounce.kind}" not in one]
    kinds += [f"report: {kind}" for kind in ("delayed", "delivered", "complaint", "receipt")] + ["bounce", "spam"]
    return [re.sub(r"\{[^}]+\}", "14", one) for one in kinds]


def test_every_reason_is_told_in_a_sentence_in_the_readers_language() -> None:
    told = reasons()
    assert len(told) > 20
    for reason in told:
        plain = filters.said({"filter": "spam", "course": "out", "reason": reason})
        assert plain.reason.endswith("."), reason
        assert plain.detail == reason
        assert "%" not in plain.reason
    scored, unknown = filters.said({"filter": "spam", "reason": "spam: score 14.2"}), filters.said({"reason": "of another time"})
    assert scored.reason.startswith("A filter before us gave it 14.2 points for spam.")
    assert (unknown.reason, unknown.detail) == ("of another time", "")


def test_the_page_tells_the_sentence_and_the_reason_beside_it(doors: Cast) -> None:
    envelope = deliver(doors, a_mail("Cheap watches", X_Spam_Flag="YES", X_Spam_Status="Yes, score=14.2 required=5.0"))
    for path in ("/came-in/", f"/came-in/{envelope.id}/"):
        page = sign_in(doors.ada, doors.district).get(path).content.decode()
        assert "A filter before us gave it 14.2 points for spam." in page, path
        assert "spam: score 14.2</code>" in page
