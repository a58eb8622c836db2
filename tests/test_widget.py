"""The widget: its script, who may show the chat in a frame, and how administrators say so."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from intake.chat.door import row, save_door
from intake.chat.sites import NoSite, origin_of
from intake.models import Channel
from intake.standing import forget_standing
from tests.conftest import Cast, sign_in, visitor

SITE = "https://www.school.example"


@pytest.fixture
def chat_on(here: Cast) -> Iterator[Cast]:
    save_door(row(), open=True, sites=[SITE, "https://*.cedar.example"], greeting="", by=None)
    yield here
    forget_standing()


def get(path: str, **headers: str) -> Any:
    return Client(HTTP_HOST="cedar.localhost").get(path, headers=headers)


def test_the_script_is_the_same_for_everybody_and_may_be_kept(chat_on: Cast) -> None:
    script = get("/widget.js")
    assert script["Content-Type"] == "text/javascript; charset=utf-8"
    assert script["Access-Control-Allow-Origin"] == "*"
    assert script["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "public" in script["Cache-Control"]
    assert not script.cookies
    assert get("/widget.js", **{"If-None-Match": script["ETag"]}).status_code == 304
    assert len(script.content) < 10_000, "small"
    words = script.content.decode()
    assert '"es":' in words
    assert "Cedar" in words
    assert "TOLD" not in words


def test_the_script_leaves_nothing_to_a_policy_of_the_page(chat_on: Cast) -> None:
    """No inline style or handler, no eval, no markup from text, nothing fetched: only a script and a frame of ours."""
    words = get("/widget.js").content.decode()
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|eval\(|new Function|\.style\.|fetch\(|XMLHttp|document\.write|window\.\w+ =", words
    )


def test_a_name_cannot_leave_its_string(chat_on: Cast) -> None:
    chat_on.district.name = '</script><script>"); alert(1); ("\u2028 é'
    chat_on.district.save()
    words = Client(HTTP_HOST="cedar.localhost").get("/widget.js").content.decode()
    assert "</script>" not in words
    assert "\u2028" not in words


def test_only_the_named_sites_may_show_the_chat(chat_on: Cast) -> None:
    panel = get("/chat/panel")
    policy = panel["Content-Security-Policy"]
    assert f"frame-ancestors 'self' {SITE} https://*.cedar.example;" in policy
    assert "X-Frame-Options" not in panel
    assert "script-src 'self' 'nonce-" in policy or "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/chat/", "/find", "/help/", "/account/login/", "/widget.js"])
def test_nothing_else_can_be_framed(chat_on: Cast, path: str) -> None:
    answer = get(path)
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


def test_without_sites_it_is_shown_on_our_own_pages_alone(here: Cast) -> None:
    save_door(row(), open=True, sites=[], greeting="", by=None)
    assert "frame-ancestors 'self';" in get("/chat/panel")["Content-Security-Policy"]
    forget_standing()


def test_switched_off_the_line_on_the_page_does_nothing(here: Cast) -> None:
    forget_standing()
    script = get("/widget.js")
    assert script.status_code == 200
    assert "function" not in script.content.decode()
    assert "max-age=300" in script["Cache-Control"]


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://www.School.example", "https://www.school.example"), ("www.school.example/contact?x=1", "https://www.school.example"),
        ("https://*.school.example", "https://*.school.example"), ("https://school.example:8443/", "https://school.example:8443"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"), ("localhost:3000", "http://localhost:3000"),
    ],
)  # fmt: skip
def test_a_site_is_read_as_an_origin(typed: str, origin: str) -> None:
    assert origin_of(typed) == origin


@pytest.mark.parametrize(
    "typed", ["*", "https://*", "https://", "school", "http://www.school.example", "javascript:alert(1)", "https://a.b; script-src *",
              "'self'",
              "https://a_b.example", "https://school.example:99999", "https://user@school.example", "data:", "https://a.b 'self'"],
)  # fmt: skip
def test_what_is_no_site_is_refused_in_words(typed: str) -> None:
    with pytest.raises(NoSite):
        origin_of(typed)


# --- set-up -------------------------------------------------------------------------------------------------------------


def save(client: Client, **values: Any) -> Any:
    page = client.get("/setup/chat/")
    seen = re.search(r'name="seen" value="(\w+)"', page.content.decode())
    assert seen
    return client.post("/setup/chat/", {"seen": seen[1], **values})


def test_an_administrator_switches_it_on_and_gets_the_line_to_paste(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    assert "It is off" in admin.get("/setup/chat/").content.decode()
    saved = save(admin, open="on", sites="https://www.school.example\nwww.school.example/\n https://*.cedar.example", greeting="Hello!")
    assert saved.status_code == 302
    channel = Channel.objects.get(kind="chat")
    assert channel.active
    assert channel.options == {"sites": [SITE, "https://*.cedar.example"], "greeting": "Hello!"}
    shown = admin.get("/setup/chat/").content.decode()
    assert "&lt;script src=&quot;http://cedar.localhost/widget.js&quot; async&gt;&lt;/script&gt;" in shown
    assert "script-src http://cedar.localhost; frame-src http://cedar.localhost" in shown
    assert "Hello!" in visitor(here.district).get("/chat/panel").content.decode()
    save(admin, sites="")
    assert visitor(here.district).get("/chat/").status_code == 404


def test_a_site_that_is_none_is_said_and_nothing_is_saved(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    answer = save(admin, open="on", sites="https://www.school.example\nhttps://a.b; script-src *")
    assert answer.status_code == 422
    assert "is no site" in answer.content.decode()
    assert not Channel.objects.get(kind="chat").active


def test_two_who_change_it_at_once_do_not_overwrite_each_other(here: Cast) -> None:
    admin = sign_in(here.ada, here.district)
    save(admin, open="on", sites=SITE)
    assert admin.post("/setup/chat/", {"seen": "0" * 16, "open": "on", "sites": ""}).status_code == 422
    assert Channel.objects.get(kind="chat").options["sites"] == [SITE]


def test_only_administrators_set_it_up(here: Cast) -> None:
    assert sign_in(here.alice, here.district).get("/setup/chat/").status_code == 403
    assert visitor(here.district).get("/setup/chat/").status_code == 302
