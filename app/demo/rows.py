"""Events as lines of a file: NDJSON of the Segment spec."""

import io

import polars as pl

EVENTS = {
    "person": pl.Int64,
    "who": pl.String,
    "at": pl.Int64,
    "type": pl.String,
    "event": pl.String,
    "device": pl.String,
    "known": pl.Boolean,
    "address": pl.String,
    "phone": pl.String,
    "country": pl.String,
    "url": pl.String,
    "referrer": pl.String,
    "agent": pl.String,
    "properties": pl.String,
    "traits": pl.String,
}
"""Events before they are written. `at` is in microseconds of UTC; `who` begins the ids, `device` ends the anonymous one (null: none);
known: with the user id; address and phone stand in context.traits; properties and traits are members of JSON objects."""


def as_events(frame: pl.DataFrame, **said: pl.Expr | str) -> pl.DataFrame:
    """The frame as EVENTS: what is said here, else the frame's own columns; the rest is a track without a user id, and nothing."""
    given = {name: pl.lit(value) if isinstance(value, str) else value for name, value in said.items()}
    plain = {name: pl.lit(None) for name in EVENTS} | {"type": pl.lit("track"), "known": pl.lit(value=False)}
    own = {name: pl.col(name) for name in EVENTS if name in frame.columns}
    return frame.select((plain | own | given)[name].cast(kind).alias(name) for name, kind in EVENTS.items())


def lines_of(events: pl.DataFrame, seed: int) -> bytes:
    """A line for each event, by person and time. The number of an event among its person's is the end of its message id."""
    ordered = events.sort("person", "at", maintain_order=True).with_columns(
        number=pl.int_range(pl.len()).over("who").cast(pl.String), instant=pl.from_epoch("at", "us").dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ")
    )
    written = io.BytesIO()
    ordered.select(_line(seed)).write_csv(written, include_header=False, quote_style="never")
    return written.getvalue()


def _line(seed: int) -> pl.Expr:
    """JSON put together from texts that are JSON already; what is null is left out with its name."""
    return pl.concat_str(
        *(_text('{"type":"', "type"), _text(',"messageId":"', "who", f"-{seed}-", "number"), _text(',"timestamp":"', "instant")),
        *(_text(',"event":"', "event"), _text(',"anonymousId":"', "who", ".", "device")),
        pl.when("known").then(_text(',"userId":"', "who")),
        *(_members(',"properties":{', "properties"), _members(',"traits":{', "traits")),
        pl.lit(',"context":{"library":{"name":"demo"}'),
        _text(',"location":{"country":"', "country", after='"}'),
        *(_text(',"page":{"url":"', "url"), _text(',"referrer":"', "referrer"), pl.when(pl.col("url").is_not_null()).then(pl.lit("}"))),
        *(
            _text(',"userAgent":"', "agent"),
            _text(',"traits":{"email":"', "address", after='"}'),
            _text(',"traits":{"phone":"', "phone", after='"}'),
        ),
        pl.lit("}}"),
        ignore_nulls=True,
    )


def _text(before: str, *columns: str, after: str = '"') -> pl.Expr:
    """A member whose value is put together from columns and, every second one, plain text; null where a column is."""
    parts = [pl.col(part) if nth % 2 == 0 else pl.lit(part) for nth, part in enumerate(columns)]
    return pl.concat_str(pl.lit(before), *parts, pl.lit(after))


def _members(before: str, column: str) -> pl.Expr:
    return pl.concat_str(pl.lit(before), pl.col(column), pl.lit("}"))
