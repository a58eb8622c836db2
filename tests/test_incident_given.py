"""Whatever stands in an address or in a field of an outage's pages: it is refused in words, and no page fails."""

from typing import Any
from urllib.parse import quote_from_bytes
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, reverse
from django.utils import timezone

from districts.actions import new_api_key
from districts.models import Role, Site
from incidents import actions, paper, urls, urls_status
from incidents.models import Incident, Kind, Level, PaperKind, Subscriber, Task
from ownership.models import Process, System
from tests.conftest import NOW, Cast, a_ticket, sign_in, visitor
from tests.test_incidents import begin, make_plan, restored
from tests.test_ownership import make_sync

ODD = {"nul": b"a\0b", "letters": b"zz", "digits": b"5" * 5000, "surrogate": b"\xed\xa0\x80", "empty": b""}
LEVEL = ("name", "after_minutes", "step_minutes", "role", "wakes", "actions", "reason")
FIELDS = {  # what each address reads of what is posted
    "incident_new": "title systems scope sites severity began_at seen shown ticket offer anew join",
    "incident_update": "audience text text_es state eta key seen",
    "incident_words": "title title_es seen seen_es severity began_at cause",
    "incident_scope": "scope sites systems processes reason", "incident_related": "system process",
    "incident_decide": "question answer", "incident_dismiss": "reason",
    "incident_link": "number ticket", "incident_unlink": "ticket", "incident_answer": "text text_es solves key seen",
    "incident_task": "evidence said_by", "incident_issue": "kind site count", "incident_settle": "kind site numbers state reason",
    "incident_review": "text owner due_at finding", "status_subscribe": "contact school language", "status_confirm": "school language",
    "setup_outage_rules": "long_minutes", "setup_outage_level": " ".join(f"5-{name}" for name in LEVEL),
    "setup_outage_form": "name lines rows",
}  # fmt: skip
READ = "page ticket offer at school language"  # of addresses
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def world(here: Cast) -> dict[str, Any]:
    """Something for every address."""
    cast = make_plan(here)
    sync = make_sync(cast)
    incident = begin(cast, shown=True, scope="school", sites=[cast.maple])
    kind = PaperKind.objects.get(slug="attendance")
    paper.issue(incident, kind=kind, site=cast.maple, count=3, by=cast.alice, now=NOW)
    restored(cast, incident)
    finding = actions.add_finding(incident, text="Learn", owner=None, due_at=None, by=cast.alice, now=NOW)
    row = Subscriber.objects.create(channel="email", address="a@x.example", asked_at=NOW)
    return {
        "incident_id": incident.id, "task_id": Task.objects.filter(incident=incident, kind=Kind.CHECK)[0].id, "site_id": cast.maple.id,
        "slug": kind.slug, "token": row.token, "level_id": Level.objects.get(number=5).id, "kind_id": kind.id,
        "ticket_id": a_ticket(cast).id, "offer_id": uuid4(), "hunch_id": uuid4(),
        "finding": finding.id, "process": sync.process.id, "kind": kind.id,
    }  # fmt: skip


def addresses() -> list[URLPattern]:
    return [one for one in [*urls.urlpatterns, *urls_status.urlpatterns] if isinstance(one, URLPattern)]


def good(world: dict[str, Any]) -> dict[str, str]:
    """Every field with what it is for: one of them is odd at a time, so that what lies behind the first check is reached."""
    now = timezone.localtime().strftime("%Y-%m-%dT%H:%M")
    maple, sis = str(Site.objects.get(code="MRE").id), System.objects.get(slug="sis")
    return {
        "text": "Words", "state": "entered", "audience": "staff", "title": "Down", "severity": "major", "began_at": now,
        "scope": "school", "sites": maple, "systems": str(sis.id), "site": maple, "kind": str(world["kind"]), "count": "1",
        "numbers": "1", "evidence": "Seen", "said_by": "Ms. Ortiz", "question": "Q", "answer": "A", "name": "N", "lines": "L",
        "rows": "3", "long_minutes": "120", "contact": "b@x.example", "number": "1", "5-name": "Recovery", "5-step_minutes": "60",
        "5-actions": "* Each school confirms its entries", "5-reason": "Because", "process": str(Process.objects.all()[0].id),
    }  # fmt: skip


def body(values: dict[str, bytes]) -> str:
    return "&".join(f"{name}={quote_from_bytes(given)}" for name, given in values.items())


@pytest.mark.parametrize("odd", ODD)
def test_no_parameter_breaks_a_page(world: dict[str, Any], here: Cast, odd: str) -> None:
    client, failed = sign_in(here.ada, here.district), list[str]()
    client.raise_request_exception = False
    client.defaults["REMOTE_ADDR"] = "192.0.2.77"  # what is counted by address is not the other tests'
    usual = {name: given.encode() for name, given in good(world).items()}
    for one in addresses():
        at = reverse(str(one.name), kwargs={name: world[name] for name in one.pattern.converters})
        if client.get(f"{at}?{body(dict.fromkeys(READ.split(), ODD[odd]))}").status_code >= 500:
            failed.append(f"GET {at}")
        for field in FIELDS.get(str(one.name), "").split():
            if client.post(at, body({**usual, field: ODD[odd]}), content_type=FORM).status_code >= 500:
                failed.append(f"POST {at} {field}")
    assert failed == []


def test_every_address_that_takes_something_is_tried() -> None:
    names = {str(one.name) for one in addresses()}
    nothing = {"incidents", "incident", "incident_decline", "incident_beside", "incident_command", "incident_paper", "incident_printed",
               "status", "status_incident", "status_leave", "status_atom", "status_rss", "setup_outages"}  # fmt: skip
    assert names == set(FIELDS) | nothing | {"incident_resolve", "api_outages"}


@pytest.mark.parametrize("odd", ODD)
def test_nor_does_one_of_the_page_that_ends_it(world: dict[str, Any], here: Cast, odd: str) -> None:
    client = sign_in(here.ada, here.district)
    for field in ("text", "to_askers", "override", "sure", "text_es"):
        given = {"override": b"Because", field: ODD[odd]}
        assert client.post(f"/outages/{world['incident_id']}/resolve", body(given), content_type=FORM).status_code < 500


@pytest.mark.parametrize("odd", [ODD[name] for name in ("nul", "letters", "surrogate")] + [b"5" * 200])
def test_no_address_breaks(world: dict[str, Any], here: Cast, odd: bytes) -> None:
    client = sign_in(here.ada, here.district)
    for one in addresses():
        for name in one.pattern.converters:
            given = {other: f"X{other}X" if other == name else str(world[other]) for other in one.pattern.converters}
            path = _filled(one, given).replace(f"X{name}X", quote_from_bytes(odd))
            assert client.get(path).status_code in (404, 405), path


def _filled(one: URLPattern, given: dict[str, str]) -> str:
    path = str(one.pattern)
    for name, kind in one.pattern.converters.items():
        path = path.replace(f"<{type(kind).__name__.removesuffix('Converter').lower().replace('string', 'str')}:{name}>", given[name])
    return f"/{path}" if one in urls_status.urlpatterns else f"/outages/{path}"


def test_what_is_no_number_is_said(world: dict[str, Any], here: Cast) -> None:
    client = sign_in(here.ada, here.district)
    for minutes in ("", "0", "5" * 5000, "²"):
        answer = client.post("/setup/outages/rules", {"long_minutes": minutes}, follow=True)
        assert "Minutes are a number between 1 and 10,000." in answer.content.decode()
    assert client.post("/outages/new", {"ticket": "zz"}).status_code == 404
    assert client.post(f"/outages/{world['incident_id']}/review/", {"text": "x", "finding": "zz"}).status_code == 404


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "5" * 5000])
def test_an_alert_with_odd_words_breaks_nothing(world: dict[str, Any], here: Cast, odd: str) -> None:
    key = new_api_key(name="Watcher", role=Role.ADMIN)
    client: Client = visitor(here.district)
    usual: dict[str, Any] = {"title": "Down", "key": "k"}
    for field, given in (("title", odd), ("key", odd), ("systems", [odd]), ("schools", [odd]), ("severity", odd), ("began_at", odd)):
        answer = client.post(
            "/api/outages", {**usual, field: given}, content_type="application/json", headers={"Authorization": f"Bearer {key}"}
        )
        assert answer.status_code in (400, 422, 429), field
    assert Incident.objects.count() == 1
