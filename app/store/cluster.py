"""The bundled Postgres: started, adopted and stopped as a cluster of our own, with nothing but its own programs.

A folder given to `start` gets one subfolder, `postgres` (mode 0700), that belongs to the user Postgres runs as: data, socket, log.
"""

import os
import secrets
import select
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from app.store.placement import ClusterError, Placement, place

__all__ = ["Cluster", "ClusterError", "start"]

NAME = "waystage"
"""The name of the role and of the database."""

READY_WITHIN = 60.0
"""Seconds that a start may take, crash recovery included."""

LONGEST_SOCKET = 107
"""Bytes that the path of a Unix socket may have."""

TUNING = {
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "max_connections": "100",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",  # the long form quotes the values of rows, and those are personal data
    "log_min_error_statement": "panic",
}
"""Written to postgresql.conf when the cluster is made; the operator may change it there."""


@dataclass(frozen=True)
class Cluster:
    """A Postgres that answers. `notices` are sentences for the operator; `adopted` tells that it ran before the start."""

    pid: int
    socket_folder: Path
    log: Path
    notices: tuple[str, ...] = ()
    adopted: bool = False

    @property
    def dsn(self) -> str:
        """A postgresql:// URL of the database, by way of the Unix socket."""
        return f"postgresql://{NAME}@/{NAME}?host={quote(str(self.socket_folder))}"

    def running(self) -> bool:
        return not self.wait(timeout=0)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the postmaster is gone, `timeout` seconds at most; tells whether it is gone."""
        return _ended(self.pid, timeout)

    def stop(self, timeout: float = 60.0) -> None:
        """Shut down fast: sessions end, a checkpoint is written. After `timeout` seconds at once, leaving recovery to the next start."""
        for order, patience in ((signal.SIGINT, timeout), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            if not self.running():
                return
            os.kill(self.pid, order)
            self.wait(patience)


def start(folder: Path, *, settings: Mapping[str, str] | None = None) -> Cluster:
    """Make the cluster of `folder` if there is none, start it if it does not run, and return once it answers.

    `settings` are Postgres' own and hold for this run (`{"fsync": "off"}` for tests, which also makes the cluster without syncing).
    Never changes the permissions of a folder that it has not made. Raises ClusterError, within about a minute.
    """
    settings = settings or {}
    where = place(folder)
    if not where.data.exists():
        _create(where, sync=settings.get("fsync") != "off")
    socket_folder = _socket_folder(where)
    notices = where.notices
    if adopted := _answers(where, socket_folder):
        notices += ("A Postgres that an earlier run left behind goes on.",)
    else:
        _launch(where, socket_folder, settings)
    if (pid := _recorded_pid(where)) is None:
        raise ClusterError(f"Postgres ended as soon as it had started. The end of {where.log}:\n{_tail(where.log)}")
    return Cluster(pid, socket_folder, where.log, notices, adopted)


def _create(where: Placement, *, sync: bool) -> None:
    """Make the cluster beside its place and move it there when it is whole."""
    for leftover in where.home.glob("data.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh = where.home / f"data.{secrets.token_hex(4)}"
    tuning = [word for name, value in TUNING.items() for word in ("--set", f"{name}={value}")]
    flags = ["--auth-local=trust", "--auth-host=reject", "--no-instructions", *([] if sync else ["--no-sync"])]
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    _check(where.run("initdb", "-D", str(fresh), "-U", NAME, *flags, *locale, *tuning))
    single = ["--single", "-D", str(fresh), *([] if sync else ["-F"]), "postgres"]
    _check(where.run("postgres", *single, stdin=f"CREATE DATABASE {NAME}\n"))
    fresh.rename(where.data)


def _socket_folder(where: Placement) -> Path:
    """The home, or a short folder in the system's temporary one where the home's path has too many bytes or a comma, which splits hosts."""
    if len(os.fsencode(where.home / ".s.PGSQL.5432")) <= LONGEST_SOCKET and "," not in str(where.home):
        return where.home
    owner = where.home.stat()
    short = Path(tempfile.gettempdir()) / f"waystage-{sha256(os.fsencode(where.home)).hexdigest()[:12]}"
    if not short.exists():
        short.mkdir(mode=0o700)
        os.chown(short, owner.st_uid, owner.st_gid)
    found = short.lstat()
    if (stat.S_ISDIR(found.st_mode), stat.S_IMODE(found.st_mode), found.st_uid) != (True, 0o700, owner.st_uid):
        raise ClusterError(f"{short} is not the closed folder that it should be: remove it.")
    return short


def _answers(where: Placement, socket_folder: Path) -> bool:
    """Whether a postmaster serves this cluster already."""
    asked = ("-q", "-h", str(socket_folder), "-U", NAME, "-d", NAME)
    return _recorded_pid(where) is not None and where.run("pg_isready", *asked).returncode == 0


def _launch(where: Placement, socket_folder: Path, settings: Mapping[str, str]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    if where.log.exists():
        where.log.replace(where.log.with_suffix(".log.1"))
    while not (_answers(where, socket_folder) or _try_launch(where, socket_folder, settings, deadline)):
        if not _held(where) or time.monotonic() > deadline:
            raise ClusterError(f"Postgres did not start. The end of {where.log}:\n{_tail(where.log)}")
        time.sleep(0.2)


def _try_launch(where: Placement, socket_folder: Path, settings: Mapping[str, str], deadline: float) -> bool:
    _forget_stranger(where)
    socket_folders = '"' + str(socket_folder).replace('"', '""') + '"'
    options = {"listen_addresses": "", "unix_socket_directories": socket_folders, "unix_socket_permissions": "0700", **settings}
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    patience = str(max(1, round(deadline - time.monotonic())))
    started = where.run("pg_ctl", "start", "-s", "-D", "data", "-l", where.log.name, "-t", patience, "-o", shlex.join(words))
    return started.returncode == 0


def _held(where: Placement) -> bool:
    """Whether an earlier postmaster, or a session that has outlived it, still holds the data."""
    return any(words in _tail(where.log, 4) for words in ("is still in use", 'lock file "postmaster.pid" already exists'))


def _forget_stranger(where: Placement) -> None:
    """Remove the record of a postmaster whose number now belongs to another program: Postgres itself would refuse to start."""
    try:
        folder = Path(f"/proc/{_recorded_pid(where)}/cwd").readlink()
    except OSError:
        return
    if folder != where.data:
        (where.data / "postmaster.pid").unlink(missing_ok=True)


def _recorded_pid(where: Placement) -> int | None:
    try:
        return int((where.data / "postmaster.pid").read_text().split()[0])
    except (FileNotFoundError, IndexError):
        return None


def _check(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        raise ClusterError(f"{Path(done.args[0]).name} failed:\n{done.stdout}{done.stderr}".rstrip())


def _tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def _ended(pid: int, timeout: float | None) -> bool:
    """Wait for the end of a process that need not be our child."""
    if sys.platform != "linux":
        return _ended_by_asking(pid, timeout)
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    with os.fdopen(handle):
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        ended = bool(poll.poll(None if timeout is None else timeout * 1000))
    if ended:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # as a container's first process we inherit it, and unburied it would hold the data
    return ended


def _ended_by_asking(pid: int, timeout: float | None) -> bool:
    deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.2)
