"""The matrix as a drawing: what is laid out, and its page."""

import itertools
import json
import random
import re
import time
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from districts.models import Person
from districts.scope import district_scope
from ownership.keeping.loading import load_matrix
from ownership.models import Feed, OwnerRole, Process, System
from ownership.overview.diagram import MOST_LINES, ROOM, WIDTH, Box, Drawing, Node, Row, draw, entries_of, flows_of, worst, wrapped
from tests.conftest import NOW, Cast, sign_in, visitor

MATRIX = Path(__file__).parent.parent / "config" / "demo" / "data" / "cedar_valley" / "ownership.json"
PAGE = "/matrix/diagram/"

type Given = dict[str, list[str]]  # source → targets; each a process of its own


def rows_of(given: Given, states: tuple[str, ...] = ("ok",)) -> list[Row]:
    pairs = [(source, target) for source, targets in given.items() for target in targets]
    turns = itertools.cycle(states)
    return [Row(f"p{n}", f"Process {n}", next(turns), "Clerk", source, (target,)) for n, (source, target) in enumerate(pairs)]


def nodes_of(given: Given) -> list[Node]:
    slugs = dict.fromkeys([*given, *(target for targets in given.values() for target in targets)])
    return [Node(f"System {slug}", slug) for slug in slugs]


def drawn(given: Given) -> Drawing:
    return draw(flows_of(nodes_of(given), rows_of(given)))


def at_random(seed: int, systems: int, processes: int) -> tuple[list[Node], list[Row]]:
    """Any with any: cycles, loops, pairs more than once."""
    chance = random.Random(seed)
    nodes = [Node(f"System {chance.choice('ABC') * chance.randint(1, 40)} {n}", f"s{n}") for n in range(systems)]
    some = [
        Row(f"p{n}", f"Process {n}", chance.choice(["ok", "late", "failed", "new", ""]), "", f"s{chance.randrange(systems)}",
            tuple(f"s{chance.randrange(systems)}" for _ in range(chance.randint(1, 2))))
        for n in range(processes)
    ]  # fmt: skip
    return nodes, some


SHAPES: dict[str, Given] = {
    "one": {"a": ["b"]},
    "a line with a short cut": {"a": ["b", "c", "d"], "b": ["c"], "c": ["d"]},
    "there and back": {"a": ["b"], "b": ["a"]},
    "a ring": {"a": ["b"], "b": ["c"], "c": ["a"]},
    "to itself": {"a": ["a"]},
    "to itself among others": {"a": ["a", "b"], "b": ["b", "b", "a"], "c": ["c"]},
    "apart": {"a": ["b"], "c": ["d"], "e": ["f", "g"]},
    "a hub": {"hub": [f"t{n}" for n in range(40)], **{f"s{n}": ["hub"] for n in range(20)}},
    "twice the same": {"a": ["b", "b", "b"]},
}
DRAWINGS = {
    **{name: drawn(given) for name, given in SHAPES.items()},
    **{f"{n} systems at random": draw(flows_of(*at_random(n, n, 3 * n))) for n in (5, 13, 30)},
}
every_drawing = pytest.mark.parametrize("drawing", DRAWINGS.values(), ids=DRAWINGS.keys())


def points(path: str) -> list[tuple[float, float]]:
    """Along an SVG path of ours, close to each other."""
    found: list[tuple[float, float]] = []
    for command, words in re.findall(r"([MHC])([-\d ]+)", path):
        to = [float(word) for word in words.split()]
        if command == "M":
            found.append((to[0], to[1]))
        elif command == "H":
            x, y = found[-1]
            found += [(x + (to[0] - x) * n / 20, y) for n in range(1, 21)]
        else:
            way = [found[-1], (to[0], to[1]), (to[2], to[3]), (to[4], to[5])]
            found += [curve(way, n / 40) for n in range(1, 41)]
    return found


def curve(way: list[tuple[float, float]], t: float) -> tuple[float, float]:
    parts = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    return sum(p * x for p, (x, _) in zip(parts, way, strict=True)), sum(p * y for p, (_, y) in zip(parts, way, strict=True))


def on_edge(box: Box, point: tuple[int, int]) -> bool:
    x, y = point
    beside = x in (box.x, box.x + box.width) and box.y < y < box.y + box.height
    return beside or (y == box.y and box.x < x < box.x + box.width)


def inside(box: Box, x: float, y: float) -> bool:
    return box.x < x < box.x + box.width and box.y < y < box.y + box.height


# --- the drawing ------------------------------------------------------------------------------------------------------


@every_drawing
def test_everything_is_within_the_canvas(drawing: Drawing) -> None:
    for box in drawing.boxes:
        assert 0 < box.x < box.x + box.width < drawing.width
        assert 0 < box.y < box.y + box.height < drawing.height
    for arrow in drawing.arrows:
        assert all(
            0 < x < drawing.width and 0 < y < drawing.height for x, y in [*points(arrow.path), *([arrow.badge] if arrow.badge else [])]
        )


@every_drawing
def test_no_two_boxes_overlap(drawing: Drawing) -> None:
    for one, other in itertools.combinations(drawing.boxes, 2):
        beside = one.x + one.width < other.x or other.x + other.width < one.x
        assert beside or one.y + one.height < other.y or other.y + other.height < one.y


@every_drawing
def test_an_arrow_starts_and_ends_at_the_edges_of_its_boxes(drawing: Drawing) -> None:
    for arrow in drawing.arrows:
        source, target = drawing.boxes[arrow.source], drawing.boxes[arrow.target]
        assert (source.node, target.node) == (arrow.flow.source, arrow.flow.target)
        assert on_edge(source, arrow.start)
        assert on_edge(target, arrow.end)
        assert arrow.path.startswith(f"M{arrow.start[0]} {arrow.start[1]}")
        assert arrow.head.startswith(f"M{arrow.end[0]} {arrow.end[1]}")


@every_drawing
def test_no_two_arrows_share_an_end(drawing: Drawing) -> None:
    ends = [end for arrow in drawing.arrows for end in (arrow.start, arrow.end)]
    assert len(ends) == len(set(ends))


@every_drawing
def test_no_arrow_runs_through_a_box(drawing: Drawing) -> None:
    for arrow in drawing.arrows:
        way = list(points(arrow.path))
        through = [box.node.name for box in drawing.boxes for x, y in way if inside(box, x, y)]
        assert through == [], arrow


@every_drawing
def test_a_box_holds_its_name(drawing: Drawing) -> None:
    for box in drawing.boxes:
        assert box.width == WIDTH
        assert all(box.y + 10 < y < box.y + box.height for _line, _x, y in box.lines)


def test_every_pair_has_one_arrow() -> None:
    nodes, rows = at_random(4, 12, 60)
    pairs = {(row.source, target) for row in rows for target in row.targets}
    assert sorted((a.flow.source.slug, a.flow.target.slug) for a in draw(flows_of(nodes, rows)).arrows) == sorted(pairs)


def test_the_same_rows_in_any_order_make_the_same_drawing() -> None:
    nodes, rows = at_random(5, 20, 60)
    first = draw(flows_of(nodes, rows))
    for seed in range(3):
        random.Random(seed).shuffle(nodes)
        random.Random(seed).shuffle(rows)
        assert draw(flows_of(nodes, rows)) == first


def column(drawing: Drawing, slug: str) -> int:
    return next(box.x for box in drawing.boxes if box.node.slug == slug)


def test_sources_stand_first_and_what_they_feed_stands_right_of_them() -> None:
    drawing = drawn({"a": ["b", "d"], "b": ["c"], "c": ["d"], "z": ["d"]})
    assert column(drawing, "a") == column(drawing, "z") == min(box.x for box in drawing.boxes)
    assert column(drawing, "a") < column(drawing, "b") < column(drawing, "c") < column(drawing, "d")


def test_a_cycle_is_cut_where_that_costs_least() -> None:
    """The hub feeds many; one of them tells it something."""
    drawing = drawn({"hub": ["a", "b", "c"], "a": ["hub"]})
    assert column(drawing, "hub") < column(drawing, "a") == column(drawing, "b")
    back = next(arrow for arrow in drawing.arrows if arrow.flow.source.slug == "a")
    assert back.start[0] > back.end[0], "it points to the left"


def test_lines_that_need_not_cross_do_not() -> None:
    drawing = drawn({"a": ["y"], "b": ["x"], "c": ["w"]})
    ends = sorted((arrow.start[1], arrow.end[1]) for arrow in drawing.arrows)
    assert [end for _start, end in ends] == sorted(end for _start, end in ends)


def test_arrows_of_several_say_how_many_and_numbers_stand_apart() -> None:
    drawing = drawn({"hub": [f"t{n}" for n in range(20) for _ in range(2)], "t0": ["t1"]})
    numbered = [arrow for arrow in drawing.arrows if arrow.badge]
    assert {len(arrow.flow.rows) for arrow in numbered} == {2}
    assert len(numbered) == 20
    for one, other in itertools.combinations([arrow.badge for arrow in numbered if arrow.badge], 2):
        assert abs(one[0] - other[0]) > 24 or abs(one[1] - other[1]) > 18


def test_nothing_to_draw_is_no_mishap() -> None:
    assert (draw([]).boxes, draw([]).arrows) == ([], [])


@pytest.mark.parametrize("seed", range(3))
def test_many_systems_take_no_time(seed: int) -> None:
    """A fifth of a second; a busy machine may take its time."""
    nodes, rows = at_random(seed, 60, 200)
    began = time.process_time()
    drawing = draw(flows_of(nodes, rows))
    assert time.process_time() - began < 2
    assert len(drawing.boxes) > 50


def test_trouble_is_painted_last() -> None:
    given = {"a": ["b", "c", "d", "e", "f"]}
    flows = flows_of(nodes_of(given), rows_of(given, ("failed", "ok", "", "late", "new")))
    assert [arrow.flow.state for arrow in draw(flows).arrows] == ["", "new", "ok", "late", "failed"]


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("Compass", ("Compass",)),
        ("Student information system", ("Student information", "system")),
        ("", ("",)),
        ("  spaces   between ", ("spaces between",)),
    ],
)
def test_a_name_is_wrapped_between_words(name: str, lines: tuple[str, ...]) -> None:
    assert wrapped(name) == lines


@pytest.mark.parametrize("name", ["x" * 200, "W" * 200, "很" * 200, "word " * 40, "é́" * 100, "a" * 30 + " b"])
def test_a_long_name_is_cut(name: str) -> None:
    lines = wrapped(name)
    assert len(lines) <= MOST_LINES
    assert all(len(line) * 14 * 0.3 <= ROOM for line in lines if "́" not in line)
    assert lines[-1].endswith("…") or "".join(lines).replace(" ", "") == name.replace(" ", "")


# --- flows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "said"),
    [
        (["ok", "failed", "late"], "failed"), (["ok", "late", "new"], "late"), (["new", "ok", ""], "ok"), (["", "new"], "new"),
        (["", ""], ""), ([], ""),
    ],
)  # fmt: skip
def test_the_worst_is_said(states: list[str], said: str) -> None:
    assert worst(states) == said


def test_what_names_no_known_system_makes_no_arrow() -> None:
    nodes = [Node("A", "a"), Node("B", "b"), Node("C", "c")]
    rows = [
        Row("one", "One", "ok", "", "a", ("b", "gone", "b")),
        Row("two", "Two", "", "", "", ("b",)),
        Row("three", "Three", "", "", "a", ()),
    ]
    flows = flows_of(nodes, rows)
    assert [(flow.source.slug, flow.target.slug, [row.slug for row in flow.rows]) for flow in flows] == [("a", "b", ["one"])]
    assert [(entry.node.slug, len(entry.comes), len(entry.goes)) for entry in entries_of(nodes, flows)] == [
        ("a", 0, 1), ("b", 1, 0), ("c", 0, 0),
    ]  # fmt: skip


# --- the page ---------------------------------------------------------------------------------------------------------


def a_process(slug: str, source: System | None, *targets: str, states: tuple[str, ...] = (), name: str = "") -> Process:
    role, _made = OwnerRole.objects.get_or_create(slug="registrar", defaults={"name": "Registrar"})
    process = Process.objects.create(slug=slug, name=name or slug.title(), source=source, targets=list(targets), primary=role)
    for n, state in enumerate(states):
        Feed.objects.create(process=process, slug=f"{slug}-{n}", name="Feed", terms="daily by 4 PM", state=state)
    return process


def a_system(slug: str, name: str = "") -> System:
    return System.objects.create(slug=slug, name=name or slug.title())


def page(cast: Cast, who: Person | None = None) -> str:
    answer = sign_in(who or cast.alice, cast.district).get(PAGE)
    assert answer.status_code == 200
    html: str = answer.content.decode()
    return html


def link(html: str, between: str) -> str:
    """The opening tag of the arrow whose title begins so."""
    found = re.search(rf"(<a [^>]*>)<title>{re.escape(between)}", html)
    assert found, between
    return found[1]


def test_staff_see_it_and_visitors_are_asked_to_sign_in(here: Cast, oak: Cast) -> None:
    assert sign_in(here.alice, here.district).get(PAGE).status_code == 200
    answer = visitor(here.district).get(PAGE)
    assert (answer.status_code, answer["Location"]) == (302, f"/account/login/?next={PAGE}")
    assert sign_in(oak.charlie, here.district).get(PAGE).status_code == 403
    assert sign_in(here.alice, here.district).post(PAGE).status_code == 405


def test_an_empty_matrix_says_so(here: Cast) -> None:
    a_system("lonely")
    for who in (here.alice, here.ada):
        html = page(here, who)
        assert "No process is written down yet" in html
        assert "<figure" not in html
        assert "Lonely" not in html


def test_of_many_systems_one_is_drawn_with_what_touches_it(here: Cast) -> None:
    load_matrix(json.loads(MATRIX.read_text()), NOW)
    whole, alone = page(here), sign_in(here.alice, here.district).get(PAGE, {"system": "paycedar"}).content.decode()
    assert whole.count("<title>") > 30
    drawn = set(re.findall(r"<title>([^<]+)</title>", alone.partition("<figure")[2]))
    assert {"MealTrack", "PayCedar"} <= drawn
    assert not drawn & {"Compass", "RouteWise"}
    assert page(here).count("<title>") == sign_in(here.alice, here.district).get(PAGE, {"system": "nonsense"}).content.decode().count(
        "<title>"
    )


def test_the_demo_is_drawn_whole_and_listed_whole(here: Cast) -> None:
    load_matrix(json.loads(MATRIX.read_text()), NOW)
    html = page(here)
    for system in System.objects.all():
        assert html.count(f'id="system-{system.slug}"') == 1
        assert f"<title>{system.name}</title>" in html
    for process in Process.objects.all():
        assert html.count(f'href="/matrix/{process.slug}/"') >= 2, "in the list, where it leaves and where it arrives"
    assert "Registrar" in html
    assert "Never seen" in html


def test_every_anchor_is_there_once(here: Cast) -> None:
    load_matrix(json.loads(MATRIX.read_text()), NOW)
    html = page(here)
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert {target for target in re.findall(r'href="#([^"]+)"', html) if target} - set(ids) == set()


def test_another_districts_systems_are_not_there(here: Cast, oak: Cast) -> None:
    a_process("ours", a_system("here"), "there")
    a_system("there")
    with district_scope(oak.district.id):
        a_process("theirs", a_system("oak-source", "Oak source"), "there")
        a_system("there", "Oak target")
    html = page(here)
    assert "Ours" in html
    assert not any(word in html for word in ("Theirs", "Oak source", "Oak target"))


def test_an_arrow_says_the_worst_and_leads_to_its_process_or_to_the_list(here: Cast) -> None:
    a, _b, _c = a_system("a"), a_system("b"), a_system("c")
    a_process("one", a, "b", "c", states=("ok", "late"))
    a_process("two", a, "b", states=("failed",))
    html = page(here)
    alone, together = link(html, "A → C: One (Late)"), link(html, "A → B: 2 processes (Failed)")
    assert "arrow-late" in alone
    assert 'href="/matrix/one/"' in alone
    assert "arrow-failed" in together
    assert 'href="#flow-a.b"' in together
    assert 'id="flow-a.b"' in html
    assert ">2</text></g>" in html


def test_a_feed_that_is_out_of_use_does_not_count(here: Cast) -> None:
    process = a_process("one", a_system("a"), "b", states=("failed", "ok"))
    a_system("b")
    process.feeds.filter(state="failed").update(active=False)
    assert "arrow-ok" in link(page(here), "A → B: One (On time)")
    process.feeds.update(active=False)
    assert "arrow-none" in link(page(here), "A → B: One (No feed)")


def test_what_is_connected_to_nothing_is_listed(here: Cast) -> None:
    a_system("lonely")
    a_system("b")
    a_process("one", a_system("a"), "b")
    a_process("nowhere", None, "b")
    html = page(here)
    assert html.index("Connected to nothing") < html.index('id="system-lonely"')
    assert html.index("Processes without an arrow") < html.index('href="/matrix/nowhere/"')
    assert "<title>Lonely</title>" not in html


def test_what_people_wrote_is_text(here: Cast) -> None:
    bad = '<script>alert(1)</script>"&'
    a_process("one", a_system("a", bad), "b", name=bad)
    a_system("b", "</title><b>bold</b>")
    OwnerRole.objects.update(name="<i>Registrar</i>")
    html = page(here)
    assert "<script>alert" not in html
    assert "<b>bold" not in html
    assert "<i>Registrar" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_three_reads_however_many_rows(here: Cast) -> None:
    load_matrix(json.loads(MATRIX.read_text()), NOW)
    client = sign_in(here.alice, here.district)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        client.get(PAGE)
    assert len([query for query in asked.captured_queries if '"ownership_' in query["sql"] and "SELECT" in query["sql"]]) == 3


def test_numbers_of_the_drawing_are_no_words(here: Cast) -> None:
    """In any language."""
    load_matrix(json.loads(MATRIX.read_text()), NOW)
    client = sign_in(here.alice, here.district)
    html = client.get(PAGE, HTTP_ACCEPT_LANGUAGE="es").content.decode()
    assert re.search(r'viewBox="0 0 \d{3,5} \d{3,5}"', html)
    assert " style=" not in html


def test_the_way_there(here: Cast) -> None:
    html = page(here)
    assert f'<a href="{PAGE}" aria-current="page">' in html
    assert '<a href="/matrix/">' in html
