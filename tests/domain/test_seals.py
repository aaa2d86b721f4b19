"""Seals: what is sealed comes back whole, and every other text is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.arriving.seals import BrokenSealError, as_text, from_text, seal, unseal

SECRET = b"secret"


@given(st.binary(max_size=200), st.text(max_size=10))
def test_what_is_sealed_comes_back_whole(plain: bytes, purpose: str) -> None:
    assert unseal(SECRET, purpose, from_text(as_text(seal(SECRET, purpose, plain)))) == plain


@given(st.binary(max_size=50), st.data())
def test_a_text_that_differs_is_none(plain: bytes, data: st.DataObject) -> None:
    text = as_text(seal(SECRET, "purpose", plain))
    place = data.draw(st.integers(0, len(text)))
    cut, put = data.draw(st.integers(0, 2)), data.draw(st.text(max_size=2))
    changed = text[:place] + put + text[place + cut :]
    if changed != text:
        with pytest.raises(BrokenSealError):
            unseal(SECRET, "purpose", from_text(changed))


@pytest.mark.parametrize("secret, purpose", [(b"other", "purpose"), (SECRET, "other"), (b"", "purpose")])
def test_another_secret_or_purpose_opens_nothing(secret: bytes, purpose: str) -> None:
    with pytest.raises(BrokenSealError):
        unseal(secret, purpose, seal(SECRET, "purpose", b"plain"))


def test_one_plain_text_is_never_sealed_twice_alike() -> None:
    assert seal(SECRET, "purpose", b"plain") != seal(SECRET, "purpose", b"plain")
