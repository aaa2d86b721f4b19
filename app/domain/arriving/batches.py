"""The events of a batch whose JSON is wrong within some of them: told apart by brackets and commas, so that a bad event fails alone."""

import re
from itertools import pairwise
from typing import NamedTuple

_MARK = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
_RUNS = re.compile(_MARK.pattern.replace(rb"[\[\]{},]", rb"\[+|\]+|{+|}+|,"), re.DOTALL)
"""The same, but for brackets of one kind in a row, which are one mark: 100,000 of them would take longer than the rest of the batch."""

_KEY = b'"batch"'


class Parted(NamedTuple):
    """A batch as bytes: its events, whatever they are, and the object around them with an empty list in their place."""

    events: list[bytes]
    rest: bytes


def part_batch(body: bytes) -> Parted | None:
    """Part the list at the key `batch` of an object; None where there is none, or brackets do not pair up."""
    cuts = _cuts(body)
    if not cuts:
        return None
    events = [body[before + 1 : after] for before, after in pairwise(cuts)]
    return Parted(events if any(map(bytes.strip, events)) else [], body[: cuts[0] + 1] + body[cuts[-1] :])


def end_of_element(text: bytes) -> int | None:
    """Where the list's element that the text begins with ends: at its comma or the list's bracket, None where the text has neither."""
    depth = 0
    for mark in _MARK.finditer(text):
        if depth == 0 and mark[0] in (b",", b"]", b"}"):
            return mark.start()
        depth += (mark[0] in (b"{", b"[")) - (mark[0] in (b"}", b"]"))
    return None


def _cuts(body: bytes) -> list[int]:
    """Where the list opens, where its commas are, and where it closes."""
    cuts: list[int] = []
    depth, latest, within = 0, b"", False
    for mark in _RUNS.finditer(body):
        text, before = mark[0], depth
        kind = text[:1]
        depth += len(text) * ((kind in (b"{", b"[")) - (kind in (b"}", b"]")))
        if before == 1 and kind == b"[" and latest == _KEY and not cuts:
            cuts, within = [mark.start()], True
        elif within and (depth < 2 or (depth == 2 and kind == b",")):
            cuts.append(mark.start() + before - 2)
            within = depth >= 2
        elif depth == 1:
            latest = text
    return [] if depth or within else cuts
