"""The matrix as administrators keep it: processes, feeds and roles by pages, each change in words, and files that do not undo them."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from districts.scope import district_scope
from ownership import actions
from ownership.feeds import pings
from ownership.keeping import removing, writing
from ownership.keeping.described import Described, Leg, Watched
from ownership.keeping.loading import load_matrix
from ownership.models import Escalation, Feed, FeedRun, OwnerRole, Path, Process, ProcessChange, Stage, System, Vendor
from tests.conftest import NOW, Cast, sign_in, visitor
from tests.test_ownership import make_sync
from tests.test_ownership_pages import MATRIX, load_again

WHOLE = {
    "name": "Enrollment to buses", "source": "Compass", "targets": "RouteWise\nMealTrack", "trigger": "an enrollment is saved",
    "promise": "4-hour sync", "promise_text": "Shown within four hours.", "terms": "within 4 business hours", "path": "travel",
    "ladder": "", "fallback": "Call dispatch.", "baseline": "2 days", "stages": "Leaves Compass | Registrar | Compass\nArrives",
    "services": "late or missing bus",
}  # fmt: skip


@pytest.fixture
def admin(here: Cast) -> Client:
    return sign_in(here.ada, here.district)


@pytest.fixture
def registrar(here: Cast) -> OwnerRole:
    found: OwnerRole = OwnerRole.objects.create(slug="registrar", name="Registrar", holder=here.alice)
    return found


def save(client: Client, where: str, values: dict[str, Any], **more: Any) -> Any:
    page = client.get(where)
    form = page.context["form"]
    shown = {name: form[name].value() for name in form.fields}
    listed = {name: "\n".join(value) if isinstance(value, list) else value for name, value in shown.items()}
    given = {name: value for name, value in {**listed, **values}.items() if value not in (None, False)}
    return client.post(where, {**given, "seen": form.fingerprint}, **more)


def shown(page: Any) -> str:
    return str(page.content.decode())


# --- one process is enough ----------------------------------------------------------------------------------------------


def test_a_district_begins_with_one_process_and_sees_it_run(here: Cast, admin: Client) -> None:
    assert "Begin with one" in shown(admin.get("/setup/matrix/"))
    assert save(admin, "/setup/matrix/roles/new", {"name": "Registrar", "holder": str(here.alice.id)}).status_code == 302
    role = OwnerRole.objects.get()
    made = save(admin, "/setup/matrix/new", {"name": "Enrollment to buses", "primary": str(role.id), "source": "Compass"})
    assert made["Location"] == "/setup/matrix/enrollment-to-buses/feeds/new"
    kept = save(admin, made["Location"], {"name": "Nightly export", "terms": "daily by 4 PM"})
    feed = Feed.objects.get()
    assert kept["Location"] == f"/setup/matrix/enrollment-to-buses/feeds/{feed.id}/"
    page = shown(admin.get(kept["Location"]))
    assert f"/matrix/ping/{feed.token}" in page
    assert "Never seen" in page
    assert feed.alert_at is None, "watched from its first ping on"
    assert visitor(here.district).post(f"/matrix/ping/{feed.token}").status_code == 200
    assert (feed.refresh().state, feed.alert_at is not None) == (Feed.State.ON_TIME, True)
    assert "1 of 1 processes run on time" in shown(admin.get("/matrix/"))


def test_all_of_a_process_is_kept(here: Cast, admin: Client, registrar: OwnerRole) -> None:
    data = OwnerRole.objects.create(slug="data", name="Data Coordinator")
    save(admin, "/setup/matrix/new", {**WHOLE, "primary": str(registrar.id), "secondary": str(data.id)})
    process = Process.objects.get()
    assert writing.described(process) == Described(
        slug="enrollment-to-buses", name="Enrollment to buses", source="Compass", targets=("RouteWise", "MealTrack"),
        trigger="an enrollment is saved", primary="Registrar", secondary="Data Coordinator", promise="4-hour sync",
        promise_text="Shown within four hours.", terms="within 4 business hours", fallback="Call dispatch.", baseline="2 days",
        path=Path.TRAVEL, services=(here.bus_late.slug,), stages=(Leg("Leaves Compass", "Registrar", "Compass"), Leg("Arrives")),
    )  # fmt: skip
    assert writing.everything() == [writing.described(process)]
    assert {system.name for system in System.objects.all()} == {"Compass", "RouteWise", "MealTrack"}
    assert ProcessChange.objects.get().words == ["Written down."]
    assert admin.get("/matrix/enrollment-to-buses/").status_code == 200


def test_a_change_is_kept_in_words_and_nothing_twice(here: Cast, admin: Client, registrar: OwnerRole) -> None:
    save(admin, "/setup/matrix/new", {**WHOLE, "primary": str(registrar.id)})
    where = "/setup/matrix/enrollment-to-buses/"
    save(admin, where, {"promise": "2-hour sync", "targets": "routewise", "stages": "Leaves Compass | Registrar"})
    process = Process.objects.get()
    assert (process.promise, process.targets) == ("2-hour sync", ["routewise"])
    last = ProcessChange.objects.latest("at")
    assert last.by == here.ada
    assert "Promise: “4-hour sync” is “2-hour sync” now." in last.words
    assert len(last.words) == 3
    assert System.objects.count() == 3, "routewise is RouteWise"
    assert Stage.objects.get().name == "Leaves Compass"
    Process.objects.update(edited_at=None)
    assert "Nothing was different" in shown(save(admin, where, {}, follow=True))
    assert process.refresh().edited_at is None, "the file that it is loaded from still has the word"
    assert ProcessChange.objects.count() == 2
    assert last.words[0] in shown(admin.get(where)).replace("&quot;", '"')


def test_two_who_change_it_at_once_do_not_undo_each_other(here: Cast, admin: Client, registrar: OwnerRole) -> None:
    save(admin, "/setup/matrix/new", WHOLE)
    where = "/setup/matrix/enrollment-to-buses/"
    seen = admin.get(where).context["form"].fingerprint
    save(admin, where, {"promise": "2-hour sync"})
    late = admin.post(where, {**WHOLE, "promise": "3-hour sync", "seen": seen})
    assert late.status_code == 422
    assert "Somebody else changed this" in shown(late)
    assert Process.objects.get().promise == "2-hour sync"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": ""}, "This field is required"), ({"name": "Twin"}, "There is"), ({"terms": "some day soon"}, "Not understood"),
        ({"services": "No such thing"}, "No service is called “No such thing”"), ({"stages": "a | b | c | d"}, "A stage is"),
        ({"stages": "Leaves | Nobody knows"}, "No role is called “Nobody knows”"),
        ({"targets": "compass"}, "It cannot arrive where it leaves"),
        ({"name": "x" * 201}, "at most 200"), ({"targets": "\n".join(f"s{n}" for n in range(21))}, "At most 20 lines"),
        ({"path": "moon"}, "Select a valid choice"), ({"primary": "00000000-0000-0000-0000-000000000000"}, "Select a valid choice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    here: Cast, admin: Client, registrar: OwnerRole, wrong: dict[str, str], said: str
) -> None:
    Process.objects.create(slug="twin", name="Twin")
    page = save(admin, "/setup/matrix/new", {**WHOLE, **wrong})
    assert page.status_code == 422
    assert said in shown(page)
    assert len(page.context["form"].errors) == 1
    assert "an enrollment is saved" in shown(page)
    assert Process.objects.count() == 1


def test_both_owners_are_not_one_role(here: Cast, admin: Client, registrar: OwnerRole) -> None:
    page = save(admin, "/setup/matrix/new", {**WHOLE, "primary": str(registrar.id), "secondary": str(registrar.id)})
    assert "Another role than the first" in shown(page)


def test_a_name_that_is_a_page_of_ours_gets_another_address(here: Cast, admin: Client) -> None:
    for name in ("Roles", "Steps", "New"):
        save(admin, "/setup/matrix/new", {"name": name})
    assert set(Process.objects.values_list("slug", flat=True)) == {"roles-process", "steps-process", "new-process"}
    for slug in Process.objects.values_list("slug", flat=True):
        assert admin.get(f"/matrix/{slug}/").status_code == admin.get(f"/setup/matrix/{slug}/").status_code == 200


def test_a_process_is_taken_off_but_not_what_a_ladder_was_climbed_for(here: Cast, admin: Client, registrar: OwnerRole) -> None:
    save(admin, "/setup/matrix/new", WHOLE)
    assert admin.post("/setup/matrix/enrollment-to-buses/remove")["Location"] == "/setup/matrix/"
    assert not Process.objects.exists()
    sync = make_sync(here)
    actions.ping(sync.feed, outcome="failed", counts={}, note="", now=NOW)
    Escalation.objects.create(ladder=sync.process.ladder, feed_run=FeedRun.objects.get(), process=sync.process, began_at=NOW)
    before = shown(admin.get(f"/setup/matrix/{sync.process.slug}/"))
    assert ("Take it off the matrix" in before, "cannot be taken off the matrix: a ladder was climbed for it." in before) == (
        False,
        True,
    )
    said = admin.post(f"/setup/matrix/{sync.process.slug}/remove", follow=True)
    assert shown(said).count("a ladder was climbed for it") == 2
    assert Process.objects.exists()
    assert FeedRun.objects.exists()


# --- feeds --------------------------------------------------------------------------------------------------------------


def test_other_terms_of_a_feed_are_expected_anew_and_written_down(here: Cast, admin: Client) -> None:
    sync = make_sync(here)
    actions.ping(sync.feed, outcome="ok", counts={}, note="", now=NOW)
    before = sync.feed.refresh().expected_at
    where = f"/setup/matrix/{sync.process.slug}/feeds/{sync.feed.id}/"
    save(admin, where, {"terms": "every 60 minutes", "grace_minutes": "5"})
    feed = sync.feed.refresh()
    assert (feed.terms, feed.grace_minutes) == ("every 60 minutes", 5)
    assert feed.expected_at != before
    assert feed.expected_at is not None
    assert feed.alert_at == feed.expected_at + timedelta(minutes=5)
    assert any("every 60 minutes" in line for line in ProcessChange.objects.latest("at").words)
    save(admin, where, {"active": False})
    off = Feed.objects.get(id=feed.id)
    assert (off.active, off.alert_at, off.expected_at) == (False, None, None)
    assert pings.watch(here.district.id, now=NOW + timedelta(days=9)) == 0


def test_terms_without_a_time_are_kept_with_a_warning(here: Cast, admin: Client) -> None:
    sync = make_sync(here)
    said = shown(save(admin, f"/setup/matrix/{sync.process.slug}/feeds/new", {"name": "Mail", "terms": "within 2 hours"}, follow=True))
    assert "These words name no time" in said
    page = save(admin, f"/setup/matrix/{sync.process.slug}/feeds/new", {"name": "Mail", "terms": ""})
    assert "Say when it is expected" in shown(page)
    assert "There is" in shown(page), "a name once for a process"


def test_feeds_told_in_a_list_are_found_by_name_and_those_left_out_are_not_watched(here: Cast) -> None:
    process, _new = writing.save_process(
        None, Described("", "Sync", feeds=(Watched("A", "daily by 4 PM"), Watched("B", "hourly"))), by=here.ada, now=NOW
    )
    first = Feed.objects.get(name="A")
    told = Described("sync", "Sync", feeds=(Watched("a", "daily by 5 PM", 30),))
    writing.save_process(process, told, by=here.ada, now=NOW, named={"feeds"})
    assert (first.refresh().terms, first.grace_minutes, first.name) == ("daily by 5 PM", 30, "a")
    assert Feed.objects.get(name="B").active is False


# --- roles, files, walls --------------------------------------------------------------------------------------------------


def test_a_role_is_held_by_people_who_work_here(here: Cast, admin: Client, registrar: OwnerRole) -> None:
    page = admin.get(f"/setup/matrix/roles/{registrar.id}/")
    assert here.alice.name in shown(page)
    assert here.pat.name not in shown(page), "a parent"
    save(admin, f"/setup/matrix/roles/{registrar.id}/", {"deputy": str(here.lena.id), "team": str(here.transportation.id)})
    assert (registrar.refresh().deputy, registrar.team) == (here.lena, here.transportation)
    wrong = save(admin, f"/setup/matrix/roles/{registrar.id}/", {"deputy": str(here.alice.id)})
    assert "Somebody else than the holder" in shown(wrong)
    assert "Registrar" in shown(admin.get("/setup/matrix/roles/"))


def test_a_role_is_taken_away_when_nothing_uses_it_and_else_it_is_said_what_does(here: Cast, oak: Cast, admin: Client) -> None:
    sync = make_sync(here)
    nobody, clerk = OwnerRole.objects.create(slug="nobody", name="Nobody Role"), sync.process.primary
    assert clerk is not None
    page = shown(admin.get(f"/setup/matrix/roles/{clerk.id}/"))
    assert "the process “Attendance to transportation”" in page
    assert "the ladder “Attendance”" in page
    assert "Take this role away" not in page
    said = admin.post(f"/setup/matrix/roles/{clerk.id}/remove", follow=True)
    assert "It stays. It is used by: the " in shown(said)
    assert "Take this role away" in shown(admin.get(f"/setup/matrix/roles/{nobody.id}/"))
    assert sign_in(here.lena, here.district).post(f"/setup/matrix/roles/{nobody.id}/remove").status_code == 403
    assert sign_in(oak.carla, oak.district).post(f"/setup/matrix/roles/{nobody.id}/remove").status_code == 404
    assert OwnerRole.objects.filter(id=nobody.id).exists()
    assert "Nobody Role is taken away" in shown(admin.post(f"/setup/matrix/roles/{nobody.id}/remove", follow=True))
    assert set(OwnerRole.objects.values_list("name", flat=True)) == {"Clerk", "Supervisor", "Director"}
    assert admin.post(f"/setup/matrix/roles/{nobody.id}/remove").status_code == 404


def test_systems_that_nothing_uses_are_taken_away(here: Cast, admin: Client, registrar: OwnerRole) -> None:
    save(admin, "/setup/matrix/new", WHOLE)
    alone, supplied = (System.objects.create(slug=slug, name=slug.title()) for slug in ("alone", "supplied"))
    Vendor.objects.create(slug="v", name="Supplier", systems=["supplied"])
    found = {row.name: users for row, users in removing.systems()}
    one = ["the process “Enrollment to buses”"]
    assert found == {"Alone": [], "Compass": one, "MealTrack": one, "RouteWise": one, "Supplied": ["the vendor “Supplier”"]}
    page = shown(admin.get("/setup/matrix/systems/"))
    assert (page.count("Take it away"), page.count("/remove")) == (1, 1)
    for name in ("RouteWise", "Supplied"):
        row = System.objects.get(name=name)
        assert "It stays. It is used by: the " in shown(admin.post(f"/setup/matrix/systems/{row.id}/remove", follow=True))
    assert "Alone is taken away" in shown(admin.post(f"/setup/matrix/systems/{alone.id}/remove", follow=True))
    assert admin.post("/setup/matrix/enrollment-to-buses/remove").status_code == 302
    for row in System.objects.exclude(id=supplied.id):
        admin.post(f"/setup/matrix/systems/{row.id}/remove")
    assert list(System.objects.all()) == [supplied]


@pytest.mark.parametrize("kind", [OwnerRole, System])
def test_whatever_can_point_to_a_role_or_a_system_has_words(kind: Any) -> None:
    tables = {(table.related_model._meta.label_lower, table.related_model._meta.app_label) for table in removing.tables(kind)}
    assert ("ownership.process", "ownership") in tables
    assert [label for label, app in tables if not {label, app} & {*removing.NAMED, *removing.TOLD}] == []


def test_what_was_changed_here_stays_when_the_file_is_loaded_again(here: Cast, admin: Client) -> None:
    load_again()
    where = "/setup/matrix/attendance-to-transportation-sync/"
    save(admin, where, {"promise": "By half past three"})
    feed = Feed.objects.filter(process__slug="attendance-to-transportation-sync").first()
    assert feed is not None
    save(admin, f"{where}feeds/{feed.id}/", {"grace_minutes": "45"})
    said = load_again()
    process = Process.objects.get(slug="attendance-to-transportation-sync")
    assert process.promise == "By half past three"
    assert feed.refresh().grace_minutes == 45
    assert "process attendance-to-transportation-sync kept as it was changed here" in said
    assert Stage.objects.filter(process=process).exists()
    said = load_again("--take-file")
    assert "process attendance-to-transportation-sync taken from the file" in said
    assert process.refresh().promise != "By half past three"
    assert ProcessChange.objects.filter(process=process).latest("at").words == ["Taken from the file that the matrix is loaded from."]
    assert "process" not in load_again().split("loaded")[1]


# --- a file, by a page ------------------------------------------------------------------------------------------------


def look(admin: Client, name: str, data: str | bytes) -> Any:
    file = SimpleUploadedFile(name, data.encode() if isinstance(data, str) else data)
    return admin.post("/setup/matrix/files/", {"file": file})


def agree(admin: Client, page: Any, **more: str) -> Any:
    seen = page.context["preview"].fingerprint
    values = {"kept": page.context["kept"], "named": page.context["named"], "seen": seen, **more}
    return admin.post("/setup/matrix/files/", values, follow=True)


def test_the_whole_matrix_goes_out_and_comes_in_the_same(here: Cast, admin: Client) -> None:
    load_matrix(json.loads(MATRIX.read_text()), NOW)
    before = writing.everything()
    for kind in ("csv", "yaml"):
        out = admin.get(f"/setup/matrix/files/matrix.{kind}")
        assert out["Content-Disposition"] == f'attachment; filename="matrix.{kind}"'
        page = look(admin, f"matrix.{kind}", out.content)
        assert page.context["preview"].same == len(before) == 19
        assert page.context["preview"].stay == page.context["preview"].changed == page.context["preview"].new == []
        assert 'name="kept"' not in shown(page), "nothing to take"
    assert writing.everything() == before


def test_the_page_offers_the_files_that_it_reads(here: Cast, admin: Client) -> None:
    assert 'accept=".csv,.tsv,.yaml,.yml,text/csv"' in shown(admin.get("/setup/matrix/files/"))


def test_a_file_is_looked_at_first_and_then_taken(here: Cast, admin: Client) -> None:
    load_matrix(json.loads(MATRIX.read_text()), NOW)
    lines = ("Process;Promise;Primary owner;Feeds", "IEP updates to classroom;Within the hour;Registrar;")
    text = "\n".join((*lines, "New one;;Clerk;Log | daily by 9 AM | 5"))
    page = look(admin, "changes.csv", text)
    found = page.context["preview"]
    assert (len(found.new), len(found.changed), len(found.stay)) == (1, 1, 18)
    assert "Within the hour" in shown(page)
    assert "the role Clerk is new" in shown(page)
    assert not Process.objects.filter(name="New one").exists()
    iep = Process.objects.get(slug="iep-updates-to-classroom")
    terms, stages = iep.terms, iep.stages.count()
    assert "2 processes are as the file has them." in shown(agree(admin, page))
    assert (iep.refresh().promise, iep.terms, iep.stages.count()) == ("Within the hour", terms, stages), "what no column names stays"
    assert iep.feeds.filter(active=True).count() == 0
    assert Feed.objects.get(process__name="New one").grace_minutes == 5
    assert ProcessChange.objects.filter(process=iep).latest("at").by == here.ada
    assert "process iep-updates-to-classroom kept" in load_again()


def test_what_changed_since_it_was_looked_at_is_shown_again_and_not_taken(here: Cast, admin: Client) -> None:
    load_matrix(json.loads(MATRIX.read_text()), NOW)
    page = look(admin, "a.yaml", "processes:\n- name: IEP updates to classroom\n  promise: Soon\n")
    Process.objects.filter(slug="iep-updates-to-classroom").update(promise="Meanwhile")
    again = agree(admin, page)
    assert "The matrix was changed meanwhile" in shown(again)
    assert Process.objects.get(slug="iep-updates-to-classroom").promise == "Meanwhile"
    agree(admin, again)
    assert Process.objects.get(slug="iep-updates-to-classroom").promise == "Soon"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", "Process;Moon\nX;1\n", "Moon"), ("a.yaml", "- name: [1", "YAML"), ("a.csv", b"\x00\xff" * 50, ""), ("a.csv", "", ""),
        ("a.csv", "x" * 1_100_000, ""), ("a.xlsx", b"PK\x03\x04" + b"0" * 90, ""),
    ],
)  # fmt: skip
def test_a_file_that_is_none_is_told_so_and_changes_nothing(here: Cast, admin: Client, name: str, data: str | bytes, said: str) -> None:
    page = look(admin, name, data)
    assert page.status_code == 422
    assert "Nothing was taken from this file" in shown(page)
    assert said in shown(page)
    assert admin.post("/setup/matrix/files/", {}).status_code == 422
    assert agree_by_hand(admin).status_code == 422
    assert not Process.objects.exists()


def agree_by_hand(admin: Client) -> Any:
    return admin.post("/setup/matrix/files/", {"kept": "&a [*a]", "named": "name nonsense", "seen": "x"})


def test_services_come_with_the_file(here: Cast) -> None:
    load_matrix(json.loads(MATRIX.read_text()), NOW)
    assert "roster-sync" in Process.objects.get(slug="new-enrollment-data-flow").services


@pytest.mark.parametrize("who", ["alice", "lena", "lee"])
def test_administrators_alone_keep_it(here: Cast, who: str) -> None:
    make_sync(here)
    client = sign_in(getattr(here, who), here.district)
    slug = Process.objects.get().slug
    for where in ("", "new", "files/", "files/matrix.csv", "files/matrix.yaml", "roles/", "roles/new", f"{slug}/", f"{slug}/feeds/new"):
        assert client.get(f"/setup/matrix/{where}").status_code == 403
    assert client.post(f"/setup/matrix/{slug}/remove").status_code == 403
    assert visitor(here.district).get("/setup/matrix/").status_code == 302


def test_another_district_sees_and_changes_nothing_of_it(here: Cast, oak: Cast, admin: Client) -> None:
    with district_scope(oak.district.id):
        theirs = make_sync(oak)
        slug, feed_id, role_id = theirs.process.slug, theirs.feed.id, OwnerRole.objects.first().id  # type: ignore[union-attr]
    for where in (f"{slug}/", f"{slug}/feeds/{feed_id}/", f"roles/{role_id}/"):
        assert admin.get(f"/setup/matrix/{where}").status_code == 404
    assert theirs.process.name not in shown(admin.get("/setup/matrix/"))
