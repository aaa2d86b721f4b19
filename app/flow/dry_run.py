"""A dry run: an import tried in the shadows of the tables, on the very route that it would take, and rolled back."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec
import polars as pl

from app.domain.identity.identifiers import IdentityRules, name
from app.flow.blocking import rules_in_force
from app.flow.collect import bisected
from app.flow.derive import SIZES, derive_round, judged
from app.flow.files import UnreadableError
from app.flow.reader import Errand, ParsedPart, read_again, reading
from app.flow.submissions import failed_of
from app.store import identity, trials
from app.store.bulk import write_packed
from app.store.connect import UNSTORABLE, Connection
from app.store.events import read_month
from app.store.failed_events import FailedEvent
from app.store.shadows import (
    ALIASED,
    Shadows,
    copy_identity,
    copy_message_ids,
    forget_events,
    looking_at_real,
    standing_in_shadows,
)
from app.store.touched import BULK
from app.store.twins import remove_twins

LOOKED_AT_MAX = 100_000
SHOWN_MAX = 20
_WITHOUT_END = 2**62


@dataclass
class Report:
    """What an import would do. JSON-able.

    rows = accepted + duplicates + rejected, over the whole file; `error` says why there is more of it that cannot be read. Touches by
    channel (people's), entries by stage model and stage, and customers are those of the first `looked_at` accepted events: of all of
    them where `complete`. `rejects` and `merges` are the first 20.
    """

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    rejects: list[dict[str, str | int | None]] = field(default_factory=list)
    error: str | None = None
    looked_at: int = 0
    complete: bool = True
    channels: dict[str, int] = field(default_factory=dict)
    stages: dict[str, dict[str, int]] = field(default_factory=dict)
    customers: dict[str, int] = field(default_factory=dict)
    merges: list[dict[str, str | list[str]]] = field(default_factory=list)


@dataclass
class Trial:
    """An import under trial: `errand` is what is left of it."""

    connection: Connection
    errand: Errand
    rules: IdentityRules
    enough: int
    report: Report


async def dry_run(connection: Connection, errand: Errand, rules: IdentityRules, enough: int = LOOKED_AT_MAX) -> Report:
    """Try an import; nothing of it stays, or can be seen or waited for by others meanwhile.

    People are told of once `enough` events are accepted, and the rest of the file is counted only. Raises ReaderGoneError where the
    process that reads was ended.
    """
    trial = Trial(connection, errand, rules, enough, Report())
    try:
        async with standing_in_shadows(connection) as shadows, reading(errand) as parts:
            trial.rules = await rules_in_force(connection, rules)
            try:
                async for part in parts:
                    await _write(trial, shadows, part)
            except UnreadableError as error:
                trial.report.error = str(error)
            if not trial.report.looked_at:
                await _look(trial, shadows)
    finally:
        remove_twins(Path(errand.twins))
    trial.report.complete = trial.report.looked_at == trial.report.accepted
    return trial.report


async def _write(trial: Trial, shadows: Shadows, part: ParsedPart) -> None:
    """Write a part. What the first ones bring is looked at when there is enough of them; of later ones only the ids are kept."""
    report = trial.report
    await copy_message_ids(trial.connection, shadows, part.events.ids)
    accepted, failed = await _written(trial, part)
    trial.errand = msgspec.structs.replace(trial.errand, place=part.place)
    report.rows += part.rows
    report.accepted += accepted
    report.rejected += len(failed)
    report.duplicates += part.rows - accepted - len(failed)
    _tell_rejects(report, failed)
    if not report.looked_at and report.accepted >= trial.enough:
        await _look(trial, shadows)
    if report.looked_at:
        await forget_events(trial.connection)


async def _written(trial: Trial, part: ParsedPart) -> tuple[int, list[FailedEvent]]:
    try:
        async with trial.connection.transaction():
            return await write_packed(trial.connection, part.events, BULK, trial.errand.received_at), part.failed
    except UNSTORABLE:
        submission = await asyncio.to_thread(read_again, trial.errand)
        (outcome,) = await bisected(trial.connection, [submission], BULK)
        refused = [one._replace(verdict=outcome.rejected.get(index, one.verdict)) for index, one in enumerate(submission.parsed)]
        return outcome.accepted, failed_of(submission._replace(parsed=refused))


def _tell_rejects(report: Report, failed: Sequence[FailedEvent]) -> None:
    report.reasons = dict((Counter(report.reasons) + Counter(one.code for one in failed)).most_common())
    shown = [{"line": one.line, "code": one.code, "field": one.field, "reason": one.message} for one in failed]
    report.rejects = [*report.rejects, *shown][:SHOWN_MAX]


async def _look(trial: Trial, shadows: Shadows) -> None:
    """Derive what was written beside what its people have already, and tell what came of it."""
    connection, report = trial.connection, trial.report
    await _bring_people(trial, shadows)
    while (await derive_round(connection, trial.rules, SIZES._replace(heavy=_WITHOUT_END))).marks:
        pass
    import_id = trial.errand.import_id
    report.looked_at = report.accepted
    report.channels = await trials.count_touches(connection, import_id)
    report.stages = await trials.count_entries(connection, import_id)
    report.customers = (await trials.count_customers(connection))._asdict()
    merges = await trials.read_merges(connection, SHOWN_MAX)
    report.merges = [{"customers": [":".join(one) for one in merge.customers], "into": ":".join(merge.into)} for merge in merges]


async def _bring_people(trial: Trial, shadows: Shadows) -> None:
    """Copy the people whom the events written could concern, and everything that their identity hangs on."""
    connection, at = trial.connection, trial.errand.received_at
    named = name(judged(await read_month(connection, at, at + timedelta(microseconds=1)), trial.rules), trial.rules)
    aliased = [named.aliases[column] for column in ALIASED]
    identifiers = pl.concat([named.identifiers["identifier"], *aliased]).drop_nulls().unique().to_list()
    async with looking_at_real(connection, shadows):
        asked = await identity.asked_for(connection, set(identifiers), trial.rules.kinds)
        evidence = await identity.evidence_for(connection, asked, trial.rules.kinds)
    await copy_identity(connection, shadows, evidence, asked, identifiers)
