"""The ring of keys in force."""

import asyncio
import hmac
from http import HTTPStatus

from app.domain.arriving.keys import digest
from app.http.problems import ProblemError
from app.http.refreshing import REFRESH_SECONDS_MAX, keep_fresh
from app.store.access import Key, read_keys
from app.store.connect import Pool


class KeyRing:
    """The keys in force, read again every 5 s, so that a revocation takes effect within 10 s and no request asks Postgres for a key."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._keys: dict[bytes, Key] | None = None

    async def run(self) -> None:
        await keep_fresh("keys", self.refresh, lambda: self.known)

    async def refresh(self) -> None:
        async with asyncio.timeout(REFRESH_SECONDS_MAX), self._pool.acquire(timeout=REFRESH_SECONDS_MAX) as connection:
            self._keys = {key.digest: key for key in await read_keys(connection)}

    @property
    def known(self) -> bool:
        """Whether the keys were read at all."""
        return self._keys is not None

    def find(self, key: str) -> Key | None:
        """The key in force that this text is; 503 before the keys were read for the first time."""
        if self._keys is None:
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the keys are not read yet", headers={"Retry-After": "1"})
        shown = digest(key)
        found = self._keys.get(shown)
        return found if found and hmac.compare_digest(found.digest, shown) else None
