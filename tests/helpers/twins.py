"""A command line of podrunner and the same one of kubectl, against the same server: both have to say the same."""

import subprocess
from typing import NamedTuple

import commandline
import kubectl_session


class Said(NamedTuple):
    """What a command wrote and how it ended."""

    status: int
    out: str
    err: str


def podrunner(world: kubectl_session.KubectlWorld, *arguments: str, stdin: bytes = b"") -> Said:
    """`podrunner ARGUMENTS` to its end."""
    return _run([commandline.PODRUNNER, *arguments], world, stdin)


def kubectl(world: kubectl_session.KubectlWorld, *arguments: str, stdin: bytes = b"") -> Said:
    """`kubectl ARGUMENTS` to its end."""
    return _run([kubectl_session.KUBECTL, *arguments], world, stdin)


def same(world: kubectl_session.KubectlWorld, *arguments: str, stdin: bytes = b"") -> Said:
    """What both say, which has to be the same."""
    ours, theirs = podrunner(world, *arguments, stdin=stdin), kubectl(world, *arguments, stdin=stdin)
    assert ours == theirs
    return ours


def in_terminal(world: kubectl_session.KubectlWorld, *arguments: str) -> kubectl_session.Terminal:
    """`podrunner ARGUMENTS` in a terminal of its own."""
    return world.terminal("env", f"PODRUNNER_STATE_DIR={world.state_dir}", commandline.PODRUNNER, *arguments)


def _run(command: list[str], world: kubectl_session.KubectlWorld, stdin: bytes) -> Said:
    environ = {**world.kubectl_environ, "PODRUNNER_STATE_DIR": str(world.state_dir)}
    done = subprocess.run(
        command, input=stdin, env=environ, capture_output=True, timeout=commandline.PATIENCE_SECONDS, check=False
    )
    return Said(done.returncode, done.stdout.decode(errors="backslashreplace"), done.stderr.decode())
