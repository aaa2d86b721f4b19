"""What a start says to the operator."""

from collections.abc import Iterator

from app.flow.boot import Prepared
from app.http.snippet import fill_snippet
from app.keyfile import known_keys
from app.settings import Settings

_DOORS = {
    "write": "write key (public: stands in pages, can only write)",
    "server": "server key (a trusted source)",
    "read": "read key",
    "admin": "admin key",
}


def welcome(settings: Settings, port: int, prepared: Prepared) -> Iterator[str]:
    """The page's one-time link, the keys that were made now, the snippet to paste and the demo."""
    base = settings.public_url or f"http://{'[::1]' if ':' in settings.host else settings.host}:{port}".replace("//0.0.0.0", "//127.0.0.1")
    write_key = known_keys(settings.data_dir, settings.keys).write
    yield f"\nWaystage is ready at {base}\n"
    yield f"  page (link for one log-in, 30 minutes)   {base}/login?token={prepared.login}"
    yield f"  demo shop                                {base}/demo?utm_source=newsletter&utm_medium=email&utm_campaign=welcome"
    made = {door: key for door, key in prepared.made._asdict().items() if key}
    if made:
        yield f"\nKeys, shown this once and kept in {settings.data_dir / 'keys'}:"
        for door, key in made.items():
            yield f"  {_DOORS[door]:<53}  {key}"
    else:
        yield f"\nKeys are those of before ({settings.data_dir / 'keys'}, or the WAYSTAGE_*_KEY that were set)."
    if write_key:
        yield "\nPaste this into a site's pages:\n"
        yield fill_snippet(base + settings.script_path, write_key)
    yield "\nCtrl-C stops everything."
