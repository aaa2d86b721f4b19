"""The same questions asked in plain SQL with window functions, of the same tables: each answer is compared with that."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import asyncpg

Rows = Sequence[asyncpg.Record]
STEPS = ("awareness", "consideration", "decision", "purchase")
BOUGHT = ("Product Viewed", "Product Added", "Order Completed")


class Question(NamedTuple):
    """A question, its SQL, and the figures that both must give: of the answer, and of the rows."""

    path: str
    sql: str
    told: Callable[[Any], Any]
    found: Callable[[Rows], Any]
    aim: str = ""


_MODEL = "(select id from stage_models where name = 'journey-5' and state = 'active')"
_JOURNEYS = f"""select *, lag(stage) over journey as before, extract(epoch from entered_at - lag(entered_at) over journey) as dwell
    from entries where stage_model = {_MODEL} window journey as (partition by customer order by position)"""


def _transitions(where: str = "true") -> str:
    return f"""select before, stage, count(*) as moves, count(distinct customer) as customers,
        percentile_cont(array[0.5, 0.9]) within group (order by dwell) as spans
        from ({_JOURNEYS}) as j where {where} group by before, stage"""


def _moves(answer: Any) -> Any:
    return {(move["from"], move["to"]): (move["count"], move["customers"]) for move in answer["transitions"]}


def _found_moves(rows: Rows) -> Any:
    return {(row["before"], row["stage"]): (row["moves"], row["customers"]) for row in rows}


def _funnel(rows: str, steps: Sequence[str]) -> str:
    """Each row (customer, place, name, at) knows the next row of each step; a start's way goes from one to the next while in time."""
    onward = ", ".join(f"min(place) filter (where name = '{step}') over after as to_{number}" for number, step in enumerate(steps))
    joins = " ".join(
        f"left join r as r{number} on r{number}.customer = r0.customer and r{number}.place = r{number - 1}.to_{number}"
        f" and r{number}.at <= r0.at + interval '30 days'"
        for number in range(1, len(steps))
    )
    reached = ", ".join(f"count(distinct r{number}.customer) as reached_{number}" for number in range(len(steps)))
    return f"""with r as materialized (select *, {onward} from ({rows}) as rows
        window after as (partition by customer order by place rows between 1 following and unbounded following))
        select {reached} from r as r0 {joins} where r0.name = '{steps[0]}'"""


def _reached(answer: Any) -> Any:
    return [step["reached"] for step in answer["steps"]]


_PATHS = f"""with paths as (
    select string_agg(stage, ' > ' order by position) as path from (
      select customer, stage, position, row_number() over (partition by customer order by position) as step
      from entries where stage_model = {_MODEL}) as steps where step <= 5 group by customer)
    select path, count(*) as customers, sum(count(*)) over () as total from paths group by path order by customers desc limit 50"""
_MAP = f"""with j as (select customer, stage, position, entered_at, lead(entered_at) over journey as left_at, channel from entries
    where stage_model = {_MODEL} window journey as (partition by customer order by position))
    select stage, count(distinct customer) as customers, percentile_cont(array[0.5, 0.9]) within group (order by left_at - entered_at)
    from j group by stage"""
_STALLS = f"""with j as (select customer, stage, entered_at, lead(entered_at) over (partition by customer order by position) as left_at
    from entries where stage_model = {_MODEL}),
    limits as (select stage, percentile_cont(0.9) within group (order by left_at - entered_at) as most from j group by stage)
    select stage, count(*) as there, count(*) filter (where now() - entered_at > most) as stalled
    from j join limits using (stage) where left_at is null group by stage"""
_CREDITS = f"""with told as (
    select e.customer, e.position, t.channel, row_number() over (partition by e.customer, e.position order by
      t.channel is not null and t.channel <> 'direct' desc, t.position desc) as nearest from entries e left join touches t
    on t.customer = e.customer and t.position <= e.place and t.touched_at >= e.entered_at - interval '30 days' and not t.machine
    where e.stage_model = {_MODEL} and e.stage = 'purchase')
    select channel, count(*) as credits, sum(count(*)) over () as total from told where nearest = 1 group by channel"""

QUESTIONS = {
    "Transitions": Question("/v1/transitions", _transitions(), _moves, _found_moves, "150 ms"),
    "Transitions, one channel": Question(
        "/v1/transitions?channel=paid_search", _transitions("channel = 'paid_search'"), _moves, _found_moves, "100 ms"
    ),
    "Funnel of stages": Question(
        f"/v1/funnel?steps={','.join(STEPS)}&within=30d",
        _funnel(f"select customer, position as place, stage as name, entered_at as at from entries where stage_model = {_MODEL}", STEPS),
        _reached,
        lambda rows: list(rows[0].values()),
        "150 ms",
    ),
    "Funnel of events": Question(
        f"/v1/funnel?of=events&steps={','.join(BOUGHT)}&within=30d",
        _funnel("select customer, place, name, occurred_at as at from named_events", BOUGHT),
        _reached,
        lambda rows: list(rows[0].values()),
        "150 ms",
    ),
    "Paths": Question(
        "/v1/paths",
        _PATHS,
        lambda answer: (answer["customers"], answer["paths"][0]["customers"]),
        lambda rows: (rows[0]["total"], rows[0]["customers"]),
        "150 ms",
    ),
    "Journey map": Question(
        "/v1/journey-map",
        _MAP,
        lambda answer: {stage["stage"]: stage["customers"] for stage in answer["stages"] if stage["customers"]},
        lambda rows: {row["stage"]: row["customers"] for row in rows},
        "150 ms",
    ),
    "Stalls": Question(
        "/v1/stalls",
        _STALLS,
        lambda answer: {stage["stage"]: stage["there"] for stage in answer["stages"] if stage["there"]},
        lambda rows: {row["stage"]: row["there"] for row in rows if row["stage"] != "loyalty"},
    ),
    "Attribution": Question(
        "/v1/attribution?models=last_non_direct,linear,markov,shapley",
        _CREDITS,
        lambda answer: answer["conversions"],
        lambda rows: rows[0]["total"],
        "1 s",
    ),
}
