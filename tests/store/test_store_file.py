"""The store's file: reopened, killed while written to, foreign, in use."""

import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from podrunner import clock, errors
from podrunner.objects import config, kinds, meta
from podrunner.store import database
from podrunner.store.registry import Registry
from podrunner.store.watch import Change

CONFIG_MAP = kinds.of(config.ConfigMap())

WRITER = """
import sys
from pathlib import Path
from podrunner import clock
from podrunner.objects import config, meta
from podrunner.store.registry import Registry

registry = Registry(Path(sys.argv[1]), clock.SystemClock())
registry.create(config.ConfigMap(metadata=meta.ObjectMeta(name="a")))
for number in range(1_000_000):
    data = {"text": str(number) * 500}
    stored = registry.update(config.ConfigMap(metadata=meta.ObjectMeta(name="a", namespace="default"), data=data))
    sys.stdout.write(stored.metadata.resource_version + "\\n")
    sys.stdout.flush()
"""


def opened(path: Path) -> Registry:
    return Registry(path, clock.SystemClock())


def test_what_was_stored_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    first = opened(tmp_path / "store.db")
    stored = first.create(config.ConfigMap(metadata=meta.ObjectMeta(name="a"), data={"colour": "red"}))
    first.close()
    second = opened(tmp_path / "store.db")
    assert second.get(CONFIG_MAP, "default", "a") == stored
    assert second.list(CONFIG_MAP).resource_version == stored.metadata.resource_version
    assert len(second.watch(CONFIG_MAP, since="1").pending()) == 1
    second.close()


def test_no_other_user_can_read_the_store(tmp_path: Path) -> None:
    registry = opened(tmp_path / "store.db")
    registry.create(config.ConfigMap(metadata=meta.ObjectMeta(name="a")))
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {
        "store.db": 0o600,
        "store.db-wal": 0o600,
    }
    registry.close()


def test_a_place_that_can_not_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(errors.ServerError, match=r"cannot open the store .*/none/store\.db: No such file or directory"):
        opened(tmp_path / "none" / "store.db")


def test_resource_versions_go_on_after_everything_was_deleted(tmp_path: Path) -> None:
    first = opened(tmp_path / "store.db")
    first.create(config.ConfigMap(metadata=meta.ObjectMeta(name="a")))
    first.delete(CONFIG_MAP, "default", "a")
    first.close()
    second = opened(tmp_path / "store.db")
    assert second.create(config.ConfigMap(metadata=meta.ObjectMeta(name="a"))).metadata.resource_version == "4"
    second.close()


@pytest.mark.engine  # needs none, but a process
def test_a_writer_killed_at_any_moment_leaves_a_consistent_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for _ in range(300):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        told = [int(line) for line in writer.stdout if line.endswith("\n")]
    registry = opened(path)
    newest = int(registry.list(CONFIG_MAP).resource_version)
    assert newest >= max(told, default=300), "what was answered is stored"
    history: list[Change] = []
    watch = registry.watch(CONFIG_MAP, since=str(newest - 200))
    while batch := watch.pending():
        history.extend(batch)
    assert [int(change.resource_version) for change in history] == list(range(newest - 199, newest + 1))
    assert registry.get(CONFIG_MAP, "default", "a") == history[-1].object
    registry.close()


def test_a_file_of_another_schema_is_refused_with_advice(tmp_path: Path) -> None:
    opened(tmp_path / "store.db").close()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(errors.ServerError, match=r"store\.db has schema 99, this podrunner knows schema 1: use the"):
        opened(tmp_path / "store.db")


def test_a_file_that_is_no_store_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"something else entirely\n" * 100)
    with pytest.raises(errors.ServerError, match="file is not a database; move it away to start afresh"):
        opened(tmp_path / "store.db")


def test_a_file_another_server_uses_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_LOCK_SECONDS", 0.01)
    first = opened(tmp_path / "store.db")
    with pytest.raises(errors.ServerError, match="database is locked; is another podrunner server using it"):
        opened(tmp_path / "store.db")
    first.close()
