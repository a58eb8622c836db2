"""What many departments do together, by real HTTP and mail: a vendor that fails its sample pack, a move in mid-year."""

import re
import unicodedata
from uuid import uuid4

import pytest

from tests.product import CEDAR, Product, Visitor


@pytest.fixture
def lead(product: Product) -> Visitor:
    return product.signed_in("Team lead")


def test_a_vendor_that_loses_accents_fails_its_sample_pack(product: Product, lead: Visitor) -> None:
    vendor = product.value(
        "SELECT v.slug FROM ownership_vendor v JOIN districts_district d ON d.id = v.district_id"
        " WHERE d.host = %s AND v.state = 'prospect' ORDER BY v.slug LIMIT 1", CEDAR,
    )  # fmt: skip
    page = lead.submit(lead.get(f"/matrix/vendors/{vendor}/"), f"/matrix/vendors/{vendor}/samples/")
    where = re.sub(r"^https?://[^/]+", "", page.url)
    assert re.fullmatch(rf"/matrix/vendors/{vendor}/samples/[0-9a-f-]{{36}}/", where), where
    sent = lead.get(f"{where}records.csv").text
    assert len(sent.splitlines()) > 100
    plain = unicodedata.normalize("NFKD", sent).encode("ascii", "ignore").decode()
    back = lead.submit(lead.get(where), page.url, files={"file": ("back.csv", plain.encode())}, report="")
    assert "Not passed" in back.text
    page = lead.get(f"/matrix/vendors/{vendor}/")
    assert page.status_code == 200
    with product.visitor() as anybody:
        assert anybody.get(f"{where}records.csv", allow_redirects=False).status_code == 302, (
            "records, though made up, are for who works here"
        )


def test_a_move_in_mid_year_goes_over_every_department_and_the_family_reads_one_line(product: Product, lead: Visitor) -> None:
    family = product.rows(
        "SELECT c.value FROM districts_person p JOIN districts_contactpoint c ON (c.district_id, c.person_id) = (p.district_id, p.id)"
        " JOIN districts_district d ON d.id = p.district_id WHERE d.host = %s AND p.kind = 'family' AND c.kind = 'email'"
        " AND p.language = 'en' ORDER BY c.value LIMIT 1", CEDAR,
    )[0]["value"]  # fmt: skip
    start = "/matrix/playbooks/kept/student-moves/start"
    page = lead.get(start)
    title = f"Move {uuid4().hex[:6]}"
    run = lead.submit(
        page, page.url, title=title, person=family, fact_1="Sam", fact_2="Oak", fact_3="Maple", fact_4="Monday", ticket="", more=""
    )
    assert re.search(r"/matrix/playbooks/runs/[0-9a-f-]{36}/", run.url), run.text[:2000]
    departments = product.value(
        "SELECT count(DISTINCT s.part) FROM ownership_runstep s"
        " JOIN ownership_playbookrun r ON (r.district_id, r.id) = (s.district_id, s.run_id)"
        " WHERE r.title = %s", title,
    )  # fmt: skip
    assert departments >= 6
    owners = product.rows(
        "SELECT DISTINCT c.value FROM ownership_runstep s"
        " JOIN ownership_playbookrun r ON (r.district_id, r.id) = (s.district_id, s.run_id)"
        " JOIN districts_contactpoint c ON (c.district_id, c.person_id) = (s.district_id, s.owner_id)"
        " WHERE r.title = %s AND s.open_at IS NOT NULL AND c.kind = 'email'", title,
    )  # fmt: skip
    assert owners
    assert product.mail.wait_for(owners[0]["value"], having=title)
    link = f"/matrix/playbooks/line/{product.value('SELECT token FROM ownership_playbookrun WHERE title = %s', title)}/"
    assert product.mail.wait_for(family, having=link)
    with product.visitor() as parent:
        before = parent.get(link).text
        assert "0 of 11 done" in before
        assert title not in before, "what it is called inside stays inside"
        step = re.search(r"/matrix/playbooks/steps/[0-9a-f-]{36}/done", run.text)
        assert step
        lead.submit(run, step[0], evidence="Enrolled; first day is Monday.")
        assert "1 of 11 done" in parent.get(link).text
