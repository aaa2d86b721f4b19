"""Dry runs: what an import would do is told beforehand, exactly, and nothing of it is done or waited for."""

import asyncio
import json
import random
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.domain.arriving.events import Event, parse_event
from app.domain.identity.identifiers import IdentityRules
from app.flow.derive import derive_round
from app.flow.dry_run import dry_run
from app.flow.files import Place
from app.flow.reader import Errand
from app.store.bulk import pack, write_packed
from app.store.connect import Connection
from app.store.touched import BULK
from tests.http.tables import rows
from tests.service import KEYS, ROOT, Waystage, bearer, until

TABLES = (
    *("events", "message_ids", "failed_events", "touched", "identifiers", "links", "aliases", "event_subjects"),
    *("customers", "sessions", "touches", "entries", "changes"),
)


def line(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Product Viewed", "messageId": uuid.uuid4().hex, "timestamp": "2024-01-01T00:00:00Z"} | fields


def imported(waystage: Waystage, lines: Sequence[dict[str, Any] | bytes], **query: str) -> dict[str, Any]:
    """Import lines and follow the job to its end."""
    content = b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in lines)
    response = waystage.client.post("/v1/imports", params=query, content=content, headers=bearer(KEYS.server))
    assert response.status_code == 202, response.text
    job: dict[str, Any] = response.json()

    def ended() -> bool:
        job.update(waystage.client.get(f"/v1/imports/{job['id']}", headers=bearer(KEYS.server)).json())
        return job["state"] not in ("waiting", "running")

    until(ended, "the import ends")
    assert job["state"] == "finished", job
    return job


def tried(waystage: Waystage, lines: Sequence[dict[str, Any] | bytes], **query: str) -> dict[str, Any]:
    report: dict[str, Any] = imported(waystage, lines, dry_run="true", **query)["report"]
    return report


def everything(waystage: Waystage) -> dict[str, list[dict[str, Any]]]:
    """A digest of every row of the tables that an import writes, and how many temporary tables there are."""
    digests = {name: rows(waystage, f"select md5(string_agg(t::text, ',' order by t::text)) from {name} t") for name in TABLES}
    return digests | {"temporary": rows(waystage, "select count(*) from pg_class where relpersistence = 't'")}


def test_what_an_import_would_do(shared_waystage: Waystage) -> None:
    name = uuid.uuid4().hex
    known = line(userId=f"{name}-u")
    earlier = [line(anonymousId=f"{name}-{one}", timestamp="2023-01-01") for one in "abc"]
    shared_waystage.batch([*earlier, known])
    shared_waystage.derived()
    before = everything(shared_waystage)
    file: list[dict[str, Any] | bytes] = [
        known,
        line(anonymousId=f"{name}-a", userId=f"{name}-u"),
        line(anonymousId=f"{name}-b", userId=f"{name}-new"),
        line(userId=f"{name}-2", context={"page": {"url": "https://shop.example/?gclid=1"}}),
        line(),
        b"{",
        line(type="identify", traits={"email": f"{name}@x.example"}),
        line(event="Email Opened", traits={"email": f"{name}@x.example"}),
    ]
    report = tried(shared_waystage, file)
    assert (report["rows"], report["accepted"], report["duplicates"], report["rejected"]) == (8, 5, 1, 2)
    assert report["reasons"] == {"missing_identifier": 1, "not_json": 1}
    assert (report["looked_at"], report["complete"], report["error"]) == (5, True, None)
    assert [(reject["line"], reject["code"], reject["field"]) for reject in report["rejects"]] == [
        (5, "missing_identifier", "userId"),
        (6, "not_json", None),
    ]
    assert all(reject["reason"] for reject in report["rejects"])
    assert report["channels"] == {"direct": 2, "email": 1, "paid_search": 1}
    assert report["stages"]["journey-5"] == {"awareness": 1, "consideration": 1}
    assert report["customers"] == {"new": 2, "changed": 1, "merging": 2}
    assert report["merges"] == [{"customers": [f"anonymous_id:{name}-a", f"user_id:{name}-u"], "into": f"user_id:{name}-u"}]
    assert everything(shared_waystage) == before


def history(name: str, chance: random.Random, number: int) -> Iterator[dict[str, Any]]:
    """Events of some people who share devices, log in, are renamed and joined."""
    for _ in range(number):
        ids = {
            "userId": f"{name}-u{chance.randrange(12)}",
            "anonymousId": f"{name}-a{chance.randrange(25)}",
            "email": f"{name}-{chance.randrange(15)}@x.example",
        }
        said = {kind: ids[kind] for kind in chance.sample(sorted(ids), chance.choice([1, 1, 1, 2]))}
        traits = {"traits": {"email": said.pop("email")}} if "email" in said else {}
        at = f"2024-01-{chance.randrange(1, 28):02}T{chance.randrange(24):02}:00:00Z"
        url = chance.choice(
            ["https://shop.example/", "https://shop.example/?gclid=1", "https://shop.example/?utm_source=news&utm_medium=email"]
        )
        kind = chance.choice(["page", "page", "track", "track", "alias"])
        if kind == "alias":
            yield line(type="alias", userId=ids["userId"], previousId=f"{name}-{chance.choice('ua')}{chance.randrange(12)}", timestamp=at)
        else:
            event = {"event": chance.choice(["Product Viewed", "Order Completed", "Email Opened"])}
            yield line(type=kind, **said, **traits, **event, timestamp=at, context={"page": {"url": url}})


@pytest.mark.parametrize("seed", range(2))
def test_what_is_told_is_what_comes(shared_waystage: Waystage, seed: int) -> None:
    name, chance = uuid.uuid4().hex, random.Random(seed)  # noqa: S311
    shared_waystage.batch(list(history(name, chance, 60)))
    shared_waystage.derived()
    roots = rows(shared_waystage, "select customer from customers")
    version = rows(shared_waystage, "select max(version) as version from changes")[0]["version"]
    file = list(history(name, chance, 40))
    report = tried(shared_waystage, file)
    job = imported(shared_waystage, file)
    shared_waystage.derived()

    assert {key: report[key] for key in ("rows", "accepted", "duplicates", "rejected")} == {
        key: job[key] for key in ("rows", "accepted", "duplicates", "rejected")
    }
    made = "join events e on e.id = t.event and e.import_id = $1"
    touched = rows(shared_waystage, f"select channel from touches t {made} where not machine", job["id"])
    assert report["channels"] == Counter(row["channel"] for row in touched)
    entered = rows(
        shared_waystage, f"select stage from entries t {made} join stage_models m on m.id = stage_model and m.name = 'journey-5'", job["id"]
    )
    assert report["stages"]["journey-5"] == Counter(row["stage"] for row in entered)

    owners = {row["id"]: row["owner"] for row in rows(shared_waystage, "select id, owner from identifiers")}
    afterwards = Counter(owners[row["customer"]] for row in roots)
    changed = {row["customer"] for row in rows(shared_waystage, "select customer from changes where version > $1", version)}
    assert report["customers"] == {
        "new": len(rows(shared_waystage, "select from customers where customer <> all($1::bigint[])", list(afterwards))),
        "changed": sum(customer in changed and together == 1 for customer, together in afterwards.items()),
        "merging": sum(together for together in afterwards.values() if together > 1),
    }
    assert sum(len(merge["customers"]) for merge in report["merges"]) == report["customers"]["merging"] > 0
    assert report["customers"]["changed"] > 0


def test_a_file_that_brings_nothing_new(shared_waystage: Waystage) -> None:
    known = line(userId=uuid.uuid4().hex)
    shared_waystage.batch([known])
    shared_waystage.derived()
    report = tried(shared_waystage, [known])
    assert (report["rows"], report["duplicates"], report["looked_at"], report["complete"]) == (1, 1, 0, True)
    assert (report["channels"], report["customers"]) == ({}, {"new": 0, "changed": 0, "merging": 0})
    assert tried(shared_waystage, [])["rows"] == 0


def test_nobody_is_waited_for(shared_waystage: Waystage) -> None:
    name = uuid.uuid4().hex
    shared_waystage.batch([line(anonymousId=f"{name}-a")])
    shared_waystage.derived()
    file = [line(anonymousId=f"{name}-a", userId=f"{name}-u")]

    async def held() -> dict[str, Any]:
        """Try while somebody else holds every row that the import would change, and the ids that it would take."""
        connection = await asyncpg.connect(shared_waystage.dsn)
        try:
            async with connection.transaction():
                for table in ("identifiers", "customers", "sources", "stage_models"):
                    await connection.execute(f"select from {table} for no key update")
                await connection.execute("insert into message_ids select events.id from events on conflict do nothing")
                await connection.execute("lock table changes, touched, counts, event_subjects in share row exclusive mode")
                return await asyncio.to_thread(tried, shared_waystage, file)
        finally:
            await connection.close()

    assert asyncio.run(held())["customers"] == {"new": 0, "changed": 1, "merging": 0}


def test_a_table_is_tried_through_its_mapping(shared_waystage: Waystage) -> None:
    name = uuid.uuid4().hex
    table = f"id,email,lead_at,won_at\n1,{name}@x.example,2024-01-02,2024-02-03\n2,,2024-01-02,\n3,{name}-3@x.example,soon,\n"
    report = tried(shared_waystage, [table.encode()], mapping="preset: crm")
    assert (report["rows"], report["accepted"], report["reasons"]) == (7, 5, {"time_unreadable": 2})
    assert [reject["line"] for reject in report["rejects"]] == [4, 4]
    assert report["stages"]["journey-5"]["purchase"] == 1
    assert report["customers"] == {"new": 1, "changed": 0, "merging": 0}


def test_a_file_that_ends_early_is_told_as_far_as_it_goes(shared_waystage: Waystage) -> None:
    report = tried(shared_waystage, [b'[{"type": "track", "event": "E", "userId": "early"}, {"type'], mapping="format: json")
    assert (report["rows"], report["accepted"]) == (1, 1)
    assert "cannot be read after 1 rows" in report["error"]


async def test_of_a_large_file_the_first_events_are_looked_at(connection: Connection, tmp_path: Path) -> None:
    good = '{"type":"track","event":"E","userId":"user-%d","messageId":"m-%d","timestamp":"2024-01-01T00:00:00Z"}'
    lines = [good % (number // 500, number) for number in range(25_000)]
    (tmp_path / "rows").write_text("\n".join([*lines, lines[0], lines[-1]]), "utf-8")
    errand = Errand(str(tmp_path / "rows"), None, Place(), 1, datetime.now(UTC), 1, str(tmp_path / "twins"))
    report = await dry_run(connection, errand, IdentityRules(), enough=15_000)
    assert (report.rows, report.accepted, report.duplicates) == (25_002, 25_000, 2)
    assert (report.looked_at, report.complete) == (20_000, False)
    assert report.customers == {"new": 40, "changed": 0, "merging": 0}


@pytest.mark.parametrize("received_at", [datetime.now(UTC), datetime(2090, 1, 1, tzinfo=UTC)], ids=["this month", "a month never made"])
async def test_what_postgres_refuses_is_told(connection: Connection, tmp_path: Path, received_at: datetime) -> None:
    names = ["Poison" if number == 317 else "Fine" for number in range(600)]
    (tmp_path / "rows").write_text("\n\n".join(json.dumps(line(event=name, userId="u")) for name in names), "utf-8")
    errand = Errand(str(tmp_path / "rows"), None, Place(), 2, received_at, 1, str(tmp_path / "twins"))
    report = await dry_run(connection, errand, IdentityRules())
    assert (report.rows, report.accepted, report.rejected, report.customers["new"]) == (600, 600, 0, 1)
    await connection.execute("alter table events add constraint poison check (name <> 'Poison')")
    report = await dry_run(connection, errand, IdentityRules())
    assert (report.rows, report.accepted, report.duplicates, report.rejected) == (600, 599, 0, 1)
    assert [(reject["line"], reject["code"]) for reject in report.rejects] == [(635, "unstorable")]
    assert (report.looked_at, report.customers) == (599, {"new": 1, "changed": 0, "merging": 0})


async def test_a_connection_is_as_it_was_after_a_dry_run(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "rows").write_text(json.dumps(line(userId="somebody")), "utf-8")
    errand = Errand(str(tmp_path / "rows"), None, Place(), 1, datetime.now(UTC), 1, str(tmp_path / "twins"))
    first = await dry_run(connection, errand, IdentityRules())
    assert await dry_run(connection, errand, IdentityRules()) == first
    event = parse_event((tmp_path / "rows").read_bytes(), 0, errand.arrival, {})
    assert isinstance(event, Event)
    assert await write_packed(connection, pack([event]), BULK, errand.received_at) == 1
    assert (await derive_round(connection, IdentityRules())).changed == 1
    again = await dry_run(connection, errand, IdentityRules())
    assert (again.duplicates, again.customers["new"]) == (1, 0)
    assert await connection.fetchval("select count(*) from events join customers on true") == 1


def test_the_report_of_the_guide(shared_waystage: Waystage) -> None:
    guide = (ROOT / "docs" / "import.md").read_text("utf-8").partition("## The dry run")[2]
    table, said = re.findall(r"```(?:csv|json)\n(.*?)```", guide, re.DOTALL)
    report = tried(shared_waystage, [table.encode()], preset="crm")
    report["stages"].pop("each_event_name")
    assert report == json.loads(said)
