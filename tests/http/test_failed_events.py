"""Failed events: listed, shown, mended and replayed, exactly once, with accounts that hold at any time."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import app as cli
from tests.http.tables import account, metrics, rows, stored
from tests.service import BROWSER, KEYS, Waystage, basic, bearer, until

LIST = "/v1/failed-events"


def refuse(waystage: Waystage, *events: dict[str, Any], key: str | None = KEYS.server, **envelope: Any) -> None:
    """Send events of which each is refused."""
    answer = waystage.batch([{"type": "track", **event} for event in events], key, **envelope)
    assert len(answer["rejected"]) == len(events)


def admin(waystage: Waystage, method: str, path: str, body: Any = None, **query: Any) -> Any:
    answer = waystage.client.request(method, path, params=query, headers=bearer(KEYS.admin), json=body)
    answer.raise_for_status()
    return answer.json()


def kept(waystage: Waystage, message_id: str) -> dict[str, Any]:
    """The failed event with a message id, in full."""
    (row,) = rows(waystage, "select id from failed_events where message_id = $1", message_id)
    found: dict[str, Any] = waystage.ask(f"{LIST}/{row['id']}")
    return found


def difference(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {word: after[word] - before[word] for word in after if after[word] != before[word]}


def test_failed_events_are_listed_newest_first_in_pages_and_by_their_reasons(shared_waystage: Waystage) -> None:
    refuse(shared_waystage, *({"messageId": f"listed-{number}", "userId": "listed", "event": ["no text"]} for number in range(5)))
    found: list[str] = []
    cursor = None
    while len(found) < 5:
        page = shared_waystage.ask(
            LIST, code="wrong_type", source="server", field="event", limit=2, **({"cursor": cursor} if cursor else {})
        )
        assert 1 <= len(page["failed_events"]) <= 2
        found += [event["message_id"] for event in page["failed_events"]]
        cursor = page["next"]
    assert found[:5] == [f"listed-{number}" for number in (4, 3, 2, 1, 0)]
    newest = shared_waystage.ask(LIST, code="wrong_type", limit=1)["failed_events"][0]
    assert json.loads(newest["body"]) == {"type": "track", "messageId": "listed-4", "userId": "listed", "event": ["no text"]}
    (reason,) = [
        one
        for one in shared_waystage.ask(f"{LIST}/reasons", code="wrong_type")["reasons"]
        if (one["source"], one["field"]) == ("server", "event")
    ]
    assert reason["events"] >= 5
    assert shared_waystage.ask(f"{LIST}/reasons", code="wrong_type", until=reason["first"])["reasons"] == []
    later = shared_waystage.ask(LIST, since=newest["received_at"], code="wrong_type", source="server")["failed_events"]
    assert {event["message_id"] for event in later} >= {f"listed-{number}" for number in range(5)}
    assert shared_waystage.ask(LIST, source="nobody")["failed_events"] == []


def test_a_body_is_text_that_says_which_bytes_are_none(shared_waystage: Waystage) -> None:
    raw = b'{"type":"track","event":"<b>\xff","userId":"bytes","x":"' + b"y" * 1_000 + b'"}'
    shared_waystage.client.post("/v1/track", content=raw, headers={"User-Agent": BROWSER, **basic(KEYS.write)})
    short = shared_waystage.ask(LIST, code="not_json", source="site", limit=1)["failed_events"][0]
    assert (short["body"][:35], len(short["body"])) == ('{"type":"track","event":"<b>\\xff","', 503)
    whole = shared_waystage.ask(f"{LIST}/{short['id']}")
    assert whole["body"] == raw.decode(errors="backslashreplace")
    assert whole["arrival"] == {"type": "track", "sent_at": None, "agent": BROWSER, "ip": "127.0.0.0", "country": None, "webhook": None}


def test_a_mended_event_is_stored_as_it_arrived(shared_waystage: Waystage) -> None:
    sent_at = "2020-01-01T00:00:00+00:00"
    event = {"messageId": "mended", "anonymousId": "mended", "timestamp": "2020-01-01T00:00:00Z"}
    before = account(shared_waystage, "site")
    refuse(shared_waystage, event, key=KEYS.write, sentAt=sent_at)
    failed = kept(shared_waystage, "mended")
    assert (failed["code"], failed["field"], failed["arrival"]["sent_at"]) == ("missing_field", "event", sent_at)
    whole = admin(shared_waystage, "PUT", f"{LIST}/{failed['id']}", {**event, "type": "track", "event": "Mended"})
    assert whole["edited_at"]
    assert whole["code"] == "missing_field"
    done = admin(shared_waystage, "POST", f"{LIST}/{failed['id']}/replay")
    assert done == {"stored": 1, "duplicates": 0, "failed": 0, "code": None, "field": None, "message": None}
    assert difference(before, account(shared_waystage, "site")) == {"received": 1, "stored": 1}
    (row,) = stored(shared_waystage, "mended")
    assert (row["name"], row["time_rule"], row["request_agent"], row["ip"]) == ("Mended", "corrected", BROWSER, "127.0.0.0")
    assert row["received_at"].isoformat()[:19] == failed["received_at"][:19]
    assert shared_waystage.client.get(f"{LIST}/{failed['id']}", headers=bearer(KEYS.read)).status_code == 404
    assert shared_waystage.client.post(f"{LIST}/{failed['id']}/replay", headers=bearer(KEYS.admin)).status_code == 404
    shared_waystage.derived()
    assert shared_waystage.journey("anonymous_id:mended")["events"][0]["event"] == "Mended"


def test_an_event_that_is_refused_again_stays_with_its_newest_reason(shared_waystage: Waystage) -> None:
    refuse(shared_waystage, {"messageId": "again", "userId": "again"})
    number = kept(shared_waystage, "again")["id"]
    before = account(shared_waystage, "server")
    admin(shared_waystage, "PUT", f"{LIST}/{number}", {"type": "trick", "messageId": "again", "writeKey": KEYS.server})
    done = admin(shared_waystage, "POST", f"{LIST}/{number}/replay")
    assert (done["stored"], done["failed"], done["code"], done["field"]) == (0, 1, "unknown_type", "type")
    failed = kept(shared_waystage, "again")
    assert (failed["id"], failed["code"]) == (number, "unknown_type")
    assert str(KEYS.server) not in failed["body"]
    assert account(shared_waystage, "server") == before


def test_what_is_there_already_is_a_duplicate(shared_waystage: Waystage) -> None:
    before = account(shared_waystage, "server")
    refuse(shared_waystage, {"messageId": "there", "userId": "there"})
    shared_waystage.batch([{"type": "track", "event": "There", "messageId": "there", "userId": "there"}])
    number = kept(shared_waystage, "there")["id"]
    admin(shared_waystage, "PUT", f"{LIST}/{number}", {"type": "page", "messageId": "there", "userId": "there"})
    assert admin(shared_waystage, "POST", f"{LIST}/{number}/replay")["duplicates"] == 1
    assert difference(before, account(shared_waystage, "server")) == {"received": 2, "stored": 1, "duplicate": 1}
    assert [row["name"] for row in stored(shared_waystage, "there")] == ["There"]


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"[1]", 422), (b'"' + b"x" * 40_000 + b'"', 413)])
def test_only_an_event_can_take_the_place_of_one(shared_waystage: Waystage, body: bytes, status: int) -> None:
    refuse(shared_waystage, {"messageId": f"place-{status}", "userId": "place"})
    failed = kept(shared_waystage, f"place-{status}")
    answer = shared_waystage.client.put(f"{LIST}/{failed['id']}", content=body, headers=bearer(KEYS.admin))
    assert answer.status_code == status
    assert kept(shared_waystage, f"place-{status}") == failed


def plant(waystage: Waystage, count: int, name: str) -> None:
    """Failed events that would be stored today, as those are that older limits refused: two of them tell equal things."""
    events = [{"messageId": f"{name}-{number}", "userId": name} for number in range(count)]
    refuse(waystage, *events)
    rows(
        waystage,
        """update failed_events set body = convert_to(jsonb_set(convert_from(body, 'UTF8')::jsonb, '{event}', '"Planted"')::text, 'UTF8'),
        code = 'too_large' where message_id like $1""",
        f"{name}-%",
    )


def test_replays_at_the_same_time_store_everything_once(shared_waystage: Waystage) -> None:
    before = account(shared_waystage, "server")
    plant(shared_waystage, 1_000, "crowd-replayed")

    def all_of_it(_: int) -> int:
        done: dict[str, Any] = {"next": 0}
        count = 0
        while done["next"] is not None:
            done = admin(shared_waystage, "POST", f"{LIST}/replay", code="too_large", source="server", cursor=done["next"])
            count += int(done["stored"]) + int(done["duplicates"])
        return count

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(all_of_it, range(4))) == 1_000
    (found,) = rows(shared_waystage, "select count(*) as events, count(distinct id) as ids from events where user_id = 'crowd-replayed'")
    assert found == {"events": 1_000, "ids": 1_000}
    assert difference(before, account(shared_waystage, "server")) == {"received": 1_000, "stored": 1_000}


def test_equal_events_without_an_id_are_told_apart_as_when_they_arrived(shared_waystage: Waystage) -> None:
    twin = {"type": "track", "event": "Twin", "timestamp": "2024-05-01T00:00:00Z", "context": {"traits": {"email": "twins@example.com"}}}
    raw = json.dumps(twin).encode()
    broken = raw.replace(b'"Twin"', b'"Twin", "groupId": {}')
    body = b'{"batch":[' + b",".join([broken, broken, broken]) + b"]}"
    shared_waystage.client.post("/v1/batch", content=body, headers=basic(KEYS.server))
    found = rows(shared_waystage, "select id, message_id from failed_events where field = 'groupId' order by id desc limit 3")
    assert [row["message_id"][-2:] for row in found] == ["-2", "-1", "-0"]
    for row in found:
        rows(shared_waystage, "update failed_events set code = 'too_deep' where id = $1", row["id"])
    answer = admin(shared_waystage, "POST", f"{LIST}/replay", code="too_deep", source="server")
    assert answer["failed"] >= 3
    again = rows(shared_waystage, "select message_id from failed_events where id = any($1) order by id desc", [row["id"] for row in found])
    assert [row["message_id"] for row in again] == [row["message_id"] for row in found]


def test_reasons_are_counted_in_the_metrics_and_stay_when_events_leave(shared_waystage: Waystage) -> None:
    total, now = ('waystage_failed_events_total{code="id_too_long",source="site"}', 'waystage_failed_events_kept{source="site"}')
    before = metrics(shared_waystage)
    refuse(shared_waystage, *({"event": "x", "messageId": f"counted-{n}", "userId": "x" * 201} for n in range(3)), key=KEYS.write)
    after = metrics(shared_waystage)
    assert (after[total] - before.get(total, 0), after[now] - before[now]) == (3, 3)
    number = kept(shared_waystage, "counted-0")["id"]
    admin(shared_waystage, "PUT", f"{LIST}/{number}", {"type": "page", "messageId": "counted-0", "userId": "counted"})
    admin(shared_waystage, "POST", f"{LIST}/{number}/replay")
    left = metrics(shared_waystage)
    assert (left[total], left[now]) == (after[total], after[now] - 1)


def test_failed_events_of_a_webhook_are_tried_again_when_it_is_put_anew(shared_waystage: Waystage) -> None:
    refuse(shared_waystage, {"messageId": "hooked-0", "userId": "hooked"})
    row = b'{"who": {"id": "hooked"}, "what": "Called", "key": "hooked-1"}'
    rows(
        shared_waystage,
        """update failed_events set body = $1, arrival = '{"webhook": "calls"}', message_id = null where message_id = 'hooked-0'""",
        row,
    )
    mapping = "{format: json, type: track, fields: {userId: who.id, event: what, messageId: key}}"
    document = {"source": "server", "mapping": mapping, "scheme": "standard", "secret": "whsec_" + "c2VjcmV0" * 4}
    before = account(shared_waystage, "server")
    admin(shared_waystage, "PUT", "/v1/webhooks/calls", document)
    until(lambda: bool(stored(shared_waystage, "hooked-1")), "the worker tries the row again")
    assert difference(before, account(shared_waystage, "server")) == {"stored": 1, "failed": -1}
    assert not rows(shared_waystage, "select 1 from failed_events where arrival ->> 'webhook' = 'calls'")
    until(lambda: not rows(shared_waystage, "select 1 from replays"), "the replay ends")
    shared_waystage.derived()
    assert shared_waystage.journey("user_id:hooked")["events"][0]["event"] == "Called"


def test_a_row_of_an_import_moves_its_account(shared_waystage: Waystage) -> None:
    good = [{"type": "page", "userId": "rows", "messageId": f"rows-{number}", "timestamp": "2024-01-01T00:00:00Z"} for number in range(3)]
    broken = {**good[2], "type": "pages"}
    lines = "\n".join(json.dumps(row) for row in (*good[:2], broken, "unmappable"))
    started = shared_waystage.client.post("/v1/imports", content=lines, headers=bearer(KEYS.server)).json()

    def job() -> Any:
        return shared_waystage.client.get(f"/v1/imports/{started['id']}", headers=bearer(KEYS.server)).json()

    until(lambda: job()["state"] == "finished", "the import ends")
    assert (job()["accepted"], job()["rejected"]) == (2, 2)
    row = kept(shared_waystage, "rows-2")
    assert (row["import"], row["position"], row["line"]) == (started["id"], 2, 3)
    admin(shared_waystage, "PUT", f"{LIST}/{row['id']}", good[2])
    done = admin(shared_waystage, "POST", f"{LIST}/replay", **{"import": started["id"]})
    assert (done["stored"], done["failed"]) == (1, 1)
    assert [job()[word] for word in ("rows", "accepted", "duplicates", "rejected")] == [4, 3, 0, 1]
    assert stored(shared_waystage, "rows-2")[0]["import_id"] == started["id"]
    again = shared_waystage.client.post("/v1/imports", content=json.dumps(good[2]), headers=bearer(KEYS.server)).json()
    until(lambda: shared_waystage.client.get(f"/v1/imports/{again['id']}", headers=bearer(KEYS.server)).json()["duplicates"] == 1, "known")


def test_the_command_line_shows_mends_and_replays(shared_waystage: Waystage, tmp_path: Any) -> None:
    refuse(shared_waystage, {"messageId": "line\x1b[31m", "userId": "line", "event": 7})
    number = kept(shared_waystage, "line\x1b[31m")["id"]
    assert "wrong_type" in said(shared_waystage, "failed", "--source", "server")
    shown = said(shared_waystage, "failed", "--show", str(number))
    assert "event is text" in shown
    assert "\x1b" not in shown
    mended = tmp_path / "mended.json"
    mended.write_text(json.dumps({"type": "track", "event": "Mended", "userId": "line", "messageId": "line"}))
    assert str(number) in said(shared_waystage, "failed", "edit", str(number), str(mended))
    assert "1 stored" in said(shared_waystage, "failed", "replay", str(number))
    assert stored(shared_waystage, "line")[0]["name"] == "Mended"
    assert "0 stored" in said(shared_waystage, "failed", "replay", "--code", "nothing")


def said(waystage: Waystage, *arguments: str) -> str:
    ran = CliRunner().invoke(cli, [*arguments, "--url", waystage.url], env=dict(waystage.collector.environment))
    assert ran.exit_code == 0, ran.output
    return ran.output
