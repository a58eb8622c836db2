"""Whose attempts are counted, and where: behind a proxy, over processes, and while Redis is away."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as configured
from django.core.cache import cache
from django.test import Client, RequestFactory
from pytest_django import Settings

from config import caching
from config.caching import CountersCache
from districts.limits import remote_of, within
from districts.models import Account
from tests.conftest import PASSWORD, Cast

PROXY = "10.0.0.1"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()


@pytest.fixture
def shared() -> Iterator[CountersCache]:
    """The embedded Redis, under a prefix of this test's own."""
    if not configured.REDIS_URL:
        pytest.skip("no Redis here")
    made = CountersCache(configured.REDIS_URL, {"KEY_PREFIX": f"test-{uuid.uuid4().hex}"})
    yield made
    made.clear()


@pytest.fixture
def with_password(cedar: Cast) -> Account:
    account = Account.objects.get(email="ada@cedar.localhost")
    account.set_password(PASSWORD)
    account.save()
    EmailAddress.objects.create(user=account, email=account.email, verified=True, primary=True)
    return account


def guess(visitor: str, account: Account, password: str) -> Any:
    """A sign-in as it comes through one proxy, which adds the visitor's address to whatever was there."""
    client = Client(HTTP_HOST="cedar.localhost", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=f"198.51.100.9, {visitor}")
    client.post("/account/login/", {"login": account.email, "password": password})
    return client


def test_one_visitors_guesses_do_not_shut_out_another(with_password: Account, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS, settings.ALLAUTH_TRUSTED_PROXY_COUNT = {}, 1
    for n in range(15):
        guess("203.0.113.5", Account(email=f"somebody{n}@example.org"), "wrong")
    assert "_auth_user_id" not in guess("203.0.113.5", with_password, PASSWORD).session
    assert "_auth_user_id" in guess("203.0.113.6", with_password, PASSWORD).session


def settings_with(**env: str) -> list[str]:
    code = (
        "from django.conf import settings as s\n"
        "print(s.ALLAUTH_TRUSTED_PROXY_COUNT, s.ACCOUNT_RATE_LIMITS, s.MFA_RATE_LIMITS, s.CACHES['default']['BACKEND'],"
        " s.OPERATOR_MFA, s.REQUIRE_STAFF_MFA, sep='|')"
    )
    bare = {"DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": "x", "DATABASE_APP_URL": "postgres://a:b@127.0.0.1:1/c"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=configured.ROOT, env={**bare, **env}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip().split("|")


def test_a_proxy_is_counted_and_limits_are_on_unless_told() -> None:
    assert settings_with() == ["0", "{}", "{}", "django.core.cache.backends.locmem.LocMemCache", "True", "False"]
    behind = settings_with(BEHIND_PROXY="1", REDIS_URL="redis://127.0.0.1:1/0", RATE_LIMITS_OFF="1", REQUIRE_STAFF_MFA="1")
    assert behind == ["1", "False", "False", "config.caching.CountersCache", "True", "True"]
    assert settings_with(BEHIND_PROXY="1", PROXY_COUNT="2")[0] == "2"
    assert settings_with(PROXY_COUNT="2")[0] == "0", "nobody is believed where there is no proxy"


def test_limits_off_is_off(with_password: Account, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = False
    for _ in range(40):
        guess("203.0.113.5", with_password, "wrong")
    assert "_auth_user_id" in guess("203.0.113.5", with_password, PASSWORD).session


@pytest.mark.parametrize(
    ("proxies", "forwarded", "seen"),
    [
        (0, "203.0.113.5", PROXY),
        (1, "203.0.113.5", "203.0.113.5"),
        (1, "6.6.6.6, 203.0.113.5", "203.0.113.5"),
        (2, "6.6.6.6, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        (2, "203.0.113.5", PROXY),  # not what our proxies send
        (1, "unknown", PROXY),
        (1, "", PROXY),
        (1, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (1, "::ffff:203.0.113.5", "203.0.113.5"),
        (1, "::ffff:cb00:7106", "203.0.113.6"),
    ],
)
def test_the_visitors_address(settings: Settings, proxies: int, forwarded: str, seen: str) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else None
    assert remote_of(RequestFactory().get("/", headers=headers, REMOTE_ADDR=PROXY)) == seen


def test_a_socket_without_an_address_is_taken_as_it_is() -> None:
    assert remote_of(RequestFactory().get("/", REMOTE_ADDR="")) == ""


def test_within_counts_to_its_limit() -> None:
    assert [within("tests", "a", most=2, seconds=3600) for _ in range(4)] == [True, True, False, False]
    assert within("tests", "b", most=2, seconds=3600)


# --- Redis ------------------------------------------------------------------------------------------------------------------


def test_processes_count_together(shared: CountersCache) -> None:
    other = CountersCache(configured.REDIS_URL, {"KEY_PREFIX": shared.key_prefix})  # as another process has it
    assert shared.add("code", "y", 30)
    assert not other.add("code", "y", 30), "a code is good once"
    shared.set("history", [1.5, 2.5], 30)
    assert other.get("history") == [1.5, 2.5]
    shared.set("n", 1, 30)
    assert (other.incr("n"), shared.incr("n"), shared.has_key("n")) == (2, 3, True)
    assert other.delete("n")
    assert shared.get("n", "gone") == "gone"
    with pytest.raises(ValueError, match="not found"):
        shared.incr("n")


def test_emptying_takes_only_what_is_ours(shared: CountersCache) -> None:
    queue = CountersCache(configured.REDIS_URL, {"KEY_PREFIX": f"broker-{uuid.uuid4().hex}"})
    queue.set("waits", 1, 30)
    shared.set("ours", 1, 30)
    shared.clear()
    assert (shared.get("ours"), queue.get("waits")) == (None, 1)
    queue.clear()


def test_nothing_is_ever_unpickled(shared: CountersCache) -> None:
    client = shared._shared._cache.get_client(None, write=True)
    client.set(shared.make_key("evil"), b"\x80\x04\x8c\x02os.", ex=30)
    with pytest.raises(ValueError, match=r"decode|Expecting"):
        shared.get("evil")


def test_while_redis_is_away_this_process_counts_and_nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    away = CountersCache("redis://127.0.0.1:1/0", {"KEY_PREFIX": uuid.uuid4().hex})
    monkeypatch.setattr(caching, "_away_until", {})
    asked: list[str] = []
    real = away._shared.add

    def add(*given: Any, **more: Any) -> Any:
        asked.append("add")
        return real(*given, **more)

    monkeypatch.setattr(away._shared, "add", add)
    assert away.add("code", "y", 30)
    assert not away.add("code", "y", 30)
    away.set("n", 1, 30)
    assert away.incr("n") == 2
    assert asked == ["add"], "a server that did not answer is left alone for a while"


def test_sign_in_works_while_redis_is_away(with_password: Account, settings: Settings) -> None:
    settings.CACHES = {**configured.CACHES, "default": {"BACKEND": "config.caching.CountersCache", "LOCATION": "redis://127.0.0.1:1/0"}}
    settings.ACCOUNT_RATE_LIMITS = {}
    client = Client(HTTP_HOST="cedar.localhost")
    answers = [client.post("/account/login/", {"login": with_password.email, "password": f"wrong {n}"}) for n in range(7)]
    assert {answer.status_code for answer in answers} == {200}
    assert "Too many" in answers[-1].text
