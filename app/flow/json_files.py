"""JSON documents as files: the rows of a list are read one after the other, however long it is."""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.domain.arriving.batches import end_of_element
from app.domain.arriving.events import Refused
from app.domain.arriving.mapping import RowMapping
from app.domain.documents import Code
from app.flow.rows import BrokenError, Place, Record
from app.flow.streams import blocks

VALUE_CHARACTERS_MAX = 1024 * 1024
_BYTE_ORDER_MARK = "\ufeff"
_SPACE = re.compile(r"[ \t\r\n]*")
_value_at = json.JSONDecoder().raw_decode


def json_records(file: Path, mapping: RowMapping, place: Place) -> Iterator[Record]:
    """The rows of a document: the list that the mapping's path leads to, or the one object.

    A row that is not JSON is refused alone where brackets tell its end. Raises BrokenError.
    """
    text = _Text(file, place)
    if place == Place():
        _enter(text, mapping.path)
        if text.next() != "[":
            yield text.record()
            return
        text.skip("[")
        if text.next() == "]":
            return
        yield text.record()
    while text.next() != "]":
        text.skip(",")
        yield text.record()


def _enter(text: "_Text", path: tuple[str, ...]) -> None:
    """Go to the value that the path leads to, past the ones before it."""
    for part in path:
        text.skip("{")
        while text.value()[0] != part:
            text.skip(":")
            text.value()
            text.skip(",")
        text.skip(":")


class _Text:
    """The text of a document, of which a little more than one value is in memory; `line` and `offset` are what lies before."""

    def __init__(self, file: Path, place: Place) -> None:
        self._blocks = blocks(file, place.offset)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
        self._text, self._at, self._ended = "", 0, False
        self.line, self.offset = place.line, place.offset

    def next(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            self._pass(_SPACE.match(self._text, self._at).end())  # type: ignore[union-attr]
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def skip(self, character: str) -> None:
        if self.next() != character:
            raise BrokenError(f"line {self.line + 1} has no {character} where a list of rows has one")
        self._pass(self._at + 1)

    def record(self) -> Record:
        self.next()
        line = self.line + 1
        value, raw, refused = self.value()
        return Record(value, raw, line, self.line, self.offset, refused)

    def value(self) -> tuple[Any, bytes, Refused | None]:
        """The value that comes next, and its bytes; one that is no JSON is refused. Raises BrokenError where its end cannot be told."""
        self.next()
        while True:
            try:
                value, end = _value_at(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._text) - self._at < VALUE_CHARACTERS_MAX and self._more():
                    continue
                return None, self._pass_broken(), Refused(Code.NOT_JSON, None, f"the row is not JSON: {error}")
            if end < len(self._text) or not self._more():
                return value, self._pass(end), None

    def _pass_broken(self) -> bytes:
        rest = self._text[self._at : self._at + 2 * VALUE_CHARACTERS_MAX].encode(errors="surrogateescape")
        end = end_of_element(rest)
        if end is None:
            raise BrokenError(f"line {self.line + 1} begins a value that does not end")
        return self._pass(self._at + len(rest[:end].decode(errors="surrogateescape")))

    def _pass(self, end: int) -> bytes:
        passed = self._text[self._at : end]
        raw = passed.encode(errors="surrogateescape")
        self.line += passed.count("\n")
        self.offset += len(raw)
        self._at = end
        return raw

    def _more(self) -> bool:
        """Read a block more; false at the end."""
        if self._ended:
            return False
        block = next(self._blocks, b"")
        self._ended = not block
        self._text = self._text[self._at :] + self._decoder.decode(block, final=self._ended)
        self._at = 0
        if self.offset == 0 and self._text.startswith(_BYTE_ORDER_MARK):
            self._pass(1)
        return not self._ended
