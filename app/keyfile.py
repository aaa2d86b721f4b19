"""The files `keys` and `secret` in the data folder: what was made at the first start, and where the command line finds it."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from app.domain.arriving.keys import Keys

_NAMES = {"write": "WAYSTAGE_WRITE_KEY", "server": "WAYSTAGE_SERVER_KEY", "read": "WAYSTAGE_READ_KEY", "admin": "WAYSTAGE_ADMIN_KEY"}


def read_keys(data_dir: Path) -> Keys:
    """The keys that the file keeps; None where it keeps none."""
    try:
        lines = (data_dir / "keys").read_text("utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    found = dict(line.split("=", 1) for line in lines if "=" in line)
    return Keys(*(found.get(_NAMES[door]) for door in Keys._fields))


def keep_keys(data_dir: Path, keys: Keys) -> None:
    """Write keys to the file, readable by its owner alone; what it kept of other doors stays."""
    kept = read_keys(data_dir)
    merged = Keys(*(new or old for new, old in zip(keys, kept, strict=True)))
    text = "".join(f"{_NAMES[door]}={key}\n" for door, key in merged._asdict().items() if key)
    written = data_dir / "keys.new"
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    written.replace(data_dir / "keys")


def known_keys(data_dir: Path, given: Keys) -> Keys:
    """What the operator set, else what the file keeps."""
    return Keys(*(one or other for one, other in zip(given, read_keys(data_dir), strict=True)))


def known_secret(data_dir: Path, given: str | None) -> bytes:
    """The secret that makes seals: the operator's, else the data folder's, made when it is first asked for.

    Collectors with folders of their own need the operator's, or none opens what another has sealed.
    """
    if given:
        return given.encode()
    kept = data_dir / "secret"
    if not kept.exists():
        _make_secret(kept)
    return kept.read_bytes()


def _make_secret(kept: Path) -> None:
    """Of several processes at once the first one's stays."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    written = kept.with_name(f"secret.{os.getpid()}")
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(32))
    with suppress(FileExistsError):
        os.link(written, kept)
    written.unlink()
