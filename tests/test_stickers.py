"""Stickers for rooms: what is typed becomes rooms, and each code is read by a real reader and opens the door of that room."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from districts.models import Person, Site
from districts.scope import district_scope
from intake.form import rooms
from tests.conftest import Cast, sign_in, visitor

LINE = re.compile(r"([Mmhv])\s*(-?[\d.]+)(?:[ ,]?(-?[\d.]+))?")


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("101-103, Gym, Library", ["101", "102", "103", "Gym", "Library"]),
        ("B101–B103\nB-12", ["B101", "B102", "B103", "B-12"]),
        ("01-03; Portable 1 - 2", ["01", "02", "03", "Portable 1", "Portable 2"]),
        ('"2-10", “3-4”, 7', ["2-10", "3-4", "7"]),
        ("12-5, 7-7, A1-B3", ["12-5", "7-7", "A1-B3"]),
        (" , ;\n\n", []),
        ("Gym, gym, Gym", ["Gym", "gym"]),
        ("Wing \0A\u202e", ["Wing A\u202e"]),
    ],
)
def test_rooms_as_they_are_typed(typed: str, named: list[str]) -> None:
    assert rooms.parse(typed) == named


def test_a_range_that_is_too_long_is_told() -> None:
    for typed in ("1-99999", "1-100000"):
        with pytest.raises(rooms.TooMany) as many:
            rooms.parse(typed)
        assert many.value.given > rooms.MOST


@given(st.lists(st.text("AB 01289-", min_size=1, max_size=8), max_size=12))
def test_what_is_shown_again_means_the_same(typed: list[str]) -> None:
    named = rooms.parse(", ".join(f'"{room}"' for room in typed))
    assert rooms.parse(rooms.shortened(named)) == named


# --- the sheet --------------------------------------------------------------------------------------------------------


def sheet(cast: Cast, *, site: Site | None = None, who: Person | None = None) -> Any:
    return sign_in(who or cast.ada, cast.district).get(f"/setup/sites/{(site or cast.maple).id}/stickers/")


def drawn(svg: str, scale: int = 6) -> Image.Image:
    """The code as a printer draws it: one line of the height of a square for each run of dark ones."""
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg)
    dark = [path for path in re.findall(r"<path[^>]*>", svg) if 'stroke="#000"' in path]
    assert box
    assert len(dark) == 1
    image = Image.new("L", (int(box[1]) * scale, int(box[2]) * scale), 255)
    draw, x, y = ImageDraw.Draw(image), 0.0, 0.0
    steps = re.search(r'\sd="([^"]+)"', dark[0])
    assert steps
    for kind, first, second in LINE.findall(steps[1]):
        if kind == "M":
            x, y = float(first), float(second)
        elif kind == "m":
            x, y = x + float(first), y + float(second or 0)
        else:
            draw.rectangle((x * scale, (y - 0.5) * scale, (x + float(first)) * scale - 1, (y + 0.5) * scale - 1), fill=0)
            x += float(first)
    return image


def read_codes(page: str) -> list[str]:
    """By a reader that knows nothing of how they were made."""
    found = []
    for svg in re.findall(r"<svg[^>]*class=\"qr\".*?</svg>", page, re.DOTALL):
        codes = zxingcpp.read_barcodes(drawn(svg))
        assert len(codes) == 1
        found.append(codes[0].text)
    return found


def test_each_code_opens_the_door_of_its_room(here: Cast) -> None:
    here.maple.rooms = ["101", "Gym & Stage", "B/12", "Salón 3"]
    here.maple.save()
    codes = read_codes(sheet(here).content.decode())
    assert codes[:2] == ["http://cedar.localhost/at/MRE/", "http://cedar.localhost/at/MRE/101"]
    assert len(codes) == 5
    browser = visitor(here.district)
    for code, room in zip(codes[1:], here.maple.rooms, strict=True):
        where = urlsplit(code)
        assert where.hostname == here.district.host
        page = browser.get(where.path).content.decode()
        assert "Maple Ridge Elementary" in page
        assert f'name="room" value="{room.replace("&", "&amp;")}"' in page


def test_a_sticker_says_where_it_is_in_both_languages_and_by_what_address(here: Cast) -> None:
    here.maple.rooms = ["101"]
    here.maple.save()
    page = sheet(here).content.decode()
    assert "cedar.localhost/at/MRE/101" in page
    assert "<strong>101</strong>" in page
    assert {"en", "es"} <= set(re.findall(r'class="sticker-line" lang="(\w+)"', page))
    assert here.district.name in page


def test_rooms_are_saved_as_they_are_typed_and_ten_go_on_a_sheet(here: Cast) -> None:
    client = sign_in(here.ada, here.district)
    where = f"/setup/sites/{here.maple.id}/stickers/"
    seen = re.search(r'name="seen" value="([^"]*)"', client.get(where).content.decode())
    assert seen
    page = client.post(where, {"rooms": "1-24, Gym", "seen": seen[1]}, follow=True).content.decode()
    assert here.maple.refresh().rooms == [*(str(n) for n in range(1, 25)), "Gym"]
    assert "Saved: 25 rooms. Print this page." in page
    assert page.count('class="sheet"') == 3
    again = client.post(where, {"rooms": "1-9999", "seen": re.search(r'name="seen" value="([^"]*)"', page)[1]})  # type: ignore[index]
    assert again.status_code == 422
    assert "more than 500 rooms" in again.content.decode()
    assert len(here.maple.refresh().rooms) == 25


def test_only_administrators_and_only_of_their_district(here: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        theirs = Site.objects.get(code="MRE")
    assert sheet(here, who=here.lena).status_code == 403
    assert sheet(here, site=theirs).status_code == 404
    assert visitor(here.district).get(f"/setup/sites/{here.maple.id}/stickers/").status_code == 302


# --- the door ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/at/MRE/101", "/at/mre/101", "/at/MRE/101/"])
def test_the_door_knows_the_room(here: Cast, path: str) -> None:
    page = visitor(here.district).get(path).content.decode()
    assert 'name="site" value="MRE"' in page
    assert 'name="room" value="101"' in page


@pytest.mark.parametrize("path", ["/at/GONE/101", "/at/GONE/", "/at/%3Cb%3E/1", "/at/MRE%00/1"])
def test_a_sticker_of_no_place_opens_the_door_all_the_same(here: Cast, path: str) -> None:
    answer = visitor(here.district).get(path)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "<b>" not in page
    if "MRE" not in path:
        assert "We know no place with the code" in page
        assert 'name="site"' not in page
        assert 'name="room"' not in page


def test_another_district_s_sticker_tells_nothing_of_its_place(here: Cast, oak: Cast) -> None:
    with district_scope(oak.district.id):
        Site.objects.create(code="OAK", name="Oak Hollow High")
    assert "Oak Hollow High" not in visitor(here.district).get("/at/OAK/1").content.decode()


def test_a_room_that_is_not_on_the_list_is_taken_as_it_is(here: Cast) -> None:
    here.maple.rooms = ["101"]
    here.maple.save()
    assert 'name="room" value="Boiler room"' in visitor(here.district).get("/at/MRE/Boiler%20room").content.decode()
