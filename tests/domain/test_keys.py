"""Keys: long, random, recognised by their checksum, and kept as digests."""

import pytest

from app.domain.keys import checksum, digest, hint, new_key


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
