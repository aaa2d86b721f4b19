"""What a user agent tells: the device, and whether a bot or a machine sent the event. The rules are data (`lists/agents.yml`)."""

import re
from functools import cache
from itertools import chain

import polars as pl

from app.domain.lists import document


def judge_agents(agents: pl.Series) -> pl.DataFrame:
    """Columns `agent_device` and `agent_rule` for each user agent, in any letter case; null for null.

    The device is desktop, mobile, tablet, tv or other. The rule names what told a machine (null: a person's browser or app):
    `crawler:...`, `mail_scanner:...` or `program:...` (a library or script that names itself instead of a browser).
    """
    lowered = agents.str.to_lowercase()
    bare = lowered.str.replace_all("|".join(document("agents")["innocent"]), "")
    suspects = bare.filter(bare.str.contains(_any_machine())).unique()
    rules = dict(zip(suspects, map(_machine_rule, suspects), strict=True))
    return pl.select(agent_device=_device_of_agent(lowered), agent_rule=bare.replace_strict(rules, default=None, return_dtype=pl.String))


def why_machine_agent(rule: str) -> str:
    """The reason of a rule that `judge_agents` names, in words."""
    kind, _, name = rule.partition(":")
    return f"{document('agents')['why'][kind]}: {name.replace('_', ' ')}"


def device_named(kind: str) -> str | None:
    """The device that context.device.type names: desktop, mobile, tablet, tv or other; None when the word is not known."""
    return _device_types().get(re.sub(r"[\W_]+", "_", kind.strip().lower()))


@cache
def _machines() -> dict[str, str]:
    rules: dict[str, str] = document("agents")["machines"]
    return rules


@cache
def _device_types() -> dict[str, str]:
    types: dict[str, str] = document("agents")["device_types"]
    return {word: device for device, words in types.items() for word in words.split(", ")}


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(pattern, re.ASCII)) for name, pattern in _machines().items())


@cache
def _any_machine() -> str:
    return f"(?-u){'|'.join(_machines().values())}"


def _machine_rule(agent: str) -> str | None:
    return next((name for name, pattern in _patterns() if pattern.search(agent)), None)


def _device_of_agent(agents: pl.Series) -> pl.Expr:
    rows = chain.from_iterable(row.items() for row in document("agents")["device_agents"])
    return pl.coalesce(pl.when(pl.lit(agents).str.contains(pattern)).then(pl.lit(device)) for device, pattern in rows)
