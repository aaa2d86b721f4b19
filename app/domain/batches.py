"""The events of a batch whose JSON is wrong within some of them: told apart by brackets and commas, so that a bad event fails alone."""

import re
from itertools import pairwise
from typing import NamedTuple

_MARK = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)|[\[\]{},]', re.DOTALL)
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


def _cuts(body: bytes) -> list[int]:
    """Where the list opens, where its commas are, and where it closes."""
    cuts: list[int] = []
    depth, latest, within = 0, b"", False
    for mark in _MARK.finditer(body):
        text = mark[0]
        depth += (text in (b"{", b"[")) - (text in (b"}", b"]"))
        if depth == 2 and text == b"[" and latest == _KEY and not cuts:
            cuts, within = [mark.start()], True
        elif within and (depth == 1 or (depth == 2 and text == b",")):
            cuts.append(mark.start())
            within = depth == 2
        elif depth == 1:
            latest = text
    return [] if depth or within else cuts
