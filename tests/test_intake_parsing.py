"""Bytes of a mail → what it says: pure, and never an exception."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.channels import automation, email, markup, quoting, sms, web
from intake.channels.arrival import Arrival, Unreadable
from intake.channels.charsets import decode
from intake.channels.fingerprint import digest
from intake.channels.headers import Headers, addresses, ids, words
from intake.channels.parts import parse
from intake.channels.sms_words import keyword
from intake.language import guess
from intake.wording import clean, one_line, subject_of


def read(text: str, **headers: str) -> Arrival:
    fields = {"From": "Pat <pat@family.example>", "Subject": "Bus", **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return email.read((head + "\r\n" + text).encode())


# --- history and signature ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "On Tue, Nov 3, 2026 at 10:00 AM Cedar Valley <help@cedar.localhost> wrote:",
        "On Tue, Nov 3, 2026 at 10:00 AM Cedar Valley\n<help@cedar.localhost> wrote:",
        "El mar, 3 nov 2026 a las 10:00, Cedar Valley (<help@cedar.localhost>) escribió:",
        "Am 03.11.2026 um 10:00 schrieb Cedar Valley <help@cedar.localhost>:",
        "Le mar. 3 nov. 2026 à 10:00, Cedar Valley <help@cedar.localhost> a écrit :",
        "Em ter., 3 de nov. de 2026 às 10:00, Cedar <help@cedar.localhost> escreveu:",
        "在 2026年11月3日 10:00，Cedar <help@cedar.localhost> 写道：",
        "2026-11-03 10:00 GMT-07:00 Cedar <help@cedar.localhost>:",
        "-----Original Message-----",
    ],
)
def test_what_was_answered_is_folded_away(header: str) -> None:
    parted = quoting.split(f"Still no bus.\n\n{header}\n> We have your request.\n> #1001", is_reply=True)
    assert parted.text == "Still no bus."
    assert "We have your request" in parted.quoted


def test_outlooks_block_is_history_in_a_reply_and_content_in_a_mail_passed_on() -> None:
    block = "From: Ana <ana@family.example>\nSent: Tuesday, November 3, 2026\nTo: School\nSubject: Bus\n\nThe bus is late again."
    assert quoting.split(f"Thanks!\n\n________________________________\n{block}", is_reply=True).text == "Thanks!"
    assert "late again" in quoting.split(f"Please see below.\n\n{block}", is_reply=False).text


def test_a_forwarded_message_stays() -> None:
    text = "FYI\n\n---------- Forwarded message ---------\nFrom: Ana <a@b.example>\nDate: x\nSubject: y\n\nWe need a bus pass."
    assert "bus pass" in quoting.split(text, is_reply=True).text


def test_answers_below_and_between_quotes_are_kept() -> None:
    below = "On Tue, Nov 3, 2026, Cedar <h@c.example> wrote:\n> Which stop?\n\nMaple and 5th."
    assert quoting.split(below, is_reply=True).text == "Maple and 5th."
    between = "On Tue, Nov 3, 2026, Cedar <h@c.example> wrote:\n> Which stop?\nMaple.\n> Which bus?\n14."
    assert quoting.split(between, is_reply=True).text == "> Which stop?\nMaple.\n> Which bus?\n14."


@pytest.mark.parametrize(
    "mark", ["-- ", "--", "Sent from my iPhone", "Enviado desde mi iPhone", "Get Outlook for Android<https://aka.ms/x>"]
)
def test_signatures_are_folded_away(mark: str) -> None:
    parted = quoting.split(f"The bus is late.\n\n{mark}\nPat", is_reply=False)
    assert (parted.text, "Pat" in parted.folded) == ("The bus is late.", True)


@pytest.mark.parametrize(
    "text", ["> only a quote", "-- \nPat", "On Monday the bus was late.\nHe wrote: nothing", "From: here\nto there", ""]
)
def test_words_are_never_all_folded_away(text: str) -> None:
    assert quoting.split(text, is_reply=True).text == text.strip()


def test_splitting_is_linear() -> None:
    for text in (
        "> " * 50_000,
        "On " * 50_000,
        ">\n" * 20_000,
        "wrote:\n" * 20_000,
        "From: x\n" * 20_000,
        "-" * 100_000,
        "<a@b>:\n" * 20_000,
    ):
        began = time.process_time()
        quoting.split(text, is_reply=True)
        assert time.process_time() - began < 2


# --- characters ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        ("Zoë".encode(), "us-ascii", "Zoë"),
        ("Zoë".encode("cp1252"), "utf-8", "Zoë"),
        ("Zoë".encode("cp1252"), "", "Zoë"),
        ("“q”".encode("cp1252"), "iso-8859-1", "“q”"),
        ("朱镕基".encode("gb18030"), "gb2312", "朱镕基"),
        ("日本".encode("iso-2022-jp"), "ISO-2022-JP", "日本"),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
        (b"hi", "no-such-charset", "hi"),
        (b"hi", "rot13", "hi"),
        (b"hi", "base64", "hi"),
    ],
)
def test_bytes_become_the_text_that_was_meant(data: bytes, label: str, text: str) -> None:
    assert decode(data, label) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("=?utf-8?Q?Zo=C3=AB?=", "Zoë"),
        ("=?utf-8?B?Wm8=?= =?utf-8?B?w6s=?=", "Zoë"),
        ("=?utf-8?B?Wm/D?= =?utf-8?B?qw==?=", "Zoë"),
        ("a =?utf-8?Q?b?= c", "a b c"),
        ("=?utf-8?Q?no_end", "=?utf-8?Q?no_end"),
        ("=?x-unknown?Q?Zo=C3=AB?=", "Zoë"),
        ("=?utf-8*en?Q?Zo=C3=AB?=", "Zoë"),
    ],
)
def test_encoded_words_are_read(raw: str, text: str) -> None:
    assert words(raw) == text


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ('"Lopez, Ana" <ANA@x.example>', [("Lopez, Ana", "ana@x.example")]),
        ("=?utf-8?Q?Lopez=2C_Zo=C3=AB?= <z@x.example>", [("Lopez, Zoë", "z@x.example")]),
        ("a@x.example, b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ("undisclosed-recipients:;", []),
        ("Ana <ana@x.example", [("Ana", "ana@x.example")]),
        ("nobody", []),
        ("", []),
    ],
)
def test_addresses_are_found(field: str, found: list[tuple[str, str]]) -> None:
    assert [(one.name, one.address) for one in addresses(field)] == found


def test_ids_lose_their_brackets_and_broken_ones_are_still_ids() -> None:
    assert ids("<a@x> <b@x>\t<a@x>") == ["a@x", "b@x"]
    assert ids("a@x junk b@x") == ["a@x", "b@x"]
    assert len(ids("".join(f"<{n}@x>" for n in range(500)))) == 100


def test_text_is_clean() -> None:
    assert clean("a\0b\r\nc\x85d\u2028e\x07\ud800") == "ab\nc\nde?"
    assert one_line("Pat\r\nBcc: all@x.example") == "Pat Bcc: all@x.example"
    assert subject_of("\n\n  The bus\nis late") == "The bus"
    assert len(subject_of("word " * 100)) <= 121


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("El autobús no llegó esta mañana a Maple y 5th", "es"), ("no puedo entrar a mi cuenta", "es"),
        ("the bus didn't come to Maple and 5th again", "en"), ("bus", ""), ("", ""), ("今天校车没有来", ""),
    ],
)  # fmt: skip
def test_the_language_is_guessed_or_left_open(text: str, language: str) -> None:
    assert guess(text) == language


# --- parts --------------------------------------------------------------------------------------------------------------


def test_html_is_made_safe_and_read_as_text() -> None:
    dirty = """<style>p{}</style><script>alert(1)</script><p onclick=x style="color:red">Hello <b>there</b></p>
    <img src="http://track.example/1.gif">
    <a href="javascript:x">bad</a> <a href="https://ok.example">good</a><form action=x><input></form>
    <blockquote>old</blockquote><svg onload=x>"""
    cleaned = markup.clean(dirty)
    for word in ("script", "onclick", "style", "track.example", "javascript", "<form", "<input", "<img", "<svg"):
        assert word not in cleaned
    assert 'href="https://ok.example"' in cleaned
    assert 'rel="noopener noreferrer nofollow"' in cleaned
    text = markup.text_of(cleaned)
    assert text.startswith("Hello there")
    assert "\n> old" in text


def test_lists_tables_and_preformatted_text_read_well() -> None:
    source = '<ul><li>one<li>two</ul><table><tr><td>a</td><td>b</td></tr></table><pre>x\n  y</pre><p title="a>b">z</p>'
    assert markup.text_of(markup.clean(source)) == "- one\n- two\n\na b\n\nx\n  y\n\nz"


def test_deep_nesting_ends() -> None:
    began = time.process_time()
    markup.text_of(markup.clean("<div>" * 100_000 + "x"))
    part = "Content-Type: multipart/mixed; boundary={0}\r\n\r\n--{0}\r\n"
    arrival = email.read(("From: a@b.example\r\n" + "".join(part.format(n) for n in range(3000))).encode())
    assert arrival.contact is not None
    assert time.process_time() - began < 10


def test_parts_are_told_apart() -> None:
    raw = b"""From: a@b.example\r
Content-Type: multipart/mixed; boundary=m\r
\r
--m\r
Content-Type: multipart/alternative; boundary=a\r
\r
--a\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
Zo=C3=AB is late\r
--a\r
Content-Type: text/html\r
\r
<p>Zo&euml; is <b>late</b></p>\r
--a--\r
--m\r
Content-Type: image/png; name="=?utf-8?Q?fo=C3=A9.png?="\r
Content-Disposition: inline\r
Content-ID: <x>\r
Content-Transfer-Encoding: base64\r
\r
iVBORw0KGgo=\r
--m\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename*=utf-8''na%C3%AFve.pdf\r
\r
%PDF-1.4\r
--m\r
Content-Type: message/rfc822\r
\r
Subject: inner one\r
\r
inner text\r
--m--\r
"""
    arrival = email.read(raw)
    assert arrival.text == "Zoë is late"
    assert arrival.html == "<p>Zoë is <b>late</b></p>\n" or arrival.html.strip() == "<p>Zoë is <b>late</b></p>"
    assert [(file.name, file.inline) for file in arrival.sent_files] == [
        ("foé.png", True),
        ("naïve.pdf", False),
        ("inner one.eml", False),
    ]


def test_flowed_lines_are_joined() -> None:
    arrival = read("The bus did \r\nnot come.\r\n-- \r\nPat", Content_Type="text/plain; format=flowed")
    assert arrival.text == "The bus did not come."


def test_uuencoded_files_in_a_text_are_files() -> None:
    arrival = read("see\r\n\r\nbegin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n")
    assert [(file.name, file.data) for file in arrival.sent_files] == [("a.txt", b"Cat")]
    assert arrival.text == "see"


def test_a_form_that_writes_as_no_reply_is_answered_at_its_reply_to() -> None:
    arrival = read("x", From="Web form <no-reply@forms.example>", Reply_To="Ana <ana@family.example>")
    assert arrival.contact is not None
    assert (arrival.contact.value, arrival.name, arrival.no_reply) == ("ana@family.example", "Ana", False)


@pytest.mark.parametrize(
    "address",
    ["no-reply@x.example", "noreply-7@x.example", "donotreply@x.example", "do-not-reply@x.example", "notifications@x.example"],
)
def test_no_reply_senders_are_known(address: str) -> None:
    assert read("x", From=address).no_reply


@pytest.mark.parametrize(
    "address", ["norepling@x.example", "replay@x.example", "reply.ana@x.example", "noah@x.example", "postman@x.example"]
)
def test_people_are_not_taken_for_no_reply_senders(address: str) -> None:
    assert not read("x", From=address).no_reply


def test_the_fingerprint_is_of_what_the_author_wrote() -> None:
    raw = b"From: a@b\r\nSubject: x\r\n folded\r\nMessage-ID: <1@b>\r\n\r\nbody\r\n"
    same = b"Received: by y\nDelivered-To: z\nmessage-id:  <1@b>\nFrom: a@b\nSubject: x folded\n\nbody"
    assert digest(raw) != digest(raw.replace(b"body", b"other"))
    assert digest(raw) != digest(raw.replace(b"Subject: x", b"Subject: y"))
    assert digest(raw).isalnum()
    assert digest(b"no header") != digest(b"")
    assert digest(b"Received: by y\r\n" + raw.replace(b"\r\n", b"\n")) == digest(raw)
    assert len({digest(same), digest(same.replace(b"by y", b"by q"))}) == 1
    long = b"From: a@b\r\n\r\n" + b"0123456789\r\n" * 20_000
    assert digest(long) == digest(long.replace(b"\r\n", b"\n")) == digest(long + b" \r\n")


# --- other channels -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"text": 1}', b"\xff", b"null"])
def test_what_is_no_form_of_ours_is_unreadable(raw: bytes) -> None:
    with pytest.raises(Unreadable):
        web.read(raw, "web")
    with pytest.raises(Unreadable):
        sms.read(raw)


def test_keywords_are_whole_messages() -> None:
    assert [keyword(word) for word in ("stop", "START", "Info", "help!", "stopping", "no stop", "", "🙂")] == [
        "stop",
        "start",
        "help",
        "help",
        "",
        "",
        "",
        "",
    ]


# --- anything at all ---------------------------------------------------------------------------------------------------


@given(st.binary(max_size=4000))
@settings(max_examples=200)
def test_no_bytes_break_the_reader(data: bytes) -> None:
    for start in (
        b"",
        b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
        b"Content-Type: text/html\r\n\r\n",
    ):
        arrival = email.read(start + data)
        assert "\0" not in arrival.text + arrival.subject + arrival.name


@given(st.text(max_size=500), st.sampled_from(["subject", "from", "content-type", "content-disposition", "references", "date", "x"]))
@settings(max_examples=200)
def test_no_header_breaks_the_reader(value: str, name: str) -> None:
    raw = f"{name}: ".encode() + value.encode("utf-8", "surrogatepass") + b"\r\nMessage-ID: <a@b>\r\n\r\nhello"
    email.read(raw)
    headers = Headers(parse(raw))
    automation.automation_of(headers)
