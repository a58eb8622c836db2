"""A whole outage by real HTTP: a feed fails, the plan runs, paper stands in, the gate refuses, everything is proved, it is over."""

import re
from datetime import date, timedelta
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from tests.journeys.asking import letter, placed, send
from tests.product import CEDAR, Product, Visitor, until


@pytest.fixture
def lead(product: Product) -> Visitor:
    return product.signed_in("Leader")


@pytest.fixture
def admin(product: Product) -> Visitor:
    return product.signed_in("Administrator")


def a_feed(product: Product) -> dict[str, object]:
    """One that nothing that runs has to do with, and whose tickets everybody may see."""
    return product.rows(
        "SELECT f.token, p.id, p.name, p.source_id, s.name AS system FROM ownership_feed f"
        " JOIN ownership_process p ON (p.district_id, p.id) = (f.district_id, f.process_id)"
        " JOIN ownership_system s ON (s.district_id, s.id) = (p.district_id, p.source_id)"
        " JOIN districts_district d ON d.id = f.district_id WHERE d.host = %s AND s.name NOT LIKE 'Health%%'"
        " AND p.source_id NOT IN (SELECT system_id FROM incidents_incidentsystem) ORDER BY p.slug LIMIT 1", CEDAR,
    )[0]  # fmt: skip


def time_passes(product: Product, incident: UUID, minutes: int) -> None:
    """Everything of it happened so much earlier, and what is due is due."""
    for column in ("began_at", "detected_at", "check_at"):
        product.rows(f"UPDATE incidents_incident SET {column} = {column} - %s::interval WHERE id = %s", f"{minutes} minutes", incident)


def level(product: Product, incident: UUID) -> int:
    return int(product.value("SELECT level FROM incidents_incident WHERE id = %s", incident))


def state(product: Product, incident: UUID) -> str:
    return str(product.value("SELECT state FROM incidents_incident WHERE id = %s", incident))


def tasks(product: Product, incident: UUID, kinds: str) -> list[UUID]:
    rows = product.rows(
        "SELECT id FROM incidents_task WHERE incident_id = %s AND done_at IS NULL AND kind = ANY(%s)", incident, kinds.split()
    )
    return [row["id"] for row in rows]


def test_an_outage_from_the_failed_feed_to_the_review(product: Product, lead: Visitor, admin: Visitor) -> None:
    feed = a_feed(product)
    subscriber = f"parent-{uuid4().hex[:8]}@family.example"
    with product.visitor() as anybody:  # two steps, by the link that was sent
        anybody.submit(anybody.get("/status/"), "/status/subscribe", contact=subscriber)
        link = re.search(r"(/status/confirm/\w+)", product.mail.wait_for(subscriber).text)
        assert link
        page = anybody.get(link[1])
        assert "You will hear from us" in anybody.submit(page, page.url).text

    page = admin.get("/setup/outages/")
    admin.submit(page, "/setup/outages/rules", long_minutes="120", **{f"process-{feed['id']}": "start"})
    with product.visitor() as machine:
        assert machine.ask("POST", f"/matrix/ping/{feed['token']}", json={"outcome": "failed", "note": "no rows"}).text == "OK\n"
    found = until(
        lambda: product.rows(
            "SELECT i.id FROM incidents_incident i JOIN incidents_incidentprocess p ON p.incident_id = i.id"
            " WHERE p.process_id = %s AND i.source = 'feed'", feed["id"],
        ),
        what="the feed to begin an outage",
    )  # fmt: skip
    incident = found[0]["id"]
    at = f"/outages/{incident}/"
    assert level(product, incident) == 1
    with product.visitor() as anybody:
        assert anybody.get(f"/status/{incident}/").status_code == 404, "nobody has said yet that it is one"

    schools = product.rows(
        "SELECT s.id, s.name FROM districts_site s JOIN districts_district d ON d.id = s.district_id"
        " WHERE d.host = %s AND s.is_school ORDER BY s.name LIMIT 2", CEDAR,
    )  # fmt: skip
    page = lead.get(at)
    lead.submit(page, f"{at}scope", scope="several", sites=[str(one["id"]) for one in schools], systems=[str(feed["source_id"])],
                processes=[str(feed["id"])], reason="Only these two report it")  # fmt: skip
    assert product.value("SELECT scope FROM incidents_incident WHERE id = %s", incident) == "several"
    eta = f"{date.today() + timedelta(days=60)}T12:00"  # far beyond what the district calls long
    page = lead.submit(lead.get(at), f"{at}update", audience="public", text="We look for the cause.", text_es="Buscamos la causa.",
                       state="confirmed", eta=eta)  # fmt: skip
    assert schools[0]["name"] in page.text
    assert "We look for the cause." in product.mail.wait_for(subscriber, having="We look for the cause.").text
    with product.visitor() as anybody:
        assert "We look for the cause." in anybody.get("/status/").text
        assert "Buscamos la causa." in anybody.get(f"/status/{incident}/", headers={"Accept-Language": "es"}).text
        assert str(feed["name"]) in anybody.get("/").text, "the front door says so"
        assert "We look for the cause." in anybody.get("/status/feed.atom").text

    assert len(tasks(product, incident, "backup")) == 3, "each department is asked, since it takes long"
    for task in tasks(product, incident, "backup"):
        page = lead.get(f"{at}steps/{task}/")
        lead.submit(page, page.url, evidence="The backup is active.")
    assert tasks(product, incident, "backup") == []

    kind = product.value("SELECT k.id FROM incidents_paperkind k JOIN districts_district d ON d.id = k.district_id"
                         " WHERE d.host = %s AND k.slug = 'attendance'", CEDAR)  # fmt: skip
    lead.submit(lead.get(f"{at}paper/"), f"{at}paper/issue", kind=str(kind), site=str(schools[0]["id"]), count="4")
    assert "A-0004" in lead.get(f"{at}paper/{schools[0]['id']}/attendance/").text

    sender = f"parent-{uuid4().hex[:8]}@family.example"
    send(product, letter(f"Rae Kim <{sender}>", f"{feed['system']} does not open", "I cannot get in."), to=f"help@{CEDAR}")
    tracking = re.search(r"(/r/\w+)", product.mail.wait_for(sender).text)
    assert tracking
    placed(product, tracking[1])
    ticket = product.value("SELECT id FROM tickets_ticket WHERE token = %s", tracking[1].removeprefix("/r/"))
    assert f"/desk/{ticket}/" in lead.get(at).text, "it is offered"
    lead.submit(lead.get(at), f"{at}link", ticket=str(ticket))

    time_passes(product, incident, 61)
    until(lambda: level(product, incident) == 4, what="the executives to be told")
    decisions = tasks(product, incident, "decide")
    assert len(decisions) == 2
    for task in decisions:
        page = lead.get(f"{at}steps/{task}/")
        lead.submit(page, page.url, evidence="Yes, by mail before noon.")
    assert "Yes, by mail before noon." in lead.get(at).text

    page = lead.submit(lead.get(at), f"{at}update", audience="public", text="It works again.", state="validating", eta="")
    assert "stand between this and its end" in page.text
    page = lead.submit(page, f"{at}resolve", override="", sure="1")
    assert state(product, incident) == "validating", "the gate refuses"
    assert "4 paper forms are neither entered nor void" in page.text

    give = {"site": str(schools[0]["id"]), "kind": str(kind)}
    page = lead.get(f"{at}paper/")
    settle = {**_hidden(lead, page, f"{at}paper/settle"), **give}
    lead.ask("POST", f"{at}paper/settle", data={**settle, "numbers": "1-3", "state": "entered"},
             headers={"Origin": f"http://{CEDAR}:{product.port}"})  # fmt: skip
    lead.ask("POST", f"{at}paper/settle", headers={"Origin": f"http://{CEDAR}:{product.port}"},
             data={**settle, "numbers": "4", "state": "void", "reason": "Torn"})  # fmt: skip
    for task in tasks(product, incident, "school check"):
        page = lead.get(f"{at}steps/{task}/")
        lead.submit(page, page.url, evidence="Compared, none missing.", said_by="Ms. Ortiz")
    page = lead.get(at)
    assert "Everything is proved." in page.text
    sure = lead.submit(page, f"{at}resolve", text="All of it is entered.", to_askers="It works again, thank you for telling us.")
    assert "1 linked ticket is answered and resolved" in sure.text
    over = lead.submit(sure, f"{at}resolve")
    assert urlsplit(over.url).path == f"{at}review/"
    assert state(product, incident) == "resolved"
    assert "It works again, thank you" in product.mail.wait_for(sender, having="It works again, thank you").text
    until(
        lambda: product.value("SELECT status FROM tickets_ticket WHERE id = %s", ticket) == "resolved", what="the ticket to be resolved"
    )
    assert "All of it is entered." in product.mail.wait_for(subscriber, having="All of it is entered.").text
    assert all(words in over.text for words in ("To restore it", "Decide if families are told", "Torn", "Compared, none missing."))
    letters = product.value(
        "SELECT count(*) FROM delivery_delivery WHERE address = %s AND purpose = 'status'"
        " AND body LIKE '%%All of it is entered.%%'",
        subscriber,
    )  # fmt: skip
    assert letters == 1


def _hidden(who: Visitor, page: object, action: str) -> dict[str, str]:
    """The form's address carries a mark of the sheet, so it is looked for by its beginning."""
    text = getattr(page, "text")  # noqa: B009
    token = re.search(rf'action="{action}[^>]*>\s*<input type="hidden" name="csrfmiddlewaretoken" value="(\w+)"', text)
    assert token
    return {"csrfmiddlewaretoken": token[1]}
