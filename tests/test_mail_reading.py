"""Mails as mailers break them: the parts, names, charsets, dates and senders that are read all the same."""

import base64
import tracemalloc

import pytest

from intake.channels import email, letter
from intake.channels.charsets import decode, decode_guessed
from intake.channels.dates import date_of
from intake.channels.letter import Mail
from intake.channels.parameters import parameters
from intake.channels.parts import Defects, parse

VIA = "From: 'Ana' via Help <h@g.example>\nReply-To: a@x.example\nX-Original-From: "
HEAD = b"From: Pat <pat@family.example>\r\nSubject: Bus\r\n"


def read(head: bytes, body: bytes = b"words") -> Mail:
    return letter.read(HEAD + head + b"\r\n" + body)


def mixed(*parts: bytes, boundary: bytes = b"b", end: bytes = b"--b--\r\n") -> Mail:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end
    return read(b"Content-Type: multipart/mixed; boundary=" + boundary + b"\r\n", body)


# --- parts --------------------------------------------------------------------------------------------------------------


def test_a_boundary_counts_on_a_line_of_its_own_only() -> None:
    mail = mixed(b"\r\nsee --b and --bb\r\n--bb\r\n --b\r\n", b"\r\nsecond  ")
    assert mail.text == "see --b and --bb\n--bb\n --b\n\n\nsecond"
    assert mail.defects == ()


def test_parts_without_an_end_or_with_another_boundary_are_found() -> None:
    assert (mixed(b"\r\nfirst", end=b"").text, mixed(b"\r\nfirst", end=b"").defects) == ("first", ("no closing boundary",))
    wrong = mixed(b"Content-Type: text/plain\r\n\r\nfirst", b"Content-Type: text/plain\r\n\r\nsecond", boundary=b"other")
    assert (wrong.text, wrong.defects) == ("first\n\nsecond", ("bad boundary",))
    none = read(b"Content-Type: multipart/mixed\r\n", b"just words")
    assert (none.text, none.defects) == ("just words", ("bad boundary",))


def test_a_header_goes_on_after_a_line_that_was_broken() -> None:
    mail = letter.read(
        b"From: a@b.example\r\nSubject: The bus\r\nis late\r\nTo: c@d.example\r\nDate: Tue, 3 Nov 2026 10:00:00 +0000\r\n\r\nwords"
    )
    assert (mail.subject, mail.text, mail.to[0].address) == ("The bus is late", "words", "c@d.example")
    assert mail.defects == ("broken header line",)


def test_words_that_follow_the_header_at_once_are_no_header() -> None:
    mail = letter.read(b"From: a@b.example\r\nSubject: Bus\r\nHello, it is late.\r\nPat\r\n")
    assert (mail.text, mail.defects) == ("Hello, it is late.\nPat", ("no blank line after the header",))
    assert letter.read(b"only words\nand more").text == "only words\nand more"


def test_a_mailbox_line_and_a_byte_order_mark_are_no_header() -> None:
    assert letter.read(b"From pat@x Tue Nov  3 10:00:00 2026\r\n" + HEAD + b"\r\nx").subject == "Bus"
    assert letter.read(b"\xef\xbb\xbf" + HEAD + b"\r\nx").subject == "Bus"
    assert letter.read(b"\r\n\r\n" + HEAD + b"\r\nx").subject == "Bus"
    assert letter.read(HEAD.replace(b"\r\n", b"\r") + b"\rx").subject == "Bus"


def test_a_mail_inside_the_mail_is_kept_as_it_came() -> None:
    inner = b"Subject: Inner =?utf-8?Q?=C3=A9?=\r\nX-Odd:  spaced \r\n\r\nHello\r\n"
    plain = mixed(b"Content-Type: message/rfc822\r\n\r\n" + inner)
    coded = mixed(b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(inner))
    assert [(file.name, file.data) for file in plain.files] == [("Inner é.eml", inner)]
    assert [(file.name, file.data) for file in coded.files] == [("Inner é.eml", inner)]


@pytest.mark.parametrize(
    ("encoded", "data"),
    [
        (base64.encodebytes(b"hello " * 30), b"hello " * 30),
        (base64.b64encode(b"hello").rstrip(b"="), b"hello"),
        (base64.b64encode(b"hello") + b"\r\n" + base64.b64encode(b"world!!"), b"helloworld!!"),
        (b"aGVs\r\n!!bG8=", b"hello"),
        (b"This is not base64 at all, it is (plain) words: read them!", b"This is not base64 at all, it is (plain) words: read them!"),
        (b"", b""),
    ],
)
def test_base64_is_read_as_far_as_it_goes(encoded: bytes, data: bytes) -> None:
    long = encoded + b"\r\n" * (100 if len(encoded) < 100 else 0)
    part = parse(b"Content-Transfer-Encoding: BASE64\r\n\r\n" + long)
    assert part.content(Defects()).strip(b"\r\n") == data


def test_a_file_in_uuencode_is_a_file() -> None:
    head = b"Content-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\n"
    assert [(file.name, file.data) for file in mixed(head + b"begin 644 a.zip\r\n#0V%T\r\n`\r\nend").files] == [("a.zip", b"Cat")]


def test_a_seal_is_listed_and_is_no_file_of_the_request() -> None:
    seal = b"Content-Type: application/pgp-signature; name=signature.asc\r\n\r\n-----BEGIN"
    mail = mixed(b"\r\nwords", seal)
    assert [file.name for file in mail.files] == ["signature.asc"]
    assert email.arrival_of(mail).sent_files == ()


def test_text_that_is_sent_as_a_file_in_place_is_both() -> None:
    mail = mixed(b"Content-Type: text/plain; name=note.txt\r\nContent-Disposition: inline\r\n\r\nThe bus is late.")
    assert (mail.text, [(file.name, file.inline) for file in mail.files]) == ("The bus is late.", [("note.txt", True)])
    attached = mixed(b"\r\nSee the file.", b"Content-Type: text/plain; name=note.txt\r\nContent-Disposition: attachment\r\n\r\nlong")
    assert (attached.text, [(file.name, file.inline) for file in attached.files]) == ("See the file.", [("note.txt", False)])


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"Content-Type: image/jpeg; name=\"=?utf-8?Q?fo=C3=A9.jpg?=\"", "foé.jpg"),
        (b"Content-Type: image/jpeg\r\nContent-Disposition: attachment; filename*0*=utf-8''na%C3%AF; filename*1=ve.jpg", "naïve.jpg"),
        (b"Content-Type: image/jpeg\r\nContent-Disposition: attachment; filename=..\\..\\etc/passwd", "passwd"),
        (b"Content-Type: image/jpeg; file=\"A B.JPG\"", "A B.JPG"),
        (b"Content-Type: image/jpeg\r\nContent-ID: <image001.jpg@01CDB132.D8A510F0>", "image001.jpg"),
        (b"Content-Type: image/jpeg", "image.jpg"),
        (b"Content-Type: application/pdf", "file.pdf"),
        ("Content-Type: application/x; name=\"绩效管理谁错了.xls\"".encode("gb2312"), "绩效管理谁错了.xls"),
        (b"Content-Type: image/jpeg; name=\"a;b.jpg\"", "a;b.jpg"),
    ],
)  # fmt: skip
def test_names_of_files(head: bytes, name: str) -> None:
    assert [file.name for file in mixed(b"\r\nwords", head + b"\r\n\r\ndata").files] == [name]


def test_parameters_are_read_as_they_come() -> None:
    assert parameters("text/plain charset=utf-8") == {"charset": "utf-8"}
    assert parameters('a/b; X="a\\"b" ; y = z ; =; ;') == {"x": 'a"b', "y": "z"}
    assert parameters('a/b; name="never ends') == {"name": "never ends"}
    assert parameters("a/b; name*=iso-8859-1'en'%E9; name=e") == {"name": "é"}
    assert parameters("a/b; name*1=b; name*0=a; name*2=c") == {"name": "abc"}


def test_a_large_file_takes_little_more_than_itself() -> None:
    data = bytes(8_000_000)
    raw = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nwords\r\n--b\r\nContent-Type: image/png; name=a.png\r\n"
    raw += b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(data) + b"\r\n--b--\r\n"
    tracemalloc.start()
    mail = letter.read(raw)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(mail.files[0].data) == len(data)
    assert most < 1.5 * len(data)


# --- charsets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        ("整体提升企业服务水平", "gb2312"), ("ツール のご案内です", "cp932"), ("Добрый день, автобус опоздал", "cp1251"),
        ("Добрый день, автобус опоздал", "koi8-r"), ("Zoë's señor café", "cp1252"), ("naïve Größe", "cp1252"), ("日本語", "utf-8"),
    ],
)  # fmt: skip
def test_a_set_that_nobody_told_is_guessed(text: str, charset: str) -> None:
    assert decode_guessed(text.encode(charset)) == text
    assert letter.read(b"Subject: " + text.encode(charset) + b"\r\nFrom: a@b.example\r\n\r\nx").subject == text


def test_a_header_without_a_set_is_in_that_of_its_text() -> None:
    raw = "Subject: Zażółć\r\nFrom: a@b.example\r\nContent-Type: text/plain; charset=iso-8859-2\r\n\r\ngęślą".encode("iso-8859-2")
    assert (letter.read(raw).subject, letter.read(raw).text) == ("Zażółć", "gęślą")


def test_sets_that_lie_are_read_as_what_they_are() -> None:
    assert decode("ツール案内".encode("cp932"), "iso-2022-jp") == "ツール案内"
    assert decode(b"\x1b$B-!#1\x1b(B", "iso-2022-jp") == "①１"
    assert decode("あ".encode("utf-16-be"), "utf-16") == "あ"


# --- dates --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("Tue, 3 Nov 2026 10:00:00 -0800", "2026-11-03T18:00:00"), ("3 Nov 2026 10:00 GMT", "2026-11-03T10:00:00"),
        ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T15:55:06"),
        ("2026-11-03T10:00:00+01:00", "2026-11-03T09:00:00"),
        ("2026-11-03 10:00:00", "2026-11-03T10:00:00"), ("Tue, 3 Nov 2026 10:00:00 +0100 (CET (of (old)))", "2026-11-03T09:00:00"),
        ("yesterday", None), ("", None), ("Tue, 99 Nov 2026 10:00:00 +0000", None), ("Tue, 3 Nov 2026 10:00:00 +9999", None),
    ],
)  # fmt: skip
def test_dates(value: str, told: str | None) -> None:
    found = date_of(value)
    assert (found.strftime("%Y-%m-%dT%H:%M:%S") if found else None) == told


# --- people -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "writer", "sender"),
    [
        ("From: Ana <Ana@X.example.>", ("Ana", "ana@x.example"), "ana@x.example"),
        ("From: a@b.example> <ana@x.example>", ("a@b.example", "ana@x.example"), "ana@x.example"),
        ('From: Dr. Ana <ana"@x.example>', ("Dr. Ana", "ana@x.example"), "ana@x.example"),
        ("From: Moderator <moderator>", ("Moderator", "moderator"), None),
        ("From: root", ("", "root"), None),
        ('From: "Ana" <>\nReply-To: <ana@x.example>', ("Ana", "ana@x.example"), "ana@x.example"),
        ("Reply-To: <ana@x.example>", ("", "ana@x.example"), "ana@x.example"),
        (VIA + "Ana <a@x.example>", ("'Ana' via Help", "h@g.example"), "a@x.example"),
        (VIA + "Eve <e@x.example>", ("'Ana' via Help", "h@g.example"), "h@g.example"),
        ("From: =?utf-8?b?YXR0YWNrZXJAZXZpbC5leGFtcGxl?=", ("attacker@evil.example", ""), None),
    ],
)  # fmt: skip
def test_who_wrote(head: str, writer: tuple[str, str], sender: str | None) -> None:
    mail = letter.read(f"{head}\n\nwords".encode())
    assert (mail.writer.name, mail.writer.address) == writer
    assert (mail.sender.address if mail.sender else None) == sender


def test_lists_are_known() -> None:
    assert read(b"Precedence: list\r\n").is_list
    assert read(b"List-Id: <a.b>\r\n").is_list
    assert not read(b"Precedence: first-class\r\n").is_list
