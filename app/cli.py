"""The command line: `waystage run` starts everything; the rest are its parts, and the operator's tools."""

import asyncio
import logging
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import httpx
import structlog
import typer

from app.client import failed_events
from app.client import live as live_client
from app.client.demo import Year, import_demo, write_demo
from app.client.imports import How, import_files, list_imports, undo_import
from app.client.links import Mailing, merge
from app.client.rebuilds import rebuild as ask_for_rebuild
from app.client.verify import verify as ask_to_verify
from app.http.app import create_app
from app.http.server import Server
from app.http.service import Options
from app.keyfile import known_keys, known_secret
from app.main import CannotRunError, exit_with_parent, read_settings
from app.main import main as supervise
from app.settings import Settings
from app.worker import identity_rules, work

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Waystage: customer journeys and their stage transitions.")
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
Url = Annotated[str | None, typer.Option("--url", help="The collector's address; by default the one that the settings name.")]
Code = Annotated[str | None, typer.Option("--code", help="Those refused for this reason.")]
SourceName = Annotated[str | None, typer.Option("--source", help="Those of this source.")]
DEMO_CUSTOMERS_MAX = 2_000_000
DEMO_TIMES = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"]
ImportNumber = Annotated[int | None, typer.Option("--import", help="Those of this import.")]


failed = typer.Typer(help="Events that could not be stored: why, and what to do about them.")
app.add_typer(failed, name="failed")


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
    from app.store import migrations  # noqa: PLC0415 - a collector needs no Alembic, whose import takes half a second

    asyncio.run(migrations.migrate(_dsn(_settings())))


@app.command(name="import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Files, folders of files, or - for standard input.")],
    *,
    mapping: Annotated[Path | None, typer.Option("--map", exists=True, dir_okay=False, help="How rows become events (YAML).")] = None,
    preset: Annotated[str | None, typer.Option(help="A mapping that comes with Waystage.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what an import would do, and do nothing.")] = False,
    rejects: Annotated[Path | None, typer.Option(help="Where rejected rows go; by default FILE.rejects.ndjson.")] = None,
    url: Url = None,
) -> None:
    """Load files of history (NDJSON, JSON, CSV, TSV, Parquet) through the trusted source. The same file again changes nothing."""
    with _importer(url) as client:
        import_files(client, files, How(mapping.read_text("utf-8") if mapping else None, preset, dry_run, rejects))


@app.command()
def demo(
    *,
    customers: Annotated[int, typer.Option(min=1, max=DEMO_CUSTOMERS_MAX, help="How many people; about nine events each.")] = 200_000,
    until: Annotated[datetime | None, typer.Option(formats=DEMO_TIMES, help="Where the year ends (UTC); by default this hour.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same year.")] = 1,
    file: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the year to this file (.ndjson or .ndjson.zst) instead.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Take a demo that was imported before back first.")] = False,
    url: Url = None,
) -> None:
    """Import a made-up year of an online shop with stores, so that there is something to look at. `waystage undo` takes it back."""
    end = until.replace(tzinfo=UTC) if until else datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    year = Year(customers, end, seed)
    if file is not None:
        write_demo(year, file)
        return
    with _administrator(url) as client:
        import_demo(client, year, replace=replace)


@app.command()
def imports(url: Url = None) -> None:
    """List the newest imports and how far they are."""
    with _overseer(url) as client:
        list_imports(client)


@app.command()
def undo(number: Annotated[int, typer.Argument(help="The import's number.")], url: Url = None) -> None:
    """Take an import back: exactly its events leave, and the journeys that they concerned are derived again."""
    with _overseer(url) as client:
        undo_import(client, number)


@app.command()
def links(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Recipients: CSV with a line of column names.")],
    *,
    target: Annotated[str, typer.Option(help="Where the link leads.")],
    message: Annotated[str, typer.Option(help="The mailing's id.")],
    campaign: Annotated[str, typer.Option(help="The campaign's name (utm_campaign).")],
    source: Annotated[str, typer.Option(help="Which list or system sends it (utm_source).")] = "newsletter",
    column: Annotated[str, typer.Option(help="The column of the email addresses.")] = "email",
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="Where the file goes; by default standard output.")] = None,
    url: Url = None,
) -> None:
    """Write a file of recipients again with a link for each: columns click_url and open_url."""
    with _importer(url) as client:
        merge(client, file, output, Mailing(target, message, campaign, source, column))


@app.command()
def rebuild(url: Url = None) -> None:
    """Derive everything again from the events; answers go on meanwhile."""
    with _administrator(url) as client:
        ask_for_rebuild(client)


@app.command()
def verify(
    customer: Annotated[str | None, typer.Argument(help="One customer, by any identifier: kind:value.")] = None,
    *,
    customers: Annotated[int, typer.Option(min=1, help="How many customers are drawn, and how many events.")] = 1_000,
    everything: Annotated[bool, typer.Option("--all", help="Verify everybody, and whose every event is.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed draws the same ones again.")] = 0,
    differences: Annotated[int, typer.Option(min=0, help="How many differences are printed; all are counted.")] = 100,
    url: Url = None,
) -> None:
    """Derive customers afresh from their events and print each row that is kept otherwise; 1 is the exit code where there is one."""
    asked = {"customer": customer, "customers": customers, "everything": everything, "seed": seed, "differences": differences}
    with _administrator(url) as client:
        ask_to_verify(client, asked)


@failed.callback(invoke_without_command=True)
def failed_(
    context: typer.Context,
    *,
    show: Annotated[int | None, typer.Option(help="Show the failed event of this number instead.")] = None,
    code: Code = None,
    source: SourceName = None,
    import_: ImportNumber = None,
    url: Url = None,
) -> None:
    """Say why events could not be stored, and how many."""
    if context.invoked_subcommand:
        return
    with _reader(url) as client:
        if show is not None:
            failed_events.show_one(client, show)
        else:
            failed_events.show_reasons(client, {"code": code, "source": source, "import": import_})


@failed.command()
def replay(
    number: Annotated[int | None, typer.Argument(help="A failed event; without it all that are meant.")] = None,
    code: Code = None,
    source: SourceName = None,
    import_: ImportNumber = None,
    url: Url = None,
) -> None:
    """Try failed events again: what is an event now is stored, what is refused again stays with its newest reason."""
    with _administrator(url) as client:
        if number is not None:
            failed_events.replay_one(client, number)
        else:
            failed_events.replay_all(client, {"code": code, "source": source, "import": import_})


@failed.command()
def edit(
    number: Annotated[int, typer.Argument(help="The failed event.")],
    file: Annotated[Path, typer.Argument(allow_dash=True, help="The mended event, JSON; - is the standard input.")],
    url: Url = None,
) -> None:
    """Put a mended event in the place of what was refused."""
    with _administrator(url) as client:
        failed_events.mend(client, number, file)


@app.command()
def tail(
    *,
    kind: Annotated[str | None, typer.Option(help="Some of accepted, duplicate, failed, derived, with commas between them.")] = None,
    source: SourceName = None,
    event: Annotated[str | None, typer.Option(help="Name of the event; * is any characters, ? is one.")] = None,
    customer: Annotated[str | None, typer.Option(help="An identifier, kind:value.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    url: Url = None,
) -> None:
    """Print what arrives and what is derived of it, as it happens, until Ctrl-C."""
    with _reader(url) as client, suppress(KeyboardInterrupt):
        live_client.tail(client, {"kind": kind, "source": source, "event": event, "customer": customer}, as_json=json)


def _settings() -> Settings:
    try:
        return read_settings()
    except CannotRunError as error:
        sys.exit(str(error))


def _importer(url: str | None) -> httpx.Client:
    settings = _settings()
    return _client(settings, url, known_keys(settings.data_dir, settings.keys).server, "WAYSTAGE_SERVER_KEY")


def _overseer(url: str | None) -> httpx.Client:
    """A client that sees the imports of every source, or with nothing but a server key those of one."""
    settings = _settings()
    keys = known_keys(settings.data_dir, settings.keys)
    return _client(settings, url, keys.admin or keys.server, "WAYSTAGE_ADMIN_KEY")


def _reader(url: str | None) -> httpx.Client:
    settings = _settings()
    return _client(settings, url, known_keys(settings.data_dir, settings.keys).read, "WAYSTAGE_READ_KEY")


def _administrator(url: str | None) -> httpx.Client:
    settings = _settings()
    return _client(settings, url, known_keys(settings.data_dir, settings.keys).admin, "WAYSTAGE_ADMIN_KEY")


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
    await work(_dsn(settings), identity_rules(settings), timedelta(days=settings.failed_events_days), stop)


if __name__ == "__main__":
    app()
