"""What every entry point calls first: `.env`, then the embedded servers for what the environment does not name."""

import contextlib
import os
import secrets
from pathlib import Path

import environ

from config import embedded
from districts.postgres import roles

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = "replace-me"  # in every secret of .env.production.example

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # NumPy's own fight other workers for the cores


class NotConfigured(SystemExit):
    """Production does not make up what it was not told."""


def provide(*, database: bool = True) -> None:
    """Complete `os.environ`; idempotent, and inherited by child processes through `DATABASE_URL` and `REDIS_URL`.

    Where one of the two databases' URLs is given (the owner's to migrate, the application's to serve), nothing is started: a
    process that serves needs no owner's URL. `database`: False for what asks none.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    for name in THREADS:
        os.environ.setdefault(name, "1")
    if (ROOT / ".env").exists():
        environ.Env.read_env(ROOT / ".env", overwrite=False)
    named = os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_APP_URL")
    if environ.Env().bool("PRODUCTION", default=False):
        secret = os.environ.get("SECRET_KEY", "")
        _refuse_gaps(SECRET_KEY="" if secret.startswith("not-a-secret") else secret, DATABASE_APP_URL=named)
        if environ.Env().bool("DEMO", default=False):
            raise NotConfigured("PRODUCTION=1 excludes DEMO=1: the demonstration shows its mail and passwords to everybody")
    if not os.environ.get("SECRET_KEY"):
        os.environ["SECRET_KEY"] = _kept_secret()
    if named or not database:
        return
    state = embedded.ensure()
    os.environ["DATABASE_URL"] = embedded.database_url(state)
    os.environ.setdefault("REDIS_URL", embedded.redis_url(state))
    os.environ["EMBEDDED"] = "1"
    prepare()


def refuse_examples() -> None:
    """What serves people does not start with the example's secrets, which everybody can read."""
    left = [name for name, value in os.environ.items() if EXAMPLE in value and name.isupper()]
    if environ.Env().bool("PRODUCTION", default=False) and left:
        raise NotConfigured(f"PRODUCTION=1, and the example's values are still in {', '.join(sorted(left))}: put in your own")


def prepare() -> None:
    """The database and the application's role, made where they are missing."""
    owner_url, app_url = os.environ["DATABASE_URL"], os.environ.get("DATABASE_APP_URL")
    roles.prepare(owner_url, app_url or roles.app_url(owner_url, os.environ["SECRET_KEY"]))


def _refuse_gaps(**wanted: str | None) -> None:
    missing = [name for name, value in wanted.items() if not value]
    if missing:
        raise NotConfigured(f"PRODUCTION=1 needs {' and '.join(missing)} in the environment: see .env.example")


def _kept_secret() -> str:
    """A secret of this checkout for development; production sets SECRET_KEY (see `.env.example`)."""
    path = ROOT / "var" / "secret_key"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        mine = path.with_name(f"secret_key.{os.getpid()}")
        mine.touch(mode=0o600)
        mine.write_text(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):  # two first starts at once: one secret
            os.link(mine, path)
        mine.unlink()
    return path.read_text()
