"""What people write where somebody may be in danger, and what only sounds so (`danger.txt`)."""

from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("danger.txt")
HARMLESS = "only sounds so"


@lru_cache(maxsize=1)
def by_kind() -> dict[str, list[str]]:
    """HARMLESS among the kinds."""
    found: dict[str, list[str]] = {}
    own: list[str] = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.endswith(" |"):
            own = found.setdefault(line.removesuffix(" |"), [])
        elif line and not line.startswith("#"):
            own += [phrase.strip() for phrase in line.split(";")]
    return found
