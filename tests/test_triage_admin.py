"""Triage for administrators: the curve, how well it does, corrections, versions and the way back."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from districts.models import Person, Team
from districts.scope import district_scope
from routing import actions, classifier, tasks, training, triage
from routing.examples import ticket_examples
from routing.governing import accuracy, corrections, curve, outcomes, rollback, versions
from routing.governing.actions import LOWEST, NEVER, NotThere, Wish, go_back, retune, set_policy, threshold_for
from routing.governing.curve import Curve
from routing.models import Decision, TrainedModel, TriagePolicy
from tests.conftest import NOW, Cast, a_ticket, sign_in
from tests.filling import fill
from tests.test_triage import SURE
from tickets import actions as tickets
from tickets.models import Ticket

LATER = NOW + timedelta(hours=1)
PAGES = ["", "services/", "accuracy/", "corrections/", "versions/"]


@pytest.fixture
def trained(here: Cast) -> Cast:
    assert training.retrain(here.district.id, now=NOW) is not None
    Person.objects.filter(id=here.pat.id).update(kind="staff")
    here.pat.refresh()
    return here


def placed(cast: Cast, text: str, *, at: Any = NOW, **more: Any) -> Ticket:
    ticket = a_ticket(cast, text=text, now=at, **more)
    assert actions.place(ticket.id, now=at)
    return Ticket.objects.select_related("team", "service", "requester", "assignee").get(id=ticket.id)


def said(
    cast: Cast, *, sure: float, right: bool, shadow: bool = False, at: Any = NOW, version: int = 1, text: str = "words"
) -> Decision:
    """Triage said Technology, this sure, and a person had the last word."""
    ticket = placed(cast, text, at=at)
    Decision.objects.filter(ticket=ticket).update(
        engine="front_office", suggested_team=cast.technology, suggested_service=cast.password_reset, suggested_by="classifier",
        confidence=sure, shadow=shadow, automatic=False, model_version=1, at=at, corrected_at=at + timedelta(hours=1),
        corrected_by=cast.olive, corrected_team=cast.technology if right else cast.transportation,
        corrected_service=cast.password_reset if right else cast.bus_late,
    )  # fmt: skip
    return Decision.objects.get(ticket=ticket)


# --- who may --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_administrators_alone(here: Cast, oak: Cast, page: str) -> None:
    path = f"/setup/triage/{page}"
    assert sign_in(here.ada, here.district).get(path).status_code == 200
    for who in (here.lee, here.lena, here.olive):
        assert sign_in(who, here.district).get(path).status_code == 403
    assert sign_in(oak.carla, here.district).get(path).status_code in (302, 403)


def test_no_act_of_others(trained: Cast) -> None:
    row = said(trained, sure=0.9, right=False)
    olive = sign_in(trained.olive, trained.district)
    assert olive.post(f"/setup/triage/corrections/{row.id}/mistake").status_code == 403
    assert olive.post("/setup/triage/versions/1/return").status_code == 403
    assert olive.post("/setup/triage/", {"tier": "suggest"}).status_code == 403
    assert not TriagePolicy.objects.exists()


def test_of_this_district_alone(here: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        placed(oak, "x")
        theirs, service = Decision.objects.get(), oak.bus_late
    ada = sign_in(here.ada, here.district)
    assert ada.post(f"/setup/triage/corrections/{theirs.id}/mistake").status_code == 404
    assert ada.get(f"/setup/triage/services/{service.id}/").status_code == 404


# --- the curve ------------------------------------------------------------------------------------------------------------


def test_the_curve_is_what_it_says() -> None:
    known = Curve([(0.9, True)] * 10 + [(0.7, True)] * 5 + [(0.7, False)] * 5 + [(0.3, False)] * 10)
    assert [(p.threshold, p.placed, p.right) for p in known.points] == [(0.9, 10, 10), (0.7, 20, 15), (0.3, 30, 15)]
    found = known.for_precision(0.75)
    assert found is not None
    assert (found.threshold, found.precision) == (0.7, 0.75)
    assert found.share == pytest.approx(2 / 3)
    assert found.words == "About 7 of 10 are placed at once. Of 100 placed, about 25 would be moved by a person."
    assert known.for_precision(0.76).threshold == 0.9  # type: ignore[union-attr]
    assert known.at(0.8).placed == 10
    assert known.at(1.0).words == "Nothing is placed at once: people decide all of it."


def test_a_few_lucky_ones_are_no_reason_to_place() -> None:
    assert Curve([(0.9, True)] * 9 + [(0.5, False)] * 40).for_precision(0.9) is None
    assert threshold_for(Curve([(0.9, True)] * 9 + [(0.5, False)] * 40), wanted=0.9) == NEVER
    assert threshold_for(Curve([(0.1, True)] * 50), wanted=0.9) == LOWEST
    assert threshold_for(Curve([]), wanted=0.9) is None


def test_before_there_are_tickets_it_is_of_texts_that_were_held_out(trained: Cast) -> None:
    found = curve.of_district(now=NOW)
    assert found.source == curve.PHRASES
    assert len(found.pairs) >= 6
    TrainedModel.objects.update(from_tickets=True)
    assert curve.of_district(now=NOW).source == curve.HELD_OUT
    page = sign_in(trained.ada, trained.district).get("/setup/triage/").content.decode()
    assert "<svg" in page
    assert " style=" not in page.split("<main")[1]


def test_from_forty_tickets_on_it_is_of_them(trained: Cast) -> None:
    for n in range(curve.ENOUGH):
        said(trained, sure=0.8, right=n % 10 != 0)
    found = curve.of_district(now=LATER)
    assert (found.source, len(found.pairs)) == (curve.OUTCOMES, curve.ENOUGH)
    assert curve.of_service(trained.password_reset, now=LATER).source == curve.OUTCOMES
    assert curve.of_service(trained.counseling, now=LATER).pairs == []


def test_a_wanted_precision_becomes_a_threshold_and_is_told_in_words(trained: Cast) -> None:
    for n in range(60):
        said(trained, sure=0.9 if n < 30 else 0.6, right=n < 30 or n % 2 == 0)
    ada = sign_in(trained.ada, trained.district)
    done = fill(ada, "/setup/triage/", wanted="0.95")
    assert done.status_code == 302
    row = TriagePolicy.objects.get()
    assert (row.service, row.wanted, row.threshold, row.changed_by) == (None, 0.95, 0.9, trained.ada)
    page = ada.get("/setup/triage/").content.decode()
    assert "About 5 of 10 are placed at once. Of 100 placed, fewer than 1 would be moved by a person." in page
    fill(ada, "/setup/triage/", wanted="other", percent="75")
    row.refresh_from_db()
    assert (row.wanted, row.threshold) == (0.75, 0.6)
    fill(ada, "/setup/triage/", wanted="")
    row.refresh_from_db()
    assert (row.wanted, row.threshold) == (None, None)


@pytest.mark.parametrize("given", [{"wanted": "other", "percent": ""}, {"wanted": "other", "percent": "3"}, {"wanted": "0.123"},
                                   {"tier": "person"}, {"shadow": "maybe"}, {"wanted": "other", "percent": "nan"}])  # fmt: skip
def test_what_nobody_can_mean_is_said_and_not_saved(trained: Cast, given: dict[str, str]) -> None:
    page = fill(sign_in(trained.ada, trained.district), "/setup/triage/", **given)
    assert page.status_code == 422
    assert not TriagePolicy.objects.exists()


def test_two_administrators_at_once(trained: Cast) -> None:
    ada = sign_in(trained.ada, trained.district)
    page = ada.get("/setup/triage/").content.decode()
    seen = page.split('name="seen" value="')[1].split('"')[0]
    set_policy(None, wish=Wish(tier="suggest"), by=trained.ada, now=NOW)
    done = ada.post("/setup/triage/", {"seen": seen, "tier": "automatic", "shadow": "off", "wanted": ""})
    assert done.status_code == 422
    assert TriagePolicy.objects.get().tier == "suggest"


def test_a_service_of_its_own(trained: Cast) -> None:
    ada, path = sign_in(trained.ada, trained.district), f"/setup/triage/services/{trained.counseling.id}/"
    page = ada.get(path).content.decode()
    assert "As usual: Person only, since it is sensitive" in page
    assert "Too few tickets of this service alone" in page
    fill(ada, path, tier="automatic", shadow="on")
    row = TriagePolicy.objects.get()
    assert (row.service, row.tier, row.shadow, row.threshold) == (trained.counseling, "automatic", True, None)
    listed = ada.get("/setup/triage/services/").content.decode()
    assert "shadow" in listed


def test_a_threshold_follows_the_training(trained: Cast) -> None:
    row = set_policy(None, wish=Wish(wanted=0.9), by=trained.ada, now=NOW)
    TrainedModel.objects.update(held_out=[[0.77, 1, ""]] * 40)
    retune(now=LATER)
    row.refresh_from_db()
    assert row.threshold == 0.77


def test_what_was_learned_says_what_it_held_out(trained: Cast) -> None:
    kept = TrainedModel.objects.get().held_out
    assert {of for _sure, _right, of in kept} <= {
        str(trained.bus_late.id),
        str(trained.password_reset.id),
        str(trained.counseling.id),
        "",
    }
    assert all(0 <= sure <= 1 and right in (0, 1) for sure, right, _of in kept)


# --- outcomes -------------------------------------------------------------------------------------------------------------


def test_what_peoples_last_word_is(trained: Cast) -> None:
    stood = placed(trained, SURE)
    tickets.reply(stood, by=trained.bob, words=tickets.Words(text="done"), now=NOW)
    moved = placed(trained, f"{SURE} 2")
    actions.hand_off(moved, to_team=trained.transportation, by=trained.bob, known="k", asked="a", now=NOW)
    tickets.reply(moved.refresh(), by=trained.alice, words=tickets.Words(text="ours"), now=NOW)  # type: ignore[attr-defined]
    nobody = placed(trained, f"{SURE} 3")
    asked = placed(trained, "please", service=trained.bus_late)
    tickets.reply(asked, by=trained.alice, words=tickets.Words(text="ok"), now=NOW)
    set_policy(None, wish=Wish(shadow=True), by=trained.ada, now=NOW)
    office = placed(trained, f"{SURE} 4")
    tickets.reply(office, by=trained.olive, words=tickets.Words(text="I know that"), now=NOW)
    found = {one.ticket_id: one for one in outcomes.judged(since=NOW - timedelta(days=1))}
    assert set(found) == {stood.id, moved.id}, "nobody has said whose the others are; one was no reading"
    assert found[stood.id].outcome.right
    assert not found[moved.id].outcome.right
    assert found[moved.id].outcome.labels["team"] == "transportation"
    assert nobody.id not in found


def test_a_mistaken_correction_is_no_word(trained: Cast) -> None:
    row = said(trained, sure=0.9, right=False)
    assert len(outcomes.judged(since=NOW)) == 1
    Decision.objects.filter(id=row.id).update(mistaken_at=LATER)
    assert outcomes.judged(since=NOW) == []


def test_the_page_tells_every_figure(trained: Cast) -> None:
    for n in range(20):
        said(trained, sure=0.9 if n < 10 else 0.3, right=n < 9, shadow=n < 10, at=NOW + timedelta(days=n))
    found = outcomes.judged(since=NOW - timedelta(days=1))
    seen = accuracy.of(found, zone=trained.district.zone)
    assert (seen.n, seen.whole.right) == (20, 0.45)
    assert seen.watched is not None
    assert (seen.watched.n, seen.watched.would, seen.watched.right) == (10, 10, 9)
    assert [(b.low, b.n, b.right) for b in seen.bins] == [(30, 10, 0.0), (90, 10, 0.9)]
    assert seen.error == pytest.approx(0.15)
    assert [(s.said, s.was, s.n) for s in seen.swaps] == [("Technology", "Transportation", 11)]
    assert {line.name: line.n for line in seen.teams} == {"Transportation": 11, "Technology": 9}
    assert sum(line.n for _monday, line in seen.weeks) == 20
    page = sign_in(trained.ada, trained.district).get("/setup/triage/accuracy/?days=365").content.decode()
    for words in (
        "The team was right for 45 % of 20 tickets",
        "it would have placed 10 at once",
        "Transportation is most often taken for Technology",
    ):
        assert words in page
    assert " style=" not in page.split("<main")[1]


@pytest.mark.parametrize("days", ["30", "365", "7", "x", ""])
def test_any_period_that_is_asked_for(here: Cast, days: str) -> None:
    page = sign_in(here.ada, here.district).get(f"/setup/triage/accuracy/?days={days}")
    assert page.status_code == 200
    assert "Nothing to measure yet" in page.content.decode()


# --- corrections ----------------------------------------------------------------------------------------------------------


def test_a_correction_is_learned_from_the_same_day_and_taken_out_again(trained: Cast) -> None:
    """From the button on the ticket to another guess, by the worker's hourly task; and back."""
    words = [f"the plumbus wobbles, number {n}" for n in range(4)]
    olive, ada = sign_in(trained.olive, trained.district), sign_in(trained.ada, trained.district)
    for text in words:
        ticket = placed(trained, text, team=trained.front_office)
        assert olive.post(f"/desk/{ticket.id}/correct/", {"service": str(trained.password_reset.id)}).status_code == 302
    assert tasks.retrain() >= 1

    def guess() -> Any:
        asked = a_ticket(trained, text="plumbus again")
        choice = triage.decide(asked, "plumbus again", now=NOW)
        return choice.service or (choice.alternatives[0].service if choice.alternatives else None)

    assert guess() == trained.password_reset
    page = ada.get("/setup/triage/corrections/?all=1").content.decode()
    assert page.count("plumbus wobbles") == 4 * (page.count("plumbus wobbles") // 4) > 0
    for row in Decision.objects.filter(corrected_at__isnull=False):
        assert ada.post(f"/setup/triage/corrections/{row.id}/mistake", {"to": "mistake"}).status_code == 302
    assert ticket_examples() == []
    assert tasks.retrain() >= 1, "taking out is a change too"
    row = Decision.objects.filter(corrected_at__isnull=False)[0]
    assert (row.mistaken_by, row.mistaken_at is not None) == (trained.ada, True)
    assert "Not learned from, said Ada" in ada.get("/setup/triage/corrections/?all=1").content.decode()
    ada.post(f"/setup/triage/corrections/{row.id}/mistake", {"to": "counts", "back": "/setup/triage/corrections/?all=1"})
    assert len(ticket_examples()) == 1


def test_confirming_is_no_change_and_stands_apart(trained: Cast) -> None:
    said(trained, sure=0.9, right=True)
    said(trained, sure=0.9, right=False)
    changed, every = corrections.page("1", everything=False), corrections.page("1", everything=True)
    assert [one.confirms for one in changed.object_list] == [False]
    assert sorted(one.confirms for one in every.object_list) == [False, True]
    [one] = changed.object_list
    assert (one.said, one.was) == ("Password reset", "Late or missing bus")


def test_words_of_a_sensitive_ticket_are_not_shown(trained: Cast) -> None:
    row = said(trained, sure=0.9, right=False, text="the secret of one child")
    Ticket.objects.filter(id=row.ticket_id).update(sensitive=True)
    page = sign_in(trained.ada, trained.district).get("/setup/triage/corrections/").content.decode()
    assert "secret" not in page
    assert "only its team reads the words" in page


def test_a_way_back_leads_nowhere_else(trained: Cast) -> None:
    row = said(trained, sure=0.9, right=False)
    for back in ("https://evil.example/", "//evil.example", "/setup/triage/corrections/\\evil", "/setup/triage/corrections//x"):
        done = sign_in(trained.ada, trained.district).post(f"/setup/triage/corrections/{row.id}/mistake", {"back": back})
        assert done["Location"] == "/setup/triage/corrections/"


# --- versions -------------------------------------------------------------------------------------------------------------


def test_an_administrator_goes_back_and_it_stays_until_another_proves_no_worse(trained: Cast) -> None:
    trained.bus_late.description = "Where the bus is."
    trained.bus_late.save()
    assert training.retrain(trained.district.id, now=LATER) is not None
    ada = sign_in(trained.ada, trained.district)
    page = ada.get("/setup/triage/versions/").content.decode()
    assert page.count("Go back to this one") == 1
    assert ada.post("/setup/triage/versions/1/return").status_code == 302
    model = classifier.active()
    assert model is not None
    assert model.version == 1
    states = dict(TrainedModel.objects.values_list("version", "state"))
    assert states == {1: "active", 2: "undone"}
    assert TrainedModel.objects.get(version=1).returned_by == trained.ada
    assert training.retrain(trained.district.id, now=LATER) is None, "nothing changed since"
    trained.bus_late.description = "Where the bus is now."
    trained.bus_late.save()
    row = training.retrain(trained.district.id, now=LATER)
    assert row is not None
    assert row.state == "rejected", "on no ticket has it shown that it is no worse"
    assert ada.post("/setup/triage/versions/2/return").status_code == 302, "and forward again"
    assert classifier.active().version == 2  # type: ignore[union-attr]


def test_what_is_not_kept_cannot_be_gone_back_to(trained: Cast) -> None:
    for version in (1, 7):
        with pytest.raises(NotThere):
            go_back(version, by=None, why="", now=NOW)
    page = sign_in(trained.ada, trained.district).post("/setup/triage/versions/7/return", follow=True).content.decode()
    assert "is not kept any more" in page


def test_which_versions_are_kept() -> None:
    rows = [(n, "retired", NOW - timedelta(hours=6 * (60 - n))) for n in range(60)]
    kept = versions.kept([*rows, (60, "active", NOW), (61, "rejected", NOW)])
    assert kept[:2] == [59, 58]
    assert len(kept) <= versions.NEWEST + versions.DAYS
    trained_at = {version: at for version, _state, at in rows}
    days = {trained_at[version].date() for version in kept}
    assert len(days) == versions.DAYS


def test_arrays_of_old_versions_are_forgotten(trained: Cast) -> None:
    blob = bytes(TrainedModel.objects.get().blob)
    for n in range(2, 8):
        TrainedModel.objects.create(version=n, state="retired", examples=1, blob=blob, digest="", trained_at=NOW + timedelta(minutes=n))
    versions.forget_old()
    assert [row.version for row in TrainedModel.objects.exclude(blob=b"").order_by("version")] == [1, 6, 7]


def swapped(cast: Cast, *, wrong: int, right: int) -> None:
    """Version 2 replaced version 1, and people had the last word on what it said of passwords, which version 1 knows."""
    row = TrainedModel.objects.get()
    TrainedModel.objects.filter(id=row.id).update(state="retired", trained_at=NOW - timedelta(days=2))
    blob = bytes(row.blob)
    sign = classifier.sign(blob, district_id=cast.district.id, version=2)
    TrainedModel.objects.create(version=2, state="active", examples=9, blob=blob, digest=sign, trained_at=NOW - timedelta(days=1))
    for n in range(wrong + right):
        ticket = placed(cast, f"{SURE}, call {n}")
        team = cast.transportation if n < wrong else cast.technology
        Decision.objects.filter(ticket=ticket).update(
            engine="classifier", team=team, suggested_team=None, model_version=2, corrected_team=cast.technology, corrected_at=NOW
        )


def test_it_goes_back_by_itself_where_people_say_that_the_one_before_was_better(trained: Cast) -> None:
    swapped(trained, wrong=14, right=10)
    assert rollback.check(trained.district.id, now=NOW) is not None
    row = TrainedModel.objects.get(version=1)
    assert (row.state, row.returned_by) == ("active", None)
    assert "By itself: of 14 tickets" in row.why
    assert classifier.active().version == 1  # type: ignore[union-attr]
    assert rollback.check(trained.district.id, now=NOW) is None, "once"
    assert "By itself" in sign_in(trained.ada, trained.district).get("/setup/triage/versions/").content.decode()


@pytest.mark.parametrize(("wrong", "right"), [(9, 30), (0, 30), (12, 4)])
def test_it_does_not_go_back_for_an_accident(trained: Cast, wrong: int, right: int) -> None:
    """Too few on which they differ, or too few that people have judged."""
    swapped(trained, wrong=wrong, right=right)
    assert rollback.check(trained.district.id, now=NOW) is None
    assert classifier.active().version == 2  # type: ignore[union-attr]


def test_the_sign_test_is_exact() -> None:
    assert rollback.chance_of(10, 10) == pytest.approx(1 / 1024)
    assert rollback.chance_of(5, 10) == pytest.approx(0.623, abs=0.001)
    assert rollback.chance_of(0, 0) == 1.0


def test_an_older_version_that_cannot_be_read_is_left(trained: Cast) -> None:
    swapped(trained, wrong=14, right=10)
    TrainedModel.objects.filter(version=1).update(digest="0" * 64)
    assert rollback.check(trained.district.id, now=NOW) is None


# --- the command ----------------------------------------------------------------------------------------------------------


def test_labels_of_a_set_are_learned_and_the_rest_judges(trained: Cast, tmp_path: Any, capsys: Any) -> None:
    file, tech = tmp_path / "set.jsonl", {"team": "technology", "service": "password-reset"}
    bus = {"team": "transportation", "service": "bus-late"}
    lines = [
        {"id": f"R{n}", "channel": "email", "persona": "teacher", "language": "en", "subject": f"call {n}",
         "body": f"locked out {n}" if n % 2 else f"no bus at stop {n}", "labels": tech if n % 2 else bus}
        for n in range(110)
    ]  # fmt: skip
    file.write_text("\n".join(json.dumps(line) for line in lines))
    capsys.readouterr()
    call_command("evaluate", "triage", set=file, district=trained.district.slug, labels=60, splits=1, json=True)
    figures = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert (figures["labels learned from"], figures["requests that judge"]) == (60, 50)
    assert figures["team right, after"] >= figures["team right, before"]
    assert "expected calibration error, after" in figures
    with pytest.raises(CommandError):
        call_command("evaluate", "triage", set=file, district=trained.district.slug, labels=100)
    with pytest.raises(CommandError):
        call_command("evaluate", "answers", set=file, district=trained.district.slug, labels=10)
    assert Team.objects.count() == 4
