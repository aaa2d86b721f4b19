"""What a shown token means for a login, by when its successor was made and used."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.arriving.keys import Scope
from app.domain.arriving.logins import LIFE, Login, Verdict, verdict

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST = Login(b"name", Scope.READ, 1, NOW + LIFE, b"first", None, NOW, None)
GIVEN = FIRST._replace(token=b"second", previous=b"first")
USED = GIVEN._replace(confirmed_at=NOW + timedelta(seconds=5))


@pytest.mark.parametrize(
    ("login", "shown", "after", "expected"),
    [
        (FIRST, b"first", 0, Verdict.PASS),
        (FIRST, b"first", 3_599, Verdict.PASS),
        (FIRST, b"first", 3_600, Verdict.RENEW),
        (FIRST, b"guessed", 0, Verdict.END),
        (GIVEN, b"second", 1, Verdict.CONFIRM),
        (GIVEN, b"first", 59, Verdict.PASS),
        (GIVEN, b"first", 60, Verdict.RENEW),
        (GIVEN, b"first", 86_400, Verdict.RENEW),
        (GIVEN, b"second", 3_600, Verdict.RENEW),
        (GIVEN, b"older", 1, Verdict.END),
        (USED, b"second", 60, Verdict.PASS),
        (USED, b"second", 3_600, Verdict.RENEW),
        (USED, b"first", 64, Verdict.PASS),
        (USED, b"first", 65, Verdict.END),
    ],
)
def test_what_a_token_is_worth(login: Login, shown: bytes, after: int, expected: Verdict) -> None:
    assert verdict(login, shown, NOW + timedelta(seconds=after)) is expected
