"""The bar: what other products' own tests expect of real mails, read by our parser (`make corpus` prints it by source and field)."""

import hashlib
import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest

from intake.channels.headers import addresses, words
from tests.corpus import MAIL, adapter

pytestmark = pytest.mark.skipif(not MAIL.is_dir(), reason=f"NOT MEASURED: no mails at {MAIL}; set SHARED_DATA")
SLOWEST = 1.0  # seconds of processor time for one mail


@dataclass
class Met:
    """Checks met and made, by field; each with the id of its file."""

    checks: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)
    slowest: tuple[float, str] = (0.0, "")

    def share(self, wanted: Callable[[str], bool], half: int | None = None) -> float:
        of = [right for name, each in self.checks.items() if wanted(name) for row, right in each if half in (None, _half(row))]
        return sum(of) / len(of)


def _half(row: str) -> int:
    """One of two halves, the same every time."""
    return hashlib.sha256(row.encode()).digest()[0] & 1


def _lines(name: str) -> Iterator[dict[str, Any]]:
    with (MAIL / name).open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


@pytest.fixture(scope="module")
def score() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", MAIL / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def met(score: ModuleType) -> Met:
    """Every mail read once. An exception of the reader fails all of this file."""
    found = Met()
    for row in _lines("expectations.jsonl"):
        data = (MAIL / row["file"]).read_bytes()
        began = time.process_time()
        result = adapter(data, row["kind"])
        took = time.process_time() - began
        found.slowest = max(found.slowest, (took, row["id"]))
        result |= {"_secs": took, "_text": result["body_text"] if row["kind"] == "eml" else data.decode("utf-8", "replace")}
        for name, value in row["expect"].items():
            if name not in score.SKIP:
                found.checks.setdefault(name, []).append((row["id"], bool(score.check(name, value, result, row))))
    return found


def is_reply(name: str) -> bool:
    return name.startswith("reply_")


def is_screened(name: str) -> bool:
    """Bounces and what machines write by themselves."""
    return name.startswith(("bounce", "is_"))


def test_most_of_what_others_expect_is_met(met: Met) -> None:
    missed = {name: [row for row, right in each if not right] for name, each in met.checks.items() if not all(ok for _, ok in each)}
    assert met.share(lambda _name: True) >= 0.975, missed
    assert met.share(is_reply) >= 0.94, missed
    assert met.share(is_screened) >= 0.97, missed
    for name in ("is_bounce", "bounce_statuses", "bounce_permanent_address"):
        assert met.share(name.__eq__) >= 0.95, missed[name]


@pytest.mark.parametrize("half", [0, 1])
def test_it_is_met_by_either_half(met: Met, half: int) -> None:
    """What holds for some mails only would show."""
    assert met.share(lambda _name: True, half) >= 0.97
    assert met.share(is_reply, half) >= 0.9
    assert met.share(is_screened, half) >= 0.96


def test_no_mail_is_slow(met: Met) -> None:
    assert met.slowest[0] < SLOWEST, met.slowest


def test_ordinary_mail_is_not_taken_for_a_bounce_or_an_answering_machine() -> None:
    plain = [row for row in _lines("implied_negatives.jsonl") if not row.get("hints_to_the_contrary")]
    found = [(row, adapter((MAIL / row["file"]).read_bytes(), "eml")) for row in plain]
    wrong = [row["file"] for row, result in found if any(bool(result.get(name)) != value for name, value in row["implied"].items())]
    assert len(plain) > 200
    assert len(wrong) <= len(plain) // 200, wrong


def test_header_fields_of_other_products_tests_are_read() -> None:
    """Encoded words as they expect, but for readings that their own collectors doubt; and no address from an encoded word."""
    wrong = []
    for row in _lines("header_vectors.jsonl"):
        value = row["input"].replace("\r", "").replace("\n", "")
        if row["kind"] == "rfc2047" and "*=" not in value and "doubtful" not in row:
            wrong += [row["id"]] if words(value).split() != str(row["expect"]).split() else []
        elif row["kind"] == "from_header":
            wrong += [row["id"]] if addresses(value) else []
    assert len(wrong) <= 1, wrong
