"""Places and teams, by pages alone."""

import pytest
from structlog.testing import capture_logs

from districts.models import Department, Membership, Service, Site, Team
from districts.queries import front_office
from districts.scope import district_scope
from tests.conftest import Cast, a_ticket, sign_in
from tests.filling import errors, fill, filled


def test_a_place_is_added_and_changed_and_the_log_says_by_whom(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    with capture_logs() as said:
        done = fill(
            admin,
            "/setup/sites/new",
            name="  Birch   Middle ",
            code="BMS",
            kind="middle",
            aliases="Birch\n\nBMS\nBirch",
            phone="555 010 0100",
        )
    assert done.status_code == 302
    birch = Site.objects.get(code="BMS")
    assert (birch.name, birch.kind, birch.is_school, birch.aliases) == ("Birch Middle", "middle", True, ["Birch", "BMS"])
    assert [(e["event"], e["row"], e["by"]) for e in said if "by" in e] == [("site_added", str(birch.id), str(here.ada.id))]
    fill(admin, f"/setup/sites/{birch.id}/", name="Birch Middle School", is_school=None)
    birch.refresh_from_db()
    assert (birch.name, birch.is_school, birch.aliases) == ("Birch Middle School", False, ["Birch", "BMS"])
    assert "Birch Middle School" in admin.get("/setup/sites/").content.decode()


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("name", "", "required"), ("code", "MRE", "Maple Ridge Elementary has this code"), ("code", "a/b", "part of an address"),
        ("aliases", "x" * 101, "at most 100 characters"), ("aliases", "\n".join(map(str, range(41))), "At most 40 lines"),
    ],
)  # fmt: skip
def test_a_place_with_bad_values_is_not_saved(here: Cast, field: str, value: str, why: str) -> None:
    good = {"name": "Birch", "code": "BMS"}
    found = errors(fill(sign_in(here.ada, here.district), "/setup/sites/new", **good | {field: value}))
    assert why in found[field][0]
    assert Site.objects.count() == 1


def test_two_editors_at_once_do_not_overwrite_each_other(here: Cast) -> None:
    admin, path = sign_in(here.ada, here.district), f"/setup/sites/{here.maple.id}/"
    first = filled(admin.get(path).context["form"])
    assert fill(admin, path, phone="555 010 0100").status_code == 302
    page = admin.post(path, first | {"name": "Maple Ridge School"})
    assert "Somebody else changed this" in errors(page)["__all__"][0]
    assert "Maple Ridge School" in page.content.decode(), "what was typed is still there"
    assert admin.post(path, first | {"name": "Maple Ridge School", "seen": page.context["form"].fingerprint}).status_code == 302
    here.maple.refresh_from_db()
    assert (here.maple.name, here.maple.phone) == ("Maple Ridge School", "")


def test_a_team_is_added_with_a_department_and_a_short_name_of_its_own(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    assert (
        fill(admin, "/setup/teams/new", name="Payroll & Benefits", department="Business Office", email="pay@cedar.example").status_code
        == 302
    )
    made = Team.objects.get(slug="payroll-benefits")
    assert (str(made.department), made.email, made.is_front_office, made.is_safety) == (
        "Business Office",
        "pay@cedar.example",
        False,
        False,
    )
    fill(admin, f"/setup/teams/{made.id}/", name="Payroll", department="Business Office", slug="payroll")
    made.refresh_from_db()
    assert (made.name, made.slug) == ("Payroll", "payroll")
    assert Department.objects.count() == 1
    assert "has this short name" in errors(fill(admin, "/setup/teams/new", name="Other", slug="payroll"))["slug"][0]
    assert "of this name" in errors(fill(admin, "/setup/teams/new", name="PAYROLL"))["name"][0], "two clicks make one"
    assert fill(admin, "/setup/teams/new", name="Payroll +").status_code == 302
    assert Team.objects.filter(slug="payroll-2").exists()


def test_there_is_always_exactly_one_front_office_and_at_most_one_safety_team(here: Cast) -> None:
    admin, office = sign_in(here.ada, here.district), here.front_office
    fill(admin, f"/setup/teams/{office.id}/", is_front_office=None)
    assert front_office() == office, "the mark is not given up, only taken"
    fill(admin, f"/setup/teams/{here.technology.id}/", is_front_office="on", is_safety="on")
    assert front_office() == here.technology
    assert list(Team.objects.filter(is_safety=True)) == [here.technology]
    office.refresh_from_db()
    assert not office.is_front_office


def test_a_team_with_anything_is_not_deleted_and_says_why(here: Cast) -> None:
    admin, path = sign_in(here.ada, here.district), f"/setup/teams/{here.technology.id}/remove"
    a_ticket(here, team=here.technology)
    said = admin.post(path, follow=True).content.decode()
    assert "1 role of a person, 1 service, 1 ticket, solved ones counted" in said
    assert Team.objects.filter(id=here.technology.id).exists()
    assert "front office" in admin.post(f"/setup/teams/{here.front_office.id}/remove", follow=True).content.decode()
    Membership.objects.filter(team=here.safety).delete()
    Service.objects.filter(team=here.safety).delete()
    assert "is deleted" in admin.post(f"/setup/teams/{here.safety.id}/remove", follow=True).content.decode()
    assert not Team.objects.filter(id=here.safety.id).exists()


def test_the_neighbours_rows_are_not_there(here: Cast, oak: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    for path in (f"sites/{oak.maple.id}/", f"teams/{oak.safety.id}/"):
        assert admin.get(f"/setup/{path}").status_code == 404
        assert admin.post(f"/setup/{path}", {"name": "Mine now", "code": "X"}).status_code == 404
    assert admin.post(f"/setup/teams/{oak.safety.id}/remove").status_code == 404
    with district_scope(oak.district.id):
        assert Team.objects.filter(id=oak.safety.id, name="Safety and Counseling").exists()
    assert fill(admin, "/setup/sites/new", name="Twin", code="OAK-1").status_code == 302
