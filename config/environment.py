"""What every entry point calls first: `.env`, then the embedded servers for what the environment does not name."""

import os
import secrets
from pathlib import Path

import environ

from config import database, embedded

ROOT = Path(__file__).resolve().parent.parent


def provide() -> None:
    """Complete `os.environ`; idempotent, and inherited by child processes through `DATABASE_URL` and `REDIS_URL`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    environ.Env.read_env(ROOT / ".env", overwrite=False)
    if not os.environ.get("SECRET_KEY"):
        os.environ["SECRET_KEY"] = _kept_secret()
    if os.environ.get("DATABASE_URL"):
        return
    state = embedded.ensure()
    os.environ["DATABASE_URL"] = embedded.database_url(state)
    os.environ.setdefault("REDIS_URL", embedded.redis_url(state))
    os.environ["EMBEDDED"] = "1"
    database.prepare(os.environ["DATABASE_URL"], os.environ["SECRET_KEY"])


def _kept_secret() -> str:
    """A secret of this checkout for development; production sets SECRET_KEY (see `.env.example`)."""
    path = ROOT / "var" / "secret_key"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()
