"""The shared vectors of text messages: signatures, keywords, segments, numbers, payloads; skipped, aloud, where they are not there."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import RequestFactory

from delivery import segments, twilio
from districts import contacts
from districts.models import District

VECTORS = Path(os.environ.get("SHARED_DATA", "/work/shared/data")) / "sms" / "sms_vectors.json"


@cache
def section(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(VECTORS.read_text())["sections"][name])


def rows(name: str, key: str = "rows") -> list[Any]:
    """A skip that is seen, in place of a list that is silently empty."""
    if VECTORS.exists():
        return cast("list[Any]", section(name)[key])
    return [pytest.param({}, marks=pytest.mark.skip(reason=f"NOT CHECKED: {VECTORS} is not there"))]


def called(row: dict[str, Any]) -> Any:
    """Twilio's call as our server gets it."""
    address = urlsplit(row["url"])
    kind, body = "application/x-www-form-urlencoded", urlencode([(name, value) for name, value in row["params"] or []])
    if row["body"] is not None:
        kind, body = "application/json", row["body"]
    request = RequestFactory().post(
        f"{address.path}?{address.query}", body, content_type=kind, secure=address.scheme == "https",
        headers={"Host": address.netloc, "X-Twilio-Signature": row["signature"]},
    )  # fmt: skip
    request.district = District(host="elsewhere.example")  # type: ignore[attr-defined]
    return request


@pytest.mark.parametrize("row", rows("twilio_signature"))
def test_signatures(row: dict[str, Any]) -> None:
    assert twilio.signed(called(row), secret=row["auth_token"]) is row["valid"], row["name"]
    assert not twilio.signed(called(row), secret=row["auth_token"] + "6")


@pytest.mark.parametrize("row", rows("segmentation"))
def test_segments(row: dict[str, Any]) -> None:
    if not row["checked"]:
        pytest.skip(f"not confirmed by the vectors themselves: {row['name']}")
    parts = segments.split(row["body"])
    assert (segments.alphabet(row["body"]).name, len(parts)) == (row["encoding"], row["segments"])
    assert segments.count(row["body"]) == row["segments"]
    assert [len(part) for part in parts] == row.get("part_lengths", [len(part) for part in parts])
    assert "".join(parts) == row["body"]


def test_the_alphabet() -> None:
    if not VECTORS.exists():
        pytest.skip(f"NOT CHECKED: {VECTORS} is not there")
    known = section("segmentation")
    assert frozenset(known["gsm7_basic"]) - {"\x1b"} == segments.BASIC, "the escape is no letter of its own"
    assert frozenset(known["gsm7_extended"]) == segments.EXTENDED


@pytest.mark.parametrize("row", rows("phone_numbers"))
def test_numbers(row: dict[str, Any]) -> None:
    """`valid` is empty where the peer only strips what is no digit."""
    if row["valid"] is None and not row["lib_agrees"]:
        pytest.skip(f"the peer takes any digits for a number with its country: {row['input']}")
    known = contacts.phone(row["input"], region=row["region"], strict=row["valid"] is not None)
    assert (known is not None) is (row["valid"] is not False), row["input"]
    if row["e164"]:
        assert known and known.value == row["e164"]
