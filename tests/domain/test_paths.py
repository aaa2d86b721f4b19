"""Paths: the sentences of their rule one by one, and compared with telling them customer by customer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.frames import INSTANT
from app.domain.questions.paths import at_step, on_other_paths, on_path, parse_path, paths, steps
from app.domain.questions.sequences import Reading, Sequences, sequences
from app.domain.windows import Malformed, Window
from tests.reading import paths as reading
from tests.reading.paths import Asked, Visit

START = datetime(2025, 3, 1, tzinfo=UTC)
NAMES = ["view", "cart", "buy", "other", "\u00e9", None]


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def frame(*customers: list[Visit], name: pl.DataType | None = None) -> pl.DataFrame:
    rows = [(100 - number, called, after(at)) for number, visits in enumerate(customers) for called, at in visits]
    schema: dict[str, Any] = {"customer": pl.Int64, "name": pl.String, "at": INSTANT}
    return pl.DataFrame(rows, schema=schema, orient="row").cast({"name": name or pl.String()})


def travelled(asked: Asked, *customers: list[Visit], name: pl.DataType | None = None) -> Sequences:
    since, until = asked.window
    window = Window(None if since is None else after(since), after(until))
    return sequences(frame(*customers, name=name).lazy(), window, Reading(asked.depth, asked.start, asked.end, asked.collapse))


def walk(names: str, every: float = 10) -> list[Visit]:
    return [(name, number * every) for number, name in enumerate(names.split())]


EVER = Asked((None, 1e6))


def listed(asked: Asked, *customers: list[Visit]) -> list[tuple[str, int]]:
    found = paths(travelled(asked, *customers), asked.top)["paths"]
    return [(" ".join(str(name) for name in path["path"]), path["customers"]) for path in found]


def test_an_answer_in_full() -> None:
    found = travelled(EVER._replace(depth=2), walk("a b"), walk("a b c", 20), walk("b"), walk("b"))
    assert paths(found, 1) == {
        "customers": 4,
        "paths": [{"path": ["a", "b"], "customers": 2, "share": 0.5, "exits": 1, "more": 1, "median": 15}],
        "other": {"paths": 1, "customers": 2, "share": 0.5, "exits": 2, "more": 0},
    }
    assert steps(found, 10) == [
        {
            "step": 1,
            "customers": 4,
            "exits": 2,
            "more": 0,
            "nodes": [
                {"name": "a", "customers": 2, "exits": 0, "more": 0},
                {"name": "b", "customers": 2, "exits": 2, "more": 0},
            ],
            "edges": [{"from": "a", "to": "b", "customers": 2, "median": 15}],
        },
        {
            "step": 2,
            "customers": 2,
            "exits": 1,
            "more": 1,
            "nodes": [{"name": "b", "customers": 2, "exits": 1, "more": 1}],
            "edges": [],
        },
    ]


def test_nothing_at_all() -> None:
    found = travelled(EVER)
    assert paths(found, 5) == {"customers": 0, "paths": [], "other": {"paths": 0, "customers": 0, "share": None, "exits": 0, "more": 0}}
    assert [(step["customers"], step["nodes"]) for step in steps(found, 5)] == [(0, [])] * 5
    assert on_path(found, ["a"]).rows() == on_other_paths(found, 5).rows() == []


def test_a_sequence_ends_with_its_customer_and_its_window() -> None:
    assert listed(EVER._replace(window=(10, 30)), walk("a b c d"), walk("x")) == [("b c", 1)]


def test_from_the_first_start() -> None:
    assert listed(EVER._replace(start="b"), walk("a b c b d"), walk("a c")) == [("b c b d", 1)]


def test_up_to_the_last_end_read_backwards() -> None:
    asked = EVER._replace(end="b", depth=3)
    found = travelled(asked, walk("a b c d b e"), walk("b a"), walk("a"))
    assert listed(asked, walk("a b c d b e"), walk("b a"), walk("a")) == [("b", 1), ("c d b", 1)]
    assert steps(found, 5)[0]["nodes"] == [{"name": "b", "customers": 2, "exits": 1, "more": 0}]
    assert [edge["to"] for step in steps(found, 5) for edge in step["edges"]] == ["d", "c"]


def test_between_two_anchors() -> None:
    asked = EVER._replace(start="a", end="c")
    assert listed(asked, walk("b a c a c d"), walk("c a"), walk("a"), walk("c")) == [("a c a c", 1)]


def test_a_name_that_comes_again_at_once_is_one_step() -> None:
    visits = walk("a a b b a")
    assert listed(EVER._replace(collapse=True), visits) == [("a b a", 1)]
    (path,) = paths(travelled(EVER._replace(collapse=True, end="a"), visits), 1)["paths"]
    assert (path["path"], path["median"]) == (["a", "b", "a"], 40)
    assert listed(EVER, visits) == [("a a b b a", 1)]


def test_equals_stand_by_the_bytes_of_their_names_whatever_the_order_of_customers() -> None:
    """Where the hundred most frequent are taken of equals, those taken must not depend on chance."""
    walks = [walk(f"{first} {second}") for first in "zyxab" for second in "ba\u00e9"] + [walk("a"), walk("a")]
    expected = [("a", 2), *((f"{first} {second}", 1) for first in "abxyz" for second in "ab\u00e9")]
    assert listed(EVER, *walks) == listed(EVER, *reversed(walks)) == expected
    assert listed(EVER._replace(top=4), *walks) == expected[:4]


@pytest.mark.parametrize("depth", [1, 2, 20])
def test_paths_beyond_the_most_travelled_are_counted_not_cut(depth: int) -> None:
    """A list of the hundred most frequent alone loses whoever took another way."""
    walks = [walk(" ".join(f"p{(number * place) % 37}" for place in range(1, 1 + number % 9))) for number in range(1, 400)]
    asked = EVER._replace(depth=depth, top=100)
    answer = paths(travelled(asked, *walks), 100)
    everybody = sum(bool(one) for one in walks)
    assert sum(path["customers"] for path in answer["paths"]) + answer["other"]["customers"] == answer["customers"] == everybody
    assert sum(path["exits"] + path["more"] for path in (*answer["paths"], answer["other"])) == everybody


def test_a_name_other_of_its_own_is_part_of_other() -> None:
    found = travelled(EVER, walk("other"), walk("other"), walk("a"), walk("b"))
    (first, *_) = steps(found, 1)
    assert [(node["name"], node["customers"]) for node in first["nodes"]] == [("other", 3), ("a", 1)]
    assert at_step(found, 1, "other", None, 1).height == 3
    assert at_step(found, 1, "b", None, 1)["customer"].to_list() == [97]
    assert [path["path"] for path in paths(found, 1)["paths"]] == [["other"]]


@pytest.mark.parametrize(
    "text, path",
    [
        ("a>b", ["a", "b"]),
        (r"a\>b>c\\", ["a>b", "c\\"]),
        ("a b,|c", ["a b,|c"]),
        (">a>>", [None, "a", None, None]),
        ("", [None]),
    ],
)
def test_a_path_as_text(text: str, path: list[str | None]) -> None:
    assert parse_path("path", text) == path


@pytest.mark.parametrize("text", ["a\\b", "\\", "a>\\n"])
def test_a_backslash_before_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="backslash"):
        parse_path("path", text)


visits = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from([0, 0.5, 1, 3])), max_size=9)
edges = st.integers(0, 24).map(lambda half: half / 2)
anchors = st.sampled_from([None, None, "view", "buy", "unheard of"])


@st.composite
def questions(draw: st.DrawFn) -> Asked:
    since, until = sorted(draw(st.tuples(edges, edges)))
    window = (draw(st.sampled_from([None, since])), until + 0.25)
    return Asked(window, draw(st.integers(1, 20)), draw(anchors), draw(anchors), draw(st.booleans()), draw(st.integers(1, 4)))


def standing(gaps: list[Visit]) -> list[Visit]:
    at = 0.0
    return [(name, at := at + gap) for name, gap in gaps]


@settings(deadline=None, max_examples=200)
@given(gaps=st.lists(visits, max_size=6), asked=questions(), name=st.sampled_from([pl.String(), pl.Categorical()]))
def test_as_told_customer_by_customer(gaps: list[list[Visit]], asked: Asked, name: pl.DataType) -> None:
    customers = [standing(one) for one in gaps]
    found = travelled(asked, *customers, name=name)
    answer, told = paths(found, asked.top), reading.paths(customers, asked)
    assert answer == told
    assert [whole(step) for step in steps(found, asked.top)] == reading.steps(customers, asked)
    for path in answer["paths"]:
        assert on_path(found, path["path"]).height == path["customers"]
    assert on_other_paths(found, asked.top).height == answer["other"]["customers"]
    for step in steps(found, asked.top):
        assert step["customers"] == sum(node["customers"] for node in step["nodes"])
        for node in step["nodes"]:
            assert at_step(found, step["step"], node["name"] or "", None, asked.top).height == node["customers"]
        for edge in step["edges"]:
            assert at_step(found, step["step"], edge["from"] or "", edge["to"] or "", asked.top).height == edge["customers"]


def whole(step: Any) -> Any:
    nodes = {node.pop("name"): node for node in step["nodes"]}
    edges = {(edge["from"], edge["to"]): (edge["customers"], edge["median"]) for edge in step["edges"]}
    return step | {"nodes": nodes, "edges": edges}
