"""Where a value of an event stands in a row: in a column, in the first of several, or in a text made of some."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import msgspec

from app.domain.documents import split_path

_PIECE = re.compile(r"\{([^{}]+)\}|\[([^\[\]]+)\]|([^{}\[\]]+)")


class UnclosedError(ValueError):
    """A text with columns in it leaves a bracket or a brace open."""


class Cell(NamedTuple):
    """A column; a name that the row lacks is a path into its objects."""

    name: str
    path: tuple[str, ...]

    def value(self, row: Mapping[str, Any]) -> Any:
        """The value, None where it is empty: null, the empty text, or not there."""
        value = row[self.name] if self.name in row else inside(row, self.path)
        return None if value == "" else value

    @property
    def cells(self) -> Iterator["Cell"]:
        yield self


class Template(NamedTuple):
    """A text made of columns, as in `https://{host}{path}[?{query}]`. What stands in brackets is left out where a column in it is empty."""

    pieces: tuple["str | Cell | Template", ...]

    def value(self, row: Mapping[str, Any]) -> str | None:
        """The text; None where a column outside brackets is empty."""
        texts: list[str] = []
        for piece in self.pieces:
            said = piece if isinstance(piece, str) else piece.value(row)
            if said is None and isinstance(piece, Cell):
                return None
            texts.append("" if said is None else text_of(said))
        return "".join(texts)

    @property
    def cells(self) -> Iterator[Cell]:
        return (cell for piece in self.pieces if not isinstance(piece, str) for cell in piece.cells)


Source: TypeAlias = Cell | Template


class Column(NamedTuple):
    """Where a value stands: the first of some columns or templates that is not empty."""

    sources: tuple[Source, ...]

    def value(self, row: Mapping[str, Any]) -> Any:
        for source in self.sources:
            value = source.value(row)
            if value is not None:
                return value
        return None

    def missing(self, names: Collection[str]) -> str | None:
        """A column that a table with these columns lacks, where none of the sources can be read from it."""
        lacking = [[cell.name for cell in source.cells if not {cell.name, cell.path[0]} & {*names}] for source in self.sources]
        return lacking[0][0] if all(lacking) else None


class Condition(NamedTuple):
    """Holds for a row where one of some columns has one of its values, or, without values, is not empty."""

    columns: tuple[tuple[Column, frozenset[str] | None], ...]

    def holds(self, row: Mapping[str, Any]) -> bool:
        for column, values in self.columns:
            value = column.value(row)
            if (value is not None) if values is None else (text_of(value) in values):
                return True
        return False


def column_of(texts: Collection[str]) -> Column:
    """Raises UnclosedError."""
    return Column(tuple(_template(text) if "{" in text else Cell(text, split_path(text)) for text in texts))


def text_of(value: Any) -> str:
    """A value as a mapping writes it: text as it is, nothing as the empty text, anything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode().strip('"')


def inside(row: Any, path: tuple[str, ...]) -> Any:
    """What a path into objects leads to; None where it leads nowhere."""
    for part in path:
        if not isinstance(row, Mapping) or part not in row:
            return None
        row = row[part]
    return row


def _template(text: str) -> Template:
    pieces: list[str | Cell | Template] = []
    end = 0
    for found in _PIECE.finditer(text):
        name, optional, literal = found.groups()
        pieces.append(literal or (Cell(name, split_path(name)) if name else _template(optional)))
        if found.start() != end:
            break
        end = found.end()
    if end != len(text):
        raise UnclosedError(f"the text {text} opens what it does not close")
    return Template(tuple(pieces))
