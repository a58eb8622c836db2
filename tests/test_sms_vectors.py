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
from delivery.models import OptOut
from districts import contacts
from districts.models import District
from intake.channels import sms, sms_words
from tests.conftest import Cast
from tests.texting import a_line, text

DATA = Path(os.environ.get("SHARED_DATA", Path(__file__).resolve().parent.parent.parent / "shared" / "data"))
VECTORS = DATA / "sms" / "sms_vectors.json"


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
        assert known
        assert known.value == row["e164"]


@pytest.mark.parametrize("case", rows("keywords", "cases"))
def test_keywords(here: Cast, case: dict[str, Any]) -> None:
    """Through the whole door, of somebody who gets texts and of somebody who opted out."""
    line, body, action = a_line(), case["body"], case["action"]
    text(here, line, "The bus is late", sid="SM0")
    if action == "opt_in":
        text(here, line, "STOP", sid="SM1")
    envelope = text(here, line, body, sid="SM2")
    barred = OptOut.objects.exists()
    if action in ("opt_out", "provider-dependent") and "help" not in body.lower():
        assert (envelope.state, barred) == ("screened", True)
    elif action in ("opt_in", "help", "provider-dependent"):
        assert (envelope.state, barred) == ("screened", False)
    else:
        assert envelope.state == "done", "a message for people"
        assert sms_words.keyword(body) == ""
        assert barred == sms_words.wishes_silence(body), "a clear wish is honoured all the same"


@pytest.mark.parametrize("kind", ["opt_out", "opt_in", "help"])
def test_every_listed_keyword_is_known(kind: str) -> None:
    if not VECTORS.exists():
        pytest.skip(f"NOT CHECKED: {VECTORS} is not there")
    known = section("keywords")
    listed = set(known["twilio_default"][kind])
    if kind == "opt_out":
        listed |= {*known["aws_required_opt_out"], *known["twilio_proxy_also_drops"], *known["newer"]}
    means = {"opt_out": "stop", "opt_in": "start", "help": "help"}[kind]
    assert {word for word in listed if sms_words.keyword(word) != means} == ({"YES"} if kind == "opt_in" else set())


@pytest.mark.parametrize("row", rows("inbound_payloads"))
def test_payloads(row: dict[str, Any]) -> None:
    arrival = sms.read(urlencode(row["params"]).encode())
    expected = row["expect"]
    if "body" in expected:
        assert arrival.text == (expected["body"] or "")
    if "attachments" in expected:
        assert [one.kind.partition("/")[0] for one in arrival.media] == expected["kinds"]
        assert len(arrival.media) == expected["attachments"]
    if "contact_name" in expected:
        number = arrival.contact.value.lstrip("+") if arrival.contact else ""
        assert (arrival.name or number) == expected["contact_name"]


@pytest.mark.parametrize("row", rows("inbound_payloads", "form_decoding"))
def test_forms_are_decoded(row: dict[str, str]) -> None:
    assert sms.fields(f"Body={row['raw']}".encode())["Body"] == row["text"]
