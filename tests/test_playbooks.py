"""Playbooks: checklists with owners, times and proof; their runs, the page of one line, and the ticket that a failed feed opens."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from delivery.models import Delivery
from districts.models import ContactPoint, Membership, Person, Role, Service
from ownership.feeds import pings
from ownership.models import (
    Escalation,
    Feed,
    FeedRun,
    OwnerRole,
    Playbook,
    PlaybookRun,
    PlaybookStep,
    RunStep,
    RunStepFile,
)
from ownership.playbooks import keeping, lateness, line, opening, running, timing, usual
from ownership.playbooks.ordering import Piece, all_done_by, circle, ready
from sla import terms
from tests.conftest import NOW, Cast, a_ticket, sign_in, visitor
from tests.test_ownership import Sync, make_sync, sweep
from tickets.models import Message, Ticket

HOUR = timedelta(hours=1)


# --- what may begin when: pure ----------------------------------------------------------------------------------------


def test_steps_that_wait_for_one_another_are_found() -> None:
    assert circle({1: [], 2: [1], 3: [2, 1]}) == []
    assert circle({1: [1, 9], 2: [1]}) == []  # itself, and a step that there is not
    assert set(circle({1: [3], 2: [1], 3: [2], 4: []})) == {1, 2, 3}


def test_a_step_may_begin_when_all_before_it_are_done() -> None:
    waiting = {3: [1, 2], 4: [3], 5: [1]}
    assert ready(waiting, [1]) == [5]
    assert ready(waiting, [1, 2]) == [3, 5]


def later(written: str, start: datetime) -> datetime:
    return start + timedelta(hours=int(written))


def test_the_rest_is_done_when_the_longest_way_through_it_is() -> None:
    steps = [
        Piece(1, due_at=NOW - HOUR, is_open=True, done=True),
        Piece(2, due_at=NOW + 2 * HOUR, terms="2", is_open=True),
        Piece(3, [1, 2], terms="5"),
        Piece(4, [1], terms="6"),
        Piece(5, [3], terms=""),
    ]
    assert all_done_by(steps, later, now=NOW) == NOW + 7 * HOUR
    assert all_done_by([Piece(1, is_open=True)], later, now=NOW) is None
    assert all_done_by([Piece(1, due_at=NOW, is_open=True, done=True)], later, now=NOW) is None


@pytest.mark.parametrize("one", usual.ALL, ids=lambda one: one.slug)
def test_what_is_shipped_can_be_read_and_begun(one: usual.Usual) -> None:
    after = {n: item.after for n, item in enumerate(one.items, 1)}
    assert circle(after) == []
    assert all(1 <= order < n for n, given in after.items() for order in given), "a step waits for what comes after it"
    for item in one.items:
        assert timing.counts(terms.parse(item.terms)), item.terms


def test_a_move_asks_six_departments_and_both_schools() -> None:
    assert len({str(item.part) for item in usual.MOVE.items}) == 8


# --- a run ------------------------------------------------------------------------------------------------------------


def book(here: Cast, *steps: dict[str, Any], **more: Any) -> Playbook:
    """Of Alice's role unless they say otherwise."""
    role, _made = OwnerRole.objects.get_or_create(
        slug="buses", defaults={"name": "Bus coordinator", "holder": here.alice, "team": here.transportation}
    )
    playbook: Playbook = Playbook.objects.create(**{"slug": "drill", "name": "Fire drill", **more})
    for n, step in enumerate(steps, 1):
        PlaybookStep.objects.create(playbook=playbook, order=n, **{"title": f"Step {n}", "role": role, **step})
    return playbook


def begun(playbook: Playbook, here: Cast, **more: Any) -> PlaybookRun:
    return running.begin(playbook, **{"title": "Drill at Maple", "by": here.lena, "now": NOW, **more})


def step(run: PlaybookRun, order: int) -> RunStep:
    found: RunStep = RunStep.objects.get(run=run, order=order)
    return found


def done(run: PlaybookRun, order: int, by: Person, now: datetime = NOW) -> bool:
    return running.complete(step(run, order).id, by=by, evidence="seen", now=now)


def told(person: Person, start: str = "") -> list[str]:
    mails = Delivery.objects.filter(person=person, channel="email", subject__startswith=start)
    return list(mails.order_by("created_at", "id").values_list("subject", flat=True))


def test_it_opens_what_waits_for_nothing_and_tells_each_owner_once(here: Cast) -> None:
    playbook = book(here, {"terms": "within 4 business hours"}, {"team": here.technology, "role": None}, {"after": [1, 7]}, {})
    Membership.objects.create(person=here.bob, team=here.technology, role=Role.LEAD)
    run = begun(playbook, here)
    assert [s.owner for s in RunStep.objects.filter(run=run).order_by("order")] == [here.alice, here.bob, here.alice, here.alice]
    assert [bool(step(run, n).open_at) for n in (1, 2, 3, 4)] == [True, True, False, True]
    assert step(run, 1).due_at == NOW + 4 * HOUR
    assert step(run, 3).after == [1]  # there is no seventh
    assert run.check_at == NOW + 4 * HOUR
    assert told(here.alice) == ["2 steps for you: Drill at Maple"]
    body = Delivery.objects.get(person=here.alice, channel="email").body
    assert "Step 1" in body
    assert "Step 4" in body
    assert "Step 3" not in body
    assert told(here.bob) == ["1 step for you: Drill at Maple"]


def test_a_step_without_an_owner_goes_to_whoever_began_it_else_to_the_front_office(here: Cast) -> None:
    empty = OwnerRole.objects.create(slug="principal", name="Principal")
    playbook = book(here, {"role": None}, {"role": empty})
    Membership.objects.filter(person=here.olive).update(role=Role.LEAD)
    run = begun(playbook, here)
    assert (step(run, 1).owner, step(run, 2).owner) == (here.lena, here.olive)
    assert step(begun(playbook, here, by=None), 1).owner == here.olive


def test_what_is_done_opens_what_waited_and_the_last_ends_it(here: Cast) -> None:
    run = begun(book(here, {}, {"after": [1]}, {"after": [1, 2], "role": None, "team": here.transportation}), here)
    with pytest.raises(running.NotNow):
        running.complete(step(run, 2).id, by=here.alice, evidence="early", now=NOW)
    with pytest.raises(running.EvidenceMissing):
        running.complete(step(run, 1).id, by=here.alice, evidence=" ", now=NOW)
    assert done(run, 1, here.alice)
    assert not done(run, 1, here.bob)  # the second of two at once
    assert step(run, 1).done_by == here.alice
    assert step(run, 2).open_at == NOW
    assert step(run, 3).open_at is None
    assert running.skip(step(run, 2).id, by=here.alice, why="no bus that day", now=NOW + HOUR)
    assert told(here.lena) == ["1 step for you: Drill at Maple"]
    assert run.refresh().ended_at is None
    assert done(run, 3, here.lena, NOW + 2 * HOUR)
    assert run.refresh().ended_at == NOW + 2 * HOUR
    assert not running.skip(step(run, 3).id, by=here.alice, why="again", now=NOW)


def test_a_step_that_asks_for_a_file_takes_no_word(here: Cast) -> None:
    run = begun(book(here, {"proof": "file"}), here)
    with pytest.raises(running.EvidenceMissing):
        done(run, 1, here.alice)


def test_a_reason_is_asked_for_what_is_left_out_or_ended(here: Cast) -> None:
    run = begun(book(here, {}), here)
    with pytest.raises(running.NotNow):
        running.skip(step(run, 1).id, by=here.alice, why=" ", now=NOW)
    with pytest.raises(running.NotNow):
        running.stop(run.id, by=here.lena, why="", now=NOW)
    assert running.stop(run.id, by=here.lena, why="begun twice", now=NOW)
    assert not running.stop(run.id, by=here.lena, why="begun twice", now=NOW)
    assert (run.refresh().stopped, run.refresh().ended_at, run.refresh().check_at) == ("Lena: begun twice", NOW, None)
    assert not done(run, 1, here.alice)


def test_given_to_somebody_else_who_hears_of_it(here: Cast) -> None:
    run = begun(book(here, {}), here)
    assert running.give(step(run, 1).id, to=here.bob, by=here.alice, now=NOW)
    assert not running.give(step(run, 1).id, to=here.bob, by=here.alice, now=NOW)
    assert told(here.bob) == ["Yours now: Step 1"]


def test_a_gated_run_ends_with_a_name_and_not_before(here: Cast) -> None:
    run = begun(book(here, {}, {}, gated=True), here)
    done(run, 1, here.alice)
    with pytest.raises(running.NotNow):
        running.sign(run.id, by=here.lena, written="Lena L.", now=NOW)
    done(run, 2, here.alice)
    assert run.refresh().ended_at is None
    assert told(here.lena) == ["To be signed: Drill at Maple"]
    with pytest.raises(running.NotNow):
        running.sign(run.id, by=here.lena, written="  ", now=NOW)
    assert running.sign(run.id, by=here.lena, written="Lena  L.", now=NOW + HOUR)
    assert not running.sign(run.id, by=here.lee, written="Lee", now=NOW + HOUR)
    signed = run.refresh()
    assert (signed.signed_as, signed.signed_by, signed.ended_at) == ("Lena L.", here.lena, NOW + HOUR)


def test_a_run_without_a_gate_takes_no_signature(here: Cast) -> None:
    run = begun(book(here, {}), here)
    assert not running.sign(run.id, by=here.lena, written="Lena", now=NOW)


def test_nothing_begins_without_steps_or_in_a_circle(here: Cast) -> None:
    with pytest.raises(running.NotNow):
        begun(book(here), here)
    with pytest.raises(running.NotNow):
        begun(book(here, {"after": [2]}, {"after": [1]}, slug="circle"), here)
    assert not PlaybookRun.objects.exists()


def test_what_is_late_is_told_once_to_owner_and_lead(here: Cast) -> None:
    playbook = book(here, {"terms": "within 1 hour"}, {"terms": "within 3 hours"}, {"terms": "within 2 hours", "after": [2]})
    run = begun(playbook, here)
    assert lateness.late(here.district.id, now=NOW + timedelta(minutes=59)) == 0
    assert lateness.late(here.district.id, now=NOW + timedelta(minutes=61)) == 1
    assert lateness.late(here.district.id, now=NOW + timedelta(minutes=62)) == 0
    assert told(here.alice, "Late") == told(here.lena, "Late") == ["Late: Drill at Maple"]
    assert run.refresh().check_at == NOW + 3 * HOUR
    assert (step(run, 1).late_told_at, step(run, 2).late_told_at) == (NOW + timedelta(minutes=61), None)
    done(run, 2, here.alice, NOW + 2 * HOUR)
    assert run.refresh().check_at == NOW + 4 * HOUR


def test_a_run_of_a_sensitive_ticket_keeps_its_words_inside(here: Cast) -> None:
    ticket = a_ticket(here, team=here.safety, service=here.counseling)
    run = begun(book(here, {}), here, ticket=ticket, title="Jordan moves")
    assert told(here.alice) == [f"1 step for you: Fire drill: #{ticket.number}"]
    page = reverse("playbook_run", args=[run.id])
    assert sign_in(here.alice, here.district).get(page).status_code == 200  # she owns a step, and was asked to help
    assert sign_in(here.bob, here.district).get(page).status_code == 404
    assert "Jordan" not in sign_in(here.lee, here.district).get(reverse("playbooks")).content.decode()


def test_a_run_that_began_with_a_gate_keeps_it_though_the_playbook_loses_its_own(here: Cast) -> None:
    gated = book(here, {}, gated=True)
    run = running.begin(gated, title="Wheels", by=here.lena, now=NOW)
    Playbook.objects.filter(id=gated.id).update(gated=False)
    running.complete(run.steps.get().id, by=here.lena, evidence="Done.", now=NOW)
    assert PlaybookRun.objects.get().ended_at is None, "it waits for its signature"
    assert running.sign(run.id, by=here.lena, written="Lena", now=NOW)


# --- one line, for whoever it is about --------------------------------------------------------------------------------


def moving(here: Cast, **more: Any) -> PlaybookRun:
    playbook = book(here, {"terms": "within 1 business day"}, {"terms": "within 1 business day", "after": [1]}, line="Your move")
    return begun(playbook, here, person=here.pat, now=timezone.now(), **more)


def test_the_person_gets_one_mail_at_the_beginning_and_one_at_the_end(here: Cast) -> None:
    run = moving(here)
    first = Delivery.objects.get(person=here.pat)
    assert (first.subject, first.channel, first.address) == ("Your move", "email", "pat@cedar-family.example")
    assert "0 of 2 done, the rest by " in first.body
    assert line.path(run) in first.body
    done(run, 1, here.alice)
    assert Delivery.objects.filter(person=here.pat).count() == 1
    done(run, 2, here.alice)
    assert "All of it is done." in Delivery.objects.filter(person=here.pat).latest("id").body


def test_the_page_of_one_line_tells_how_far_it_is_and_nothing_else(here: Cast) -> None:
    run = moving(here, facts={"From": "Oak Lane"})
    done(run, 1, here.alice, timezone.now())
    answer = visitor(here.district).get(line.path(run))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Your move" in page
    assert "1 of 2 done, the rest by " in page
    for inside in ("Step", "Alice", "Drill at Maple", "Oak Lane", "Pat"):
        assert inside not in page
    assert (answer["X-Robots-Tag"], answer["Referrer-Policy"]) == ("noindex", "no-referrer")
    assert visitor(here.district).post(line.path(run)).status_code == 405


def test_the_line_is_in_the_persons_language(here: Cast) -> None:
    here.pat.language = "es"
    here.pat.save()
    assert 'lang="es"' in visitor(here.district).get(line.path(moving(here))).content.decode()


def test_a_token_of_another_district_or_of_a_playbook_without_a_line_is_not_known(here: Cast, oak: Cast) -> None:
    run = moving(here)
    assert visitor(oak.district).get(line.path(run)).status_code == 404
    silent = begun(book(here, {}, slug="silent"), here)
    assert visitor(here.district).get(line.path(silent)).status_code == 404
    assert visitor(here.district).get("/matrix/playbooks/line/x%00y/").status_code == 404


def test_the_page_of_the_request_tells_the_line_to_its_requester_alone(here: Cast) -> None:
    mine, by_phone = a_ticket(here), a_ticket(here, channel="web")
    moving(here, ticket=mine)
    begun(Playbook.objects.get(), here, ticket=by_phone, person=here.pat, now=timezone.now())
    assert "Your move: 0 of 2 done" in visitor(here.district).get(f"/r/{mine.token}").content.decode()
    assert "Your move" not in visitor(here.district).get(f"/r/{by_phone.token}").content.decode()  # whoever typed her address


def test_what_is_late_is_said_without_a_day(here: Cast) -> None:
    run = moving(here)
    RunStep.objects.filter(run=run, order=1).update(due_at=NOW - HOUR)
    assert line.about(run, now=NOW).how_far == "0 of 2 done. Something takes longer than we planned."


# --- pages ------------------------------------------------------------------------------------------------------------


def post(client: Client, page: str, /, *args: Any, **data: Any) -> Any:
    return client.post(reverse(page, args=args), data)


def test_who_may_look_act_begin_and_edit(here: Cast, oak: Cast) -> None:
    playbook = book(here, {}, line="Your move")
    run = begun(playbook, here)
    page = reverse("playbook_run", args=[run.id])
    for who, status in ((here.bob, 200), (here.lee, 200), (here.pat, 302)):
        assert sign_in(who, here.district).get(page).status_code == status
    assert sign_in(oak.charlie, oak.district).get(page).status_code == 404
    bob, ada = sign_in(here.bob, here.district), sign_in(here.ada, here.district)
    for answer in (
        post(bob, "playbook_step_done", step(run, 1).id, evidence="x"), post(bob, "playbook_step_skip", step(run, 1).id, why="x"),
        post(bob, "playbook_stop", run.id, why="x"), post(bob, "playbook_sign", run.id, written="Bob"),
        bob.get(reverse("playbook_start", args=["drill"])), bob.get(reverse("playbook_edit", args=["drill"])),
        sign_in(here.lena, here.district).get(reverse("playbook_edit", args=["drill"])),
    ):  # fmt: skip
        assert answer.status_code == 403
    assert bob.get(reverse("playbook", args=["drill"])).status_code == 200
    assert ada.get(reverse("playbook_edit", args=["drill"])).status_code == 200
    assert step(run, 1).done_at is None


def test_a_lead_begins_a_move_for_a_family(here: Cast) -> None:
    usual.make(usual.MOVE)
    lena = sign_in(here.lena, here.district)
    ticket = a_ticket(here)
    start = reverse("playbook_start", args=["student-moves"])
    assert "First day there" in lena.get(start).content.decode()
    given = {"title": "Jordan moves", "fact_1": "Jordan", "fact_3": "Maple", "more": "Bus card: ends on Friday\nLikes trains"}
    assert lena.post(start, given | {"person": "Nobody Here"}).status_code == 422
    assert lena.post(start, given | {"ticket": "999999"}).status_code == 422
    answer = lena.post(start, given | {"person": "pat@cedar-family.example", "ticket": f"#{ticket.number}"}, follow=True)
    run = PlaybookRun.objects.get()
    assert run.facts == {"Student": "Jordan", "To": "Maple", "Bus card": "ends on Friday", "Likes trains": ""}
    assert (run.person, run.ticket, run.began_by) == (here.pat, ticket, here.lena)
    assert "School that is joined" in answer.content.decode()
    assert Delivery.objects.filter(person=here.pat, subject="The move to the new school").exists()


# --- a life event with a ticket of its own ----------------------------------------------------------------------------


def life(here: Cast, **more: Any) -> Playbook:
    return book(here, {}, {"after": [1]}, **{"slug": "move", "name": "A move", "kind": "life", "line": "Your move", **more})


def test_a_life_event_opens_a_ticket_on_whose_page_the_person_reads_how_far_it_is(here: Cast) -> None:
    playbook = life(here, service=here.bus_late)
    lena, start = sign_in(here.lena, here.district), reverse("playbook_start", args=["move"])
    assert "Transportation has it, as “Late or missing bus”." in lena.get(start).content.decode()
    given = {"title": "Jordan moves", "more": "Student: Jordan", "opens": "on"}
    assert lena.post(start, given).status_code == 422, "for whom?"
    assert lena.post(start, given | {"person": here.pat.name[:3]}).status_code == 422, "somebody whose name begins so is somebody else"
    ContactPoint.objects.filter(person=here.pat, kind="email").update(kind="phone")
    assert "they would not hear of the ticket" in lena.post(start, given | {"person": here.pat.name}).content.decode()
    ContactPoint.objects.filter(person=here.pat, kind="phone").update(kind="email")
    mine = given | {"person": "pat@cedar-family.example"}
    for _twice in range(2):
        assert lena.post(start, mine).status_code == 302
    ticket, run = Ticket.objects.get(), PlaybookRun.objects.get()
    assert (run.ticket, run.person, run.playbook) == (ticket, here.pat, playbook)
    assert (ticket.requester, ticket.opened_by, ticket.subject) == (here.pat, here.lena, "Your move")
    assert (ticket.service, ticket.team, ticket.assignee) == (here.bus_late, here.transportation, here.lena)
    assert ticket.placed_at, "triage has nothing to decide"
    assert lena.post(start, mine | {"title": "Again", "ticket": f"{ticket.number}"}).status_code == 422, "one or the other"
    mail = Delivery.objects.get(person=here.pat)
    assert (mail.subject, mail.address, mail.about) == ("Your move", "pat@cedar-family.example", ticket.id)
    (link,) = [word for word in mail.body.split() if f"/r/{ticket.token}" in word]
    page = visitor(here.district).get(link.partition("cedar.localhost")[2].lstrip(":0123456789"), follow=True).content.decode()
    assert "Your move: 0 of 2 done" in page
    assert "Jordan" not in page
    by_the_number_alone = visitor(here.district).get(f"/r/{ticket.token}").content.decode()
    assert "0 of 2 done" not in by_the_number_alone


def test_without_a_service_the_front_office_has_it_and_a_sensitive_one_is_closed_to_others(here: Cast) -> None:
    started: dict[str, Any] = {"title": "Jordan moves", "person": here.pat, "by": here.lena, "now": NOW}
    ticket = opening.begin(life(here), **started).ticket
    assert ticket is not None
    assert (ticket.team, ticket.service, ticket.assignee) == (here.front_office, None, None)
    closed = opening.begin(life(here, slug="other", service=here.counseling), **started)
    assert (closed.ticket.sensitive, closed.ticket.team) == (True, here.safety)  # type: ignore[union-attr]
    page = reverse("playbook_run", args=[closed.id])
    who = (here.lena, here.alice, here.bob)  # she began it; she owns a step
    assert [sign_in(one, here.district).get(page).status_code for one in who] == [200, 200, 404]


def test_where_it_cannot_begin_no_ticket_is_opened(here: Cast) -> None:
    playbook = book(here, slug="empty", kind="life", line="Your move")
    with pytest.raises(running.NotNow):
        opening.begin(playbook, title="Jordan moves", person=here.pat, by=here.lena, now=NOW)
    assert not Ticket.objects.exists()


def test_only_a_life_event_with_a_line_offers_a_ticket_and_its_service_is_chosen_on_its_page(here: Cast) -> None:
    book(here, {}, line="A drill")
    life(here)
    lena, ada = sign_in(here.lena, here.district), sign_in(here.ada, here.district)
    pages = [lena.get(reverse("playbook_start", args=[slug])).content.decode() for slug in ("drill", "move")]
    assert ["Open a ticket for them" in page for page in pages] == [False, True]
    edit = reverse("playbook_edit", args=["move"])
    shown = {"name": "A move", "kind": "life", "line": "Your move", "active": "on"}
    form = ada.get(edit).context["form"]
    assert ada.post(edit, shown | {"service": str(here.bus_late.id), "seen": form.fingerprint}).status_code == 302
    assert Playbook.objects.get(slug="move").service == here.bus_late
    assert "service" not in ada.get(reverse("playbook_edit", args=["drill"])).context["form"].fields


def test_a_playbook_of_ours_takes_the_service_that_districts_usually_have(here: Cast) -> None:
    Service.objects.create(slug="transfer-boundary", name="Transfers", team=here.front_office)
    assert usual.make(usual.MOVE).service == Service.objects.get(slug="transfer-boundary")
    assert usual.make(usual.HIRE).service is None, "this district has none of that name"


def test_a_step_is_proved_with_a_file_on_the_page(here: Cast) -> None:
    run = begun(book(here, {"proof": "file"}), here)
    alice = sign_in(here.alice, here.district)
    one = step(run, 1)
    refused = post(alice, "playbook_step_done", one.id, evidence="only words")
    assert refused.status_code == 422
    assert "only words" in refused.content.decode()
    log = SimpleUploadedFile("log.txt", b"all there", "text/plain")
    answer = alice.post(reverse("playbook_step_done", args=[one.id]), {"evidence": "", "proofs": log}, follow=True)
    assert "log.txt" in answer.content.decode()
    file = RunStepFile.objects.get()
    saved = alice.get(reverse("playbook_step_file", args=[file.id]))
    assert (saved.content, saved["X-Content-Type-Options"]) == (b"all there", "nosniff")
    assert sign_in(here.bob, here.district).get(reverse("playbook_step_file", args=[file.id])).status_code == 403


def test_the_page_of_steps_shows_what_a_person_owes(here: Cast) -> None:
    run = begun(book(here, {}, {"after": [1]}), here)
    page = sign_in(here.alice, here.district).get(reverse("steps")).content.decode()
    assert reverse("playbook_step_done", args=[step(run, 1).id]) in page
    assert reverse("playbook_step_done", args=[step(run, 2).id]) not in page
    assert "Drill at Maple" not in sign_in(here.bob, here.district).get(reverse("steps")).content.decode()
    assert "Drill at Maple" in sign_in(here.lee, here.district).get(reverse("steps") + "?whose=all").content.decode()


def test_give_skip_sign_and_stop_on_the_page(here: Cast) -> None:
    run = begun(book(here, {}, {}, gated=True), here)
    lena = sign_in(here.lena, here.district)
    assert post(lena, "playbook_step_give", step(run, 1).id, to=here.bob.id).status_code == 302
    assert step(run, 1).owner == here.bob
    assert post(sign_in(here.bob, here.district), "playbook_step_skip", step(run, 1).id, why="not needed").status_code == 302
    post(lena, "playbook_step_done", step(run, 2).id, evidence="seen")
    assert "Your name, as you sign" in lena.get(reverse("playbook_run", args=[run.id])).content.decode()
    post(lena, "playbook_sign", run.id, written="Lena")
    page = lena.get(reverse("playbook_run", args=[run.id])).content.decode()
    assert "Signed: Lena" in page
    assert "Bob left out “Step 1”: not needed" in page


# --- they are kept ----------------------------------------------------------------------------------------------------


def test_an_administrator_takes_one_of_ours_and_it_is_made_once(here: Cast) -> None:
    ada = sign_in(here.ada, here.district)
    OwnerRole.objects.create(slug="registrar", name="Registrar", holder=here.olive)
    for _click in range(2):
        assert post(ada, "playbook_use", "student-moves").status_code == 302
    playbook = Playbook.objects.get()
    assert playbook.steps.count() == len(usual.MOVE.items)
    assert playbook.steps.get(order=1).role == OwnerRole.objects.get(slug="registrar")
    assert playbook.steps.get(order=4).team == here.transportation
    assert post(ada, "playbook_use", "no-such").status_code == 404
    assert post(sign_in(here.lena, here.district), "playbook_use", "new-hire").status_code == 403


def test_an_administrator_writes_a_playbook_step_by_step(here: Cast) -> None:
    ada = sign_in(here.ada, here.district)
    post(ada, "playbook_new", name="Bus drill", kind="drill", active="on")
    made = {"title": "Call the drivers", "proof": "text", "terms": "within 2 business hours", "whom": f"team:{here.transportation.id}"}
    assert post(ada, "playbook_kept_step_new", "bus-drill", **made).status_code == 302
    assert post(ada, "playbook_kept_step_new", "bus-drill", **{**made, "title": "Count", "after": [1]}).status_code == 302
    for words in ("whenever", "48-hour notice"):
        assert post(ada, "playbook_kept_step_new", "bus-drill", **{**made, "terms": words}).status_code == 422
    first, second = PlaybookStep.objects.order_by("order")
    assert (first.team, first.terms, second.after) == (here.transportation, "within 2 business hours", [1])
    assert "wait for one another" in _edited(ada, first, after=[2]).content.decode()
    assert first.refresh().after == []


def _edited(ada: Client, row: PlaybookStep, **data: Any) -> Any:
    page = ada.get(reverse("playbook_kept_step", args=["bus-drill", row.id]))
    seen = page.context["form"].fingerprint
    return post(ada, "playbook_kept_step", "bus-drill", row.id, title=row.title, proof="text", seen=seen, **data)


def test_steps_change_places_and_keep_what_they_wait_for(here: Cast) -> None:
    playbook = book(here, {"title": "a"}, {"title": "b", "after": [1]}, {"title": "c", "after": [1, 2]})
    first, second, third = playbook.steps.order_by("order")
    assert keeping.move_step(playbook, third.id, up=True, now=NOW)
    assert list(playbook.steps.order_by("order").values_list("title", "after")) == [("a", []), ("c", [1, 3]), ("b", [1])]
    assert not keeping.move_step(playbook, first.id, up=True, now=NOW)
    keeping.remove_step(playbook, first.id, now=NOW)
    assert list(playbook.steps.order_by("order").values_list("order", "title", "after")) == [(1, "c", [2]), (2, "b", [])]
    assert playbook.refresh().edited_at == NOW
    assert second.refresh().order == 2


# --- a feed fails -----------------------------------------------------------------------------------------------------


@pytest.fixture
def rows(here: Cast) -> Sync:
    return usually(make_sync(here))


def usually(rows: Sync) -> Sync:
    """With the playbook that every process begins when nothing else is said."""
    rows.process.failing = ""
    rows.process.save()
    return rows


def fail(rows: Sync, here: Cast, now: datetime, outcome: str = "failed") -> None:
    pings.hear(rows.feed.refresh(), pings.Told(outcome, note="disk full"), now=now)
    sweep(here, now)


def notes(ticket: Ticket) -> list[str]:
    return list(Message.objects.filter(ticket=ticket, kind="note").order_by("at", "id").values_list("text", flat=True))


def test_a_failed_feed_opens_one_ticket_with_its_playbook(here: Cast, rows: Sync) -> None:
    rows.process.primary.team = here.transportation  # type: ignore[union-attr]
    rows.process.primary.save()  # type: ignore[union-attr]
    fail(rows, here, NOW)
    run = PlaybookRun.objects.get()
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.requester, ticket.team) == ("Failed: Attendance to transportation", rows.rosa, here.transportation)
    assert ticket.placed_at == NOW  # triage has nothing to decide
    assert (run.ticket, run.process, run.feed_run) == (ticket, rows.process, FeedRun.objects.get())
    assert step(run, 1).owner == rows.rosa
    assert step(run, 1).due_at == NOW + timedelta(minutes=30)
    assert run.facts["What it told"] == "disk full"
    assert Escalation.objects.get().ended_at is None  # and the ladder is climbed
    mails = Delivery.objects.filter(person=rows.rosa, channel="email")
    assert mails.count() == 1  # of the ladder and of the playbook
    assert "Bring the data over by hand now" in mails.get().body


def test_more_of_the_same_trouble_is_written_on_its_ticket_and_so_is_that_it_is_back(here: Cast, rows: Sync) -> None:
    fail(rows, here, NOW)
    fail(rows, here, NOW + HOUR, "partial")
    ticket = Ticket.objects.get()
    assert PlaybookRun.objects.count() == 1
    assert "was begun: http" in notes(ticket)[0]
    assert "in part" in notes(ticket)[1]
    pings.hear(rows.feed.refresh(), pings.Told(), now=NOW + 2 * HOUR)
    assert "has run again" in notes(ticket)[-1]
    assert PlaybookRun.objects.get().ended_at is None  # the cause is still to be found
    fail(rows, here, NOW + 3 * HOUR)
    assert PlaybookRun.objects.count() == 1


def test_new_trouble_after_the_ticket_was_solved_opens_another(here: Cast, rows: Sync) -> None:
    fail(rows, here, NOW)
    Ticket.objects.update(status="resolved")
    fail(rows, here, NOW + HOUR)
    assert PlaybookRun.objects.count() == Ticket.objects.count() == 2


def test_a_run_that_is_missed_opens_a_ticket_only_where_it_stays_late(here: Cast, rows: Sync) -> None:
    sweep(here, NOW)
    FeedRun.objects.create(feed=rows.feed, outcome="missed", at=NOW, expected_at=NOW)
    Feed.objects.filter(id=rows.feed.id).update(state="late")
    sweep(here, NOW)
    assert Escalation.objects.count() == 1
    assert not PlaybookRun.objects.exists()
    FeedRun.objects.create(feed=rows.feed, outcome="missed", at=NOW + HOUR, expected_at=NOW + HOUR)
    sweep(here, NOW + HOUR)
    assert PlaybookRun.objects.count() == 1


def test_a_playbook_that_cannot_begin_stops_no_ladder(here: Cast, rows: Sync, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **more: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(running, "begin", broken)
    fail(rows, here, NOW)
    assert Escalation.objects.get().level == 1
    assert not Ticket.objects.exists()  # nothing half done
    assert FeedRun.objects.get().handled_at == NOW


def test_a_process_has_its_own_playbook_or_none(here: Cast, rows: Sync) -> None:
    own = book(here, {}, slug="export-failed", kind="feed")
    keeping.begins_for(own, [rows.process])
    fail(rows, here, NOW)
    assert PlaybookRun.objects.get().playbook == own
    other = usually(make_sync(here, slug="meals"))
    Playbook.objects.update(active=False)
    keeping.begins_for(own, [other.process])
    assert rows.process.refresh().failing == ""
    fail(other, here, NOW)
    assert PlaybookRun.objects.count() == 1
