"""No way through the pages ends at an address that only takes what a form sends."""

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from districts import pages
from ownership import actions
from ownership.models import Step
from tests.conftest import NOW, Cast, sign_in, visitor
from tests.test_ownership import Sync, make_sync, sweep

ONE = UUID("0190f0a0-0000-7000-8000-00000000dead")
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
LEAVE = "/matrix/on-call/leave"


def way_back(page: Any) -> str:
    """Of the language switch."""
    found = re.search(r'action="/language/".*?name="next" value="([^"]*)"', page.content.decode(), re.DOTALL)
    assert found is not None
    return unescape(found[1])


def wrong_leave(client: Client, here: Cast, **headers: str) -> Any:
    given = {"person": str(here.lena.id), "first": "2026-12-10", "last": "2026-12-01"}
    page = client.post(LEAVE, given, headers=headers)
    assert page.status_code == 422
    return page


@pytest.mark.parametrize(
    ("sent_to", "opened"),
    [(LEAVE, "/matrix/on-call/"), (f"/matrix/holds/{ONE}/release", f"/matrix/holds/{ONE}/"), ("/matrix/cover/covers", "/matrix/cover/"),
     (f"/matrix/steps/{ONE}/done", "/matrix/steps/"), (f"/matrix/cover/overrides/{ONE}/review", f"/matrix/cover/overrides/{ONE}/"),
     ("/matrix/ladders/common/test", "/matrix/ladders/common/"), ("/matrix/steps/?whose=all", "/matrix/steps/?whose=all"),
     (f"/matrix/escalations/{ONE}/snooze", "/matrix/escalations/"), ("/no/such/page", "/no/such/page")],
)  # fmt: skip
def test_the_nearest_page_above_is_found(sent_to: str, opened: str) -> None:
    request = RequestFactory().get("/")
    assert pages.near(sent_to, request) == opened
    assert pages.opens(opened, request)


def test_another_language_after_a_form_that_was_wrong_opens_the_page_of_the_form(here: Cast) -> None:
    lena, host = sign_in(here.lena, here.district), here.district.host
    assert way_back(wrong_leave(lena, here)) == "/matrix/on-call/"
    assert way_back(wrong_leave(lena, here, Referer=f"http://{host}/matrix/on-call/?a=1")) == "/matrix/on-call/?a=1"
    assert way_back(wrong_leave(lena, here, Referer=f"http://{host}{LEAVE}")) == "/matrix/on-call/", "wrong a second time"
    assert way_back(wrong_leave(lena, here, Referer="https://evil.example/matrix/steps/")) == "/matrix/on-call/"
    assert way_back(lena.get("/matrix/steps/?whose=all")) == "/matrix/steps/?whose=all"


def test_the_language_switch_leads_to_no_address_of_a_form(here: Cast) -> None:
    lena = sign_in(here.lena, here.district)
    answer = lena.post("/language/", {"language": "es", "next": LEAVE}, follow=True)
    assert (answer.redirect_chain, answer.status_code) == ([("/matrix/on-call/", 302)], 200)
    assert '<html lang="es"' in answer.content.decode()
    answer = lena.post("/language/", {"language": "en"}, headers={"Referer": f"http://{here.district.host}{LEAVE}"})
    assert answer["Location"] == "/matrix/on-call/"


def test_an_address_of_a_form_that_is_opened_shows_a_way_back(here: Cast) -> None:
    lena = sign_in(here.lena, here.district)
    page = lena.get(LEAVE, headers=HTML)
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert "This address only takes what a form sends" in page.content.decode()
    assert 'href="/matrix/on-call/"' in page.content.decode()
    assert way_back(page) == "/matrix/on-call/"
    assert (lena.get(LEAVE).status_code, lena.get(LEAVE).content) == (405, b""), "machines read no page"
    assert visitor(here.district).get(reverse("override_again", args=[ONE]), headers=HTML).status_code == 302, "sign in first"


# --- back to the list one came from -----------------------------------------------------------------------------------


@pytest.fixture
def failed(here: Cast) -> Sync:
    sync = make_sync(here)
    actions.ping(sync.feed, outcome="failed", counts={}, note="", now=NOW)
    sweep(here, NOW)
    return sync


def nexts(page: Any) -> set[str]:
    """Where the forms of a page lead to, without the place on it; but for the language switch's."""
    found = re.findall(r'name="next" value="([^"]*)#[^"]*"', page.content.decode())
    return {unescape(one) for one in found}


def test_from_everybodys_steps_one_comes_back_to_everybodys(here: Cast, failed: Sync) -> None:
    lena, whose = sign_in(here.lena, here.district), "/matrix/steps/?whose=all"
    first, second = Step.objects.filter(done_at__isnull=True).order_by("order")[:2]
    page = lena.get(whose)
    assert nexts(page) == {whose}
    wrong = page
    for _again in range(2):
        wrong = lena.post(f"/matrix/steps/{first.id}/done", {"evidence": "", "next": f"{whose}#e-1"})
        assert (wrong.status_code, nexts(wrong)) == (422, {whose})
    done = lena.post(f"/matrix/steps/{first.id}/done", {"evidence": "By hand, see the log.", "next": f"{whose}#e-1"})
    assert done["Location"] == f"{whose}#e-1"
    put_off = lena.post(f"/matrix/escalations/{first.escalation_id}/snooze", {"minutes": "30", "why": "later", "next": f"{whose}#e-1"})
    assert put_off["Location"] == f"{whose}#e-1"
    give = f"/matrix/steps/{second.id}/give?next=/matrix/steps/%3Fwhose%3Dall"
    assert give in lena.get(whose).content.decode()
    assert f'name="next" value="{whose}"' in lena.get(give).content.decode()
    assert lena.post(give, {"to": str(here.bob.id), "next": whose})["Location"] == whose
    assert lena.post(give, {"to": str(here.lena.id), "next": "https://evil.example/"})["Location"] == "/matrix/steps/"


def test_a_process_of_which_nothing_is_promised_says_so_and_where_it_is_written(here: Cast, failed: Sync) -> None:
    address, said = f"/matrix/{failed.process.slug}/", "Nothing is promised yet"
    ada, alice = sign_in(here.ada, here.district), sign_in(here.alice, here.district)
    assert said not in ada.get(address).content.decode()
    type(failed.process).objects.update(promise="", promise_text="", terms="")
    page = ada.get(address).content.decode()
    assert said in page
    assert f'href="/setup/matrix/{failed.process.slug}/#id_promise"' in page
    assert "Administrators write it down" in alice.get(address).content.decode()
