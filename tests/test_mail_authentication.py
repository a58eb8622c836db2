"""Who a mail is proven to be from, and who calls it spam: our own server and a signed webhook are believed, nobody else."""

import pytest

from intake.channels import email, letter
from intake.channels.authentication import FIELD, Authentication, read
from intake.channels.spam import Spam

HOP = "mx.cedar.example"
WRITER = "tess@cedar-schools.example"


def found(*values: str, hop: str = HOP, writer: str = WRITER) -> Authentication:
    return read([(FIELD, value) for value in values], hop, writer)


def test_results_of_our_own_server_are_believed() -> None:
    told = found(
        f'{HOP} 1; spf=pass (sender; "ok") smtp.mailfrom=x@cedar-schools.example; dkim=pass header.d=cedar-schools.example; '
        "dmarc=pass header.from=cedar-schools.example"
    )
    assert str(told) == "spf=pass dkim=pass dmarc=pass"
    assert (told.passed, told.failed, told.domain) == (True, False, "cedar-schools.example")


@pytest.mark.parametrize(
    "values",
    [
        ["mx.evil.example; dmarc=pass"],
        ["mx.evil.example; dmarc=none", f"{HOP}; dmarc=pass"],
        [f"x{HOP}; dmarc=pass"],
        [f"({HOP}); dmarc=pass"],
        [f"{HOP}.evil.example; dmarc=pass"],
        ["dmarc=pass"],
        ["; dmarc=pass"],
        [""],
    ],
)
def test_nobody_else_is(values: list[str]) -> None:
    told = found(*values)
    assert not told
    assert (str(told), told.passed, told.failed) == ("", False, False)


def test_without_a_server_of_ours_nobody_is() -> None:
    assert not found(f"{HOP}; dmarc=pass", hop="")


def test_each_filter_of_our_server_has_a_field_above_the_first_hop() -> None:
    fields = [
        (FIELD, f"{HOP}; dmarc=fail"),
        (FIELD, f"{HOP}; dkim=pass header.d=other.example"),
        ("received", "by mx"),
        (FIELD, f"{HOP}; spf=pass"),
    ]
    told = read(fields, HOP, WRITER)
    assert str(told) == "dkim=pass dmarc=fail"
    assert (told.passed, told.failed) == (False, True)


def test_a_field_that_the_sender_wrote_under_ours_is_not_believed() -> None:
    """Gmail writes one field, below its own hop; what follows came with the mail."""
    fields = [("received", "by mx"), (FIELD, f"{HOP}; spf=softfail"), (FIELD, f"{HOP}; dmarc=pass")]
    assert str(read(fields, HOP, WRITER)) == "spf=softfail"
    forged = b"Received: by mx\r\nSubject: x\r\nAuthentication-Results: mx.cedar.example; spf=none\r\n"
    forged += b"Authentication-Results: mx.cedar.example; dmarc=pass\r\nFrom: tess@cedar-schools.example\r\n\r\nx"
    assert not letter.read(forged, trusted_hop=HOP).authentication.passed


@pytest.mark.parametrize(
    ("value", "passed"),
    [
        ("dkim=pass header.d=cedar-schools.example", True),
        ("dkim=pass header.i=@mail.cedar-schools.example", True),
        ("dkim=pass header.d=evil.example", False),
        ("dkim=pass header.d=notcedar-schools.example", False),
        ("dkim=pass header.d=example", False),
        ("dkim=fail header.d=cedar-schools.example", False),
        ("spf=pass smtp.mailfrom=bounce@cedar-schools.example", True),
        ("spf=pass smtp.mailfrom=evil.example", False),
        ("dkim=pass header.d=evil.example; dkim=pass header.d=cedar-schools.example", True),
        ("dmarc=fail; dkim=pass header.d=cedar-schools.example", False),
        ("dmarc=none; dkim=pass header.d=cedar-schools.example", True),
        ("dkim=pass", False),
    ],
)
def test_what_passes_must_be_of_the_domain_that_is_shown(value: str, *, passed: bool) -> None:
    assert found(f"{HOP}; {value}").passed is passed


@pytest.mark.parametrize(
    ("value", "failed"),
    [
        ("dmarc=fail", True),
        ("spf=fail", True),
        ("spf=softfail", False),
        ("spf=fail; dkim=pass", False),
        ("dmarc=pass header.from=cedar-schools.example; spf=fail", False),
    ],
)
def test_what_failed(value: str, *, failed: bool) -> None:
    assert found(f"{HOP}; {value}").failed is failed


@pytest.mark.parametrize(
    "value",
    [
        "dkim=pass header.d=cedar-schools.example(.evil.example; dmarc=fail (p=reject) header.from=cedar-schools.example",
        'spf=pass smtp.mailfrom="x;dmarc=pass "@evil.example; dmarc=fail (p=reject) header.from=cedar-schools.example',
        'spf=pass smtp.mailfrom="x; dkim=pass header.d=cedar-schools.example; y"@evil.example; dmarc=fail (p=reject)',
        "dmarc=pass header.from=cedar-schools.example; dmarc=fail (p=reject) header.from=cedar-schools.example",
        "dmarc=pass header.from=cedar-schools.example; spf=none (domain of x)y@evil.example); dmarc=fail (p=reject)",
    ],
)
def test_what_a_sender_has_a_hand_in_steers_nothing(value: str) -> None:
    told = found(f"{HOP}; {value}")
    assert (told.passed, told.failed, told.unwanted, told.policy) == (False, True, True, "reject")


@pytest.mark.parametrize(
    "value",
    [
        "dmarc=pass",
        "dmarc=pass header.from=evil.example",
        "dmarc=pass header.from=cedar-schools.example header.from=evil.example",
        "dkim=pass header.d=cedar-schools.example header.d=evil.example",
        "dkim=pass header.d=cedar-schools.example(x).evil.example",
        "dkim=pass header.d=cedar-schools.example (x).evil.example",
        "dkim=pass header.d=evil.example header.i=@cedar-schools.example",
        "dkim=pass header.d=cedar-schools.example; dkim=fail header.d=cedar-schools.example",
        'dkim=pass header.i="x@cedar-schools.example"@evil.example',
        "spf=pass smtp.mailfrom=x; dmarc=pass header.from=cedar-schools.example @evil.example",
        "dkim=pass header.d=cedar-schools.example" + " " * 8000,
    ],
)
def test_what_does_not_prove_the_domain_that_is_shown(value: str) -> None:
    assert not found(f"{HOP}; {value}").passed


def test_results_as_servers_write_them() -> None:
    gmail = "dkim=pass header.i=@cedar-schools.example header.s=20230601 header.b=AbC/d+e=; spf=pass (google.com: domain of"
    gmail += " tess@cedar-schools.example designates 2001:db8::1 as permitted sender) smtp.mailfrom=tess@cedar-schools.example;"
    gmail += " dmarc=pass (p=NONE sp=QUARANTINE dis=NONE) header.from=cedar-schools.example; dara=pass header.i=@x.example"
    glued = "dkim=pass(good) header.d=cedar-schools.example;dmarc=pass(p=none dis=none) header.from=cedar-schools.example"
    quoted = 'spf=pass reason="all; good" smtp.mailfrom="odd name"@cedar-schools.example;dmarc=pass header.from="cedar-schools.example"'
    for value in (gmail, glued, quoted):
        assert found(f"{HOP}; {value}").dmarc == "pass", value
    assert str(found(f"{HOP}; {gmail}")) == "spf=pass dkim=pass dmarc=pass"


@pytest.mark.parametrize(
    ("written", "passed"),
    [
        ("From: tess@cedar-schools.example", True),
        ("From: Tess Whitfield (Staff) <tess@cedar-schools.example>", True),
        ('From: "Whitfield, Tess" <Tess@Cedar-Schools.example>', True),
        ("From: =?utf-8?q?T=C3=A8ss?= <tess@cedar-schools.example>", True),
        ("From: tess@cedar-schools.example (Tess)", True),
        ("From: tess@cedar-schools.example\r\nFrom: x@evil.example", False),
        ("From: <tess@cedar-schools.example> <x@evil.example>", False),
        ("From: <@evil.example:tess@cedar-schools.example>", False),
        ("From: <tess@cedar-schools.example,x@evil.example>", False),
        ("From: <tess@cedar-schools.example>x@evil.example", False),
        ("From: x@evil.example <tess@cedar-schools.example>", False),
        ("From: Staff: tess@cedar-schools.example; , x@evil.example", False),
        ("From : tess@cedar-schools.example\r\nfrom: x@evil.example", False),
        ("From: <tess@cedar-schools.example\0@evil.example>", False),
    ],
)
def test_who_wrote_must_be_read_the_same_by_everybody(written: str, *, passed: bool) -> None:
    proof = f"Authentication-Results: {HOP}; dkim=pass header.d=cedar-schools.example; dmarc=pass header.from=cedar-schools.example"
    arrival = email.read(f"{proof}\r\n{written}\r\nSubject: x\r\n\r\nx".encode(), trusted_hop=HOP)
    assert arrival.authentication.passed is passed


def test_exchange_online_writes_no_name_of_its_own() -> None:
    value = "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=cedar-schools.example; dkim=none; dmarc=pass action=none "
    value += "header.from=cedar-schools.example"
    assert found(value, hop="protection.outlook.com").passed
    assert not found(value)


def test_a_provider_is_believed_beside_the_mail_and_not_in_it() -> None:
    raw = b"Authentication-Results: sendgrid; dmarc=pass\r\nFrom: tess@cedar-schools.example\r\n\r\nx"
    assert not email.read(raw, trusted_hop="sendgrid").authentication
    told = email.read(raw, trusted_hop="sendgrid", findings="sendgrid; spf=pass smtp.mailfrom=cedar-schools.example").authentication
    assert (str(told), told.passed) == ("spf=pass", True)
    assert not email.read(raw, trusted_hop=HOP, findings="sendgrid; dmarc=pass").authentication


def test_it_fits_where_it_is_kept() -> None:
    assert len(str(Authentication("temperror", "permerror", "temperror"))) <= 60


# --- spam ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "flagged", "score"),
    [
        ("X-Spam-Status: Yes, score=12.3 required=4.5", True, 12.3), ("X-Spam-Status: No, hits=-0.5", False, -0.5),
        ("X-Spam-Flag: YES", True, None), ("X-Spam-Flag: NO", False, None), ("X-SES-Spam-Verdict: FAIL", True, None),
        ("X-SES-Spam-Verdict: PASS", False, None), ("X-Mailgun-Sflag: Yes\r\nX-Mailgun-Sscore: 7", True, 7.0),
        ("X-Spam-Level: *****", False, 5.0), ("X-Spam-Level:", False, None), ("X-Spam-Score: 3.2 (+++)", False, 3.2),
        ("X-Spamd-Result: default: True [16.90 / 15.00]", True, 16.9), ("X-Forefront-Antispam-Report: CIP:1.2.3.4;SCL:6;", True, None),
        ("X-Forefront-Antispam-Report: CIP:1.2.3.4;SCL:1;", False, None), ("X-MS-Exchange-Organization-SCL: 9", True, None),
        ("X-Spam-Score: not a number", False, None), ("Subject: spam", False, None),
    ],
)  # fmt: skip
def test_marks_of_spam(head: str, *, flagged: bool, score: float | None) -> None:
    assert letter.read(f"{head}\r\nFrom: a@b.example\r\n\r\nx".encode()).spam == Spam(flagged, score)


def test_a_provider_marks_spam_beside_the_mail() -> None:
    raw = b"From: a@b.example\r\nX-Spam-Flag: YES\r\n\r\nx"
    assert email.read(raw, marks={"flagged": False, "score": 2}).spam == Spam(flagged=True, score=2.0)
    assert email.read(raw.replace(b"YES", b"NO"), marks={"flagged": True}).spam == Spam(flagged=True)
