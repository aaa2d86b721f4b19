"""The command line: `waystage run` starts everything; the rest are its parts, and the operator's tools."""

import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import httpx
import structlog
import typer

from app.client.imports import import_file
from app.client.rebuilds import rebuild as ask_for_rebuild
from app.http.app import create_app
from app.http.server import Server
from app.http.service import Options
from app.keyfile import known_keys, known_secret
from app.main import CannotRunError, exit_with_parent, read_settings
from app.main import main as supervise
from app.settings import Settings
from app.store.migrations import migrate as migrate_schema
from app.worker import identity_rules, work

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Waystage: customer journeys and their stage transitions.")
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
Url = Annotated[str | None, typer.Option("--url", help="The collector's address; by default the one that the settings name.")]


@app.command()
def run() -> None:
    """Start Postgres (unless DATABASE_URL is set), the collector and the worker, and keep them running."""
    supervise()


@app.command()
def collect() -> None:
    """Start one collector: HTTP and questions, over DATABASE_URL."""
    settings = _settings()
    exit_with_parent()
    Server(
        create_app(_options(settings)),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
    ).run()


@app.command(name="work")
def work_() -> None:
    """Start one worker over DATABASE_URL; one of several derives, the others stand by."""
    settings = _settings()
    exit_with_parent()
    asyncio.run(_work(settings))


@app.command()
def migrate() -> None:
    """Bring the schema of DATABASE_URL up to date."""
    asyncio.run(migrate_schema(_dsn(_settings())))


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, TSV or NDJSON, gzip or not.")],
    mapping: Annotated[Path | None, typer.Option("--map", exists=True, dir_okay=False, help="How rows become events (YAML).")] = None,
    url: Url = None,
) -> None:
    """Load a file of history through the trusted source. The same file again changes nothing."""
    settings = _settings()
    with _client(settings, url, known_keys(settings.data_dir, settings.keys).server, "WAYSTAGE_SERVER_KEY") as client:
        import_file(client, file, mapping)


@app.command()
def rebuild(url: Url = None) -> None:
    """Derive everything again from the events; answers go on meanwhile."""
    settings = _settings()
    with _client(settings, url, known_keys(settings.data_dir, settings.keys).admin, "WAYSTAGE_ADMIN_KEY") as client:
        ask_for_rebuild(client)


def _settings() -> Settings:
    try:
        return read_settings()
    except CannotRunError as error:
        sys.exit(str(error))


def _client(settings: Settings, url: str | None, key: str | None, name: str) -> httpx.Client:
    if key is None:
        sys.exit(f"no key: set {name}, or WAYSTAGE_DATA_DIR to the folder that keeps `keys`")
    base = url or settings.public_url or f"http://{settings.host}:{settings.port}"
    return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {key}"}, timeout=httpx.Timeout(60, read=None, write=None))


def _options(settings: Settings) -> Options:
    return Options(
        dsn=_dsn(settings),
        data_dir=settings.data_dir,
        write_key=known_keys(settings.data_dir, settings.keys).write,
        rules=identity_rules(settings),
        script_path=settings.script_path,
        public_url=settings.public_url,
        country_header=settings.country_header,
        secret=known_secret(settings.data_dir, settings.secret),
    )


def _dsn(settings: Settings) -> str:
    if settings.database_url is None:
        sys.exit("DATABASE_URL names the Postgres of this process; `waystage run` brings its own")
    return settings.database_url


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await work(_dsn(settings), identity_rules(settings), stop)


if __name__ == "__main__":
    app()
