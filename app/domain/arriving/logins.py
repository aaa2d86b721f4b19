"""Logins of browsers: the token of a login is replaced as it is used, so that a copy of it gives itself away."""

from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple

from app.domain.arriving.keys import Scope

LIFE = timedelta(days=14)
RENEWED_AFTER = timedelta(hours=1)
GRACE = timedelta(seconds=60)
"""How long a token goes on after its successor was used: for requests that were under way. As long a successor is waited for."""


class Login(NamedTuple):
    """A login as kept: the digests of its name, of the token in force and of the one before; times are in UTC.

    `key` is the number of the key that it came of, None where it came of a link. `confirmed_at`: when the token was first used.
    """

    digest: bytes
    scope: Scope
    key: int | None
    expires_at: datetime
    token: bytes
    previous: bytes | None
    renewed_at: datetime
    confirmed_at: datetime | None


class Verdict(Enum):
    """What becomes of a login when a token of it is shown."""

    PASS = auto()
    CONFIRM = auto()
    """It passes, and its successor was received: the token before has only its grace left."""
    RENEW = auto()
    """It passes, and is due for a successor, or the one that was given out is used by nobody."""
    END = auto()
    """It is neither in force nor in its grace: somebody has a copy, and nobody knows who."""


def verdict(login: Login, shown: bytes, now: datetime) -> Verdict:
    """What the digest of a shown token means for the login."""
    if shown == login.token:
        if now - login.renewed_at >= RENEWED_AFTER:
            return Verdict.RENEW
        return Verdict.CONFIRM if login.previous and login.confirmed_at is None else Verdict.PASS
    if shown != login.previous:
        return Verdict.END
    if login.confirmed_at is None:
        return Verdict.RENEW if now - login.renewed_at >= GRACE else Verdict.PASS
    return Verdict.PASS if now - login.confirmed_at < GRACE else Verdict.END
