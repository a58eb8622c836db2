"""Small input that is made to take long: the time and memory it takes grow with its length, and no faster."""

import contextlib
import io
import re
import signal
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from districts.models import Site
from intake.channels import email, markup, quoting
from intake.channels.headers import Headers
from intake.channels.parts import parse
from intake.channels.uuencode import split
from intake.receiving.timing import TookTooLong, at_most
from routing import whereabouts
from tickets import darkroom, pictures
from tickets.refusal import Refused

HEAD = b"From: Pat <pat@family.example>\r\nTo: help@cedar.localhost\r\nSubject: Bus\r\nMessage-ID: <a@b.example>\r\n"
HTML = HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n"
PLAIN = HEAD + b"\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
DAEMON = b"From: MAILER-DAEMON@x.example\r\nSubject: Undelivered\r\n\r\n"
REPORT = b"From: postmaster@x.example\r\nContent-Type: message/delivery-status\r\n\r\n"


def seconds(act: Callable[[], Any]) -> float:
    """Of our own processor time; ended where it took many times too long."""
    began = time.process_time()
    with at_most(20):
        act()
    return time.process_time() - began


def fonts(count: int) -> bytes:
    return b"<p>" + b"".join(b"<b id=%d>" % n for n in range(count)) + b"</p>" + b"<p>x</p>" * count


def nested(depth: int, lines: int) -> bytes:
    heads = (b'Content-Type: multipart/mixed; Boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return HEAD + b"".join(heads) + b"Content-Type: text/plain\r\n\r\n" + b"x\r\n" * lines


# What each is made of, in a size that took from 2 to 300 s, or gigabytes; the size is halved for the measure of growth.
BOMBS: dict[str, Callable[[int], bytes]] = {
    "uuencode that begins": lambda n: PLAIN + b"begin 644 x\n" * (13_000 // n),
    "uuencode of spaces": lambda n: PLAIN + b"begin 644 x\n" + b" \n" * (100_000 // n),
    "formatting made again": lambda n: HTML + fonts(2_500 // n),
    "ends that are hidden in attributes": lambda n: HTML + b'<div title="</div>">' * (50_000 // n),
    "ends that are hidden in comments": lambda n: HTML + b"<div><!--</div>-->" * (55_000 // n),
    "links made again": lambda n: HTML + b"<a href=http://x/" + b"y" * 1900 + b">" + b"<p>x</p>" * (60_000 // n),
    "one text of references": lambda n: HTML + b"word&nbsp;" * (90_000 // n),
    "angle brackets": lambda n: HTML + b"<" * (500_000 // n),
    "many To": lambda n: b"".join(b"To: " + b"a@" * 2_400 + b"\r\n" for _ in range(200 // n)) + PLAIN + b"x",
    "many recipients": lambda n: b"".join(b"To: " + b"a@b.example, " * 390 + b"\r\n" for _ in range(400 // n)) + PLAIN + b"x",
    "lines": lambda n: PLAIN + (b"-\n" + b"\n" * 198 + b"x\n") * (20_000 // n),
    "rules": lambda n: PLAIN + (b"-" + b" " * 198 + b"x\n") * (20_000 // n),
    "rules of a mail passed on": lambda n: PLAIN + (b"-- forwarded by" + b" _" * 92 + b"\n") * (20_000 // n),
    "accents": lambda n: HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "\u0301\u0316".encode() * (150_000 // n),
    "flowed lines": lambda n: HEAD + b"Content-Type: text/plain; format=flowed; delsp=yes\r\n\r\n" + b"xxxxxxxx \n" * (100_000 // n),
    "parameters": lambda n: HEAD + b'Content-Type: text/plain; "' + b";" * (900_000 // n) + b"\r\n\r\nx",
    "parts in parts": lambda n: nested(290, 600_000 // n),
    "a daemon that names everybody": lambda n: DAEMON + b"<a@b.example>: 550 5.1.1 user user user\n" * (60_000 // n),
    "a daemon that never comes to the point": lambda n: DAEMON + b"user mailbox recipient domain not " * (60_000 // n),
    "a daemon's broken addresses": lambda n: DAEMON + b"a@" * (500_000 // n) + b"\n" + b"aaaaaaaaa" * (100_000 // n),
    "a report of blocks": lambda n: REPORT + b"Final-Recipient: rfc822; a@b.example\nAction: failed\n\n" * (20_000 // n),
    "header lines that are broken": lambda n: b"x\nFrom: a@b.example\nTo: b@c.example\n" * (60_000 // n) + b"\nx",
    "boundaries in the middle of lines": lambda n: MIXED + b"x--b\n--b x\n--b" + b" " * 50 + b"x\n" * (200_000 // n),
    "blanks after a boundary": lambda n: MIXED + (b"--b" + b" " * 200 + b"x\n") * (20_000 // n),
    "base64 in pieces": lambda n: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"aGk=\n" * (400_000 // n),
    "bytes of no set": lambda n: HEAD + b"Content-Type: text/plain\r\n\r\n" + b"\x82\xa0 \xb0\xa1a\xff" * (200_000 // n),
    "escapes of Japanese": lambda n: HEAD + b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + b"\x1b$B" * (200_000 // n),
    "encoded words": lambda n: HEAD + b"X-A: b\r\n" * (20_000 // n) + b"Subject: " + b"=?a?q?" * 3_000 + b"\r\n\r\nx",
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_mail_is_read_quickly_and_twice_as_much_takes_twice_as_long(name: str) -> None:
    half, whole = BOMBS[name](2), BOMBS[name](1)
    first = seconds(lambda: email.read(half))
    second = seconds(lambda: email.read(whole))
    assert second < 2.5
    assert second < 3.2 * first + 0.3


def test_html_that_would_unfold_stays_small_and_its_words_are_kept() -> None:
    cleaned = markup.clean(fonts(2_500).decode())
    assert len(cleaned) < 1_000_000
    assert markup.text_of(cleaned).count("x") == 2_500
    links = markup.clean("<a href=http://x/" + "y" * 1900 + ">" + "<p>x</p>" * 60_000)
    assert len(links) <= markup.MAX_CLEAN


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("<p>a <b>b</b> <i>c", "<p>a <b>b</b> <i>c</i></p>"),
        ("<ul><li>a<li><b>b</b><li>c</ul>d", "<ul><li>a</li><li><b>b</b></li><li>c</li></ul>d"),
        ("<table><tr><td>a<td>b</table>", "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>"),
        ("<b><table><tr><td>a</b>b</td></tr></table>", "<b><table><tbody><tr><td>ab</td></tr></tbody></table></b>"),
        ("a < b &amp; c", "a &lt; b &amp; c"),
        ("<style>p{}</style><script>x</script><title>t</title>y<!-- z --><!-->q", "yq"),
        ('<font size=2><o:p>a</o:p><img alt="x > y">b</font>', "ab"),
        ("<span lang=es onclick=x>a</span><DIV dir='rtl'>b</DIV>", '<span lang="es">a</span><div dir="rtl">b</div>'),
    ],
)
def test_ordinary_html_stays_what_it_is(given: str, cleaned: str) -> None:
    assert markup.clean(given) == cleaned


def test_links_keep_their_address() -> None:
    assert 'href="https://x.example/?a=1&amp;b=%3C"' in markup.clean('<a class=x href="https://x.example/?a=1&amp;b=%3C">y</a>')
    assert "javascript" not in markup.clean('<a href="java&#115;cript:alert(1)">y</a><a title=" href=javascript:x">z</a>')


def test_uuencoded_files_are_taken_out_and_what_is_none_stays() -> None:
    data = "begin 644 a.txt\n#0V%T\n`\nend"
    text, files = split(f"see\n{data}\nthen\n{data}\nbegin 644 no\nwords\nend")
    assert [(file.name, file.data) for file in files] == [("a.txt", b"Cat")] * 2
    assert text == "see\nthen\nbegin 644 no\nwords\nend"


def test_a_few_hundred_recipients_are_all_read() -> None:
    people = b", ".join(b'"Person, %d" <person.%d@family-of-the-district.example>' % (n, n) for n in range(300))
    found = Headers(parse(b"To: " + people + b"\r\n\r\nx")).addresses("to")
    assert len(found) == 300
    assert (found[299].name, found[299].address) == ("Person, 299", "person.299@family-of-the-district.example")


def test_separators_are_known_as_before() -> None:
    for line in ("-----Original Message-----", "-- Original message --", "___ * Mensaje original ---"):
        assert quoting.split(f"Thanks\n{line}\nold", is_reply=True).text == "Thanks"
    for line in ("---------- Forwarded message ---------", "--- Forwarded by Ana on 1/2/2026 ---"):
        assert quoting.split(f"See\n{line}\nold", is_reply=False).text.endswith("old")


# --- where it is ------------------------------------------------------------------------------------------------------


def test_a_text_that_names_a_site_thousands_of_times_is_looked_at_quickly() -> None:
    sites = [Site(name="Maple Elementary", code="MPL", aliases=["Maple"], is_school=True), Site(name="Oak", code="OAK", aliases=[])]
    hostile = ("Maple " * 8_000, "Maple St " * 5_000, "room" + " " * 50_000, "oak mpl maple " * 3_000, "CV" * 20_000)

    def look() -> None:
        for text in hostile:
            whereabouts.site_in(text, sites)
            whereabouts.room_in(text, sites[0])
            whereabouts.tag_in(text)

    assert seconds(look) < 1
    assert whereabouts.site_in("Maple " * 8_000, sites) is sites[0]


# --- pictures ---------------------------------------------------------------------------------------------------------

HEIC = struct.pack(">I", 24) + b"ftypheic" + b"\0" * 12


def film(size: int, frames: int) -> bytes:
    shots = [Image.new("P", (size, size), n) for n in range(frames)]
    out = io.BytesIO()
    shots[0].save(out, "GIF", save_all=True, append_images=shots[1:], duration=50)
    return out.getvalue()


def test_frames_count_in_full_before_any_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = film(2_500, 7)
    assert darkroom.gif_frames(bomb, 100) == 7
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("decoded"))
    with pytest.raises(Refused, match="pixels"):
        pictures.made_anew(io.BytesIO(bomb), "image/gif")


def test_frames_are_counted_as_a_decoder_does_and_no_further_than_needed() -> None:
    for frames in (1, 2, 30):
        data = film(16, frames)
        with Image.open(io.BytesIO(data)) as picture:
            assert darkroom.gif_frames(data, 100) == picture.n_frames  # type: ignore[attr-defined]
    head = b"GIF89a" + struct.pack("<HHBBB", 50, 50, 0x80, 0, 0) + bytes(6)
    many = head + (b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0") * 500_000 + b";"
    assert darkroom.gif_frames(many, 100) == 100
    assert seconds(lambda: pictures.made_anew(io.BytesIO(many), "image/gif")) < 1


def test_a_photo_of_nothing_but_exif_blocks_is_refused_at_once() -> None:
    made = HEIC + (b"II*\0\x08\0\0\0" + b"\xc8\0") * 1_000_000
    with at_most(20), pytest.raises(Refused, match="damaged"):
        pictures.made_anew(io.BytesIO(made), "image/heic")


# --- what nobody foresaw ----------------------------------------------------------------------------------------------


@at_most(0.2)
def busy() -> None:
    """A pattern that runs away, in a library that takes every exception for its own."""
    with contextlib.suppress(Exception):
        re.match(r"(a|aa)+$", "a" * 80 + "b")


def test_what_takes_too_long_is_ended_and_leaves_no_alarm() -> None:
    before = signal.getsignal(signal.SIGALRM)
    began = time.monotonic()
    with pytest.raises(TookTooLong):
        busy()
    assert time.monotonic() - began < 2
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
