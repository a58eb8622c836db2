"""Find a Chromium: installed, else Playwright's own, else by the system's packages. In CI a missing one fails, it never skips."""

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without these it asks its maker's servers for updates, and in a closed network logs a refusal many times a second.
QUIET = (
    "--disable-background-networking", "--disable-component-update", "--disable-default-apps", "--disable-domain-reliability",
    "--disable-quic", "--disable-sync", "--no-default-browser-check", "--no-first-run", "--disable-gpu",
)  # fmt: skip


class NoBrowser(RuntimeError):
    """None found, and none could be installed."""


def arguments() -> list[str]:
    sandbox = ["--no-sandbox"] if os.getuid() == 0 else []  # Chromium refuses to start its sandbox as root
    return [*QUIET, *sandbox, "--host-resolver-rules=MAP *.localhost 127.0.0.1"]


def executable(playwrights_own: str) -> str:
    """Path of a Chromium. Raises NoBrowser with what to do."""
    found = installed() or (playwrights_own if Path(playwrights_own).exists() else "") or by_apt()
    if not found:
        raise NoBrowser("no Chromium: install chromium or google-chrome, or run `.venv/bin/playwright install chromium`")
    return found


def installed() -> str:
    return next((path for name in NAMES if (path := shutil.which(name))), "")


def by_apt() -> str:
    """On Debian, as root."""
    apt = shutil.which("apt-get")
    if not apt or os.getuid() != 0:
        return ""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-qy", "--no-install-recommends", "chromium"]):
        subprocess.run([apt, *command], env=env, check=False, stdout=subprocess.DEVNULL)
    return installed()
