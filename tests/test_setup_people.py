"""People, how they sign in, and what they may do."""

from uuid import UUID

from allauth.account.models import EmailAddress
from structlog.testing import capture_logs

from districts.models import Account, ContactPoint, Membership, Person, Role
from districts.queries import address_of, roles_of
from districts.scope import district_scope
from tests.conftest import NOW, Cast, a_ticket, sign_in
from tests.filling import errors, fill
from tickets import actions as tickets
from tickets.models import Ticket


def in_team(cast_team: object) -> str:
    return f"team_{cast_team.id.hex}"  # type: ignore[attr-defined]


def test_a_person_is_added_and_can_work_at_once(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    with capture_logs() as said:
        done = fill(
            admin, "/setup/people/new", name="Nora New", email="Nora@Cedar.example", phone="(202) 555-0143",
            **{in_team(here.technology): "lead", in_team(here.transportation): "agent"},
        )  # fmt: skip
    assert done.status_code == 302
    nora = Person.objects.get(name="Nora New")
    assert roles_of(nora) == {(Role.LEAD, here.technology.id), (Role.AGENT, here.transportation.id)}
    assert (address_of(nora, "email"), address_of(nora, "phone"), nora.kind) == ("nora@cedar.example", "+12025550143", "staff")
    assert nora.account_ref is not None
    account = Account.objects.get(id=nora.account_ref)
    assert (account.email, account.has_usable_password()) == ("nora@cedar.example", False)
    assert EmailAddress.objects.get(user=account).verified, "or no code would be mailed"
    assert sign_in(nora, here.district).get("/desk/").status_code == 200
    assert {e["event"] for e in said} >= {"person_added", "roles_changed"}
    assert "Nora" not in str(said), "the log names nobody"


def test_a_code_is_mailed_to_somebody_who_was_added(here: Cast) -> None:
    fill(sign_in(here.ada, here.district), "/setup/people/new", name="Nora", email="nora@cedar.example", leader="on")
    visitor = sign_in(here.pat, here.district)
    assert "/account/login/code/confirm/" in visitor.post("/account/login/code/", {"email": "nora@cedar.example"}).headers["Location"]


def test_the_list_is_of_those_with_a_role_and_can_be_searched(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    shown = admin.get("/setup/people/").content.decode()
    assert "Alice" in shown
    assert "Pat Parent" not in shown
    assert "Charlie" not in shown
    assert "Pat Parent" in admin.get("/setup/people/?who=all&q=pat@cedar").content.decode()
    found = admin.get("/setup/people/?q=lena").content.decode()
    assert "Lena" in found
    assert "Alice" not in found
    assert "Nobody" in admin.get("/setup/people/?who=all&q=charlie").content.decode(), "of the neighbour"


def test_somebody_who_wrote_in_is_given_a_role_where_they_are(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    page = fill(admin, "/setup/people/new", name="Pat", email="PAT@cedar-family.example", leader="on")
    assert errors(page)["email"] == ["Pat Parent has this already."]
    assert f"/setup/people/{here.pat.id}/" in page.content.decode()
    assert fill(admin, f"/setup/people/{here.pat.id}/", kind="staff", leader="on").status_code == 302
    here.pat.refresh_from_db()
    assert here.pat.account_ref is not None
    assert roles_of(here.pat) == {(Role.LEADER, None)}


def test_what_was_typed_wrong_is_said(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    found = errors(fill(admin, "/setup/people/new", name="", email="nobody@", phone="12"))
    assert set(found) == {"name", "email", "phone"}
    assert "sign in with" in errors(fill(admin, "/setup/people/new", name="No Mail", leader="on"))["email"][0]
    assert not Person.objects.filter(name="No Mail").exists()


def test_another_address_is_another_sign_in_and_never_renames_one(here: Cast, oak: Cast) -> None:
    """A sign-in may be of several districts: an administrator here must not take over Charlie's there."""
    admin, before = sign_in(here.ada, here.district), here.bob.account_ref
    with district_scope(oak.district.id):
        charlie = oak.charlie.account_ref
    fill(admin, f"/setup/people/{here.bob.id}/", email="charlie@oak.localhost")
    here.bob.refresh_from_db()
    assert before is not None
    assert here.bob.account_ref == charlie
    assert Account.objects.get(id=before).email == "bob@cedar.localhost"
    assert list(ContactPoint.objects.filter(person=here.bob).values_list("value", flat=True)) == ["charlie@oak.localhost"]


def accounts(*emails: str) -> list[UUID]:
    return [Account.objects.get(email=email).id for email in emails]


def test_an_old_address_opens_nothing_also_with_a_role_given_later(here: Cast) -> None:
    """Roles away and another address in one save; the role comes in a later one."""
    admin, path = sign_in(here.ada, here.district), f"/setup/people/{here.alice.id}/"
    assert fill(admin, path, email="alice@new.example", **{in_team(here.transportation): ""}).status_code == 302
    here.alice.refresh_from_db()
    assert here.alice.account_ref is None
    assert fill(admin, path, leader="on").status_code == 302
    here.alice.refresh_from_db()
    assert [here.alice.account_ref] == accounts("alice@new.example")
    assert here.alice.account_ref not in accounts("alice@cedar.localhost")


def test_a_role_goes_to_the_address_that_is_shown_whatever_sign_in_was_left(here: Cast) -> None:
    """As rows are on which the address moved while they had no role."""
    [left] = accounts("alice@cedar.localhost")
    Membership.objects.filter(person=here.alice).delete()
    ContactPoint.objects.filter(person=here.alice).update(value="alice@new.example")
    assert fill(sign_in(here.ada, here.district), f"/setup/people/{here.alice.id}/", leader="on").status_code == 302
    here.alice.refresh_from_db()
    assert here.alice.account_ref != left
    assert [here.alice.account_ref] == accounts("alice@new.example")


def further_address_of_charlie(oak: Cast, *, active: bool = True) -> Account:
    account: Account = Account.objects.get(email="charlie@oak.localhost")
    Account.objects.filter(id=account.id).update(is_active=active)
    EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
    EmailAddress.objects.create(user=account, email="charlie@home.example", verified=True)
    return account


def test_a_further_address_that_somebody_has_proven_leads_to_their_own_sign_in(here: Cast, oak: Cast) -> None:
    """The code mailed to it opens that one, and no other can be made for it."""
    charlie, admin = further_address_of_charlie(oak), sign_in(here.ada, here.district)
    assert fill(admin, "/setup/people/new", name="Charlie, too", email="charlie@home.example", leader="on").status_code == 302
    made = Person.objects.get(name="Charlie, too")
    assert made.account_ref == charlie.id
    assert not Account.objects.filter(email="charlie@home.example").exists()
    assert fill(admin, f"/setup/people/{made.id}/", name="Charlie").status_code == 302, "and stays"
    page = fill(admin, "/setup/people/new", name="Twice", email="charlie@oak.localhost", leader="on")
    assert errors(page)["email"] == ["Somebody else has this address already."], "one sign-in is one person here"


def test_a_closed_sign_in_is_not_got_round_by_its_further_address(here: Cast, oak: Cast) -> None:
    further_address_of_charlie(oak, active=False)
    page = fill(sign_in(here.ada, here.district), "/setup/people/new", name="Charlie", email="charlie@home.example", leader="on")
    assert errors(page)["email"] == ["Somebody else has this address already."]
    assert not Person.objects.filter(name="Charlie").exists()


def test_the_last_administrator_stays(here: Cast) -> None:
    admin, path = sign_in(here.ada, here.district), f"/setup/people/{here.ada.id}/"
    assert "last administrator" in errors(fill(admin, path, admin=None))["admin"][0]
    assert roles_of(here.ada) == {(Role.ADMIN, None)}
    bare = Person.objects.create(name="No Sign-in")
    Membership.objects.create(person=bare, role=Role.ADMIN)
    assert "last administrator" in errors(fill(admin, path, admin=None))["admin"][0], "the other one cannot sign in"
    fill(admin, f"/setup/people/{here.lee.id}/", admin="on")
    assert fill(admin, path, admin=None).headers["Location"] == "/desk/"
    assert admin.get("/setup/").status_code == 403


def held(cast: Cast) -> Ticket:
    ticket = a_ticket(cast, team=cast.transportation)
    tickets.assign(ticket, to=cast.alice, by=cast.alice, now=NOW)
    return ticket


def test_who_leaves_with_open_tickets_is_asked_what_becomes_of_them(here: Cast) -> None:
    ticket, admin, path = held(here), sign_in(here.ada, here.district), f"/setup/people/{here.alice.id}/"
    page = fill(admin, path, **{in_team(here.transportation): ""})
    assert page.status_code == 422
    assert "Alice holds 1 open ticket of a team they leave." in page.content.decode()
    assert roles_of(here.alice), "nothing happened yet"
    assert fill(admin, path, tickets="release", **{in_team(here.transportation): ""}).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.assignee, ticket.team, roles_of(here.alice)) == (None, here.transportation, frozenset())


def test_tickets_may_stay_and_other_changes_do_not_ask(here: Cast) -> None:
    ticket, admin, path = held(here), sign_in(here.ada, here.district), f"/setup/people/{here.alice.id}/"
    assert fill(admin, path, name="Alice A.", **{in_team(here.technology): "agent"}).status_code == 302
    assert fill(admin, path, tickets="leave", **{in_team(here.transportation): ""}).status_code == 302
    ticket.refresh_from_db()
    assert ticket.assignee == here.alice


def test_the_neighbours_people_and_teams_are_not_there(here: Cast, oak: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    path = f"/setup/people/{oak.charlie.id}/"
    assert admin.get(path).status_code == 404
    assert admin.post(path, {"name": "Mine"}).status_code == 404
    fill(admin, "/setup/people/new", name="Spy", email="spy@cedar.example", **{in_team(oak.safety): "lead"})
    assert roles_of(Person.objects.get(name="Spy")) == frozenset()
