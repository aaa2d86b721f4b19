"""Sources and keys, made and revoked over HTTP."""

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from app.domain.arriving.keys import checksum
from app.flow.boot import prepare
from tests.conftest import MODELS
from tests.http.tables import by_link, rows
from tests.service import KEYS, Waystage, basic, bearer

ADMIN = bearer(KEYS.admin)


def make(waystage: Waystage, path: str, **said: object) -> httpx.Response:
    return waystage.client.post(path, json=said, headers=ADMIN)


def fresh_name() -> str:
    return f"shop {secrets.token_hex(4)}"


@pytest.mark.parametrize(("kind", "prefix"), [("public", "wk_"), ("trusted", "sk_")])
def test_a_source_comes_with_a_key_that_writes_at_once(shared_waystage: Waystage, kind: str, prefix: str) -> None:
    name = fresh_name()
    answer = make(shared_waystage, "/v1/sources", name=name, kind=kind)
    made = answer.json()
    assert (answer.status_code, made["name"], made["kind"]) == (201, name, kind)
    key = made["key"]["key"]
    assert (key[:3], key[-6:]) == (prefix, checksum(key[:-6]))
    assert (made["key"]["scope"], made["key"]["source"], made["key"]["hint"]) == ("write", name, f"{key[:5]}…")
    assert (made["key"]["snippet"] or "").count(key) == (1 if kind == "public" else 0)
    assert "this once" in made["key"]["note"]
    event = {"event": "Begun", "anonymousId": name}
    assert shared_waystage.client.post("/v1/track", json=event, headers=basic(key)).json()["accepted"] == 1
    (told,) = (source for source in shared_waystage.ask("/v1/sources")["sources"] if source["name"] == name)
    assert told["kind"] == kind


def test_the_snippet_of_a_source_names_the_script_where_it_was_asked(shared_waystage: Waystage) -> None:
    made = make(shared_waystage, "/v1/sources", name=fresh_name(), kind="public").json()["key"]
    assert f'src="{shared_waystage.url}/waystage.js"' in made["snippet"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb", "a\tb", "a\x00b", "a\x7fb", "a\u2028b", "a\u0085b"])
def test_a_name_that_no_list_can_show_is_refused(shared_waystage: Waystage, name: str) -> None:
    answer = make(shared_waystage, "/v1/sources", name=name, kind="public")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name")


def test_names_are_trimmed_and_composed_and_taken_once(shared_waystage: Waystage) -> None:
    name = fresh_name()
    made = make(shared_waystage, "/v1/sources", name=f"  cafe\u0301 {name} ", kind="public").json()
    assert made["name"] == f"caf\u00e9 {name}"
    again = make(shared_waystage, "/v1/sources", name=f"caf\u00e9 {name}", kind="trusted")
    assert (again.status_code, again.json()["detail"]) == (409, f"there is a source caf\u00e9 {name} already")


def test_of_many_who_want_a_name_at_once_one_has_it(shared_waystage: Waystage) -> None:
    name = fresh_name()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: make(shared_waystage, "/v1/sources", name=name, kind="public").status_code, range(8)))
    assert sorted(answers) == [201] + [409] * 7


def test_a_name_that_is_taken_uses_up_nothing(shared_waystage: Waystage) -> None:
    def newest() -> int:
        made = make(shared_waystage, "/v1/sources", name=fresh_name(), kind="public").json()
        return int(rows(shared_waystage, "select id from sources where name = $1", made["name"])[0]["id"])

    before = newest()
    assert {make(shared_waystage, "/v1/sources", name="site", kind="public").status_code for _ in range(5)} == {409}
    assert newest() == before + 1


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"scope": "write"}, "source"),
        ({"scope": "write", "source": "nobody's"}, "source"),
        ({"scope": "read", "source": "site"}, "source"),
        ({"scope": "rule"}, "scope"),
        ({"scope": "read", "more": 1}, "more"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(shared_waystage: Waystage, said: dict[str, object], field: str) -> None:
    answer = make(shared_waystage, "/v1/keys", **said)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("said", "prefix"),
    [
        ({"scope": "read"}, "rk_"),
        ({"scope": "admin"}, "ak_"),
        ({"scope": "write", "source": "site"}, "wk_"),
        ({"scope": "write", "source": "server"}, "sk_"),
    ],
)
def test_a_key_is_made_told_once_listed_and_revoked(shared_waystage: Waystage, said: dict[str, str], prefix: str) -> None:
    made = make(shared_waystage, "/v1/keys", **said).json()
    assert made["key"].startswith(prefix)
    assert (made["snippet"] is not None) == (prefix == "wk_")
    opened = "/v1/imports" if prefix == "sk_" else "/v1/sources"
    if prefix != "wk_":
        assert shared_waystage.client.get(opened, headers=bearer(made["key"])).status_code == 200
    listed = shared_waystage.client.get("/v1/keys", headers=ADMIN)
    assert made["key"] not in listed.text
    (kept,) = (key for key in listed.json()["keys"] if key["id"] == made["id"])
    assert kept == {name: made[name] for name in ("id", "scope", "source", "hint", "created_at", "revoked_at")}
    revoked = shared_waystage.client.delete(f"/v1/keys/{made['id']}", headers=ADMIN).json()
    assert revoked == {**kept, "revoked_at": revoked["revoked_at"]}
    assert revoked["revoked_at"] > revoked["created_at"]
    assert shared_waystage.client.get(opened, headers=bearer(made["key"])).status_code == 401
    again = shared_waystage.client.delete(f"/v1/keys/{made['id']}", headers=ADMIN)
    assert (again.status_code, again.json()) == (200, revoked)


def test_a_snippet_is_filled_with_no_key_that_was_revoked_and_a_start_brings_none_back(waystage: Waystage) -> None:
    (site,) = rows(waystage, "select k.id from keys k join sources s on s.id = k.source_id where s.name = 'site'")
    assert KEYS.write in waystage.ask("/v1/snippet")["snippet"]
    waystage.client.delete(f"/v1/keys/{site['id']}", headers=ADMIN).raise_for_status()
    assert KEYS.write not in waystage.ask("/v1/snippet")["snippet"]
    asyncio.run(prepare(waystage.dsn, KEYS, MODELS, lambda _: None))
    assert rows(waystage, "select revoked_at from keys where id = $1", site["id"])[0]["revoked_at"] is not None


def test_the_last_admin_key_stays_whoever_revokes_at_once(waystage: Waystage) -> None:
    for _ in range(5):
        make(waystage, "/v1/keys", scope="admin")
    with by_link(waystage) as browser:
        numbers = [key["id"] for key in browser.get("/v1/keys").json()["keys"] if key["scope"] == "admin"]
        with ThreadPoolExecutor(6) as threads:
            answers = list(threads.map(lambda number: browser.delete(f"/v1/keys/{number}"), numbers))
        assert sorted(answer.status_code for answer in answers) == [200] * 5 + [409]
        (refused,) = (answer for answer in answers if answer.status_code == 409)
        assert "last admin key" in refused.json()["detail"]
        assert browser.post("/v1/keys", json={"scope": "admin"}).status_code == 201
