"""One person over all channels: by exact match, or by a person's word; and two again where that was wrong."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from delivery.models import Delivery
from districts.access import Actor, actor_for
from districts.contacts import Contact
from districts.models import ContactPoint, Membership, Person
from districts.queries import people_like, person_by_contact
from districts.scope import district_scope
from intake.models import MergeSuggestion, PersonMerge
from intake.people import roster
from intake.people.merging import NotOne, merge_people, stays_and_goes, two_people, unmerge_people
from intake.people.recognising import recognise
from intake.queries import known_sender
from sla.actions import derive
from tests.conftest import Cast, a_ticket, sign_in, visitor
from tickets import actions as tickets
from tickets.actions import Words
from tickets.models import Follower, Message, Ticket

MINUTE = timedelta(minutes=1)


def somebody(name: str, value: str, *, kind: str = "public", **more: Any) -> Person:
    someone: Person = Person.objects.create(name=name, kind=kind, **more)
    ContactPoint.objects.create(person=someone, kind="email" if "@" in value else "phone", value=value)
    return someone


def addresses(who: Person) -> set[str]:
    return set(ContactPoint.objects.filter(person=who).values_list("value", flat=True))


@pytest.fixture
def agent(here: Cast) -> Actor:
    return actor_for(here.alice)


@pytest.fixture
def admin(here: Cast) -> Actor:
    return actor_for(here.ada)


@pytest.fixture
def dolores(here: Cast) -> Person:
    return somebody("Dolores Quill", "dolores@family.example", kind="parent")


@pytest.fixture
def phone(here: Cast) -> Person:
    return somebody("", "+12535550171")


# --- made one -------------------------------------------------------------------------------------------------------------


def test_addresses_tickets_words_and_letters_go_to_the_one_that_stays(here: Cast, agent: Actor, dolores: Person, phone: Person) -> None:
    now = timezone.now()
    by_phone, by_mail = a_ticket(here, requester=phone, channel="sms"), a_ticket(here, requester=dolores)
    tickets.reply(by_phone, by=here.alice, words=Words(text="On its way."), now=now)
    followed = a_ticket(here)
    tickets.follow(followed, person=phone, now=now)
    merge_people(dolores, phone, actor=agent, now=now)
    assert addresses(dolores) == {"dolores@family.example", "+12535550171"}
    assert set(Ticket.objects.filter(requester=dolores)) == {by_phone, by_mail}
    assert Message.objects.get(ticket=by_phone, kind="request").author == dolores
    assert Delivery.objects.get(about=by_phone.id, purpose="reply").person == dolores
    assert Follower.objects.get(ticket=followed).person == dolores
    assert phone.refresh().merged_into == dolores
    assert person_by_contact("phone", "+12535550171") == dolores
    assert phone not in people_like("Quill") | people_like("+1253")


def test_what_moved_is_put_back_and_what_came_since_stays(here: Cast, agent: Actor, dolores: Person, phone: Person) -> None:
    now = timezone.now()
    before = a_ticket(here, requester=phone, channel="sms")
    shared = a_ticket(here)
    for who in (dolores, phone):
        tickets.follow(shared, person=who, now=now)
    merge = merge_people(dolores, phone, actor=agent, now=now)
    since = a_ticket(here, requester=dolores)
    assert unmerge_people(merge, actor=agent, now=now + MINUTE)
    assert addresses(dolores) == {"dolores@family.example"}
    assert addresses(phone) == {"+12535550171"}
    assert before.refresh().requester == phone
    assert Message.objects.get(ticket=before).author == phone
    assert since.refresh().requester == dolores
    assert set(Follower.objects.filter(ticket=shared).values_list("person_id", flat=True)) == {dolores.id, phone.id}
    assert phone.refresh().merged_into is None
    assert not unmerge_people(merge, actor=agent, now=now + MINUTE)  # twice is once
    assert MergeSuggestion.objects.get().state == "apart"


def test_what_somebody_changed_meanwhile_is_left_alone(here: Cast, agent: Actor, dolores: Person, phone: Person) -> None:
    merge = merge_people(dolores, phone, actor=agent, now=timezone.now())
    ContactPoint.objects.filter(value="+12535550171").update(person=here.pat)
    unmerge_people(merge, actor=agent, now=timezone.now())
    assert addresses(phone) == set()


def test_what_was_unknown_of_the_one_is_learned_from_the_other_and_forgotten_again(here: Cast, agent: Actor, phone: Person) -> None:
    listed = somebody("Dolores Quill", "dolores@family.example", kind="parent", site=here.maple)
    merge = merge_people(phone, listed, actor=agent, now=timezone.now())
    phone.refresh_from_db()
    assert (phone.name, phone.kind, phone.site) == ("Dolores Quill", "parent", here.maple)
    unmerge_people(merge, actor=agent, now=timezone.now())
    phone.refresh_from_db()
    assert (phone.name, phone.kind, phone.site) == ("", "public", None)


def test_the_roster_id_goes_along_and_comes_back(here: Cast, agent: Actor, phone: Person) -> None:
    listed = somebody("Dolores Quill", "dolores@family.example", roster_id="P-7")
    merge = merge_people(phone, listed, actor=agent, now=timezone.now())
    assert (phone.refresh().roster_id, listed.refresh().roster_id) == ("P-7", "")
    unmerge_people(merge, actor=agent, now=timezone.now())
    assert (phone.refresh().roster_id, listed.refresh().roster_id) == ("", "P-7")
    other = somebody("Dolores Quill", "other@family.example", roster_id="P-8")
    with pytest.raises(NotOne, match="P-7"):
        merge_people(listed, other, actor=agent, now=timezone.now())


def test_who_works_here_stays_and_two_who_sign_in_are_never_one(here: Cast, agent: Actor, admin: Actor) -> None:
    private = somebody("Bob", "bob@home.example")
    assert stays_and_goes(private, here.bob) == (here.bob, private)
    with pytest.raises(NotOne, match="Both sign in"):
        merge_people(private, here.bob, actor=admin, now=timezone.now())
    with pytest.raises(NotOne, match="Both sign in"):
        merge_people(here.alice, here.bob, actor=admin, now=timezone.now())
    Membership.objects.create(person=private, role="agent", team=here.technology)
    with pytest.raises(NotOne, match="Both sign in"):
        merge_people(here.bob, private, actor=admin, now=timezone.now())


def test_nobody_but_an_administrator_gives_an_address_to_who_works_here(here: Cast, agent: Actor, admin: Actor) -> None:
    private = somebody("Bob", "bob@home.example")
    with pytest.raises(NotOne, match="administrator"):
        merge_people(here.bob, private, actor=agent, now=timezone.now())
    merge = merge_people(here.bob, private, actor=admin, now=timezone.now())
    with pytest.raises(NotOne, match="administrator"):
        unmerge_people(merge, actor=agent, now=timezone.now())


def test_nobody_gains_a_role_or_a_sign_in(here: Cast, agent: Actor, admin: Actor, phone: Person, dolores: Person) -> None:
    roles = Membership.objects.count()
    merge_people(dolores, phone, actor=agent, now=timezone.now())
    merge_people(here.bob, dolores, actor=admin, now=timezone.now())
    assert Membership.objects.count() == roles
    assert Person.objects.filter(account_ref__isnull=False).count() == 6
    assert dolores.refresh().account_ref is None


def test_a_chain_is_undone_from_its_end(here: Cast, agent: Actor, dolores: Person, phone: Person) -> None:
    first = merge_people(dolores, phone, actor=agent, now=timezone.now())
    second = merge_people(here.pat, dolores, actor=agent, now=timezone.now())
    assert addresses(here.pat) == {"pat@cedar-family.example", "dolores@family.example", "+12535550171"}
    with pytest.raises(NotOne, match="undo that first"):
        unmerge_people(PersonMerge.objects.select_related("kept", "absorbed").get(id=first.id), actor=agent, now=timezone.now())
    unmerge_people(second, actor=agent, now=timezone.now())
    unmerge_people(first, actor=agent, now=timezone.now())
    assert addresses(phone) == {"+12535550171"}


def test_a_sender_read_a_moment_before_is_the_one_that_stayed(here: Cast, agent: Actor, dolores: Person, phone: Person) -> None:
    merge_people(dolores, phone, actor=agent, now=timezone.now())
    ContactPoint.objects.filter(value="+12535550171").update(person=phone)  # as a statement sees it that began before
    known = known_sender(Contact("phone", "+12535550171"), since=timezone.now(), most=5, lock=False)
    assert known
    assert known.person == dolores


def test_promises_are_judged_by_who_it_is(here: Cast, agent: Actor, dolores: Person, phone: Person) -> None:
    now = timezone.now()
    ticket = a_ticket(here, requester=phone, now=now)
    tickets.resolve(ticket, by=phone, now=now)
    tickets.reopen(ticket, by=phone, now=now + MINUTE)
    derive(ticket, now=now + MINUTE)
    before = ticket.due_at
    merge_people(dolores, phone, actor=agent, now=now + MINUTE)
    derive(ticket.refresh(), now=now + MINUTE)
    assert ticket.due_at == before


# --- suggested ------------------------------------------------------------------------------------------------------------


def recognised() -> list[tuple[str, str]]:
    now = timezone.now()
    recognise(since=now - timedelta(hours=1), now=now)
    return [
        (row.one.name or row.other.name, row.why) for row in MergeSuggestion.objects.filter(state="open").select_related("one", "other")
    ]


def aged(*people: Person) -> None:
    Person.objects.filter(id__in=[one.id for one in people]).update(created_at=timezone.now() - timedelta(days=30))


def test_a_new_number_with_the_name_of_somebody_on_the_roster(here: Cast) -> None:
    listed = somebody("José Quill-Ramos", "jose@family.example", roster_id="P-1")
    aged(listed)
    a_ticket(here, requester=somebody("Jose  Quill Ramos", "+12535550171"))
    assert recognised() == [("José Quill-Ramos", "The same name, and José Quill-Ramos is on the roster.")]
    assert recognised() != []
    assert MergeSuggestion.objects.count() == 1


def test_the_same_name_at_the_same_place_or_in_the_same_language(here: Cast, dolores: Person) -> None:
    aged(dolores)
    a_ticket(here, requester=dolores, site=here.maple)
    new = somebody("Dolores Quill", "+12535550171")
    ticket = a_ticket(here, requester=new)
    assert recognised() == []  # a name that many have suggests nothing
    Ticket.objects.filter(id=ticket.id).update(site=here.maple)
    assert recognised()[0][1] == "The same name at the same place: Dolores Quill."
    MergeSuggestion.objects.all().delete()
    Ticket.objects.filter(id=ticket.id).update(site=None)
    Person.objects.filter(id__in=[dolores.id, new.id]).update(language="es")
    assert recognised()[0][1] == "The same name and the same language: Dolores Quill."


def test_an_address_in_what_they_wrote(here: Cast, dolores: Person, phone: Person) -> None:
    aged(dolores)
    a_ticket(here, requester=phone, text="locked out, my mail is Dolores@Family.example")
    assert recognised()[0][1] == "One of them wrote the address of the other: dolores@family.example."


def test_an_address_of_somebody_of_another_name_says_nothing(here: Cast, dolores: Person) -> None:
    aged(dolores)
    a_ticket(here, requester=somebody("Ben Cho", "+12535550172"), text="write to dolores@family.example please")
    assert recognised() == []


@pytest.mark.parametrize("said", ["Hi it's Dolores Quill I texted too", "soy dolores quill, llegó tarde", "This is Dolores Quill."])
def test_a_number_without_a_name_that_says_its_name(here: Cast, dolores: Person, phone: Person, said: str) -> None:
    aged(dolores)
    a_ticket(here, requester=phone, text=said)
    assert recognised() == [("Dolores Quill", "They say that they are Dolores Quill.")]


def test_two_people_is_remembered_whatever_comes(here: Cast, dolores: Person, phone: Person, agent: Actor) -> None:
    aged(dolores)
    a_ticket(here, requester=phone, text="this is Dolores Quill")
    assert recognised()
    two_people(dolores, phone, by=here.alice, now=timezone.now())
    assert recognised() == []
    merge_people(here.pat, phone, actor=agent, now=timezone.now())
    assert MergeSuggestion.objects.filter(state="apart").count() == 2  # it holds for whom they turned out to be


def test_another_district_s_people_are_nobody_s(here: Cast, oak: Cast, phone: Person) -> None:
    with district_scope(oak.district.id):
        somebody("Dolores Quill", "dolores@family.example", roster_id="P-1")
    a_ticket(here, requester=phone, text="this is Dolores Quill, dolores@family.example")
    assert recognised() == []


def test_looking_costs_the_same_for_one_newcomer_and_for_thirty(
    here: Cast, dolores: Person, django_assert_max_num_queries: Any
) -> None:
    for n in range(30):
        a_ticket(here, requester=somebody("", f"+1253555{n:04}"), text=f"this is Dolores Quill {n} dolores@family.example")
    with django_assert_max_num_queries(14):
        recognised()


def test_a_name_in_a_form_opens_nothing_of_that_person(here: Cast, dolores: Person) -> None:
    old = a_ticket(here, requester=dolores, text="my custody matter")
    a_ticket(here, requester=somebody("Dolores Quill", "+12535550171"), channel="web", text="my custody matter")
    assert old.refresh().requester == dolores
    assert addresses(dolores) == {"dolores@family.example"}


# --- the roster -----------------------------------------------------------------------------------------------------------

CSV = """roster_id,name,kind,email,phone,site,language
P-1,Dolores Quill,parent,dolores@family.example,(253) 555-0171,MRE,es
S-2,"Núñez, Ángela",student,,,Maple Ridge Elementary,
"""


def taken(text: str | bytes) -> roster.Outcome:
    rows, problems = roster.read(text if isinstance(text, bytes) else text.encode())
    outcome = roster.take_in(rows, now=timezone.now())
    outcome.problems = problems + outcome.problems
    return outcome


def test_people_are_added_once_and_brought_up_to_date(here: Cast) -> None:
    assert (taken(CSV).added, taken(CSV).unchanged) == (2, 2)
    found = Person.objects.get(roster_id="P-1")
    assert (found.name, found.kind, found.site, found.language) == ("Dolores Quill", "parent", here.maple, "es")
    assert addresses(found) == {"dolores@family.example", "+12535550171"}
    again = taken(CSV.replace("Dolores Quill", "Dolores Quill-Ramos"))
    assert (again.updated, again.unchanged) == (1, 1)


def test_whoever_wrote_before_is_found_by_the_address(here: Cast, dolores: Person) -> None:
    assert taken(CSV).added == 1
    assert dolores.refresh().roster_id == "P-1"


def test_addresses_of_two_people_are_a_suggestion_and_not_a_merge(here: Cast, dolores: Person, phone: Person) -> None:
    outcome = taken(CSV)
    assert outcome.problems == ["Line 2: +12535550171 is another person's here."]
    assert (outcome.suggested, addresses(phone)) == (1, {"+12535550171"})
    assert MergeSuggestion.objects.get().why == "The roster gives P-1 the address +12535550171."
    assert taken(CSV).suggested == 0


def test_brothers_share_a_mother_s_address_and_stay_two(here: Cast) -> None:
    both = "roster_id,name,email\nS-1,Leo Solano,mom@family.example\nS-2,Theo Solano,mom@family.example\n"
    outcome = taken(both)
    assert (outcome.added, outcome.suggested, len(outcome.problems)) == (2, 0, 1)


def test_what_is_wrong_is_told_by_its_line_and_the_rest_is_taken(here: Cast) -> None:
    bad = "Roster_ID,NAME,email,site\nP-1,One,not-an-address,Nowhere\n,No Id,,\nP-1,Twice,,\nP-2,Two,,\n"
    outcome = taken(bad)
    assert outcome.added == 2
    assert [problem.split(":")[0] for problem in outcome.problems] == ["Line 2", "Line 2", "Line 3", "Line 4"]


def test_files_as_spreadsheets_write_them(here: Cast) -> None:
    assert taken(b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode()).added == 2
    assert taken("roster_id,name\nS-9,Bj\xf6rk\n".encode("latin-1")).added == 1
    assert Person.objects.get(roster_id="S-9").name == "Björk"
    with pytest.raises(roster.BadRoster, match="roster_id"):
        taken("id,name\n1,One\n")


def test_nobody_gets_a_role_by_the_roster(here: Cast) -> None:
    roles = Membership.objects.count()
    taken("roster_id,name,kind,email\nE-1,Bob Jones,staff,bob@cedar.localhost\n")
    assert Membership.objects.count() == roles
    assert here.bob.refresh().roster_id == "E-1"


def test_the_command_tells_first_and_does_then(here: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "people.csv"
    file.write_text(CSV)
    call_command("roster", str(file), "--district", "cedar", "--dry-run")
    assert "2 would be added" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no district"):
        call_command("roster", str(file), "--district", "nowhere")


# --- the pages ------------------------------------------------------------------------------------------------------------


def said(response: Any) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


@pytest.fixture
def suggested(here: Cast, dolores: Person, phone: Person) -> Ticket:
    """Dolores, and a number that says it is hers."""
    aged(dolores)
    a_ticket(here, requester=dolores, text="bus stop at Fern")
    ticket = a_ticket(here, requester=phone, channel="sms", text="this is Dolores Quill, bus 9 is late")
    recognise(since=timezone.now() - timedelta(hours=1), now=timezone.now())
    return ticket


def test_beside_the_ticket_one_click_says_one_person_and_one_undoes_it(here: Cast, suggested: Ticket, dolores: Person) -> None:
    alice = sign_in(here.alice, here.district)
    where = f"/people/of/{suggested.id}"
    assert where in alice.get(f"/desk/{suggested.id}/").content.decode()
    beside = alice.get(where, headers={"HX-Request": "true"})
    assert "<html" not in beside.content.decode()
    assert "May be the same person as Dolores Quill · parent" in said(beside)
    assert "They say that they are Dolores Quill." in said(beside)
    assert "<html" in alice.get(where).content.decode()
    row = MergeSuggestion.objects.get()
    done = alice.post(where, {"suggestion": str(row.id), "answer": "one"}, follow=True)
    assert "They are one person now: Dolores Quill." in said(done)
    assert suggested.refresh().requester == dolores
    again = alice.get(where, headers={"HX-Request": "true"})
    assert "said Alice" in said(again)
    assert alice.post(where, {"suggestion": str(row.id), "answer": "one"}).status_code == 404
    done = alice.post(where, {"merge": str(PersonMerge.objects.get().id)}, follow=True)
    assert "two people again" in said(done)
    assert suggested.refresh().requester != dolores


def test_two_people_is_said_beside_the_ticket_and_never_asked_again(here: Cast, suggested: Ticket) -> None:
    alice = sign_in(here.alice, here.district)
    where = f"/people/of/{suggested.id}"
    alice.post(where, {"suggestion": str(MergeSuggestion.objects.get().id), "answer": "two"})
    assert said(alice.get(where, headers={"HX-Request": "true"})) == ""
    assert recognised() == []


def test_of_somebody_who_works_here_an_administrator_decides(here: Cast) -> None:
    aged(here.bob)
    Person.objects.filter(id=here.bob.id).update(name="Bob Jones", roster_id="E-1")
    ticket = a_ticket(here, requester=somebody("Bob Jones", "bob@home.example"))
    recognise(since=timezone.now() - timedelta(hours=1), now=timezone.now())
    alice, row = sign_in(here.alice, here.district), MergeSuggestion.objects.get()
    assert "an administrator decides" in said(alice.get(f"/people/of/{ticket.id}"))
    done = alice.post(f"/people/of/{ticket.id}", {"suggestion": str(row.id), "answer": "one"}, follow=True)
    assert "ask an administrator" in said(done)
    assert addresses(here.bob) == {"bob@cedar.localhost"}
    ada = sign_in(here.ada, here.district)
    assert "mail from the other’s addresses would count as theirs" in said(ada.get("/setup/people/merge/"))
    ada.post("/setup/people/merge/", {"suggestion": str(row.id), "answer": "one"})
    assert addresses(here.bob) == {"bob@cedar.localhost", "bob@home.example"}


def test_what_is_not_this_requester_s_is_not_answered_beside_the_ticket(here: Cast, oak: Cast, suggested: Ticket) -> None:
    other = a_ticket(here)
    private = a_ticket(here, service=here.counseling, team=here.safety)
    alice, row = sign_in(here.alice, here.district), str(MergeSuggestion.objects.get().id)
    assert alice.post(f"/people/of/{other.id}", {"suggestion": row, "answer": "one"}).status_code == 404
    assert alice.get(f"/people/of/{private.id}").status_code == 404
    with district_scope(oak.district.id):
        foreign = Ticket.objects.get()
    assert alice.get(f"/people/of/{foreign.id}").status_code == 404
    assert visitor(here.district).get(f"/people/of/{suggested.id}").status_code == 302


def test_an_administrator_compares_two_and_sees_what_was_decided(here: Cast, dolores: Person, phone: Person) -> None:
    ada = sign_in(here.ada, here.district)
    assert "Nobody seems to be known twice" in said(ada.get("/setup/people/merge/"))
    page = ada.get(f"/setup/people/merge/?one={dolores.id}&q=%2B1253")
    assert "+12535550171" in said(page)
    ada.post(f"/setup/people/{dolores.id}/same", {"other": str(phone.id)})
    page = ada.get("/setup/people/merge/")
    assert "Ada chose them." in said(page)
    ada.post("/setup/people/merge/", {"suggestion": str(MergeSuggestion.objects.get().id), "answer": "one"})
    page = ada.get("/setup/people/merge/")
    assert "One with Unnamed person, said Ada" in said(page)
    assert ada.get(f"/setup/people/{phone.id}/")["Location"] == f"/setup/people/{dolores.id}/"
    ada.post("/setup/people/merge/", {"merge": str(PersonMerge.objects.get().id)})
    assert "undone by Ada" in said(ada.get("/setup/people/merge/"))
    assert ada.post("/setup/people/merge/", {"merge": "nonsense"}).status_code == 404
    assert sign_in(here.alice, here.district).get("/setup/people/merge/").status_code == 403


def test_the_roster_id_is_set_by_hand_and_is_one_person_s(here: Cast, dolores: Person, phone: Person) -> None:
    ada = sign_in(here.ada, here.district)
    form = {"name": "Dolores Quill", "kind": "parent", "email": "dolores@family.example", "phone": "", "roster_id": "P-1"}
    page = ada.get(f"/setup/people/{dolores.id}/").content.decode()
    form |= dict(re.findall(r'name="(fingerprint|seen|shown)" value="([^"]*)"', page))
    assert ada.post(f"/setup/people/{dolores.id}/", form).status_code == 302
    assert dolores.refresh().roster_id == "P-1"
    page = ada.get(f"/setup/people/{phone.id}/").content.decode()
    form |= {"email": "", "name": "x"} | dict(re.findall(r'name="(fingerprint|seen|shown)" value="([^"]*)"', page))
    assert "has this already" in said(ada.post(f"/setup/people/{phone.id}/", form))
