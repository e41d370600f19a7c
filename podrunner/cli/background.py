"""Starts the server in the background if none answers.

By forking, not by starting a new interpreter: the child goes on with what this process has imported already, while the
parent gets on with its work. A fork copies only the thread that calls it, so `ensure` must be called before any thread
is started; a process with threads calls `ensure_from_thread`, which has a fresh process do it.
"""

import contextlib
import fcntl
import os
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import msgspec

from podrunner import errors, paths
from podrunner.client import http

_LEAVING_SECONDS = 20.0
"""How long a server that holds the state directory but does not answer (yet, or any more) is waited for."""

_LOOK_AGAIN_SECONDS = 0.05
_LOG_BYTES = 1024 * 1024
"""A log longer than this is put aside as server.log.1 when the next server starts."""


class _Report(msgspec.Struct):
    """What the child tells its parent if it can't serve; an empty message: it can."""

    error: str = ""
    message: str = ""


def ensure(state_dir: Path, *, idle_timeout_seconds: float | None = None) -> None:
    """Returns when a server answers. Raises ServerError or EngineError with what kept it from starting.

    Of several processes that call this at once, one starts the server and the others wait for it.
    """
    files = paths.Files(state_dir)
    server = http.Server(files.socket)
    if server.answers():
        return
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _starting(files) as starting:
        give_up_at = time.monotonic() + _LEAVING_SECONDS
        while not server.answers():
            try:
                _start(files, starting, idle_timeout_seconds)
            except errors.ServerRunning:
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(_LOOK_AGAIN_SECONDS)


def ensure_from_thread() -> None:
    """`ensure`, from a process that has threads."""
    import subprocess

    done = subprocess.run(
        [sys.executable, "-m", "podrunner", "server", "start"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise errors.ServerError(done.stderr.strip().removeprefix("error: "))


@contextlib.contextmanager
def _starting(files: paths.Files) -> Iterator[int]:
    lock = os.open(files.directory / "start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


def _start(files: paths.Files, starting: int, idle_timeout_seconds: float | None) -> None:
    read_end, write_end = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        # The lock is shared with the parent until both have closed it.
        os.close(starting)
        os.close(read_end)
        _become_server(files, write_end, idle_timeout_seconds)
    os.close(write_end)
    os.waitpid(child, 0)
    with open(read_end, "rb") as pipe:  # noqa: PTH123 (a pipe has no path)
        told = pipe.read()
    if not told:
        raise errors.ServerError(f"podrunner's server died while it started; {files.log} may tell why")
    report = msgspec.json.decode(told, type=_Report)
    if report.error:
        raise getattr(errors, report.error, errors.ServerError)(report.message)


def _become_server(files: paths.Files, report_to: int, idle_timeout_seconds: float | None) -> NoReturn:
    """Detaches from the terminal and the parent, and serves."""
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        _settle(files)
        _serve(files, report_to, idle_timeout_seconds)
    except BaseException:  # noqa: BLE001 (nothing may return into the parent's program)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(0)


def _serve(files: paths.Files, report_to: int, idle_timeout_seconds: float | None) -> None:
    from podrunner import server

    pipe = open(report_to, "wb", buffering=0)  # noqa: SIM115 (a pipe has no path, and is closed when told)

    def report(error: str = "", message: str = "") -> None:
        if not pipe.closed:
            pipe.write(msgspec.json.encode(_Report(error, message)))
            pipe.close()

    settings = server.Settings(state_dir=files.directory, environ=dict(os.environ))
    if idle_timeout_seconds is not None:
        settings = msgspec.structs.replace(settings, idle_timeout_seconds=idle_timeout_seconds)
    try:
        server.serve(settings, on_ready=report)
    except errors.PodrunnerError as error:
        report(type(error).__name__, str(error))
        raise


def _settle(files: paths.Files) -> None:
    """Standard input from nowhere, both outputs to the log; no directory is kept in use, and new files are private."""
    if files.log.exists() and files.log.stat().st_size > _LOG_BYTES:
        files.log.replace(files.log.with_suffix(".log.1"))
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(files.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.chdir("/")
    os.umask(0o077)
