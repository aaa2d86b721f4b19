"""The webhooks in force, and the tokens that must not come again."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import NamedTuple

import msgspec
import structlog

from app.domain.arriving.mapping import InvalidMapping, RowMapping, parse_mapping
from app.domain.arriving.seals import BrokenSealError, unseal
from app.domain.arriving.signatures import Arrived, ForgedError, Scheme, verify
from app.http.problems import ProblemError
from app.http.refreshing import REFRESH_SECONDS_MAX, keep_fresh
from app.store.access import Source
from app.store.connect import Pool
from app.store.webhooks import Webhook, read_webhooks

log = structlog.get_logger("webhooks")


class Inlet(NamedTuple):
    """A webhook ready for use."""

    source: Source
    scheme: Scheme
    secret: str
    mapping: RowMapping


class WebhookRing:
    """The webhooks in force, read again every 5 s, so that a change takes effect within 10 s and no request asks Postgres for one."""

    def __init__(self, pool: Pool, secret: bytes) -> None:
        self._pool = pool
        self._secret = secret
        self._kept: list[Webhook] = []
        self._inlets: dict[str, Inlet] | None = None
        self._tokens: dict[str, tuple[datetime, bytes]] = {}

    async def run(self) -> None:
        await keep_fresh("webhooks", self.refresh, lambda: self._inlets is not None)

    async def refresh(self) -> None:
        self._forget(datetime.now(UTC))
        async with asyncio.timeout(REFRESH_SECONDS_MAX), self._pool.acquire(timeout=REFRESH_SECONDS_MAX) as connection:
            kept = await read_webhooks(connection)
        if self._inlets is None or kept != self._kept:
            self._kept, self._inlets = kept, self._ready(kept)

    def open(self, name: str, arrived: Arrived, now: datetime) -> Inlet:
        """The webhook of this name for a request that is signed for it; raises ForgedError, also where there is none of the name.

        503 before the webhooks were read for the first time.
        """
        if self._inlets is None:
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the webhooks are not read yet", headers={"Retry-After": "1"})
        inlet = self._inlets.get(name)
        if inlet is None:
            raise ForgedError("there is no webhook of this name")
        token = verify(inlet.scheme, inlet.secret, arrived, now)
        if token is not None:
            self._remember(f"{name}\0{token}", hashlib.sha256(arrived.body).digest(), now + timedelta(seconds=2 * inlet.scheme.tolerance))
        return inlet

    def _remember(self, token: str, body: bytes, until: datetime) -> None:
        """Keep a token with its body as long as the time that it was signed at may be taken."""
        _, first = self._tokens.setdefault(token, (until, body))
        if first != body:
            raise ForgedError("the token came with another body before")

    def _forget(self, now: datetime) -> None:
        """Let go of the tokens whose time is over."""
        self._tokens = {token: kept for token, kept in self._tokens.items() if kept[0] > now}

    def _ready(self, kept: Sequence[Webhook]) -> dict[str, Inlet]:
        inlets: dict[str, Inlet] = {}
        for webhook in kept:
            try:
                inlets[webhook.name] = Inlet(
                    webhook.source,
                    msgspec.json.decode(webhook.scheme, type=Scheme),
                    unseal(self._secret, purpose(webhook.name), webhook.secret).decode(),
                    parse_mapping(webhook.mapping),
                )
            except (BrokenSealError, InvalidMapping) as error:
                log.warning("a webhook cannot be used; put it again", webhook=webhook.name, error=str(error))
        return inlets


def purpose(name: str) -> str:
    """What the secret of a webhook is sealed for."""
    return f"webhook {name}"
