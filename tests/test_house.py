"""The house rules that a machine can check."""

import ast
import fnmatch
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.db.models import ForeignKey, Manager
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from config import queues
from config.celery import app
from config.schedule import SCHEDULE
from districts.checks import SHARED, all_models, check_district_tables
from districts.models import DistrictManager, DistrictModel
from districts.postgres.schema import is_district_table
from tests.conftest import Cast, visitor

ROOT = Path(settings.ROOT)
APPS = ("districts", "delivery", "tickets", "sla", "knowledge", "ownership", "incidents", "alerts", "routing", "intake", "reporting")
PRIVATE = {"views", "api", "forms", "tasks", "admin"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "common", "core", "services", "managers", "signals", "misc", "base_utils"}
LONGEST = 400  # lines
CLOCKS = {"timezone.now", "datetime.now", "date.today", "datetime.today"}

# Addresses anybody may open without signing in, by pattern. A new route is in this list or asks who is there.
PUBLIC = {
    "/following/<": "who was sent a copy hears no more, by the link in the letter",
    "/find": "a requester asks for her own links again, by mail",
    "/files/<": "a file somebody sent: the link is signed for ten minutes, by a page that knows who asks",
    "/questions": "what the form asks about a service",
    "/at/<": "a poster's address: the front door with the place filled in",
    "/answers/<": "an article helped: the answer's id was shown to that person only",
    "/r/<": "a requester's own page: the token is the key",
    "/widget.js": "the chat's button, for pages of the district's schools",
    "/chat/": "a visitor's own conversation: the token is the key",
    "/hooks/": "providers; checked by signature",
    "/notices/hooks/": "providers' receipts; checked by signature",
    "/alerts/stop/<": "no more tests and announcements by mail: the signed link in one of them is the key",
    "/matrix/ping/<": "feeds; the token is the key",
    "/matrix/feeds/file/<": "files of feeds; the token is the key",
    "/matrix/playbooks/line/<": "the person a playbook is about reads how far it is: the token is the key",
    "/matrix/vendors/ack/<": "a vendor acknowledges a cut-off by one click: the link in the mail is the key",
    "/matrix/sign/<": "whoever was asked to look signs: the signed link is the key",
    "/matrix/take/<": "whoever was sent for says that they have it: the signed link is the key",
    "/status/": "what does not work just now; links in letters to subscribers carry a token",
    "/calendar/<": "calendar programs; the token is the key",
    "/help/": "published articles",
    "/account/": "sign-in",
    "/language/": "language of the page",
    "/api/schema": "the API's description",
    "/api/$": "the same as a page",
}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders or (*APPS, "config"):
        yield from (p for p in (ROOT / folder).rglob("*.py") if "migrations" not in p.parts)


def trees(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sources(*folders):
        yield path, ast.parse(path.read_text(), str(path))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


# --- tables -----------------------------------------------------------------------------------------------------------


def test_every_table_is_walled_or_in_the_list() -> None:
    assert list(check_district_tables()) == []
    shared = {m._meta.db_table for m in all_models() if not is_district_table(m)}
    assert shared == SHARED, "SHARED lists tables that are gone, or lacks new ones"


def test_every_district_table_has_the_guarded_manager() -> None:
    for model in all_models():
        if not is_district_table(model):
            continue
        assert issubclass(model, DistrictModel), model
        assert model._meta.base_manager_name == "objects", f"{model}: inherit DistrictModel.Meta"
        managers: list[Manager[Any]] = list(model._meta.managers)
        assert all(isinstance(manager, DistrictManager) for manager in managers), model


def test_no_district_row_is_bound_to_a_sign_in() -> None:
    bound = [
        f"{model._meta.label}.{field.name}"
        for model in all_models()
        if is_district_table(model)
        for field in model._meta.local_fields
        if isinstance(field, ForeignKey) and field.name != "district" and not is_district_table(field.related_model)
    ]
    assert bound == []


@pytest.mark.django_db(databases=["default", "owner"])
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_status_is_text() -> None:
    """Numbers, enums and JSON do not use their index behind a policy: what is filtered by is text."""
    for model in all_models():
        for field in model._meta.local_fields:
            if field.name in {"state", "status", "outcome"} and is_district_table(model):
                assert field.get_internal_type() in {"CharField", "TextField"}, field


# --- routes -----------------------------------------------------------------------------------------------------------


def routes(resolver: URLResolver | None = None, before: str = "/") -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        where = before + str(entry.pattern).removeprefix("^").removesuffix(r"\Z").removesuffix("$")
        if isinstance(entry, URLResolver):
            yield from routes(entry, where)
        else:
            yield where, entry


def is_public(where: str) -> bool:
    return where == "/" or any(where == known[:-1] if known.endswith("$") else where.startswith(known) for known in PUBLIC)


def address(where: str) -> str:
    """The pattern with something plausible in each place."""
    fills = {"uuid": "01890000-0000-7000-8000-000000000000", "int": "1", "slug": "some-thing", "str": "something", "path": "some/thing"}
    parts = []
    for part in where.split("/"):
        while "<" in part:
            start, rest = part.split("<", 1)
            inside, end = rest.split(">", 1)
            part = f"{start}{fills[inside.split(':')[0] if ':' in inside else 'str']}{end}"
        parts.append(part)
    return "/".join(parts)


def refused(response: Any) -> bool:
    """286 tells htmx to stop polling; it may carry nothing."""
    return response.status_code in {401, 403, 404, 405} or (response.status_code == 286 and not response.content)


def test_the_list_of_public_routes_holds_nothing_that_is_gone() -> None:
    known = [where for where, _ in routes()]
    assert [p for p in PUBLIC if not any(where.startswith(p.removesuffix("$")) for where in known)] == []


@pytest.mark.django_db
def test_providers_must_sign(here: Cast) -> None:
    client = visitor(here.district)
    doors = [address(where) for where, _ in routes() if "/hooks/" in where]
    taken = [where for where in doors if client.post(where, {"From": "+12025550123", "Body": "hi"}).status_code < 400]
    assert doors
    assert taken == []


@pytest.mark.django_db
def test_every_other_route_asks_who_is_there(here: Cast) -> None:
    """A visitor gets the sign-in page, or 401, 403 or 404; never an answer."""
    client = visitor(here.district)
    answered = {}
    for where, _ in routes():
        if is_public(where):
            continue
        for method in ("get", "post"):
            response = getattr(client, method)(address(where))
            signs_in = response.status_code == 302 and response.headers["Location"].startswith("/account/login/")
            if not signs_in and not refused(response):
                answered[f"{method} {where}"] = response.status_code
    assert answered == {}


@pytest.mark.django_db
def test_staff_of_another_district_are_visitors_here(here: Cast, oak: Cast) -> None:
    """Charlie is signed in, in Oak Hollow: in Cedar Valley that is worth nothing."""
    client = Client(HTTP_HOST=here.district.host)
    charlie = apps.get_model("districts", "Account").objects.get(email=f"charlie@{oak.district.host}")
    assert not isinstance(charlie, AnonymousUser)
    client.force_login(charlie)
    answered = {}
    for where, _ in routes():
        if is_public(where):
            continue
        response = client.get(address(where))
        signs_in = response.status_code == 302 and response.headers["Location"].startswith("/account/")
        if not signs_in and not refused(response):
            answered[where] = response.status_code
    assert answered == {}


# --- tasks ------------------------------------------------------------------------------------------------------------


def our_tasks() -> dict[str, Any]:
    app.loader.import_default_modules()
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def queue_of(name: str) -> str:
    routed = [route["queue"] for pattern, route in queues.ROUTES if fnmatch.fnmatch(name, pattern)]
    assert routed, f"{name}: no route"
    assert app.amqp.router.route({}, name)["queue"].name == routed[0]
    return routed[0]


def test_every_task_names_its_app_and_a_declared_queue() -> None:
    for name, task in our_tasks().items():
        assert name.split(".")[0] in APPS, name
        assert queue_of(name) in queues.ALL, name
        assert (task.acks_late, task.reject_on_worker_lost, task.ignore_result) == (True, True, True), name


def test_everything_that_is_scheduled_exists_in_its_queue() -> None:
    tasks = our_tasks()
    for entry in SCHEDULE.values():
        name, options = str(entry["task"]), entry["options"]
        assert name in tasks
        assert isinstance(options, dict)
        assert options.get("queue", queue_of(name)) == queue_of(name), name
        assert options["expires"], f"{name}: a sweep that waited must not pile up"


def test_tasks_take_keywords_only_and_ids_only() -> None:
    for path, tree in trees(*APPS):
        if path.name not in {"tasks.py", "doorway.py"}:
            continue
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and any("shared_task" in ast.dump(d) for d in function.decorator_list):
                positional = [a.arg for a in function.args.args if a.arg != "self"]
                assert positional == [], f"{named(path)}:{function.lineno} {function.name}"
                for argument in function.args.kwonlyargs:
                    assert argument.arg.endswith("_id"), f"{named(path)}: {function.name}({argument.arg}): a task carries ids"


# --- code -------------------------------------------------------------------------------------------------------------


def test_actions_take_their_subject_and_keywords() -> None:
    """At most one positional argument: what is acted upon (and the fact that is kept of it)."""
    keepers = {"record", "remember_thread"}
    for path, tree in trees(*APPS):
        if path.name != "actions.py":
            continue
        for function in tree.body:
            if isinstance(function, ast.FunctionDef) and not function.name.startswith("_"):
                most = 2 if function.name in keepers else 1
                assert len(function.args.args) <= most, f"{named(path)}:{function.lineno} {function.name}"


def test_what_is_told_the_time_does_not_look_at_the_clock() -> None:
    """Acts and reads are told `now`, and so is every function that has such a parameter."""
    looked = []
    for path, tree in trees(*APPS):
        always = path.name in {"actions.py", "queries.py"}
        for function in ast.walk(tree):
            if (
                not isinstance(function, ast.FunctionDef)
                or function.name.startswith("drain")
                or not (always or "now" in {a.arg for a in function.args.kwonlyargs})
            ):
                continue
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and ast.unparse(call.func) in CLOCKS:
                    looked.append(f"{named(path)}:{call.lineno}")
    assert looked == []


def test_no_import_inside_a_function() -> None:
    inside = [
        f"{named(path)}:{node.lineno}"
        for path, tree in trees()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_no_module_is_named_for_nothing() -> None:
    assert [named(p) for p in sources() if p.stem in FORBIDDEN_NAMES or p.parent.name in FORBIDDEN_NAMES] == []


def test_no_signals_between_our_apps() -> None:
    """What other packages send may be received; we neither send any, nor hide effects in a save()."""
    used = [
        f"{named(path)}:{node.lineno}"
        for path, tree in trees(*APPS)
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("django.db.models.signals"))
        or (isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Signal")
    ]
    assert used == []


def test_no_module_is_too_long() -> None:
    long = {named(p): lines for p in sources() if (lines := len(p.read_text().splitlines())) > LONGEST}
    assert long == {}, f"two subjects each? over {LONGEST} lines"


def test_functions_are_short() -> None:
    """The median function has fewer than ten lines."""
    lengths = sorted(
        (function.end_lineno or 0) - function.lineno + 1
        for _, tree in trees(*APPS)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
    )
    assert lengths[len(lengths) // 2] < 10


def test_only_one_module_talks_to_a_model() -> None:
    """By whatever way it is imported."""
    talks = set()
    for path, tree in trees():
        for node in ast.walk(tree):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "") or ""]
            by_name = isinstance(node, ast.Call) and "import" in ast.unparse(node.func) and "openai" in ast.unparse(node)
            if by_name or (isinstance(node, ast.Import | ast.ImportFrom) and any(m.split(".")[0] == "openai" for m in modules)):
                talks.add(named(path))
    assert talks == {"knowledge/llm.py"}


def test_every_private_module_is_behind_a_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    behind = {module for contract in contracts for module in contract.get("protected_modules", [])}
    found = {path for app in APPS for name in PRIVATE for path in (ROOT / app).rglob(f"{name}*") if path.suffix in ("", ".py")}
    named_so = [path.relative_to(ROOT).with_suffix("").parts for path in found]
    private = {".".join(parts) for parts in named_so if not {"management", "migrations", "__pycache__"} & set(parts)}
    assert private - behind == set()
    assert behind - private == set(), "contracts for modules that are gone"


def test_templates_carry_no_inline_style_or_script() -> None:
    """The content security policy forbids both."""
    found = []
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        found += [f"{named(path)}: {bad}" for bad in (" style=", " onclick=", " onchange=", "javascript:") if bad in text]
    assert found == []


@pytest.mark.parametrize("name", ["requirements/base.txt", "requirements/dev.txt"])
def test_locks_carry_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "--hash=sha256:" in text
    assert not any(word in text for word in ("--index-url", "--extra-index-url", "--find-links", "http://", "https://"))


def test_npm_lock_carries_no_address() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_manage_py_starts_quickly() -> None:
    """A command that needs no model must not load scikit-learn or Twilio."""
    code = "import sys, django; from config import environment; environment.provide(); django.setup(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"sklearn", "torch"} & set(done.stdout.split())
