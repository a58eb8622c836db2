"""Two tickets about one need are one, and can be taken apart again."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from delivery.models import Delivery
from districts.access import actor_for
from districts.models import Person, Priority
from districts.scope import district_scope
from intake.receiving import joining
from routing import merging, queue
from routing.queue import Desk
from sla.actions import derive, drain_clocks
from sla.models import Breach, Clock
from tests.conftest import NOW, Cast, a_ticket, make_district, person, sign_in, visitor
from tickets import actions as tickets
from tickets import family, queries
from tickets.actions import NotPossible, Words
from tickets.models import Event, Follower, Message, Ticket

HOUR = timedelta(hours=1)
WHY = "Both are about bus 9."
Status = Ticket.Status


@pytest.fixture
def ben(here: Cast) -> Person:
    return person("Ben Cho", "ben@cedar-family.example", kind="parent")


def merged(here: Cast, **more: Any) -> tuple[Ticket, Ticket]:
    """(the survivor, what was merged into it an hour after it was opened)."""
    stays, goes = a_ticket(here, text="bus 9 is late"), a_ticket(here, text="no bus 9 at Fern", **more)
    tickets.merge(goes, into=stays, by=here.alice, why=WHY, now=NOW + HOUR)
    return stays, goes


def clocks(ticket: Ticket) -> list[str]:
    derive(ticket.refresh(), now=max(NOW + HOUR, ticket.facts_at))
    return list(Clock.objects.filter(ticket=ticket).order_by("kind").values_list("state", flat=True))


# --- the act --------------------------------------------------------------------------------------------------------------


def test_both_tell_of_it_and_the_survivor_is_as_it_was(here: Cast) -> None:
    stays, goes = merged(here)
    goes.refresh()
    assert (goes.status, goes.merged_into_id, stays.refresh().status) == (Status.MERGED, stays.id, Status.NEW)
    told = {ticket.id: Event.objects.get(ticket=ticket, kind="merged") for ticket in (stays, goes)}
    assert (told[goes.id].data["number"], told[goes.id].data["why"], told[goes.id].by) == (stays.number, WHY, here.alice)
    assert (told[stays.id].data["number"], told[stays.id].data["channel"]) == (goes.number, "email")
    assert family.merged_ids(stays) == [goes.id]


def test_nobody_is_mailed_by_it(here: Cast, ben: Person) -> None:
    merged(here, requester=ben)
    assert not Delivery.objects.exists()


def test_a_chain_ends_in_one_and_a_circle_cannot_be(here: Cast) -> None:
    one, two, three = a_ticket(here), a_ticket(here), a_ticket(here)
    tickets.merge(one, into=two, by=here.alice, why=WHY, now=NOW)
    tickets.merge(two, into=three, by=here.alice, why=WHY, now=NOW)
    assert tickets.survivor(one).id == three.id
    assert set(family.merged_ids(three)) == {one.id, two.id}
    with pytest.raises(NotPossible):
        tickets.merge(three, into=one, by=here.alice, why=WHY, now=NOW)
    with pytest.raises(NotPossible):
        tickets.merge(three, into=three, by=here.alice, why=WHY, now=NOW)


def test_into_one_that_was_merged_is_into_the_one_that_lives(here: Cast) -> None:
    stays, goes = merged(here)
    late = a_ticket(here)
    assert tickets.merge(late, into=goes, by=here.alice, why=WHY, now=NOW + HOUR).id == stays.id
    assert late.refresh().merged_into_id == stays.id


def test_a_circle_in_old_rows_is_no_endless_loop(here: Cast) -> None:
    one, two = merged(here)
    tickets.record(two, "merged", by=None, now=NOW, data={"from": str(one.id)})
    Ticket.objects.filter(id=one.id).update(merged_into=two)
    assert family.merged_ids(one.refresh()) == [two.id]
    assert tickets.survivor(one).id in (one.id, two.id)


def test_followers_the_other_requester_and_whoever_had_it_keep_sight(here: Cast, ben: Person) -> None:
    goes = a_ticket(here, requester=ben)
    tickets.follow(goes, person=here.bob, now=NOW)
    tickets.assign(goes, to=here.olive, by=here.olive, now=NOW)
    stays = a_ticket(here)
    tickets.merge(goes, into=stays, by=here.alice, why=WHY, now=NOW)
    followers = set(Follower.objects.filter(ticket=stays).values_list("person__name", flat=True))
    assert followers == {"Ben Cho", "Bob", "Olive"}
    tickets.follow(stays, person=here.lena, now=NOW)
    tickets.unmerge(goes, by=here.alice, now=NOW)
    assert set(Follower.objects.filter(ticket=stays).values_list("person__name", flat=True)) == {"Lena"}
    assert goes.refresh().assignee_id == here.olive.id


def test_whoever_followed_the_survivor_before_still_does_when_it_is_taken_apart(here: Cast, ben: Person) -> None:
    stays, goes = a_ticket(here), a_ticket(here, requester=ben)
    tickets.follow(stays, person=ben, now=NOW)
    tickets.merge(goes, into=stays, by=here.alice, why=WHY, now=NOW)
    tickets.unmerge(goes, by=here.alice, now=NOW)
    assert Follower.objects.filter(ticket=stays, person=ben).exists()


# --- what may not be ------------------------------------------------------------------------------------------------------


def test_danger_is_never_merged_away(here: Cast) -> None:
    danger, calm = a_ticket(here), a_ticket(here)
    Ticket.objects.filter(id=danger.id).update(crisis=True)
    with pytest.raises(NotPossible, match="words of danger"):
        tickets.merge(danger, into=calm, by=here.alice, why=WHY, now=NOW)
    tickets.merge(calm, into=danger, by=here.alice, why=WHY, now=NOW)
    assert danger.refresh().crisis


def test_sensitive_words_are_not_shown_to_more_people(here: Cast, ben: Person) -> None:
    private = a_ticket(here, service=here.counseling, team=here.safety)
    plain, elsewhere = a_ticket(here), a_ticket(here, service=here.counseling, team=here.transportation)
    for into in (plain, elsewhere):
        with pytest.raises(NotPossible, match="sensitive"):
            tickets.merge(private, into=into, by=here.ada, why=WHY, now=NOW)
    with pytest.raises(NotPossible, match="another person"):
        tickets.merge(a_ticket(here, requester=ben), into=private, by=here.ada, why=WHY, now=NOW)
    tickets.follow(plain, person=here.bob, now=NOW)
    tickets.merge(plain, into=private, by=here.ada, why=WHY, now=NOW)
    assert not Follower.objects.filter(ticket=private).exists()


def test_what_was_over_long_ago_takes_nothing_in_and_what_was_just_resolved_is_opened(here: Cast) -> None:
    old = a_ticket(here)
    tickets.resolve(old, by=here.alice, now=NOW)
    with pytest.raises(NotPossible, match="too long ago"):
        tickets.merge(a_ticket(here), into=old, by=here.alice, why=WHY, now=NOW + timedelta(days=15))
    tickets.merge(a_ticket(here), into=old, by=here.alice, why=WHY, now=NOW + timedelta(days=2))
    assert old.refresh().status == Status.OPEN
    assert Event.objects.filter(ticket=old, kind="reopened").exists()


def test_a_survivor_that_waits_for_this_very_person_goes_on(here: Cast, ben: Person) -> None:
    for requester, status in ((here.pat, Status.OPEN), (ben, Status.WAITING_REQUESTER)):
        stays = a_ticket(here)
        tickets.wait_for(stays, on=Status.WAITING_REQUESTER, by=here.alice, now=NOW)
        tickets.merge(a_ticket(here, requester=requester), into=stays, by=None, why=WHY, now=NOW)
        assert stays.refresh().status == status


def test_what_was_more_urgent_stays_so_until_it_is_taken_apart(here: Cast) -> None:
    stays, goes = a_ticket(here), a_ticket(here)
    tickets.set_priority(goes, priority=Priority.URGENT, by=here.alice, now=NOW)
    tickets.merge(goes, into=stays, by=here.alice, why=WHY, now=NOW)
    assert stays.refresh().priority == Priority.URGENT
    tickets.unmerge(goes, by=here.alice, now=NOW)
    assert stays.refresh().priority == Priority.NORMAL


def test_no_other_act_changes_what_was_merged(here: Cast) -> None:
    _stays, goes = merged(here)
    with pytest.raises(NotPossible):
        tickets.reply(goes, by=here.alice, words=Words(text="hello"), now=NOW)
    with pytest.raises(NotPossible):
        tickets.reopen(goes, by=here.alice, now=NOW)
    tickets.resolve(goes, by=here.alice, now=NOW)
    assert goes.refresh().status == Status.MERGED


def test_another_district_s_ticket_is_not_there(here: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        foreign = Ticket.objects.get()
    mine = a_ticket(here)
    with pytest.raises(Ticket.DoesNotExist):
        tickets.merge(mine, into=foreign, by=here.alice, why=WHY, now=NOW)
    assert mine.refresh().status == Status.NEW


# --- promises -------------------------------------------------------------------------------------------------------------


def test_its_promises_are_void_and_the_survivor_s_go_on(here: Cast) -> None:
    stays, goes = merged(here)
    assert clocks(goes) == ["void", "void"]
    assert clocks(stays) == ["running", "running"]
    assert goes.refresh().due_at is None
    drain_clocks(here.district.id, now=NOW + timedelta(days=30))
    assert set(Breach.objects.values_list("ticket_id", flat=True)) == {stays.id}


def test_taken_apart_its_promises_go_on_without_the_time_between(here: Cast) -> None:
    _stays, goes = merged(here)
    derive(goes, now=NOW + HOUR)
    later = NOW + timedelta(days=1, hours=1)  # the same time of the next day
    tickets.unmerge(goes, by=here.alice, now=later)
    derive(goes, now=later)
    first, whole = Clock.objects.filter(ticket=goes).order_by("kind")
    assert [first.state, whole.state] == ["running", "running"]
    assert first.due_at == NOW + timedelta(days=1, hours=4)  # four hours, of which one was used
    assert first.due_at == goes.refresh().due_at


def test_what_was_answered_before_is_judged_once(here: Cast) -> None:
    goes = a_ticket(here)
    tickets.reply(goes, by=here.alice, words=Words(text="soon"), now=NOW + HOUR)
    tickets.merge(goes, into=a_ticket(here), by=here.alice, why=WHY, now=NOW + 2 * HOUR)
    assert clocks(goes) == ["met", "void"]
    tickets.unmerge(goes, by=here.alice, now=NOW + 3 * HOUR)
    assert clocks(goes) == ["met", "running"]


# --- words ----------------------------------------------------------------------------------------------------------------


def test_a_reply_to_the_merged_one_lands_in_the_survivor_and_reopens_nothing(here: Cast) -> None:
    stays, goes = merged(here)
    tickets.requester_wrote(goes, author=here.pat, channel="email", words=Words(text="any news?"), now=NOW + 2 * HOUR)
    assert Message.objects.get(text="any news?").ticket_id == stays.id
    assert goes.refresh().status == Status.MERGED


def test_a_text_to_a_merged_conversation_lands_in_the_survivor(here: Cast) -> None:
    """It is known by the number alone, within 72 hours."""
    stays, goes = a_ticket(here, channel="email"), a_ticket(here, channel="sms")
    tickets.merge(goes, into=stays, by=here.alice, why=WHY, now=NOW)
    assert joining._by_number(here.pat, NOW + HOUR).joins == stays


def test_an_answer_goes_to_each_person_who_asked_without_the_other_s_words(here: Cast, ben: Person) -> None:
    stays, goes = merged(here, requester=ben)
    twin = a_ticket(here, requester=ben)
    tickets.merge(twin, into=stays, by=here.alice, why=WHY, now=NOW + HOUR)
    tickets.reply(stays, by=here.alice, words=Words(text="It is on its way."), now=NOW + 2 * HOUR)
    letters = {row.address: row for row in Delivery.objects.filter(purpose="reply")}
    assert set(letters) == {"pat@cedar-family.example", "ben@cedar-family.example"}
    his = letters["ben@cedar-family.example"]
    assert (his.about, his.person) == (goes.id, ben)
    assert f"#{goes.number}" in his.subject
    assert f"/r/{goes.token}" in his.body
    assert stays.token not in his.body + his.reply_to
    assert "bus 9 is late" not in his.body + his.references
    assert Delivery.objects.filter(purpose="reply").count() == 2


def test_what_becomes_sensitive_later_answers_its_own_requester_alone(here: Cast, ben: Person) -> None:
    stays, goes = merged(here, requester=ben)
    Ticket.objects.filter(id=stays.id).update(sensitive=True, team=here.transportation)
    stays.refresh_from_db()
    tickets.reply(stays, by=here.alice, words=Words(text="About your child."), now=NOW + 2 * HOUR)
    assert [row.address for row in Delivery.objects.filter(purpose="reply")] == ["pat@cedar-family.example"]
    assert "About your child." not in visitor(here.district).get(f"/r/{goes.token}").content.decode()
    page = said(sign_in(here.alice, here.district).get(f"/desk/{stays.id}/"))
    assert "Take apart what others asked, or they get none: Ben Cho" in " ".join(page.split())


def test_a_person_who_asked_twice_gets_one_answer(here: Cast) -> None:
    stays, _goes = merged(here)
    tickets.reply(stays, by=here.alice, words=Words(text="It is on its way."), now=NOW + 2 * HOUR)
    assert Delivery.objects.get(purpose="reply").about == stays.id


def test_closing_the_survivor_ends_it_all(here: Cast) -> None:
    stays, _goes = merged(here)
    tickets.resolve(stays, by=here.alice, now=NOW + 2 * HOUR)
    tickets.close_resolved(now=NOW + timedelta(days=8))
    assert stays.refresh().status == Status.CLOSED
    assert not Ticket.objects.filter(status__in=Ticket.LIVE).exists()


# --- taken apart ----------------------------------------------------------------------------------------------------------


def test_taken_apart_each_has_its_own_words_and_what_came_later_stays(here: Cast) -> None:
    stays, goes = merged(here)
    tickets.requester_wrote(goes, author=here.pat, channel="email", words=Words(text="any news?"), now=NOW + 2 * HOUR)
    assert tickets.unmerge(goes, by=here.alice, now=NOW + 3 * HOUR) == stays
    assert [m.text for m in queries.conversation(goes.refresh(), notes=True)] == ["no bus 9 at Fern"]
    assert [m.text for m in queries.conversation(stays, notes=True)] == ["bus 9 is late", "any news?"]
    assert (goes.status, goes.merged_into) == (Status.NEW, None)
    assert family.merged_ids(stays) == []
    assert Event.objects.filter(kind="unmerged").count() == 2


def test_twice_is_once(here: Cast) -> None:
    _stays, goes = merged(here)
    tickets.unmerge(goes, by=here.alice, now=NOW + HOUR)
    assert tickets.unmerge(goes, by=here.alice, now=NOW + HOUR) is None
    assert Event.objects.filter(kind="unmerged").count() == 2


def test_what_was_resolved_before_is_resolved_again_and_meanwhile_in_no_list(here: Cast) -> None:
    goes = a_ticket(here)
    tickets.resolve(goes, by=here.alice, now=NOW)
    tickets.merge(goes, into=a_ticket(here), by=here.alice, why=WHY, now=NOW + HOUR)
    assert goes.refresh().resolved_at is None
    tickets.unmerge(goes, by=here.alice, now=NOW + 2 * HOUR)
    assert (goes.refresh().status, goes.resolved_at) == (Status.RESOLVED, NOW)


def test_merged_again_after_it_was_taken_apart(here: Cast) -> None:
    stays, goes = merged(here)
    tickets.unmerge(goes, by=here.alice, now=NOW + 2 * HOUR)
    tickets.merge(goes, into=stays, by=here.alice, why=WHY, now=NOW + 3 * HOUR)
    assert clocks(goes) == ["void", "void"]
    assert family.merged_ids(stays) == [goes.id]


# --- the desk -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def alice(here: Cast) -> Client:
    return sign_in(here.alice, here.district)


def said(response: Any) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


def test_the_desk_offers_what_it_might_be_and_finds_by_number_and_words(here: Cast, alice: Client) -> None:
    twin, linked = a_ticket(here, text="bus 9 has not come"), a_ticket(here, text="gym lights", requester=here.bob)
    mine = a_ticket(here, text="no bus 9 at Fern")
    tickets.link(mine, other=linked, kind="may_belong", now=NOW)
    page = said(alice.get(f"/desk/{mine.id}/merge/"))
    assert page.index("gym lights") < page.index("bus 9 has not come")
    assert "May belong to" in page
    assert "The same person" in page
    assert "bus 9 has not come" in said(alice.get(f"/desk/{mine.id}/merge/?q=%23{twin.number}"))
    assert "gym lights" in said(alice.get(f"/desk/{mine.id}/merge/?q=lights"))
    assert "No other ticket" in said(alice.get(f"/desk/{mine.id}/merge/?q=zebra"))


def test_the_page_says_what_will_happen_and_then_it_happens_once(here: Cast, alice: Client, ben: Person) -> None:
    goes = a_ticket(here, requester=ben, team=here.technology, now=NOW - HOUR)
    stays = a_ticket(here, team=here.transportation)
    derive(goes, now=NOW)
    derive(stays, now=NOW)
    page = said(alice.get(f"/desk/{goes.id}/merge/?into={stays.id}"))
    for words in (
        "Each answer goes to both Pat Parent and Ben Cho",
        "was promised something sooner",
        "leaves the queue of Technology",
        "The other way",
    ):
        assert words in page
    for _click in range(2):
        done = alice.post(f"/desk/{goes.id}/merge/", {"into": str(stays.id), "why": "Same bus"}, follow=True)
        assert f"#{goes.number} is now part of #{stays.number}" in said(done)
    assert Event.objects.filter(ticket=stays, kind="merged").count() == 1
    shown = said(done)
    assert f"Alice merged #{goes.number} into it because: Same bus" in " ".join(shown.split())
    assert f"from #{goes.number}" in shown
    assert "Take apart" in shown
    assert "Ben Cho (each in a letter of their own)" in " ".join(shown.split())


def test_taken_apart_from_either_page_by_one_click_and_a_second_does_nothing(here: Cast, alice: Client) -> None:
    stays, goes = merged(here)
    for ticket in (stays, goes):
        assert f'action="/desk/{goes.id}/take-apart/' in alice.get(f"/desk/{ticket.id}/").content.decode()
    done = alice.post(f"/desk/{goes.id}/take-apart/", follow=True)
    assert "stands by itself again" in said(done)
    assert "stands by itself" in said(alice.post(f"/desk/{goes.id}/take-apart/", follow=True))
    assert "take-apart" not in alice.get(f"/desk/{stays.id}/").content.decode()
    assert Event.objects.filter(kind="unmerged").count() == 2


def test_what_stands_in_the_way_is_said_with_the_way_out(here: Cast, alice: Client) -> None:
    danger, calm = a_ticket(here), a_ticket(here)
    Ticket.objects.filter(id=danger.id).update(crisis=True)
    page = alice.get(f"/desk/{danger.id}/merge/?into={calm.id}")
    assert f"Merge #{calm.number} into #{danger.number} instead" in said(page)
    assert alice.post(f"/desk/{danger.id}/merge/", {"into": str(calm.id)}).status_code == 422
    assert danger.refresh().status == Status.NEW


def test_nobody_merges_what_is_not_theirs_to_work_on(here: Cast, oak: Cast, alice: Client) -> None:
    mine, private = a_ticket(here), a_ticket(here, service=here.counseling, team=here.safety)
    with district_scope(oak.district.id):
        foreign = Ticket.objects.get()
    for other in (private, foreign):
        assert alice.post(f"/desk/{mine.id}/merge/", {"into": str(other.id)}).status_code == 404
        assert alice.post(f"/desk/{other.id}/merge/", {"into": str(mine.id)}).status_code == 404
        assert alice.post(f"/desk/{other.id}/take-apart/").status_code == 404
    assert "counsel" not in said(alice.get(f"/desk/{mine.id}/merge/?q=%23{private.number}"))
    Ticket.objects.filter(id=mine.id).update(status="merged", merged_into=private)
    assert alice.post(f"/desk/{mine.id}/take-apart/").status_code == 404


def test_a_mail_s_files_are_opened_in_the_survivor(here: Cast, alice: Client) -> None:
    stays, goes = merged(here)
    message = Message.objects.get(ticket=goes)
    Message.objects.filter(id=message.id).update(html="<p>no bus</p>")
    assert alice.get(f"/desk/{stays.id}/mail/{message.id}/").status_code == 200
    other = a_ticket(here)
    assert alice.get(f"/desk/{other.id}/mail/{message.id}/").status_code == 404


def test_its_people_hear_of_it_in_the_app_and_whoever_did_it_does_not(here: Cast) -> None:
    stays, goes = a_ticket(here, team=here.transportation), a_ticket(here)
    tickets.assign(stays, to=here.lena, by=here.lena, now=NOW)
    tickets.assign(goes, to=here.olive, by=here.olive, now=NOW)
    merging.merge(goes, into=stays, by=here.alice, why=WHY, now=NOW)
    told = Delivery.objects.filter(dedupe_key__startswith="merged:")
    assert {(row.person.name, row.channel) for row in told} == {("Lena", "inapp"), ("Olive", "inapp")}


def test_the_queue_counts_one(here: Cast, alice: Client) -> None:
    stays, goes = a_ticket(here, team=here.transportation), a_ticket(here, team=here.transportation)
    desk = Desk(actor_for(here.alice), NOW)
    assert queue.counts(desk)["team"] == 2
    merging.merge(goes, into=stays, by=here.alice, why=WHY, now=NOW)
    assert (queue.counts(desk)["team"], queue.counts(desk)["resolved"]) == (1, 0)
    merging.unmerge(goes, by=here.alice, now=NOW)
    assert queue.counts(desk)["team"] == 2


# --- two at once ----------------------------------------------------------------------------------------------------------


def at_once(cast: Cast, *acts: Callable[[], Any]) -> list[Any]:
    """Each in a transaction and a thread of its own, all begun together; what each returned or raised."""
    gate, ends = threading.Barrier(len(acts)), [None] * len(acts)

    def run(n: int, act: Callable[[], Any]) -> None:
        try:
            with district_scope(cast.district.id):
                gate.wait(10)
                ends[n] = act()
        except Exception as error:  # noqa: BLE001
            ends[n] = error  # type: ignore[call-overload]
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n, act)) for n, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return ends


@pytest.fixture
def two(transactional_db: None) -> tuple[Cast, Ticket, Ticket]:
    cast = make_district("cedar", "cedar.localhost", "America/Los_Angeles", "cedar")
    with district_scope(cast.district.id):
        return cast, a_ticket(cast, text="one"), a_ticket(cast, text="other")


def again(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(id=ticket.id)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_two_merges_crosswise_end_with_one_survivor(two: tuple[Cast, Ticket, Ticket]) -> None:
    cast, one, other = two
    for _round in range(5):
        ends = at_once(
            cast,
            lambda: tickets.merge(again(one), into=again(other), by=None, why=WHY, now=NOW),
            lambda: tickets.merge(again(other), into=again(one), by=None, why=WHY, now=NOW),
        )
        assert sum(isinstance(end, NotPossible) for end in ends) == 1, ends
        with district_scope(cast.district.id):
            merged = Ticket.objects.get(merged_into__isnull=False)
            tickets.unmerge(merged, by=None, now=NOW)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_the_same_merge_twice_and_the_same_undo_twice_happen_once(two: tuple[Cast, Ticket, Ticket]) -> None:
    cast, one, other = two
    twice = [lambda: tickets.merge(again(one), into=again(other), by=None, why=WHY, now=NOW)] * 2
    assert sum(isinstance(end, NotPossible) for end in at_once(cast, *twice)) == 1
    undone = at_once(cast, *[lambda: tickets.unmerge(again(one), by=None, now=NOW)] * 3)
    assert sorted(end is None for end in undone) == [False, True, True]
    with district_scope(cast.district.id):
        assert Event.objects.filter(kind="unmerged").count() == 2


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_words_that_come_during_a_merge_are_in_the_survivor_or_go_along(two: tuple[Cast, Ticket, Ticket]) -> None:
    cast, one, other = two
    for n in range(6):
        words = Words(text=f"news {n}")

        def write(words: Words = words) -> Any:
            return tickets.requester_wrote(tickets.take(again(one)), author=cast.pat, channel="email", words=words, now=NOW + HOUR)

        ends = at_once(cast, write, lambda: tickets.merge(again(one), into=again(other), by=None, why=WHY, now=NOW))
        assert not [end for end in ends if isinstance(end, Exception)], ends
        with district_scope(cast.district.id):
            assert Message.objects.filter(text=words.text).count() == 1
            assert again(one).status == Status.MERGED
            assert words.text in [m.text for m in queries.conversation_of([again(other), *family.merged_here(other)])]
            tickets.unmerge(again(one), by=None, now=NOW)


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_words_and_an_undo_at_once_wait_for_each_other_and_none_is_lost(two: tuple[Cast, Ticket, Ticket]) -> None:
    cast, one, other = two
    for n in range(6):
        with district_scope(cast.district.id):
            tickets.merge(again(one), into=again(other), by=None, why=WHY, now=NOW)
        words = Words(text=f"news {n}")

        def write(words: Words = words) -> Any:
            return tickets.requester_wrote(tickets.take(again(one)), author=cast.pat, channel="email", words=words, now=NOW + HOUR)

        ends = at_once(cast, write, lambda: tickets.unmerge(again(one), by=None, now=NOW))
        assert not [end for end in ends if isinstance(end, Exception)], ends
        with district_scope(cast.district.id):
            assert Message.objects.filter(text=words.text).count() == 1
