"""A state directory that can't be used is told in a sentence."""

import pwd
from pathlib import Path

import pytest

from commandline import container, manifest
from podrunner import errors, files as private, holding, paths
from podrunner.cli import main


@pytest.mark.parametrize("command", ["run pod.yaml", "serve", "kubeconfig", "server start"])
def test_a_place_where_no_directory_can_be_is_told_and_exits_125(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(paths.STATE_DIR_VARIABLE, str(tmp_path / "state"))
    Path("state").write_text("a file")
    Path("pod.yaml").write_text(manifest(container("true")))
    assert main.run(command.split()) == 125
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert str(tmp_path / "state") in line


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for variable in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(errors.ServerError, match=r"set PODRUNNER_STATE_DIR or HOME$"):
        paths.state_dir({})
    with pytest.raises(errors.ServerError, match=r"set PODRUNNER_STATE_DIR or HOME$"):
        paths.state_dir({"PODRUNNER_STATE_DIR": "~/state"})


def test_a_directory_is_held_once_and_lost_when_it_is_removed(tmp_path: Path) -> None:
    files = paths.Files(tmp_path / "state")
    with holding.held(files) as hold, hold.pid_file():
        instance = hold.instance()
        with (
            pytest.raises(errors.ServerRunning, match=f"^a server runs already in {files.directory};"),
            holding.held(files),
        ):
            pass
        assert not hold.lost
        for file in files.directory.iterdir():
            file.unlink()
        files.directory.rmdir()
        assert hold.lost
        with holding.held(files) as successor, successor.pid_file():
            assert successor.instance() != instance
            assert hold.lost
            assert not successor.lost


def test_only_the_holder_s_own_pid_file_is_removed(tmp_path: Path) -> None:
    files = paths.Files(tmp_path)
    with holding.held(files) as hold:
        with hold.pid_file():
            pass
        assert not files.pid.exists()
        with hold.pid_file():
            files.lock.unlink()
        assert files.pid.exists()


def test_what_is_written_whole_is_for_its_owner_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("old")
    file.chmod(0o644)
    private.write_whole(file, b"new")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o600)
    (tmp_path / "directory").mkdir()
    with pytest.raises(IsADirectoryError):
        private.write_whole(tmp_path / "directory", b"new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["directory", "token"]
