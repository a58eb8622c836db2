"""Steps 5 to 8: the agent's desk, a broken promise, a late feed, the leader's page."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.journeys.asking import letter, placed, send
from tests.product import CEDAR, Product, Visitor, until


@pytest.fixture
def agent(product: Product) -> Visitor:
    return product.signed_in("Agent, Transportation")


@pytest.fixture
def lead(product: Product) -> Visitor:
    return product.signed_in("Team lead, Transportation")


def asked_by_mail(product: Product, text: str) -> tuple[str, str, str]:
    """(address, tracking link, desk link) of a placed ticket."""
    sender = f"parent-{uuid4().hex[:8]}@family.example"
    send(product, letter(f"Robin Vale <{sender}>", "Bus 12", text), to=f"help@{CEDAR}")
    found = re.search(r"(/r/\w+)", product.mail.wait_for(sender).text)
    assert found
    placed(product, found[1])
    ticket = product.value("SELECT id FROM tickets_ticket WHERE token = %s", found[1].removeprefix("/r/"))
    return sender, found[1], f"/desk/{ticket}/"


def test_an_agent_answers_hands_off_and_resolves(product: Product, agent: Visitor) -> None:
    sender, link, desk = asked_by_mail(product, "The bus didn't come to Maple and 5th this morning, again.")
    queue = agent.get("/desk/")
    assert queue.status_code == 200
    due = re.findall(r'<td class="c-due"><time datetime="([^"]+)"', queue.text)
    assert due == sorted(due), "what is due first stands on top"
    everything = "".join(agent.get(f"/desk/{query}").text for query in ("", "?view=open", "?view=team"))
    assert desk in everything, "the ticket is in her team's queue"

    page = agent.get(desk)
    page = agent.submit(page, f"{desk}reply/", text="The driver was ill. A substitute drives from tomorrow.", then="wait")
    assert "Your reply is on its way" in page.text
    mail = product.mail.wait_for(sender, having="A substitute drives")
    assert mail.message["In-Reply-To"], "it stays in the thread of what she wrote"
    with product.visitor() as parent:
        assert "A substitute drives" in parent.get(link).text

    other = product.value(
        "SELECT id FROM districts_team WHERE district_id = %s AND slug <> 'transportation' AND NOT is_safety ORDER BY slug LIMIT 1",
        product.district(CEDAR),
    )
    page = agent.submit(page, f"{desk}hand-off/", team=str(other), known="The bus came late.", asked="The stop app shows no times.")
    assert "has ticket #" in page.text
    page = agent.submit(agent.get(desk), f"{desk}resolve/")
    assert "is resolved" in page.text
    with product.visitor() as parent:
        until(lambda: "solved" in parent.get(link).text.lower(), what="the requester to see that it is solved")
    kinds = [row["kind"] for row in product.rows("SELECT kind FROM tickets_event WHERE ticket_id = %s ORDER BY at", desk.split("/")[2])]
    assert [k for k in ("opened", "placed", "replied", "handed_off", "resolved") if k not in kinds] == []


def pages(who: Visitor, path: str) -> Iterator[str]:
    """Of a list that is read by pages, what is due first on the first."""
    number = 1
    while number:
        text = who.get(f"{path}&page={number}").text
        yield text
        number = number + 1 if 'rel="next"' in text else 0


def test_a_broken_promise_climbs_one_rung(product: Product, lead: Visitor) -> None:
    _, link, desk = asked_by_mail(product, "The bus never came to Oak Street and the children wait in the rain.")
    number = product.value("SELECT number FROM tickets_ticket WHERE id = %s", desk.split("/")[2])
    product.time_passes(link.removeprefix("/r/"), hours=24 * 5)
    until(
        lambda: product.value("SELECT count(*) FROM sla_breach WHERE ticket_id = %s AND handled_at IS NOT NULL", desk.split("/")[2]),
        seconds=40, what="the sweep to notice, and the ladder to be climbed",
    )  # fmt: skip
    until(lambda: f"#{number}" in lead.get("/notices/").text, what="a notice to the lead")
    assert f"#{number}" in "".join(pages(lead, "/matrix/steps/?whose=all")), "an owned step"
    late = lead.get("/desk/?view=late")
    assert f"#{number}" in late.text
    climbed = product.rows("SELECT id, level FROM ownership_escalation WHERE ticket_id = %s", desk.split("/")[2])
    assert {row["level"] for row in climbed} == {1}, "one rung for each promise that broke"
    owned = product.rows("SELECT owner_id, due_at FROM ownership_step WHERE escalation_id = %s", climbed[0]["id"])
    assert owned
    assert all(row["owner_id"] and row["due_at"] for row in owned)


def test_a_late_feed_alerts_both_owners(product: Product, lead: Visitor) -> None:
    matrix = lead.get("/matrix/")
    assert matrix.status_code == 200
    feed = product.rows(
        "SELECT f.id, f.token, p.slug, p.name FROM ownership_feed f JOIN ownership_process p ON p.id = f.process_id"
        " WHERE f.district_id = %s AND f.state = 'ok' AND p.primary_id IS NOT NULL ORDER BY p.slug LIMIT 1", product.district(CEDAR),
    )[0]  # fmt: skip
    assert f"/matrix/{feed['slug']}/" in matrix.text
    page = lead.get(f"/matrix/{feed['slug']}/")
    assert page.status_code == 200
    assert feed["name"] in page.text
    began = product.value("SELECT now()")
    product.rows(
        "UPDATE ownership_feed SET expected_at = now() - interval '2 hours', alert_at = now() - interval '1 second' WHERE id = %s",
        feed["id"],
    )
    until(lambda: product.value("SELECT state FROM ownership_feed WHERE id = %s", feed["id"]) == "late", what="the feed to be late")
    told = until(
        lambda: product.rows(
            "SELECT DISTINCT person_id, subject FROM delivery_delivery WHERE district_id = %s AND purpose = 'notice'"
            " AND channel = 'inapp' AND created_at > %s", product.district(CEDAR), began,
        ),
        what="the owners to be told",
    )  # fmt: skip
    owners = product.rows("SELECT primary_id, secondary_id FROM ownership_process WHERE slug = %s AND district_id = %s",
                          feed["slug"], product.district(CEDAR))[0]  # fmt: skip
    holders = {
        row["holder_id"] for row in product.rows("SELECT holder_id FROM ownership_ownerrole WHERE id = ANY(%s)", list(owners.values()))
    }
    assert holders <= {row["person_id"] for row in told}, f"both owners: {told}"
    with product.visitor() as machine:
        assert machine.ask("POST", f"/matrix/ping/{feed['token']}").status_code == 200
    assert product.value("SELECT state FROM ownership_feed WHERE id = %s", feed["id"]) == "ok"


def test_a_leader_sees_today(product: Product) -> None:
    leader = product.signed_in("Leader, Cedar Valley")
    page = leader.get("/today/")
    assert page.status_code == 200
    live = "status IN ('new', 'open', 'wait_asker', 'wait_other')"
    opened = product.value(f"SELECT count(*) FROM tickets_ticket WHERE {live} AND district_id = %s", product.district(CEDAR))
    shown = re.search(r'aria-labelledby="f-open">\s*([\d,]+)', page.text)
    assert shown
    assert abs(int(shown[1].replace(",", "")) - opened) <= 2, "the same rows (others may work meanwhile)"
    assert "Transportation" in page.text
    assert "By team" in page.text
    assert "Promises kept" in page.text
    table = leader.get("/today/teams.csv")
    assert "Transportation" in table.text
