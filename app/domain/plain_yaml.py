"""YAML as JSON's data: mappings, lists and scalars, read each with its line, and written."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

Path = tuple[str | int, ...]

CHARACTERS_MAX = 65_536
DEPTH_MAX = 16
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_JSON_SCALAR = re.compile(r"null|true|false|-?(?:0|[1-9][0-9]{0,308})(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,4})?")

_BREAK = re.compile("[\x85\u2028\u2029\ufeff]")
"""What YAML takes for a line's end, or for the beginning of a text."""


class UnreadableError(ValueError):
    """The text is no plain YAML; `line` counts from 1, None where the place is unknown."""

    def __init__(self, line: int | None, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class PlainYaml:
    """What a text says: `lines` has the line (from 1) of every path in `value`, `repeated` the paths of keys that were given twice."""

    value: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    repeated: list[Path] = field(default_factory=list)

    def line(self, path: Path) -> int | None:
        """The line of the path, or of the nearest thing around it that stands in the text."""
        return self.lines.get(path) or (self.line(path[:-1]) if path else None)


def read_yaml(text: str) -> PlainYaml:
    """Reads one document. A bare word is text unless JSON reads it, so that NO, 010 and 2024-01-01 are text; aliases and tags are refused.

    Raises:
        UnreadableError: also above 65,536 characters, a depth of 16, and for a second document.
    """
    if len(text) > CHARACTERS_MAX:
        raise UnreadableError(None, f"longer than {CHARACTERS_MAX} characters")
    try:
        return _Reader(text).document()
    except UnreadableError:
        raise
    except yaml.reader.ReaderError as error:
        raise UnreadableError(text.count("\n", 0, error.position) + 1, f"no YAML: {error.reason}") from error
    except yaml.MarkedYAMLError as error:
        raise UnreadableError(error.problem_mark.line + 1 if error.problem_mark else None, f"no YAML: {error.problem}") from error
    except (ValueError, OverflowError) as error:
        raise UnreadableError(None, "no YAML: an escape names no character") from error


def write_yaml(value: Any) -> str:
    """A text that `read_yaml` reads as the value: mappings in their order, lists and JSON scalars."""
    return yaml.dump(value, Dumper=_Writer, allow_unicode=True, sort_keys=False, width=100)


class _Writer(yaml.SafeDumper):
    """Text that JSON would read as something else stands in quotes, and nothing stands for what was said before."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


def _quoted(writer: _Writer, text: str) -> yaml.ScalarNode:
    quoted = _JSON_SCALAR.fullmatch(text) or _BREAK.search(text)
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style='"' if quoted else None)


_Writer.add_representer(str, _quoted)


class _Reader:
    def __init__(self, text: str) -> None:
        self.events: Iterator[yaml.Event] = yaml.parse(text, Loader=yaml.SafeLoader)
        self.lines: dict[Path, int] = {}
        self.repeated: list[Path] = []

    def document(self) -> PlainYaml:
        next(self.events)
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return PlainYaml()
        value = self._value(next(self.events), ())
        next(self.events)
        if not isinstance(after := next(self.events), yaml.StreamEndEvent):
            _refuse(after, "a second document")
        return PlainYaml(value, self.lines, self.repeated)

    def _value(self, event: yaml.Event, at: Path) -> Any:
        self.lines.setdefault(at, _line(event))
        if len(at) > DEPTH_MAX:
            _refuse(event, "nested too deep")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None):
            _refuse(event, "aliases and tags are not read")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(at)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._value(item, (*at, index)) for index, item in enumerate(self._until(yaml.SequenceEndEvent))]
        return _scalar(event)

    def _mapping(self, at: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key in self._until(yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                _refuse(key, "a key must be text")
            name = _text(key)
            inside = (*at, name)
            if name in result:
                self.repeated.append(inside)
            self.lines[inside] = _line(key)
            result[name] = self._value(next(self.events), inside)
        return result

    def _until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        while not isinstance(event := next(self.events), end):
            yield event


def _scalar(event: Any) -> Any:
    bare, _ = event.implicit
    if bare and _JSON_SCALAR.fullmatch(event.value):
        return json.loads(event.value)
    return None if bare and not event.value else _text(event)


def _text(event: Any) -> str:
    """A scalar's text; two escapes of JSON that make one character are joined."""
    if not _SURROGATE.search(event.value):
        return str(event.value)
    try:
        return str(event.value.encode("utf-16-le", "surrogatepass").decode("utf-16-le"))
    except UnicodeDecodeError:
        _refuse(event, "half of a surrogate pair is no text")


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _refuse(event: yaml.Event, reason: str) -> NoReturn:
    raise UnreadableError(_line(event), reason)
