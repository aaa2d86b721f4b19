"""What is done to a running service over HTTP, and what it then keeps of the people of one world."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from app.domain.identity.identifiers import IdentityRules, number
from app.flow.verifier import Asked, Told, verify_what_is_asked
from app.store.connect import connect
from tests.http.tables import rows
from tests.reading import Identifier, Sent
from tests.reading.histories import TRUSTED, instant, wire
from tests.service import KEYS, Waystage, bearer, until

KEPT = {
    **dict.fromkeys(("customers", "sessions", "touches", "named_events"), ""),
    "entries": "and stage_model in (select id from stage_models where state = 'active')",
}
_ROWS = "select customer, '{table} ' || t::text as row from {table} t where customer = any($1::bigint[])"
_WAITING = """select from touched union all select from struck_pairs where state <> 'struck'
union all select from blocked_values where state <> 'blocked' limit 1"""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
SLOW = timedelta(seconds=30)
"""What a corrected clock may be wrong by: the time that the request was on its way."""

Key = tuple[str, str]


class Request(NamedTuple):
    """Events of one source that are sent together; the sender's clock is wrong by `skew`. One by one they are sent without a batch."""

    events: list[Sent]
    skew: timedelta = timedelta()
    one_by_one: bool = False


class Kept(NamedTuple):
    """The derived rows of each customer, and the version that the list of changes has come to."""

    rows: dict[int, set[str]]
    version: int


def key_of(event: Sent) -> Key:
    return event.source, event.message_id


def at_place(request: Request) -> list[Sent]:
    """The events of a request with the positions that they have in it."""
    return [replace(event, position=0 if request.one_by_one else place) for place, event in enumerate(request.events)]


@dataclass(frozen=True)
class Driven:
    """A service and the doors to it."""

    waystage: Waystage

    def send(self, request: Request) -> int:
        """Send a request; how many events were new."""
        key = KEYS.server if request.events[0].source == TRUSTED else KEYS.write
        bodies = [wire(replace(event, occurred_at=event.occurred_at + request.skew)) for event in request.events]
        sent_at = instant(datetime.now(UTC) + request.skew)
        if request.one_by_one:
            answers = [self.waystage.post(f"/v1/{body.pop('type')}", {**body, "sentAt": sent_at}, key).json() for body in bodies]
        else:
            answers = [self.waystage.batch(bodies, key, sentAt=sent_at)]
        assert [answer["rejected"] for answer in answers] == [[]] * len(answers)
        return sum(answer["accepted"] for answer in answers)

    def bring(self, events: Sequence[dict[str, Any]]) -> tuple[int, set[str]]:
        """Import events of the wire from a file; the number of the import, and the message ids that were new."""
        content = "\n".join(map(json.dumps, events)).encode()
        job = self._job("POST", "/v1/imports", content=content)["id"]
        done = self._finished(job, "finished")
        new = {row["message_id"] for row in self.rows("select message_id from events where import_id = $1", job)}
        assert (done["accepted"], done["rejected"]) == (len(new), 0)
        return job, new

    def undo(self, job: int) -> None:
        self._job("DELETE", f"/v1/imports/{job}")
        self._finished(job, "undone")

    def put_model(self, document: dict[str, Any]) -> None:
        """Keep a stage model, and wait until it is the active one."""
        name = document["model"]
        said = self.waystage.client.put(f"/v1/stage-models/{name}", content=json.dumps(document), headers=bearer(KEYS.admin))
        assert said.status_code == 202, said.text
        until(lambda: (name, said.json()["version"], "active") in self._models(), "the stage model is active")

    def rebuild(self) -> int:
        """Derive everything again; how many differences there were."""
        path = "/v1/rebuilds"
        job = self.waystage.client.post(path, headers=bearer(KEYS.admin)).json()["id"]
        until(lambda: self._told(f"{path}/{job}")["state"] == "finished", "everything is derived again")
        changed: int = self._told(f"{path}/{job}")["changed"]
        return changed

    def change_link(self, method: str, pair: Sequence[Identifier]) -> None:
        """Strike a pair out (DELETE), or restore it (POST)."""
        weaker, target = (":".join(one) for one in pair)
        self._asked(method, "/v1/identity/links", weaker=weaker, target=target)

    def change_value(self, method: str, value: str) -> None:
        """Block a value (PUT), or unblock it (DELETE)."""
        self._asked(method, "/v1/identity/blocked-values", value=value)

    def at_rest(self) -> None:
        """Wait until nothing waits to be done or derived; nothing may be put aside."""
        until(lambda: not self.rows(_WAITING), "the worker does and derives everything")

    def verified(self, asked: Asked) -> list[Told]:
        """What a verification tells."""

        async def verify() -> list[Told]:
            connection = await connect(self.waystage.dsn, application="waystage test")
            said: list[Told] = []
            try:
                await verify_what_is_asked(connection, asked, IdentityRules(), said.append)
            finally:
                await connection.close()
            return said

        return asyncio.run(verify())

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return rows(self.waystage, query, *values)

    def kept(self, customers: Iterable[int]) -> Kept:
        """What is kept of some customers."""
        numbers = sorted(customers)
        found = self.rows(" union all ".join(f"{_ROWS.format(table=table)} {more}" for table, more in KEPT.items()), numbers)
        version = self.rows("select coalesce(max(version), 0) as version from changes")[0]["version"]
        return Kept({one: {row["row"] for row in found if row["customer"] == one} for one in numbers}, version)

    def changes(self, since: int) -> list[int]:
        """The customers that were said to have changed since a version, in order of their versions."""
        return [row["customer"] for row in self.rows("select customer from changes where version > $1 order by version", since)]

    def owners(self, identifiers: Iterable[Identifier]) -> dict[Identifier, int]:
        """The numbers of the owners of those identifiers that are kept."""
        found = self.rows("select kind, value, owner from identifiers where id = any($1::bigint[])", [number(*one) for one in identifiers])
        return {(row["kind"], row["value"]): row["owner"] for row in found}

    def in_time(self, events: Sequence[Sent], skew: timedelta) -> list[Sent]:
        """New events with the instants that they have by the clocks of both sides, which are looked up and checked."""
        ids = [event.message_id for event in events]
        query = """select o.name as source, message_id, occurred_at, received_at, time_rule from events e join sources o on o.id = source_id
            where message_id = any($1::text[])"""
        found = {(row["source"], row["message_id"]): row for row in self.rows(query, ids)}
        return [_in_time(event, skew, found[key_of(event)]) for event in events]

    def _asked(self, method: str, path: str, **what: str) -> None:
        response = self.waystage.client.request(method, path, params=what, headers=bearer(KEYS.admin))
        assert response.status_code == 202, response.text

    def _finished(self, job: int, state: str) -> dict[str, Any]:
        until(lambda: self._job("GET", f"/v1/imports/{job}")["state"] in (state, "failed"), f"the import is {state}")
        done = self._job("GET", f"/v1/imports/{job}")
        assert done["state"] == state, done
        return done

    def _job(self, method: str, path: str, **what: Any) -> dict[str, Any]:
        response = self.waystage.client.request(method, path, headers=bearer(KEYS.server), **what)
        response.raise_for_status()
        job: dict[str, Any] = response.json()
        return job

    def _told(self, path: str) -> dict[str, Any]:
        response = self.waystage.client.get(path, headers=bearer(KEYS.admin))
        response.raise_for_status()
        said: dict[str, Any] = response.json()
        return said

    def _models(self) -> list[tuple[str, int, str]]:
        return [(model["model"], model["version"], model["state"]) for model in self.waystage.ask("/v1/stages")["models"]]


def _in_time(event: Sent, skew: timedelta, row: dict[str, Any]) -> Sent:
    received = row["received_at"]
    earliest, latest = (EARLIEST, timedelta(hours=24)) if event.trusted else (received - timedelta(days=7), timedelta(hours=1))
    if not earliest <= event.occurred_at <= received + latest:
        assert (row["time_rule"], row["occurred_at"]) == ("outside", received)
    elif skew:
        assert row["time_rule"] == "corrected"
        assert abs(row["occurred_at"] - event.occurred_at) < SLOW
    else:
        assert (row["time_rule"], row["occurred_at"]) == ("sent", event.occurred_at)
    return replace(event, occurred_at=row["occurred_at"])
