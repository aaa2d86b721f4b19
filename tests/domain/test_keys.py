"""Keys: long, random, recognised by their checksum, and kept as digests."""

import pytest

from app.domain.arriving.keys import checksum, digest, hint, new_key, without_keys


@pytest.mark.parametrize("prefix", ["wk_", "sk_", "rk_", "ak_"])
def test_a_key_bears_its_prefix_and_its_checksum(prefix: str) -> None:
    key = new_key(prefix)
    assert key.startswith(prefix)
    assert len(key) == 3 + 32 + 6
    assert key[3:].isalnum()
    assert key.isascii()
    assert checksum(key[:-6]) == key[-6:]


def test_no_key_is_made_twice() -> None:
    assert len({new_key("ak_") for _ in range(1_000)}) == 1_000


def test_a_changed_character_shows() -> None:
    body = new_key("sk_")[:-6]
    changed = body[:-1] + ("a" if body[-1] != "a" else "b")
    assert checksum(changed) != checksum(body)


def test_a_checksum_has_a_fixed_length() -> None:
    assert checksum("") == "000000"
    assert {len(checksum(str(number))) for number in range(1_000)} == {6}


def test_what_is_kept_and_shown_gives_no_key_away() -> None:
    key = new_key("rk_")
    assert len(digest(key)) == 32
    assert digest(key) != digest(key.lower())
    assert hint(key) == key[:5] + "…"


@pytest.mark.parametrize(
    "raw, kept",
    [
        ('{"writeKey": "wk_long_and_secret", "a": 1}', '{"writeKey": "wk_lo…", "a": 1}'),
        ('{"writeKey":"wk_lo…"}', '{"writeKey":"wk_lo…"}'),
        ('{"writeKey":"sk_another_one","b":"wk_long_and_secret"}', '{"writeKey":"sk_an…","b":"wk_lo…"}'),
        (r'{"writeKey":"wk_long_and_secre\u0074","b":"\"e"}', r'{"writeKey":"wk_lo…","b":"\"e"}'),
        (r'{"writeKey":"\u0077k_long_and_secret"}', '{"writeKey":"…"}'),
        ('{"writeKey":"e","event":"see"}', '{"writeKey":"e…","event":"see"}'),
        ('{"writeKey":"wk_another_one', '{"writeKey":"wk_an…'),
        ('{"writeKey":null}', '{"writeKey":null}'),
    ],
)
def test_of_keys_in_an_event_a_hint_is_kept(raw: str, kept: str) -> None:
    assert without_keys(raw.encode(), "wk_long_and_secret").decode() == kept
