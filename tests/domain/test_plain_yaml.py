"""YAML that is written is read as what was written, and as people write it where that can be."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.domain.plain_yaml import read_yaml, write_yaml

ODD = ("1e5", "no", "null", "~", "010", "2024-01-01", "-", "? a", ": b", "# c", "'", '"', "\u2028", "\ufeff", "\x85", "<<", "=", " a ", "")
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12) | st.sampled_from(ODD)
scalars = texts | st.integers(-(2**63), 2**64) | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8)


@given(values)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert read_yaml(write_yaml(value)).value == value


def test_a_text_stands_bare_where_that_is_clear() -> None:
    rule = {"event": ["Product Viewed"], "where": {"properties.path": {"glob": "/pricing*"}}}
    written = write_yaml({"model": "m", "stages": [rule, rule], "plan": "1e5", "label": "Этап"})
    once = "event:\n  - Product Viewed\n  where:\n    properties.path:\n      glob: /pricing*\n"
    assert written == f'model: m\nstages:\n- {once}- {once}plan: "1e5"\nlabel: Этап\n'
