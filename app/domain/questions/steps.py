"""Steps of a funnel as a question names them: each is one name or several alternatives, of events also patterns."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import polars as pl

from app.domain.windows import Malformed

STEPS_MAX = 20
_SPECIAL = frozenset(",|\\*?")
_WILD = {"*": ".*", "?": "."}


class Step(NamedTuple):
    """`said` is the step as it was written; it is filled by any of `names`, and by any name that one of `patterns` (regular) matches."""

    said: str
    names: tuple[str, ...]
    patterns: tuple[str, ...] = ()

    @classmethod
    def either(cls, steps: Sequence["Step"]) -> "Step":
        """One step that is filled by whatever fills one of the steps."""
        names, patterns = ([*chain.from_iterable(parts)] for parts in ((step.names for step in steps), (step.patterns for step in steps)))
        return cls("|".join(step.said for step in steps), tuple(names), tuple(patterns))

    @property
    def name(self) -> str:
        """The one name that fills the step; where there are several, the step as it was written."""
        return self.names[0] if len(self.names) == 1 and not self.patterns else self.said

    def among(self, known: pl.Series) -> pl.Series:
        """The names that fill the step: its own, and of those that are known (texts) all that match one of its patterns."""
        matching = [known.filter(known.str.contains(pattern)) for pattern in self.patterns]
        return pl.concat([pl.Series(self.names, dtype=pl.String), *(names.rename("") for names in matching)])


def parse_steps(field: str, text: str, *, patterns: bool) -> list[Step]:
    r"""The steps of a text such as `a|b,c`: commas part steps, bars part the alternatives of one; raises Malformed for `field`.

    A backslash takes the meaning from a comma, a bar, a backslash, `*` and `?`. With `patterns`, `*` is any characters and `?` is one,
    case-sensitive and over the whole name; without, both stand for themselves.
    """
    parts = _parted([*_signs(field, text)], ",")
    if len(parts) > STEPS_MAX:
        raise Malformed(field, f"names 1 to {STEPS_MAX} steps")
    return [_step(field, signs, patterns=patterns) for signs in parts]


class _Sign(NamedTuple):
    character: str
    plain: bool


def _signs(field: str, text: str) -> Iterator[_Sign]:
    characters = iter(text)
    for character in characters:
        if character != "\\":
            yield _Sign(character, character not in _SPECIAL)
        elif (escaped := next(characters, "")) in _SPECIAL and escaped:
            yield _Sign(escaped, plain=True)
        else:
            raise Malformed(field, r"has a backslash before something other than , | \ * and ?")


def _parted(signs: list[_Sign], by: str) -> list[list[_Sign]]:
    parts: list[list[_Sign]] = [[]]
    for sign in signs:
        if sign == _Sign(by, plain=False):
            parts.append([])
        else:
            parts[-1].append(sign)
    return parts


def _step(field: str, signs: list[_Sign], *, patterns: bool) -> Step:
    names, found = [], []
    for part in _parted(signs, "|"):
        if not part:
            raise Malformed(field, "has an empty name")
        if patterns and any(not sign.plain for sign in part):
            found.append(_regular(part))
        else:
            names.append(_text(part))
    return Step("".join(map(_written, signs)), tuple(names), tuple(found))


def _regular(part: list[_Sign]) -> str:
    signs = (pl.escape_regex(sign.character) if sign.plain else _WILD[sign.character] for sign in part)
    return rf"(?s)\A{''.join(signs)}\z"


def _text(part: list[_Sign]) -> str:
    return "".join(sign.character for sign in part)


def _written(sign: _Sign) -> str:
    return f"\\{sign.character}" if sign.plain and sign.character in _SPECIAL else sign.character
