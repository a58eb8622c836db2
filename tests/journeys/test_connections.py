"""The connections between systems, by real HTTP and mail: a silent export, a day that is held, a bad day gone through."""

import re
from uuid import uuid4

import pytest

from tests.product import CEDAR, Product, Visitor, until

SYNC = "attendance-to-transportation-sync"


@pytest.fixture
def admin(product: Product) -> Visitor:
    return product.signed_in("Administrator")


@pytest.fixture
def lead(product: Product) -> Visitor:
    return product.signed_in("Team lead")


def feed_of(product: Product, process: str) -> dict[str, str]:
    """A feed that machines tell of, as its administrator sees it."""
    row: dict[str, str] = product.rows(
        "SELECT f.id::text, f.slug, f.name, f.token, p.name AS process FROM ownership_feed f"
        " JOIN ownership_process p ON (p.district_id, p.id) = (f.district_id, f.process_id)"
        " JOIN districts_district d ON d.id = f.district_id"
        " WHERE d.host = %s AND p.slug = %s AND f.kind = 'machine' ORDER BY f.slug LIMIT 1", CEDAR, process,
    )[0]  # fmt: skip
    return row


def ping(product: Product, feed: dict[str, str], more: str = "") -> tuple[int, str]:
    with product.visitor() as machine:
        answer = machine.ask("POST", f"/matrix/ping/{feed['token']}{more}")
    return answer.status_code, answer.text


def owners(product: Product, process: str) -> list[str]:
    """Addresses of those who hold its two roles."""
    rows = product.rows(
        "SELECT DISTINCT c.value FROM ownership_process p JOIN ownership_ownerrole r ON r.district_id = p.district_id"
        " AND r.id IN (p.primary_id, p.secondary_id) JOIN districts_contactpoint c ON c.district_id = p.district_id"
        " AND c.person_id = r.holder_id AND c.kind = 'email' JOIN districts_district d ON d.id = p.district_id"
        " WHERE d.host = %s AND p.slug = %s", CEDAR, process,
    )  # fmt: skip
    return [row["value"] for row in rows]


def test_an_export_dies_in_silence_and_nobody_stands_in_the_rain(product: Product) -> None:
    feed = feed_of(product, SYNC)
    assert ping(product, feed) == (200, "OK\n")
    key = feed["id"]
    product.rows(  # its promised time passes, and its grace
        "UPDATE ownership_feed SET expected_at = now() - interval '20 minutes', alert_at = now() - interval '5 minutes' WHERE id = %s",
        key,
    )
    escalation = until(
        lambda: product.rows(
            "SELECT e.id FROM ownership_escalation e JOIN ownership_feedrun r ON (r.district_id, r.id) = (e.district_id, e.feed_run_id)"
            " WHERE r.feed_id = %s AND e.ended_at IS NULL", key,
        ),
        what="the ladder to begin",
    )[0]["id"]  # fmt: skip
    both = owners(product, SYNC)
    assert len(both) == 2
    letters = [product.mail.wait_for(address, having=f"Late: {feed['process']}") for address in both]
    link = next(found[0] for letter in letters if (found := re.search(r"/matrix/take/\S+", letter.text)))
    with product.visitor() as owner:  # from the bus loop, on a telephone, without signing in
        page = owner.get(link)
        assert "Nobody has it yet" in page.text
        assert "you have it" in owner.ask("POST", link).text
    assert product.value("SELECT acknowledged_at IS NOT NULL FROM ownership_escalation WHERE id = %s", escalation)
    assert ping(product, feed, "?rows=412") == (200, "OK\n")
    over = "SELECT ended_at IS NOT NULL FROM ownership_escalation WHERE id = %s"
    until(lambda: product.value(over, escalation), what="the ladder to end")
    assert product.value("SELECT state FROM ownership_feed WHERE id = %s", key) == "ok"


def test_the_day_half_are_absent_is_held_and_released(product: Product, admin: Visitor) -> None:
    feed = feed_of(product, "gradebook-to-familyport")
    rules = f"/matrix/holds/rules/{feed['slug']}/"
    page = admin.get(rules)
    saved = admin.submit(page, page.url, kind="share", count="absent", of="enrolled", percent="50", minutes="60")
    assert "Held when “absent” is more than 50 % of “enrolled”." in saved.text
    assert ping(product, feed, "?absent=31&enrolled=800&run=monday") == (200, "OK\n")
    run = uuid4().hex
    status, text = ping(product, feed, f"/start?absent=412&enrolled=800&run={run}")
    assert (status, text.startswith("HELD")) == (423, True)
    (address,) = product.rows(
        "SELECT c.value FROM ownership_hold h"
        " JOIN districts_contactpoint c ON (c.district_id, c.person_id) = (h.district_id, h.person_id)"
        " WHERE h.feed_id = %s AND h.state = 'waiting' AND c.kind = 'email' LIMIT 1", feed["id"],
    )  # fmt: skip
    letter = product.mail.wait_for(address["value"], having=f"Held: {feed['name']}")
    at = re.search(r"/matrix/holds/[0-9a-f-]{36}/", letter.text)
    assert at, letter.text
    page = admin.get(at[0])
    assert "51.5" in page.text
    with product.visitor() as machine:
        assert machine.get(f"/matrix/ping/{feed['token']}/held").status_code == 423
        done = admin.submit(page, f"{at[0]}release", why="The flu is here; three schools counted again.")
        assert "Released" in done.text
        assert machine.get(f"/matrix/ping/{feed['token']}/held").text == "RELEASED\n"
    assert ping(product, feed, f"/0?absent=412&enrolled=800&run={run}") == (200, "OK\n"), "what was released is not asked for again"
    page = admin.get(rules)
    admin.submit(page, f"{rules}0/remove")
    assert "every run goes through" in admin.get(rules).text


def test_a_bad_day_is_gone_through_and_nobody_is_told(product: Product, lead: Visitor) -> None:
    feed = feed_of(product, "rosters-to-learning-apps")
    before = product.value("SELECT count(*) FROM delivery_delivery WHERE subject LIKE %s", f"%{feed['process']}%")
    missed = product.value("SELECT count(*) FROM ownership_feedrun WHERE feed_id = %s AND outcome = 'missed'", feed["id"])
    name = f"First day {uuid4().hex[:6]}"
    page = lead.get("/matrix/simulations/")
    done = lead.submit(
        page, page.url, name=name, starts_at="2026-11-30T12:00", hours="48", how="silent", after="0", feeds=feed["slug"]
    )  # fmt: skip
    assert (done.status_code, name in done.text) == (200, True)
    assert "Nobody was told" in done.text
    assert "Late: " in done.text, "somebody would have been called"
    told = product.value("SELECT count(*) FROM delivery_delivery WHERE subject LIKE %s", f"%{feed['process']}%")
    assert told == before
    climbed = "SELECT count(*) FROM ownership_feedrun WHERE feed_id = %s AND outcome = 'missed'"
    assert product.value(climbed, feed["id"]) == missed
