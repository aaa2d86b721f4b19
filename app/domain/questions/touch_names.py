"""What touches are credited as: a name of one column, or of several together."""

import numpy as np
import polars as pl

from app.domain.journeys.entries import DIRECT
from app.domain.questions.look_back import Numbers, numbers
from app.domain.questions.sequences import NAMELESS, coded


def names_of(touches: pl.DataFrame, by: tuple[str, ...]) -> tuple[list[str | None], Numbers, int]:
    """The names that touches can be credited as, the code of each touch's, and that of a conversion without a touch."""
    names, codes = _told(touches[by[0]]) if len(by) == 1 else _told_together(touches, by)
    no_touch = DIRECT if by == ("channel",) else None
    if no_touch not in names:
        names.append(no_touch)
    return names, codes, names.index(no_touch)


def _told(column: pl.Series) -> tuple[list[str | None], Numbers]:
    """The names of one column, and the code of each row's."""
    names, codes = coded(column.cast(pl.Categorical))
    absent = codes == NAMELESS
    told = np.where(absent, len(names), codes - np.int64(NAMELESS + 1))
    return [*names, *([None] if absent.any() else [])], told


def _told_together(touches: pl.DataFrame, by: tuple[str, ...]) -> tuple[list[str | None], Numbers]:
    told = touches.lazy().select(by).unique().with_columns(name=_name(by)).collect()
    known = told.select("name").unique().sort("name", nulls_last=True).with_row_index("code")
    numbered = told.join(known, on="name", nulls_equal=True)
    found = touches.select(by).join(numbered, on=by, how="left", maintain_order="left", nulls_equal=True)
    return known["name"].to_list(), numbers(found["code"])


def _name(by: tuple[str, ...]) -> pl.Expr:
    """Several columns make one name, parted by slashes (what then reads alike is one): none where all of them are absent."""
    columns = [pl.col(column).cast(pl.String) for column in by]
    told = pl.concat_str([column.fill_null("") for column in columns], separator="/")
    return pl.when(pl.any_horizontal(column.is_not_null() for column in columns)).then(told)
