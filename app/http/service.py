"""What the routes of one process share."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from fastapi import Request

from app.domain.identity.identifiers import IdentityRules
from app.flow.collect import Collector
from app.flow.spool import Spool
from app.http.keyring import KeyRing
from app.http.listening import Listening
from app.http.metrics import Metrics
from app.http.webhook_ring import WebhookRing
from app.store.connect import Pool
from app.store.resident import Resident


@dataclass(frozen=True)
class Options:
    """What the process was started with. `data_dir` is a folder of our own; `secret` makes the seals on links and of webhooks' keys."""

    dsn: str
    data_dir: Path
    write_key: str | None
    rules: IdentityRules
    script_path: str = "/waystage.js"
    public_url: str | None = None
    country_header: str | None = None
    secret: bytes = b""

    @property
    def spool_dir(self) -> Path:
        """Where hits wait for Postgres."""
        return self.data_dir / "spool"

    @property
    def imports_dir(self) -> Path:
        """Where files wait to be imported."""
        return self.data_dir / "imports"


@dataclass(frozen=True)
class Service:
    """Connections, queue, keys and resident frames of one process; `leaving` is set when its end has begun."""

    options: Options
    pool: Pool
    collector: Collector
    keys: KeyRing
    webhooks: WebhookRing
    resident: Resident
    metrics: Metrics
    spool: Spool
    listening: Listening
    leaving: asyncio.Event = field(default_factory=asyncio.Event)


def service_of(request: Request) -> Service:
    return cast("Service", request.app.state.service)


def address_of(request: Request) -> str:
    """The address of this service as others know it, without a slash at its end: the operator's, else the one that was called."""
    return (service_of(request).options.public_url or str(request.base_url)).rstrip("/")
