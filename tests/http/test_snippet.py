"""The tags to paste and the scripts that they ask for: as they are now, and pinned to a build."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from app.http.snippet import SDK, fill_snippet
from tests.service import KEYS, Waystage, bearer, running

HOUR, FOR_EVER = "public, max-age=3600", "public, max-age=31536000, immutable"


class Scripts(HTMLParser):
    """The attributes of each script in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == "script"
        self.found.append(dict(attrs))


def tag(text: str) -> dict[str, str]:
    """The attributes of the tag with a source; the one before it is inline."""
    inline, outer = Scripts(text).found
    assert inline == {}
    return {name: value or "" for name, value in outer.items()}


def test_the_plain_tags_ask_for_the_script_of_now(shared_waystage: Waystage) -> None:
    said = tag(shared_waystage.ask("/v1/snippet")["snippet"])
    assert said == {"async": "", "src": f"{shared_waystage.url}/waystage.js", "data-write-key": KEYS.write}
    script = httpx.get(said["src"])
    assert (script.content, script.headers["cache-control"]) == ((SDK / "waystage.js").read_bytes(), HOUR)


@pytest.mark.parametrize(("domains", "name"), [(None, "waystage"), ("shop.example,blog.example", "waystage-extra")])
def test_pinned_tags_name_a_build_by_its_digest(shared_waystage: Waystage, domains: str | None, name: str) -> None:
    said = tag(shared_waystage.ask("/v1/snippet", **{"domains": domains} if domains else {})["pinned"])
    assert (said.get("data-domains"), said["crossorigin"], said["data-write-key"]) == (domains, "anonymous", KEYS.write)
    assert re.fullmatch(rf"{shared_waystage.url}/{name}-0\.1\.0-[0-9a-f]{{8}}\.js", said["src"])
    script = httpx.get(said["src"])
    assert script.content == (SDK / f"{name}.js").read_bytes()
    assert said["integrity"] == "sha384-" + base64.b64encode(hashlib.sha384(script.content).digest()).decode()
    assert (script.headers["cache-control"], script.headers["access-control-allow-origin"]) == (FOR_EVER, "*")
    assert script.headers["content-type"].startswith("text/javascript")


def test_tags_for_several_domains_ask_for_the_script_that_links_them(shared_waystage: Waystage) -> None:
    said = tag(shared_waystage.ask("/v1/snippet", domains='a.example"><script>')["snippet"])
    assert (said["src"], said["data-domains"]) == (f"{shared_waystage.url}/waystage-extra.js", 'a.example"><script>')
    assert httpx.get(said["src"]).content == (SDK / "waystage-extra.js").read_bytes()


def test_a_build_that_was_given_out_is_served_after_updates(database: str, tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "waystage-0.0.9-0123abcd.js").write_text("before()")
    with running(
        database, tmp_path, work=False, WAYSTAGE_SCRIPT_PATH="/news/s.js", WAYSTAGE_PUBLIC_URL="https://events.example"
    ) as waystage:
        before = waystage.client.get("/news/s-0.0.9-0123abcd.js")
        assert (before.text, before.headers["cache-control"]) == ("before()", FOR_EVER)
        said = waystage.ask("/v1/snippet")
        assert tag(said["snippet"])["src"] == "https://events.example/news/s.js"
        assert re.fullmatch(r"https://events\.example/news/s-0\.1\.0-[0-9a-f]{8}\.js", tag(said["pinned"])["src"])
        assert waystage.client.get("/news/s-extra.js").content == (SDK / "waystage-extra.js").read_bytes()
        assert waystage.client.get("/waystage.js").status_code == 404


@pytest.mark.parametrize("build", ["0.1.0-00000000", "*", "..%2f..%2fkeys", "%00"])
def test_no_other_file_is_served(shared_waystage: Waystage, build: str) -> None:
    assert shared_waystage.client.get(f"/waystage-{build}.js").status_code == 404


def test_only_domains_can_be_asked_for(shared_waystage: Waystage) -> None:
    answer = shared_waystage.client.get("/v1/snippet", params={"domain": "a.example"}, headers=bearer(KEYS.read))
    assert answer.status_code == 422


def test_without_a_write_key_the_place_for_it_is_left() -> None:
    assert tag(fill_snippet("https://events.example/waystage.js", None))["data-write-key"] == "WRITE_KEY"
