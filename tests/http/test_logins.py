"""Logins of browsers: what begins one, what it may change from where, how its token is replaced, and what ends it."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from app.domain.arriving.keys import digest
from tests.http.tables import rows
from tests.service import KEYS, Waystage, bearer, browsing, running, until


@pytest.fixture
def reading(shared_waystage: Waystage) -> Iterator[httpx.Client]:
    with browsing(shared_waystage, KEYS.read) as browser:
        yield browser


@pytest.fixture
def ruling(shared_waystage: Waystage) -> Iterator[httpx.Client]:
    with browsing(shared_waystage, KEYS.admin) as browser:
        yield browser


def older(waystage: Waystage, browser: httpx.Client, **seconds: int) -> None:
    """Let so many seconds go by for a login's columns."""
    name = digest(browser.cookies["waystage"].split(".")[0])
    for column, passed in seconds.items():
        rows(waystage, f"update logins set {column} = {column} - $2 * interval '1 second' where digest = $1", name, passed)


def with_cookie(cookie: str) -> dict[str, str]:
    return {"Cookie": f"waystage={cookie}"}


def test_a_login_says_what_it_may_and_how_long(reading: httpx.Client, ruling: httpx.Client) -> None:
    for browser, scope in ((reading, "read"), (ruling, "admin")):
        said = browser.get("/v1/session").json()
        assert (said["scope"], said["login"]) == (scope, True)
        assert timedelta(days=13) < datetime.fromisoformat(said["expires_at"]) - datetime.now(UTC) <= timedelta(days=14)
        by_key = browser.get("/v1/session", headers=bearer(KEYS.read if scope == "read" else KEYS.admin)).json()
        assert by_key == {"scope": scope, "key": said["key"], "login": False, "expires_at": None}


def test_a_link_of_the_terminal_may_everything_once(shared_waystage: Waystage) -> None:
    token = secrets.token_urlsafe(24)
    rows(shared_waystage, "insert into login_links (digest, expires_at) values ($1, now() + interval '1 minute')", digest(token))
    for location, status in (("/", 200), ("/login?error=link", 401)):
        with httpx.Client(base_url=shared_waystage.url) as browser:
            assert browser.get("/login", params={"token": token}).headers["location"] == location
            answer = browser.get("/v1/session")
            assert answer.status_code == status
            assert status == 401 or {"scope": "admin", "key": None, "login": True}.items() <= answer.json().items()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "OWN"},
    ],
)
def test_what_another_site_sends_changes_nothing(shared_waystage: Waystage, ruling: httpx.Client, said: dict[str, str]) -> None:
    del ruling.headers["Sec-Fetch-Site"]
    headers = {name: shared_waystage.url if value == "OWN" else value for name, value in said.items()}
    name = f"forged-{secrets.token_hex(4)}"
    forged = [
        ruling.post("/v1/sources", json={"name": name, "kind": "public"}, headers=headers),
        ruling.put("/v1/identity/blocked-values", params={"value": name}, headers=headers),
        ruling.delete("/v1/keys/1000000", headers=headers),
        ruling.post("/v1/imports", params={"source": "server"}, headers=headers),
        ruling.post("/logout", headers=headers),
    ]
    assert [answer.status_code for answer in forged] == [403] * 5
    assert "pages of this service" in forged[0].json()["detail"]
    assert ruling.get("/v1/session", headers=headers).json()["scope"] == "admin"
    assert name not in {source["name"] for source in shared_waystage.ask("/v1/sources")["sources"]}


@pytest.mark.parametrize("said", [{"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}])
def test_another_site_logs_nobody_in_under_its_own_key(shared_waystage: Waystage, said: dict[str, str]) -> None:
    answer = httpx.post(f"{shared_waystage.url}/login", data={"key": KEYS.read}, headers=said)
    assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None)


@pytest.mark.parametrize("key", ["", " ", "\0", "x" * 10_000, "ключ"])
def test_what_is_no_key_leads_back_to_the_form(shared_waystage: Waystage, key: str) -> None:
    assert httpx.post(f"{shared_waystage.url}/login", data={"key": key}).headers["location"] == "/login?error=key"


@pytest.mark.parametrize("said", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "OWN"}])
def test_our_own_pages_change_things(shared_waystage: Waystage, ruling: httpx.Client, said: dict[str, str]) -> None:
    del ruling.headers["Sec-Fetch-Site"]
    headers = {name: shared_waystage.url if value == "OWN" else value for name, value in said.items()}
    answer = ruling.post("/v1/sources", json={"name": f"own-{secrets.token_hex(4)}", "kind": "public"}, headers=headers)
    assert answer.status_code == 201


def test_a_login_that_reads_is_told_what_it_lacks(reading: httpx.Client) -> None:
    answer = reading.put("/v1/stage-models/x", content=b"")
    assert (answer.status_code, answer.json()["detail"]) == (403, "this login may read; admin is needed")


def test_a_token_is_replaced_and_parallel_requests_all_pass(shared_waystage: Waystage, reading: httpx.Client) -> None:
    first = reading.cookies["waystage"]
    older(shared_waystage, reading, renewed_at=3_600)

    def ask(_: int) -> httpx.Response:
        return httpx.get(f"{shared_waystage.url}/v1/session", headers=with_cookie(first), timeout=30)

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(ask, range(20)))
    assert {answer.status_code for answer in answers} == {200}
    renewed = [answer.headers["set-cookie"] for answer in answers if "set-cookie" in answer.headers]
    assert len(renewed) == 1
    second = renewed[0].split(";")[0].removeprefix("waystage=")
    assert second != first
    assert "HttpOnly" in renewed[0]
    assert httpx.get(f"{shared_waystage.url}/v1/session", headers=with_cookie(second)).status_code == 200
    assert httpx.get(f"{shared_waystage.url}/v1/session", headers=with_cookie(first)).status_code == 200


def test_every_kind_of_answer_brings_the_new_token(shared_waystage: Waystage, reading: httpx.Client) -> None:
    for method, path, status in (
        ("GET", "/", 200),
        ("GET", "/v1/customers/user_id:nobody/journey", 404),
        ("PUT", "/v1/stage-models/x", 403),
    ):
        older(shared_waystage, reading, renewed_at=3_600)
        before = reading.cookies["waystage"]
        answer = reading.request(method, path)
        assert (answer.status_code in (status, 404), reading.cookies["waystage"] != before) == (True, True)


def test_a_copied_token_that_is_used_too_late_ends_the_login(shared_waystage: Waystage, reading: httpx.Client) -> None:
    copied = reading.cookies["waystage"]
    older(shared_waystage, reading, renewed_at=3_600)
    assert reading.get("/v1/session").status_code == 200
    assert reading.get("/v1/session").status_code == 200
    assert reading.cookies["waystage"] != copied
    older(shared_waystage, reading, confirmed_at=60)
    assert reading.get("/v1/session").status_code == 200
    assert httpx.get(f"{shared_waystage.url}/v1/session", headers=with_cookie(copied)).status_code == 401
    assert reading.get("/v1/session").status_code == 401


def test_an_answer_that_got_lost_logs_nobody_out(shared_waystage: Waystage, reading: httpx.Client) -> None:
    first = reading.cookies["waystage"]
    older(shared_waystage, reading, renewed_at=3_600)
    assert "set-cookie" in httpx.get(f"{shared_waystage.url}/v1/session", headers=with_cookie(first)).headers
    older(shared_waystage, reading, renewed_at=60)
    assert reading.get("/v1/session").status_code == 200
    assert reading.cookies["waystage"] != first
    assert reading.get("/v1/session").status_code == 200


def test_nobody_ends_a_login_whose_name_they_do_not_know(shared_waystage: Waystage, reading: httpx.Client) -> None:
    for forged in ("", "x", ".", "x.y", reading.cookies["waystage"].split(".")[1]):
        assert httpx.get(f"{shared_waystage.url}/v1/session", headers=with_cookie(forged)).status_code == 401
    assert reading.get("/v1/session").status_code == 200


def test_a_login_ends_with_its_key_and_no_other(shared_waystage: Waystage, ruling: httpx.Client, reading: httpx.Client) -> None:
    made = ruling.post("/v1/keys", json={"scope": "admin"}).json()
    with browsing(shared_waystage, made["key"]) as browser:
        assert browser.get("/v1/session").json()["key"] == made["id"]
        assert browser.delete(f"/v1/keys/{made['id']}").status_code == 200
        assert browser.get("/v1/session").status_code == 401
        assert browser.post("/login", data={"key": made["key"]}).headers["location"] == "/login?error=key"
    assert [browser.get("/v1/session").status_code for browser in (ruling, reading)] == [200, 200]


def test_a_login_ends_after_fourteen_days(shared_waystage: Waystage, reading: httpx.Client) -> None:
    older(shared_waystage, reading, expires_at=14 * 86_400)
    assert reading.get("/v1/session").status_code == 401


def test_logging_in_again_puts_another_login_in_the_place_of_the_old_one(shared_waystage: Waystage, reading: httpx.Client) -> None:
    old = reading.cookies["waystage"]
    assert reading.post("/login", data={"key": KEYS.admin}).status_code == 303
    assert reading.get("/v1/session").json()["scope"] == "admin"
    assert httpx.get(f"{shared_waystage.url}/v1/session", headers=with_cookie(old)).status_code == 401


def test_logging_out_ends_the_login_wherever_its_cookie_is(shared_waystage: Waystage, reading: httpx.Client) -> None:
    cookie = reading.cookies["waystage"]
    answer = reading.post("/logout")
    assert (answer.status_code, answer.headers["location"], dict(reading.cookies)) == (303, "/login", {})
    assert httpx.get(f"{shared_waystage.url}/v1/session", headers=with_cookie(cookie)).status_code == 401
    assert reading.post("/logout").status_code == 303


def test_who_listens_goes_on_when_the_token_is_replaced_and_ends_with_the_login(shared_waystage: Waystage, reading: httpx.Client) -> None:
    told = {"source": "nobody", "kind": "failed"}
    with reading.stream("GET", "/v1/live", params=told, timeout=httpx.Timeout(30, read=7)) as stream:
        older(shared_waystage, reading, renewed_at=3_600)
        assert [reading.get("/v1/session").status_code for _ in range(2)] == [200, 200]
        older(shared_waystage, reading, confirmed_at=60)
        with pytest.raises(httpx.ReadTimeout):
            for _ in stream.iter_lines():
                pass
    assert reading.get("/v1/session").status_code == 200
    with reading.stream("GET", "/v1/live", params=told) as stream:
        reading.post("/logout")
        assert list(stream.iter_lines())


def test_of_fifty_requests_to_two_collectors_all_pass_and_one_renews(
    shared_waystage: Waystage, reading: httpx.Client, tmp_path: Path
) -> None:
    first = reading.cookies["waystage"]
    with running(shared_waystage.dsn, tmp_path, work=False) as other, ThreadPoolExecutor(50) as threads:
        urls = [f"{one.url}/v1/session" for one in (shared_waystage, other)] * 25
        for due in ({"renewed_at": 3_600}, {"renewed_at": 60}):
            older(shared_waystage, reading, **due)
            answers = list(threads.map(lambda url: httpx.get(url, headers=with_cookie(first), timeout=30), urls))
            assert {answer.status_code for answer in answers} == {200}
            assert sum("set-cookie" in answer.headers for answer in answers) == 1


def test_over_https_no_other_host_can_set_the_cookie(database: str, tmp_path: Path) -> None:
    public = "https://events.shop.example"
    with running(database, tmp_path, work=False, WAYSTAGE_PUBLIC_URL=public, WAYSTAGE_TRUSTED_PROXIES="127.0.0.1") as waystage:
        until(lambda: waystage.client.get("/v1/session", headers=bearer(KEYS.read)).status_code == 200, "the keys are read")
        for headers in ({"Host": "events.shop.example"}, {"X-Forwarded-Proto": "https"}):
            said = waystage.client.post("/login", data={"key": KEYS.admin}, headers=headers).headers["set-cookie"]
            assert said.startswith("__Host-waystage=")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(said.split("; "))
            assert "Domain" not in said
            cookie = {**headers, "Cookie": said.split(";")[0]}
            assert waystage.client.get("/v1/session", headers=cookie).json()["scope"] == "admin"
            made = [waystage.client.post("/v1/rebuilds", headers={**cookie, "Origin": origin}) for origin in (public, "http://elsewhere")]
            assert [answer.status_code for answer in made] == [202, 403]
            under_another_name = {**headers, "Cookie": said.split(";")[0].removeprefix("__Host-")}
            assert waystage.client.get("/v1/session", headers=under_another_name).status_code == 401
        assert waystage.client.post("/login", data={"key": KEYS.read}).headers["set-cookie"].startswith("waystage=")
