"""Mappings: how a row of a file, or of a webhook's request, becomes events of the wire."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from app.domain.arriving.mapping_columns import Column, Condition
from app.domain.arriving.mapping_document import (
    EVENT_KEYS,
    PART_KEYS,
    InvalidMapping,
    check_keys,
    column_at,
    condition,
    event_mapping,
    refuse,
    table,
    texts,
)
from app.domain.arriving.mapping_events import EventMapping
from app.domain.documents import Code, RefusedError, split_path
from app.domain.plain_yaml import UnreadableError, read_yaml

__all__ = ["FORMATS", "MAPPINGS", "InvalidMapping", "RowMapping", "as_event_bytes", "parse_mapping", "preset"]

FORMATS = ("csv", "tsv", "ndjson", "json", "parquet")
MAPPINGS = ("segment", "posthog", "umami", "crm", "sendgrid", "mailgun")
_OF_JSON = ("ndjson", "json")
_DELIMITERS = {"csv": ",", "tsv": "\t"}
_KEYS = ("preset", "format", "delimiter", "sparse", "rows", "columns", "json", "skip", *EVENT_KEYS, "events")
_AS_THEY_ARE = {"format": "ndjson"}


@dataclass(frozen=True)
class RowMapping:
    """How rows become events.

    `path` leads to the rows inside a JSON document; `columns` are other names of columns; columns in `json` hold JSON text; a row for
    which `skip` holds is left out; `parts` are the events of a row. A table may lack columns where the mapping is `sparse`.
    """

    format: str
    delimiter: str
    sparse: bool
    path: tuple[str, ...]
    columns: tuple[tuple[str, Column], ...]
    json: tuple[str, ...]
    skip: Condition | None
    parts: tuple[EventMapping, ...]

    @property
    def as_they_are(self) -> bool:
        """Whether each row is an event already, of which nothing is changed."""
        return self.parts == (EventMapping(),) and not (self.columns or self.json or self.skip)

    def rows(self, document: Any) -> list[Any]:
        """The rows in a JSON document: the list that the path leads to, or the one object. Raises RefusedError."""
        for part in self.path:
            document = document.get(part) if isinstance(document, dict) else None
        if not isinstance(document, dict | list):
            raise RefusedError(Code.NOT_AN_OBJECT, None, f"the document has no rows{' at ' + '.'.join(self.path) if self.path else ''}")
        return document if isinstance(document, list) else [document]

    def events(self, row: Any) -> list[dict[str, Any]]:
        """The events that a row says, in the mapping's order; none where it is skipped. Raises RefusedError."""
        if not isinstance(row, Mapping):
            raise RefusedError(Code.NOT_AN_OBJECT, None, "a row is a JSON object")
        read = self._with_json({**row, **{name: column.value(row) for name, column in self.columns}} if self.columns else row)
        if self.skip and self.skip.holds(read):
            return []
        return [event for part in self.parts if (event := part.event(read)) is not None]

    def missing(self, names: list[str]) -> str | None:
        """A column that the mapping needs and a table with these columns lacks."""
        columns = [] if self.sparse else [column for part in self.parts for _, column in part.fields]
        conditions = [] if self.sparse else filter(None, [self.skip, *(one for part in self.parts for one in (part.when, part.unless))])
        needed = [*columns, *(column for one in conditions for column, _ in one.columns)]
        found = [*names, *(name for name, _ in self.columns)]
        lacking = [*(column.missing(names) for _, column in self.columns), *(column.missing(found) for column in needed)]
        return next(filter(None, lacking), None)

    def _with_json(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        texts = {name: text for name in self.json if isinstance(text := row.get(name), str)}
        try:
            return {**row, **{name: msgspec.json.decode(text) if text else None for name, text in texts.items()}} if texts else row
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise RefusedError(Code.NOT_JSON, next(iter(texts)), f"the column is no JSON text: {error}") from error


def parse_mapping(text: str | None) -> RowMapping:
    """A mapping from YAML or JSON text; None is NDJSON of Segment events as they are. Raises InvalidMapping."""
    document = _read(text) if text else _AS_THEY_ARE
    if not isinstance(document, dict):
        refuse("mapping", "is a mapping with the keys " + ", ".join(_KEYS))
    check_keys(document, _KEYS)
    return _mapping(_with_preset(document))


def preset(name: str) -> str:
    """The text of a mapping that comes with Waystage. Raises InvalidMapping where there is none of the name."""
    if name not in MAPPINGS:
        refuse("preset", f"is one of {', '.join(MAPPINGS)}")
    return files(__package__).joinpath("mappings", f"{name}.yml").read_text("utf-8")


def as_event_bytes(event: Mapping[str, Any]) -> bytes:
    """An event, or a row, as JSON; what JSON has no kind of value for becomes text."""
    return msgspec.json.encode(event, enc_hook=str)


@cache
def _preset_document(name: str) -> dict[str, Any]:
    read: dict[str, Any] = _read(preset(name))
    return read


def _read(text: str) -> Any:
    try:
        read = read_yaml(text)
    except UnreadableError as error:
        raise InvalidMapping("mapping", f"line {error.line}: {error.reason}" if error.line else error.reason) from error
    for path in read.repeated:
        refuse(".".join(map(str, path)), "is given twice")
    return read.value


def _with_preset(document: dict[str, Any]) -> dict[str, Any]:
    """A preset's keys, with those given beside it in their place; of tables, path by path."""
    if "preset" not in document:
        return document
    taken = _preset_document(str(document["preset"]))
    both = {key: {**taken[key], **said} for key, said in document.items() if isinstance(said, dict) and isinstance(taken.get(key), dict)}
    return {**taken, **document, **both}


def _mapping(document: Mapping[str, Any]) -> RowMapping:
    kind = document.get("format", "csv")
    if kind not in FORMATS:
        refuse("format", f"is one of {', '.join(FORMATS)}")
    parts = _parts(document)
    if kind not in _OF_JSON and not all(part.fields for part in parts):
        refuse("fields", "maps paths of the event to columns")
    if not isinstance(document.get("sparse", False), bool):
        refuse("sparse", "is true or false")
    return RowMapping(
        format=kind,
        delimiter=_delimiter(document, kind),
        sparse=document.get("sparse", kind in _OF_JSON),
        path=_rows(document, kind),
        columns=tuple((name, column_at(f"columns.{name}", said)) for name, said in table(document, "columns").items()),
        json=tuple(texts(document, "json")),
        skip=condition("skip", document["skip"]) if "skip" in document else None,
        parts=parts,
    )


def _parts(document: Mapping[str, Any]) -> tuple[EventMapping, ...]:
    """The events of a row: one as the document says, or those of `events`, each with the document's keys where it has none of its own."""
    said = document.get("events", [{}])
    if not isinstance(said, list) or not said or not all(isinstance(one, dict) for one in said):
        refuse("events", "is a list of mappings, one for each event of a row")
    event_mapping(document)
    return tuple(_part(document, one, f"events.{number}." if "events" in document else "") for number, one in enumerate(said))


def _part(document: Mapping[str, Any], said: Mapping[str, Any], at: str) -> EventMapping:
    check_keys(said, PART_KEYS, at)
    shared = {key: document[key] for key in EVENT_KEYS if key in document}
    tables = {key: {**table(shared, key), **table(said, key, at)} for key in EVENT_KEYS if key in said and key not in ("type", "numbers")}
    return event_mapping({**shared, **said, **tables}, at)


def _delimiter(document: Mapping[str, Any], kind: str) -> str:
    said = document.get("delimiter", _DELIMITERS.get(kind, ","))
    if kind not in _DELIMITERS and "delimiter" in document:
        refuse("delimiter", "is for csv and tsv")
    if not isinstance(said, str) or len(said) != 1 or said in '"\r\n':
        refuse("delimiter", "is one character, and no quote")
    return said


def _rows(document: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    said = document.get("rows", "")
    if not isinstance(said, str):
        refuse("rows", "is the path to the rows inside a document, as in data.items")
    if said and kind != "json":
        refuse("rows", "is for json")
    return split_path(said) if said else ()
