"""podrunner for users who are not root: one in the group of the engine's socket, and one who is not."""

import contextlib
import grp
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

import podrunner
from commandline import container, docker, eventually, manifest
from podrunner.engine import address

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can make users; all other tests run as one already"),
]

# Large, and of no use to the command.
LEFT_OUT = shutil.ignore_patterns("kubernetes", "mypy", "*__mypyc*", "__pycache__")


class User:
    """Runs podrunner with nothing of root's: own home, own state directory, nothing in the environment."""

    def __init__(self, name: str, library: Path) -> None:
        self.entry = pwd.getpwnam(name)
        self.home = Path(self.entry.pw_dir)
        self._library = library

    def podrunner(self, *arguments: str, manifests: str = "") -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if name.startswith("DOCKER_") or name == "PATH"}
        return subprocess.run(
            [self._python(), "-m", "podrunner", *arguments],
            input=manifests, capture_output=True, text=True, check=False, timeout=60, cwd="/",
            env={**kept, "HOME": str(self.home), "PYTHONPATH": str(self._library)},
            user=self.entry.pw_uid, group=self.entry.pw_gid,
            extra_groups=os.getgrouplist(self.entry.pw_name, self.entry.pw_gid),
        )  # fmt: skip

    def _python(self) -> str:
        """An interpreter like ours: ours may lie where only root can read."""
        for candidate in (sys.executable, f"/usr/bin/python{sysconfig.get_python_version()}"):
            with contextlib.suppress(OSError):
                subprocess.run([candidate, "-c", ""], user=self.entry.pw_uid, group=self.entry.pw_gid, check=True)
                return candidate
        pytest.skip(f"no Python {sysconfig.get_python_version()} that a user can execute")


@pytest.fixture(scope="module")
def library() -> Iterator[Path]:
    """podrunner and what it imports, where everybody can read it: a checkout may lie in root's home directory."""
    with tempfile.TemporaryDirectory(prefix="podrunner-library-") as directory:
        Path(directory).chmod(0o755)
        library = Path(directory) / "library"
        shutil.copytree(sysconfig.get_path("purelib"), library, ignore=LEFT_OUT)
        shutil.copytree(Path(podrunner.__file__).parent, library / "podrunner", ignore=LEFT_OUT)
        yield library


@contextlib.contextmanager
def user(library: Path, *groups: str) -> Iterator[User]:
    """A user of this machine for the time of the context, whose server is stopped in the end."""
    name = f"podrunner-{uuid4().hex[:8]}"
    membership = ["--groups", ",".join(groups)] if groups else []
    subprocess.run(["useradd", "--create-home", *membership, name], check=True)
    member = User(name, library)
    try:
        yield member
    finally:
        member.podrunner("server", "stop")
        subprocess.run(["userdel", "--remove", "--force", name], check=True, capture_output=True)


def group_of_socket() -> str:
    url = address.resolve(os.environ).url
    if not url.startswith("unix://"):
        pytest.skip("the engine is not on this machine: no group decides who may use it")
    return grp.getgrgid(Path(url.removeprefix("unix://")).stat().st_gid).gr_name


def test_a_user_in_the_group_of_the_engines_socket_runs_pods(library: Path) -> None:
    pod = manifest(container("echo main", "main"), init=(container("echo first", "first"),))
    with user(library, group_of_socket()) as member:
        ended = member.podrunner("run", "-", manifests=pod)
        assert (ended.returncode, ended.stdout) == (0, "[first] first\n[main] main\n"), ended.stderr
        state_dir = member.home / ".local/state/podrunner"
        instance = (state_dir / "instance").read_text().strip()
        ours = f"--filter=label=podrunner.dev/instance={instance}"
        assert docker("ps", "--all", "--quiet", ours) == docker("network", "ls", "--quiet", ours) == []
        pid = int((state_dir / "server.pid").read_text())
        assert Path(f"/proc/{pid}").stat().st_uid == member.entry.pw_uid
        assert member.podrunner("server", "stop").returncode == 0
        eventually(lambda: not Path(f"/proc/{pid}").exists())


def test_another_user_is_told_what_is_missing(library: Path) -> None:
    group_of_socket()
    with user(library) as stranger:
        ended = stranger.podrunner("run", "-", manifests=manifest(container("echo")))
    assert ended.returncode == 125
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: permission denied at the Docker Engine's socket unix://")
    assert "usermod -aG docker" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
