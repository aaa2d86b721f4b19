"""Files of every format, packed or not: each row once, with its line, from any place on, and as far as a broken file can be read."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from backports import zstd
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.domain.arriving.mapping import RowMapping, parse_mapping
from app.flow.files import Part, Place, Row, UnreadableError, read_parts

EVENTS = parse_mapping(None)
MAPPED = "fields: {userId: id, event: what, properties.note: note}"
IDS = [f"u{number}" for number in range(250)]
NOTES = ["plain", "two\nlines", 'a "quoted" cell', "Caf\u00e9, \u4eba", ""]
ROWS = [{"id": one, "what": "Tea Bought", "note": NOTES[number % len(NOTES)]} for number, one in enumerate(IDS)]


def csv_text(rows: list[dict[str, str]], delimiter: str = ",") -> str:
    cells = [["id", "what", "note"], *([row["id"], row["what"], '"' + row["note"].replace('"', '""') + '"'] for row in rows)]
    return "".join(delimiter.join(line) + "\r\n" for line in cells)


def parquet(rows: list[dict[str, str]], file: Path) -> None:
    pl.DataFrame(rows).write_parquet(file, row_group_size=60)


TEXTS: dict[str, Callable[[list[dict[str, str]]], str]] = {
    "csv": csv_text,
    "tsv": lambda rows: csv_text(rows, "\t"),
    "ndjson": lambda rows: "".join(json.dumps(row) + "\n\n" for row in rows),
    "json": lambda rows: json.dumps(rows, indent=1, ensure_ascii=False),
}
PACKED: dict[str, Callable[[bytes], bytes]] = {"plain": bytes, "gzip": gzip.compress, "zstd": zstd.compress}


def mapping(kind: str, more: str = "") -> RowMapping:
    return parse_mapping(f"format: {kind}\n{MAPPED}\n{more}")


def read(file: Path, how: RowMapping = EVENTS, place: Place = Place(), part_rows: int = 40) -> list[Part]:  # noqa: B008
    return list(read_parts(file, how, place, part_rows))


def rows_of(parts: list[Part]) -> list[Row]:
    return [row for part in parts for row in part.rows]


def cut(file: Path, how: RowMapping = EVENTS) -> tuple[list[Row], str]:
    """The rows that can be read of a broken file, and what is said of the rest."""
    parts: list[Part] = []
    with pytest.raises(UnreadableError) as raised:
        parts.extend(read_parts(file, how, part_rows=40))
    return rows_of(parts), str(raised.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "misnamed.xml"


def check_rows_and_places(file: Path, how: RowMapping) -> None:
    parts = read(file, how)
    rows = rows_of(parts)
    said = [json.loads(row.raw) for row in rows]
    assert [(one["userId"], one["properties"].get("note", "") if "properties" in one else "") for one in said] == [
        (row["id"], row["note"]) for row in ROWS
    ]
    assert [row.position for row in rows] == list(range(len(ROWS)))
    assert len(parts) > 3
    for number, part in enumerate(parts):
        assert rows_of(read(file, how, part.place)) == rows_of(parts[number + 1 :])


@pytest.mark.parametrize("packed", PACKED)
@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_is_read_whole_and_from_every_place(kind: str, packed: str, file: Path) -> None:
    file.write_bytes(PACKED[packed](TEXTS[kind](ROWS).encode()))
    check_rows_and_places(file, mapping(kind))


def test_parquet_is_read_whole_and_from_every_place(file: Path) -> None:
    parquet(ROWS, file)
    check_rows_and_places(file, mapping("parquet"))


@pytest.mark.parametrize("packed", PACKED)
def test_events_are_handed_over_as_they_are(packed: str, file: Path) -> None:
    lines = [json.dumps({"event": "E", "n": number}).encode() for number in range(100)]
    lines[3:3] = [b"", b"  \t", b"no JSON", b"\xff\xfe"]
    file.write_bytes(PACKED[packed](b"\xef\xbb\xbf" + b"\n".join(lines)))
    parts = read(file)
    rows = rows_of(parts)
    assert [row.raw for row in rows] == [line for line in lines if line.strip()]
    assert [row.line for row in rows] == [number for number, line in enumerate(lines, start=1) if line.strip()]
    assert parts[-1].place.rows == len(rows) == 102
    for number, part in enumerate(parts):
        assert rows_of(read(file, place=part.place)) == rows_of(parts[number + 1 :])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line), max_size=30), st.integers(1, 7))
def test_lines_and_offsets_are_exact(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], part_rows: int) -> None:
    file = tmp_path_factory.getbasetemp() / "lines"
    text = b"\n".join(lines)
    assume(not text.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")))
    file.write_bytes(text)
    kept = [(number, line) for number, line in enumerate(text.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1) if line.strip()]
    parts = read(file, part_rows=part_rows)
    assert [(row.line, row.raw) for row in rows_of(parts)] == kept
    for part in parts:
        following = text[part.place.offset :].split(b"\n") if part.place.offset <= len(text) else []
        assert [line for line in following if line.strip()] == [line for _, line in kept[part.place.rows :]]


def test_lines_are_numbered_where_rows_begin(file: Path) -> None:
    file.write_text('id,what,note\n1,a,"x\ny"\n\n2,b,z\n', "utf-8")
    assert [row.line for row in rows_of(read(file, mapping("csv")))] == [2, 5]
    file.write_text('[\n {"id": 1},\n\n {"id": 2,\n "what": 3}, {"id": 4}]', "utf-8")
    assert [row.line for row in rows_of(read(file, mapping("json")))] == [2, 4, 5]


@pytest.mark.parametrize("delimiter", [";", "|", "\u00a7"])
def test_any_character_may_delimit(delimiter: str, file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + csv_text(ROWS, delimiter).encode())
    check_rows_and_places(file, mapping("csv", f"delimiter: '{delimiter}'"))


@pytest.mark.parametrize(
    "text, raws",
    [
        ('{"data": {"skipped": [{"items": 1}], "items": [{"id": "a"}, {"id": "b"}]}, "data2": 1}', ['{"userId":"a"}', '{"userId":"b"}']),
        ('{"data": {"items": {"id": "a"}}}', ['{"userId":"a"}']),
        ('{"data": {"items": [ ]}}', []),
    ],
)
def test_rows_inside_a_document(text: str, raws: list[str], file: Path) -> None:
    file.write_text(text, "utf-8")
    assert [row.raw.decode() for row in rows_of(read(file, mapping("json", "rows: data.items")))] == raws


@pytest.mark.parametrize("text", ['{"data": {}}', '{"data": [1]}', "[1]", "", '{"other": 1}', "nothing"])
def test_a_document_without_the_rows_is_unreadable(text: str, file: Path) -> None:
    file.write_text(text, "utf-8")
    rows, said = cut(file, mapping("json", "rows: data.items"))
    assert rows == []
    assert "cannot be read after 0 rows" in said


def test_a_broken_row_of_a_list_is_refused_alone(file: Path) -> None:
    file.write_bytes(b'[{"id": "a"}, {"id": nonsense, "x": [1, "]"]}, 5, {"id": "\xff"}, {"id": "b"}]')
    rows = rows_of(read(file, mapping("json")))
    assert [(row.refused.code.value if row.refused else None) for row in rows] == [
        None,
        "not_json",
        "not_an_object",
        "unstorable_text",
        None,
    ]
    assert rows[1].raw == b'{"id": nonsense, "x": [1, "]"]}'
    assert rows[3].raw == b'{"id": "\xff"}'


@pytest.mark.parametrize("packed", ["gzip", "zstd"])
@pytest.mark.parametrize("kind", TEXTS)
def test_a_packed_file_that_is_cut_short_is_read_as_far_as_it_goes(kind: str, packed: str, file: Path) -> None:
    rows = [{"id": f"u{number}", "what": f"{number**5 % 4_294_967_291:x}", "note": ""} for number in range(15_000)]
    whole = PACKED[packed](TEXTS[kind](rows).encode())
    file.write_bytes(whole[: len(whole) * 3 // 4])
    found, said = cut(file, mapping(kind))
    assert 5_000 < len(found) < 15_000
    assert [json.loads(row.raw)["userId"] for row in found] == [row["id"] for row in rows[: len(found)]]
    assert f"after {len(found):,} rows" in said


@pytest.mark.parametrize("text", ['[{"id": "a"}, {"id": "b"', '[{"id": "a"}, {"id": "b"}', '[{"id": "a"} {"id": "b"}]', '[{"id": "a"}, "b'])
def test_a_list_that_does_not_end_is_read_as_far_as_it_goes(text: str, file: Path) -> None:
    file.write_text(text, "utf-8")
    rows, said = cut(file, mapping("json"))
    assert json.loads(rows[0].raw) == {"userId": "a"}
    assert f"after {len(rows)} rows" in said


def test_a_row_with_more_cells_than_the_table_is_refused(file: Path) -> None:
    file.write_bytes(b"id,what,note\n1,a,b,c\n2,a\n3,a,b,,\n\xff,a,b\n" + b'4,"' + b"x" * 200_000 + b'"\n5,a,b\n')
    rows = rows_of(read(file, mapping("csv")))
    assert [(row.line, row.refused.code.value if row.refused else None) for row in rows] == [
        *((2, "not_a_row"), (3, None), (4, None), (5, "unstorable_text"), (6, "not_a_row"), (7, None))
    ]
    assert rows[0].raw == b"1,a,b,c"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_without_a_column_is_unreadable_unless_it_may_be_sparse(kind: str, file: Path) -> None:
    if kind == "csv":
        file.write_text("id,what\n1,a\n", "utf-8")
    else:
        parquet([{"id": "1", "what": "a"}], file)
    assert cut(file, mapping(kind)) == ([], "the file has no column note; it has id, what")
    assert [json.loads(row.raw) for row in rows_of(read(file, mapping(kind, "sparse: true")))] == [{"userId": "1", "event": "a"}]


def test_what_is_no_parquet_is_unreadable(file: Path) -> None:
    file.write_bytes(b"PAR1 and nothing more")
    rows, said = cut(file, mapping("parquet"))
    assert rows == []
    assert "after 0 rows" in said


def test_values_of_a_parquet_file(file: Path) -> None:
    frame = pl.DataFrame(
        {"at": ["2024-01-02T03:04:05"], "price": [19.9], "day": ["2024-01-02"], "tags": [["a", "b"]], "page": [{"url": "x"}]}
    )
    frame.with_columns(
        pl.col("at").str.to_datetime(), pl.col("day").str.to_date(), exact=pl.col("price").cast(pl.Decimal(9, 2))
    ).write_parquet(file)
    how = "format: parquet\nfields: {timestamp: at, properties.price: price, properties.day: day, properties.tags: tags,\n"
    how += " context.page.url: page.url, properties.exact: exact}\ntime: {zone: Europe/Berlin}"
    (row,) = rows_of(read(file, parse_mapping(how)))
    assert json.loads(row.raw) == {
        "timestamp": "2024-01-02T02:04:05+00:00",
        "properties": {"price": 19.9, "day": "2024-01-02", "tags": ["a", "b"], "exact": "19.90"},
        "context": {"page": {"url": "x"}},
    }


def test_a_row_of_several_events_has_one_line(file: Path) -> None:
    file.write_text("id,email,lead_at,won_at\n1,a@x.example,2024-01-02,2024-02-03\n2,,,\n3,c@x.example,,2024-02-04\n", "utf-8")
    rows = rows_of(read(file, parse_mapping("preset: crm"), part_rows=2))
    assert [(row.position, row.line) for row in rows] == [(0, 2), (1, 2), (2, 2), (3, 3), (4, 4), (5, 4)]


def test_a_line_without_end_takes_no_memory(file: Path) -> None:
    file.write_bytes(b'{"event": "before"}\n' + b"x" * 30_000_000 + b'\n{"event": "after"}')
    rows = rows_of(read(file))
    assert [row.line for row in rows] == [1, 2, 3]
    assert (rows[0].raw, rows[2].raw) == (b'{"event": "before"}', b'{"event": "after"}')
    assert len(rows[1].raw) < 10_000_000
    assert rows_of(read(file, place=Place(1, 1, len(rows[0].raw) + 1))) == rows[1:]


@pytest.mark.parametrize("kind", TEXTS)
def test_memory_stays_flat(kind: str, file: Path) -> None:
    row: dict[str, Any] = {"id": "u", "what": "w", "note": "n" * 20_000}
    file.write_bytes(gzip.compress(TEXTS[kind]([row] * 3_000).encode(), 1))
    tracemalloc.start()
    try:
        assert sum(len(part.rows) for part in read_parts(file, mapping(kind))) == 3_000
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
