"""The API tried by its own description: what fits is answered as it says, what does not is refused, and nothing ends in a 5xx."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache

from districts.actions import new_api_key
from districts.models import Role
from districts.scope import district_scope
from intake.api.files import packed
from tests.conftest import Cast
from tickets import files

MOST = int(os.environ.get("API_CASES", "3"))  # of each kind; more by hand, after a change of the API
SECONDS = 60 + MOST  # on the slowest machine
ROOT = Path(django_settings.ROOT)
CONFIG = f"""
seed = 20261125
max-time = {SECONDS}
hooks = "tests.api_formats"
warnings = false

[cache]
enabled = false

[generation]
max-examples = {MOST}
deterministic = true
allow-x00 = false
database = "none"

[[operations]]
include-path = "/api/v1/files"
checks.positive_data_acceptance.enabled = false  # which bytes are taken, no schema can say
"""


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("phases", ["coverage,fuzzing", "stateful"])
def test_it_is_as_it_is_described(cedar: Cast, oak: Cast, live_server: Any, settings: Any, tmp_path: Path, phases: str) -> None:
    """All checks of schemathesis, on single requests and on chains of them; bounded in time, the same cases each time."""
    cache.clear()
    settings.API_PER_MINUTE, settings.MEDIA_ROOT = 1_000_000, tmp_path
    with district_scope(cedar.district.id):
        key, handle = new_api_key(name="SIS", role=Role.AGENT), packed(files.store("list.txt", b"broken chairs: 4"))
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    done = subprocess.run(
        [Path(sys.executable).parent / "schemathesis", "--config-file", config, "--no-color", "run", f"{live_server.url}/api/schema",
         "--phases", phases, "-H", "Host: cedar.localhost", "-H", f"Authorization: Bearer {key}"],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), "API_FILE_HANDLE": handle}, capture_output=True, text=True, check=False,
        timeout=SECONDS * 3,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout, "something was tried"
